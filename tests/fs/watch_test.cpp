#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <semaphore>
#include <thread>

#include "fs/watcher.h"
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
    EXPECT_THAT(*world.files->settle({}), IsEmpty());
    EXPECT_EQ(world.search(word).size(), 1U) << i;
  }
}

TEST_F(Watched, ManyMayWaitAtOnce) {
  std::vector<std::jthread> waiting;
  for (int i = 0; i < 8; ++i)
    waiting.emplace_back([&, i] {
      const std::string word = "submarine" + std::to_string(i);
      world.put("notes/s" + std::to_string(i) + ".md", word + "\n");
      EXPECT_THAT(*world.files->settle({}), IsEmpty());
      EXPECT_EQ(world.search(word).size(), 1U) << i;
    });
}

TEST(WatcherTest, WhatCannotBeSeenToInTimeIsBehindAndNothingElse) {
  const std::vector<std::string> slow{"slow"}, notes{"notes"}, quiet{"quiet"};
  FsWorld world;
  for (const char* name : {"slow", "notes", "quiet"}) std::filesystem::create_directories(world.home() / name);
  std::binary_semaphore go_on{0};
  std::atomic<bool> fails = false;
  Watcher watcher([&](const std::string& name) {
    if (name == "slow") go_on.acquire();
    return !(name == "notes" && fails);
  });
  for (const char* name : {"slow", "notes", "quiet"}) watcher.add(name, world.home() / name);
  constexpr std::chrono::milliseconds kLittle{20};
  world.put("slow/a.md", "a\n");
  EXPECT_THAT(watcher.settle(slow, kLittle, {}), ElementsAre("slow"));
  EXPECT_THAT(watcher.settle(quiet, kEnough, {}), IsEmpty()) << "nothing changed there";
  world.put("notes/a.md", "a\n");
  EXPECT_THAT(watcher.settle(notes, kLittle, {}), ElementsAre("notes")) << "nobody has read the queue yet";
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THAT(watcher.settle(notes, kEnough, stop.get_token()), ElementsAre("notes"));
  go_on.release();
  EXPECT_THAT(watcher.settle(notes, kEnough, {}), IsEmpty());
  EXPECT_THAT(watcher.settle(slow, kEnough, {}), IsEmpty());
  fails = true;
  world.put("notes/b.md", "b\n");
  EXPECT_THAT(watcher.settle(notes, kEnough, {}), ElementsAre("notes"));
  EXPECT_THAT(watcher.settle(notes, kEnough, {}), ElementsAre("notes")) << "which is tried again, and fails again";
  fails = false;
  EXPECT_THAT(watcher.settle(notes, kEnough, {}), IsEmpty());
}

TEST(WatcherTest, AMountThatCannotBeWatchedIsReadWheneverSomebodyAsks) {
  const std::vector<std::string> names{"deep"};
  FsWorld world;
  std::atomic<int> calls = 0;
  Watcher watcher([&](const std::string&) {
    ++calls;
    return true;
  });
  // A path that is too long stands for a system without watches left.
  watcher.add("deep", world.home() / std::string(5000, 'x'));
  for (int i = 1; i <= 3; ++i) {
    EXPECT_THAT(watcher.settle(names, kEnough, {}), IsEmpty());
    EXPECT_EQ(calls, 1) << "watched again by the first call, as far as anybody knows";
  }
}

TEST_F(Watched, WhatIsNotReadAsAWholeIsSaidToBeBehind) {
  const auto other = world.folder / "other";
  std::filesystem::create_directories(other);
  for (const char* name : {"a.md", "b.md"}) std::ofstream(other / name) << "other words\n";
  std::stop_source stop;
  const auto stopped =
      world.files->mount(other, "other", [&](const Progress&) { stop.request_stop(); }, stop.get_token());
  ASSERT_FALSE(stopped);
  EXPECT_THAT(*world.files->settle({}), ElementsAre("other"));
  EXPECT_THAT(*world.files->settle({"home"}), IsEmpty());
  ASSERT_TRUE(world.files->mount(other, "other", {}, {}));
  EXPECT_THAT(*world.files->settle({}), IsEmpty());
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
