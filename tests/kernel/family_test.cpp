// Parents and children: what a child may do and use up comes from its parent, and it ends with it.
#include "kernel_world.h"

namespace daimon::kernel::test {
namespace {

using testing::HasSubstr;

class Family : public testing::Test {
 protected:
  void SetUp() override {
    world_.furnish();
    world_.begin();
    // Everybody thinks for as long as the test wants.
    world_.model.answer = [this](const processor::Request& request) -> Answer {
      if (!free_) return Answer::never();
      return follow_script({R"(["calculate"])", {{"calculate", R"({"expression":"1 + 1"})"}}}, request);
    };
  }
  std::string child_of(const std::string& parent, const std::function<void(StartOptions&)>& set = {}) {
    return world_.start("1 + 1", [&](StartOptions& o) {
      o.parent = parent;
      if (set) set(o);
    });
  }
  // With 100,000 tokens, it waits for its plan's approval.
  std::string waiting_parent() {
    const std::string parent = world_.start("wait", [](StartOptions& o) {
      o.budget.tokens = 100'000;
      o.autonomy = 3;
    });
    world_.until_state(parent, "waiting");
    return parent;
  }
  std::string refusal(const std::string& parent, const std::function<void(StartOptions&)>& set = {}) {
    StartOptions wanted;
    wanted.goal = "1 + 1";
    wanted.parent = parent;
    if (set) set(wanted);
    const auto started = world_.system().start(wanted);
    return started ? "started" : started.error().what;
  }
  std::int64_t tokens_of(const std::string& id) {
    return find_integer(world_.view(id).at("budget"), "tokens").value_or(-1);
  }

