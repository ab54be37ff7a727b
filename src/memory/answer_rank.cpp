#include "memory/answer_rank.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/text.h"

namespace daimon::memory {
namespace {

const std::set<std::string, std::less<>>& silent_words() {
  static const std::set<std::string, std::less<>> kWords = {
      "a",     "about", "all",  "also", "an",    "and",   "any",  "are",    "as",       "at",    "be",
      "been",  "but",   "by",   "can",  "could", "did",   "do",   "does",   "document", "each",  "file",
      "find",  "for",   "from", "get",  "had",   "has",   "have", "he",     "her",      "his",   "how",
      "i",     "if",    "in",   "into", "is",    "it",    "its",  "know",   "many",     "me",    "much",
      "my",    "need",  "now",  "of",   "on",    "or",    "our",  "please", "s",        "say",   "says",
      "she",   "so",    "tell", "that", "the",   "their", "them", "then",   "there",    "they",  "this",
      "to",    "up",    "us",   "was",  "we",    "were",  "what", "when",   "where",    "which", "who",
      "whose", "why",   "will", "with", "would", "write", "you",  "your"};
  return kWords;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const std::string lower = to_lower_ascii(text) + " ";
  for (const char c : lower) {
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80)
      word += c;
    else if (!word.empty())
      words.push_back(std::exchange(word, {}));
  }
  return words;
}

// Whether the full stop at `at` belongs to a number that counts, as in "am 15. April" and "1. Buy milk", rather than to
// the end of a sentence, as in "We paid 15. It".
bool is_ordinal(std::string_view text, std::size_t begin, std::size_t at) {
  std::size_t digits = at;
  while (digits > begin && is_digit(text[digits - 1])) --digits;
  if (text[at] != '.' || digits == at || at - digits > 2) return false;
  const std::string_view before = trim(text.substr(begin, digits - begin));
  if (before.empty()) return true;
  const std::string_view after = trim(text.substr(at + 1, 24));
  if (!after.empty() && after[0] >= 'a' && after[0] <= 'z') return true;
  // Their beginnings: "januar" is January, Januar and januari.
  constexpr std::array<std::string_view, 20> kMonths = {"januar",  "februar", "march",    "m\xC3\xA4rz", "maart",
                                                        "april",   "may",     "mai",      "mei",         "june",
                                                        "juni",    "july",    "juli",     "august",      "september",
                                                        "october", "oktober", "november", "december",    "dezember"};
  const std::string lower = to_lower_ascii(after);
  return std::ranges::any_of(kMonths, [&](std::string_view month) { return lower.starts_with(month); });
}

// Whether the full stop at `at` shortens a first name, as in "P. Oakes", and ends no sentence, as in "nor do I. He".
bool is_initial(std::string_view text, std::size_t begin, std::size_t at) {
  const auto is_capital = [&](std::size_t i) { return i < text.size() && text[i] >= 'A' && text[i] <= 'Z'; };
  if (text[at] != '.' || at == begin || !is_capital(at - 1) || text[at - 1] == 'I' || !is_capital(at + 2)) return false;
  return at - 1 == begin || std::string_view(" (.\n").contains(text[at - 2]);
}

double held(const std::vector<std::string>& wanted, const std::vector<std::string>& words) {
  return static_cast<double>(std::ranges::count_if(wanted, [&](const std::string& w) {
    return std::ranges::any_of(words, [&](const std::string& other) { return same_but_for_ending(w, other); });
  }));
}

}  // namespace

bool same_but_for_ending(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  return a == b || (a.size() >= 4 && b.size() <= a.size() + 3 && b.starts_with(a));
}

bool is_silent(std::string_view word) { return silent_words().contains(word); }

std::vector<std::string> telling_words(std::string_view goal) {
  constexpr std::size_t kWordsMax = 24;
  std::vector<std::string> telling;
  for (std::string& word : words_of(goal))
    if (telling.size() < kWordsMax && !silent_words().contains(word) &&
        std::ranges::find(telling, word) == telling.end())
      telling.push_back(std::move(word));
  return telling;
}

std::vector<std::string_view> sentences_of(std::string_view passage) {
  std::vector<std::string_view> sentences;
  std::size_t begin = 0;
  const auto end_at = [&](std::size_t end) {
    if (const auto sentence = trim(passage.substr(begin, end - begin)); !sentence.empty())
      sentences.push_back(sentence);
    begin = end;
  };
  for (std::size_t i = 0; i < passage.size(); ++i) {
    const char next = i + 1 < passage.size() ? passage[i + 1] : '\n';
    if (passage[i] == '\n' || (std::string_view(".!?").contains(passage[i]) && (next == ' ' || next == '\n') &&
                               !is_ordinal(passage, begin, i) && !is_initial(passage, begin, i)))
      end_at(i + 1);
  }
  end_at(passage.size());
  return sentences;
}

bool plainly_answers(std::string_view goal, std::string_view path, std::string_view passage, std::string_view line,
                     std::string_view piece) {
  constexpr double kMost = 0.6;
  const auto words = telling_words(goal);
  auto all = words_of(passage);
  for (std::string& word : words_of(path)) all.push_back(std::move(word));
  if (words.empty() || held(words, all) < kMost * static_cast<double>(words.size())) return false;
  const std::size_t at = line.find(piece);
  if (at == std::string_view::npos) return false;
  std::size_t begin = line.substr(0, at).rfind(". ");
  begin = begin == std::string_view::npos ? 0 : begin + 2;
  const std::size_t end = std::min(line.find(". ", at + piece.size()), line.size());
  const auto sentence = words_of(line.substr(begin, end - begin));
  std::vector<std::string> names;
  for (std::size_t i = 1; i < goal.size(); ++i)
    if (goal[i] >= 'A' && goal[i] <= 'Z' && goal[i - 1] == ' ' && i > 1 &&
        !std::string_view(".?!").contains(goal[i - 2]))
      if (auto name = words_of(goal.substr(i, goal.find(' ', i) - i)); !name.empty() && name[0].size() > 1)
        names.push_back(std::move(name[0]));
  return held(names, sentence) == static_cast<double>(names.size());
}

}  // namespace daimon::memory
