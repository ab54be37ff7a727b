#include "fs/rank.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/format.h"
#include "base/text.h"

namespace daimon::fs {
namespace {

const std::set<std::string, std::less<>>& common_words() {
  static const std::set<std::string, std::less<>> kWords = {
      "a",     "about", "all",   "also", "am",    "an",   "and",   "any",  "are",      "as",        "at",
      "be",    "been",  "by",    "can",  "could", "did",  "do",    "does", "document", "documents", "file",
      "files", "find",  "for",   "from", "get",   "give", "had",   "has",  "have",     "he",        "her",
      "his",   "how",   "i",     "if",   "in",    "into", "is",    "it",   "its",      "let",       "many",
      "me",    "much",  "my",    "need", "of",    "on",   "or",    "our",  "please",   "s",         "say",
      "says",  "she",   "show",  "so",   "some",  "tell", "that",  "the",  "their",    "them",      "then",
      "there", "they",  "this",  "to",   "us",    "was",  "we",    "were", "what",     "when",      "where",
      "which", "who",   "whose", "why",  "will",  "with", "would", "you",  "your"};
  return kWords;
}

constexpr std::array<std::string_view, 12> kMonths = {"january",   "february", "march",    "april",
                                                      "may",       "june",     "july",     "august",
                                                      "september", "october",  "november", "december"};

bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte >= 0x80;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < text.size();) {
    if (!is_word_byte(text[i])) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && is_word_byte(text[end])) ++end;
    words.push_back(to_lower_ascii(text.substr(i, std::min<std::size_t>(end - i, 64))));
    i = end;
  }
  return words;
}

// The lines of a text, and of a line that does not fit, its sentences.
std::vector<std::pair<std::size_t, std::size_t>> pieces_of(std::string_view text, std::size_t bytes_max) {
  std::vector<std::pair<std::size_t, std::size_t>> pieces;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t newline = text.find('\n', at);
    const std::size_t line_end = newline == std::string_view::npos ? text.size() : newline;
    std::size_t begin = at;
    while (line_end - begin > bytes_max) {
      const std::string_view room = cut_utf8(text.substr(begin, line_end - begin), bytes_max);
      std::size_t cut = std::string_view::npos;
      for (const std::string_view stop : {". ", "? ", "! ", "; ", ", ", " "}) {
        cut = room.rfind(stop);
        if (cut != std::string_view::npos && cut > bytes_max / 4) break;
        cut = std::string_view::npos;
      }
      const std::size_t length = cut == std::string_view::npos ? room.size() : cut + 1;
      pieces.emplace_back(begin, begin + length);
      begin += length;
      while (begin < line_end && text[begin] == ' ') ++begin;
    }
    if (begin < line_end) pieces.emplace_back(begin, line_end);
    at = line_end + 1;
  }
  return pieces;
}

}  // namespace

std::vector<std::string> query_terms(std::string_view query) {
  constexpr std::size_t kTermsMax = 64;
  const auto words = words_of(query);
  std::vector<std::string> terms;
  const auto collect = [&](bool common_too) {
    for (const std::string& word : words)
      if (terms.size() < kTermsMax && (common_too || !common_words().contains(word)) &&
          std::ranges::find(terms, word) == terms.end())
        terms.push_back(word);
  };
  collect(false);
  if (terms.empty()) collect(true);
  return terms;
}

std::string fts_query(std::string_view query) {
  std::string text;
  const auto add = [&](std::string_view phrase) {
    if (!text.empty()) text += " OR ";
    text += '"';
    text += phrase;
    text += '"';
  };
  const auto terms = query_terms(query);
  for (std::size_t i = 0; i < terms.size(); ++i) {
    add(terms[i]);
    const auto month = std::ranges::find(kMonths, terms[i]);
    if (month == kMonths.end()) continue;
    for (const std::size_t beside : {i - 1, i + 1})
      if (beside < terms.size() && terms[beside].size() == 4 && terms[beside].starts_with("20"))
        add(daimon::format("{} {:02}", terms[beside], month - kMonths.begin() + 1));
  }
  return text;
}

std::size_t terms_in(const std::vector<std::string>& terms, std::string_view text) {
  const auto words = words_of(text);
  std::size_t count = 0;
  for (const std::string& term : terms) {
    std::string_view stem = term;
    if (stem.size() > 4 && stem.ends_with('s')) stem.remove_suffix(1);
    count += std::ranges::any_of(words,
                                 [&](const std::string& word) {
                                   return word == term || (stem.size() >= 3 && word.starts_with(stem) &&
                                                           word.size() <= stem.size() + 3);
                                 })
                 ? 1
                 : 0;
  }
  return count;
}

std::pair<std::size_t, std::size_t> best_window(std::string_view text, std::string_view query, std::size_t bytes_max) {
  const auto terms = query_terms(query);
  const auto pieces = pieces_of(text, bytes_max);
  if (pieces.empty()) return {0, 0};
  // A question for a sum is answered by a line with a sum in it, one for a quantity by a line with a number; most other
  // questions are about facts, and those have numbers more often than the sentences around them.
  const std::string lower = to_lower_ascii(query);
  const auto asks = [&](std::initializer_list<std::string_view> signs) {
    return std::ranges::any_of(signs, [&](std::string_view sign) { return lower.contains(sign); });
  };
  const bool wants_sum = asks({"how much", "pay", "paid", "cost", "total", "bill", "owe", "price", "charge", "fee"});
  const bool wants_number = wants_sum || asks({"how many", "when", "number", "long", "date"});
  const auto has_digit = [](std::string_view part) {
    return std::ranges::any_of(part, [](char c) { return c >= '0' && c <= '9'; });
  };
  const auto has_sum = [](std::string_view part) {
    return part.contains("\xC2\xA3") || part.contains("\xE2\x82\xAC") || part.contains('$');
  };
  std::pair<std::size_t, std::size_t> best = pieces.front();
  double best_score = -1;
  for (std::size_t first = 0; first < pieces.size(); ++first) {
    for (std::size_t last = first; last < pieces.size(); ++last) {
      const std::size_t begin = pieces[first].first;
      const std::size_t end = pieces[last].second;
      if (end - begin > bytes_max && last != first) break;
      const std::string_view window = text.substr(begin, end - begin);
      double score = static_cast<double>(terms_in(terms, window));
      std::size_t numbers = 0;
      std::size_t sums = 0;
      for (std::size_t i = first; i <= last; ++i) {
        const std::string_view piece = text.substr(pieces[i].first, pieces[i].second - pieces[i].first);
        numbers += has_digit(piece) ? 1 : 0;
        sums += has_sum(piece) ? 1 : 0;
      }
      const auto up_to = [](std::size_t count, std::size_t most) { return static_cast<double>(std::min(count, most)); };
      score += wants_sum ? 0.5 * up_to(sums, 3) : (wants_number ? 0.3 : 0.1) * up_to(numbers, 4);
      // Among equals the one with more around it, which is read more easily.
      score += 0.001 * static_cast<double>(end - begin) / static_cast<double>(bytes_max);
      if (score > best_score) {
        best_score = score;
        best = {begin, end};
      }
    }
  }
  return best;
}

}  // namespace daimon::fs
