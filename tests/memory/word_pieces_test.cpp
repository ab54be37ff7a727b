#include "memory/word_pieces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/format.h"

namespace daimon::memory {
namespace {

using testing::ElementsAre;

constexpr std::string_view kMark = "\xE2\x96\x81";

TEST(WordPieces, TakesTheLikeliestCut) {
  const std::string text =
      daimon::format("-3\t{0}\n-4\tun\n-9\t{0}u\n-2\tn\n-5\t{0}un\n-6\tdo\n-3\td\n-2.5\to\n", kMark);
  const WordPieces pieces(text, 6);
  EXPECT_THAT(pieces.split("undo"), ElementsAre(10, 12, 13)) << "-5 - 3 - 2.5 is more than -5 - 6";
  EXPECT_THAT(pieces.split("n"), ElementsAre(6, 9));
}

TEST(WordPieces, WhatNoPieceHasIsOneUnknownACharacter) {
  const std::string text = daimon::format("-3\t{}\n-2\ta\n", kMark);
  const WordPieces pieces(text, 6);
  EXPECT_THAT(pieces.split("aéa"), ElementsAre(6, 7, 0, 7));
  EXPECT_THAT(pieces.split(""), ElementsAre(6));
}

// Against all cuts there are, of random words in random vocabularies.
TEST(WordPieces, NoOtherCutIsLikelier) {
  std::mt19937 random(7);
  const auto pick = [&](std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(random); };
  constexpr std::string_view kLetters = "abc";
  for (int round = 0; round < 300; ++round) {
    std::map<std::string, double> scores{{std::string(kMark), -1.0 - static_cast<double>(pick(40)) / 8}};
    for (const char letter : kLetters) scores[std::string(1, letter)] = -1.0 - static_cast<double>(pick(40)) / 8;
    for (std::size_t i = pick(12); i > 0; --i) {
      std::string piece = pick(3) == 0 ? std::string(kMark) : "";
      for (std::size_t length = 1 + pick(3); length > 0; --length) piece += kLetters[pick(kLetters.size())];
      scores[piece] = -1.0 - static_cast<double>(pick(60)) / 8;
    }
    std::string text;
    std::vector<double> by_number;
    for (const auto& [piece, score] : scores) {
      text += daimon::format("{}\t{}\n", score, piece);
      by_number.push_back(score);
    }
    std::string word;
    for (std::size_t length = pick(9); length > 0; --length) word += kLetters[pick(kLetters.size())];
    const std::string marked = std::string(kMark) + word;
    // The best score of each beginning, piece by piece.
    std::vector<double> best(marked.size() + 1, -std::numeric_limits<double>::infinity());
    best[0] = 0;
    for (std::size_t end = 1; end <= marked.size(); ++end)
      for (std::size_t begin = 0; begin < end; ++begin)
        if (const auto found = scores.find(marked.substr(begin, end - begin)); found != scores.end())
          best[end] = std::max(best[end], best[begin] + found->second);
    double found = 0;
    for (const std::size_t number : WordPieces(text, 0).split(word)) found += by_number[number];
    EXPECT_NEAR(found, best.back(), 1e-9) << word << '\n' << text;
  }
}

}  // namespace
}  // namespace daimon::memory
