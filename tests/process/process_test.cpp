#include "process/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "process/plan.h"
#include "world.h"

namespace daimon::process::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string text_of(const Json& view, std::string_view member) {
  return std::string(find_string(view, member).value_or(""));
}

TEST(ProcessTest, a_lookup_ends_with_a_verified_citation) {
  World world;
  world.script({R"({"plan":["search","answer"]})", R"({"call":"search","with":{"query":"electricity"}})",
                R"({"call":"answer","with":{"passage":1,"answer":"£84.20"}})"});
  Process process = world.make();
  world.input(process, "created", World::created("What did I pay for electricity?"));
  world.run(process);
  const Json view = process.view();
  EXPECT_EQ(text_of(view, "state"), "done");
  EXPECT_EQ(text_of(view, "answer"), "£84.20");
  EXPECT_EQ(find_bool(view, "found"), true);
  const Json& citation = view.at("citations").at(0);
  EXPECT_EQ(text_of(citation, "quote"), "Total due: £84.20");
  EXPECT_EQ(text_of(citation, "path"), "bills/march.pdf");
  EXPECT_EQ(find_integer(citation, "page"), 1);
  EXPECT_EQ(find_bool(citation, "verified"), true);
}

TEST(ProcessTest, a_quotation_that_does_not_verify_is_never_shown) {
  World world;
  world.devices["cite"] = [](const device::Call&) { return World::ok(JsonObject{{"verified", false}}, ""); };
  world.script({R"({"plan":["search","answer"]})", R"({"call":"search","with":{"query":"electricity"}})",
                R"({"call":"answer","with":{"passage":1,"answer":"£84.20"}})"});
  Process process = world.make();
  world.input(process, "created", World::created("What did I pay for electricity?"));
  world.run(process);
  EXPECT_EQ(process.state(), State::kFailed);
  EXPECT_TRUE(process.view().at("citations").as_array().empty());
  EXPECT_EQ(find_bool(process.view(), "found"), false);
}

TEST(ProcessTest, what_a_doubtful_answer_may_be_instead_is_verified_and_shown_apart) {
  World world;
  world.script(
      {R"({"plan":["search","answer"]})", R"({"call":"search","with":{"query":"electricity"}})",
       R"({"call":"answer","with":{"passage":1,"answer":"£84.20","otherwise":[)"
       R"({"passage":1,"answer":"March 2026"},{"passage":1,"answer":"not in it"},{"passage":7,"answer":"£84.20"}]}})"});
  Process process = world.make();
  world.input(process, "created", World::created("What did I pay for electricity?"));
  world.run(process);
  const Json view = process.view();
  EXPECT_EQ(text_of(view, "answer"), "£84.20");
  ASSERT_EQ(view.at("citations").as_array().size(), 1U);
  ASSERT_EQ(view.at("others").as_array().size(), 1U) << "what stands nowhere is dropped";
  const Json& other = view.at("others").at(0);
  EXPECT_EQ(text_of(other, "answer"), "March 2026");
  EXPECT_EQ(text_of(other, "quote"), "Electricity, March 2026");
  EXPECT_EQ(text_of(other, "path"), "bills/march.pdf");
  EXPECT_EQ(find_bool(other, "verified"), true);
}

TEST(ProcessTest, what_was_not_found_may_have_a_nearest_and_stays_not_found) {
  World world;
  const std::vector<std::string> script{
      R"({"plan":["search","answer"]})", R"({"call":"search","with":{"query":"electricity"}})",
      R"({"call":"answer","with":{"passage":0,"otherwise":[{"passage":1,"answer":"£84.20"}]}})"};
  world.script(script);
  Process process = world.make();
  world.input(process, "created", World::created("What did I pay for gas?"));
  world.run(process);
  EXPECT_EQ(find_bool(process.view(), "found"), false);
  EXPECT_THAT(text_of(process.view(), "answer"), HasSubstr("Not found in your files"));
  EXPECT_TRUE(process.view().at("citations").as_array().empty());
  ASSERT_EQ(process.view().at("others").as_array().size(), 1U);

  World liar;
  liar.devices["cite"] = [](const device::Call&) { return World::ok(JsonObject{{"verified", false}}, ""); };
  liar.script(script);
  Process other = liar.make();
  liar.input(other, "created", World::created("What did I pay for gas?"));
  liar.run(other);
  EXPECT_EQ(other.state(), State::kDone);
  EXPECT_EQ(find(other.view(), "others"), nullptr) << "what does not verify is never shown";
}

// A process whose plan is only a question, once it is answered.
Process answered(World& world, std::vector<std::string> script, std::string_view said) {
  script.insert(script.begin(), {R"({"plan":["ask"]})", R"({"call":"ask","with":{"question":"Which numbers?"}})"});
  world.script(std::move(script));
  Process process = world.make();
  world.input(process, "created", World::created("add it up"));
  world.run(process);
  const auto* question = std::get_if<AwaitAnswer>(&process.pending());
  EXPECT_NE(question, nullptr);
  if (question != nullptr) world.input(process, "answered", {{"request", question->request}, {"text", said}});
  return process;
}

TEST(ProcessTest, what_the_person_answers_is_a_part_of_the_goal_from_then_on) {
  World world;
  std::vector<std::string> surveyed;
  world.devices["survey"] = [&](const device::Call& call) {
    surveyed.emplace_back(text_of(call.arguments, "goal"));
    return World::ok(JsonObject{{"files", JsonArray{JsonObject{{"path", "a.csv"}}}}}, "1 file");
  };
  world.devices["table"] = [](const device::Call&) { return World::ok(nullptr, "sum of amount = 60.00"); };
  Process process = answered(
      world,
      {R"({"plan":["table"]})", R"({"call":"table","with":{"path":"a.csv","operation":"sum","column":"amount"}})"},
      "the amounts of\na.csv");
  world.run(process);
  EXPECT_THAT(surveyed, testing::ElementsAre("add it up", "add it up, the amounts of a.csv"));
  EXPECT_EQ(process.state(), State::kDone);
  EXPECT_EQ(text_of(process.view(), "answer"), "sum of amount = 60.00");
  EXPECT_EQ(text_of(process.view(), "goal"), "add it up");
}

