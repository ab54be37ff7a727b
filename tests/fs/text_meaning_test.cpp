// Search by what passages mean as a whole, with a network of which a test says what it makes of each text.
#include <atomic>
#include <map>

#include "base/format.h"
#include "base/sqlite.h"
#include "fs_world.h"

namespace daimon::fs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A text means what the first of the known words in it does.
class KnownWords final : public embedding::TextMeaning {
 public:
  KnownWords(std::string id, std::map<std::string, std::vector<std::int8_t>> words)
      : id_(std::move(id)), words_(std::move(words)) {}
  [[nodiscard]] const std::string& id() const override { return id_; }
  [[nodiscard]] std::size_t width() const override { return 3; }
  [[nodiscard]] std::size_t bytes_max() const override { return 40; }
  [[nodiscard]] std::vector<std::int8_t> of_question(std::string_view question) const override {
    for (const auto& [word, vector] : words_)
      if (question.contains(word)) return vector;
    return {0, 0, 0};
  }
  [[nodiscard]] std::vector<std::int8_t> of_passage(std::string_view /*path*/, std::string_view text) const override {
    ++read;
    return of_question(text);
  }
  mutable std::atomic<int> read = 0;

 private:
  std::string id_;
  std::map<std::string, std::vector<std::int8_t>> words_;
};

std::shared_ptr<KnownWords> vehicles(const std::string& id = "vehicles") {
  return std::make_shared<KnownWords>(
      id, std::map<std::string, std::vector<std::int8_t>>{
              {"car", {100, 0, 0}}, {"lorry", {100, 10, 0}}, {"rose", {0, 0, 100}}, {"tulip", {0, 10, 100}}});
}

struct TextMeaning : ::testing::Test {
  TextMeaning() {
    world.put("garage.md", "The lorry is at Smith's.\n");
    world.put("garden.md", "The tulip is pruned.\n");
  }
  std::vector<std::string> paths(std::string_view query) {
    std::vector<std::string> found;
    for (const Passage& passage : world.search(query)) found.push_back(passage.path);
    return found;
  }
  std::int64_t rows(const std::string& table) {
    const auto number = [&]() -> Result<std::int64_t> {
      DAIMON_TRY(auto database, sqlite::Database::open(world.folder / "index.db", {.read_only = true}));
      DAIMON_TRY(auto count, database.prepare("SELECT count(*) FROM " + table));
      DAIMON_TRY(const bool row, count.step());
      return row ? count.integer(0) : -1;
    };
    return number().value_or(-1);
  }
  FsWorld world;
};

TEST_F(TextMeaning, FindsWhatSharesNoWordWithTheQuestionTheNearestFirst) {
  world.meaning = vehicles();
  world.mount();
  EXPECT_THAT(paths("my car"), ElementsAre("garage.md", "garden.md"));
  EXPECT_THAT(paths("one rose"), ElementsAre("garden.md", "garage.md"));
  EXPECT_THAT(paths("nothing known"), IsEmpty());
}

TEST_F(TextMeaning, WhatIsNearGoesBeforeWhatHoldsAWordAndMeansSomethingElse) {
  world.put("list.txt", "rose garden, car park\n");
  world.meaning =
      std::make_shared<KnownWords>("park", std::map<std::string, std::vector<std::int8_t>>{
                                               {"car", {100, 0, 0}}, {"lorry", {100, 10, 0}}, {"park", {0, 0, 100}}});
  world.mount();
  EXPECT_EQ(paths("my car").size(), 3U);
}

TEST_F(TextMeaning, APassageIsAsNearAsTheNearestOfItsParts) {
  world.put("long.md", "A tulip here and there, one in each of the beds.\nAnd at the end of it all a car.\n");
  world.meaning = vehicles();
  world.mount();
  EXPECT_THAT(paths("a lorry"), ElementsAre("garage.md", "long.md", "garden.md"));
}

TEST_F(TextMeaning, ReadsEachPassageOnceUntilItChanges) {
  const auto network = vehicles();
  world.meaning = network;
  world.mount();
  EXPECT_EQ(network->read, 2);
  world.open();
  world.mount();
  EXPECT_EQ(network->read, 2) << "what was read is in the index";
  std::string log;
  for (int day = 0; day < 40; ++day) log += daimon::format("Day {}: {}\n\n", day, std::string(900, 'x'));
  world.put("log.txt", log);
  world.mount();
  const int before = network->read;
  world.put("log.txt", log + "Day 40: a rose\n");
  world.mount();
  EXPECT_LE(network->read - before, 60) << "of a file that has grown what is new is read";
  EXPECT_THAT(paths("tulip").front(), "garden.md");
  EXPECT_EQ(rows("meanings"), rows("chunks"));
}

TEST_F(TextMeaning, AnotherNetworkReadsAllAnew) {
  world.meaning = vehicles();
  world.mount();
  const auto other = vehicles("others");
  world.meaning = other;
  world.open();
  EXPECT_TRUE(world.files->understand());
  EXPECT_EQ(other->read, 2);
  EXPECT_THAT(paths("my car"), ElementsAre("garage.md", "garden.md"));
}

TEST_F(TextMeaning, OfALargeFolderIsReadInTheBackground) {
  for (int i = 0; i < 400; ++i) world.put(daimon::format("{}.txt", i), "a lorry\n");
  world.meaning = vehicles();
  world.mount();
  EXPECT_TRUE(comes_true([&] { return rows("meanings") == rows("chunks"); }));
  EXPECT_EQ(rows("chunks"), 402);
}

TEST_F(TextMeaning, GoesWithItsFileAndItsMount) {
  world.meaning = vehicles();
  world.mount();
  std::filesystem::remove(world.home() / "garage.md");
  world.mount();
  EXPECT_EQ(rows("meanings"), 1);
  EXPECT_THAT(paths("my car"), ElementsAre("garden.md"));
  ASSERT_TRUE(world.files->unmount("home"));
  EXPECT_THAT(paths("my car"), IsEmpty());
  EXPECT_TRUE(comes_true([&] { return rows("meanings") == 0; }));
}

TEST_F(TextMeaning, WhatNobodyMaySeeIsNotFoundByIt) {
  world.meaning = vehicles();
  world.mount();
  const auto found =
      world.files->search({.query = "my car", .mounts = {}, .limit = 8, .admits = [](const auto&, const auto& path) {
                             return path != "garage.md";
                           }});
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().path, "garden.md");
}

}  // namespace
}  // namespace daimon::fs
