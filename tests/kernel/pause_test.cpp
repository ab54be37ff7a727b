// What stops for a while and goes on in place: by the person, by a budget, by a model that is away.
#include "kernel_world.h"

namespace daimon::kernel::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Script lookup() {
  return {R"(["search","answer"])",
          {{"search", R"({"query":"electricity"})"}, {"answer", R"({"passage":1,"answer":"£84.20"})"}}};
}
constexpr const char* kGoal = "What did I pay for electricity in March?";

std::int64_t tokens_of(const Json& view) {
  const Json& cost = view.at("cost");
  return find_integer(cost, "tokens_prompt").value_or(0) + find_integer(cost, "tokens_generated").value_or(0);
}

TEST(KernelPause, a_paused_process_holds_still_and_goes_on_in_place) {
  KernelWorld world;
  world.furnish();
  System& system = world.begin();
  std::atomic<bool> free = false;
  world.model.answer = [&](const processor::Request& request) -> Answer {
    if (offered_call(request) == "answer" && !free) return Answer::never();
    return follow_script(lookup(), request);
  };
  const std::string id = world.start(kGoal);
  world.until(id, [&](const Json&) { return world.model.asked == 3; });
  ASSERT_TRUE(system.signal(id, Signal::kPause));
  const Json paused = world.view(id);
  EXPECT_EQ(state_of(paused), "paused");
  EXPECT_EQ(text_of(paused, "stop_reason"), "paused by the person");
  world.until(id, [&](const Json&) { return world.model.cancelled == 1; });
  EXPECT_EQ(world.model.cancelled, 1) << "the thought in flight is given up";
  EXPECT_EQ(world.model.asked, 3);
  free = true;
  ASSERT_TRUE(system.signal(id, Signal::kResume));
  const Json view = world.until_ended(id);
  EXPECT_EQ(text_of(view, "answer"), "£84.20");
  EXPECT_EQ(world.model.asked, 4) << "only the thought that was given up is thought again";
  EXPECT_EQ(world.divergence(id), "");
}

TEST(KernelPause, what_a_thought_used_up_before_the_pause_is_charged) {
  KernelWorld world;
  world.furnish();
  System& system = world.begin();
  std::atomic<bool> free = false;
  world.model.cancel_costs = {.prompt_tokens = 7, .generated_tokens = 5, .money = 0.25};
  world.model.answer = [&](const processor::Request& request) -> Answer {
    if (offered_call(request) == "answer" && !free) return Answer::never();
    return follow_script(lookup(), request);
  };
  const std::string id = world.start(kGoal, [](StartOptions& o) { o.budget.money = 1; });
  world.until(id, [&](const Json&) { return world.model.asked == 3; });
  ASSERT_TRUE(system.signal(id, Signal::kPause));
  const Json paused = world.until(id, [&](const Json& now) { return tokens_of(now) == 2 * 20 + 12; });
  EXPECT_EQ(tokens_of(paused), 52);
  EXPECT_EQ(find_number(paused.at("cost"), "money"), 0.25);
  EXPECT_EQ(state_of(paused), "paused");
  world.boot();  // and after a restart it is still known
  EXPECT_EQ(tokens_of(world.view(id)), 52);
  free = true;
  ASSERT_TRUE(world.system().signal(id, Signal::kResume));
  EXPECT_EQ(tokens_of(world.until_ended(id)), 72);
  EXPECT_EQ(world.divergence(id), "");
}

TEST(KernelPause, a_pause_and_a_resume_at_once_lose_nothing) {
  KernelWorld world;
  world.furnish();
  System& system = world.begin();
  world.model.cancel_takes = milliseconds(20);
  world.model.answer = [&](const processor::Request& request) -> Answer {
    return follow_script(lookup(), request).text ? Answer(follow_script(lookup(), request)).after(milliseconds(60))
                                                 : Answer::never();
  };
  const std::string id = world.start(kGoal);
  for (int i = 1; i <= 3; ++i) {
    world.until(id, [&](const Json&) { return world.model.answered == i - 1 && world.model.asked >= 2 * i - 1; });
    ASSERT_TRUE(system.signal(id, Signal::kPause));
    ASSERT_TRUE(system.signal(id, Signal::kResume));
  }
  const Json view = world.until_ended(id);
  EXPECT_EQ(state_of(view), "done");
  EXPECT_EQ(world.model.answered, 3) << "the cancelling of the old thought does not hit the new one";
  for (const journal::Record& record : world.records()) EXPECT_EQ(find(record.body, "error"), nullptr);
}

