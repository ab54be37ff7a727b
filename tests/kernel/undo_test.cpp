// Undoing what a process changed: as it was before, on the record, and never over what somebody changed after.
#include "kernel_world.h"

namespace daimon::kernel::test {
namespace {

using testing::HasSubstr;

struct UndoWorld : KernelWorld {
  UndoWorld() {
    furnish();
    put("total.txt", "as it was\n");
    model.script({R"(["table","write"])",
                  {{"table", R"({"path":"accounts.csv","operation":"sum","column":"amount"})"},
                   {"write", R"({"path":"total.txt","content":"42.75"})"}}});
  }
  std::string changed(bool approve = true) {
    const std::string id = start("Sum the amounts into total.txt");
    EXPECT_TRUE(has_ended(to_end(id, approve)));
    return id;
  }
  [[nodiscard]] Json only_change(const std::string& id) const {
    const auto told = system().changes(id);
    EXPECT_TRUE(told) << told.error().what;
    const JsonArray& list = told->at("changes").as_array();
    EXPECT_EQ(list.size(), 1U) << to_text(*told);
    return list.empty() ? Json(JsonObject{}) : list[0];
  }
  [[nodiscard]] Result<Json> undo(const std::string& id) const {
    return system().undo(id, text_of(only_change(id), "change"));
  }
  [[nodiscard]] std::vector<std::string> staged(const std::string& id) const {
    std::vector<std::string> endings;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(state() / "processes" / id / "staged", none))
      endings.push_back(entry.path().extension().string());
    std::ranges::sort(endings);
    return endings;
  }
  // The sweep comes with the boot, on another thread.
  [[nodiscard]] std::vector<std::string> staged_after_sweep(const std::string& id, std::size_t wanted) const {
    for (int i = 0; i < 2000 && staged(id).size() != wanted; ++i) std::this_thread::sleep_for(milliseconds(2));
    return staged(id);
  }
  [[nodiscard]] int count(std::string_view type) const {
    return static_cast<int>(std::ranges::count(records(), type, &journal::Record::type));
  }
};

TEST(KernelUndo, a_change_is_undone_after_its_end_once_and_on_the_record) {
  UndoWorld world;
  world.begin();
  const std::string id = world.changed();
  ASSERT_EQ(world.get("total.txt"), "42.75\n");
  const Json change = world.only_change(id);
  EXPECT_EQ(text_of(change, "state"), "applied");
  EXPECT_EQ(text_of(change, "path"), "total.txt");
  EXPECT_THAT(text_of(change, "diff"), HasSubstr("-42.75\n+as it was\n")) << "what undoing does";
  EXPECT_EQ(text_of(world.view(id).at("changes").at(0), "change"), text_of(change, "change"));
  const auto done = world.undo(id);
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_EQ(find_bool(*done, "before"), false);
  EXPECT_EQ(world.get("total.txt"), "as it was\n");
  EXPECT_EQ(find_bool(world.view(id).at("changes").at(0), "undone"), true);
  for (int boots = 0; boots < 2; ++boots) {
    world.put("total.txt", boots == 0 ? "as it was\n" : "the person's own\n");
    const auto again = world.undo(id);
    ASSERT_TRUE(again) << again.error().what;
    EXPECT_EQ(find_bool(*again, "before"), true);
    EXPECT_EQ(text_of(world.only_change(id), "state"), "undone");
    world.boot();
  }
  EXPECT_EQ(world.get("total.txt"), "the person's own\n");
  EXPECT_EQ(world.count("undoing"), 1);
  EXPECT_EQ(world.count("undone"), 1);
  EXPECT_EQ(world.divergence(id), "");
  EXPECT_EQ(world.system().undo(id, "nosuch").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(world.system().undo("p99", "x").error().code, ErrorCode::kNotFound);
}

TEST(KernelUndo, a_file_that_was_made_goes_only_if_nobody_changed_it) {
  UndoWorld world;
  std::filesystem::remove(world.home() / "total.txt");
  world.begin();
  const std::string first = world.changed();
  EXPECT_EQ(find_bool(world.only_change(first), "creates"), true);
  ASSERT_TRUE(world.undo(first));
  EXPECT_FALSE(world.has("total.txt"));
  const std::string second = world.changed();
  world.put("total.txt", "42.75, and a note\n");
  const auto refused = world.undo(second);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_EQ(world.get("total.txt"), "42.75, and a note\n");
}

TEST(KernelUndo, a_file_that_was_changed_again_is_left_and_what_can_be_done_is_said) {
  UndoWorld world;
  world.begin();
  const std::string id = world.changed();
  world.put("total.txt", "the person's own\n");
  EXPECT_EQ(text_of(world.only_change(id), "state"), "changed");
  const auto refused = world.undo(id);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_EQ(world.get("total.txt"), "the person's own\n");
  const std::string remedy = refused.error().remedy;
  const auto begin = remedy.find(world.state().string());
  ASSERT_NE(begin, std::string::npos) << remedy;
  std::ifstream kept(remedy.substr(begin));
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(kept), {}), "as it was\n") << "the version before is named";
  world.put("total.txt", "42.75\n");
  EXPECT_TRUE(world.undo(id)) << "and once it is as it was left, it can be undone";
  EXPECT_EQ(world.count("undoing"), 2);
  EXPECT_EQ(world.count("undone"), 2);
}

