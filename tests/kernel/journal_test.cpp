// The kernel and its journal: intents before effects, replay, damage, a full disk, two kernels at once.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/boot.h"
#include "kernel_world.h"

namespace daimon::kernel::test {
namespace {

using testing::HasSubstr;

Script sum_to_file() {
  return {R"(["search","answer","table","write"])",
          {{"search", R"({"query":"electricity"})"},
           {"answer", R"({"passage":1,"answer":"£84.20"})"},
           {"table", R"({"path":"accounts.csv","operation":"sum","column":"amount"})"},
           {"write", R"({"path":"total.txt","content":"42.75"})"}}};
}
constexpr const char* kGoal = "What was the electricity bill? And sum the amounts into total.txt";

TEST(KernelJournal, every_call_is_on_the_record_before_its_device_sees_it) {
  KernelWorld world;
  world.furnish();
  std::mutex mutex;
  std::vector<std::string> seen;
  world.look = [&](std::string_view when, const device::Call& call) {
    if (when != "before") return;
    bool intended = false;
    for (const journal::Record& record : world.records())
      intended = intended || (record.type == "called" && text_of(record.body, "call") == call.id &&
                              to_text(record.body.at("arguments")) == to_text(call.arguments));
    EXPECT_TRUE(intended) << call.id << " " << call.name;
    const std::scoped_lock lock(mutex);
    seen.push_back(call.name);
  };
  world.begin();
  world.model.script(sum_to_file());
  ASSERT_EQ(state_of(world.to_end(world.start(kGoal))), "done");
  EXPECT_EQ(seen, (std::vector<std::string>{"survey", "search", "cite", "table", "write", "apply"}));
}

TEST(KernelJournal, replay_gives_the_same_without_a_model_or_a_device) {
  KernelWorld world;
  world.furnish();
  world.begin();
  world.model.script(sum_to_file());
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(world.start(kGoal));
  std::vector<Json> views;
  for (const std::string& id : ids) views.push_back(world.to_end(id));
  std::atomic<int> calls = 0;
  world.look = [&](std::string_view, const device::Call&) { ++calls; };
  world.load = [](const std::string&) -> Status { return fail(ErrorCode::kNotFound, "no model at all"); };
  world.boot();
  world.model.asked = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto report = world.system().replay(ids[i]);
    ASSERT_TRUE(report) << report.error().what;
    EXPECT_TRUE(report->at("divergence").is_null()) << to_text(report->at("divergence"));
    EXPECT_GT(find_integer(*report, "compared").value_or(0), 10);
    EXPECT_EQ(text_of(*report, "answer"), text_of(views[i], "answer"));
    EXPECT_EQ(to_text(world.view(ids[i])), to_text(views[i])) << "and what is shown is what was";
  }
  EXPECT_EQ(world.model.asked + calls, 0);
  EXPECT_FALSE(world.system().replay("p99"));
}

TEST(KernelJournal, replay_reads_as_the_process_did) {
  KernelWorld world;
  world.put("people.txt", "Ann Hale fixes the boiler.\nBen Moss sweeps the chimney.");
  world.meanings = builtin_meanings();
  world.begin();
  world.model.script({R"(["search","answer"])",
                      {{"search", R"({"query":"boiler"})"}, {"answer", R"({"passage":1,"answer":"Ann Hale"})"}}});
  const std::string id = world.start("who comes");
  EXPECT_EQ(text_of(world.to_end(id), "answer"), "Ann Hale");
  const auto report = world.system().replay(id);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->at("divergence").is_null()) << to_text(report->at("divergence"));
}

TEST(KernelJournal, replay_compares_durations_of_every_kind_exactly) {
  KernelWorld world;
  world.begin();
  world.model.script({R"(["calculate"])", {{"calculate", R"({"expression":"1+1"})"}}});
  // Durations are whatever the clock says: many of them, so that every way of writing a number comes by.
  for (int i = 0; i < 40; ++i) {
    const std::string id = world.start("one and one");
    ASSERT_EQ(state_of(world.until_ended(id)), "done");
    EXPECT_EQ(world.divergence(id), "");
  }
}

TEST(KernelJournal, an_altered_record_is_found) {
  KernelWorld world;
  world.furnish();
  world.begin();
  world.model.script(sum_to_file());
  const std::string id = world.start(kGoal);
  ASSERT_EQ(state_of(world.to_end(id)), "done");
  const auto journal_check = [&] {
    for (const Json& check : world.system().doctor()->at("checks").as_array())
      if (text_of(check, "name") == "journal") return check;
    return Json();
  };
  EXPECT_EQ(find_bool(journal_check(), "ok"), true) << to_text(journal_check());
  world.on_journal("UPDATE records SET body = replace(body, '£84.20', '£11.11') WHERE type = 'replied'");
  const Json check = journal_check();
  EXPECT_EQ(find_bool(check, "ok"), false);
  EXPECT_FALSE(text_of(check, "remedy").empty());
  EXPECT_NE(world.divergence(id), "") << "and it leads elsewhere";
}

