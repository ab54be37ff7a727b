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

TEST(Rank, WindowsAreWholeLinesThatFitAndHoldTheWords) {
  const std::string text =
      "Northlight Energy\nAccount 1234\n\nTotal due for March 2026: \xC2\xA3"
      "84.20, payable by 14 April.\nThank you.\n" +
      std::string(400, 'x') + "\n";
  const auto [begin, end] = best_window(text, "total due March", 80);
  const std::string window = text.substr(begin, end - begin);
  EXPECT_THAT(window, HasSubstr("84.20"));
  EXPECT_LE(window.size(), 80U);
  EXPECT_TRUE(begin == 0 || text[begin - 1] == '\n');
}

TEST(Rank, AQuestionForASumGetsTheLinesWithSums) {
  const std::string text =
      "Electricity bill for March 2026\nBill number 263519\nAccount 8830 4417 206\nBill date 25 March 2026\n"
      "Period 24 February to 23 March 2026\nSupply address 17 Larch Row, LS21 9ZZ\n\n"
      "Your last bill \xC2\xA3"
      "80.04\nReceived -\xC2\xA3"
      "80.04\nCharges for March \xC2\xA3"
      "87.42\n";
  const auto [begin, end] = best_window(text, "What did I pay for electricity in March?", 120);
  EXPECT_THAT(text.substr(begin, end - begin), HasSubstr("87.42"));
}

TEST(Rank, WindowsOfAnyTextFitAndAreUtf8) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    const std::string text = made_text(random, random() % 1600);
    for (const std::size_t bytes_max : {40UL, 320UL}) {
      const auto [begin, end] = best_window(text, "boiler 84.20 House", bytes_max);
      ASSERT_LE(begin, end);
      ASSERT_LE(end, text.size());
      ASSERT_LE(end - begin, bytes_max);
      ASSERT_TRUE(is_utf8(std::string_view(text).substr(begin, end - begin)));
    }
  }
}

}  // namespace
}  // namespace daimon::fs
