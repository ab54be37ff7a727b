// Devices that misbehave: one call fails, the kernel and everybody else go on.
#include <stdexcept>

#include "kernel_world.h"

namespace daimon::kernel::test {
namespace {

using device::Call;
using device::CallContext;
using device::EffectClass;
using device::Outcome;
using testing::HasSubstr;

class KernelDevice : public testing::Test {
 protected:
  void add(std::string name, EffectClass effect, milliseconds timeout, MadeDevice::Run run) {
    world_.made_devices.push_back([=] { return std::make_unique<MadeDevice>(name, effect, timeout, run); });
  }
  System& begin(milliseconds grace = milliseconds(200)) {
    world_.model.profile = "";
    world_.options.device_grace = grace;
    world_.model.answer = [](const processor::Request& request) -> Answer {
      return call_once(goal_of(request), request);  // the goal names the call
    };
    add("fine", EffectClass::kRead, milliseconds(5000), [](const auto&, const auto&) { return said("all is well"); });
    return world_.boot();
  }
  [[nodiscard]] Json run(const std::string& call) { return world_.until_ended(world_.start(call)); }

  ~KernelDevice() override {
    release_ = true;
    world_.shut();
  }

  std::atomic<bool> release_ = false;  // what hangs, until the test has ended
  KernelWorld world_;
};

TEST_F(KernelDevice, a_call_that_hangs_is_told_to_stop_at_its_deadline) {
  std::atomic<bool> stopped = false;
  add("slow", EffectClass::kRead, milliseconds(150), [&](const Call&, const CallContext& context) -> Result<Outcome> {
    while (!context.stop.stop_requested() && !release_) std::this_thread::sleep_for(milliseconds(1));
    stopped = context.clock.steady() >= context.deadline;
    return fail(ErrorCode::kTimeout, "gave up half way");
  });
  begin(milliseconds(20'000));
  const auto began = std::chrono::steady_clock::now();
  const Json view = run("slow");
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
  EXPECT_TRUE(stopped) << "not before its deadline";
  EXPECT_EQ(text_of(view, "answer"), "error: slow: gave up half way") << "its own words";
}

TEST_F(KernelDevice, calls_that_never_come_back_fail_and_the_kernel_goes_on) {
  add("hung", EffectClass::kRead, milliseconds(200), [&](const Call&, const CallContext&) -> Result<Outcome> {
    while (!release_) std::this_thread::sleep_for(milliseconds(1));
    return said("late");
  });
  begin();
  // More of them than there are threads for devices.
  std::vector<std::string> ids;
  for (int i = 0; i < 2 * world_.options.device_threads + 1; ++i) ids.push_back(world_.start("hung"));
  for (const std::string& id : ids) {
    const Json view = world_.until_ended(id);
    ASSERT_EQ(state_of(view), "done");
    EXPECT_THAT(text_of(view, "answer"), HasSubstr("hung did not answer within 0.2 s"));
    EXPECT_EQ(text_of(view.at("calls").at(0), "outcome"), "error");
  }
  EXPECT_EQ(text_of(run("fine"), "answer"), "fine: all is well");
  const auto before = world_.records().size();
  release_ = true;
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_EQ(world_.records().size(), before) << "a late answer is nobody's";
}

TEST_F(KernelDevice, a_call_that_was_given_up_while_it_waited_for_a_thread_is_never_made) {
  std::atomic<int> effects = 0;
  add("hung", EffectClass::kRead, milliseconds(60'000), [&](const Call&, const CallContext&) -> Result<Outcome> {
    while (!release_) std::this_thread::sleep_for(milliseconds(1));
    return said("late");
  });
  add("effect", EffectClass::kIdempotent, milliseconds(200), [&](const Call&, const CallContext&) -> Result<Outcome> {
    ++effects;
    return said("done");
  });
  System& system = begin();
  for (int i = 0; i < world_.options.device_threads; ++i) world_.start("hung");
  const std::string id = world_.start("effect", [](StartOptions& o) { o.autonomy = 4; });
  world_.until(id, [](const Json& now) { return !now.at("calls").as_array().empty(); });
  ASSERT_TRUE(system.signal(id, Signal::kKill));
  release_ = true;
  EXPECT_EQ(text_of(run("fine"), "answer"), "fine: all is well");
  EXPECT_EQ(effects, 0);
}

TEST_F(KernelDevice, an_effect_that_never_came_back_is_not_repeated_without_the_persons_word) {
  std::atomic<int> sent = 0;
  add("send", EffectClass::kOpaque, milliseconds(100), [&](const Call&, const CallContext&) -> Result<Outcome> {
    if (++sent > 1) return said("sent");
    while (!release_) std::this_thread::sleep_for(milliseconds(1));
    return said("sent");
  });
  begin();
  const std::string id = world_.start("send", [](StartOptions& o) { o.autonomy = 4; });
  const Json waiting = world_.until_state(id, "waiting");
  EXPECT_EQ(text_of(waiting.at("waiting"), "title"), "Run send again");
  EXPECT_EQ(text_of(waiting.at("calls").at(0), "outcome"), "unknown");
  EXPECT_EQ(sent, 1);
  ASSERT_TRUE(world_.decide(id, waiting, true));
  EXPECT_EQ(state_of(world_.until_ended(id)), "done");
  EXPECT_EQ(sent, 2);
  release_ = true;
}

// What a device may say that is asked whether it happened: yes, that it cannot tell, and that it did not.
std::vector<MadeDevice::Query> all_told() {
  using Told = std::optional<Outcome>;
  return {[]() -> Result<Told> { return Told(said("it is there")); },
          []() -> Result<Told> { return fail(ErrorCode::kIo, "cannot look"); },
          []() -> Result<Told> { return Told(); }};
}

TEST_F(KernelDevice, an_effect_that_was_given_up_is_unknown_unless_its_device_says_that_it_happened) {
  const std::vector<MadeDevice::Query> told = all_told();
  for (std::size_t i = 0; i < told.size(); ++i)
    world_.made_devices.push_back([this, i, query = told[i]] {
      return std::make_unique<MadeDevice>(
          daimon::format("put{}", i), EffectClass::kQueryable, milliseconds(100),
          [this](const Call&, const CallContext&) -> Result<Outcome> {
            while (!release_) std::this_thread::sleep_for(milliseconds(1));
            return said("late");
          },
          query);
    });
  add("plain", EffectClass::kIdempotent, milliseconds(100), [this](const Call&, const CallContext&) -> Result<Outcome> {
    while (!release_) std::this_thread::sleep_for(milliseconds(1));
    return said("late");
  });
  begin();
  const auto outcome_of = [&](const std::string& call) {
    const std::string id = world_.start(call, [](StartOptions& o) { o.autonomy = 4; });
    return text_of(world_.until_state(id, "waiting").at("calls").at(0), "outcome");
  };
  EXPECT_EQ(outcome_of("put0"), "ok");
  EXPECT_EQ(outcome_of("put1"), "unknown");
  EXPECT_EQ(outcome_of("put2"), "unknown") << "it is not there yet, but may still come";
  EXPECT_EQ(outcome_of("plain"), "unknown");
  release_ = true;
}

TEST_F(KernelDevice, an_effect_that_failed_half_way_is_what_its_device_finds_afterwards) {
  const std::vector<MadeDevice::Query> told = all_told();
  for (std::size_t i = 0; i < told.size(); ++i)
    world_.made_devices.push_back([i, query = told[i]] {
      return std::make_unique<MadeDevice>(
          daimon::format("put{}", i), EffectClass::kQueryable, milliseconds(5000),
          [](const Call&, const CallContext&) -> Result<Outcome> { return fail(ErrorCode::kIo, "cannot sync"); },
          query);
    });
  world_.made_devices.push_back([query = told[0]] {
    return std::make_unique<MadeDevice>(
        "refused", EffectClass::kQueryable, milliseconds(5000),
        [](const Call&, const CallContext&) -> Result<Outcome> { return fail(ErrorCode::kConflict, "it changed"); },
        query);
  });
  add("send", EffectClass::kOpaque, milliseconds(5000),
      [](const Call&, const CallContext&) -> Result<Outcome> { throw std::runtime_error("half way"); });
  begin();
  const auto call_of = [&](const std::string& call) {
    const std::string id = world_.start(call, [](StartOptions& o) { o.autonomy = 4; });
    return world_.until_state(id, "waiting").at("calls").at(0);
  };
  EXPECT_EQ(text_of(call_of("put0"), "text"), "it is there");
  EXPECT_EQ(text_of(call_of("put1"), "outcome"), "unknown");
  EXPECT_EQ(text_of(call_of("put2"), "outcome"), "error") << "it did not happen, and nothing is at it any more";
  EXPECT_EQ(text_of(call_of("refused"), "outcome"), "error") << "a refusal leaves nothing open";
  EXPECT_EQ(text_of(call_of("send"), "outcome"), "unknown");
}

TEST_F(KernelDevice, an_exception_or_an_error_fails_that_call_alone) {
  add("throws", EffectClass::kRead, milliseconds(5000),
      [](const Call&, const CallContext&) -> Result<Outcome> { throw std::runtime_error("a bug in a device"); });
  add("throws_odd", EffectClass::kRead, milliseconds(5000),
      [](const Call&, const CallContext&) -> Result<Outcome> { throw 7; });
  add("errs", EffectClass::kRead, milliseconds(5000), [](const Call&, const CallContext&) -> Result<Outcome> {
    return fail(ErrorCode::kIo, "the printer is on fire");
  });
  begin();
  const std::string other = world_.start("fine");
  const std::string thrown = text_of(run("throws"), "answer");
  EXPECT_THAT(thrown, HasSubstr("error: throws: "));
  EXPECT_THAT(thrown, HasSubstr("a bug in a device"));
  EXPECT_THAT(text_of(run("throws_odd"), "answer"), HasSubstr("error: throws_odd: "));
  EXPECT_EQ(text_of(run("errs"), "answer"), "error: errs: the printer is on fire");
  EXPECT_EQ(text_of(world_.until_ended(other), "answer"), "fine: all is well");
}

TEST_F(KernelDevice, bytes_that_are_no_text_do_not_make_the_journal_unreadable) {
  add("garbled", EffectClass::kRead, milliseconds(5000), [](const Call&, const CallContext&) -> Result<Outcome> {
    return Outcome{JsonObject{{"name\xff", "caf\xe9"}}, "caf\xe9", capability::untrusted_label("file:\xfe")};
  });
  add("garbled_error", EffectClass::kRead, milliseconds(5000),
      [](const Call&, const CallContext&) -> Result<Outcome> { return fail(ErrorCode::kIo, "cannot open caf\xe9"); });
  begin();
  const Json view = run("garbled");
  EXPECT_EQ(text_of(view, "answer"), "garbled: caf\xEF\xBF\xBD");
  EXPECT_THAT(text_of(run("garbled_error"), "answer"), HasSubstr("cannot open caf\xEF\xBF\xBD"));
  EXPECT_EQ(world_.divergence(text_of(view, "process")), "");
  const std::string paused = world_.start("garbled", [](StartOptions& o) { o.budget.tokens = 30; });
  ASSERT_EQ(state_of(world_.until_state(paused, "paused")), "paused");
  world_.boot();
  ASSERT_TRUE(world_.system().processes(true));
  ASSERT_TRUE(world_.system().raise_budget(paused, {.tokens = 1000, .seconds = 0, .effects = 0, .money = 0}));
  EXPECT_EQ(state_of(world_.until_ended(paused)), "done");
}

TEST_F(KernelDevice, a_value_that_is_deeper_than_what_is_read_from_outside_survives_a_restart) {
  add("deep", EffectClass::kRead, milliseconds(5000), [](const Call&, const CallContext&) -> Result<Outcome> {
    Json value = JsonArray{};
    for (std::size_t i = 1; i < kJsonDepthMax; ++i) value = JsonArray{std::move(value)};
    return Outcome{std::move(value), "deep", capability::system_label()};
  });
  begin();
  const std::string id = world_.start("deep", [](StartOptions& o) { o.budget.tokens = 30; });
  ASSERT_EQ(state_of(world_.until_state(id, "paused")), "paused");
  world_.boot();
  EXPECT_EQ(state_of(world_.view(id)), "paused");
}

TEST_F(KernelDevice, two_devices_that_offer_the_same_call_are_refused_at_boot) {
  add("fine", EffectClass::kRead, milliseconds(5000), [](const auto&, const auto&) { return said("another"); });
  add("fine", EffectClass::kRead, milliseconds(5000), [](const auto&, const auto&) { return said("another"); });
  const Status booted = world_.try_boot();
  ASSERT_FALSE(booted);
  EXPECT_EQ(booted.error().code, ErrorCode::kConflict);
}

TEST_F(KernelDevice, what_was_being_written_when_a_process_was_killed_is_not_said_to_be_unwritten) {
  std::atomic<bool> in_call = false;
  world_.look = [&](std::string_view when, const Call& call) {
    if (when != "after" || call.name != "apply") return;
    in_call = true;
    while (!release_) std::this_thread::sleep_for(milliseconds(1));
  };
  System& system = world_.begin();
  world_.model.script({R"(["write"])", {{"write", R"({"path":"a.txt","content":"a"})"}}});
  const std::string id = world_.start("Write a to a.txt", [](StartOptions& o) { o.autonomy = 4; });
  world_.until(id, [&](const Json&) { return in_call.load(); });
  ASSERT_TRUE(system.signal(id, Signal::kKill));
  release_ = true;
  const Json view = world_.view(id);
  EXPECT_EQ(state_of(view), "stopped");
  EXPECT_TRUE(world_.has("a.txt"));
  EXPECT_EQ(text_of(view.at("calls").as_array().back(), "outcome"), "unknown");
  EXPECT_THAT(text_of(view, "answer"), testing::Not(HasSubstr("not written"))) << "nobody can tell";
  EXPECT_THAT(text_of(view, "answer"), HasSubstr("a.txt"));
}

}  // namespace
}  // namespace daimon::kernel::test