TEST(ProcessTest, a_file_that_is_named_when_asked_is_not_written_over) {
  World world;
  const std::vector<std::string> script{R"({"plan":["read"]})", R"({"call":"read","with":{"path":"paint.txt"}})"};
  Process process = answered(world, script, "the file paint.txt");
  const auto write_is_offered = [](World& in) {
    return std::ranges::any_of(in.outputs, [](const journal::NewRecord& record) {
      return record.type == "thinking" && to_text(record.body).contains("write");
    });
  };
  world.outputs.clear();
  world.run(process);
  EXPECT_FALSE(write_is_offered(world));
  World other;
  Process wanted = answered(other, script, "put it into out.txt");
  other.outputs.clear();
  other.run(wanted);
  EXPECT_TRUE(write_is_offered(other)) << "what the person asks for is";
}

TEST(ProcessTest, nobody_is_asked_twice_what_a_goal_means) {
  World world;
  Process process = answered(world, {R"({"plan":["ask"]})"}, "hm");
  world.run(process);
  EXPECT_EQ(process.state(), State::kDone);
  EXPECT_EQ(text_of(process.view(), "answer"), "You said: hm");
  EXPECT_EQ(find_bool(process.view(), "found"), true) << "nothing was looked for";

  World other;
  Process stopped = answered(other, {R"({"plan":["table"]})"}, "never mind");
  other.run(stopped);
  EXPECT_EQ(stopped.state(), State::kDone);
  EXPECT_EQ(std::ranges::count(other.calls, "table", &device::Call::name), 0);
}

TEST(ProcessTest, nothing_found_is_an_answer) {
  World world;
  world.devices["search"] = [](const device::Call&) {
    return World::ok(JsonObject{{"passages", JsonArray{}}}, "nothing found");
  };
  world.script({R"({"plan":["search","answer"]})", R"({"call":"search","with":{"query":"yacht"}})"});
  Process process = world.make();
  world.input(process, "created", World::created("What is my yacht called?"));
  world.run(process);
  EXPECT_EQ(process.state(), State::kDone);
  EXPECT_EQ(find_bool(process.view(), "found"), false);
  EXPECT_THAT(text_of(process.view(), "answer"), HasSubstr("Not found in your files"));
}

TEST(ProcessTest, nothing_is_reckoned_or_written_without_what_was_not_found) {
  World world;
  world.devices["search"] = [first = true, usual = world.devices["search"]](const device::Call& call) mutable {
    return std::exchange(first, false) ? World::ok(JsonObject{{"passages", JsonArray{}}}, "nothing found")
                                       : usual(call);
  };
  world.script({R"({"plan":["search","answer","search","answer","calculate","write"]})",
                R"({"call":"search","with":{"query":"yacht"}})", R"({"call":"search","with":{"query":"electricity"}})",
                R"({"call":"answer","with":{"passage":1,"answer":"£84.20"}})",
                R"({"call":"calculate","with":{"expression":"84.20 + 2"}})",
                R"({"call":"write","with":{"path":"total.txt","content":"86.20"}})"});
  Process process = world.make();
  world.input(process, "created", World::created("Add the yacht to the electricity, in total.txt"));
  world.run(process);
  EXPECT_EQ(process.state(), State::kDone);
  EXPECT_TRUE(
      std::ranges::none_of(world.calls, [](const auto& c) { return c.name == "calculate" || c.name == "write"; }));
  EXPECT_THAT(text_of(process.view(), "answer"), HasSubstr("£84.20"));
  EXPECT_THAT(text_of(process.view(), "answer"),
              HasSubstr("Not all of it was found in your files.\nNothing was written"));
  for (const int step : {4, 5}) EXPECT_EQ(text_of(process.view().at("plan").at(step), "state"), "skipped");
}

TEST(ProcessTest, what_a_table_gave_is_written_though_something_else_was_not_found) {
  World world;
  world.devices["search"] = [](const device::Call&) {
    return World::ok(JsonObject{{"passages", JsonArray{}}}, "nothing found");
  };
  world.script({R"({"plan":["search","answer","table","write"]})", R"({"call":"search","with":{"query":"yacht"}})",
                R"({"call":"table","with":{"path":"a.csv","operation":"sum","column":"amount"}})",
                R"({"call":"write","with":{"path":"total.txt","content":"12.50"}})"});
  Process process = world.make();
  world.input(process, "created", World::created("Sum the amounts of a.csv in total.txt"));
  world.run(process);
  EXPECT_EQ(process.state(), State::kWaiting);
  EXPECT_TRUE(std::ranges::any_of(world.calls, [](const auto& c) { return c.name == "write"; }));
}

TEST(ProcessTest, one_passage_that_holds_no_answer_is_one) {
  World world;
  world.script({R"({"plan":["search","answer"]})", R"({"call":"search","with":{"query":"yacht"}})",
                R"({"call":"answer","with":{"passage":0}})"});
  Process process = world.make();
  world.input(process, "created", World::created("What is my yacht called?"));
  world.run(process);
  EXPECT_EQ(text_of(process.view(), "answer"),
            "Not found in your files: 1 passage was looked at, and it does not seem to hold the answer.");
}

TEST(ProcessTest, a_write_waits_for_approval_and_is_applied_only_then) {
  for (const bool approve : {true, false}) {
    World world;
    world.script({R"({"plan":["table","write"]})",
                  R"({"call":"table","with":{"path":"a.csv","operation":"sum","column":"amount"}})",
                  R"({"call":"write","with":{"path":"total.txt","content":"12.50"}})"});
    Process process = world.make();
    world.input(process, "created", World::created("Sum the amounts into total.txt"));
    world.run(process);
    ASSERT_EQ(process.state(), State::kWaiting);
    EXPECT_TRUE(std::ranges::none_of(world.calls, [](const auto& c) { return c.name == "apply"; }));
    EXPECT_EQ(text_of(process.view().at("waiting"), "detail"), "+84.20") << "the diff is what is approved";
    world.decide(process, approve);
    world.run(process);
    EXPECT_EQ(std::ranges::any_of(world.calls, [](const auto& c) { return c.name == "apply"; }), approve);
    EXPECT_EQ(process.state(), approve ? State::kDone : State::kDenied);
    EXPECT_EQ(find_bool(process.view().at("changes").at(0), "applied"), approve);
  }
}

