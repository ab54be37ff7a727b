// Several processes at once.
#include "kernel_world.h"

namespace daimon::kernel::test {
namespace {

// Goal "N": writes N to N.txt, through a search, a calculation and an answer.
Answer work_on(const processor::Request& request) {
  const std::string n = goal_of(request).substr(goal_of(request).rfind(' ') + 1);
  if (asks_for_plan(request)) return Answer(R"({"plan":["search","calculate","write"]})").after(milliseconds(15));
  const std::string call = offered_call(request);
  if (call == "search") return Answer(R"({"call":"search","with":{"query":"electricity"}})").after(milliseconds(15));
  if (call == "calculate")
    return Answer(daimon::format(R"({{"call":"calculate","with":{{"expression":"{} * 1000"}}}})", n))
        .after(milliseconds(15));
  return Answer(daimon::format(R"({{"call":"write","with":{{"path":"{}.txt","content":"number {}"}}}})", n, n))
      .after(milliseconds(15));
}

TEST(KernelMany, eight_processes_at_once_each_reach_their_own_end) {
  KernelWorld world;
  world.furnish();
  world.begin();
  world.model.answer = work_on;
  std::vector<std::string> ids(8);
  {
    std::vector<std::jthread> people;
    for (std::size_t i = 0; i < ids.size(); ++i)
      people.emplace_back([&, i] {
        ids[i] = world.start(daimon::format("write number {}", i), [](StartOptions& o) { o.autonomy = 4; });
      });
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const Json view = world.until_ended(ids[i]);
    EXPECT_EQ(state_of(view), "done") << text_of(view, "stop_reason");
    EXPECT_EQ(world.get(daimon::format("{}.txt", i)), daimon::format("number {}\n", i));
    EXPECT_THAT(text_of(view, "answer"), testing::HasSubstr(daimon::format("{} * 1000 = {}", i, i * 1000)));
    EXPECT_EQ(world.divergence(ids[i]), "");
  }
  std::ranges::sort(ids);
  EXPECT_EQ(std::ranges::unique(ids).begin(), ids.end()) << "no id twice";
}

TEST(KernelMany, killing_one_leaves_the_others_unharmed) {
  KernelWorld world;
  world.furnish();
  System& system = world.begin();
  world.model.answer = [](const processor::Request& request) -> Answer {
    return goal_of(request).ends_with("3") ? Answer::never() : work_on(request);
  };
  std::vector<std::string> ids;
  for (int i = 0; i < 8; ++i)
    ids.push_back(world.start(daimon::format("write number {}", i), [](StartOptions& o) { o.autonomy = 4; }));
  world.until(ids[3], [&](const Json&) { return world.model.asked >= 8; });
  ASSERT_TRUE(system.signal(ids[3], Signal::kKill));
  EXPECT_EQ(state_of(world.view(ids[3])), "stopped") << "at once, whatever it was doing";
  for (int i = 0; i < 8; ++i) {
    const Json view = world.until_ended(ids[static_cast<std::size_t>(i)]);
    EXPECT_EQ(state_of(view), i == 3 ? "stopped" : "done");
    EXPECT_EQ(world.has(daimon::format("{}.txt", i)), i != 3);
  }
  for (int i = 0; i < 1000 && world.model.cancelled == 0; ++i) std::this_thread::sleep_for(milliseconds(2));
  EXPECT_EQ(world.model.cancelled, 1) << "the model does not go on thinking for the dead";
  EXPECT_FALSE(system.signal(ids[3], Signal::kResume));
  EXPECT_EQ(system.processes(false)->as_array().size(), 0U);
  EXPECT_EQ(system.processes(true)->as_array().size(), 8U);
}

TEST(KernelMany, a_kernel_that_ends_while_models_think_ends_cleanly_and_its_processes_go_on_later) {
  KernelWorld world;
  world.furnish();
  world.begin();
  world.model.cancel_takes = milliseconds(30);  // what is cancelled comes back when the kernel is no more
  world.model.answer = [](const processor::Request&) { return Answer::never(); };
  std::vector<std::string> ids;
  for (int i = 0; i < 4; ++i)
    ids.push_back(world.start(daimon::format("write number {}", i), [](StartOptions& o) { o.autonomy = 4; }));
  world.until(ids[0], [&](const Json&) { return world.model.asked >= 4; });
  world.shut();
  EXPECT_EQ(world.model.cancelled, 4);
  world.model.answer = work_on;
  world.boot();
  for (const std::string& id : ids) EXPECT_EQ(state_of(world.until_ended(id)), "done");
}

}  // namespace
}  // namespace daimon::kernel::test