  KernelWorld world_;
  std::atomic<bool> free_ = false;
};

TEST_F(Family, what_a_child_may_use_up_is_taken_from_its_parent_and_the_rest_goes_back) {
  const std::string parent = world_.start("wait", [](StartOptions& o) { o.budget.tokens = 1000; });
  const std::string half = child_of(parent);
  EXPECT_EQ(tokens_of(half), 500);
  const std::string some = child_of(parent, [](StartOptions& o) { o.budget.tokens = 400; });
  EXPECT_EQ(tokens_of(parent), 100);
  EXPECT_THAT(refusal(parent, [](StartOptions& o) { o.budget.tokens = 101; }), HasSubstr("of which it has 100 left"));
  EXPECT_EQ(tokens_of(parent), 100) << "a refusal costs nothing";
  ASSERT_TRUE(world_.system().signal(some, Signal::kKill));
  EXPECT_EQ(tokens_of(parent), 500);
  const Json view = world_.view(parent);
  EXPECT_EQ(
      to_text(view.at("children")),
      daimon::format(R"([{{"process":"{}","state":"running"}},{{"process":"{}","state":"stopped"}}])", half, some));
  EXPECT_EQ(world_.divergence(parent), "");
}

TEST_F(Family, what_a_child_used_up_its_parent_has_used_up) {
  free_ = true;
  const std::string parent = waiting_parent();
  const std::string child = child_of(parent);
  const Json ended = world_.until_ended(child);
  ASSERT_EQ(state_of(ended), "done") << to_text(ended);
  const Json& cost = ended.at("cost");
  const auto number = [&](std::string_view name) { return find_integer(cost, name).value_or(0); };
  const auto spent =
      number("tokens_prompt") - number("tokens_cached") + number("tokens_generated") + number("tokens_forced");
  EXPECT_GT(spent, 0);
  EXPECT_EQ(tokens_of(parent), 100'000 - spent);
  EXPECT_EQ(world_.divergence(parent), "");
}

TEST_F(Family, what_a_grandchild_used_up_is_not_given_back_to_anybody) {
  free_ = true;
  const std::string parent = waiting_parent();
  free_ = false;
  const int asked = world_.model.asked;
  const std::string child = child_of(parent, [](StartOptions& o) { o.budget.tokens = 50'000; });
  world_.until(child, [&](const Json&) { return world_.model.asked == asked + 1; });  // and thinks for ever
  free_ = true;
  const std::string grandchild = child_of(child, [](StartOptions& o) { o.budget.tokens = 40'000; });
  const Json ended = world_.until_ended(grandchild);
  const auto spent = find_integer(ended.at("spent"), "tokens").value_or(0);
  ASSERT_GT(spent, 0);
  EXPECT_EQ(find_integer(world_.view(child).at("spent"), "tokens"), spent) << "the child itself has done nothing yet";
  ASSERT_TRUE(world_.system().signal(child, Signal::kKill));
  EXPECT_EQ(tokens_of(parent), 100'000 - spent);
  // One that ends before its child: what the child used up goes on to the next that lives.
  free_ = false;
  const std::string second = child_of(parent, [](StartOptions& o) { o.budget.tokens = 50'000; });
  const std::string raised = child_of(second, [](StartOptions& o) { o.budget.tokens = 10'000; });
  ASSERT_TRUE(world_.system().raise_budget(raised, {.tokens = 5000, .seconds = 0, .effects = 0, .money = 0}));
  ASSERT_TRUE(world_.system().signal(second, Signal::kKill));
  EXPECT_EQ(tokens_of(parent), 100'000 - spent) << "nothing was used up, and what was added was nobody's loss";
  for (const std::string& id : {parent, child, grandchild, second, raised}) EXPECT_EQ(world_.divergence(id), "");
}

TEST_F(Family, generations_have_an_end) {
  std::string last = world_.start("wait");
  int generations = 1;
  for (; generations < 100; ++generations) {
    const std::string refused = refusal(last);
    if (refused != "started") {
      EXPECT_THAT(refused, HasSubstr("generations"));
      break;
    }
    last = daimon::format("p{}", generations + 1);
  }
  EXPECT_LT(generations, 40);
  ASSERT_TRUE(world_.system().signal("p1", Signal::kKill));
  EXPECT_EQ(state_of(world_.until_ended(last)), "stopped");
}

TEST_F(Family, a_child_sees_and_may_do_no_more_than_its_parent) {
  ASSERT_TRUE(world_.system().mount((world_.folder / "home/letters").string(), "letters", {}, {}));
  const std::string parent = world_.start("wait", [](StartOptions& o) {
    o.mounts = {"letters"};
    o.autonomy = 1;
  });
  EXPECT_THAT(refusal(parent, [](StartOptions& o) { o.mounts = {"home"}; }), HasSubstr("mount 'home'"));
  const std::string child = child_of(parent, [](StartOptions& o) { o.autonomy = 4; });
  EXPECT_EQ(find_integer(world_.view(child), "autonomy"), 1);
  EXPECT_EQ(to_text(world_.view(child).at("mounts")), R"(["letters"])");
  EXPECT_THAT(refusal("p99"), HasSubstr("no process p99"));
  ASSERT_TRUE(world_.system().signal(parent, Signal::kKill));
  EXPECT_THAT(refusal(parent), HasSubstr("has ended"));
}

TEST_F(Family, a_capability_that_the_parent_lacks_is_not_handed_on) {
  world_.options.web_hosts = {"example.org"};
  world_.begin();
  const auto grants = [&](const std::string& id) {
    for (const journal::Record& record : world_.records())
      if (record.process == id && record.type == "created") return to_text(record.body.at("grants"));
    return std::string();
  };
  const std::string parent = world_.start("wait");
  EXPECT_THAT(grants(parent), HasSubstr("example.org"));
  EXPECT_THAT(grants(child_of(parent)), HasSubstr("example.org"));
  // The person allows more meanwhile: the parent was started without it.
  world_.options.web_hosts = {"example.org", "example.net"};
  world_.boot();
  EXPECT_THAT(grants(world_.start("wait")), HasSubstr("example.net"));
  const std::string late = grants(child_of(parent));
  EXPECT_THAT(late, HasSubstr("example.org"));
  EXPECT_THAT(late, testing::Not(HasSubstr("example.net")));
}

TEST_F(Family, children_end_pause_and_go_on_with_their_parent) {
  const std::string parent = world_.start("wait");
  const std::string child = child_of(parent);
  const std::string grandchild = child_of(child);
  const std::string other = world_.start("wait");
  ASSERT_TRUE(world_.system().signal(parent, Signal::kPause));
  for (const std::string& id : {parent, child, grandchild})
    EXPECT_EQ(state_of(world_.until_state(id, "paused")), "paused");
  EXPECT_EQ(state_of(world_.view(other)), "running");
  ASSERT_TRUE(world_.system().signal(parent, Signal::kResume));
  for (const std::string& id : {parent, child, grandchild})
    EXPECT_EQ(state_of(world_.until_state(id, "running")), "running");
  ASSERT_TRUE(world_.system().signal(parent, Signal::kKill));
  for (const std::string& id : {parent, child, grandchild}) EXPECT_EQ(state_of(world_.until_ended(id)), "stopped");
  EXPECT_EQ(state_of(world_.view(other)), "running");
  for (const std::string& id : {parent, child, grandchild}) EXPECT_EQ(world_.divergence(id), "");
}

TEST_F(Family, nothing_is_begun_below_one_that_is_paused) {
  const std::string parent = world_.start("wait");
  ASSERT_TRUE(world_.system().signal(parent, Signal::kPause));
  EXPECT_THAT(refusal(parent), HasSubstr("is paused"));
  ASSERT_TRUE(world_.system().signal(parent, Signal::kResume));
  EXPECT_EQ(refusal(parent), "started");
}

TEST_F(Family, pauses_as_a_whole_or_not_at_all) {
  const std::string parent = world_.start("wait");
  const std::string child = child_of(parent);
  const std::string grandchild = child_of(child);
  world_.shut();
  world_.on_journal(
      daimon::format("CREATE TRIGGER full BEFORE INSERT ON records WHEN NEW.process = '{}' AND NEW.type = 'signalled' "
                     "BEGIN SELECT RAISE(ABORT, 'no room'); END",
                     grandchild));
  world_.boot();
  EXPECT_FALSE(world_.system().signal(parent, Signal::kPause));
  for (const std::string& id : {parent, child, grandchild}) EXPECT_EQ(state_of(world_.view(id)), "running") << id;
}

TEST_F(Family, what_a_crash_kept_from_being_said_is_said_at_the_next_start) {
  const std::string parent = world_.start("wait", [](StartOptions& o) { o.budget.tokens = 1000; });
  const std::string child = child_of(parent);
  const std::string grandchild = child_of(child);
  world_.shut();
  // As if the daemon had died after the child's end was written and before anything that follows from it.
  {
    auto journal = journal::Journal::open(world_.state() / "journal.db");
    ASSERT_TRUE(journal) << journal.error().what;
    journal::ProcessRow row = *journal->row(child).value();
    row.ended = true;
    row.view.as_object()["state"] = "stopped";
    const std::array records{
        journal::NewRecord{child, "signalled", true, JsonObject{{"signal", "kill"}, {"by", "person"}}},
        journal::NewRecord{child, "finished", false, row.view}};
    ASSERT_TRUE(journal->append(world_.clock.now(), records, std::span(&row, 1)));
  }
  world_.boot();
  EXPECT_EQ(state_of(world_.view(grandchild)), "stopped") << "its parent is gone";
  EXPECT_EQ(state_of(world_.view(parent)), "running");
  EXPECT_EQ(tokens_of(parent), 1000) << "nothing was used up";
  EXPECT_EQ(text_of(world_.view(parent).at("children").as_array().at(0), "state"), "stopped");
}

}  // namespace
}  // namespace daimon::kernel::test
