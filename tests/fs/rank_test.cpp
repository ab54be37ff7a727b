#include "fs/rank.h"

#include "base/text.h"
#include "fs_world.h"

namespace daimon::fs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Rank, QuestionsAreTheirContentWords) {
  EXPECT_THAT(query_terms("What did I pay for electricity in March, and which document says so?"),
              ElementsAre("pay", "electricity", "march"));
  EXPECT_THAT(query_terms("who is it?"), ElementsAre("who", "is", "it"));
  EXPECT_TRUE(query_terms("?!\"'()").empty());
}

TEST(Rank, AMonthWithItsYearIsAlsoAnIsoDate) {
  EXPECT_THAT(fts_query("electricity in March 2026"), HasSubstr("\"2026 03\""));
}

TEST(Rank, AGoalOf100000CharactersIsABoundedQuery) {
  std::string goal;
  for (int i = 0; goal.size() < 100'000; ++i) goal += "word" + std::to_string(i) + " ";
  EXPECT_LE(query_terms(goal).size(), 64U);
  EXPECT_LE(fts_query(std::string(100'000, 'x')).size(), 100U);
}

std::string shown(const std::string& text, std::string_view query, std::size_t bytes_max) {
  std::string lines;
  for (const auto& [begin, end] : best_lines(text, query, bytes_max))
    lines += (lines.empty() ? "" : "\n") + text.substr(begin, end - begin);
  return lines;
}

TEST(Rank, ShownAreWholeLinesThatFitAndHoldTheWords) {
  const std::string text =
      "Northlight Energy\nAccount 1234\n\nTotal due for March 2026: \xC2\xA3"
      "84.20, payable by 14 April.\nThank you.\n" +
      std::string(400, 'x') + "\n";
  const std::string lines = shown(text, "total due March", 80);
  EXPECT_THAT(lines, HasSubstr("84.20"));
  EXPECT_LE(lines.size(), 80U);
}

TEST(Rank, AQuestionForASumGetsTheHeadOfABillAndTheSumAtItsFoot) {
  const std::string text =
      "Electricity bill for March 2026\nBill number 263519\nAccount 8830 4417 206\nBill date 25 March 2026\n"
      "Period 24 February to 23 March 2026\nSupply address 17 Larch Row, LS21 9ZZ\n\n"
      "Your last bill \xC2\xA3"
      "80.04\nReceived -\xC2\xA3"
      "80.04\nCharges for March \xC2\xA3"
      "87.42\n";
  const std::string lines = shown(text, "What did I pay for electricity in March?", 120);
  EXPECT_THAT(lines, HasSubstr("Electricity bill for March 2026\n"));
  EXPECT_THAT(lines, HasSubstr("87.42"));
}

TEST(Rank, WhatHoldsOnlyWordsOfEveryDocumentIsNotAboutTheQuestion) {
  const auto terms = query_terms("What's our TV licence number?");
  EXPECT_FALSE(is_about(terms, "Policy number MM-HB-7"));
  EXPECT_TRUE(is_about(terms, "the licence for the telly"));
  EXPECT_TRUE(is_about(query_terms("which number?"), "anything"));
}

TEST(Rank, LinesOfAnyTextFitAndAreUtf8AndStandInTheirOrder) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    const std::string text = made_text(random, random() % 1600);
    for (const std::size_t bytes_max : {40UL, 320UL}) {
      std::size_t size = 0;
      std::size_t last = 0;
      for (const auto& [begin, end] : best_lines(text, "boiler 84.20 House", bytes_max)) {
        ASSERT_LE(last, begin);
        ASSERT_LT(begin, end);
        ASSERT_LE(end, text.size());
        ASSERT_TRUE(is_utf8(std::string_view(text).substr(begin, end - begin)));
        size += end - begin + (size == 0 ? 0 : 1);
        last = end;
      }
      ASSERT_LE(size, bytes_max);
    }
  }
}

}  // namespace
}  // namespace daimon::fs
