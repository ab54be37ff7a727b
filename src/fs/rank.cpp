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

std::vector<std::pair<std::size_t, std::size_t>> best_lines(std::string_view text, std::string_view query,
                                                            std::size_t bytes_max) {
  const auto terms = query_terms(query);
  const auto pieces = pieces_of(text, bytes_max);
  // A question for a sum is answered by a line with a sum in it, one for a quantity by a line with a number; most other
  // questions are about facts, and those have numbers more often than the sentences around them.
  const std::string lower = to_lower_ascii(query);
  const auto asks = [&](std::initializer_list<std::string_view> signs) {
    return std::ranges::any_of(signs, [&](std::string_view sign) { return lower.contains(sign); });
  };
  const bool wants_sum = asks({"how much", "pay", "paid", "cost", "total", "bill", "owe", "price", "charge", "fee"});
  const bool wants_number = wants_sum || asks({"how many", "when", "number", "long", "date"});
  struct Line {
    std::vector<bool> holds;  // each term
    double worth = 0;         // whatever the others hold
    bool taken = false;
  };
  std::vector<Line> lines(pieces.size());
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const std::string_view piece = text.substr(pieces[i].first, pieces[i].second - pieces[i].first);
    for (const std::string& term : terms) lines[i].holds.push_back(terms_in({term}, piece) > 0);
    const bool number = std::ranges::any_of(piece, is_digit);
    const bool sum = piece.contains("\xC2\xA3") || piece.contains("\xE2\x82\xAC") || piece.contains('$');
    lines[i].worth = sum && wants_sum ? 0.8 : number ? (wants_number ? 0.3 : 0.1) : 0;
  }
  // One after the other, each time the one that adds most: what a line says that no other says yet counts in full.
  constexpr double kAgain = 0.35;
  constexpr double kBeside = 0.2;
  std::vector<bool> held(terms.size());
  std::size_t room = bytes_max;
  while (true) {
    std::size_t best = lines.size();
    double best_gain = -1;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::size_t size = pieces[i].second - pieces[i].first + (room == bytes_max ? 0 : 1);
      if (lines[i].taken || size > room) continue;
      double gain = lines[i].worth;
      for (std::size_t t = 0; t < terms.size(); ++t)
        if (lines[i].holds[t]) gain += held[t] ? kAgain : 1;
      if ((i > 0 && lines[i - 1].taken) || (i + 1 < lines.size() && lines[i + 1].taken)) gain += kBeside;
      if (gain > best_gain) best = i, best_gain = gain;
    }
    if (best == lines.size()) break;
    lines[best].taken = true;
    for (std::size_t t = 0; t < terms.size(); ++t) held[t] = held[t] || lines[best].holds[t];
    room -= pieces[best].second - pieces[best].first + (room == bytes_max ? 0 : 1);
  }
  std::vector<std::pair<std::size_t, std::size_t>> taken;
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (lines[i].taken) taken.push_back(pieces[i]);
  return taken;
}

bool is_about(const std::vector<std::string>& terms, std::string_view text) {
  static const std::set<std::string, std::less<>> kEverywhere = {
      "amount", "called", "cost",  "date",  "day",   "days",   "email",   "letter", "list",
      "mail",   "month",  "name",  "note",  "now",   "number", "numbers", "page",   "paper",
      "price",  "time",   "times", "today", "total", "week",   "year"};
  std::vector<std::string> telling;
  for (const std::string& term : terms)
    if (!kEverywhere.contains(term)) telling.push_back(term);
  return telling.empty() || terms_in(telling, text) > 0;
}

}  // namespace daimon::fs
