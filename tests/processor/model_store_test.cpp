#include "processor/model_store.h"

#include <cstdlib>
#include <fstream>

#include "local_world.h"
#include "stub_hub.h"

namespace daimon::processor {
namespace {

using namespace test;
namespace fs = std::filesystem;

class Store : public testing::Test {
 protected:
  Store() { fs::remove_all(home_); }
  PullOptions options() {
    PullOptions made;
    made.endpoint = hub_.url();
    made.token = "hf_secret";
    made.backoff = std::chrono::milliseconds(1);
    return made;
  }
  StubHub hub_;
  fs::path home_ = folder() / "hub";
  ModelStore store_{home_};
};

TEST_F(Store, PullsIntoTheCacheLayoutAndFindsItAgain) {
  std::vector<PullProgress> seen;
  PullOptions pull = options();
  pull.on_progress = [&](const PullProgress& progress) { seen.push_back(progress); };
  const auto path = store_.pull("owner/one", pull);
  ASSERT_TRUE(path) << path.error().what;
  EXPECT_EQ(fs::file_size(*path), 307'200U);
  EXPECT_TRUE(fs::is_symlink(*path));
  EXPECT_TRUE(fs::read_symlink(*path).is_relative());
  const fs::path repo = home_ / "models--owner--one";
  EXPECT_EQ(*path, repo / "snapshots" / std::string(40, 'c') / "m-Q8_0.gguf");
  EXPECT_TRUE(fs::exists(repo / "refs/main"));
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.back().bytes_done, 307'200U);
  EXPECT_EQ(seen.back().bytes_total, 307'200U);
  for (const char* name : {"owner/one", "owner/one:Q8_0", "owner/one:q8_0", "owner/one/m-Q8_0.gguf"})
    EXPECT_EQ(store_.resolve(name).value_or(""), *path) << name;
  EXPECT_EQ(store_.resolve(path->string()).value_or(""), *path);
  const auto models = store_.list();
  ASSERT_EQ(models.size(), 1U);
  EXPECT_EQ(models[0].name, "owner/one:Q8_0");
  EXPECT_EQ(models[0].bytes, 307'200U);
  hub_.requests();
  ASSERT_TRUE(store_.pull("owner/one", options()));  // nothing to do but to look
  EXPECT_EQ(hub_.requests().size(), 1U);
}

TEST_F(Store, GoesOnWhereALostConnectionEnded) {
  const auto path = store_.pull("owner/cut", options());
  ASSERT_TRUE(path) << path.error().what;
  const auto requests = hub_.requests();
  ASSERT_EQ(requests.size(), 4U);
  EXPECT_THAT(requests[1], testing::HasSubstr(" - "));
  EXPECT_THAT(requests[2], testing::HasSubstr("bytes=100000-"));
  EXPECT_THAT(requests[3], testing::HasSubstr("bytes=200000-"));
}

TEST_F(Store, CancelledPullGoesOnNextTime) {
  std::stop_source source;
  PullOptions pull = options();
  pull.stop = source.get_token();
  pull.on_progress = [&](const PullProgress& progress) {
    if (progress.bytes_done > 50'000) source.request_stop();
  };
  const auto cancelled = store_.pull("owner/slow", pull);
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().code, ErrorCode::kCancelled);
  EXPECT_TRUE(store_.list().empty());
  EXPECT_EQ(store_.resolve("owner/slow").error().code, ErrorCode::kNotFound);
  hub_.requests();
  ASSERT_TRUE(store_.pull("owner/slow", options()));
  EXPECT_THAT(hub_.requests().back(), testing::HasSubstr("bytes="));
}

TEST_F(Store, WrongHashIsThrownAway) {
  const auto pulled = store_.pull("owner/wrong", options());
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().code, ErrorCode::kCorrupt);
  EXPECT_TRUE(store_.list().empty());
  for (const auto& entry : fs::directory_iterator(home_ / "models--owner--wrong/blobs"))
    EXPECT_EQ(entry.path().extension(), ".lock");
}

TEST_F(Store, TokenGoesToTheHubOnly) {
  ASSERT_TRUE(store_.pull("owner/moved", options()));
  for (const std::string& request : hub_.requests())
    EXPECT_EQ(request.contains("hf_secret"), !request.contains("/elsewhere/")) << request;
}

TEST_F(Store, TokenIsNotSentUnencryptedToAnotherMachine) {
  PullOptions pull = options();
  pull.endpoint = "http://hub.invalid";
  pull.retries_max = 0;
  const auto pulled = store_.pull("owner/one", pull);
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().code, ErrorCode::kDenied) << pulled.error().what;
  EXPECT_THAT(pulled.error().remedy, testing::HasSubstr("https"));
  pull.token.clear();
  EXPECT_EQ(store_.pull("owner/one", pull).error().code, ErrorCode::kUnavailable) << "without a token it is asked";
}

TEST_F(Store, AHubOnThisMachineIsReachedWithoutAProxy) {
  // To a proxy the token would go over the network unencrypted; none listens here.
  for (const char* name : {"http_proxy", "all_proxy"}) ::setenv(name, "http://127.0.0.1:1", 1);
  PullOptions pull = options();
  pull.retries_max = 0;
  const auto pulled = store_.pull("owner/moved", pull);
  for (const char* name : {"http_proxy", "all_proxy"}) ::unsetenv(name);
  EXPECT_TRUE(pulled) << pulled.error().what;
}

TEST_F(Store, RefusalsSayWhatToDo) {
  EXPECT_EQ(store_.pull("owner/gated", options()).error().code, ErrorCode::kDenied);
  EXPECT_THAT(store_.pull("owner/gated", options()).error().remedy, testing::HasSubstr("HF_TOKEN"));
  EXPECT_EQ(store_.pull("owner/missing", options()).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store_.pull("owner/evil", options()).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store_.pull("../x", options()).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(store_.pull("owner/../x.gguf", options()).error().code, ErrorCode::kInvalidArgument);
  PullOptions nowhere = options();
  nowhere.endpoint = "http://127.0.0.1:1";
  nowhere.retries_max = 0;
  EXPECT_EQ(store_.pull("owner/one", nowhere).error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(store_.resolve("owner/absent").error().remedy, testing::HasSubstr("daimon pull owner/absent"));
}

TEST_F(Store, ChoosesTheQuantisationOrListsThem) {
  EXPECT_EQ(store_.pull("owner/many", options())->filename(), "m-Q4_K_M.gguf");
  EXPECT_EQ(store_.pull("owner/many:q2_k", options())->filename(), "m-Q2_K.gguf");
  EXPECT_EQ(store_.list().size(), 2U);
  const auto unclear = store_.pull("owner/unclear", options());
  EXPECT_EQ(unclear.error().code, ErrorCode::kConflict);
  EXPECT_THAT(unclear.error().what, testing::AllOf(testing::HasSubstr("Q2_K"), testing::HasSubstr("Q8_0")));
  const auto absent = store_.pull("owner/many:Q5_0", options());
  EXPECT_EQ(absent.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(absent.error().what, testing::HasSubstr("Q4_K_M"));
  const auto split = store_.pull("owner/split", options());
  ASSERT_TRUE(split) << split.error().what;
  EXPECT_EQ(split->filename(), "m-Q4_K_M-00001-of-00002.gguf");
  EXPECT_TRUE(fs::exists(split->parent_path() / "m-Q4_K_M-00002-of-00002.gguf"));
}

TEST(ModelNames, QuantisationIsReadFromTheFile) {
  EXPECT_EQ(quantisation_of("model-Q4_K_M.gguf"), "Q4_K_M");
  EXPECT_EQ(quantisation_of("model.q8_0.gguf"), "Q8_0");
  EXPECT_EQ(quantisation_of("a/b-iq2_xxs-00001-of-00003.gguf"), "IQ2_XXS");
  EXPECT_EQ(quantisation_of("m-UD-Q4_K_XL.gguf"), "UD-Q4_K_XL");
  EXPECT_EQ(quantisation_of("m-BF16.gguf"), "BF16");
  EXPECT_EQ(quantisation_of("model.gguf"), "");
}

TEST(ModelNames, PartsThatAreMissingMakeNoModel) {
  EXPECT_EQ(group_model_files({"a-00001-of-00002.gguf", "b.gguf", "mmproj-b.gguf", "c.txt"}).size(), 1U);
}

}  // namespace
}  // namespace daimon::processor
