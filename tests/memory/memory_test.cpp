#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "constraint/matcher.h"
#include "memory/prompt_profile.h"

namespace daimon::memory {
namespace {

using capability::untrusted_label;

Passage passage(std::string path, std::optional<int> page, std::string text) {
  return {0, "home", std::move(path), "v", page, std::move(text)};
}

Context context() {
  Context made;
  made.set_goal("What did I pay for electricity in March?", capability::user_label());
  made.set_files({{"accounts/2026.csv", {"date", "payee", "amount"}}, {"invoices/march.pdf", {}}},
                 untrusted_label("names"));
  made.add({"search",
            "2 passages",
            false,
            {passage("invoices/march.pdf", 1, "Total due for March:\n  £84.20, payable by 14 April."),
             passage("letters/b.md", {}, "Dear Ms Hale,")},
            untrusted_label("file:invoices/march.pdf")});
  return made;
}

Offer offer(std::string name, std::string signature, std::string summary) {
  return {std::move(name), std::move(signature), std::move(summary), JsonObject{}};
}

TEST(CompactPromptTest, is_what_the_format_says) {
  const Offer search = offer("search", "search(query)", "find passages in the mounted files");
  const Offer none = offer("none", "none()", "nothing fits");
  const std::vector<Offer> offers{search, none};
  const Prompt plan = compact_profile().plan(context(), offers);
  ASSERT_EQ(plan.messages.size(), 3U);
  EXPECT_EQ(plan.messages[0].content, "plan\ncalls: search, none");
  EXPECT_EQ(plan.messages[1].content, "What did I pay for electricity in March?");
  EXPECT_EQ(plan.messages[2].content, "files:\naccounts/2026.csv (date, payee, amount)\ninvoices/march.pdf");

  const std::vector<Offer> answer{
      offer("answer", "answer(passage, answer)", "answer from the passages, or passage 0 when it is not there")};
  const Prompt call = compact_profile().call(context(), answer, {}, 0);
  ASSERT_EQ(call.messages.size(), 4U);
  EXPECT_EQ(call.messages[0].content,
            "call\nanswer(passage, answer): answer from the passages, or passage 0 when it is not there");
  EXPECT_EQ(call.messages[3].content,
            "search: [1] invoices/march.pdf p1: Total due for March: / £84.20, payable by 14 April.\n[2] letters/b.md: "
            "Dear Ms Hale,");
}

bool admits(const Json& schema, std::string_view text) {
  std::vector<std::string> bytes{""};
  for (int i = 1; i < 256; ++i) bytes.emplace_back(1, static_cast<char>(i));
  constraint::Matcher matcher(constraint::Grammar::from_json_schema(schema).value(),
                              constraint::Vocabulary::create(bytes, {0}).value());
  return matcher.accept_bytes(text) && matcher.is_complete();
}

TEST(CompactPromptTest, an_answer_can_only_be_a_span_of_the_passage_it_names) {
  const std::vector<Offer> answer{offer("answer", "answer(passage, answer)", "")};
  const Json schema = compact_profile().call(context(), answer, {}, 0).schema;
  EXPECT_TRUE(admits(schema, R"({"call":"answer","with":{"passage":1,"answer":"£84.20"}})"));
  EXPECT_TRUE(admits(schema, R"({"call":"answer","with":{"passage":0}})"));
  EXPECT_FALSE(admits(schema, R"({"call":"answer","with":{"passage":2,"answer":"£84.20"}})"));
  EXPECT_FALSE(admits(schema, R"({"call":"answer","with":{"passage":1,"answer":"£84.21"}})"));
  EXPECT_FALSE(admits(schema, R"({"call":"answer","with":{"passage":3,"answer":"Dear"}})"));
}

TEST(CompactPromptTest, a_table_call_can_only_name_columns_of_its_table) {
  const std::vector<Offer> table{offer("table", "table(path, operation, column)", "")};
  const Json schema = compact_profile().call(context(), table, {}, 0).schema;
  EXPECT_TRUE(
      admits(schema, R"({"call":"table","with":{"path":"accounts/2026.csv","operation":"sum","column":"amount"}})"));
  EXPECT_TRUE(admits(
      schema,
      R"({"call":"table","with":{"path":"accounts/2026.csv","operation":"sum","column":"amount","where_column":"date","where_value":"2026-03"}})"));
  EXPECT_FALSE(
      admits(schema, R"({"call":"table","with":{"path":"accounts/2026.csv","operation":"sum","column":"cost"}})"));
  EXPECT_FALSE(
      admits(schema, R"({"call":"table","with":{"path":"invoices/march.pdf","operation":"sum","column":"amount"}})"));
}

TEST(CompactPromptTest, nothing_can_be_written_that_stands_neither_in_the_goal_nor_in_a_result) {
  Context with_result = context();
  with_result.add({"table",
                   "sum of amount in accounts/2026.csv = 1234.50 (31 rows)",
                   false,
                   {},
                   untrusted_label("file:accounts/2026.csv")});
  with_result.add({"answer", "£84.20 [1]", false, {}, untrusted_label("file:x")});
  const std::vector<Offer> write{offer("write", "write(path, content)", "")};
  const Json schema = compact_profile().call(with_result, write, {}, 0).schema;
  EXPECT_TRUE(admits(schema, R"({"call":"write","with":{"path":"t.txt","content":"1234.50"}})"));
  EXPECT_TRUE(admits(schema, R"({"call":"write","with":{"path":"t.txt","content":"£84.20"}})"));
  EXPECT_TRUE(admits(schema, R"({"call":"write","with":{"path":"t.txt","content":"electricity in March"}})"));
  EXPECT_FALSE(admits(schema, R"({"call":"write","with":{"path":"t.txt","content":"1234.51"}})"));
  EXPECT_FALSE(admits(schema, R"({"call":"write","with":{"path":"/etc/passwd","content":"1234.50"}})"));
}

TEST(CompactPromptTest, a_very_long_goal_is_shown_by_its_beginning_and_end) {
  Context made;
  std::string goal = "sum the amounts ";
  for (int i = 0; i < 30000; ++i) goal += "\u00e9 ";
  made.set_goal(goal + " into total.txt", capability::user_label());
  const std::vector<Offer> offers{offer("none", "none()", "")};
  const Prompt plan = compact_profile().plan(made, offers);
  EXPECT_LT(plan.messages[1].content.size(), 1400U);
  EXPECT_THAT(plan.messages[1].content, testing::StartsWith("sum the amounts"));
  EXPECT_THAT(plan.messages[1].content, testing::EndsWith("into total.txt"));
}

TEST(CompactPromptTest, every_schema_compiles_whatever_is_in_the_files) {
  Context made;
  made.set_goal("x", capability::user_label());
  made.set_files({{"we\nird \"name\"\x01.csv", {"a\"b", "\\"}}, {"\xF0\x9F\x98\x80.txt", {}}},
                 untrusted_label("names"));
  made.add({"search",
            "",
            false,
            {passage("a", {}, "\n\n"), passage("b", 3, "quote \" and \\ back\tslash")},
            untrusted_label("f")});
  for (const std::string_view name : {"search", "answer", "read", "table", "calculate", "write", "ask"}) {
    const std::vector<Offer> offers{
        {std::string(name), "", "", JsonObject{{"type", "object"}, {"properties", JsonObject{}}}}};
    const auto compiled = constraint::Grammar::from_json_schema(compact_profile().call(made, offers, {}, 0).schema);
    EXPECT_TRUE(compiled) << name << ": " << compiled.error().what;
  }
}

TEST(ContextTest, passages_count_on_and_labels_join) {
  Context made = context();
  made.add({"search", "", false, {passage("c", {}, "x")}, untrusted_label("file:c")});
  EXPECT_EQ(made.passage(3)->path, "c");
  EXPECT_EQ(made.passage(4), nullptr);
  EXPECT_THAT(made.label().sources, testing::ElementsAre("file:c", "file:invoices/march.pdf", "names"));
}

TEST(PromptProfileTest, replies_that_are_no_plan_or_call_are_errors) {
  EXPECT_FALSE(parse_plan("{}"));
  EXPECT_FALSE(parse_plan(R"({"plan":[3]})"));
  EXPECT_FALSE(parse_plan(R"({"plan":[]})"));
  EXPECT_FALSE(parse_call(R"({"call":"x"})"));
  EXPECT_FALSE(parse_call("no"));
  EXPECT_EQ(parse_plan(R"({"plan":[{"call":"search","text":"t","check":"c"},"answer"]})").value().size(), 2U);
}

}  // namespace
}  // namespace daimon::memory