TEST(KernelUndo, with_its_folder_away_nothing_is_undone_and_nothing_is_on_the_record) {
  for (const bool creates : {true, false}) {
    UndoWorld world;
    world.put("sums/other.txt", "x\n");
    if (!creates) world.put("sums/total.txt", "as it was\n");
    world.model.script({R"(["table","write"])",
                        {{"table", R"({"path":"accounts.csv","operation":"sum","column":"amount"})"},
                         {"write", R"({"path":"sums/total.txt","content":"42.75"})"}}});
    world.begin();
    const std::string id = world.start("Sum the amounts into sums/total.txt");
    ASSERT_TRUE(has_ended(world.to_end(id, true)));
    ASSERT_EQ(world.get("sums/total.txt"), "42.75\n");
    std::filesystem::rename(world.home() / "sums", world.folder / "away");
    EXPECT_EQ(text_of(world.only_change(id), "state"), "unknown");
    const auto refused = world.undo(id);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
    EXPECT_THAT(refused.error().what, HasSubstr("folder of 'sums/total.txt' is not there"));
    EXPECT_EQ(world.count("undoing") + world.count("undone"), 0);
    std::filesystem::rename(world.folder / "away", world.home() / "sums");
    const auto undone = world.undo(id);
    ASSERT_TRUE(undone) << undone.error().what;
    EXPECT_EQ(find_bool(*undone, "before"), false);
    EXPECT_EQ(world.get("sums/total.txt"), creates ? "" : "as it was\n");
    EXPECT_EQ(world.has("sums/total.txt"), !creates);
  }
}

TEST(KernelUndo, what_has_not_ended_is_not_undone) {
  UndoWorld world;
  world.begin();
  world.model.script({R"(["write","write"])", {{"write", R"({"path":"total.txt","content":"42.75"})"}}});
  const std::string id = world.start("Write it");
  const Json waiting = world.until_state(id, "waiting");
  EXPECT_TRUE(world.system().changes(id)->at("changes").as_array().empty()) << "staged is not applied";
  ASSERT_TRUE(world.decide(id, waiting, true));
  const Json again = world.until(id, [&](const Json& view) {
    return has_ended(view) || (state_of(view) == "waiting" && request_of(view) != request_of(waiting));
  });
  if (has_ended(again)) GTEST_SKIP() << "one write was all";
  EXPECT_EQ(world.undo(id).error().code, ErrorCode::kConflict);
  EXPECT_EQ(world.count("undoing"), 0);
}

TEST(KernelUndo, an_intent_without_an_outcome_is_carried_out_at_the_next_start) {
  // As if it had been cut off before the effect, and after it.
  for (const bool listed : {true, false})
    for (const std::string_view left : {"42.75\n", "as it was\n"}) {
      UndoWorld world;
      world.begin();
      const std::string id = world.changed();
      world.on_journal(
          "CREATE TRIGGER full BEFORE INSERT ON records WHEN NEW.type = 'undone' BEGIN SELECT RAISE(ABORT, 'full'); "
          "END");
      EXPECT_FALSE(world.undo(id)) << "not on the record is not done";
      world.shut();
      world.put("total.txt", left);
      world.on_journal("DROP TRIGGER full");
      if (!listed) world.on_journal("DELETE FROM processes");
      world.boot();
      for (int i = 0; i < 2000 && world.count("undone") == 0; ++i) std::this_thread::sleep_for(milliseconds(2));
      EXPECT_EQ(world.count("undone"), 1);
      EXPECT_EQ(world.get("total.txt"), "as it was\n");
      const auto again = world.undo(id);
      ASSERT_TRUE(again) << again.error().what;
      EXPECT_EQ(find_bool(*again, "before"), true);
    }
}

TEST(KernelUndo, what_was_never_applied_is_cleared_away_and_what_may_be_wanted_is_kept) {
  UndoWorld world;
  world.begin();
  const std::string denied = world.changed(false);
  const std::string applied = world.changed();
  world.put("total.txt", "as it was\n");
  const std::string waits = world.start("Sum the amounts into total.txt");
  const Json waiting = world.until_state(waits, "waiting");
  std::ofstream(world.state() / "processes" / denied / "staged" / "cut.new.tmp") << "half";
  ASSERT_EQ(world.staged(waits).size(), 2U);
  world.boot();
  EXPECT_TRUE(world.staged_after_sweep(denied, 0).empty());
  EXPECT_EQ(world.staged(applied), (std::vector<std::string>{".json", ".new", ".old"}));
  EXPECT_EQ(world.staged(waits).size(), 2U);
  ASSERT_TRUE(world.decide(waits, waiting, true)) << "the approval that was waited for";
  EXPECT_EQ(state_of(world.until_ended(waits)), "done");
  EXPECT_EQ(world.get("total.txt"), "42.75\n");
}

TEST(KernelUndo, versions_are_kept_as_long_and_as_many_as_is_said) {
  UndoWorld world;
  world.begin();
  const std::string first = world.changed();
  world.put("total.txt", "as it was, and more of it\n");
  std::this_thread::sleep_for(milliseconds(20));
  const std::string second = world.changed();
  const auto age = [&](const std::string& id, std::chrono::days days) {
    for (const auto& entry : std::filesystem::directory_iterator(world.state() / "processes" / id / "staged"))
      std::filesystem::last_write_time(entry.path(), std::filesystem::file_time_type::clock::now() - days);
  };
  age(first, std::chrono::days(29));
  world.boot();
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_EQ(world.staged(first).size(), 3U);
  age(first, std::chrono::days(31));
  world.boot();
  EXPECT_TRUE(world.staged_after_sweep(first, 0).empty());
  EXPECT_EQ(world.staged(second).size(), 3U);
  EXPECT_EQ(text_of(world.only_change(first), "state"), "gone");
  const auto refused = world.undo(first);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, HasSubstr("not kept any more"));
  world.options.undo.bytes = 10;
  world.boot();
  EXPECT_TRUE(world.staged_after_sweep(second, 0).empty());
}

}  // namespace
}  // namespace daimon::kernel::test