TEST(ProcessTest, an_approval_of_another_request_changes_nothing) {
  World world;
  world.script({R"({"plan":["write"]})", R"({"call":"write","with":{"path":"total.txt","content":"x"}})"});
  Process process = world.make();
  world.input(process, "created", World::created("Write x into total.txt"));
  world.run(process);
  ASSERT_EQ(process.state(), State::kWaiting);
  const AwaitApproval waiting = std::get<AwaitApproval>(process.pending());
  world.input(process, "decided", {{"request", "p1.r99"}, {"digest", waiting.digest}, {"approve", true}});
  EXPECT_EQ(process.state(), State::kWaiting);
  world.input(process, "decided", {{"request", waiting.request}, {"approve", true}});
  world.input(process, "decided", {{"request", waiting.request}, {"digest", "another"}, {"approve", true}});
  EXPECT_EQ(process.state(), State::kWaiting) << "nor one of something else that was shown";
}

TEST(ProcessTest, an_approval_is_bound_to_what_is_shown) {
  std::vector<std::string> digests;
  for (const char* diff : {"+84.20", "+84.21"}) {
    World world;
    world.devices["write"] = [diff](const device::Call&) {
      return World::ok(JsonObject{{"path", "total.txt"}, {"change", "c1"}, {"diff", diff}}, "staged");
    };
    world.script({R"({"plan":["write"]})", R"({"call":"write","with":{"path":"total.txt","content":"x"}})"});
    Process process = world.make();
    world.input(process, "created", World::created("Write x into total.txt"));
    world.run(process);
    ASSERT_EQ(process.state(), State::kWaiting);
    digests.push_back(std::get<AwaitApproval>(process.pending()).digest);
  }
  EXPECT_NE(digests[0], digests[1]);
}

// A process that waits for the approval of a write, asked with these tools and for an hour.
struct Asked {
  explicit Asked(std::string_view tools = "tools-1", std::int64_t seconds = 3600) {
    world.script({R"({"plan":["write"]})", R"({"call":"write","with":{"path":"total.txt","content":"x"}})"});
    JsonObject created = World::created("Write x into total.txt");
    created["tools"] = tools;
    created["approval_seconds"] = seconds;
    world.input(process, "created", std::move(created));
    world.run(process);
    first = std::get<AwaitApproval>(process.pending());
  }
  void approve(const AwaitApproval& request) {
    world.input(process, "decided", {{"request", request.request}, {"digest", request.digest}, {"approve", true}});
    world.run(process);
  }
  [[nodiscard]] AwaitApproval now() const { return std::get<AwaitApproval>(process.pending()); }
  [[nodiscard]] bool applied() const {
    return std::ranges::any_of(world.calls, [](const auto& call) { return call.name == "apply"; });
  }
  World world;
  Process process = world.make();
  AwaitApproval first;
};

TEST(ProcessTest, an_approval_that_comes_too_late_allows_nothing_and_is_asked_for_anew) {
  Asked asked;
  EXPECT_EQ(text_of(asked.process.view().at("waiting"), "expires"), to_iso8601(*asked.first.expires));
  asked.world.time = *asked.first.expires - std::chrono::milliseconds(10);
  asked.approve(asked.first);
  ASSERT_EQ(asked.process.state(), State::kWaiting);
  EXPECT_FALSE(asked.applied());
  EXPECT_EQ(asked.now().request, "p1.r2");
  EXPECT_NE(asked.now().digest, asked.first.digest);
  EXPECT_EQ(text_of(asked.process.view().at("waiting"), "detail"), "+84.20");
  asked.approve({"p1.r2", asked.first.digest});
  EXPECT_FALSE(asked.applied()) << "the old one is for nothing any more";
  asked.approve(asked.now());
  EXPECT_TRUE(asked.applied());
  EXPECT_EQ(asked.process.state(), State::kDone);
}

TEST(ProcessTest, an_approval_that_comes_in_time_counts_and_a_denial_is_never_too_late) {
  Asked asked;
  asked.world.time = *asked.first.expires - std::chrono::milliseconds(11);
  asked.approve(asked.first);
  EXPECT_TRUE(asked.applied());
  Asked late;
  late.world.time = *late.first.expires + std::chrono::hours(1);
  late.world.decide(late.process, false);
  EXPECT_EQ(late.process.state(), State::kDenied);
}

TEST(ProcessTest, an_approval_that_expired_during_a_pause_is_asked_for_anew) {
  Asked asked;
  asked.world.input(asked.process, "signalled", {{"signal", "pause"}});
  asked.world.time = *asked.first.expires;
  asked.world.input(asked.process, "signalled", {{"signal", "resume"}});
  ASSERT_EQ(asked.process.state(), State::kWaiting);
  EXPECT_EQ(asked.now().request, "p1.r2");
  EXPECT_GT(*asked.now().expires, asked.world.time);
}

