#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iostream>

#include "base/format.h"
#include "constraint/matcher.h"
#include "embedding/static_embedding.h"
#include "memory/answer_rank.h"
#include "memory/days_from_today.h"
#include "memory/goal_facts.h"
#include "memory/prompt_profile.h"
#include "memory/table_schema.h"
#include "memory/write_content.h"

namespace daimon::memory {
namespace {

using capability::untrusted_label;

Passage passage(std::string path, std::optional<int> page, std::string text) {
  return {0, "home", std::move(path), "v", page, std::move(text)};
}

Context context() {
  Context made;
  made.set_goal("What did I pay for electricity in March?", capability::user_label());
  made.set_files({{"accounts/2026.csv", {"date", "payee", "amount"}, {"amount"}, {"date"}, {}, {"2026"}},
                  {"invoices/march.pdf", {}}},
                 untrusted_label("names"));
  made.add({"search",
            R"({"call":"search","with":{"query":"electricity March"}})",
            "2 passages",
            false,
            {passage("invoices/march.pdf", 1, "Electricity bill, March\nTotal due:  £84.20, payable by 14 April."),
             passage("letters/b.md", {}, "Dear Ms Hale,")},
            untrusted_label("file:invoices/march.pdf")});
  return made;
}

Offer offer(std::string name, std::string signature, std::string summary) {
  return {std::move(name), std::move(signature), std::move(summary), JsonObject{}};
}

const std::vector<std::string> kCalls{"search", "answer", "none"};
const std::vector<PlanStep> kPlan{{"search", {}, {}}, {"answer", {}, {}}};

// The built-in embedding, which the reader has learned with.
const embedding::StaticEmbedding& meanings() {
  static const auto kTable = embedding::StaticEmbedding::load(embedding::builtin_embedding().value()).value();
  return kTable;
}

Prompt next_call(const Context& context, const std::vector<Offer>& offers, const std::vector<PlanStep>& plan = kPlan) {
  return compact_profile().call({context, kCalls, offers, plan, 1, &meanings()});
}

TEST(CompactPromptTest, is_what_the_format_says) {
  const std::vector<Offer> offers{offer("search", "", ""), offer("answer", "", ""), offer("none", "", "")};
  const Prompt plan = compact_profile().plan(context(), offers, nullptr);
  ASSERT_EQ(plan.messages.size(), 3U);
  EXPECT_EQ(plan.messages[0].content, "calls: search, answer, none");
  EXPECT_EQ(plan.messages[1].content, "files:\n accounts/2026.csv: date, payee, amount\n invoices/march.pdf");
  EXPECT_EQ(plan.messages[2].content, "What did I pay for electricity in March?");

  const Prompt call = next_call(context(), {offer("answer", "", "")});
  ASSERT_EQ(call.messages.size(), 6U);
  EXPECT_EQ(call.messages[3].content, R"({"plan":["search","answer"]})");
  EXPECT_EQ(call.messages[4].content, R"({"call":"search","with":{"query":" electricity March"}})");
  EXPECT_EQ(call.messages[5].content,
            "search: [1] invoices/march.pdf p1: Electricity bill, March / Total due: £84.20, payable by 14 April.\n[2] "
            "letters/b.md: "
            "Dear Ms Hale,\nfor: What did I pay for electricity in March?");
}

TEST(CompactPromptTest, passages_of_one_search_among_several_are_read_for_its_query) {
  const std::vector<PlanStep> plan{{"search", {}, {}}, {"answer", {}, {}}, {"search", {}, {}}, {"answer", {}, {}}};
  const Prompt call = next_call(context(), {offer("answer", "", "")}, plan);
  EXPECT_THAT(call.messages.back().content, testing::EndsWith("\nfor: electricity March"));
}

bool admits_exactly(const Json& schema, std::string_view text) {
  std::vector<std::string> bytes{""};
  for (int i = 1; i < 256; ++i) bytes.emplace_back(1, static_cast<char>(i));
  constraint::Matcher matcher(constraint::Grammar::from_json_schema(schema).value(),
                              constraint::Vocabulary::create(bytes, {0}).value());
  return matcher.accept_bytes(text) && matcher.is_complete();
}

// Whether a model may give this call, which is written here without the spaces that its values begin with.
bool admits(const Json& schema, std::string_view text) {
  std::string spaced(text);
  constexpr std::string_view kValue = R"(":")";
  for (std::size_t at = spaced.find(R"("with":)"); at != std::string::npos && at < spaced.size();) {
    at = spaced.find(kValue, at);
    if (at != std::string::npos) spaced.insert(at += kValue.size(), " ");
  }
  return admits_exactly(schema, spaced);
}

TEST(CompactPromptTest, values_begin_with_a_space_that_the_rest_of_the_system_never_sees) {
  const std::string call = R"({"call":"answer","with":{"passage":1,"answer":" £84.20"}})";
  const Json schema = next_call(context(), {offer("answer", "", "")}).schema;
  EXPECT_TRUE(admits_exactly(schema, call));
  EXPECT_FALSE(admits_exactly(schema, R"({"call":"answer","with":{"passage":1,"answer":"£84.20"}})"));
  EXPECT_EQ(to_text(compact_profile().chosen(call).value().arguments), R"({"passage":1,"answer":"£84.20"})");
  EXPECT_EQ(to_text(full_profile().chosen(call).value().arguments), R"({"passage":1,"answer":" £84.20"})");
}

// What a processor has computed for one prompt serves the next one whole.
TEST(CompactPromptTest, each_prompt_begins_with_the_one_before_it) {
  const std::vector<Offer> offers{offer("search", "", ""), offer("answer", "", ""), offer("none", "", "")};
  Context made = context();
  std::vector<Prompt> prompts{compact_profile().plan(made, offers, nullptr)};
  const std::vector<PlanStep> plan{{"search", {}, {}}, {"answer", {}, {}}, {"search", {}, {}}, {"answer", {}, {}}};
  prompts.push_back(next_call(made, {offers[1]}, plan));
  made.add({"answer", R"({"call":"answer","with":{"passage":1,"answer":"£84.20"}})", "£84.20 [1]", false, {}, {}});
  prompts.push_back(next_call(made, {offers[0]}, plan));
  std::vector<Passage> many;
  for (int i = 0; i < 4; ++i) many.push_back(passage("c.md", {}, std::string(300, 'x')));
  made.add({"search", R"({"call":"search","with":{"query":"x"}})", "4 passages", false, many, {}});
  prompts.push_back(next_call(made, {offers[1]}, plan));
  for (std::size_t i = 0; i + 1 < prompts.size(); ++i) {
    ASSERT_LT(prompts[i].messages.size(), prompts[i + 1].messages.size());
    for (std::size_t m = 0; m < prompts[i].messages.size(); ++m)
      EXPECT_EQ(prompts[i].messages[m].content, prompts[i + 1].messages[m].content) << i << " " << m;
  }
}

TEST(CompactPromptTest, an_answer_is_a_piece_of_the_passage_that_it_stands_in) {
  const Json schema = next_call(context(), {offer("answer", "", "")}).schema;
  EXPECT_TRUE(admits(schema, R"({"call":"answer","with":{"passage":1,"answer":"£84.20"}})"));
  EXPECT_FALSE(admits(schema, R"({"call":"answer","with":{"passage":2,"answer":"£84.20"}})"));
  EXPECT_FALSE(admits(schema, R"({"call":"answer","with":{"passage":1,"answer":"£84.21"}})"));
  EXPECT_FALSE(admits(schema, R"({"call":"answer","with":{"passage":3,"answer":"Dear"}})"));
}

// What the schema of the answer leaves, as text.
const std::vector<PlanStep> kReckoned{{"search", {}, {}}, {"answer", {}, {}}, {"calculate", {}, {}}};
std::string answer_left(std::vector<Passage> passages, std::string goal, const std::vector<PlanStep>& plan = kPlan) {
  Context made;
  made.set_goal(std::move(goal), capability::user_label());
  made.add({"search", "", "", false, std::move(passages), untrusted_label("file:a")});
  return to_text(next_call(made, {offer("answer", "", "")}, plan).schema);
}

const std::string kFees = "The fee is £10.\nThe fee is £20.\nThe fee is £30.\nBring 4 pens and 2 chairs.";

TEST(CompactPromptTest, an_answer_is_the_piece_that_the_reader_thinks_most_of) {
  const std::string left = answer_left({passage("a.md", {}, kFees)}, "How much is the fee?", kReckoned);
  int offered = 0;
  for (const char* fee : {"£10", "£20", "£30"}) offered += left.contains(fee) ? 1 : 0;
  EXPECT_EQ(offered, 1) << left;
  EXPECT_FALSE(left.contains("4 pens")) << left;
}

TEST(CompactPromptTest, a_doubtful_answer_says_what_it_may_be_instead) {
  const Passage people = passage("people.txt", {}, "Ann Hale fixes the boiler.\nBen Moss sweeps the chimney.");
  const std::string who = answer_left({people}, "who comes");
  EXPECT_TRUE(who.contains("otherwise")) << who;
  EXPECT_TRUE(who.contains("Ann Hale") && who.contains("Ben Moss")) << who;
  const Passage days = passage("a.md", {}, "Dentist on Monday 3 May at 10:30.\nOptician on Tuesday 4 May at 11:15.");
  const std::string none = answer_left({days}, "When do I have to be there?");
  EXPECT_TRUE(none.contains(R"("passage":{"const":0})") && none.contains("otherwise")) << "the nearest: " << none;
  const std::string sure = answer_left(
      {passage("a.txt", {}, "Deposit: £12.00"), passage("b.txt", {}, "The dog barks.")}, "How much is the deposit?");
  EXPECT_FALSE(sure.contains("otherwise")) << sure;
  // The same is no other, wherever it stands; what is reckoned with is one thing.
  const std::string same =
      answer_left({passage("a.md", {}, "The fee is £10.\nThe fee is £10.")}, "How much is the fee?");
  EXPECT_EQ(same.find("£10"), same.rfind("£10")) << same;
  EXPECT_FALSE(answer_left({passage("a.md", {}, kFees)}, "How much is the fee?", kReckoned).contains("otherwise"));
}

TEST(CompactPromptTest, what_is_reckoned_with_next_is_a_number) {
  Context made;
  made.set_goal("Take 10% of the deposit of Ms Hale", capability::user_label());
  made.add({"search", "", "", false, {passage("a.md", {}, "Deposit of Ms Hale, due 3 May 2026: £500")}, {}});
  const std::vector<PlanStep> plan{{"search", {}, {}}, {"answer", {}, {}}, {"calculate", {}, {}}};
  const Json schema = next_call(made, {offer("answer", "", "")}, plan).schema;
  EXPECT_FALSE(admits(schema, R"({"call":"answer","with":{"passage":1,"answer":"Ms Hale"}})"));
  EXPECT_FALSE(admits(schema, R"({"call":"answer","with":{"passage":0}})"));
}

TEST(CompactPromptTest, a_table_call_can_only_name_columns_of_its_table) {
  const Json schema = next_call(context(), {offer("table", "", "")}).schema;
  EXPECT_TRUE(admits(
      schema,
      R"({"call":"table","with":{"path":"accounts/2026.csv","operation":"sum","column":"amount","where_column":"date","where_value":"2026-03"}})"));
  EXPECT_FALSE(
      admits(schema, R"({"call":"table","with":{"path":"accounts/2026.csv","operation":"sum","column":"cost"}})"));
  EXPECT_FALSE(
      admits(schema, R"({"call":"table","with":{"path":"invoices/march.pdf","operation":"sum","column":"amount"}})"));
}

TEST(CompactPromptTest, rows_are_chosen_by_what_the_goal_and_the_table_both_name) {
  Context made;
  made.set_goal("How much went on groceries in March 2026?", capability::user_label());
  made.set_files({{"a.csv", {"date", "kind", "amount"}, {"amount"}, {"date"}, {{"kind", "Groceries"}}}},
                 untrusted_label("names"));
  const Json schema = next_call(made, {offer("table", "", "")}).schema;
  const auto call = [](std::string_view with) {
    return R"({"call":"table","with":{"path":"a.csv","operation":)" + std::string(with) + "}}";
  };
  EXPECT_FALSE(admits(schema, call(R"("sum","column":"amount")"))) << "the goal says which rows";
  EXPECT_TRUE(admits(schema, call(R"("sum","column":"amount","where_column":"kind","where_value":"Groceries")")));
  EXPECT_TRUE(admits(schema, call(R"("sum","column":"amount","where_column":"date","where_value":"2026-03")")));
  EXPECT_FALSE(admits(schema, call(R"("sum","column":"kind")")));
  EXPECT_FALSE(admits(schema, call(R"("sum","column":"amount","where_column":"kind","where_value":"much")")));
  EXPECT_FALSE(admits(schema, call(R"("sum","column":"amount","where_column":"date","where_value":"2026-04")")));
}

TEST(CompactPromptTest, a_month_without_a_year_is_one_of_the_years_of_the_table) {
  Context made;
  made.set_goal("the total net dated December in invoices-2025.csv", capability::user_label());
  made.set_files({{"invoices-2025.csv", {"issued", "net"}, {"net"}, {"issued"}, {}, {"2026"}}},
                 untrusted_label("names"));
  const std::string schema = to_text(next_call(made, {offer("table", "", "")}).schema);
  EXPECT_THAT(schema, testing::HasSubstr("2026-12"));
  EXPECT_THAT(schema, testing::Not(testing::HasSubstr("2025-12")));
}

TEST(CompactPromptTest, a_month_of_the_tables_years_is_one_only_where_it_stands_as_one) {
  for (const char* goal : {"total amount in a.csv, if I may ask", "How much may I still spend, by a.csv?"})
    EXPECT_TRUE(months_in(goal, "2026").empty()) << goal;
  for (const char* goal : {"total amount in May", "the amount of may", "groceries, may", "total for april and may"})
    EXPECT_FALSE(months_in(goal, "2026").empty()) << goal;
}

TEST(CompactPromptTest, what_went_on_a_value_of_a_table_is_asked_of_the_table) {
  const auto asks = [](const char* goal, FileEntry file) {
    Context made;
    made.set_goal(goal, capability::user_label());
    made.set_files({std::move(file)}, untrusted_label("names"));
    return asks_for_table(made);
  };
  const FileEntry accounts{"a.csv", {"kind", "amount"}, {"amount"}, {}, {{"kind", "groceries"}}};
  EXPECT_TRUE(asks("How much went on groceries?", accounts));
  EXPECT_FALSE(asks("How much went on the kitchen?", accounts));
  const FileEntry todo{"todo.csv", {"item", "by"}, {"item", "by"}, {}, {{"item", "boiler"}}};
  EXPECT_FALSE(asks("How much was spent on the boiler?", todo)) << "it has no numbers";
  EXPECT_FALSE(asks("How often are the bins collected?", {"bins.csv", {"bin", "day"}, {"bin", "day"}}));
}

TEST(CompactPromptTest, a_table_that_the_goal_names_is_the_one_that_is_meant) {
  Context made;
  const auto with = [&](std::string_view path, std::string_view more) {
    return R"({"call":"table","with":{"path":")" + std::string(path) + R"(","operation":"sum","column":"mark")" +
           std::string(more) + "}}";
  };
  made.set_files(
      {{"exams.csv", {"pupil", "mark", "room"}, {"mark", "room"}}, {"school/marks.csv", {"pupil", "mark"}, {"mark"}}},
      untrusted_label("names"));
  made.set_goal("Sum the mark in school/marks.csv into december.txt", capability::user_label());
  Json schema = next_call(made, {offer("table", "", "")}).schema;
  EXPECT_TRUE(admits(schema, with("school/marks.csv", "")));
  EXPECT_FALSE(admits(schema, with("exams.csv", "")));
  EXPECT_FALSE(admits(schema, with("school/marks.csv", R"(,"where_column":"mark","where_value":"school")")))
      << "the goal chooses no rows";
  made.set_goal("What is the total mark in the exams?", capability::user_label());
  schema = next_call(made, {offer("table", "", "")}).schema;
  EXPECT_TRUE(admits(schema, with("exams.csv", "")));
  EXPECT_FALSE(admits(schema, with("school/marks.csv", "")));
  EXPECT_FALSE(admits(schema, R"({"call":"table","with":{"path":"exams.csv","operation":"sum","column":"room"}})"));
}

TEST(CompactPromptTest, what_is_done_with_a_column_is_what_the_goal_says) {
  Context made;
  made.set_files({{"accounts.csv", {"date", "category", "amount"}, {"amount"}, {"date"}, {}}},
                 untrusted_label("names"));
  const auto may = [&](std::string_view goal, std::string_view operation, std::string_view column) {
    made.set_goal(std::string(goal), capability::user_label());
    return admits(
        next_call(made, {offer("table", "", "")}, {{"table", {}, {}}}).schema,
        daimon::format(R"({{"call":"table","with":{{"path":"accounts.csv","operation":"{}","column":"{}"}}}})",
                       operation, column));
  };
  EXPECT_TRUE(may("How many times did we eat out, by the accounts?", "count", "category"));
  EXPECT_FALSE(may("How many times did we eat out, by the accounts?", "distinct", "category"));
  EXPECT_FALSE(may("How many times did we eat out, by the accounts?", "sum", "amount"));
  EXPECT_TRUE(may("average amount in the accounts", "average", "amount"));
  EXPECT_FALSE(may("average amount in the accounts", "sum", "amount"));
  EXPECT_TRUE(may("what about the amount in the accounts", "max", "amount")) << "it does not say";
}

TEST(CompactPromptTest, a_goal_that_plainly_asks_for_a_table_is_planned_with_one) {
  const std::vector<Offer> offers{offer("search", "", ""), offer("answer", "", ""), offer("table", "", ""),
                                  offer("none", "", "")};
  const auto plan = [&](std::string goal) {
    Context made;
    made.set_goal(std::move(goal), capability::user_label());
    made.set_files({{"marks.csv", {"pupil", "mark"}, {"mark"}}, {"may.csv", {"day", "rain"}, {"rain"}}},
                   untrusted_label("names"));
    return compact_profile().plan(made, offers, nullptr).schema;
  };
  const char* search = R"({"plan":["search","answer"]})";
  EXPECT_FALSE(admits(plan("max mark marks"), search));
  EXPECT_TRUE(admits(plan("max mark marks"), R"({"plan":["table"]})"));
  EXPECT_TRUE(admits(plan("who marks the papers?"), search)) << "no operation";
  EXPECT_TRUE(admits(plan("how many days is it from 18 May to 4 June?"), search)) << "a month names no file";
}

TEST(CompactPromptTest, what_was_read_is_not_what_is_written) {
  Context made;
  made.set_goal("Sum amount in a.csv into total.txt", capability::user_label());
  const std::vector<Offer> write{offer("write", "", "")};
  const auto writes_to = [&](std::string_view path) {
    return admits(next_call(made, write).schema,
                  R"({"call":"write","with":{"path":")" + std::string(path) + R"(","content":"12.50"}})");
  };
  made.add({"table",
            R"({"call":"table","with":{"path":"a.csv","operation":"sum","column":"amount"}})",
            "sum of amount in a.csv = 12.50 (2 rows)",
            false,
            {},
            {}});
  EXPECT_TRUE(writes_to("total.txt"));
  EXPECT_FALSE(writes_to("a.csv"));
}

TEST(CompactPromptTest, what_a_goal_says_is_written_goes_into_the_file_it_names_without_that_name) {
  Context made;
  made.set_goal("update notes/site april.txt to just ask Lark Legal at 6", capability::user_label());
  made.set_files({{"notes/site april.txt", {}}, {"april.txt", {}}}, untrusted_label("names"));
  const Json schema = next_call(made, {offer("write", "", "")}, {{"write", {}, {}}}).schema;
  const auto writes = [&](std::string_view path, std::string_view content) {
    return admits(schema, daimon::format(R"({{"call":"write","with":{{"path":"{}","content":"{}"}}}})", path, content));
  };
  EXPECT_TRUE(writes("notes/site april.txt", "ask Lark Legal at 6"));
  EXPECT_FALSE(writes("april.txt", "ask Lark Legal at 6")) << "it has blanks in its name";
  EXPECT_FALSE(writes("notes/site april.txt", "site april.txt to just ask")) << "its name is not what is to be written";
}

TEST(CompactPromptTest, a_file_is_named_where_nothing_more_of_a_name_stands_beside_it) {
  const auto may_write_to = [](std::string_view goal, std::vector<std::string> there, std::string_view path) {
    Context made;
    made.set_goal(std::string(goal), capability::user_label());
    std::vector<FileEntry> files;
    for (std::string& name : there) files.push_back({std::move(name), {}});
    made.set_files(std::move(files), untrusted_label("names"));
    return admits(next_call(made, {offer("write", "", "")}, {{"write", {}, {}}}).schema,
                  daimon::format(R"({{"call":"write","with":{{"path":"{}","content":"milk"}}}})", path));
  };
  EXPECT_TRUE(may_write_to("copy data.md to a.md: milk", {"data.md"}, "a.md")) << "which data.md ends in";
  EXPECT_TRUE(may_write_to("put milk in notes/april.txt", {"april.txt"}, "notes/april.txt"));
  EXPECT_FALSE(may_write_to("put milk in notes/april.txt", {"april.txt"}, "april.txt")) << "it is another file";
  EXPECT_TRUE(may_write_to("milk into “old list.txt”.", {"old list.txt", "list.txt"}, "old list.txt"));
  EXPECT_FALSE(may_write_to("milk into “old list.txt”.", {"old list.txt", "list.txt"}, "list.txt"));
  EXPECT_EQ(without_file_names("a.md and data.md."), "  and  .");
}

// Every phrasing that is known, with contents of each shape.
TEST(WriteContentTest, what_a_goal_says_is_to_be_written_is_among_what_is_offered) {
  std::ifstream phrasings(DAIMON_SOURCE_DIR "/firmware/data/goals/files.txt");
  std::string kind;
  int goals = 0, missed = 0;
  std::size_t offered = 0;
  for (std::string line; std::getline(phrasings, line);) {
    if (line.starts_with("== ")) kind = line.substr(3, line.find_first_of(" #{", 3) - 3);
    if ((kind != "write" && kind != "overwrite") || !line.contains("{content}")) continue;
    for (const std::string_view content :
         {"eggs, milk, rye bread", "ask Lark Legal at 6:00 am", "the Iraq War", "thimble at Jonas", "hello", "42",
          "call the plumber about the boiler on Monday", "- milk\n- eggs", "It's to be paid by 3 May."})
      for (const std::string path : {"notes/site april.txt", "to do.md", "a.txt"}) {
        std::string goal = line;
        const auto fill = [&](std::string_view slot, std::string_view value) {
          if (const std::size_t at = goal.find(slot); at != std::string::npos) goal.replace(at, slot.size(), value);
        };
        fill("{content}", content);
        fill("{out}", path);
        fill("{path}", path);
        const auto contents = contents_in(goal, {&path, 1});
        ++goals;
        offered += contents.size();
        if (std::ranges::contains(contents, content)) continue;
        ++missed;
        if (missed < 10) std::cerr << goal << "\n  " << testing::PrintToString(contents) << "\n";
      }
  }
  EXPECT_GT(goals, 2000);
  EXPECT_LT(missed, goals / 50);
  EXPECT_LT(offered, 5U * static_cast<std::size_t>(goals)) << "few to choose from";
}

TEST(WriteContentTest, has_limits_and_takes_anything) {
  EXPECT_THAT(contents_in("", {}), testing::IsEmpty());
  EXPECT_THAT(contents_in("write a file", {}), testing::IsEmpty()) << "nothing but words of command";
  EXPECT_THAT(contents_in(std::string(100'000, 'x'), {}), testing::IsEmpty());
  std::string many;
  for (int i = 0; i < 500; ++i) many += "put: ";
  EXPECT_LE(contents_in(many + "milk", {}).size(), 64U);
  std::string own;
  for (int i = 0; i < 950; ++i) own += "a ";
  EXPECT_LE(contents_in("write " + own + "zzz " + own + "into x.txt", {}).size(), 64U);
  const std::string todo = "todo.md";
  EXPECT_THAT(contents_in("Add to todo.md: read \"Dune\" before May", {&todo, 1}),
              testing::IsSupersetOf({"Dune", "read \"Dune\" before May"}));
  const std::string file = "a.txt";
  EXPECT_THAT(contents_in("stick \"two words\" in a.txt", {&file, 1}), testing::ElementsAre("two words"));
  // What comes before "with" is no part of it, and "get" is not where it is to be written.
  using testing::Contains;
  using testing::Not;
  EXPECT_THAT(contents_in("a.txt: replace all with category: 020 1520", {&file, 1}),
              testing::AllOf(Contains("category: 020 1520"), Not(Contains(testing::StartsWith("replace")))));
  EXPECT_THAT(contents_in("Get shootings with Anjali written to a.txt will you", {&file, 1}),
              testing::AllOf(Contains("shootings with Anjali"), Not(Contains(testing::StartsWith("Get")))));
  EXPECT_THAT(contents_in("Write over a.txt with There have been", {&file, 1}), Contains("There have been"));
  EXPECT_THAT(contents_in("Get well soon, written in a.txt", {&file, 1}), Contains("Get well soon"));
  EXPECT_THAT(contents_in("Write calls answered and recorded in a.txt", {&file, 1}),
              Contains("calls answered and recorded"));
  EXPECT_THAT(contents_in("Put rewriting the will in a.txt", {&file, 1}), Contains("rewriting the will"));
  EXPECT_THAT(contents_in("Add changing the locks to a.txt", {&file, 1}), Contains("changing the locks"));
  for (const char* goal : {"a.txt: overwrite it with tea", "a.txt: fill it with tea", "a.txt: swap it all with tea"})
    EXPECT_THAT(contents_in(goal, {&file, 1}), Contains("tea")) << goal;
  EXPECT_THAT(contents_in("the file a.txt needs replacing, new version: enter at Anjali", {&file, 1}),
              Contains("enter at Anjali"));
}

TEST(GoalFactsTest, what_is_written_is_told_from_what_is_read) {
  using testing::ElementsAre;
  using testing::IsEmpty;
  for (const std::string_view name : {"money/../../sum.csv", "../sum.csv", "/tmp/sum.csv", "~/sum.csv", "sum.csv"}) {
    EXPECT_THAT(targets_in(daimon::format("Sum amount in a.csv into {}.", name)), ElementsAre(name));
    EXPECT_THAT(targets_in(daimon::format("Save the total of a.csv in '{}'", name)), ElementsAre(name));
    EXPECT_THAT(targets_in(daimon::format("Sum amount in {} and keep it in a new file.", name)), IsEmpty());
    EXPECT_EQ(leads_out(name), name != "sum.csv");
  }
  EXPECT_THAT(targets_in("Update the total in a.csv, as in /mnt/old/x.csv"), IsEmpty());
  EXPECT_THAT(targets_in("Write 'rename a.md to ../b.md' into todo.txt"), ElementsAre("todo.txt"));
}

TEST(GoalFactsTest, of_files_that_are_not_there_those_to_be_read_are_missing) {
  using testing::ElementsAre;
  using testing::IsEmpty;
  EXPECT_THAT(missing_sources("Read nosuch.txt", {"nosuch.txt"}, 0), ElementsAre("nosuch.txt"));
  EXPECT_THAT(missing_sources("Sum a.csv into b.txt", {"b.txt"}, 1), IsEmpty());
  EXPECT_THAT(missing_sources("Sum a.csv into b.txt", {"a.csv", "b.txt"}, 1), ElementsAre("a.csv"));
  EXPECT_THAT(missing_sources("Into b.txt goes the sum of a.csv", {"b.txt", "a.csv"}, 1), ElementsAre("a.csv"));
  EXPECT_THAT(missing_sources("Note in diary.md that I paid", {"diary.md"}, 1), IsEmpty());
  EXPECT_THAT(missing_sources("What is Node.js, e.g. by 3 p.m., and who is at example.com?",
                              {"Node.js", "e.g", "p.m", "example.com"}, 0),
              IsEmpty());
}

TEST(GoalFactsTest, paths_below_a_mounted_folder_are_named_as_the_system_names_them) {
  using Folders = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(with_paths_below("Sum /home/me/money/a.csv into /home/me/money/b c.txt.", Folders{{"/home/me/money", ""}}),
            "Sum a.csv into b c.txt.");
  EXPECT_EQ(
      with_paths_below("'/m/a.csv' and /n/a.csv, not x/m/a.csv or /m2/a.csv", Folders{{"/m", "m/"}, {"/n", "n/"}}),
      "'m/a.csv' and n/a.csv, not x/m/a.csv or /m2/a.csv");
  const Folders docs{{"/home/me/docs", ""}};
  for (const char* goal :
       {"Summarize file:///home/me/docs/a.md", "x//home/me/docs/a.md", "what is in /home/me/docs/",
        "Write \"PATH=/home/me/docs/bin/x.sh\" into env.txt", "put PATH=/home/me/docs/b.sh in env.txt",
        "Write \"see /home/me/docs/a.md first\" into b.txt"})
    EXPECT_EQ(with_paths_below(goal, docs), goal);
  EXPECT_EQ(with_paths_below("sum “/home/me/docs/a b.csv”", docs), "sum “a b.csv”");
}

TEST(GoalFactsTest, the_files_that_a_goal_names_may_have_blanks_where_quotes_or_folders_show_where_they_begin) {
  using testing::UnorderedElementsAre;
  const std::vector<std::string> there{"money/expenses 2026.csv", "notes/todo.md", "club/members.csv"};
  const auto named = [&](std::string_view goal) { return files_named(goal, there); };
  EXPECT_THAT(named("Save the number to notes/Tracking Nummer.txt"), UnorderedElementsAre("notes/Tracking Nummer.txt"));
  EXPECT_THAT(named("Add amount of \"expenses 2026.csv\" into \"money/Summe 2026.csv\"."),
              UnorderedElementsAre("expenses 2026.csv", "money/Summe 2026.csv"));
  EXPECT_THAT(named("Sum the amounts of expenses 2026.csv into money/a3.csv"),
              UnorderedElementsAre("money/expenses 2026.csv", "expenses 2026.csv", "money/a3.csv"))
      << "and not 2026.csv";
  EXPECT_THAT(named("the sum of members.csv"), UnorderedElementsAre("club/members.csv", "members.csv"));
  EXPECT_THAT(named("What's in 'old list.txt' and who's it from?"), UnorderedElementsAre("old list.txt"));
  EXPECT_THAT(named("Put it into „neue Liste.txt“, then notes/todo.md"),
              UnorderedElementsAre("neue Liste.txt", "notes/todo.md"));
  EXPECT_THAT(named("I paid \"84.20\" for notes/ and what not."), testing::IsEmpty());
  EXPECT_THAT(named("the least of notes/new list.csv- answer goes into post.txt"),
              UnorderedElementsAre("notes/new list.csv", "post.txt"));
  EXPECT_THAT(named("update drafts/site april.txt to just tea"), UnorderedElementsAre("drafts/site april.txt"));
  EXPECT_THAT(named("Write the pros/cons into list.md"), UnorderedElementsAre("list.md"));
  EXPECT_THAT(named("Put 12/05/2026 in date.txt"), UnorderedElementsAre("date.txt"));
  EXPECT_THAT(named("the income/expense members.csv"), UnorderedElementsAre("club/members.csv", "members.csv"));
  EXPECT_THAT(named("Ask him and/or her to see list.txt, or a/b. Then list.md"),
              UnorderedElementsAre("list.txt", "list.md"));
  const std::vector<std::string> folders{"work"};
  EXPECT_THAT(files_named("put milk in work/to do.md", {}, folders), UnorderedElementsAre("work/to do.md"));
}

TEST(CompactPromptTest, sums_are_made_of_what_was_found) {
  Context made;
  made.set_goal("Add the gas and water bills of 2026 from bills-2025.csv", capability::user_label());
  made.add({"answer", "", "£44.10 [1]", false, {}, {}});
  made.add({"search", "", "", false, {passage("c.md", {}, "Gas: £91.10 and £12")}, {}});
  made.add({"answer", "", "£51.65 [2]", false, {}, {}});
  const Json schema = next_call(made, {offer("calculate", "", "")}).schema;
  const auto call = [](std::string_view expression) {
    return R"({"call":"calculate","with":{"expression":")" + std::string(expression) + R"("}})";
  };
  EXPECT_TRUE(admits(schema, call("44.10 + 51.65")));
  EXPECT_TRUE(admits(schema, call("15% of 44.10")) == false);
  EXPECT_FALSE(admits(schema, call("44.10 + 44.10"))) << "both count";
  EXPECT_FALSE(admits(schema, call("44.10 - 51.65"))) << "they are added";
  EXPECT_FALSE(admits(schema, call("44.10 + 91.10")));
  EXPECT_FALSE(admits(schema, call("44.10 + 2025")));
  EXPECT_FALSE(admits(schema, call("12 October in may")));
  made.set_goal("the gas bill, and of the water bill 15 %", capability::user_label());
  const Json share = next_call(made, {offer("calculate", "", "")}).schema;
  EXPECT_TRUE(admits(share, call("15% of 51.65")));
  EXPECT_FALSE(admits(share, call("15 / 51.65")));
  made.set_goal("add up the gas and water bills, then 15 % of it", capability::user_label());
  EXPECT_TRUE(admits(next_call(made, {offer("calculate", "", "")}).schema, call("44.10 + 51.65")));
}

// Whether a goal of which nothing is found yet may be reckoned so.
bool admitted(std::string goal, std::string_view expression, std::string today = {}) {
  Context made;
  made.set_goal(std::move(goal), capability::user_label());
  made.set_today(std::move(today));
  return admits(next_call(made, {offer("calculate", "", "")}).schema,
                R"({"call":"calculate","with":{"expression":")" + std::string(expression) + R"("}})");
}

TEST(CompactPromptTest, the_words_of_a_goal_say_what_is_done_with_its_numbers) {
  EXPECT_TRUE(admitted("whats 21, 7,291 and 56 all together", "21 + 7291 + 56"));
  EXPECT_FALSE(admitted("whats 21, 7,291 and 56 all together", "21 + 56 + 56"));
  EXPECT_FALSE(admitted("whats 21, 7,291 and 56 all together", "21 + 56")) << "all of them";
  EXPECT_TRUE(admitted("Pay 9,449 in 54 equal instalments", "9449 / 54"));
  EXPECT_FALSE(admitted("Pay 9,449 in 54 equal instalments", "54 / 9449"));
  EXPECT_TRUE(admitted("work out 17.8 divided by 5,871", "17.8 / 5871")) << "as it is said, which is not often so";
  EXPECT_FALSE(admitted("work out 17.8 divided by 5,871", "5871 / 17.8"));
  EXPECT_TRUE(admitted("divide 3 by 8", "3 / 8"));
  EXPECT_FALSE(admitted("divide 3 by 8", "8 / 3"));
  EXPECT_TRUE(admitted("what is 20 per cent of 340?", "20% of 340"));
  EXPECT_FALSE(admitted("what is 20 per cent of 340?", "340 / 20"));
  EXPECT_TRUE(admitted("sqrt(97)", "sqrt(97)"));
  EXPECT_TRUE(admitted("100.67262 to 2 dp", "round(100.67262, 2)"));
  EXPECT_TRUE(admitted("5 squared", "5^2"));
  EXPECT_TRUE(admitted("729 inches in centimetres", "729 inches in centimetres"));
  EXPECT_FALSE(admitted("729 inches in centimetres", "729 inches in minutes"));
  EXPECT_TRUE(admitted("157 inces in cm", "157 inces in cm")) << "a unit that nobody knows may be one";
  EXPECT_FALSE(admitted("729 inches in centimetres", "729 inches in inches")) << "it is in inches";
  EXPECT_TRUE(admitted("Centimetres for 40.5 inches", "40.5 inches in centimetres"));
  EXPECT_FALSE(admitted("Centimetres for 40.5 inches", "40.5 centimetres in inches")) << "it is not in centimetres";
  EXPECT_FALSE(admitted("work out 17.8 divided by 587", "17.8 g in inches")) << "nothing is in grams";
  EXPECT_TRUE(admitted("I'm 5 stone, what is that in kilos", "5 stone in kilos"));
  EXPECT_TRUE(admitted("5 miles in 'km'", "5 miles in km"));
  EXPECT_TRUE(admitted("how many fahrenheit are in 28 degrees celsius", "28 celsius in fahrenheit"));
  EXPECT_FALSE(admitted("how many fahrenheit are in 28 degrees celsius", "28 celsius in celsius"));
  EXPECT_TRUE(admitted("I just need 0 digits behind the point: 423.92", "round(423.92, 0)"));
  EXPECT_FALSE(admitted("I just need 0 digits behind the point: 423.92", "0 / 423.92"));
  EXPECT_TRUE(admitted("39 at £74 each plus 5,865 delivery", "39 * 74 + 5865"));
  EXPECT_FALSE(admitted("39 at £74 each plus 5,865 delivery", "74 + 5865"));
  EXPECT_TRUE(admitted("what is 2 x 3 x 4?", "2 * 3 * 4"));
  EXPECT_TRUE(admitted("Split £100.50 between 4 people, to the nearest penny", "100.50 / 4"));
  EXPECT_TRUE(admitted("If I spend £90 on pens at £3 each, how many do I get?", "90 / 3"));
  EXPECT_TRUE(admitted("gas 27.9, water 6,540, phone 10.1, what's the lot", "27.9 + 6540 + 10.1"));
  EXPECT_FALSE(admitted("gas 27.9, water 6,540, phone 10.1, what's the lot", "27.9 + 10.1"));
}

TEST(CompactPromptTest, a_time_before_a_day_is_counted_back_from_it) {
  const std::string invites = "The wedding is on 2026-05-09. Invites go out 6 weeks before, which is when?";
  EXPECT_TRUE(admitted(invites, "2026-05-09 - 6 weeks"));
  EXPECT_FALSE(admitted(invites, "2026-05-09 + 6 weeks"));
  EXPECT_FALSE(admitted(invites, "6 weeks in hours"));
  EXPECT_TRUE(admitted("what day is 30 days after 9 May 2026", "2026-05-09 + 30 days"));
  EXPECT_TRUE(admitted("9 May 2026 and 30 days", "2026-05-09 + 30 days"));
  EXPECT_TRUE(admitted("9 May 2026 and 30 days", "2026-05-09 - 30 days")) << "it is not said";
  EXPECT_TRUE(admitted("Return it within 30 days of 9 May 2026, before what date?", "2026-05-09 + 30 days"));
  EXPECT_TRUE(admitted("9 weeks after 9 May 2026", "2026-05-09 + 9 weeks"))
      << "the day's number is one of the goal too";
  EXPECT_FALSE(admitted("9 weeks after 9 May 2026", "2026-05-09 - 9 weeks"));
  EXPECT_TRUE(admitted("Rent is 850 from 1 May 2026, what do 12 months cost?", "850 * 12"))
      << "there is more than a day";
  EXPECT_FALSE(admitted("1.5 weeks from 9 May 2026", "2026-05-09 + 5 weeks"));
  EXPECT_TRUE(admitted("go back 86 months from 2027-07-06 cheers", "2027-07-06 - 86 months"));
  EXPECT_FALSE(admitted("go back 86 months from 2027-07-06 cheers", "2027-07-06 + 86 months"));
  EXPECT_FALSE(admitted("take 3 weeks off 9 May 2026", "2026-05-09 + 3 weeks"));
  EXPECT_FALSE(admitted("9 May 2026 minus 30 days", "2026-05-09 + 30 days"));
  EXPECT_FALSE(admitted("add 30 days to 9 May 2026", "2026-05-09 - 30 days"));
  EXPECT_TRUE(admitted("I'm back 3 weeks after 9 May 2026, when is that", "2026-05-09 + 3 weeks"));
}

TEST(CompactPromptTest, time_is_counted_from_the_day_on_which_the_goal_was_given) {
  const auto admitted = [](std::string goal, std::string_view expression) {
    return memory::admitted(std::move(goal), expression, "2026-11-29");
  };
  EXPECT_TRUE(admitted("how many days until 3 December 2026?", "2026-12-03 - 2026-11-29"));
  EXPECT_FALSE(admitted("how many days until 3 December 2026?", "2026-12-03 - 2026-12-03"));
  EXPECT_TRUE(admitted("how many days till 25 December", "2026-12-25 - 2026-11-29"));
  EXPECT_TRUE(admitted("how many days till 3 May", "2027-05-03 - 2026-11-29"));
  EXPECT_TRUE(admitted("how long since 25 December", "2026-11-29 - 2025-12-25"));
  EXPECT_TRUE(admitted("how long ago was 4 March 2026", "2026-11-29 - 2026-03-04"));
  EXPECT_TRUE(admitted("which date is 3 weeks from today", "2026-11-29 + 3 weeks"));
  EXPECT_TRUE(admitted("how many days until 29 November?", "2026-11-29 - 2026-11-29"));
  EXPECT_TRUE(admitted("how many days until 29 February?", "2028-02-29 - 2026-11-29"));
  EXPECT_TRUE(admitted("what was the date 3 weeks ago", "2026-11-29 - 3 weeks"));
  EXPECT_FALSE(admitted("how long until 3 December 2026 or 25 December 2026", "2026-12-25 - 2026-11-29"));
  EXPECT_TRUE(admitted("days from 18 May 2026 until 4 September 2026", "2026-09-04 - 2026-05-18"));
  EXPECT_FALSE(admitted("days from 18 May 2026 until 4 September 2026", "2026-11-29 - 2026-05-18"));
}

TEST(CompactPromptTest, how_long_it_is_until_something_is_looked_up_and_reckoned_with) {
  Context made;
  made.set_goal("How many weeks until the MOT expires?", capability::user_label());
  made.set_today("2026-11-29");
  const std::vector<Offer> offers{offer("search", "", ""), offer("answer", "", ""), offer("calculate", "", "")};
  EXPECT_TRUE(
      admits(compact_profile().plan(made, offers, nullptr).schema, R"({"plan":["search","answer","calculate"]})"));
  made.add({"search", "", "", false, {passage("mot.txt", {}, "MOT certificate 4471\nExpires: 14 March 2027")}, {}});
  EXPECT_TRUE(admits(next_call(made, {offer("answer", "", "")}, kReckoned).schema,
                     R"({"call":"answer","with":{"passage":1,"answer":"14 March 2027"}})"));
  made.add({"answer", "", "14 March 2027 [1]", false, {}, {}});
  EXPECT_TRUE(admits(next_call(made, {offer("calculate", "", "")}).schema,
                     R"({"call":"calculate","with":{"expression":"2027-03-14 - 2026-11-29 in weeks"}})"));
  const auto planned = [&](std::string goal, std::string_view plan) {
    made.set_goal(std::move(goal), capability::user_label());
    std::vector<Offer> all = offers;
    for (const char* call : {"write", "read", "table"}) all.push_back(offer(call, "", ""));
    return admits(compact_profile().plan(made, all, nullptr).schema, daimon::format(R"({{"plan":[{}]}})", plan));
  };
  EXPECT_TRUE(planned("how many days until 25 December?", R"("calculate")"));
  EXPECT_FALSE(planned("how many days until 25 December?", R"("search","answer")"));
  EXPECT_TRUE(planned("make a note of how many days until 25 December", R"("calculate")"))
      << "whether it is written is open";
  EXPECT_TRUE(planned("how long until the paint is dry?", R"("search","answer")"));
  EXPECT_TRUE(planned("How many days of leave have I taken since 1 March 2026?", R"("search","answer")"));
  EXPECT_EQ(time_asked_from_today("how long ago was it"), "");
  EXPECT_EQ(time_asked_from_today("how many weeks are left until the fair?"), "weeks");
  EXPECT_EQ(time_asked_from_today("how many days has it been since we moved"), "days");
  for (const char* other :
       {"how long is the pipe", "how many days does it last", "wait until Monday", "what was the date 3 weeks ago",
        "How many days of leave have I taken since 1 March 2026?", "Days since 2 January 2026 with sales in shop.csv",
        "How long do I have to wait until the paint is dry?",
        "how many days until the MOT expires, and how much is the rent?",
        "I have 20 days of holiday, 7 days since used, how many are left?"})
    EXPECT_EQ(time_asked_from_today(other), std::nullopt) << other;
  EXPECT_TRUE(asks_day_from_today("what was the date 3 weeks ago"));
  EXPECT_TRUE(asks_day_from_today("the meeting is in 2 weeks, which date is that"));
  EXPECT_FALSE(asks_day_from_today("what date did we move, was it 2026"));
}

TEST(CompactPromptTest, days_are_counted_from_the_earlier_date_and_answers_of_the_person_are_written_whole) {
  Context made;
  made.set_goal("How many days from 18 May 2026 to 4 September 2026?", capability::user_label());
  const Json days = next_call(made, {offer("calculate", "", "")}).schema;
  EXPECT_TRUE(admits(days, R"({"call":"calculate","with":{"expression":"2026-09-04 - 2026-05-18"}})"));
  EXPECT_FALSE(admits(days, R"({"call":"calculate","with":{"expression":"2026-05-18 - 2026-09-04"}})"));
  EXPECT_FALSE(admits(days, R"({"call":"calculate","with":{"expression":"2026-05-18 - 2026 weeks"}})"));
  made.add({"ask", "", "\"Friday at ten, with Mo\"", false, {}, {}});
  const Json write = next_call(made, {offer("write", "", "")}).schema;
  EXPECT_TRUE(admits(write, R"({"call":"write","with":{"path":"a.txt","content":"Friday at ten, with Mo"}})"));
  EXPECT_FALSE(admits(write, R"({"call":"write","with":{"path":"a.txt","content":"Friday"}})"));
}

TEST(CompactPromptTest, a_plan_has_the_shape_of_one) {
  const std::vector<Offer> offers{offer("search", "", ""), offer("answer", "", ""), offer("table", "", ""),
                                  offer("write", "", ""),  offer("ask", "", ""),    offer("none", "", "")};
  Context made = context();
  EXPECT_FALSE(admits(compact_profile().plan(made, offers, nullptr).schema,
                      R"({"plan":["search","answer","search","answer","write"]})"))
      << "one thing is asked for";
  made.set_goal("Write down what I paid for electricity and for gas", capability::user_label());
  const Json schema = compact_profile().plan(made, offers, nullptr).schema;
  EXPECT_TRUE(admits(schema, R"({"plan":["search","answer","search","answer","write"]})"));
  EXPECT_TRUE(admits(schema, R"({"plan":["ask","write"]})"));
  EXPECT_TRUE(admits(schema, R"({"plan":["none"]})"));
  EXPECT_FALSE(admits(schema, R"({"plan":["write","search"]})"));
  EXPECT_FALSE(admits(schema, R"({"plan":["none","ask"]})"));
  EXPECT_FALSE(admits(schema, R"({"plan":["calculate"]})"));  // not offered
}

TEST(CompactPromptTest, as_many_things_are_looked_up_as_the_goal_tells_apart) {
  const std::vector<Offer> offers{offer("search", "", ""), offer("answer", "", ""), offer("calculate", "", ""),
                                  offer("table", "", ""), offer("none", "", "")};
  Context made;
  made.set_goal("the city's loan minus the fine for the crossing", capability::user_label());
  const Json schema = compact_profile().plan(made, offers, nullptr).schema;
  EXPECT_TRUE(admits(schema, R"({"plan":["search","answer","search","answer","calculate"]})"));
  EXPECT_FALSE(admits(schema, R"({"plan":["search","answer","calculate"]})")) << "nothing to take it off";
  EXPECT_FALSE(admits(schema, R"({"plan":["search","answer","search","answer"]})")) << "nothing is taken off";
  EXPECT_FALSE(admits(schema, R"({"plan":["search","answer","search","answer","search","answer","calculate"]})"));
  // A table is one of the two, a number in words is no thing, and nothing is reckoned for who asks two questions.
  made.set_goal("the spending minus the grocery budget", capability::user_label());
  EXPECT_TRUE(admits(compact_profile().plan(made, offers, nullptr).schema,
                     R"({"plan":["search","answer","table","calculate"]})"));
  made.set_goal("the number of guests minus a dozen", capability::user_label());
  EXPECT_TRUE(
      admits(compact_profile().plan(made, offers, nullptr).schema, R"({"plan":["search","answer","calculate"]})"));
  for (const char* goal : {"Where do I take the bins and who do I get new ones from?",
                           "What do I pay for Disney Plus and who is the account holder?",
                           "Total of the Marks and Spencer receipt and the Boots receipt"}) {
    made.set_goal(goal, capability::user_label());
    EXPECT_TRUE(admits(compact_profile().plan(made, offers, nullptr).schema,
                       R"({"plan":["search","answer","search","answer"]})"))
        << goal;
  }
  made.set_goal("the loan minus 20", capability::user_label());
  EXPECT_TRUE(
      admits(compact_profile().plan(made, offers, nullptr).schema, R"({"plan":["search","answer","calculate"]})"));
}

TEST(CompactPromptTest, what_is_written_came_of_the_last_call_or_stands_in_the_goal) {
  Context with_result = context();
  with_result.add({"answer", "", "£84.20 [1]", false, {}, untrusted_label("file:x")});
  with_result.add({"table",
                   "",
                   "sum of amount in accounts/2026.csv = 1234.50 (31 rows)",
                   false,
                   {},
                   untrusted_label("file:accounts/2026.csv")});
  const Json schema = next_call(with_result, {offer("write", "", "")}).schema;
  EXPECT_TRUE(admits(schema, R"({"call":"write","with":{"path":"t.txt","content":"1234.50"}})"));
  EXPECT_FALSE(admits(schema, R"({"call":"write","with":{"path":"t.txt","content":"£84.20"}})"));
  EXPECT_FALSE(admits(schema, R"({"call":"write","with":{"path":"t.txt","content":"electricity in March"}})"));
  EXPECT_FALSE(admits(schema, R"({"call":"write","with":{"path":"t.txt","content":"1234.51"}})"));
  EXPECT_FALSE(admits(schema, R"({"call":"write","with":{"path":"/etc/passwd","content":"1234.50"}})"));
  Context told = context();
  told.set_goal("please note electricity in March: £84.20 in t.txt", capability::user_label());
  const Json of_goal = next_call(told, {offer("write", "", "")}).schema;
  EXPECT_TRUE(admits(of_goal, R"({"call":"write","with":{"path":"t.txt","content":"electricity in March: £84.20"}})"));
  EXPECT_FALSE(admits(of_goal, R"({"call":"write","with":{"path":"t.txt","content":"electricity in"}})"));
  with_result.add({"calculate", "", "1234.50 / 11 = 24690/220 ≈ 112.227272727", false, {}, {}});
  EXPECT_TRUE(admits(next_call(with_result, {offer("write", "", "")}).schema,
                     R"({"call":"write","with":{"path":"t.txt","content":"≈ 112.227272727"}})"))
      << "the number, not the fraction";
}

const std::vector<PlanStep> kTwice{{"search", {}, {}}, {"answer", {}, {}}, {"search", {}, {}}, {"answer", {}, {}}};

std::string search_for(std::string_view query) {
  return daimon::format(R"({{"call":"search","with":{{"query":"{}"}}}})", query);
}

TEST(CompactPromptTest, a_plan_that_looks_once_searches_with_the_whole_goal) {
  Context made;
  made.set_goal("What did I pay for electricity in March?", capability::user_label());
  Json schema = next_call(made, {offer("search", "", "")}).schema;
  EXPECT_TRUE(admits(schema, search_for("What did I pay for electricity in March?")));
  EXPECT_FALSE(admits(schema, search_for("electricity March")));
  made.set_goal(std::string(3000, 'a'), capability::user_label());
  schema = next_call(made, {offer("search", "", "")}).schema;
  EXPECT_TRUE(admits(schema, search_for(std::string(360, 'a')))) << "as much as an answer has room for";
}

TEST(CompactPromptTest, a_plan_that_looks_twice_or_reckons_searches_with_the_parts_of_the_goal) {
  Context made;
  made.set_goal("the gas and the water bill of May in out.txt", capability::user_label());
  EXPECT_TRUE(admits(next_call(made, {offer("search", "", "")}, kTwice).schema, search_for("gas May")));
  made.add({"search", search_for("gas May"), "", false, {}, {}});
  const Json schema = next_call(made, {offer("search", "", "")}, kTwice).schema;
  EXPECT_TRUE(admits(schema, search_for("water bill of May")));
  EXPECT_FALSE(admits(schema, search_for("gas May")));
  Context share;
  share.set_goal("What is 20% of the rent for 2025? Put it in a.txt", capability::user_label());
  EXPECT_TRUE(admits(next_call(share, {offer("search", "", "")},
                               {{"search", {}, {}}, {"answer", {}, {}}, {"calculate", {}, {}}, {"write", {}, {}}})
                         .schema,
                     search_for("rent for 2025")));
}

TEST(CompactPromptTest, a_plan_that_looks_once_and_writes_searches_without_the_file_that_it_writes) {
  const std::vector<PlanStep> plan{{"search", {}, {}}, {"answer", {}, {}}, {"write", {}, {}}};
  Context made;
  made.set_files({{"lease.txt"}}, untrusted_label("names"));
  made.set_goal("In lease.txt, what is the deposit? Put it in out-2023.txt", capability::user_label());
  const Json schema = next_call(made, {offer("search", "", "")}, plan).schema;
  EXPECT_TRUE(admits(schema, search_for("In lease.txt, what is the deposit")));
  EXPECT_FALSE(admits(schema, search_for("In lease.txt, what is the deposit? Put it in out-2023.txt")));
  // What is read and written, or which of two is written, the goal does not tell plainly.
  const std::string unclear = "a.txt and b.txt: the deposit";
  made.set_goal(unclear, capability::user_label());
  EXPECT_TRUE(admits(next_call(made, {offer("search", "", "")}, plan).schema, search_for(unclear)));
}

TEST(CompactPromptTest, where_the_parts_cannot_be_told_a_query_is_words_of_the_goal_in_its_order_and_something_new) {
  Context made;
  made.set_goal("what the plumber and the roofer and the painter of the hall took, in out.txt",
                capability::user_label());
  Json schema = next_call(made, {offer("search", "", "")}, kTwice).schema;
  EXPECT_TRUE(admits(schema, search_for("plumber took")));
  EXPECT_FALSE(admits(schema, search_for("took plumber")));
  EXPECT_FALSE(admits(schema, search_for("gas")));
  made.add({"search", search_for("plumber took"), "", false, {}, {}});
  schema = next_call(made, {offer("search", "", "")}, kTwice).schema;
  EXPECT_TRUE(admits(schema, search_for("roofer took")));
  EXPECT_FALSE(admits(schema, search_for("took")));
  EXPECT_FALSE(admits(schema, search_for("plumber took")));
  EXPECT_FALSE(admits(schema, search_for("took out"))) << "the name of a file is no news";
}

TEST(CompactPromptTest, what_is_listed_and_read_is_what_the_goal_names) {
  Context made;
  made.set_files({{"letters/a.md"}, {"notes/shopping.md"}, {"notes/garden.md"}}, untrusted_label("names"));
  made.set_goal("what is on my shopping note?", capability::user_label());
  const Json read = next_call(made, {offer("read", "", "")}).schema;
  EXPECT_TRUE(admits(read, R"({"call":"read","with":{"path":"notes/shopping.md"}})"));
  EXPECT_FALSE(admits(read, R"({"call":"read","with":{"path":"letters/a.md"}})"));
  made.set_goal("I would like to see what is on here", capability::user_label());
  Json list = next_call(made, {offer("list", "", "")}).schema;
  EXPECT_TRUE(admits(list, R"({"call":"list","with":{}})"));
  EXPECT_FALSE(admits(list, R"({"call":"list","with":{"path":"letters"}})"));
  made.set_goal("show me the letters", capability::user_label());
  list = next_call(made, {offer("list", "", "")}).schema;
  EXPECT_TRUE(admits(list, R"({"call":"list","with":{"path":"letters"}})"));
  EXPECT_FALSE(admits(list, R"({"call":"list","with":{}})"));
}

TEST(CompactPromptTest, a_second_answer_comes_from_the_second_search) {
  Context made = context();
  made.add({"answer", "", "£84.20 [1]", false, {}, {}});
  made.add({"search",
            R"({"call":"search","with":{"query":"pay for gas"}})",
            "",
            false,
            {passage("c.md", {}, "Gas: £91.10")},
            untrusted_label("file:c.md")});
  const std::vector<PlanStep> plan{{"search", {}, {}}, {"answer", {}, {}}, {"search", {}, {}}, {"answer", {}, {}}};
  const Json schema = next_call(made, {offer("answer", "", "")}, plan).schema;
  EXPECT_TRUE(admits(schema, R"({"call":"answer","with":{"passage":3,"answer":"£91.10"}})"));
  EXPECT_FALSE(admits(schema, R"({"call":"answer","with":{"passage":1,"answer":"£84.20"}})"));
}

TEST(CompactPromptTest, an_answer_among_several_fits_its_own_search_and_is_given_once) {
  Context made;
  made.set_goal("How much were the gas bill and the water bill in May?", capability::user_label());
  const auto search = [&](std::string_view query) {
    made.add({"search",
              search_for(query),
              "",
              false,
              {passage("a", {}, "Gas bill for May\nDue in May for gas: £1.10"),
               passage("b", {}, "Water bill for May\nDue in May for water: £2.20")},
              {}});
    return next_call(made, {offer("answer", "", "")}, kTwice).schema;
  };
  const Json first = search("gas bill May");
  EXPECT_TRUE(admits(first, R"({"call":"answer","with":{"passage":1,"answer":"£1.10"}})"));
  EXPECT_FALSE(admits(first, R"({"call":"answer","with":{"passage":2,"answer":"£2.20"}})"));
  made.add({"answer", R"({"call":"answer","with":{"passage":2,"answer":"£2.20"}})", "£2.20 [2]", false, {}, {}});
  const Json second = search("water bill in May");
  EXPECT_FALSE(admits(second, R"({"call":"answer","with":{"passage":4,"answer":"£2.20"}})")) << "said already";
}

TEST(CompactPromptTest, a_value_that_stands_twice_may_answer_twice) {
  Context made;
  made.set_goal("Add the rent for March and April", capability::user_label());
  const auto rents = passage("rents.txt", {}, "Rent for March: £900\nRent for April: £900");
  made.add({"search", search_for("rent for March"), "", false, {rents}, {}});
  made.add({"answer", R"({"call":"answer","with":{"passage":1,"answer":"£900"}})", "£900 [1]", false, {}, {}});
  made.add({"search", search_for("rent for April"), "", false, {rents}, {}});
  const std::vector<PlanStep> plan{
      {"search", {}, {}}, {"answer", {}, {}}, {"search", {}, {}}, {"answer", {}, {}}, {"calculate", {}, {}}};
  EXPECT_TRUE(admits(next_call(made, {offer("answer", "", "")}, plan).schema,
                     R"({"call":"answer","with":{"passage":2,"answer":"£900"}})"));
}

// A goal that has looked two things up, and the schema of what is reckoned with them.
Json reckoned(const std::string& goal, const std::string& first, const std::string& second) {
  Context made;
  made.set_goal(goal, capability::user_label());
  for (const std::string& value : {first, second}) {
    made.add({"search", search_for("x"), "", false, {passage("a.txt", {}, value)}, {}});
    made.add({"answer", "", value + " [1]", false, {}, {}});
  }
  return next_call(made, {offer("calculate", "", "")}, kTwice).schema;
}
bool reckons(const Json& schema, std::string_view expression) {
  return admits(schema, daimon::format(R"({{"call":"calculate","with":{{"expression":"{}"}}}})", expression));
}

TEST(CompactPromptTest, what_is_taken_off_what_is_as_the_goal_says) {
  for (const char* goal :
       {"Subtract the rent from my salary", "take the rent away from my salary",
        "How much cheaper is the rent than my salary?", "Once the rent is paid, how much of my salary is left?"}) {
    const Json schema = reckoned(goal, "£900", "£2000");
    EXPECT_TRUE(reckons(schema, "2000 - 900")) << goal;
    EXPECT_FALSE(reckons(schema, "900 - 2000")) << goal;
  }
  for (const char* goal : {"the difference between my salary and the rent", "my salary minus the rent",
                           "How much more is my salary than the rent?"}) {
    const Json schema = reckoned(goal, "£2000", "£900");
    EXPECT_TRUE(reckons(schema, "2000 - 900")) << goal;
    EXPECT_FALSE(reckons(schema, "900 - 2000")) << goal;
  }
  const Json months = reckoned("Compared with March, how much extra did we pay for gas in February?", "£90", "£120");
  EXPECT_TRUE(reckons(months, "120 - 90"));
  EXPECT_FALSE(reckons(months, "90 - 120"));
  const Json less = reckoned("Compared with March, how much less did we pay for gas in February?", "£90", "£70");
  EXPECT_TRUE(reckons(less, "90 - 70"));
  EXPECT_FALSE(reckons(less, "70 - 90"));
  const Json open = reckoned("Take my salary and knock off the rent", "£2000", "£900");
  EXPECT_TRUE(reckons(open, "2000 - 900") && reckons(open, "900 - 2000")) << "where the words do not tell";
}

TEST(CompactPromptTest, the_year_of_what_was_looked_up_is_not_reckoned_with_but_a_number_of_the_goal_is) {
  Context made;
  made.set_goal("What do 6 tickets for the gala 2026 cost?", capability::user_label());
  made.add({"search", search_for("x"), "", false, {passage("a.txt", {}, "Ticket £12.50")}, {}});
  made.add({"answer", "", "£12.50 [1]", false, {}, {}});
  const Json schema =
      next_call(made, {offer("calculate", "", "")}, {{"search", {}, {}}, {"answer", {}, {}}, {"calculate", {}, {}}})
          .schema;
  EXPECT_TRUE(reckons(schema, "12.50 * 6"));
  EXPECT_FALSE(reckons(schema, "12.50 * 2026"));
}

TEST(CompactPromptTest, what_was_found_is_turned_into_a_unit_only_where_the_goal_names_one) {
  const auto reckons_so = [](const char* goal, const char* answer, std::string_view expression) {
    Context made;
    made.set_goal(goal, capability::user_label());
    made.add({"search", search_for("x"), "", false, {passage("a.txt", {}, answer)}, {}});
    made.add({"answer", "", std::string(answer) + " [1]", false, {}, {}});
    return reckons(
        next_call(made, {offer("calculate", "", "")}, {{"search", {}, {}}, {"answer", {}, {}}, {"calculate", {}, {}}})
            .schema,
        expression);
  };
  EXPECT_TRUE(reckons_so("What is the total length of the walk in miles?", "12 km", "12 km in miles"));
  EXPECT_FALSE(reckons_so("There are 21 of us paying the fee, so how much altogether?", "£843", "843 kg in miles"));
  EXPECT_TRUE(reckons_so("There are 21 of us paying the fee, so how much altogether?", "£843", "843 * 21"));
}

TEST(CompactPromptTest, a_sum_of_money_is_what_is_reckoned_with_where_one_is_asked_for) {
  const std::vector<PlanStep> plan{{"search", {}, {}}, {"answer", {}, {}}, {"calculate", {}, {}}};
  const auto answers = [&](const std::string& goal, const char* answer) {
    Context made;
    made.set_goal(goal, capability::user_label());
    made.add({"search",
              search_for("x"),
              "",
              false,
              {passage("phone.txt", {}, "Phone contract 98031990\nMinutes used: 26\nTo pay: £14.20")},
              {}});
    return admits(next_call(made, {offer("answer", "", "")}, plan).schema,
                  daimon::format(R"({{"call":"answer","with":{{"passage":1,"answer":"{}"}}}})", answer));
  };
  EXPECT_TRUE(answers("what is the phone bill times 3", "£14.20"));
  EXPECT_FALSE(answers("what is the number of minutes used times 3", "£14.20"));
  Context gas;
  gas.set_goal("how much more was gas in May than in June", capability::user_label());
  gas.add({"search",
           search_for("gas in May"),
           "",
           false,
           {passage("gas-may.md", {}, "# Gas, May 2026\nUsed: 310 kWh\nPlease pay £58.15 before the 20th of June.")},
           {}});
  EXPECT_TRUE(admits(next_call(gas, {offer("answer", "", "")}, plan).schema,
                     R"({"call":"answer","with":{"passage":1,"answer":"£58.15"}})"))
      << "and not the year";
}

TEST(CompactPromptTest, a_question_whose_answer_has_no_form_is_answered_with_a_sentence) {
  Context made;
  made.set_goal("Why was the fence painted?", capability::user_label());
  made.add({"search",
            "",
            "",
            false,
            {passage("a.md", {}, "Dear neighbour. The fence was painted because the council asked for it. Yours,\nbob"),
             passage("b.md", {}, "The gate was not.")},
            {}});
  const Json schema = next_call(made, {offer("answer", "", "")}).schema;
  EXPECT_TRUE(admits(
      schema,
      R"({"call":"answer","with":{"passage":1,"answer":"The fence was painted because the council asked for it"}})"));
  EXPECT_FALSE(admits(schema, R"({"call":"answer","with":{"passage":1,"answer":"was painted"}})"));
  EXPECT_FALSE(admits(schema, R"({"call":"answer","with":{"passage":2,"answer":"The gate was not."}})"));
}

TEST(CompactPromptTest, a_sentence_is_no_longer_than_an_answer_may_be) {
  Context made;
  made.set_goal("Why was the fence painted?", capability::user_label());
  std::string cyrillic = "The fence was painted: ";
  while (cyrillic.size() < 310) cyrillic += "забор ";
  made.add({"search", "", "", false, {passage("a.md", {}, cyrillic)}, {}});
  const std::string schema = to_text(next_call(made, {offer("answer", "", "")}).schema);
  EXPECT_THAT(schema, testing::HasSubstr("забор забор"));
  EXPECT_THAT(schema, testing::Not(testing::HasSubstr(cyrillic.substr(60, 240)))) << "it is cut";
}

TEST(GoalFactsTest, some_goals_only_want_to_know_what_files_there_are) {
  for (const char* goal : {"ls", "What files do I have?", "I'd like to see what's on here", "list everything", "dir",
                           "Could you show me a list of all the files?", "what's in here", "what doccuments are there"})
    EXPECT_TRUE(asks_what_is_there(goal)) << goal;
  for (const char* goal :
       {"", "what?", "What do I have to pay?", "list the files in notes", "show me everything about the car",
        "What is the document about?", "What is in the document?", "Give me an overview of the papers",
        "What is in a kettle?", "list the directors", "which holders are there", "How do I get to the library?",
        "what files mention Jonas", "Is it here?x"})
    EXPECT_FALSE(asks_what_is_there(goal)) << goal;
}

TEST(GoalFactsTest, some_goals_do_not_say_what_they_are_about) {
  for (const char* goal : {"open the file", "convert it to miles ta", "Could you read it to me, please?"})
    EXPECT_TRUE(lacks_its_thing(goal)) << goal;
  for (const char* goal :
       {"open the file a.txt", "convert 3 miles to km", "open", "the file", "read the contract", "show me"})
    EXPECT_FALSE(lacks_its_thing(goal)) << goal;
}

TEST(CompactPromptTest, a_column_that_is_told_as_one_asks_for_its_table) {
  Context made;
  FileEntry table{"home/results.csv"};
  table.columns = {"name", "mark", "age"};
  table.numbers = {"mark", "age"};
  made.set_files({table}, capability::user_label());
  const auto asks = [&](const char* goal) {
    made.set_goal(goal, capability::user_label());
    return asks_for_table(made);
  };
  EXPECT_TRUE(asks("From the exam results, add up everything under mark, the sum"));
  EXPECT_TRUE(asks("tell me the combined mark"));
  EXPECT_FALSE(asks("How much is the ticket for children under age 12?"));
  EXPECT_FALSE(asks("What is the average mark in the head's letter?"));
  EXPECT_FALSE(asks("the combined mark of the twins"));
}

TEST(GoalFactsTest, a_file_that_is_named_is_not_always_written) {
  for (const char* goal :
       {"insert 'milk' in a.txt", "remember that my locker is 1234 in a.txt", "the rent \u2192 a.txt",
        "list the tenants in a.txt", "udpate a.txt with 900", "a.txt: buy milk", "milk -> a.txt",
        "a.txt should have the rent in it", "let a.txt contain nothing", "'milk' goes in a.txt",
        "What is the rent? Into a.txt", "find the rent. a.txt is where I want it",
        "what does butter come to in pantry.csv. I need the answer in a.txt", "where's the key? I need it in a.txt",
        "Calculate 15% of 80 in tip.txt", "Take eggs off shopping.txt", "Give me the rent in rent.txt",
        "put milk in list.csv- thanks"})
    EXPECT_TRUE(may_write(goal)) << goal;
  for (const char* goal :
       {"delete selected.txt", "print nineteenth.pdf on the printer upstairs", "what is in a.txt",
        "how frequently is overdue recorded in freelance/invoiced 2021.csv?", "open notes/make.md",
        "Take 2026/marks.csv and tell me the combined mark", "bin a.txt",
        "What is the code for the gate? I saw it in codes.txt.", "Is it in a.txt?", "Who wrote this in notes.txt?"})
    EXPECT_FALSE(may_write(goal)) << goal;
}

TEST(CompactPromptTest, nothing_is_written_where_a_file_is_to_be_deleted) {
  const std::vector<Offer> offers{offer("search", "", ""), offer("answer", "", ""), offer("write", "", ""),
                                  offer("none", "", "")};
  Context made;
  made.set_goal("delete selected.txt", capability::user_label());
  const Json schema = compact_profile().plan(made, offers, nullptr).schema;
  EXPECT_TRUE(admits(schema, R"({"plan":["none"]})"));
  EXPECT_FALSE(admits(schema, R"({"plan":["write"]})"));
  EXPECT_FALSE(admits(schema, R"({"plan":["search","answer","write"]})"));
}

TEST(GoalFactsTest, a_goal_tells_whether_anything_is_to_be_reckoned_or_looked_up_twice) {
  for (const char* goal :
       {"What did I pay for electricity in March?", "When did the lease begin in 2019?", "Who wrote to me?"}) {
    EXPECT_FALSE(may_reckon(goal)) << goal;
    EXPECT_FALSE(may_ask_several(goal)) << goal;
  }
  EXPECT_FALSE(may_write("What did I pay for electricity in March, and which document says so?"));
  EXPECT_FALSE(may_write("What is this about? " + std::string(600, 'x'))) << "however long";
  EXPECT_FALSE(may_write("When does the lease end?"));
  EXPECT_TRUE(may_write("the rent into out/rent.text"));
  EXPECT_TRUE(may_write("Note when the lease ends"));
  for (const char* goal : {"What did I pay for electricity in March, and which document says so?",
                           "What did I pay for electricity in March and where does it say that?",
                           "In which letter does it stand when the lease ends?"})
    EXPECT_FALSE(may_ask_several(goal)) << goal;
  for (const char* goal :
       {"20% of 85", "How much more was March than May?", "electricity in March and in May, added up", "sum of amount",
        "How many days until 3 May?", "What do gas and water make together?"})
    EXPECT_TRUE(may_reckon(goal)) << goal;
  for (const char* goal : {"the rent plus the water bill", "gas bill, water bill", "How much was gas? And water?",
                           "take the deposit from the price", "the fee and which document says so, and the date"})
    EXPECT_TRUE(may_ask_several(goal)) << goal;
}

TEST(AnswerRankTest, sentences_end_at_full_stops_and_lines) {
  EXPECT_THAT(
      sentences_of("Total due: £84.20, by 14.4. Thank you!\n- milk\n- eggs\nIt goes on\nhere, v1.2 too. \n\nEnd"),
      testing::ElementsAre("Total due: £84.20, by 14.4.", "Thank you!", "- milk", "- eggs", "It goes on",
                           "here, v1.2 too.", "End"));
  EXPECT_THAT(sentences_of("The treasurer is P. Oakes (J. R. Webb was). Nor am I. He is."),
              testing::ElementsAre("The treasurer is P. Oakes (J. R. Webb was).", "Nor am I.", "He is."));
  EXPECT_TRUE(sentences_of(" \n ").empty());
  EXPECT_THAT(sentences_of("Der Beitrag ist am 15. April fällig. 1. Milch 2. Eier\n3. Brot\nWe paid 15. It was late."),
              testing::ElementsAre("Der Beitrag ist am 15. April fällig.", "1. Milch 2.", "Eier", "3. Brot",
                                   "We paid 15.", "It was late."))
      << "a number that counts does not end a sentence";
}

TEST(CompactPromptTest, a_very_long_goal_is_shown_by_its_beginning_and_end) {
  Context made;
  std::string goal = "sum the amounts ";
  for (int i = 0; i < 30000; ++i) goal += "\u00e9 ";
  made.set_goal(goal + " into total.txt", capability::user_label());
  const std::vector<Offer> offers{offer("none", "none()", "")};
  const Prompt plan = compact_profile().plan(made, offers, nullptr);
  EXPECT_LT(plan.messages[1].content.size(), 1400U);
  EXPECT_THAT(plan.messages[1].content, testing::StartsWith("sum the amounts"));
  EXPECT_THAT(plan.messages[1].content, testing::EndsWith("into total.txt"));
}

TEST(CompactPromptTest, every_schema_compiles_whatever_is_in_the_files) {
  Context made;
  made.set_goal("x", capability::user_label());
  made.set_files({{"we\nird \"name\"\x01.csv", {"a\"b", "\\"}, {"\\"}, {"a\"b"}, {{"a\"b", "\n\""}}},
                  {"\xF0\x9F\x98\x80.txt", {}}},
                 untrusted_label("names"));
  made.add({"search",
            "",
            "",
            false,
            {passage("a", {}, "\n\n"), passage("b", 3, "quote \" and \\ back\tslash")},
            untrusted_label("f")});
  for (const std::string_view name : {"search", "answer", "read", "list", "table", "calculate", "write", "ask"}) {
    const std::vector<Offer> offers{
        {std::string(name), "", "", JsonObject{{"type", "object"}, {"properties", JsonObject{}}}}};
    const auto compiled = constraint::Grammar::from_json_schema(next_call(made, offers).schema);
    EXPECT_TRUE(compiled) << name << ": " << compiled.error().what;
  }
}

TEST(ContextTest, passages_count_on_and_labels_join) {
  Context made = context();
  made.add({"search", "", "", false, {passage("c", {}, "x")}, untrusted_label("file:c")});
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