TEST(KernelJournal, what_cannot_be_read_of_a_journal_is_said_and_is_no_crash) {
  KernelWorld world;
  world.furnish();
  world.begin();
  world.model.script(sum_to_file());
  world.until_state(world.start(kGoal), "waiting");
  world.shut();
  world.on_journal("UPDATE records SET body = '{' WHERE type = 'replied'");
  const Json status = *world.boot().status();
  const Json& problem = status.at("journal").at("problem");
  EXPECT_EQ(text_of(problem, "code"), name_of(ErrorCode::kCorrupt));
  EXPECT_NE(text_of(problem, "remedy"), "");
}

// ------------------------------------------------------------------------------------------------- a full disk

// Makes the journal refuse records of `types`, as a full disk would, until `room` is called.
void fill(const KernelWorld& world, std::string_view types) {
  world.on_journal(daimon::format(
      "CREATE TRIGGER full BEFORE INSERT ON records WHEN NEW.type IN ({}) BEGIN SELECT RAISE(ABORT, 'disk full'); END",
      types));
}
void room(const KernelWorld& world) { world.on_journal("DROP TRIGGER full"); }

std::int64_t held(const KernelWorld& world) {
  return find_integer(*world.system().status(), "held_inputs").value_or(-1);
}

TEST(KernelFullDisk, what_cannot_be_journaled_is_held_and_goes_on_when_there_is_room) {
  KernelWorld world;
  world.furnish();
  world.begin();
  world.model.script(sum_to_file());
  std::atomic<int> applied = 0;
  world.look = [&](std::string_view when, const device::Call& call) {
    if (when == "before" && call.name == "apply") {
      ++applied;
      fill(world, "'returned'");
    }
  };
  const std::string id = world.start(kGoal);
  const Json waiting = world.until_state(id, "waiting");
  ASSERT_TRUE(world.decide(id, waiting, true));
  world.until(id, [&](const Json&) { return held(world) == 1; });
  EXPECT_EQ(held(world), 1);
  EXPECT_EQ(state_of(world.view(id)), "running") << "nothing has happened that is not on the record";
  room(world);
  const Json view = world.until_ended(id);
  EXPECT_EQ(state_of(view), "done");
  EXPECT_EQ(held(world), 0);
  EXPECT_EQ(applied, 1);
  EXPECT_EQ(world.get("total.txt"), "42.75\n");
  EXPECT_EQ(world.divergence(id), "");
}

TEST(KernelFullDisk, a_held_outcome_is_not_overtaken_by_the_person) {
  KernelWorld world;
  world.furnish();
  System& system = world.begin();
  world.model.script(sum_to_file());
  std::atomic<int> applied = 0, searched = 0;
  world.look = [&](std::string_view when, const device::Call& call) {
    if (when != "before") return;
    if (call.name == "apply") ++applied;
    if (call.name == "search") {
      ++searched;
      fill(world, "'returned'");
    }
  };
  const std::string id = world.start(kGoal, [](StartOptions& o) { o.autonomy = 4; });
  world.until(id, [&](const Json&) { return held(world) == 1; });
  // The journal takes this one, before the outcome that is held is tried again.
  ASSERT_TRUE(system.raise_budget(id, {.tokens = 10, .seconds = 0, .effects = 0, .money = 0}));
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_EQ(searched, 1) << "a call whose outcome is held is not made again";
  room(world);
  EXPECT_EQ(state_of(world.until_ended(id)), "done");
  EXPECT_EQ(searched, 1);
  EXPECT_EQ(applied, 1);
  EXPECT_EQ(world.divergence(id), "");
}

TEST(KernelFullDisk, the_person_is_told_when_a_request_could_not_be_journaled) {
  KernelWorld world;
  world.furnish();
  System& system = world.begin();
  world.model.script(sum_to_file());
  const std::string id = world.start(kGoal);
  const Json waiting = world.until_state(id, "waiting");
  fill(world, "'created', 'decided', 'signalled'");
  StartOptions wanted;
  wanted.goal = "x";
  EXPECT_FALSE(system.start(wanted));
  EXPECT_FALSE(world.decide(id, waiting, true));
  EXPECT_FALSE(system.signal(id, Signal::kKill));
  EXPECT_EQ(state_of(world.view(id)), "waiting");
  EXPECT_FALSE(world.has("total.txt"));
  EXPECT_EQ(system.processes(true)->as_array().size(), 1U);
  room(world);
  ASSERT_TRUE(world.decide(id, waiting, true)) << "the request is still open";
  EXPECT_EQ(state_of(world.until_ended(id)), "done");
  EXPECT_EQ(world.start("x"), "p2") << "no number is lost";
}