TEST(ProcessTest, an_approval_is_for_the_tools_that_asked_for_it) {
  EXPECT_EQ(Asked("tools-1").first.digest, Asked("tools-1").first.digest);
  EXPECT_NE(Asked("tools-1").first.digest, Asked("tools-2").first.digest);
  EXPECT_NE(Asked("tools-1", 3600).first.digest, Asked("tools-1", 7200).first.digest);
  for (const bool paused : {false, true}) {
    Asked asked;
    if (paused) asked.world.input(asked.process, "signalled", {{"signal", "pause"}});
    asked.world.input(asked.process, "tools", {{"tools", "tools-2"}, {"approval_seconds", 3600}});
    if (paused) asked.world.input(asked.process, "signalled", {{"signal", "resume"}});
    EXPECT_EQ(asked.now().request, "p1.r2") << paused;
    asked.approve(asked.first);
    EXPECT_FALSE(asked.applied()) << paused;
    asked.approve(asked.now());
    EXPECT_TRUE(asked.applied()) << paused;
  }
  Asked same;
  same.world.input(same.process, "tools", {{"tools", "tools-1"}, {"approval_seconds", 60}});
  EXPECT_EQ(same.now().request, "p1.r1") << "another lifetime is for what is asked from here on";
}

TEST(CallTableTest, its_version_is_of_the_program_and_of_every_call_as_declared) {
  using E = device::EffectClass;
  const auto version = [](std::string_view build, E effect, bool risky, std::string_view argument) {
    CallTable table;
    auto specification = call("send", effect, {"net", "send", ""}, false, risky);
    specification.arguments_schema.as_object()["properties"].as_object()[argument] = JsonObject{{"type", "string"}};
    EXPECT_TRUE(table.add(std::move(specification), nullptr));
    return table.version(build);
  };
  const std::string one = version("1+ab", E::kOpaque, true, "to");
  EXPECT_EQ(one, version("1+ab", E::kOpaque, true, "to"));
  EXPECT_NE(one, version("1+cd", E::kOpaque, true, "to"));
  EXPECT_NE(one, version("1+ab", E::kRead, true, "to"));
  EXPECT_NE(one, version("1+ab", E::kOpaque, false, "to"));
  EXPECT_NE(one, version("1+ab", E::kOpaque, true, "from"));
}

TEST(ProcessTest, autonomy_decides_who_is_asked) {
  for (const int autonomy : {0, 1, 2, 3, 4}) {
    World world;
    world.script({R"({"plan":["write"]})", R"({"call":"write","with":{"path":"total.txt","content":"x"}})"});
    Process process = world.make();
    JsonObject created = World::created("Write x into total.txt");
    created["autonomy"] = autonomy;
    world.input(process, "created", std::move(created));
    world.run(process);
    if (autonomy == 0) {
      EXPECT_EQ(process.state(), State::kDone) << "what was asked for is a suggestion";
      EXPECT_EQ(text_of(process.view(), "answer"), "Would write total.txt.");
      continue;
    }
    EXPECT_EQ(process.state(), autonomy == 4 ? State::kDone : State::kWaiting) << autonomy;
    if (autonomy == 3) {  // the plan is approved, and with it the new file that the goal names
      EXPECT_TRUE(world.calls.size() == 1) << "only the survey ran before the plan was approved";
      world.decide(process, true);
      world.run(process);
      EXPECT_EQ(process.state(), State::kDone);
    }
  }
}

TEST(ProcessTest, a_spent_budget_pauses_and_more_budget_resumes_in_place) {
  World world;
  world.script({R"({"plan":["search","answer"]})", R"({"call":"search","with":{"query":"electricity"}})",
                R"({"call":"answer","with":{"passage":1,"answer":"£84.20"}})"});
  Process process = world.make();
  JsonObject created = World::created("What did I pay?");
  created["budget"] = JsonObject{{"tokens", 100}};
  world.input(process, "created", std::move(created));
  world.run(process);
  ASSERT_EQ(process.state(), State::kPaused);
  EXPECT_THAT(text_of(process.view(), "stop_reason"), HasSubstr("budget spent"));
  EXPECT_THAT(text_of(process.view(), "stop_reason"), HasSubstr("daimon budget p1 --tokens"));
  const auto calls = world.calls.size();
  world.input(process, "budget", {{"tokens", 1000}});
  world.run(process);
  EXPECT_EQ(process.state(), State::kDone);
  EXPECT_GT(world.calls.size(), calls);
}

TEST(ProcessTest, nothing_is_written_of_an_answer_that_is_not_there) {
  World world;
  world.script({R"({"plan":["search","answer","calculate","write"]})",
                R"({"call":"search","with":{"query":"electricity"}})", R"({"call":"answer","with":{"passage":0}})"});
  Process process = world.make();
  world.input(process, "created", World::created("Double what I paid for gas and write it to total.txt"));
  world.run(process);
  EXPECT_EQ(process.state(), State::kDone) << to_text(process.view());
  EXPECT_FALSE(find_bool(process.view(), "found").value_or(true));
  EXPECT_TRUE(std::ranges::none_of(world.calls, [](const auto& call) { return call.name == "write"; }));
  EXPECT_EQ(text_of(process.view().at("plan").as_array().back(), "state"), "skipped");
}

TEST(ProcessTest, money_that_a_model_costs_counts_against_its_limit) {
  World world;
  world.money_each = 0.4;
  world.script({R"({"plan":["search","answer"]})", R"({"call":"search","with":{"query":"electricity"}})",
                R"({"call":"answer","with":{"passage":1,"answer":"£84.20"}})"});
  Process process = world.make();
  world.input(process, "created", World::created("What did I pay?"));
  world.run(process);
  ASSERT_EQ(process.state(), State::kPaused) << "nothing may be spent unless it is said";
  EXPECT_THAT(text_of(process.view(), "stop_reason"), HasSubstr("daimon budget p1 --money"));
  world.input(process, "budget", {{"money", 0.8}});
  world.run(process);
  ASSERT_EQ(process.state(), State::kPaused) << "0.8 is spent";
  world.input(process, "budget", {{"money", 1}});
  world.run(process);
  EXPECT_EQ(process.state(), State::kDone);
  EXPECT_NEAR(find_number(process.view().at("cost"), "money").value(), 1.2, 1e-9);
}

