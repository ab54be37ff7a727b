// A restart with other rules, or with another build, carries out nothing that nobody decided.
#include "kernel_world.h"

namespace daimon::kernel::test {
namespace {

using testing::HasSubstr;

capability::Constitution rules(std::string_view text) { return capability::Constitution::parse(text).value(); }

// A write, then a thought that never ends.
void script_write_then_think(KernelWorld& world) {
  world.model.answer = [](const processor::Request& request) -> Answer {
    if (offered_call(request) == "search") return Answer::never();
    return follow_script({R"(["write","search"])", {{"write", R"({"path":"total.txt","content":"42.75"})"}}}, request);
  };
}
std::string start_alone(const KernelWorld& world) {
  return world.start("Write 42.75 into total.txt", [](StartOptions& options) { options.autonomy = 4; });
}

TEST(KernelRecovery, a_write_that_was_denied_is_not_made_when_the_rule_is_gone_after_a_restart) {
  KernelWorld world;
  world.constitution = rules("ask write file *");
  world.begin();
  script_write_then_think(world);
  std::atomic<int> applied = 0;
  world.look = [&](std::string_view, const device::Call& call) { applied += call.name == "apply"; };
  const std::string id = start_alone(world);
  // Staging it is asked for as well.
  const Json staging = world.until_state(id, "waiting");
  ASSERT_TRUE(world.decide(id, staging, true));
  const Json waiting = world.until(
      id, [&](const Json& now) { return state_of(now) == "waiting" && request_of(now) != request_of(staging); });
  ASSERT_EQ(text_of(waiting.at("waiting"), "title"), "Write total.txt");
  ASSERT_TRUE(world.decide(id, waiting, false));
  ASSERT_EQ(state_of(world.until_state(id, "running")), "running") << to_text(world.view(id));
  world.shut();
  world.constitution = {};
  world.boot();
  ASSERT_EQ(state_of(world.view(id)), "running") << to_text(world.view(id));
  const int asked = world.model.asked;
  world.until(id, [&](const Json&) { return world.model.asked > asked; }, milliseconds(1000));
  EXPECT_EQ(applied, 0);
  EXPECT_FALSE(world.has("total.txt"));
  EXPECT_EQ(world.divergence(id), "");
}

TEST(KernelRecovery, what_waits_for_an_approval_still_waits_when_the_rule_is_gone_after_a_restart) {
  KernelWorld world;
  world.constitution = rules("ask write file *");
  world.begin();
  script_write_then_think(world);
  const std::string id = start_alone(world);
  const std::string request = request_of(world.until_state(id, "waiting"));
  world.shut();
  world.constitution = {};
  world.boot();
  EXPECT_EQ(state_of(world.view(id)), "waiting");
  EXPECT_EQ(request_of(world.view(id)), request);
  EXPECT_FALSE(world.has("total.txt"));
  ASSERT_TRUE(world.decide(id, world.view(id), true));
  world.until(id, [&](const Json&) { return world.has("total.txt"); });
  EXPECT_EQ(world.get("total.txt"), "42.75\n");
  EXPECT_EQ(world.divergence(id), "");
}

TEST(KernelRecovery, a_rule_that_came_meanwhile_holds_for_what_was_already_under_way) {
  KernelWorld world;
  world.begin();
  world.model.script({R"(["write"])", {{"write", R"({"path":"total.txt","content":"42.75"})"}}});
  const std::string id = world.start("Write 42.75 into total.txt");
  world.until_state(id, "waiting");
  world.shut();
  world.constitution = rules("never write file total*");
  world.boot();
  ASSERT_TRUE(world.decide(id, world.view(id), true));
  EXPECT_EQ(state_of(world.until_ended(id)), "denied");
  EXPECT_FALSE(world.has("total.txt"));
  EXPECT_EQ(world.divergence(id), "");
  world.constitution = rules("ask read file *");
  world.boot();
  EXPECT_EQ(world.divergence(id), "") << "each process is replayed under its own rules";
}

// A write that waits for its approval.
std::string start_waiting(KernelWorld& world) {
  world.begin();
  world.model.script({R"(["write"])", {{"write", R"({"path":"total.txt","content":"42.75"})"}}});
  const std::string id = world.start("Write 42.75 into total.txt");
  EXPECT_EQ(state_of(world.until_state(id, "waiting")), "waiting");
  return id;
}

TEST(KernelRecovery, an_approval_that_is_given_too_late_is_refused_and_asked_for_anew) {
  KernelWorld world;
  world.options.approval_lasts = std::chrono::hours(2);
  const std::string id = start_waiting(world);
  const Json shown = world.view(id);
  world.clock.each = milliseconds(std::chrono::hours(2)).count();
  static_cast<void>(world.clock.now());
  world.clock.each = 0;
  const Status late = world.decide(id, shown, true);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kConflict);
  EXPECT_THAT(late.error().what, HasSubstr(id + ".r1 has expired"));
  EXPECT_THAT(late.error().remedy, HasSubstr(daimon::format("daimon approve {0} {0}.r2", id)));
  EXPECT_FALSE(world.has("total.txt"));
  const Json anew = world.view(id);
  EXPECT_EQ(state_of(anew), "waiting");
  EXPECT_EQ(text_of(anew.at("waiting"), "detail"), text_of(shown.at("waiting"), "detail"));
  world.boot();
  EXPECT_EQ(request_of(world.view(id)), id + ".r2") << "and it is still so after a restart";
  EXPECT_FALSE(world.decide(id, shown, true));
  ASSERT_TRUE(world.decide(id, world.view(id), true));
  EXPECT_EQ(state_of(world.until_ended(id)), "done");
  EXPECT_EQ(world.divergence(id), "");
}

TEST(KernelRecovery, what_waits_for_an_approval_is_asked_anew_by_another_build_and_only_by_another) {
  KernelWorld world;
  world.options.build = "1+ab";
  const std::string id = start_waiting(world);
  const Json shown = world.view(id);
  const auto records = world.records().size();
  world.boot();
  EXPECT_EQ(request_of(world.view(id)), id + ".r1");
  EXPECT_EQ(world.records().size(), records);
  world.shut();
  world.options.build = "2+cd";
  world.boot();
  EXPECT_EQ(state_of(world.view(id)), "waiting");
  EXPECT_EQ(request_of(world.view(id)), id + ".r2");
  EXPECT_EQ(world.divergence(id), "");
  EXPECT_FALSE(world.decide(id, shown, true));
  EXPECT_FALSE(world.has("total.txt"));
  ASSERT_TRUE(world.decide(id, world.view(id), true));
  EXPECT_EQ(state_of(world.until_ended(id)), "done");
  world.shut();
  world.options.build = "3+ef";
  world.boot();
  EXPECT_EQ(world.divergence(id), "") << "each process is replayed with the tools of its journal";
}

// One call, of whatever class this build says it has.
struct Sender {
  explicit Sender(KernelWorld& world) {
    world.model.profile = "";
    world.model.answer = [](const processor::Request& request) { return call_once("send", request); };
    world.made_devices.push_back([this] {
      return std::make_unique<MadeDevice>("send", effect, milliseconds(30'000),
                                          [this](const device::Call&, const device::CallContext& context) {
                                            ++runs;
                                            while (!context.stop.stop_requested())
                                              std::this_thread::sleep_for(milliseconds(1));
                                            return Result<device::Outcome>(said("sent"));
                                          });
    });
  }
  // A process whose call another build, as this one will be, would have run again after the restart.
  std::string cut_off_before_an_upgrade(KernelWorld& world) {
    world.boot();
    const std::string id = world.start("send");
    world.until(id, [&](const Json&) { return runs == 1; });
    world.shut();
    effect = device::EffectClass::kIdempotent;
    return id;
  }
  device::EffectClass effect = device::EffectClass::kOpaque;
  std::atomic<int> runs = 0;
};

TEST(KernelRecovery, a_process_that_this_build_would_take_elsewhere_is_held_and_nothing_of_it_is_carried_out) {
  KernelWorld world;
  Sender sender(world);
  const std::string id = sender.cut_off_before_an_upgrade(world);
  System& system = world.boot();
  const Json held = world.view(id);
  EXPECT_EQ(state_of(held), "paused");
  EXPECT_THAT(text_of(held, "stop_reason"), HasSubstr("is not what the journal holds"));
  EXPECT_THAT(text_of(held, "stop_reason"), HasSubstr("kill it"));
  EXPECT_NE(world.divergence(id), "");
  EXPECT_EQ(state_of(system.processes(false)->at(0)), "paused");
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_EQ(sender.runs, 1);
  const Status resumed = system.signal(id, Signal::kResume);
  ASSERT_FALSE(resumed);
  EXPECT_EQ(resumed.error().code, ErrorCode::kConflict);
  EXPECT_THAT(resumed.error().remedy, HasSubstr("kill it"));
  EXPECT_FALSE(system.raise_budget(id, {.tokens = 1, .seconds = 0, .effects = 0, .money = 0}));
  std::mutex mutex;
  std::string reason;
  const auto watching = system.follow(id, 0, [&](const Json& event) {
    const std::scoped_lock lock(mutex);
    if (text_of(event, "type") == "state" && text_of(event, "state") == "paused") reason = text_of(event, "reason");
    return true;
  });
  ASSERT_TRUE(watching);
  world.until(id, [&](const Json&) {
    const std::scoped_lock lock(mutex);
    return !reason.empty();
  });
  EXPECT_EQ(reason, text_of(held, "stop_reason")) << "who watches is told";
}

TEST(KernelRecovery, a_held_process_can_be_killed_and_stays_so) {
  KernelWorld world;
  Sender sender(world);
  const std::string id = sender.cut_off_before_an_upgrade(world);
  ASSERT_TRUE(world.boot().signal(id, Signal::kKill));
  for (int boots = 0; boots < 2; ++boots) {
    const Json view = world.view(id);
    EXPECT_EQ(state_of(view), "stopped");
    EXPECT_EQ(text_of(view.at("calls").at(0), "outcome"), "unknown") << "nobody can tell";
    EXPECT_FALSE(world.system().signal(id, Signal::kKill)) << "it has ended";
    world.boot();
  }
  EXPECT_EQ(sender.runs, 1);
  const std::string anew = world.start("send");
  EXPECT_EQ(anew, "p2");
}

TEST(KernelRecovery, a_held_process_whose_row_is_damaged_is_held_all_the_same) {
  for (const std::string_view damage : {"[]", "{", "{\"calls\":[1],\"mounts\":7}"}) {
    KernelWorld world;
    Sender sender(world);
    const std::string id = sender.cut_off_before_an_upgrade(world);
    world.on_journal(daimon::format("UPDATE processes SET view = '{}'", damage));
    world.boot();
    EXPECT_EQ(state_of(world.view(id)), "paused");
    EXPECT_THAT(text_of(world.view(id), "stop_reason"), HasSubstr("is not what the journal holds"));
    ASSERT_TRUE(world.system().signal(id, Signal::kKill));
    EXPECT_EQ(state_of(world.view(id)), "stopped");
  }
}

TEST(KernelRecovery, a_held_process_goes_on_where_the_build_that_began_it_comes_back) {
  KernelWorld world;
  Sender sender(world);
  const std::string id = sender.cut_off_before_an_upgrade(world);
  world.boot();
  ASSERT_EQ(state_of(world.view(id)), "paused");
  world.shut();
  sender.effect = device::EffectClass::kOpaque;
  world.boot();
  EXPECT_EQ(state_of(world.until_state(id, "waiting")), "waiting") << "asks whether to run it again";
  EXPECT_EQ(world.divergence(id), "");
}

TEST(KernelRecovery, a_constitution_that_the_journal_could_not_hold_is_refused) {
  KernelWorld world;
  auto parsed = capability::Constitution::parse("never write file caf\xe9*");
  if (!parsed) return;  // refused even earlier
  world.constitution = *parsed;
  const Status booted = world.try_boot();
  ASSERT_FALSE(booted);
  EXPECT_EQ(booted.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace daimon::kernel::test