TEST(KernelPause, a_pause_during_a_call_comes_after_its_outcome) {
  KernelWorld world;
  world.furnish();
  std::atomic<bool> in_call = false, go_on = false;
  world.look = [&](std::string_view when, const device::Call& call) {
    if (when != "before" || call.name != "apply") return;
    in_call = true;
    while (!go_on) std::this_thread::sleep_for(milliseconds(1));
  };
  System& system = world.begin();
  world.model.script({R"(["write","calculate"])",
                      {{"write", R"({"path":"a.txt","content":"a"})"}, {"calculate", R"({"expression":"1+1"})"}}});
  const std::string id = world.start("Write a to a.txt", [](StartOptions& o) { o.autonomy = 4; });
  world.until(id, [&](const Json&) { return in_call.load(); });
  ASSERT_TRUE(system.signal(id, Signal::kPause));
  EXPECT_EQ(state_of(world.view(id)), "running") << "a call in flight is not torn";
  go_on = true;
  const Json paused = world.until_state(id, "paused");
  EXPECT_EQ(state_of(paused), "paused");
  EXPECT_EQ(find_bool(paused.at("changes").at(0), "applied"), true) << "its outcome is on the record";
  EXPECT_EQ(world.model.asked, 2);
  ASSERT_TRUE(system.signal(id, Signal::kResume));
  EXPECT_EQ(state_of(world.until_ended(id)), "done");
}

TEST(KernelPause, a_process_that_waits_for_the_person_can_be_paused_and_still_decided_later) {
  KernelWorld world;
  System& system = world.begin();
  world.model.script({R"(["write"])", {{"write", R"({"path":"a.txt","content":"a"})"}}});
  const std::string id = world.start("Write a to a.txt");
  const Json waiting = world.until_state(id, "waiting");
  ASSERT_TRUE(system.signal(id, Signal::kPause));
  EXPECT_FALSE(world.decide(id, waiting, true)) << "nothing happens while it is paused";
  EXPECT_FALSE(world.has("a.txt"));
  ASSERT_TRUE(system.signal(id, Signal::kResume));
  EXPECT_EQ(state_of(world.view(id)), "waiting");
  ASSERT_TRUE(world.decide(id, waiting, true));
  EXPECT_EQ(state_of(world.until_ended(id)), "done");
  EXPECT_EQ(world.get("a.txt"), "a\n");
}

TEST(KernelPause, a_spent_budget_pauses_and_a_raised_one_resumes_in_place_with_its_costs) {
  KernelWorld world;
  world.furnish();
  System& system = world.begin();
  world.model.script(lookup());
  const std::string id = world.start(kGoal, [](StartOptions& o) { o.budget.tokens = 40; });
  const Json paused = world.until_state(id, "paused");
  ASSERT_EQ(state_of(paused), "paused");
  EXPECT_THAT(text_of(paused, "stop_reason"), StartsWith("budget spent: 40 of 40 tokens"));
  EXPECT_THAT(text_of(paused, "stop_reason"), HasSubstr(daimon::format("daimon budget {} --tokens", id)));
  EXPECT_EQ(tokens_of(paused), 40);
  const int asked = world.model.asked;
  ASSERT_TRUE(system.signal(id, Signal::kResume));
  EXPECT_EQ(state_of(world.view(id)), "paused") << "a resume adds no budget";
  EXPECT_EQ(world.model.asked, asked);
  EXPECT_FALSE(system.raise_budget(id, {.tokens = -5, .seconds = 0, .effects = 0, .money = 0}));

  world.boot();  // the pause outlives the daemon
  EXPECT_EQ(state_of(world.view(id)), "paused");
  ASSERT_TRUE(world.system().raise_budget(id, {.tokens = 100, .seconds = 0, .effects = 0, .money = 0}));
  const Json view = world.until_ended(id);
  EXPECT_EQ(text_of(view, "answer"), "£84.20");
  EXPECT_EQ(tokens_of(view), 60) << "what was spent stays spent";
  EXPECT_EQ(find_integer(view.at("budget"), "tokens"), 140);
  EXPECT_EQ(world.divergence(id), "");
}