TEST(ProcessTest, a_server_that_counts_wrongly_makes_nothing_cheaper) {
  World other;
  other.script({R"({"plan":["calculate"]})"});
  Process cheated = other.make();
  other.input(cheated, "created", World::created("1 + 1"));
  while (std::get_if<Think>(&cheated.pending()) == nullptr) ASSERT_TRUE(other.advance(cheated));
  other.input(cheated, "replied",
              JsonObject{{"think", std::get<Think>(cheated.pending()).id},
                         {"text", R"({"plan":["calculate"]})"},
                         {"prompt_tokens", -50},
                         {"cached_tokens", 2'000'000'000},
                         {"generated_tokens", -7},
                         {"money", -3.0},
                         {"ms", -100.0}});
  const Json view = cheated.view();
  const Json& cost = view.at("cost");
  EXPECT_EQ(cheated.cost().tokens_computed(), 0);
  EXPECT_EQ(find_number(cost, "money"), 0);
  EXPECT_EQ(cheated.left().tokens, find_integer(cheated.view().at("budget"), "tokens"));
}

TEST(ProcessTest, an_answer_that_failed_is_paid_for_and_not_asked_for_again_beyond_the_budget) {
  World world;
  Process process = world.make();
  world.input(process, "created", World::created("1 + 1"));
  while (std::get_if<Think>(&process.pending()) == nullptr) ASSERT_TRUE(world.advance(process));
  world.input(process, "replied",
              JsonObject{{"think", std::get<Think>(process.pending()).id},
                         {"error", to_json(Error{ErrorCode::kUnavailable, "broken off", {}})},
                         {"prompt_tokens", 100},
                         {"cached_tokens", 40},
                         {"generated_tokens", 5},
                         {"money", 0.4},
                         {"ms", 3.0}});
  EXPECT_EQ(process.cost().tokens_computed(), 65);
  EXPECT_NEAR(find_number(process.view().at("cost"), "money").value(), 0.4, 1e-9);
  ASSERT_TRUE(std::get_if<AwaitTimer>(&process.pending()) != nullptr);
  ASSERT_TRUE(world.advance(process));
  EXPECT_EQ(process.state(), State::kPaused);
  EXPECT_THAT(text_of(process.view(), "stop_reason"), HasSubstr("daimon budget p1 --money"));
}

TEST(ProcessTest, a_budget_that_the_last_step_spent_withholds_no_answer) {
  World world;
  world.script({R"({"plan":["calculate"]})", R"({"call":"calculate","with":{"expression":"1 + 1"}})"});
  Process process = world.make();
  JsonObject created = World::created("1 + 1");
  created["budget"] = JsonObject{{"tokens", 130}};  // 65 for each answer
  world.input(process, "created", std::move(created));
  world.run(process);
  EXPECT_EQ(process.state(), State::kDone) << to_text(process.view());
}

TEST(ProcessTest, a_process_of_another_version_ends_saying_so) {
  World world;
  Process process = world.make();
  JsonObject created = World::created("1 + 1");
  created["profile"] = "compact-2";
  world.input(process, "created", std::move(created));
  EXPECT_EQ(process.state(), State::kFailed);
  EXPECT_THAT(text_of(process.view(), "stop_reason"), testing::HasSubstr("another version of Daimon"));
}

TEST(ProcessTest, a_model_that_is_away_pauses_the_process_and_is_tried_again) {
  World world;
  int tries = 0;
  world.reply = [&](const Think&) -> std::string { return ++tries < 4 ? "error unavailable" : R"({"plan":["none"]})"; };
  Process process = world.make();
  world.input(process, "created", World::created("Order a pizza"));
  ASSERT_TRUE(world.advance(process));  // survey
  ASSERT_TRUE(world.advance(process));  // first try
  EXPECT_EQ(process.state(), State::kPaused);
  EXPECT_THAT(text_of(process.view(), "stop_reason"), HasSubstr("trying again"));
  world.run(process);
  EXPECT_EQ(tries, 4);
  EXPECT_EQ(process.state(), State::kFailed);
  EXPECT_THAT(text_of(process.view(), "stop_reason"), HasSubstr("nothing that I can do here fits"));
}

TEST(ProcessTest, a_model_that_stays_away_waits_for_the_person) {
  World world;
  world.script({"error timeout"});
  Process process = world.make();
  world.input(process, "created", World::created("x"));
  world.run(process);
  EXPECT_EQ(process.state(), State::kPaused);
  world.script({R"({"plan":["none"]})"});
  world.input(process, "signalled", {{"signal", "resume"}});
  world.run(process);
  EXPECT_TRUE(process.ended());
}

TEST(ProcessTest, the_same_failure_twice_is_stuck) {
  World world;
  world.devices["table"] = [](const device::Call&) { return World::failed("no column 'cost'"); };
  world.script(
      {R"({"plan":["table"]})", R"({"call":"table","with":{"path":"a.csv","operation":"sum","column":"cost"}})"});
  Process process = world.make();
  world.input(process, "created", World::created("Sum the costs"));
  world.run(process);
  EXPECT_EQ(process.state(), State::kFailed);
  EXPECT_THAT(text_of(process.view(), "stop_reason"), HasSubstr("stuck"));
}

TEST(ProcessTest, an_error_is_shown_to_the_model_and_can_be_mended) {
  World world;
  world.devices["table"] = [](const device::Call& c) {
    return find_string(c.arguments, "column") == "amount"
               ? World::ok(nullptr, "sum of amount in a.csv = 12.50 (3 rows)")
               : World::failed("no column 'cost'");
  };
  world.script({R"({"plan":["table"]})",
                R"({"call":"table","with":{"path":"a.csv","operation":"sum","column":"cost"}})",
                R"({"call":"table","with":{"path":"a.csv","operation":"sum","column":"amount"}})"});
  Process process = world.make();
  world.input(process, "created", World::created("Sum the amounts"));
  world.run(process);
  EXPECT_EQ(process.state(), State::kDone);
  EXPECT_THAT(text_of(process.view(), "answer"), HasSubstr("12.50"));
}

TEST(ProcessTest, a_question_waits_for_the_person_and_its_answer_goes_on) {
  World world;
  world.script({R"({"plan":["ask","write"]})", R"({"call":"ask","with":{"question":"Which file?"}})",
                R"({"call":"write","with":{"path":"note.txt","content":"x"}})"});
  Process process = world.make();
  world.input(process, "created", World::created("Write x to a file"));
  world.run(process);
  ASSERT_EQ(process.state(), State::kWaiting);
  EXPECT_EQ(text_of(process.view().at("waiting"), "question"), "Which file?");
  world.input(process, "answered",
              {{"request", text_of(process.view().at("waiting"), "request")}, {"text", "note.txt"}});
  world.run(process);
  EXPECT_EQ(text_of(process.view().at("waiting"), "kind"), "approval");
}

TEST(ProcessTest, kill_ends_it_from_every_state_and_pause_holds_it) {
  for (int steps = 0; steps < 8; ++steps)
    for (const std::string_view signal : {"kill", "pause"}) {
      World world;
      world.script({R"({"plan":["table","write"]})",
                    R"({"call":"table","with":{"path":"a.csv","operation":"sum","column":"amount"}})",
                    R"({"call":"write","with":{"path":"total.txt","content":"12.50"}})"});
      Process process = world.make();
      world.input(process, "created", World::created("Sum the amounts into total.txt"));
      for (int i = 0; i < steps; ++i) world.advance(process);
      const bool in_call = std::holds_alternative<Dispatch>(process.pending());
      world.input(process, "signalled", {{"signal", signal}});
      if (signal == "kill") {
        EXPECT_EQ(process.state(), State::kStopped);
        EXPECT_FALSE(world.advance(process)) << "nothing happens after a kill";
        continue;
      }
      if (in_call) world.advance(process);
      if (process.state() == State::kWaiting) continue;  // the call's approval came first
      ASSERT_EQ(process.state(), State::kPaused) << steps;
      EXPECT_FALSE(world.advance(process));
      world.input(process, "signalled", {{"signal", "resume"}});
      world.run(process);
      ASSERT_EQ(process.state(), State::kWaiting) << steps;
      world.decide(process, true);
      world.run(process);
      EXPECT_EQ(process.state(), State::kDone) << steps;
    }
}

TEST(ProcessTest, an_effect_with_an_unknown_outcome_is_run_again_only_with_approval) {
  for (const bool approve : {true, false}) {
    World world;
    int runs = 0;
    world.devices["apply"] = [&](const device::Call&) {
      return ++runs == 1 ? JsonObject{{"outcome", "unknown"}, {"text", "interrupted"}, {"ms", 0.0}}
                         : World::ok(nullptr, "applied");
    };
    world.script({R"({"plan":["write"]})", R"({"call":"write","with":{"path":"t.txt","content":"x"}})"});
    Process process = world.make();
    JsonObject created = World::created("Write x to t.txt");
    created["autonomy"] = 4;
    world.input(process, "created", std::move(created));
    world.run(process);
    ASSERT_EQ(process.state(), State::kWaiting);
    EXPECT_EQ(runs, 1);
    const Json waiting = process.view().at("waiting");
    EXPECT_EQ(text_of(waiting, "title"), "Write t.txt again") << "who is asked is told what would be done";
    EXPECT_THAT(text_of(waiting, "detail"), HasSubstr("Writing t.txt was cut off"));
    EXPECT_THAT(text_of(waiting, "detail"), HasSubstr("change (c1)"));
    EXPECT_THAT(text_of(waiting, "detail"), HasSubstr("\n+84.20"));
    world.decide(process, approve);
    world.run(process);
    EXPECT_EQ(runs, approve ? 2 : 1);
    EXPECT_TRUE(process.ended());
    EXPECT_THAT(text_of(process.view(), "answer"), HasSubstr(approve ? "Wrote t.txt." : "look whether it was"));
    EXPECT_EQ(process.context().results().back().text.contains("t.txt may or may not have been written"), !approve);
  }
}

TEST(ProcessTest, a_budget_that_is_raised_beyond_all_measure_is_the_most_there_is) {
  World world;
  world.script({R"({"plan":["search","answer"]})"});
  Process process = world.make();
  world.input(process, "created", World::created("What did I pay?"));
  for (int times = 0; times < 3; ++times)
    world.input(process, "budget",
                {{"tokens", INT64_MAX}, {"seconds", 1.7e308}, {"effects", INT64_MAX}, {"money", 1.7e308}});
  const Json budget = process.view().at("budget");
  EXPECT_EQ(find_integer(budget, "tokens"), INT64_MAX);
  EXPECT_EQ(find_integer(budget, "effects"), INT64_MAX);
  EXPECT_EQ(find_number(budget, "seconds"), std::numeric_limits<double>::max());
  EXPECT_TRUE(parse_json(to_text(process.view()))) << "and the journal can hold it";
  world.input(process, "budget", {{"tokens", -5}, {"effects", INT64_MIN}});
  EXPECT_EQ(find_integer(process.view().at("budget"), "tokens"), INT64_MAX);
}

TEST(ProcessTest, the_context_carries_the_label_of_everything_in_it) {
  World world;
  world.script({R"({"plan":["search","write"]})", R"({"call":"search","with":{"query":"x"}})",
                R"({"call":"write","with":{"path":"t","content":"x"}})"});
  Process process = world.make();
  world.input(process, "created", World::created("x"));
  EXPECT_EQ(world.calls.size(), 0U);
  world.run(process);
  const auto write = std::ranges::find(world.calls, "write", &device::Call::name);
  ASSERT_NE(write, world.calls.end());
  EXPECT_EQ(write->label.integrity, capability::Integrity::kUntrusted);
  EXPECT_THAT(write->label.sources, ElementsAre("file:x"));
}

// A model that answers anything at all: with calls that do not exist, arguments of any shape, and text that is no JSON.
std::string hostile_reply(Random& random) {
  constexpr std::array<std::string_view, 16> kNames = {"search", "answer", "read",   "list",   "table", "calculate",
                                                       "write",  "apply",  "cite",   "survey", "ask",   "python",
                                                       "fetch",  "send",   "finish", "nothing"};
  const auto pick = [&] { return kNames[random.next() % kNames.size()]; };
  switch (random.next() % 8) {
    case 0:
      return "not json at all";
    case 1:
      return R"({"plan":[]})";
    case 2:
      return daimon::format(R"({{"plan":["{}","{}","{}"]}})", pick(), pick(), pick());
    case 3:
      return R"({"call":5,"with":[]})";
    case 4:
      return "error unavailable";
    default:
      return daimon::format(
          R"({{"call":"{}","with":{{"path":"{}","change":"c{}","url":"evil.example","passage":{},"answer":"{}","answer2":1,"query":"q","question":"?","quote":"x","content":"y","version":"v1"}}}})",
          pick(), random.next() % 2 == 0 ? "../../etc/passwd" : "a.csv", random.next() % 3, random.next() % 4,
          random.next() % 2 == 0 ? "£84.20" : "made up");
  }
}

TEST(ProcessTest, no_model_makes_a_call_that_the_grants_do_not_cover) {
  std::int64_t dispatched = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    SeededRandom random(seed);
    World world;
    // Random grants; the oracle below knows them by itself.
    const bool may_write = random.next() % 2 == 0;
    const bool may_read = random.next() % 2 == 0;
    const bool may_fetch = random.next() % 4 == 0;
    JsonArray grants{to_json(capability::Capability{"index", {"search", "survey"}, "", {}, {}, {}})};
    if (may_read) grants.push_back(to_json(capability::Capability{"file", {"list", "read"}, "a.csv", {}, {}, {}}));
    if (may_write) grants.push_back(to_json(capability::Capability{"file", {"write"}, "a.csv", {}, 2, {}}));
    if (may_fetch)
      grants.push_back(to_json(
          capability::Capability{"net", {"get"}, "good.example", capability::Confidentiality::kPersonal, {}, {}}));
    JsonObject created = World::created("do evil");
    created["grants"] = std::move(grants);
    created["autonomy"] = 4;
    created["profile"] = random.next() % 2 == 0 ? "compact-3" : "full";
    world.reply = [&](const Think&) { return hostile_reply(random); };
    Process process = world.make();
    world.input(process, "created", std::move(created));
    for (int i = 0; i < 200; ++i) {
      if (world.advance(process)) continue;
      if (std::holds_alternative<AwaitApproval>(process.pending()))
        world.decide(process, random.next() % 2 == 0);
      else if (const auto* question = std::get_if<AwaitAnswer>(&process.pending()))
        world.input(process, "answered", {{"request", question->request}, {"text", "yes"}});
      else
        break;
    }
    std::int64_t writes = 0;
    for (const device::Call& made : world.calls) {
      ++dispatched;
      const auto path = find_string(made.arguments, "path").value_or("");
      if (made.name == "python" || made.name == "calculate" || made.name == "send" || made.name == "ask" ||
          made.name == "cite") {
        ADD_FAILURE() << made.name << " seed " << seed;
      } else if (made.name == "read" || made.name == "list" || made.name == "table") {
        EXPECT_TRUE(may_read && path == "a.csv") << seed;
      } else if (made.name == "write" || made.name == "apply") {
        ++writes;
        EXPECT_TRUE(may_write && path == "a.csv") << seed;
      } else if (made.name == "fetch") {
        ADD_FAILURE() << "evil.example was fetched, seed " << seed;
      }
    }
    EXPECT_LE(writes, 2) << "the uses of a capability are counted, seed " << seed;
    EXPECT_TRUE(process.ended() || process.state() == State::kPaused) << seed;
  }
  EXPECT_GT(dispatched, 3000);
}

