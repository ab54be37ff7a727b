// Bad model files, with real bytes: each a clear error with a remedy, and the process lives on.
#include "processor/model_check.h"

#include <cstring>
#include <fstream>

#include "local_world.h"
#include "processor/gguf_check.h"

namespace daimon::processor {
namespace {

using namespace test;
namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

fs::path write(const char* name, const std::string& bytes) {
  std::ofstream(folder() / name, std::ios::binary) << bytes;
  return folder() / name;
}

void expect_error(const fs::path& path, ErrorCode code, const std::string& words) {
  LocalOptions options = tiny_options();
  options.model_path = path;
  options.trusted = false;
  const auto made = LocalProcessor::create(options);
  ASSERT_FALSE(made) << path;
  EXPECT_EQ(made.error().code, code) << made.error().what;
  EXPECT_THAT(made.error().what, testing::HasSubstr(words));
  EXPECT_FALSE(made.error().remedy.empty()) << made.error().what;
}

TEST(ModelFile, MissingFolderEmptyOrNoModel) {
  expect_error(folder() / "missing.gguf", ErrorCode::kNotFound, "no model file");
  expect_error(folder(), ErrorCode::kInvalidArgument, "folder");
  expect_error(write("empty.gguf", ""), ErrorCode::kInvalidArgument, "empty");
  expect_error(write("text.gguf", std::string(1000, 'x')), ErrorCode::kInvalidArgument, "not a GGUF");
  expect_error("/dev/null", ErrorCode::kInvalidArgument, "not a regular file");
}

TEST(ModelFile, EveryTruncationIsFound) {
  const std::string whole = read(tiny_path());
  for (const double share : {0.001, 0.01, 0.02, 0.05, 0.2, 0.5, 0.9, 0.9999})
    expect_error(
        write("cut.gguf", whole.substr(0, static_cast<std::size_t>(share * static_cast<double>(whole.size())))),
        ErrorCode::kCorrupt, "");
}

TEST(ModelFile, ClaimsBeyondTheFileAreFound) {
  const std::string whole = read(tiny_path());
  const auto patched = [&](std::size_t at, std::uint64_t value, std::size_t size = 8) {
    std::string bytes = whole;
    std::memcpy(bytes.data() + at, &value, size);
    return write("patched.gguf", bytes);
  };
  expect_error(patched(4, 7, 4), ErrorCode::kUnsupported, "version 7");
  expect_error(patched(4, 0x03000000, 4), ErrorCode::kUnsupported, "big-endian");
  expect_error(patched(8, UINT64_MAX), ErrorCode::kCorrupt, "tensors");
  expect_error(patched(16, 1ULL << 62U), ErrorCode::kCorrupt, "keys");
  expect_error(patched(24, UINT64_MAX), ErrorCode::kCorrupt, "longer than the file");
  // The first tensor's first dimension and type.
  const auto name = whole.find("token_embd.weight");
  expect_error(patched(name + 17 + 4, 1ULL << 63U), ErrorCode::kCorrupt, "dimension");
  expect_error(patched(name + 17 + 4 + 16, 4, 4), ErrorCode::kUnsupported, "type 4");
  expect_error(patched(name + 17 + 4 + 16, 200, 4), ErrorCode::kUnsupported, "type 200");
  expect_error(patched(name + 17 + 4 + 16 + 4, 32), ErrorCode::kCorrupt, "begins at");
}

// Whatever a byte of the metadata is turned into, the outcome is a model or an error.
TEST(ModelFile, MetadataThatLiesEndsTheChildAtMost) {
  const std::string whole = read(tiny_path());
  const auto lie = [&](std::string_view key, std::uint32_t value) {
    std::string bytes = whole;
    const auto at = bytes.find(key);
    std::memcpy(bytes.data() + at + key.size() + 4, &value, 4);
    LocalOptions options = tiny_options();
    options.model_path = write("lie.gguf", bytes);
    options.trusted = false;
    return LocalProcessor::create(options);
  };
  for (const auto& [key, value] :
       std::vector<std::pair<const char*, std::uint32_t>>{{"llama.block_count", 1U << 31U},
                                                          {"llama.attention.head_count", 0},
                                                          {"llama.attention.head_count", 3},
                                                          {"llama.embedding_length", 65},
                                                          {"llama.rope.dimension_count", 17},
                                                          {"tokenizer.ggml.bos_token_id", 1U << 30U}}) {
    const auto made = lie(key, value);
    if (!made) {
      EXPECT_FALSE(made.error().remedy.empty()) << made.error().what;
    }
  }
}

TEST(ModelFile, FileThatLoadsIsRememberedUntilItChanges) {
  const fs::path checked = folder() / "checked-once";
  for (int time = 0; time < 2; ++time) {
    const Status status = check_model_in_child(tiny_path(), {.remembered_folder = checked});
    ASSERT_TRUE(status) << time << ": " << status.error().what;
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(checked), {}), 1);
}

TEST(ModelFile, SummaryOfAGoodOne) {
  const auto summary = check_gguf(tiny_path());
  ASSERT_TRUE(summary) << summary.error().what;
  EXPECT_EQ(summary->architecture, "llama");
  EXPECT_EQ(summary->prompt_profile, "compact-3");
  EXPECT_GT(summary->vocabulary, 300U);
  EXPECT_EQ(summary->tensors, 21U);
}

}  // namespace
}  // namespace daimon::processor
