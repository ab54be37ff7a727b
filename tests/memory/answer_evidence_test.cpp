#include "memory/answer_evidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "embedding/tiny_embedding.h"
#include "memory/answer_ranker.h"

namespace daimon::memory {
namespace {

// Where in the evidence the share by meaning of a zone stands: each zone has three numbers.
constexpr std::size_t kBefore = 1;
constexpr std::size_t kLine = 16;
constexpr std::size_t kColumn = 28;

TEST(AnswerEvidence, AWordThatMeansTheSameCountsAlmostAsMuch) {
  const auto table = embedding::test::embedding_of({{"fare", {30, 10}}, {"price", {30, 11}}, {"cat", {-10, 40}}});
  const AnswerSource source{1, "x", "Price: £4\nCat: £5"};
  const AnswerEvidence by_meaning("fare", std::span(&source, 1), &table);
  EXPECT_GT(by_meaning.of(0, 0, 7, 3)[kBefore], 0.8F);
  EXPECT_LT(by_meaning.of(0, 1, 5, 3)[kBefore], 0.2F);
  const AnswerEvidence by_words("fare", std::span(&source, 1), nullptr);
  EXPECT_FLOAT_EQ(by_words.of(0, 0, 7, 3)[kBefore], 0);
}

TEST(AnswerEvidence, ACellHasTheHeadOfItsColumn) {
  const AnswerSource source{1, "x", "| Name | Licence | Passport |\n| Ann | L-1 | P-1 |\n| Ben | L-2 | P-2 |"};
  const AnswerEvidence evidence("passport of Ben", std::span(&source, 1), nullptr);
  const std::string_view line = "| Ben | L-2 | P-2 |";
  EXPECT_GT(evidence.of(0, 2, line.find("P-2"), 3)[kColumn], 0);
  EXPECT_FLOAT_EQ(evidence.of(0, 2, line.find("L-2"), 3)[kColumn], 0);
}

TEST(AnswerEvidence, WhatStandsInEveryLineTellsLittle) {
  const AnswerSource source{1, "x", "bill for gas\nbill for water\nbill for rent\nbill for light"};
  const AnswerEvidence evidence("bill gas", std::span(&source, 1), nullptr);
  const float gas = evidence.of(0, 0, 9, 3)[kLine];
  const float water = evidence.of(0, 1, 9, 5)[kLine];
  EXPECT_FLOAT_EQ(gas, 1);
  EXPECT_LT(water, 0.4F) << "one of two words, but the one that all have";
}

TEST(AnswerEvidence, EveryNumberIsFiniteWhateverTheTextHolds) {
  const std::string long_line(5000, 'a');
  for (const std::string& text : {std::string(), std::string("|"), std::string("||||"), std::string("  "), long_line,
                                  std::string("a  b  c\n\n\n1  2  3"), std::string("\xC3\xA9 |x| y")}) {
    const AnswerSource source{1, "p", text};
    for (const std::string_view question : {"", "?", "what", "price of x"}) {
      for (const RankedAnswer& candidate : answer_candidates(question, std::span(&source, 1), nullptr))
        for (const float value : candidate.read.evidence) EXPECT_TRUE(std::isfinite(value)) << text;
    }
  }
}

}  // namespace
}  // namespace daimon::memory