TEST(ProcessTest, stepping_the_same_inputs_again_gives_the_same_records) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SeededRandom random(seed);
    World world;
    world.reply = [&](const Think&) { return hostile_reply(random); };
    Process process = world.make();
    JsonObject created = World::created("anything");
    created["profile"] = seed % 2 == 0 ? "compact-3" : "full";
    world.input(process, "created", std::move(created));
    for (int i = 0; i < 100; ++i) {
      if (random.next() % 12 == 0)
        world.input(process, "signalled", {{"signal", random.next() % 2 == 0 ? "pause" : "resume"}});
      else if (!world.advance(process)) {
        if (std::holds_alternative<AwaitApproval>(process.pending()))
          world.decide(process, random.next() % 2 == 0);
        else
          world.input(process, "signalled", {{"signal", "resume"}});
      }
    }
    Process again = world.make();
    std::vector<journal::NewRecord> outputs;
    for (std::size_t i = 0; i < world.inputs.size(); ++i)
      for (auto& record : again.step(world.inputs[i].type, world.inputs[i].body, world.times[i]))
        outputs.push_back(std::move(record));
    ASSERT_EQ(outputs.size(), world.outputs.size()) << seed;
    for (std::size_t i = 0; i < outputs.size(); ++i)
      ASSERT_EQ(to_text(outputs[i].body), to_text(world.outputs[i].body)) << seed;
    EXPECT_EQ(to_text(again.view()), to_text(process.view()));
  }
}

