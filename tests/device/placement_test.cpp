// A change beside a person who saves at any moment and a crash that comes at any: whatever comes together, no version
// that the person saved is lost.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/format.h"
#include "device/staged_change.h"
#include "device_world.h"

namespace daimon::device {
namespace {

struct Crash {};

// How the person makes a version the file's.
enum class Save : std::uint8_t { kRename, kInPlace, kSameSize, kDelete, kLink };

struct Scenario {
  bool undo = false;
  bool creates = false;
  bool can_exchange = true;
  bool can_no_replace = true;
};

class PlacementWorld {
 public:
  explicit PlacementWorld(const Scenario& scenario) : scenario_(scenario) {
    if (!scenario.creates) world_.put("d/a.txt", "old\n");
    std::filesystem::create_directories(file().parent_path());
    const ResolvedPath target{&world_.mounts[0], "d/a.txt"};
    change_ = *stage_change(state(), "p1.1", target, "d/a.txt", "new\n");
    if (scenario.undo) {
      EXPECT_TRUE(apply_change(state(), change_));
    }
  }

  // What the person has now at the name, and what has to survive from here on.
  void save(Save how) {
    const std::string before = here();
    // Who saves over a version, or removes it, has done with it.
    must_survive.erase(before);
    const std::string version = how == Save::kSameSize
                                    ? std::string(scenario_.undo ? "ne" : "ol") + std::to_string(++saves_) + "\n"
                                    : daimon::format("the person's version {}\n", ++saves_);
    if (how == Save::kDelete) {
      std::filesystem::remove(file());
      return;
    }
    if (how == Save::kLink) {
      std::filesystem::remove(file());
      std::filesystem::create_symlink(version, file());
    } else if (how == Save::kRename) {
      std::ofstream(file().string() + "~") << version;
      std::filesystem::rename(file().string() + "~", file());
    } else {
      if (std::filesystem::is_symlink(file())) std::filesystem::remove(file());
      std::ofstream(file()) << version;
    }
    must_survive.insert(version);
  }

  // Runs until its end, or until the crash before step number `crash_at`.
  std::optional<Status> run(int crash_at, const std::function<void(int)>& on_step = {}) {
    int step = 0;
    PlacementSteps steps;
    steps.can_exchange = scenario_.can_exchange;
    steps.can_no_replace = scenario_.can_no_replace;
    steps.before = [&](std::string_view) {
      ++step;
      if (on_step) on_step(step);
      if (step == crash_at) throw Crash();
    };
    try {
      Status done = scenario_.undo ? undo_change(state(), change_, steps) : apply_change(state(), change_, steps);
      steps_made = step;
      return done;
    } catch (const Crash&) {
      return std::nullopt;
    }
  }

  // Every version that is in the folder, and the names that are ours.
  [[nodiscard]] std::set<std::string> versions() const {
    std::set<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(file().parent_path())) all.insert(read(entry.path()));
    return all;
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(file().parent_path()))
      all.push_back(entry.path().filename().string());
    return all;
  }
  [[nodiscard]] std::string here() const { return read(file()); }
  [[nodiscard]] std::filesystem::path file() const { return world_.folder / "home/d/a.txt"; }
  [[nodiscard]] std::filesystem::path state() const { return world_.folder / "state"; }
  [[nodiscard]] std::string kept(std::string_view ending) const {
    return read(state() / "staged" / (change_.id + std::string(ending)));
  }

  // After the last run: nothing of the person's is gone, nothing of ours is left, and what was said is so.
  void check(const Status& last) const {
    for (const std::string& version : must_survive) EXPECT_TRUE(versions().contains(version)) << version;
    for (const std::string& name : names()) {
      EXPECT_FALSE(name.starts_with(".")) << name;
      EXPECT_TRUE(!last || !name.contains(".kept-")) << "nobody was told of " << name;
    }
    const std::string wanted = scenario_.undo ? (scenario_.creates ? "" : "old\n") : "new\n";
    if (!last) {
      // A link is not followed.
      EXPECT_TRUE(last.error().code == ErrorCode::kConflict || last.error().code == ErrorCode::kDenied)
          << last.error().what;
      return;
    }
    if (saves_ == 0) {
      EXPECT_EQ(here(), wanted);
    }
    if (!scenario_.creates) {
      EXPECT_EQ(kept(".old"), "old\n") << "the one before can be had back";
    }
  }

  std::set<std::string> must_survive;
  int steps_made = 0;

