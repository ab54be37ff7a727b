#include "memory/tool_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "memory/tool_arguments.h"
#include "memory/tool_rank.h"

namespace daimon::memory {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const embedding::StaticEmbedding& meanings() {
  static const auto kTable = embedding::StaticEmbedding::load(embedding::builtin_embedding().value()).value();
  return kTable;
}

Json schema_of(JsonObject properties, JsonArray required) {
  return JsonObject{{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
}
Json text(std::string_view about) { return JsonObject{{"type", "string"}, {"description", about}}; }
Json whole(std::string_view about) { return JsonObject{{"type", "integer"}, {"description", about}}; }

std::vector<Offer> tools() {
  return {
      {"water_plant", "", "Water a plant of the garden",
       schema_of({{"plant", text("which plant")}, {"litres", whole("how much water, in litres")}}, {"plant"})},
      {"call_lift", "", "Send a lift of the building to a floor",
       schema_of({{"lift", JsonObject{{"enum", JsonArray{"east", "west"}}, {"description", "which lift"}}},
                  {"floor", whole("floor that it is sent to")}},
                 {"floor"})},
      {"sell_ticket", "", "Sell tickets for a concert",
       schema_of({{"concert", text("which concert")}, {"seats", whole("number of seats")}}, {"concert", "seats"})},
  };
}

JsonObject fill(std::string_view goal, const Offer& tool) {
  const auto arguments = arguments_of(tool.arguments_schema);
  return fill_arguments(arguments, argument_ways(goal, tool, arguments, &meanings())).values;
}

TEST(ToolPlan, TheToolThatAGoalIsForIsChosenByItsDescription) {
  const auto best = [](std::string_view goal) {
    const auto all = tools();
    const auto scores = rank_tools(goal, all, &meanings());
    return all[static_cast<std::size_t>(std::ranges::max_element(scores) - scores.begin())].name;
  };
  EXPECT_EQ(best("please water the tomatoes with 3 litres"), "water_plant");
  EXPECT_EQ(best("send the east lift to floor 7"), "call_lift");
  EXPECT_EQ(best("sell 4 tickets for the spring concert"), "sell_ticket");
}

TEST(ToolPlan, AnythingThatIsSaidInOnePieceCanBeAValue) {
  const Offer tool{"upload", "", "Upload a file", schema_of({{"file", text("which file")}}, {"file"})};
  const auto arguments = arguments_of(tool.arguments_schema);
  for (const std::string value : {"the party", "my long letter", "README.md", "nginx:alpine", "March!B2:E12"}) {
    const auto ways = argument_ways("please upload " + value + " now", tool, arguments, &meanings());
    EXPECT_TRUE(std::ranges::contains(ways.at(0).ways, Json(value), &ArgumentWay::value)) << value;
  }
}

TEST(ToolPlan, ADayIsAValueHoweverItIsSaid) {
  const Offer tool{"book", "", "Book a room", schema_of({{"day", text("which day")}}, {"day"})};
  const auto arguments = arguments_of(tool.arguments_schema);
  for (const std::string day : {"june the fourteenth, 2020", "feb. 8, 2034", "the 3rd of march", "Monday 9 june",
                                "Sept. 1st", "may 5 2027", "friday"}) {
    const auto ways = argument_ways("book the blue room for " + day + ", please", tool, arguments, &meanings());
    EXPECT_TRUE(std::ranges::contains(ways.at(0).ways, Json(day), &ArgumentWay::value)) << day;
  }
  const auto ways = argument_ways("may 5 of us march the whole way", tool, arguments, &meanings());
  EXPECT_FALSE(std::ranges::contains(ways.at(0).ways, Json("march the"), &ArgumentWay::value));
}

TEST(ToolPlan, WhatFitsTwoArgumentsGoesWhereBothAreServedBest) {
  const std::vector<Argument> arguments{{"old", "", ArgumentForm::kString, {}, true},
                                        {"new", "", ArgumentForm::kString, {}, true}};
  const auto way = [](std::string_view value, std::size_t begin, double score) {
    return ArgumentWay{Json(value), begin, begin + value.size(), {}, score};
  };
  // "main" is the surest for "old" by itself, but then "new" has nothing.
  const std::vector<ArgumentWays> ways{{{way("main", 0, 5), way("trunk", 8, 4)}, 0}, {{way("main", 0, 4)}, 0}};
  const auto filled = fill_arguments(arguments, ways);
  EXPECT_EQ(to_text(Json(filled.values)), R"({"old":"trunk","new":"main"})");
  EXPECT_TRUE(filled.missing.empty());
  // What is required goes before what is not, however sure that is.
  std::vector<Argument> one_required = arguments;
  one_required[0].required = false;
  const std::vector<ArgumentWays> both{{{way("main", 0, 9)}, 0}, {{way("main", 0, 1)}, 0}};
  EXPECT_EQ(to_text(Json(fill_arguments(one_required, both).values)), R"({"new":"main"})");
}

TEST(ToolPlan, WhatIsForNoToolIsPlannedAsWithoutTools) {
  Context context;
  context.set_goal("What did I pay for electricity in March?", capability::system_label());
  EXPECT_EQ(tool_plan(context, tools(), &meanings()), std::nullopt);
  const std::vector<Offer> known{{"search", "", "find passages", {}}, {"answer", "", "answer", {}}};
  EXPECT_EQ(tool_plan(context, known, &meanings()), std::nullopt) << "there is no tool";
}

TEST(ToolPlan, ArgumentsAreTheGoalsOwnWordsOfTheRightType) {
  const auto lift = fill("send the east lift to floor 7", tools()[1]);
  EXPECT_EQ(to_text(Json(lift)), R"({"lift":"east","floor":7})");
  const auto words = fill("call the west lift to floor three", tools()[1]);
  EXPECT_EQ(words.at("floor"), 3);
}

TEST(ToolPlan, NumbersAreWhatTheGoalSaysOrNothing) {
  const Offer tool{"pay", "", "Pay a sum of money to somebody",
                   schema_of({{"sum", JsonObject{{"type", "number"}, {"description", "how much"}}}}, {"sum"})};
  const auto sum = [&](std::string_view goal) {
    const auto values = fill(goal, tool);
    const Json* value = values.if_contains("sum");
    return value == nullptr ? std::string("none") : to_text(*value);
  };
  EXPECT_EQ(sum("pay £84.20"), to_text(Json(84.2)));
  EXPECT_EQ(sum("pay €1,130.50"), to_text(Json(1130.5)));
  EXPECT_EQ(sum("pay 12"), "12");
  for (const std::string_view goal : {"pay 1.130,50", "pay twenty five", "pay two hundred", "pay 5 million",
                                      "pay at 10:30", "pay on 2026-05-03", "pay A-12", "pay 99999999999999999999"})
    EXPECT_EQ(sum(goal), "none") << goal;
}

TEST(ToolPlan, WhatIsNotSaidOfAChoiceIsNotChosen) {
  const Offer tool{"pay", "", "Pay a sum of money to somebody",
                   schema_of({{"currency", JsonObject{{"enum", JsonArray{"EUR", "USD"}}, {"description", "which"}}},
                              {"urgent", JsonObject{{"type", "boolean"}, {"description", "at once"}}}},
                             {"currency", "urgent"})};
  EXPECT_TRUE(fill("settle it with Ann", tool).empty());
}

TEST(ToolPlan, AToolThatNeedsMoreThanAGoalCanSayIsNotPlanned) {
  Context context;
  context.set_goal("send the lift to floor 7", capability::system_label());
  Offer tool = tools()[1];
  ASSERT_TRUE(tool_plan(context, std::span(&tool, 1), &meanings()));
  tool.arguments_schema.at("properties").get_object()["route"] = JsonObject{{"type", "array"}};
  tool.arguments_schema.at("required").get_array().emplace_back("route");
  EXPECT_FALSE(tool_plan(context, std::span(&tool, 1), &meanings()));
}

TEST(ToolPlan, AGoalThatIsNotReadToItsEndCallsNothing) {
  Context context;
  std::string goal = "send the lift to floor 7";
  for (int i = 0; i < 200; ++i) goal += " please";
  context.set_goal(goal + ", no, to floor 3", capability::system_label());
  EXPECT_FALSE(tool_plan(context, tools(), &meanings()));
}

TEST(ToolPlan, NoWordIsTheValueOfTwoArguments) {
  const Offer tool{
      "swap", "", "Swap two books on the shelf",
      schema_of({{"first", text("the first book")}, {"second", text("the other book")}}, {"first", "second"})};
  const auto values = fill("swap Emma and Persuasion", tool);
  const Json* first = values.if_contains("first");
  const Json* second = values.if_contains("second");
  EXPECT_TRUE(first == nullptr || second == nullptr || *first != *second) << to_text(Json(values));
}

TEST(ToolPlan, WhatIsRequiredAndNotSaidIsAskedForFirst) {
  Context context;
  context.set_goal("call the lift", capability::system_label());
  auto offers = tools();
  offers.push_back({"ask", "", "ask the person", {}});
  const auto plan = tool_plan(context, offers, &meanings());
  ASSERT_TRUE(plan);
  EXPECT_THAT(*plan, ElementsAre("ask", "call_lift"));
  const std::vector<PlanStep> steps{{"ask", {}, {}}, {"call_lift", {}, {}}};
  const std::vector<Offer> called{offers[1]};
  Turn turn{context, {}, offers, steps, 0, &meanings(), called};
  const auto question = tool_question(turn);
  ASSERT_TRUE(question);
  EXPECT_THAT(*question, HasSubstr("floor"));
  context.add({"ask", R"({"call":"ask","with":{"question":"x"}})", "\"the fifth floor, so 5\"", false, {}, {}});
  turn.step = 1;
  EXPECT_EQ(to_text(tool_with_schema(turn, offers[1]).at("properties").at("floor")), R"({"const":5})");
}

TEST(ToolPlan, WhatNobodySaidIsNotMadeUp) {
  Context context;
  context.set_goal("call the lift", capability::system_label());
  context.add({"ask", R"({"call":"ask","with":{"question":"x"}})", "\"I do not know\"", false, {}, {}});
  const auto offers = tools();
  const std::vector<PlanStep> steps{{"ask", {}, {}}, {"call_lift", {}, {}}};
  const Turn turn{context, {}, offers, steps, 1, &meanings(), offers};
  const Json schema = tool_with_schema(turn, offers[1]);
  EXPECT_EQ(find(schema.at("properties"), "floor"), nullptr) << to_text(schema);
}

TEST(ToolPlan, AnySchemaIsReadWithoutHarm) {
  for (const std::string_view schema :
       {"{}", "[]", "null", R"({"properties":3})",
        R"({"properties":{"a":3,"b":{"type":["string","null"]},"c":{"enum":[1,{}]}}})",
        R"({"properties":{"a":{"type":"object"}},"required":{"a":1}})", R"({"properties":{"":{"type":"string"}}})"}) {
    const Offer tool{"odd", "", "an odd tool", *parse_json(schema)};
    EXPECT_LE(fill("do the odd thing with 3 pears", tool).size(), 3U) << schema;
    EXPECT_EQ(rank_tools("do it", std::span(&tool, 1), nullptr).size(), 1U);
  }
}

TEST(ToolPlan, ManyToolsAndLongGoalsAreRankedInBoundedWork) {
  std::vector<Offer> many;
  // Were every value of every argument compared with every word, this would take minutes.
  JsonArray values;
  for (int i = 0; i < 20'000; ++i) values.emplace_back("value " + std::to_string(i));
  for (int i = 0; i < 300; ++i)
    for (Offer tool : tools()) {
      tool.name += std::to_string(i);
      tool.arguments_schema.at("properties").get_object()["kind"] =
          JsonObject{{"enum", i == 0 ? values : JsonArray{"a"}}};
      many.push_back(std::move(tool));
    }
  std::string goal;
  for (int i = 0; goal.size() < 100'000; ++i)
    goal += "send the lift to floor 7, water roses" + std::to_string(i) + ", ";
  EXPECT_EQ(rank_tools(goal, many, &meanings()).size(), many.size());
}

}  // namespace
}  // namespace daimon::memory