TEST(ProcessTest, a_process_that_never_ends_is_stopped) {
  World world;
  int n = 0;
  world.reply = [&](const Think& thought) -> std::string {
    if (thought.request.messages.back().content.contains("Make a plan"))
      return R"({"plan":[{"call":"calculate","text":"t","check":"c"}]})";
    return daimon::format(R"({{"call":"calculate","with":{{"expression":"{}"}}}})", ++n);
  };
  world.devices["calculate"] = [&](const device::Call&) { return World::ok(nullptr, daimon::format("{}", n)); };
  Process process = world.make();
  JsonObject created = World::created("count for ever");
  created["profile"] = "full";
  world.input(process, "created", std::move(created));
  world.run(process);
  EXPECT_EQ(process.state(), State::kFailed);
  EXPECT_THAT(text_of(process.view(), "stop_reason"), HasSubstr("without an end"));
}

TEST(ProcessTest, a_full_model_finishes_with_its_own_words_and_verified_citations) {
  World world;
  world.script(
      {R"({"plan":[{"call":"search","text":"find the bill","check":"a bill"}]})",
       R"({"call":"search","with":{"query":"electricity"}})",
       R"({"call":"finish","with":{"answer":"You paid £84.20.","found":true,"citations":[{"passage":1,"quote":"Total due: £84.20"},{"passage":1,"quote":"invented"}]}})"});
  Process process = world.make();
  JsonObject created = World::created("What did I pay?");
  created["profile"] = "";
  world.input(process, "created", std::move(created));
  world.run(process);
  EXPECT_EQ(process.state(), State::kDone);
  EXPECT_EQ(text_of(process.view(), "answer"), "You paid £84.20.");
  ASSERT_EQ(process.view().at("citations").as_array().size(), 1U) << "the invented quotation is dropped";
}

