#include "memory/reading.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "embedding/static_embedding.h"
#include "memory/answer_rank.h"

namespace daimon::memory {
namespace {

constexpr std::size_t kPathTokensMax = 16;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

Shape shape_of_number(std::string_view text) {
  if (text.contains(':')) return Shape::kColonDigits;
  if (text.contains('-') || text.contains('/')) return Shape::kDashDigits;
  if (text.contains(',')) return Shape::kGrouped;
  if (text.contains('.')) return Shape::kDecimal;
  switch (text.size()) {
    case 1:
      return Shape::kOneDigit;
    case 2:
      return Shape::kTwoDigits;
    case 3:
      return Shape::kThreeDigits;
    case 4:
      return text.starts_with("19") || text.starts_with("20") ? Shape::kYear : Shape::kFourDigits;
    default:
      return Shape::kManyDigits;
  }
}

Shape shape_of_word(std::string_view text) {
  if (std::ranges::any_of(text, is_digit)) return Shape::kMixed;
  if (!is_upper(text[0])) return Shape::kLower;
  return text.size() > 1 && std::ranges::all_of(text, is_upper) ? Shape::kCapitals : Shape::kCapitalised;
}

Shape shape_of_mark(std::string_view mark) {
  if (mark == "\xC2\xA3" || mark == "\xE2\x82\xAC" || mark == "$") return Shape::kCurrency;
  if (mark == "\xE2\x80\x93" || mark == "\xE2\x80\x94" || mark == "-") return Shape::kDash;
  if (mark.size() > 1) return mark.starts_with("\xE2\x80") ? Shape::kQuote : Shape::kOther;
  constexpr std::string_view kOne = "|:,.()[]{}%#*_~`\"'/@?!;";
  constexpr std::array kShapesOfOne = {
      Shape::kStroke,   Shape::kColon,    Shape::kComma,    Shape::kStop,     Shape::kOpening, Shape::kClosing,
      Shape::kOpening,  Shape::kClosing,  Shape::kOpening,  Shape::kClosing,  Shape::kPercent, Shape::kEmphasis,
      Shape::kEmphasis, Shape::kEmphasis, Shape::kEmphasis, Shape::kEmphasis, Shape::kQuote,   Shape::kQuote,
      Shape::kSlash,    Shape::kAt,       Shape::kQuestion, Shape::kQuestion, Shape::kQuestion};
  static_assert(kOne.size() == kShapesOfOne.size());
  const std::size_t at = kOne.find(mark[0]);
  return at == std::string_view::npos ? Shape::kOther : kShapesOfOne[at];
}

}  // namespace

std::vector<Reading::Token> Reading::tokens_of(std::string_view text, std::size_t most, bool is_path) {
  std::vector<Token> tokens;
  const auto put = [&](std::size_t begin, std::size_t end, Shape shape, bool is_word) {
    tokens.push_back(
        {is_word ? lexicon_.index_of(text.substr(begin, end - begin)) : SIZE_MAX, shape, is_path, begin, end});
  };
  const auto digit_at = [&](std::size_t i) { return i < text.size() && is_digit(text[i]); };
  for (std::size_t at = 0; at < text.size() && tokens.size() < most;) {
    const std::size_t begin = at;
    if (text[at] == '\n') {
      while (at < text.size() && (text[at] == '\n' || is_space(text[at]))) ++at;
      put(begin, at, Shape::kLineEnd, false);
      continue;
    }
    if (is_space(text[at])) {
      while (at < text.size() && is_space(text[at])) ++at;
      const bool is_wide = at - begin > 1 || text[begin] == '\t';
      if (is_wide && at < text.size() && text[at] != '\n' && !tokens.empty()) put(begin, at, Shape::kGap, false);
      continue;
    }
    if (is_digit(text[at])) {
      while (digit_at(at) || (at < text.size() && std::string_view(".,:/-").contains(text[at]) && digit_at(at + 1)))
        ++at;
    }
    const std::size_t digits = at;
    // The rest of a word; behind digits as in "30th".
    while (at < text.size()) {
      std::size_t next = at;
      if (!embedding::is_of_word(next_code_point(text, next))) break;
      at = next;
    }
    if (at > begin) {
      const std::string_view word = text.substr(begin, at - begin);
      put(begin, at, at == digits ? shape_of_number(word) : shape_of_word(word), true);
      continue;
    }
    next_code_point(text, at);
    put(begin, at, shape_of_mark(text.substr(begin, at - begin)), false);
  }
  return tokens;
}

Reading::Reading(std::string_view question, std::span<const AnswerSource> sources,
                 const embedding::StaticEmbedding* meanings, std::size_t most)
    : lexicon_(meanings) {
  question_ = tokens_of(question, kQuestionTokensMax, false);
  for (const AnswerSource& source : sources) {
    auto& tokens = passages_.emplace_back(tokens_of(source.path, kPathTokensMax, true));
    std::erase_if(tokens, [](const Token& token) { return token.word == SIZE_MAX; });
    tokens.push_back({SIZE_MAX, Shape::kLineEnd, true, 0, 0});
    const auto more = tokens_of(source.text, most - tokens.size(), false);
    tokens.insert(tokens.end(), more.begin(), more.end());
  }
  likeness_.resize(question_.size() * lexicon_.size());
  for (std::size_t q = 0; q < question_.size(); ++q)
    for (std::size_t w = 0; w < lexicon_.size() && question_[q].word != SIZE_MAX; ++w)
      likeness_[q * lexicon_.size() + w] = lexicon_.likeness(question_[q].word, w);
}

bool Reading::is_telling(const Token& token) const {
  return token.word != SIZE_MAX && !is_silent(lexicon_.word(token.word));
}

float Reading::likeness(std::size_t asked, std::size_t word) const {
  return word == SIZE_MAX ? 0 : likeness_[asked * lexicon_.size() + word];
}

std::optional<Reading::Extent> Reading::find(std::size_t passage, std::size_t begin, std::size_t size) const {
  const auto& tokens = passages_[passage];
  std::optional<Extent> found;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].is_path || tokens[i].end <= begin) continue;
    if (tokens[i].begin >= begin + size) break;
    if (!found) found = Extent{i, i};
    found->last = i;
  }
  return found;
}

}  // namespace daimon::memory
