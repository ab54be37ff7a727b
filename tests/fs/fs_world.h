// A folder to mount and a file system over it, for tests of src/fs.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "fs/file_system.h"

namespace daimon::fs {

struct FsWorld {
  FsWorld() {
    std::string pattern = (std::filesystem::temp_directory_path() / "daimon-fs-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    std::filesystem::create_directories(home());
  }
  ~FsWorld() {
    files.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  FsWorld(const FsWorld&) = delete;
  FsWorld& operator=(const FsWorld&) = delete;

  [[nodiscard]] std::filesystem::path home() const { return folder / "home"; }
  void put(const std::filesystem::path& name, std::string_view content) const {
    std::filesystem::create_directories((home() / name).parent_path());
    std::ofstream(home() / name, std::ios::binary) << content;
  }
  // Closes the file system, if one is open, and opens it over the same index.
  FileSystem& open(bool watch = false) {
    files.reset();
    FileSystem::Options options;
    options.database = folder / "index.db";
    options.watch = watch;
    options.patience = std::chrono::seconds(60);
    options.own_folders = own_folders;
    options.embedding = embedding;
    options.meaning = meaning;
    auto opened = FileSystem::open(options);
    EXPECT_TRUE(opened) << opened.error().what;
    files = std::move(*opened);
    return *files;
  }
  MountReport mount() {
    if (!files) open();
    auto report = files->mount(home(), "home", {}, {});
    EXPECT_TRUE(report) << report.error().what;
    return report ? *report : MountReport{};
  }
  [[nodiscard]] std::vector<Passage> search(std::string_view query, int limit = 8) const {
    auto found = files->search({.query = std::string(query), .mounts = {}, .limit = limit});
    EXPECT_TRUE(found) << found.error().what;
    return found ? *found : std::vector<Passage>{};
  }
  // The path of the best passage, or "".
  [[nodiscard]] std::string best(std::string_view query) const {
    const auto found = search(query, 1);
    return found.empty() ? "" : found[0].path;
  }
  [[nodiscard]] Verification verify(const Passage& passage, std::string_view quote) const {
    const auto verification = files->verify(passage.mount, passage.path, passage.version, quote);
    EXPECT_TRUE(verification) << verification.error().what;
    return verification ? *verification : Verification{};
  }

  std::filesystem::path folder;
  std::unique_ptr<FileSystem> files;
  std::vector<std::filesystem::path> own_folders;
  std::shared_ptr<const embedding::StaticEmbedding> embedding;
  std::shared_ptr<const embedding::TextMeaning> meaning;
};

// Within 10 s, which a loaded machine may need; by itself it takes some 300 ms.
inline bool comes_true(const std::function<bool()>& condition) {
  for (int i = 0; i < 200; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

// Lines of words, headings, empty lines, form feeds and characters of one to four bytes; the same seed, the same text.
inline std::string made_text(std::mt19937& random, std::size_t bytes) {
  static const std::vector<std::string> kPieces = {"meter ",
                                                   "boiler ",
                                                   "\n",
                                                   "\n\n",
                                                   "\n# House\n",
                                                   "\n## Cellar\n",
                                                   "\xC3\xA9t\xC3\xA9 ",
                                                   "\xF0\x9F\x8C\xA7 ",
                                                   "\xE2\x82\xAC"
                                                   "84.20 ",
                                                   "def f():\n",
                                                   "    return 1\n",
                                                   "\t",
                                                   "\r\n",
                                                   "a,b,c\n",
                                                   "\f",
                                                   "}"};
  std::string text;
  while (text.size() < bytes) {
    // Now and then a line far longer than a chunk, with blanks in it or without.
    if (random() % 40 == 0) text += std::string(random() % 4000, random() % 2 == 0 ? 'x' : ' ');
    text += kPieces[random() % kPieces.size()];
  }
  return text;
}

}  // namespace daimon::fs