TEST(KernelFullDisk, a_daemon_that_ends_with_a_held_outcome_finds_out_what_happened) {
  KernelWorld world;
  world.furnish();
  world.begin();
  world.model.script(sum_to_file());
  std::atomic<int> applied = 0, queried = 0;
  world.look = [&](std::string_view when, const device::Call& call) {
    if (call.name != "apply") return;
    if (when == "query") ++queried;
    if (when != "before") return;
    ++applied;
    fill(world, "'returned'");
  };
  const std::string id = world.start(kGoal);
  ASSERT_TRUE(world.decide(id, world.until_state(id, "waiting"), true));
  world.until(id, [&](const Json&) { return held(world) == 1; });
  world.shut();
  room(world);
  world.boot();
  EXPECT_EQ(state_of(world.until_ended(id)), "done");
  EXPECT_EQ(applied, 1) << "asked, not done again";
  EXPECT_EQ(queried, 1);
  EXPECT_EQ(world.divergence(id), "");
}

// Runs `work` in a child process; what it returns that is not empty is what went wrong.
std::string in_child(const std::function<std::string()>& work) {
  int ends[2];
  if (::pipe(ends) != 0) return "no pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string wrong = work();
    static_cast<void>(::write(ends[1], wrong.data(), wrong.size()));
    ::_exit(wrong.empty() ? 0 : 1);
  }
  ::close(ends[1]);
  std::string told;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = ::read(ends[0], buffer.data(), buffer.size())) > 0;)
    told.append(buffer.data(), static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return daimon::format("signal {} {}", WTERMSIG(status), told);
  return told;
}

TEST(KernelFullDisk, a_disk_that_takes_no_byte_more_loses_nothing) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "forks";
#endif
  KernelWorld outer;
  outer.furnish();
  const std::string wrong = in_child([&]() -> std::string {
    KernelWorld world(outer.folder);
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    std::atomic<int> full = 0;
    world.look = [&](std::string_view when, const device::Call& call) {
      if (when != "after" || (call.name != "search" && call.name != "apply")) return;
      ++full;
      const rlimit none{1, limit.rlim_max};
      ::setrlimit(RLIMIT_FSIZE, &none);
    };
    System& system = world.begin();
    world.model.script(sum_to_file());
    const std::string id = world.start(kGoal, [](StartOptions& o) { o.autonomy = 4; });
    for (int times = 1; times <= 2; ++times) {
      world.until(id, [&](const Json&) { return full == times && held(world) == 1; });
      if (held(world) != 1) return "nothing is held: " + to_text(world.view(id));
      if (system.signal(id, Signal::kKill)) return "a full journal took a signal";
      ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    const Json view = world.until_ended(id);
    if (state_of(view) != "done") return "not done: " + to_text(view);
    return world.divergence(id);
  });
  EXPECT_EQ(wrong, "");
  EXPECT_EQ(outer.get("total.txt"), "42.75\n");
  EXPECT_FALSE(journal::Journal::open(outer.state() / "journal.db")->verify()->broken_at);
}

// ------------------------------------------------------------------------------------------------- two kernels

TEST(KernelTwice, a_second_kernel_over_one_state_folder_is_refused_and_the_first_goes_on) {
  KernelWorld world;
  const BootOptions options{world.state(), world.folder / "config", 1};
  auto first = boot(options);
  ASSERT_TRUE(first) << first.error().what;
  const auto refused = boot(options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_THAT(refused.error().what, HasSubstr(world.state().string()));
  EXPECT_FALSE(refused.error().remedy.empty());
  EXPECT_EQ((*first)->start({}).error().code, ErrorCode::kInvalidArgument);
#if !defined(__SANITIZE_THREAD__)
  EXPECT_EQ(in_child([&] { return boot(options) ? std::string("another process got it") : std::string(); }), "");
#endif
  first->reset();
  EXPECT_TRUE(boot(options)) << "free again";
}

TEST(KernelTwice, a_kernel_whose_journal_was_taken_over_changes_nothing_more) {
  KernelWorld world;
  world.furnish();
  world.begin();
  world.model.script(sum_to_file());
  const std::string id = world.start(kGoal);
  const Json waiting = world.until_state(id, "waiting");
  const auto newer = journal::Journal::open(world.state() / "journal.db");
  ASSERT_TRUE(newer);
  const Status refused = world.decide(id, waiting, true);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_FALSE(world.has("total.txt"));
}

}  // namespace
}  // namespace daimon::kernel::test
