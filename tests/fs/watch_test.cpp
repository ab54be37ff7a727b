#include <gmock/gmock.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "fs_world.h"

namespace daimon::fs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::chrono::seconds kEnough{30};

struct Watched : ::testing::Test {
  void SetUp() override {
    world.put("notes/old.md", "old words\n");
    world.open(/*watch=*/true);
    world.mount();
  }
  FsWorld world;
};

TEST_F(Watched, ANewFileIsFound) {
  world.put("notes/new.md", "helicopter\n");
  EXPECT_TRUE(comes_true([&] { return world.best("helicopter") == "notes/new.md"; }));
}

TEST_F(Watched, AChangedFileIsFoundByItsNewWords) {
  world.put("notes/old.md", "submarine\n");
  EXPECT_TRUE(comes_true([&] { return world.best("submarine") == "notes/old.md" && world.search("words").empty(); }));
}

TEST_F(Watched, ADeletedFileIsForgotten) {
  std::filesystem::remove(world.home() / "notes/old.md");
  EXPECT_TRUE(comes_true([&] { return world.search("old words").empty(); }));
}

TEST_F(Watched, FoldersMadeLaterAreWatchedToo) {
  world.put("a/b/c/deep.md", "gyroscope\n");
  ASSERT_TRUE(comes_true([&] { return world.best("gyroscope") == "a/b/c/deep.md"; }));
  world.put("a/b/c/deeper.md", "theodolite\n");
  EXPECT_TRUE(comes_true([&] { return world.best("theodolite") == "a/b/c/deeper.md"; }));
}

TEST_F(Watched, WhatWasSavedJustNowIsFoundByWhoWaitsForIt) {
  for (int i = 0; i < 20; ++i) {
    const std::string word = "gyroscope" + std::to_string(i);
    world.put("made" + std::to_string(i % 5) + "/n" + std::to_string(i) + ".md", word + "\n");
    EXPECT_THAT(*world.files->settle({}, kEnough), IsEmpty());
    EXPECT_EQ(world.search(word).size(), 1U) << i;
  }
}

TEST_F(Watched, ManyMayWaitAtOnce) {
  std::vector<std::jthread> waiting;
  for (int i = 0; i < 8; ++i)
    waiting.emplace_back([&, i] {
      const std::string word = "submarine" + std::to_string(i);
      world.put("notes/s" + std::to_string(i) + ".md", word + "\n");
      EXPECT_THAT(*world.files->settle({}, kEnough), IsEmpty());
      EXPECT_EQ(world.search(word).size(), 1U) << i;
    });
}

TEST_F(Watched, WhatIsNotReadAsAWholeIsSaidToBeBehind) {
  const auto other = world.folder / "other";
  std::filesystem::create_directories(other);
  for (const char* name : {"a.md", "b.md"}) std::ofstream(other / name) << "other words\n";
  std::stop_source stop;
  const auto stopped =
      world.files->mount(other, "other", [&](const Progress&) { stop.request_stop(); }, stop.get_token());
  ASSERT_FALSE(stopped);
  EXPECT_THAT(*world.files->settle({}, kEnough), ElementsAre("other"));
  EXPECT_THAT(*world.files->settle({"home"}, kEnough), IsEmpty());
  ASSERT_TRUE(world.files->mount(other, "other", {}, {}));
  EXPECT_THAT(*world.files->settle({}, kEnough), IsEmpty());
}

TEST_F(Watched, SearchesGoOnWhileFilesChange) {
  std::jthread writer([&](const std::stop_token& stop) {
    for (int i = 0; !stop.stop_requested() && i < 300; ++i) {
      world.put("notes/n" + std::to_string(i % 20) + ".md", "steady words " + std::to_string(i) + "\n");
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  });
  for (int i = 0; i < 300; ++i) {
    for (const Passage& passage : world.search("steady old words"))
      ASSERT_TRUE(world.verify(passage, passage.text).verified);
  }
  writer.request_stop();
  writer.join();
  EXPECT_TRUE(comes_true([&] { return !world.search("steady").empty(); }));
}

TEST_F(Watched, ClosingWhileFilesChangeEnds) {
  for (int i = 0; i < 100; ++i) world.put("many/n" + std::to_string(i) + ".md", "many words\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(350));
  world.files.reset();
}

struct Watching : ::testing::Test {
  FsWorld world;
};

TEST_F(Watching, ChangesWhileNobodyWatchedAreFoundAfterOpening) {
  world.put("notes/old.md", "old\n");
  world.mount();
  world.files.reset();
  world.put("notes/new.md", "helicopter\n");
  world.open(/*watch=*/true);
  EXPECT_TRUE(comes_true([&] { return world.best("helicopter") == "notes/new.md"; }));
}

TEST_F(Watching, ALogThatIsAlwaysWrittenDoesNotHoldUpTheIndex) {
  world.put("old.md", "old\n");
  world.open(/*watch=*/true);
  world.mount();
  std::jthread writer([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      world.put("busy.log", "line\n");
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  });
  world.put("new.md", "helicopter\n");
  EXPECT_TRUE(comes_true([&] { return world.best("helicopter") == "new.md"; }));
}

TEST_F(Watching, AFolderMountedTwiceIsKeptFreshInBoth) {
  world.put("notes/old.md", "old\n");
  world.open(/*watch=*/true);
  world.mount();
  ASSERT_TRUE(world.files->mount(world.home() / "notes", "notes", {}, {}));
  world.put("notes/new.md", "helicopter\n");
  EXPECT_TRUE(comes_true([&] {
    return world.files->search({.query = "helicopter", .mounts = {"home"}})->size() == 1 &&
           world.files->search({.query = "helicopter", .mounts = {"notes"}})->size() == 1;
  }));
}

TEST_F(Watching, AnUnmountedFolderIsNotMountedAgainByItsScan) {
  world.put("old.md", "old\n");
  world.mount();
  world.open(/*watch=*/true);
  ASSERT_TRUE(world.files->unmount("home"));
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  EXPECT_TRUE(world.files->mounts()->empty());
}

}  // namespace
}  // namespace daimon::fs
