#include "memory/reading.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "base/text.h"
#include "embedding/tiny_embedding.h"

namespace daimon::memory {
namespace {

using testing::ElementsAre;

std::vector<Shape> shapes_of(std::string_view text) {
  const AnswerSource source{1, "", text};
  const Reading reading("", std::span(&source, 1), nullptr);
  std::vector<Shape> shapes;
  for (const Reading::Token& token : reading.passages().at(0))
    if (!token.is_path) shapes.push_back(token.shape);
  return shapes;
}

TEST(Reading, WordsNumbersAndMarksHaveTheirShapes) {
  EXPECT_THAT(shapes_of("Total due:  \xC2\xA3"
                        "1,130.50 by 2026-03-01, 10:30"),
              ElementsAre(Shape::kCapitalised, Shape::kLower, Shape::kColon, Shape::kGap, Shape::kCurrency,
                          Shape::kGrouped, Shape::kLower, Shape::kDashDigits, Shape::kComma, Shape::kColonDigits));
  EXPECT_THAT(shapes_of("NHS 30th\n| 8.25% |\n\n1999 7"),
              ElementsAre(Shape::kCapitals, Shape::kMixed, Shape::kLineEnd, Shape::kStroke, Shape::kDecimal,
                          Shape::kPercent, Shape::kStroke, Shape::kLineEnd, Shape::kYear, Shape::kOneDigit));
  EXPECT_THAT(shapes_of("end."), ElementsAre(Shape::kLower, Shape::kStop)) << "no part of a number";
}

TEST(Reading, APieceIsFoundByItsBytes) {
  const AnswerSource source{1, "bills/gas.txt", "Total due: 84.20 by \xC3\xA9t\xC3\xA9"};
  const Reading reading("what is due", std::span(&source, 1), nullptr);
  const auto number = reading.find(0, source.text.find("84.20"), 5);
  ASSERT_TRUE(number);
  EXPECT_EQ(number->first, number->last);
  EXPECT_EQ(reading.passages()[0][number->first].shape, Shape::kDecimal);
  const auto words = reading.find(0, 0, 9);
  ASSERT_TRUE(words);
  EXPECT_EQ(words->last, words->first + 1);
  EXPECT_EQ(reading.passages()[0][words->last].begin, 6U);
  EXPECT_FALSE(reading.find(0, source.text.size(), 1));
  EXPECT_FALSE(reading.find(0, 0, 0));
}

TEST(Reading, TokensAreAsAlikeAsTheirWords) {
  const auto table = embedding::test::embedding_of({{"fare", {30, 10}}, {"price", {30, 11}}, {"cat", {-10, 40}}});
  const AnswerSource source{1, "", "price cat fares ,"};
  const Reading reading("the fare", std::span(&source, 1), &table);
  const auto& tokens = reading.passages().at(0);
  EXPECT_GT(reading.likeness(1, tokens[1].word), 0.8F);
  EXPECT_LT(reading.likeness(1, tokens[2].word), 0.2F);
  EXPECT_FLOAT_EQ(reading.likeness(1, tokens[3].word), 1);
  EXPECT_FLOAT_EQ(reading.likeness(1, tokens[4].word), 0) << "a comma is like nothing";
  EXPECT_FALSE(reading.is_telling(reading.question()[0]));
  EXPECT_TRUE(reading.is_telling(reading.question()[1]));
}

TEST(Reading, NoTextIsReadBeyondItsEnd) {
  std::mt19937 random(3);  // NOLINT(bugprone-random-generator-seed): the same texts each time
  for (int round = 0; round < 500; ++round) {
    const std::size_t size = random() % 900;
    std::string text;
    while (text.size() < size) text += static_cast<char>(random() % 256);
    text = repair_utf8(text);
    const AnswerSource source{1, text, text};
    const Reading reading(text, std::span(&source, 1), nullptr);
    EXPECT_LE(reading.passages().at(0).size(), kPassageTokensMax);
    EXPECT_LE(reading.question().size(), kQuestionTokensMax);
    std::size_t before = 0;
    for (const Reading::Token& token : reading.passages().at(0)) {
      EXPECT_LE(token.end, text.size());
      if (token.is_path) continue;
      EXPECT_GE(token.begin, before);
      EXPECT_GT(token.end, token.begin);
      before = token.end;
    }
  }
}

}  // namespace
}  // namespace daimon::memory
