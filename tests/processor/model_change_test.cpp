// Model files that somebody writes to while a processor has them.
#include <fcntl.h>
#include <sys/mman.h>

#include <csignal>
#include <fstream>

#include "local_world.h"
#include "processor/firmware.h"
#include "processor/mapping_guard.h"
#include "processor/model_files.h"

namespace daimon::processor {
namespace {

using namespace test;
namespace fs = std::filesystem;

class ModelChange : public testing::Test {
 protected:
  ModelChange() { fs::copy_file(firmware_path().value(), path_, fs::copy_options::overwrite_existing); }
  std::unique_ptr<Processor> load(bool mapped) const {
    LocalOptions options = tiny_options();
    options.model_path = path_;
    options.share_prefixes = false;  // so that the same question has the same answer (processor.h)
    if (mapped) options.read_bytes_max = 0;
    return make(options);
  }
  static Result<Reply> ask(Processor& processor) { return complete(processor, request("r", "the invoice of March")); }
  // In place, as a copy over it does: the inode and the size stay.
  void overwrite() const {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(1 << 20);
    file << std::string(4 << 20, 'x');
    ASSERT_TRUE(file.flush());
  }
  static void expect_refused(const Result<Reply>& reply) {
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(reply.error().what, testing::HasSubstr("changed since it was loaded"));
    EXPECT_FALSE(reply.error().remedy.empty());
  }
  const fs::path path_ = folder() / "changing.gguf";
};

TEST_F(ModelChange, AModelInMemoryAnswersAsItWasLoadedAndIsOutdated) {
  const auto processor = load(false);
  const auto before = ask(*processor);
  ASSERT_TRUE(before);
  EXPECT_FALSE(processor->is_outdated());
  overwrite();
  EXPECT_TRUE(processor->is_outdated());
  const auto overwritten = ask(*processor);
  fs::resize_file(path_, 4096);
  const auto truncated = ask(*processor);
  ASSERT_TRUE(overwritten && truncated);
  EXPECT_EQ(overwritten->text, before->text);
  EXPECT_EQ(truncated->text, before->text);
  EXPECT_TRUE(processor->is_outdated());
}

TEST_F(ModelChange, AMappedModelThatWasOverwrittenRefusesAndIsLoadedAgain) {
  const auto processor = load(true);
  ASSERT_TRUE(ask(*processor));
  overwrite();
  expect_refused(ask(*processor));
  EXPECT_TRUE(processor->is_outdated());
  fs::copy_file(firmware_path().value(), path_, fs::copy_options::overwrite_existing);
  EXPECT_TRUE(ask(*load(true)));
}

TEST_F(ModelChange, AMappedModelThatWasCutShortRefuses) {
  const auto processor = load(true);
  fs::resize_file(path_, 4096);
  expect_refused(ask(*processor));
}

TEST_F(ModelChange, AMappedModelThatIsCutShortWhileItAnswersEndsTheRequestAndNotTheProcess) {
  const auto processor = load(true);
  const auto flight =
      fly(*processor, with_schema(request("r", "the invoice", 900), R"({"type":"string","minLength":4000})"));
  flight->first_piece.wait();
  fs::resize_file(path_, 4096);
  expect_refused(flight->reply.get());
}

TEST_F(ModelChange, AFileInThePlaceOfAMappedModelIsAChangeAndOneThatWasRemovedIsNot) {
  const auto processor = load(true);
  fs::remove(path_);
  EXPECT_TRUE(ask(*processor)) << "what is mapped stays";
  EXPECT_FALSE(processor->is_outdated());
  fs::copy_file(firmware_path().value(), path_);
  expect_refused(ask(*processor));
}

TEST_F(ModelChange, AMappedModelThatWasOverwrittenAndThenRemovedRefuses) {
  const auto processor = load(true);
  overwrite();
  fs::remove(path_);
  expect_refused(ask(*processor));
}

TEST_F(ModelChange, WhatIsMappedIsFoundWhateverTheFileIsNamed) {
  const fs::path odd = folder() / "odd\nname (deleted)";
  fs::copy_file(path_, odd, fs::copy_options::overwrite_existing);
  const auto files = ModelFiles::look(odd);
  ASSERT_TRUE(files);
  EXPECT_TRUE(files->mappings().empty());
  const FileDescriptor file(::open(odd.c_str(), O_RDONLY | O_CLOEXEC));
  void* mapped = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, file.get(), 0);
  ASSERT_NE(mapped, MAP_FAILED);
  const auto begin = reinterpret_cast<std::uintptr_t>(mapped);
  const std::vector<std::pair<std::uintptr_t, std::uintptr_t>> expected = {{begin, begin + 4096}};
  EXPECT_EQ(files->mappings(), expected);
  fs::rename(odd, folder() / "elsewhere");
  EXPECT_EQ(files->mappings(), expected);
  fs::remove(folder() / "elsewhere");
  EXPECT_EQ(files->mappings(), expected);
  ::munmap(mapped, 4096);
}

TEST_F(ModelChange, MoreRangesThanCanBeWatchedAreNotSaidToBe) {
  const std::vector<std::pair<std::uintptr_t, std::uintptr_t>> many(257, {4096, 8192});
  MappingGuard guard;
  EXPECT_FALSE(guard.watch(many));
  EXPECT_TRUE(guard.watch({}));
  MappingGuard other;
  EXPECT_TRUE(other.watch(std::span(many).first(1)));
}

TEST_F(ModelChange, TheHandlerOfBusErrorsHandsOnWhatIsNotItsOwn) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const std::vector<std::pair<std::uintptr_t, std::uintptr_t>> somewhere = {{4096, 8192}};
  MappingGuard guard;
  ASSERT_TRUE(guard.watch(somewhere));
  EXPECT_DEATH(raise(SIGBUS), "");
}

}  // namespace
}  // namespace daimon::processor