 private:
  static std::string read(const std::filesystem::path& path) {
    if (std::filesystem::is_symlink(path)) return std::filesystem::read_symlink(path).string();
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  Scenario scenario_;
  DeviceWorld world_;
  StagedChange change_;
  int saves_ = 0;
};

std::vector<Scenario> scenarios() {
  std::vector<Scenario> all;
  for (const bool undo : {false, true})
    for (const bool creates : {false, true})
      for (const bool can_exchange : {true, false})
        for (const bool can_no_replace : {true, false}) all.push_back({undo, creates, can_exchange, can_no_replace});
  return all;
}

std::string name_of(const Scenario& scenario) {
  return daimon::format("{} of {}, exchange {}, no-replace {}", scenario.undo ? "undo" : "apply",
                        scenario.creates ? "a new file" : "a change", scenario.can_exchange, scenario.can_no_replace);
}

TEST(Placement, ACrashAtAnyStepIsGoneOnFromTheNextTime) {
  for (const Scenario& scenario : scenarios()) {
    SCOPED_TRACE(name_of(scenario));
    PlacementWorld whole(scenario);
    const auto done = whole.run(0);
    ASSERT_TRUE(done && *done) << (*done).error().what;
    ASSERT_GE(whole.steps_made, 3);
    whole.check(*done);
    for (int first = 1; first <= whole.steps_made; ++first)
      for (int second = 0; second <= whole.steps_made + 2; ++second) {
        SCOPED_TRACE(daimon::format("crash at {}, and again at {}", first, second));
        PlacementWorld world(scenario);
        ASSERT_FALSE(world.run(first));
        if (second > 0) static_cast<void>(world.run(second));
        const auto last = world.run(0);
        ASSERT_TRUE(last && *last) << (*last).error().what;
        world.check(*last);
        if (testing::Test::HasFailure()) return;
      }
  }
}

TEST(Placement, WhatThePersonSavesAtAnyStepSurvivesACrashAtAnyStep) {
  constexpr std::array kSaves = {Save::kRename, Save::kInPlace, Save::kSameSize, Save::kDelete, Save::kLink};
  for (const Scenario& scenario : scenarios()) {
    SCOPED_TRACE(name_of(scenario));
    PlacementWorld whole(scenario);
    ASSERT_TRUE(whole.run(0));
    const int all = whole.steps_made + 4;
    for (const Save how : kSaves)
      for (int save_at = 1; save_at <= all; ++save_at)
        for (int crash_at = 0; crash_at <= all; ++crash_at) {
          SCOPED_TRACE(daimon::format("saved ({}) at {}, crash at {}", static_cast<int>(how), save_at, crash_at));
          PlacementWorld world(scenario);
          const auto first = world.run(crash_at, [&](int step) {
            if (step == save_at) world.save(how);
          });
          const auto last = first ? first : world.run(0);
          ASSERT_TRUE(last);
          world.check(*last);
          if (testing::Test::HasFailure()) return;
        }
  }
}

TEST(Placement, WhatThePersonSavesTwiceOrAfterACrashSurvives) {
  for (const Scenario& scenario : scenarios()) {
    SCOPED_TRACE(name_of(scenario));
    PlacementWorld whole(scenario);
    ASSERT_TRUE(whole.run(0));
    const int all = whole.steps_made + 4;
    for (int save_at = 1; save_at <= all; ++save_at)
      for (int again_at = save_at; again_at <= all; ++again_at)
        // Each crash with some of the pairs: all with all take half a minute, and found nothing more.
        for (int crash_at = (save_at + again_at) % 5; crash_at <= all; crash_at += 5) {
          SCOPED_TRACE(daimon::format("saved at {} and {}, crash at {}", save_at, again_at, crash_at));
          PlacementWorld world(scenario);
          auto done = world.run(crash_at, [&](int step) {
            if (step == save_at || step == again_at) world.save(Save::kRename);
          });
          if (!done) {
            // Between the crash and the next start, or while that puts things right.
            if ((crash_at + again_at) % 2 == 0) world.save(Save::kRename);
            done = world.run(0, [&](int step) {
              if ((crash_at + again_at) % 2 == 1 && step == 1 + again_at % 4) world.save(Save::kRename);
            });
          }
          ASSERT_TRUE(done);
          world.check(*done);
          if (testing::Test::HasFailure()) return;
        }
  }
}

TEST(Placement, WhoHasTheFileOpenForWritingKeepsIt) {
  PlacementWorld world({});
  const int open = ::open(world.file().c_str(), O_WRONLY | O_APPEND);
  ASSERT_GE(open, 0);
  const auto refused = world.run(0);
  ASSERT_FALSE(*refused);
  EXPECT_EQ(refused->error().code, ErrorCode::kConflict);
  EXPECT_THAT(refused->error().what, testing::HasSubstr("open for writing"));
  ::close(open);
  // Opened in the last moment before the names are exchanged, and written to when the change is as good as done.
  int late = -1;
  const auto exchanged = world.run(0, [&](int step) {
    if (step == 4) late = ::open(world.file().c_str(), O_WRONLY | O_APPEND);
    if (step == 5) {
      EXPECT_EQ(::write(late, "more\n", 5), 5);
    }
  });
  ASSERT_FALSE(*exchanged);
  ::close(late);
  EXPECT_EQ(world.here(), "old\nmore\n");
  EXPECT_EQ(world.names(), std::vector<std::string>{"a.txt"});
}

TEST(Placement, AnOlderAndANewerVersionAreBothThereAndTheErrorNamesThem) {
  PlacementWorld world({});
  const auto done = world.run(0, [&](int step) {
    if (step == 4 || step == 5) world.save(Save::kRename);
  });
  ASSERT_FALSE(*done);
  const auto names = world.names();
  ASSERT_EQ(names.size(), 2U);
  const auto beside = std::ranges::find_if(names, [](const std::string& name) { return name.contains(".kept-"); });
  ASSERT_NE(beside, names.end());
  EXPECT_THAT(done->error().what, testing::HasSubstr(*beside));
  EXPECT_EQ(world.here(), "the person's version 2\n") << "the newest has the name";
}

TEST(Placement, ACopyThatIsNotKeptIsMadeBeforeItsLastNameGoes) {
  PlacementWorld world({});
  // Cut off when the names were exchanged; and what was kept of the old version is lost.
  int at = 0;
  while (true) {
    PlacementWorld probe({});
    if (!probe.run(++at) && probe.here() == "new\n") break;
  }
  ASSERT_FALSE(world.run(at));
  for (const auto& entry : std::filesystem::directory_iterator(world.state() / "staged"))
    if (entry.path().extension() == ".old") std::filesystem::remove(entry.path());
  ASSERT_TRUE(*world.run(0));
  EXPECT_EQ(world.kept(".old"), "old\n");
}

}  // namespace
}  // namespace daimon::device
