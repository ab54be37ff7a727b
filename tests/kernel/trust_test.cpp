// A journal that was changed from outside: it is said, nothing is carried out on the basis of it, and a list that says
// something else than the records counts for nothing.
#include "kernel_world.h"

namespace daimon::kernel::test {
namespace {

using testing::HasSubstr;

struct TrustWorld : KernelWorld {
  TrustWorld() {
    furnish();
    begin();
    model.script({R"(["table","write"])",
                  {{"table", R"({"path":"accounts.csv","operation":"sum","column":"amount"})"},
                   {"write", R"({"path":"total.txt","content":"42.75"})"}}});
    past = start("Sum the amounts into total.txt");
    EXPECT_TRUE(has_ended(to_end(past, false)));
    waits = start("Sum the amounts into total.txt");
    EXPECT_EQ(state_of(until_state(waits, "waiting")), "waiting");
  }
  // In what ended long ago, and has no part in what is to come.
  void change_the_past() {
    shut();
    std::filesystem::copy(state() / "journal.db", folder / "copy.db");
    on_journal(daimon::format("UPDATE records SET body = replace(body, '42.75', '99.99') WHERE process = '{}'", past));
  }
  [[nodiscard]] Json journal_status() const { return system().status()->at("journal"); }
  void until_judged() const {
    for (int i = 0; i < 5000 && !find_bool(journal_status(), "verified").value_or(false) &&
                    journal_status().at("problem").is_null();
         ++i)
      std::this_thread::sleep_for(milliseconds(2));
  }
  [[nodiscard]] Json check(std::string_view name) const {
    for (const Json& one : system().doctor()->at("checks").as_array())
      if (text_of(one, "name") == name) return one;
    return {};
  }
  std::string past, waits;
};

TEST(KernelTrust, nothing_is_carried_out_on_the_basis_of_a_journal_that_was_changed) {
  TrustWorld world;
  world.change_the_past();
  std::mutex mutex;
  std::string logged;
  world.options.log = [&](std::string_view line) {
    const std::scoped_lock lock(mutex);
    logged += line;
  };
  world.boot();
  world.until_judged();
  EXPECT_THAT(text_of(world.journal_status().at("problem"), "what"), HasSubstr("changed from outside: record "));
  const Json view = world.view(world.waits);
  EXPECT_EQ(state_of(view), "paused");
  EXPECT_THAT(text_of(view, "stop_reason"), HasSubstr("journal.db, journal.db-wal and journal.db-shm away"));
  {
    const std::scoped_lock lock(mutex);
    EXPECT_THAT(logged, HasSubstr("changed from outside"));
  }
  EXPECT_EQ(world.decide(world.waits, view, true).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(world.system().signal(world.waits, Signal::kResume).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(world.system().undo(world.past, "x").error().code, ErrorCode::kCorrupt);
  StartOptions another;
  another.goal = "x";
  const auto refused = world.system().start(another);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(refused.error().remedy, HasSubstr("daimon stop"));
  EXPECT_FALSE(world.has("total.txt"));
  EXPECT_EQ(find_bool(world.check("journal"), "ok"), false);
  EXPECT_TRUE(world.system().replay(world.past)) << "it can still be read";
  // What the remedy says.
  world.shut();
  for (const char* name : {"journal.db", "journal.db-wal", "journal.db-shm"})
    std::filesystem::remove(world.state() / name);
  std::filesystem::copy(world.folder / "copy.db", world.state() / "journal.db");
  world.boot();
  world.until_judged();
  ASSERT_TRUE(world.decide(world.waits, world.view(world.waits), true));
  EXPECT_EQ(state_of(world.until_ended(world.waits)), "done");
  EXPECT_EQ(world.get("total.txt"), "42.75\n");
}

TEST(KernelTrust, a_call_that_was_under_way_is_not_made_again_from_a_journal_that_was_changed) {
  TrustWorld world;
  std::atomic<int> calls = 0;
  world.look = [&](std::string_view when, const device::Call& call) {
    if (when == "after" || call.name != "apply") return;
    ++calls;
    world.on_journal(
        "CREATE TRIGGER IF NOT EXISTS full BEFORE INSERT ON records WHEN NEW.type = 'returned' BEGIN SELECT "
        "RAISE(ABORT, "
        "'disk full'); END");
  };
  ASSERT_TRUE(world.decide(world.waits, world.view(world.waits), true));
  world.until(world.waits, [&](const Json&) { return find_integer(*world.system().status(), "held_inputs") == 1; });
  ASSERT_EQ(calls, 1);
  world.shut();
  world.on_journal("DROP TRIGGER full");
  world.change_the_past();
  world.boot();
  world.until_judged();
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_EQ(calls, 1) << "neither asked after nor made";
}

TEST(KernelTrust, records_that_are_missing_at_the_end_are_missed) {
  TrustWorld world;
  world.shut();
  world.on_journal("DELETE FROM records WHERE sequence = (SELECT max(sequence) FROM records)");
  world.boot();
  world.until_judged();
  EXPECT_THAT(text_of(world.journal_status().at("problem"), "what"), HasSubstr("records are missing after record "));
}

TEST(KernelTrust, the_list_of_processes_is_what_the_records_say) {
  for (const std::string damage :
       {"UPDATE processes SET ended = 1 WHERE process = 'p2'", "DELETE FROM processes WHERE process = 'p2'",
        "UPDATE processes SET view = replace(view, 'Sum', 'Send') WHERE process = 'p2'",
        "UPDATE processes SET view = '{' WHERE process = 'p2'", "UPDATE processes SET view = '[]'",
        "UPDATE processes SET parent = 'p1' WHERE process = 'p2'",
        "UPDATE processes SET ended = 0 WHERE process = 'p1'",
        "UPDATE processes SET view = replace(view, 'Sum', 'Send') WHERE process = 'p1'",
        "DELETE FROM processes WHERE process = 'p1'", "DELETE FROM processes",
        "INSERT INTO processes VALUES ('p7', 7, '', 0, '{}')"}) {
    SCOPED_TRACE(damage);
    TrustWorld world;
    const std::string past = to_text(world.view("p1"));
    const std::string waits = to_text(world.view("p2"));
    world.shut();
    world.on_journal(damage);
    world.boot();
    world.until_judged();
    EXPECT_TRUE(world.journal_status().at("problem").is_null()) << to_text(world.journal_status());
    EXPECT_EQ(to_text(world.view("p1")), past);
    EXPECT_EQ(to_text(world.view("p2")), waits);
    EXPECT_EQ(world.system().processes(true)->as_array().size(), 2U);
    EXPECT_EQ(find_bool(world.check("processes"), "ok"), false) << "and it is said";
    EXPECT_EQ(find_bool(world.check("journal"), "ok"), true);
    ASSERT_TRUE(world.decide("p2", world.view("p2"), true));
    EXPECT_EQ(state_of(world.until_ended("p2")), "done");
    world.boot();
    world.until_judged();
    EXPECT_TRUE(world.check("processes").is_null()) << "made anew from the records";
    if (HasFailure()) return;
  }
}

TEST(KernelTrust, a_record_that_cannot_be_read_keeps_nobody_from_reading_the_others) {
  for (const std::string_view body : {"{", "[]", "{}"})
    for (int at = 0; at < 12; ++at) {
      SCOPED_TRACE(daimon::format("{} at {}", body, at));
      TrustWorld world;
      const std::string past = to_text(world.view(world.past));
      world.shut();
      world.on_journal(daimon::format(
          "UPDATE records SET body = '{}' WHERE sequence = (SELECT sequence FROM records WHERE process = "
          "'{}' ORDER BY sequence LIMIT 1 OFFSET {})",
          body, world.waits, at));
      world.boot();
      world.until_judged();
      const Json problem = world.journal_status().at("problem");
      if (problem.is_null()) break;  // there are no more
      EXPECT_THAT(text_of(problem, "remedy"), HasSubstr("journal.db-wal"));
      EXPECT_EQ(to_text(world.view(world.past)), past);
      const Json view = world.view(world.waits);
      EXPECT_EQ(state_of(view), "paused");
      EXPECT_THAT(text_of(view, "stop_reason"), HasSubstr("journal.db-wal"));
      EXPECT_EQ(world.system().processes(true)->as_array().size(), 2U);
      std::atomic<int> damaged = 0;
      std::atomic<bool> present = false;
      const auto watching = world.system().follow("", 0, [&](const Json& event) {
        if (find_bool(event, "damaged").value_or(false)) ++damaged;
        if (text_of(event, "type") == "present") present = true;
        return true;
      });
      ASSERT_TRUE(watching) << watching.error().what;
      for (int i = 0; i < 2000 && !present; ++i) std::this_thread::sleep_for(milliseconds(2));
      EXPECT_EQ(damaged, body == "{}" ? 0 : 1);
      EXPECT_NE(world.divergence(world.waits), "");
      EXPECT_FALSE(world.has("total.txt"));
      if (HasFailure()) return;
    }
}

TEST(KernelTrust, a_long_journal_does_not_hold_up_the_start) {
  TrustWorld world;
  world.shut();
  {
    auto journal = journal::Journal::open(world.state() / "journal.db");
    ASSERT_TRUE(journal);
    const std::string text(1000, 'x');
    for (int process = 1000; process < 2500; ++process) {
      const std::string id = daimon::format("p{}", process);
      std::vector<journal::NewRecord> records{{id, "created", true, JsonObject{{"goal", text}}}};
      for (int i = 0; i < 20; ++i) records.push_back({id, "replied", true, JsonObject{{"text", text}}});
      const JsonObject view{{"goal", text}, {"state", "done"}};
      records.push_back({id, "finished", false, view});
      const journal::ProcessRow row{id, "", true, view};
      ASSERT_TRUE(journal->append(wall_time_from(1), records, std::span(&row, 1)));
    }
  }
  const auto begin = std::chrono::steady_clock::now();
  world.boot();
  ASSERT_EQ(world.start("x"), "p2500");
  const auto booted = std::chrono::steady_clock::now();
  world.until_judged();
  const auto judged = std::chrono::steady_clock::now();
  const auto ms = [](auto duration) { return std::chrono::duration_cast<milliseconds>(duration).count(); };
  std::printf("33,000 records: %ld ms to the first process, %ld ms until all is verified\n", ms(booted - begin),
              ms(judged - begin));
  EXPECT_EQ(find_bool(world.journal_status(), "verified"), true);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // Ten times what it takes: other work may be done on the machine.
  EXPECT_LT(ms(booted - begin), 3000);
#endif
}

}  // namespace
}  // namespace daimon::kernel::test
