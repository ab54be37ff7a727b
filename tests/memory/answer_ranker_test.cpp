#include "memory/answer_ranker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

#include "base/text.h"

namespace daimon::memory {
namespace {

using testing::HasSubstr;

const embedding::StaticEmbedding& meanings() {
  static const auto kTable = embedding::StaticEmbedding::load(embedding::builtin_embedding().value()).value();
  return kTable;
}

std::string best(std::string_view question, std::string_view path, std::string_view text) {
  const AnswerSource source{1, path, text};
  return rank_answers(question, std::span(&source, 1), &meanings()).front().text;
}

TEST(AnswerRanker, KnowsWhatKindOfThingAnswersAndWhereItStands) {
  constexpr std::string_view kBill =
      "Electricity bill, March\nTotal due:  £84.20, payable by 14 April.\nDeposit £12.00";
  EXPECT_EQ(best("What did I pay for electricity in March?", "bills/electricity.txt", kBill), "£84.20");
  EXPECT_EQ(best("How much was the deposit?", "bills/electricity.txt", kBill), "£12.00");
  EXPECT_EQ(
      best("Who do I call about the boiler?", "notes/house.md", "Boiler: call P. Oakes on 0113 496 0623, he knows it."),
      "P. Oakes");
}

TEST(AnswerRanker, SaysNothingWhereNothingFits) {
  EXPECT_EQ(best("Who won the chess match in Oslo?", "bills/water.txt", "Water bill\nTotal due: £84.20"), "");
  EXPECT_EQ(rank_answers("What is it?", {}, nullptr).front().passage, 0);
}

TEST(AnswerRanker, WhatItGivesStandsInItsPassageWhateverThatHolds) {
  std::mt19937 random(7);  // NOLINT(bugprone-random-generator-seed): the same texts each time
  const std::string letters = "09 .,:/-|\n\n\u00a3A\u00e9mMay Junep(K)P2026;\t";
  for (int round = 0; round < 200; ++round) {
    const std::size_t size = random() % 700;
    std::string text;
    while (text.size() < size) text += letters[random() % letters.size()];
    text = repair_utf8(text);
    const AnswerSource source{3, "a/b.txt", text};
    double sum = 0;
    double before = 1;
    bool none = false;
    for (const RankedAnswer& answer : rank_answers("When in May does A pay 26?", std::span(&source, 1), nullptr)) {
      sum += answer.probability;
      EXPECT_LE(answer.probability, before);
      before = answer.probability;
      none = none || answer.passage == 0;
      EXPECT_THAT(text, HasSubstr(answer.text));
      EXPECT_TRUE(is_utf8(answer.text));
      EXPECT_FALSE(answer.text.contains('\n'));
    }
    EXPECT_NEAR(sum, 1, 1e-6);
    EXPECT_TRUE(none);
  }
}

TEST(AnswerRanker, AColourIsTakenWithItsSign) {
  const AnswerSource source{1, "a", "# Colours\nHeadings: #2F5D50, order #18"};
  std::vector<std::string> texts;
  for (const RankedAnswer& answer : answer_candidates("colour", std::span(&source, 1), nullptr))
    texts.push_back(answer.text);
  EXPECT_THAT(texts, testing::Contains("#2F5D50"));
  EXPECT_THAT(texts, testing::Not(testing::Contains("2F5D50")));
}

TEST(AnswerRanker, LooksAtNoMoreThanItHasTimeFor) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "Field: £1.20, May 2026 and more\n";
  const AnswerSource source{1, "a", text};
  EXPECT_EQ(answer_candidates("how much?", std::span(&source, 1), nullptr).size(), 192U);
  const std::vector<AnswerSource> many(12, source);
  const auto all = answer_candidates("how much?", many, nullptr);
  EXPECT_EQ(all.size(), 12U * 64);
  EXPECT_EQ(all.back().read.source, 11U) << "each has its part";
}

}  // namespace
}  // namespace daimon::memory