TEST(KernelPause, a_spent_budget_of_effects_holds_the_very_change_that_was_asked_for) {
  KernelWorld world;
  System& system = world.begin();
  std::atomic<int> writes = 0;
  world.model.answer = [&](const processor::Request& request) -> Answer {
    if (asks_for_plan(request)) return R"({"plan":["write","write"]})";
    ++writes;
    return daimon::format(R"({{"call":"write","with":{{"path":"{0}.txt","content":"{0}"}}}})", writes.load());
  };
  const std::string id = world.start("Write two files", [](StartOptions& o) {
    o.autonomy = 4;
    o.budget.effects = 1;
  });
  const Json paused = world.until_state(id, "paused");
  ASSERT_EQ(state_of(paused), "paused");
  EXPECT_THAT(text_of(paused, "stop_reason"), StartsWith("budget spent: 1 of 1 effects"));
  EXPECT_TRUE(world.has("1.txt"));
  EXPECT_FALSE(world.has("2.txt"));
  ASSERT_TRUE(system.signal(id, Signal::kResume));
  EXPECT_EQ(state_of(world.view(id)), "paused") << "a resume adds no budget";
  ASSERT_TRUE(system.raise_budget(id, {.tokens = 0, .seconds = 0, .effects = 1, .money = 0}));
  const Json view = world.until_ended(id);
  EXPECT_EQ(state_of(view), "done");
  EXPECT_EQ(world.get("2.txt"), "2\n");
  EXPECT_EQ(writes, 2) << "the model is not asked again for what it has chosen";
  EXPECT_EQ(view.at("changes").as_array().size(), 2U);
  EXPECT_EQ(text_of(view, "answer"), "Wrote 1.txt.\nWrote 2.txt.");
  EXPECT_EQ(world.divergence(id), "");
}

