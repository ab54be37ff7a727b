#include "memory/lexicon.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "embedding/tiny_embedding.h"

namespace daimon::memory {
namespace {

std::vector<std::string> words(Lexicon& lexicon, const std::vector<Lexicon::Token>& tokens) {
  std::vector<std::string> all;
  for (const auto& token : tokens) all.push_back(lexicon.word(token.word));
  return all;
}

TEST(Lexicon, WordsAreAlikeByTheirEndingsAndByWhatTheyMean) {
  const auto table = embedding::test::embedding_of({{"fare", {3, 1}}, {"price", {6, 2}}, {"cat", {-1, 4}}});
  Lexicon lexicon(&table);
  const auto tokens = lexicon.tokens("fare price cat Fares bill bills billion", 20);
  const auto like = [&](std::size_t a, std::size_t b) { return lexicon.likeness(tokens[a].word, tokens[b].word); };
  EXPECT_FLOAT_EQ(like(0, 3), 1);
  EXPECT_GT(like(0, 1), 0.9F);
  EXPECT_LT(like(0, 1), 1) << "only the same word is the same";
  EXPECT_LT(like(0, 2), 0.2F);
  EXPECT_FLOAT_EQ(like(4, 5), 1);
  EXPECT_FLOAT_EQ(like(0, 4), 0) << "it has no vector";
}

TEST(Lexicon, NumbersAreTheSameOrNothingAlike) {
  Lexicon lexicon(nullptr);
  const auto tokens = lexicon.tokens("2025 2026 20251 2025", 20);
  EXPECT_FLOAT_EQ(lexicon.likeness(tokens[0].word, tokens[3].word), 1);
  EXPECT_FLOAT_EQ(lexicon.likeness(tokens[0].word, tokens[1].word), 0);
  EXPECT_FLOAT_EQ(lexicon.likeness(tokens[0].word, tokens[2].word), 0);
}

TEST(Lexicon, NamesOfProgramsAreTakenApart) {
  Lexicon lexicon(nullptr);
  EXPECT_THAT(words(lexicon, lexicon.tokens_of_name("FindRestaurants", 9)),
              testing::ElementsAre("find", "restaurants"));
  EXPECT_THAT(words(lexicon, lexicon.tokens_of_name("check_in_date", 9)), testing::ElementsAre("check", "in", "date"));
  EXPECT_THAT(words(lexicon, lexicon.tokens_of_name("getHTTPServer.url", 9)),
              testing::ElementsAre("get", "http", "server", "url"));
  EXPECT_THAT(words(lexicon, lexicon.tokens_of_name("a_b_c_d", 2)), testing::ElementsAre("a", "b"));
}

}  // namespace
}  // namespace daimon::memory