TEST(ProcessTest, what_could_not_be_written_fails_and_no_other_call_stands_for_it) {
  World world;
  world.devices["write"] = [n = 0](const device::Call&) mutable {
    return World::failed(daimon::format("cannot be written to ({})", ++n));
  };
  world.script({R"({"plan":["table","write"]})",
                R"({"call":"table","with":{"path":"a.csv","operation":"sum","column":"amount"}})",
                R"({"call":"write","with":{"path":"b.txt","content":"1"}})",
                R"({"call":"write","with":{"path":"b.txt","content":"2"}})",
                R"({"call":"search","with":{"query":"electricity"}})"});
  Process process = world.make();
  world.input(process, "created", World::created("Sum a.csv into b.txt"));
  world.run(process);
  EXPECT_EQ(process.state(), State::kFailed) << "a search that succeeds writes nothing";
}

TEST(ProcessTest, who_is_asked_is_told_when_nothing_of_a_file_is_kept) {
  for (const auto& [diff, title] : std::initializer_list<std::pair<std::string, std::string>>{
           {"--- a/t.txt\n+++ b/t.txt\n@@ -1,2 +1 @@\n-old\n-older\n+new\n", "Replace all of t.txt"},
           {"--- a/t.txt\n+++ b/t.txt\n@@ -1,2 +1,2 @@\n kept\n-old\n+new\n", "Write t.txt"},
           {"--- /dev/null\n+++ b/t.txt\n@@ -0,0 +1 @@\n+new\n", "Write t.txt"}}) {
    World world;
    world.devices["write"] = [&](const device::Call&) {
      return World::ok(JsonObject{{"path", "t.txt"}, {"change", "c1"}, {"diff", diff}}, "staged");
    };
    world.script({R"({"plan":["write"]})", R"({"call":"write","with":{"path":"t.txt","content":"new"}})"});
    Process process = world.make();
    world.input(process, "created", World::created("Write new to t.txt"));
    world.run(process);
    EXPECT_EQ(text_of(process.view().at("waiting"), "title"), title);
  }
}

TEST(PlanTest, a_plan_that_cannot_be_carried_out_is_mended) {
  const std::vector<std::string> offered = {"search", "answer", "table", "calculate", "write", "none"};
  const auto mended = [&](const std::vector<std::string>& calls) {
    std::vector<memory::PlanStep> plan;
    for (const auto& name : calls) plan.push_back({name, {}, {}});
    std::vector<std::string> names;
    for (const Step& step : mend_plan(plan, offered)) names.push_back(step.step.call);
    return names;
  };
  EXPECT_THAT(mended({"answer"}), ElementsAre("search", "answer"));
  EXPECT_THAT(mended({"search"}), ElementsAre("search", "answer"));
  EXPECT_THAT(mended({"search", "search", "calculate", "write"}),
              ElementsAre("search", "search", "calculate", "write"));
  EXPECT_THAT(mended({"none", "write"}), ElementsAre("none"));
  EXPECT_THAT(mended({"write", "none"}), ElementsAre("write"));
  EXPECT_THAT(mended({"python"}), ElementsAre("none"));
  EXPECT_THAT(mended({}), ElementsAre("none"));
}

TEST(PlanTest, an_approved_plan_covers_new_files_that_the_goal_names) {
  using testing::IsEmpty;
  const auto covered = [](std::string_view goal, int writes = 1) {
    std::vector<Step> plan(static_cast<std::size_t>(writes), Step{{"write", "bad.txt", {}}, StepState::kOpen});
    plan.push_back({{"search", {}, {}}, StepState::kOpen});
    const std::vector<memory::FileEntry> there{{"a.csv"}, {"club/members 2026.csv"}};
    const PlanCover cover = cover_of(plan, goal, there, {});
    EXPECT_LE(cover.writes, cover.files.size());
    EXPECT_TRUE(std::cmp_less_equal(cover.writes, writes));
    return cover.files;
  };
  EXPECT_THAT(covered("Sum a.csv into \"out/total.csv\", and (b.txt)."), ElementsAre("out/total.csv", "b.txt"));
  EXPECT_THAT(covered("Write ./x.txt and x.txt"), ElementsAre("x.txt"));
  EXPECT_THAT(covered("Sum members 2026.csv into \"out/sum of 2026.csv\""), ElementsAre("out/sum of 2026.csv"))
      << "a part of a name is no name";
  EXPECT_THAT(covered("x.txt", 0), IsEmpty()) << "the plan writes nothing";
  for (const char* goal :
       {"I paid 84.20 in all.", "../x.txt", "/etc/x.conf", "a/../x.txt", ".bashrc", ".git/x.txt", "a/.git/x.txt",
        "me@example.org", "https://example.org/x.txt", "letters/", "readme", "a.", "x.t\x1b[31mxt", "a..b/.c", ""})
    EXPECT_THAT(covered(goal), IsEmpty()) << goal;
  std::string many;
  for (int i = 0; i < 1000; ++i) many += daimon::format("f{}.txt ", i);
  EXPECT_EQ(covered(many, 1000).size(), 8U) << "no more than a person reads";
}

}  // namespace
}  // namespace daimon::process::test
