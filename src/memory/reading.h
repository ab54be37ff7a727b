// A question and its passages as the reader of answers takes them in (reader.h): words, numbers and marks with
// their shapes, line ends and wide gaps, and how alike each is to each word of the question (lexicon.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "memory/answer_evidence.h"
#include "memory/lexicon.h"

namespace daimon::memory {

// What a token looks like. Training knows them by number (firmware/training/reader.py), so new ones go to the end.
enum class Shape : std::uint8_t {
  kLower,
  kCapitalised,
  kCapitals,
  kMixed,  // letters and digits
  kOneDigit,
  kTwoDigits,
  kThreeDigits,
  kYear,  // 1900 to 2099
  kFourDigits,
  kManyDigits,
  kDecimal,      // 8.25
  kGrouped,      // 1,130 or 1,130.50
  kColonDigits,  // 10:30
  kDashDigits,   // 2026-03-01 or 3/4
  kLineEnd,
  kGap,  // of two spaces or more
  kStroke,
  kColon,
  kComma,
  kStop,
  kOpening,
  kClosing,
  kCurrency,
  kPercent,
  kDash,
  kEmphasis,  // # * _ ~ `
  kQuote,
  kSlash,
  kAt,
  kQuestion,  // ? ! ;
  kOther,
};
inline constexpr std::size_t kShapes = static_cast<std::size_t>(Shape::kOther) + 1;
inline constexpr std::size_t kQuestionTokensMax = 400;
inline constexpr std::size_t kPassageTokensMax = 160;  // with those of its path

class Reading {
 public:
  struct Token {
    std::size_t word = SIZE_MAX;  // of the lexicon; none for what is no word and no number
    Shape shape = Shape::kOther;
    bool is_path = false;
    std::size_t begin = 0, end = 0;  // bytes of the passage's text, or of its path
  };

  // Without `meanings` only the same words are alike. It must outlive the reading. `most` tokens of a source are read.
  Reading(std::string_view question, std::span<const AnswerSource> sources, const embedding::StaticEmbedding* meanings,
          std::size_t most = kPassageTokensMax);

  [[nodiscard]] const std::vector<Token>& question() const { return question_; }
  // One a source: its path, a line end, its text.
  [[nodiscard]] const std::vector<std::vector<Token>>& passages() const { return passages_; }
  [[nodiscard]] const Lexicon& lexicon() const { return lexicon_; }
  // Whether a token says something by itself, other than "the" or a comma.
  [[nodiscard]] bool is_telling(const Token& token) const;
  // Of the question's token to a word of the lexicon, 0 to 1.
  [[nodiscard]] float likeness(std::size_t asked, std::size_t word) const;
  // The first and the last token of a passage that a piece of its text has part in; none if the reading ends before, or
  // the piece has no size.
  struct Extent {
    std::size_t first = 0, last = 0;
  };
  [[nodiscard]] std::optional<Extent> find(std::size_t passage, std::size_t begin, std::size_t size) const;

 private:
  std::vector<Token> tokens_of(std::string_view text, std::size_t most, bool is_path);

  Lexicon lexicon_;
  std::vector<Token> question_;
  std::vector<std::vector<Token>> passages_;
  std::vector<float> likeness_;  // question's tokens x words
};

}  // namespace daimon::memory
