#include "memory/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <string>

#include "base/json.h"
#include "embedding/tiny_embedding.h"
#include "memory/answer_ranker.h"
#include "memory/passage_meaning.h"

namespace daimon::memory {
namespace {

const embedding::StaticEmbedding& meanings() {
  static const auto kTable = embedding::StaticEmbedding::load(embedding::builtin_embedding().value()).value();
  return kTable;
}

ReadScores read(std::string_view question, std::span<const AnswerSource> sources,
                const embedding::StaticEmbedding* table, ReaderFor use = ReaderFor::kAnswers) {
  std::vector<ReadPiece> pieces;
  for (const RankedAnswer& answer : answer_candidates(question, sources, table)) pieces.push_back(answer.read);
  return read_pieces(use, Reading(question, sources, table), pieces);
}

// firmware/training, which wrote the weights, says what they make of some questions.
void compare_with_training(ReaderFor use, const std::string& name) {
  std::ifstream file(DAIMON_SOURCE_DIR "/firmware/reader_" + name + "_golden.json");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto golden = parse_json(text);
  ASSERT_TRUE(golden) << name;
  ASSERT_GE(golden->as_array().size(), 4U);
  for (const Json& example : golden->as_array()) {
    std::vector<AnswerSource> sources;
    for (const Json& passage : example.at("passages").as_array())
      sources.push_back(
          {static_cast<int>(sources.size() + 1), passage.at("path").as_string(), passage.at("text").as_string()});
    const std::string question(example.at("question").as_string());
    const ReadScores scores = read(question, sources, &meanings(), use);
    ASSERT_EQ(scores.pieces.size(), example.at("pieces").as_array().size()) << question;
    for (std::size_t i = 0; i < scores.pieces.size(); ++i)
      EXPECT_NEAR(scores.pieces[i], example.at("pieces").at(i).to_number<double>(), 0.05) << question << ' ' << i;
    EXPECT_NEAR(scores.none, example.at("none").to_number<double>(), 0.05) << question;
  }
}

TEST(Reader, ReckonsWhatTrainingReckons) {
  compare_with_training(ReaderFor::kAnswers, "answers");
  compare_with_training(ReaderFor::kArguments, "arguments");
  compare_with_training(ReaderFor::kTools, "tools");
}

TEST(Reader, APassageIsAsNearAsTrainingSaysToWhatIsAsked) {
  const auto meaning = passage_meaning();
  std::ifstream file(DAIMON_SOURCE_DIR "/firmware/reader_answers_golden.json");
  const auto golden = parse_json(std::string((std::istreambuf_iterator<char>(file)), {}));
  ASSERT_TRUE(golden);
  for (const Json& example : golden->as_array()) {
    const auto asked = meaning->of_question(example.at("question").as_string());
    ASSERT_EQ(asked.size(), meaning->width());
    const auto& near = example.at("near").as_array();
    ASSERT_EQ(near.size(), example.at("passages").as_array().size());
    for (std::size_t i = 0; i < near.size(); ++i) {
      const Json& passage = example.at("passages").at(i);
      const auto vector = meaning->of_passage(passage.at("path").as_string(), passage.at("text").as_string());
      EXPECT_NEAR(embedding::cosine(asked.data(), vector.data(), asked.size()), near[i].to_number<double>(), 0.02)
          << example.at("question").as_string() << ' ' << i;
    }
  }
}

TEST(Reader, WhatWasEncodedForOneQuestionServesTheNext) {
  const std::vector<AnswerSource> sources{{1, "bills/gas.txt", "Gas bill\nTotal due: £84.20\nDeposit £12.00"},
                                          {2, "notes.md", "Call Dr Hale at 10.30 about the boiler."}};
  EncodedPassages encoded;
  for (const char* question : {"how much was the deposit", "when do I call Dr Hale"}) {
    std::vector<ReadPiece> pieces;
    for (const RankedAnswer& answer : answer_candidates(question, sources, &meanings())) pieces.push_back(answer.read);
    const Reading reading(question, sources, &meanings());
    const ReadScores kept = read_pieces(ReaderFor::kAnswers, reading, pieces, &encoded);
    EXPECT_EQ(kept.pieces, read_pieces(ReaderFor::kAnswers, reading, pieces).pieces) << question;
  }
  EXPECT_GT(encoded[1].count(), 0U);
}

TEST(Reader, SaysTheSameEachTimeAndAnythingWithoutAnEmbedding) {
  const AnswerSource source{1, "bills/gas.txt", "Gas bill\nTotal due: £84.20\nDeposit £12.00"};
  const ReadScores first = read("how much was the deposit", std::span(&source, 1), &meanings());
  const ReadScores again = read("how much was the deposit", std::span(&source, 1), &meanings());
  EXPECT_EQ(first.pieces, again.pieces);
  EXPECT_EQ(first.none, again.none);
  const ReadScores words = read("how much was the deposit", std::span(&source, 1), nullptr);
  ASSERT_EQ(words.pieces.size(), first.pieces.size());
  for (const double score : words.pieces) EXPECT_TRUE(std::isfinite(score));
}

TEST(Reader, VectorsOfAnotherEmbeddingAreNotUsed) {
  const auto table = embedding::test::embedding_of({{"deposit", {30, 10}}, {"bill", {30, 11}}});
  const AnswerSource source{1, "bills/gas.txt", "Gas bill\nDeposit £12.00"};
  for (const double score : read("how much was the deposit", std::span(&source, 1), &table).pieces)
    EXPECT_TRUE(std::isfinite(score));
}

TEST(Reader, NothingToReadIsNone) {
  const ReadScores scores = read("what", {}, nullptr);
  EXPECT_TRUE(scores.pieces.empty());
  EXPECT_TRUE(std::isfinite(scores.none));
}

}  // namespace
}  // namespace daimon::memory