TEST(KernelPause, what_the_person_paused_is_resumed_by_nobody_else) {
  KernelWorld world;
  world.furnish();
  System& system = world.begin();
  world.model.script(lookup());
  const std::string spent = world.start(kGoal, [](StartOptions& o) { o.budget.tokens = 40; });
  world.until_state(spent, "paused");
  ASSERT_TRUE(system.signal(spent, Signal::kPause));
  EXPECT_EQ(text_of(world.view(spent), "stop_reason"), "paused by the person");
  ASSERT_TRUE(system.raise_budget(spent, {.tokens = 1000, .seconds = 0, .effects = 0, .money = 0}));
  EXPECT_EQ(state_of(world.view(spent)), "paused");

  std::atomic<bool> away = true;
  world.model.answer = [&](const processor::Request& request) -> Answer {
    if (away) return fail(ErrorCode::kUnavailable, "the model is away");
    return follow_script(lookup(), request);
  };
  const std::string unreachable = world.start(kGoal);
  EXPECT_THAT(text_of(world.until_state(unreachable, "paused"), "stop_reason"), HasSubstr("trying again at"));
  ASSERT_TRUE(system.signal(unreachable, Signal::kPause));
  EXPECT_EQ(text_of(world.view(unreachable), "stop_reason"), "paused by the person");
  away = false;
  std::this_thread::sleep_for(milliseconds(4'300));
  EXPECT_EQ(state_of(world.view(unreachable)), "paused") << "the retry of 4 s is off";
  ASSERT_TRUE(system.signal(unreachable, Signal::kResume));
  EXPECT_EQ(state_of(world.until_ended(unreachable)), "done");
  ASSERT_TRUE(system.signal(spent, Signal::kResume));
  EXPECT_EQ(state_of(world.until_ended(spent)), "done");
}

TEST(KernelPause, an_unreachable_model_pauses_and_is_tried_again_until_it_is_back) {
  KernelWorld world;
  world.furnish();
  System& system = world.begin();
  std::atomic<bool> away = true;
  world.model.answer = [&](const processor::Request& request) -> Answer {
    if (away) return fail(ErrorCode::kUnavailable, "no route to the model", "check the network");
    return follow_script(lookup(), request);
  };
  world.clock.each = 70'000;  // each wait is over as soon as it begins
  const std::string id = world.start(kGoal);
  const Json paused = world.until(id, [&](const Json& now) {
    return text_of(now, "stop_reason").contains("route") && !text_of(now, "stop_reason").contains("again");
  });
  EXPECT_EQ(state_of(paused), "paused");
  EXPECT_EQ(world.model.asked, 6) << "then it waits for the person";
  EXPECT_THAT(text_of(paused, "stop_reason"), HasSubstr("check the network"));
  EXPECT_EQ(tokens_of(paused), 0);
  ASSERT_TRUE(system.signal(id, Signal::kResume));
  world.until(id, [&](const Json&) { return world.model.asked >= 12; });
  EXPECT_EQ(world.model.asked, 12) << "resumed by the person, it tries again as often as at first";
  away = false;
  // It may have given up just before the model came back.
  const auto until_ended = [&](const std::string& process) {
    return world.until(process, [&](const Json& now) {
      if (state_of(now) == "paused") static_cast<void>(system.signal(process, Signal::kResume));
      return has_ended(now);
    });
  };
  EXPECT_EQ(text_of(until_ended(id), "answer"), "£84.20");
  EXPECT_EQ(world.divergence(id), "");

  away = true;
  const std::string second = world.start(kGoal);
  const int before = world.model.asked;
  world.until(second, [&](const Json&) { return world.model.asked > before + 2; });
  away = false;
  EXPECT_EQ(state_of(until_ended(second)), "done");
}

TEST(KernelPause, a_retry_that_is_due_survives_a_restart) {
  KernelWorld world;
  world.furnish();
  world.begin();
  world.model.answer = [](const auto&) -> Answer { return fail(ErrorCode::kTimeout, "no answer in time"); };
  const std::string id = world.start(kGoal);
  EXPECT_THAT(text_of(world.until_state(id, "paused"), "stop_reason"), HasSubstr("trying again at"));
  world.shut();
  world.model.script(lookup());
  world.clock.each = 10'000;
  world.boot();
  EXPECT_EQ(state_of(world.until_ended(id)), "done") << "by itself";
}

TEST(KernelPause, a_model_that_is_gone_after_a_restart_pauses_its_processes_and_ends_none) {
  KernelWorld world;
  world.furnish();
  world.begin();
  world.model.script(lookup());
  const std::string id = world.start(kGoal, [](StartOptions& o) { o.budget.tokens = 30; });
  ASSERT_EQ(state_of(world.until_state(id, "paused")), "paused");
  for (const ErrorCode code : {ErrorCode::kNotFound, ErrorCode::kDenied, ErrorCode::kIo, ErrorCode::kCorrupt}) {
    world.load = [code](const std::string&) -> Status { return fail(code, "the model cannot be had", "get it back"); };
    world.boot();
    ASSERT_TRUE(world.system().raise_budget(id, {.tokens = 100, .seconds = 0, .effects = 0, .money = 0}));
    ASSERT_TRUE(world.system().signal(id, Signal::kResume));
    const Json paused =
        world.until(id, [](const Json& now) { return text_of(now, "stop_reason").contains("cannot be had"); });
    ASSERT_EQ(state_of(paused), "paused") << name_of(code);
    EXPECT_THAT(text_of(paused, "stop_reason"), HasSubstr("get it back"));
  }
  world.load = {};
  world.boot();
  ASSERT_TRUE(world.system().signal(id, Signal::kResume));
  EXPECT_EQ(text_of(world.until_ended(id), "answer"), "£84.20");
}

TEST(KernelPause, a_reply_that_is_no_json_is_an_error_of_the_model_and_of_nothing_else) {
  KernelWorld world;
  world.furnish();
  world.begin();
  const std::string junk("\x01{\"call\":\"answer\",\"with\":{\"pass", 31);
  std::atomic<int> wrong = 1;
  world.model.answer = [&](const processor::Request& request) -> Answer {
    if (offered_call(request) == "answer" && wrong-- > 0) return junk;
    return follow_script(lookup(), request);
  };
  Json view = world.until_ended(world.start(kGoal));
  EXPECT_EQ(state_of(view), "done") << "told what was wrong, it mends its answer";
  EXPECT_EQ(text_of(view, "answer"), "£84.20");
  wrong = 100;
  view = world.until_ended(world.start(kGoal));
  EXPECT_EQ(state_of(view), "failed");
  EXPECT_THAT(text_of(view, "stop_reason"), HasSubstr("gave up after 3 tries"));

  world.model.answer = [](const auto&) -> Answer { return "I would rather not."; };
  view = world.until_ended(world.start(kGoal));
  EXPECT_EQ(state_of(view), "failed");
  EXPECT_THAT(text_of(view, "stop_reason"), HasSubstr("not valid JSON"));
  world.model.script(lookup());
  EXPECT_EQ(state_of(world.until_ended(world.start(kGoal))), "done") << "the kernel goes on";
}

}  // namespace
}  // namespace daimon::kernel::test
