#include "memory/write_content.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/text.h"
#include "memory/goal_facts.h"

namespace daimon::memory {
namespace {

// Stands for the name of a file: a character that nobody types, so that the lines of the goal stay as they are.
constexpr char kName = '\x1f';
constexpr std::size_t kContentsMax = 64;

using Words = std::set<std::string, std::less<>>;

// Of the phrasings that the firmware was trained on (firmware/data/goals/files.txt), and their likes.
const Words& words_before() {
  static const Words kWords = {
      "a",       "add",     "all",        "also",     "alter",     "an",        "and",        "append",  "as",
      "be",      "before",  "but",        "by",       "call",      "called",    "can",        "change",  "changed",
      "clear",   "contain", "containing", "contains", "content",   "contents",  "correct",    "could",   "creat",
      "create",  "date",    "down",       "drop",     "echo",      "edit",      "empty",      "enter",   "everything",
      "exist",   "file",    "fill",       "find",     "fine",      "following", "for",        "forget",  "from",
      "get",     "go",      "got",        "have",     "holding",   "i",         "i'd",        "i've",    "in",
      "instead", "into",    "is",         "it",       "it's",      "its",       "jot",        "just",    "keep",
      "later",   "leave",   "let",        "let's",    "like",      "line",      "line's",     "log",     "lose",
      "made",    "make",    "me",         "mistake",  "my",        "name",      "named",      "need",    "needs",
      "new",     "note",    "nothing",    "now",      "of",        "old",       "on",         "only",    "open",
      "ought",   "out",     "over",       "overwite", "overwrite", "plans",     "please",     "pls",     "pop",
      "put",     "read",    "reading",    "record",   "redo",      "remember",  "reminder",   "replace", "replaced",
      "rewrite", "right",   "rubbish",    "save",     "say",       "saying",    "says",       "scrap",   "set",
      "should",  "so",      "stand",      "start",    "stick",     "store",     "substitute", "swap",    "take",
      "text",    "that",    "the",        "then",     "there",     "this",      "throw",      "to",      "turn",
      "type",    "up",      "update",     "use",      "version",   "want",      "we",         "what's",  "whole",
      "whose",   "will",    "wipe",       "with",     "words",     "would",     "write",      "written", "you"};
  return kWords;
}

const Words& words_after() {
  static const Words kWords = {"a",     "and",    "as",     "at",   "before", "called",  "content", "down",
                               "drop",  "file",   "for",    "goes", "in",     "inside",  "instead", "into",
                               "is",    "it",     "keep",   "log",  "me",     "name",    "named",   "new",
                               "note",  "now",    "of",     "old",  "on",     "onto",    "over",    "overwriting",
                               "place", "please", "pls",    "put",  "record", "save",    "store",   "stuff",
                               "text",  "thanks", "that",   "the",  "there",  "to",      "top",     "under",
                               "was",   "what",   "what's", "will", "write",  "written", "you",     "your"};
  return kWords;
}

struct Word {
  std::size_t begin, end;
  std::string bare;  // in lower case, without the marks around it; empty: it is nothing but marks
};

std::vector<Word> words_in(std::string_view piece) {
  constexpr std::string_view kBlanks = " \t\r\n";
  constexpr std::string_view kMarks = ".,;:!?()[]\"'>=-";
  std::vector<Word> words;
  for (std::size_t at = piece.find_first_not_of(kBlanks); at != std::string_view::npos;) {
    const std::size_t end = std::min(piece.find_first_of(kBlanks, at), piece.size());
    std::string_view bare = piece.substr(at, end - at);
    bare.remove_prefix(std::min(bare.find_first_not_of(kMarks), bare.size()));
    while (!bare.empty() && kMarks.contains(bare.back())) bare.remove_suffix(1);
    words.push_back({at, end, to_lower_ascii(bare)});
    at = piece.find_first_not_of(kBlanks, end);
  }
  return words;
}

void add(std::vector<std::string>& list, std::string_view text) {
  text = trim(text);
  if (!text.empty() && !std::ranges::contains(list, text)) list.emplace_back(text);
}

// Words of command that what is to be written may begin or end with, and what a list begins with.
bool may_be_own(std::string_view piece, const Word& word) {
  static const Words kWords = {"a",     "all",      "an",   "and",  "as",     "at",   "be",    "but",   "by",    "call",
                               "find",  "for",      "from", "get",  "go",     "had",  "has",   "have",  "i",     "i'd",
                               "i've",  "in",       "is",   "it",   "it's",   "its",  "leave", "let",   "let's", "like",
                               "make",  "me",       "my",   "need", "no",     "now",  "of",    "on",    "open",  "over",
                               "plans", "remember", "so",   "take", "that",   "the",  "then",  "there", "this",  "to",
                               "turn",  "use",      "was",  "we",   "what's", "will", "with",  "you"};
  const std::string_view text = piece.substr(word.begin, word.end - word.begin);
  return kWords.contains(word.bare) || text == "-" || text == "*";
}

bool is_replacing(std::string_view bare) {
  static const Words kWords = {"fill",     "overwrite", "overwriting", "redo", "replace",
                               "replaced", "replacing", "substitute",  "swap"};
  return kWords.contains(bare);
}

// "Get it written to a.txt".
bool is_done(std::string_view bare) {
  static const Words kWords = {"noted", "recorded", "saved", "stored", "written"};
  return kWords.contains(bare);
}

bool is_saying(std::string_view bare) {
  static const Words kWords = {"contain", "containing", "contains", "read", "reading",
                               "reads",   "say",        "saying",   "says"};
  return kWords.contains(bare);
}

// "New version:", wherever it stands.
bool is_version(std::string_view piece, const Word& word) {
  static const Words kWords = {"content", "contents", "text", "version"};
  return piece[word.end - 1] == ':' && kWords.contains(word.bare);
}

bool is_verb(std::string_view bare) {
  static const Words kWords = {"append", "down",   "echo",    "jot",  "keep",  "log",   "note", "pop",
                               "put",    "record", "replace", "save", "store", "stick", "type", "write"};
  return kWords.contains(bare);
}

// After one of these comes what is to be written, whatever it begins with.
bool is_marker(std::string_view piece, const Word& word) {
  return piece[word.end - 1] == ':' || is_saying(word.bare) || is_verb(word.bare);
}

// `is_before_name`: the name of a file follows, so that a preposition at the end belongs to that.
void add_piece(std::string_view piece, bool is_before_name, std::vector<std::string>& found) {
  static const Words kToName = {"as",    "at", "called", "file", "in",    "inside", "into",
                                "named", "on", "onto",   "to",   "under", ""};
  constexpr int kMarksMax = 2;
  constexpr std::size_t kPlacesMax = 8;
  const auto words = words_in(piece);
  const auto says = [&](std::size_t i, const Words& commands) {
    return words[i].bare.empty() || commands.contains(words[i].bare);
  };
  // Behind all words of command, or before those of them that may be its own.
  std::size_t first = 0;
  while (first < words.size() && says(first, words_before())) ++first;
  std::vector<std::size_t> begins{first};
  const auto add_begin = [&](std::size_t i) {
    if (begins.size() < kPlacesMax && !std::ranges::contains(begins, i)) begins.push_back(i);
  };
  for (std::size_t i = first; i > 0 && may_be_own(piece, words[i - 1]) && !is_marker(piece, words[i - 1]); --i)
    add_begin(i - 1);
  // Behind the last marker among the words of command, and behind words of saying wherever they are.
  for (std::size_t i = first; i > 0; --i)
    if (is_marker(piece, words[i - 1])) {
      add_begin(i);
      break;
    }
  for (std::size_t i = first; i < words.size(); ++i)
    if (is_saying(words[i].bare) || is_version(piece, words[i])) add_begin(i + 1);
  // Behind the name, "with" and what the file is to hold.
  if (first > 1 && words[0].bare == "with") add_begin(1);
  // "Replace all with ...": what comes before "with" is no part of it.
  const auto commands_end = words.begin() + static_cast<std::ptrdiff_t>(first);
  const auto replacing =
      std::find_if(words.begin(), commands_end, [](const Word& word) { return is_replacing(word.bare); });
  const bool is_replaced_with =
      std::any_of(replacing, commands_end, [](const Word& word) { return word.bare == "with"; });
  // What stands behind the name and a colon is it, unless more words of command come first.
  if (!words.empty() && piece.substr(words[0].begin, words[0].end - words[0].begin) == ":") {
    const bool commands = std::any_of(words.begin() + 1, commands_end, [](const Word& word) {
      return is_verb(word.bare) || is_saying(word.bare) || is_replacing(word.bare);
    });
    if (!commands) begins.clear();
    if (!is_replaced_with) add_begin(1);
  }
  std::size_t last = words.size();
  while (last > 0 && says(last - 1, words_after())) --last;
  // "Get it written to a.txt", not "Get well soon, written in a.txt".
  std::size_t done = last;
  while (done < words.size() && !is_done(words[done].bare)) ++done;
  if (last > 0 && is_done(words[last - 1].bare)) done = last - 1;
  if (words.size() > 2 && words[0].bare == "get" && done > 1 && done < words.size() &&
      piece[words[done - 1].end - 1] != ',') {
    last = std::min(last, done);
    std::erase(begins, std::size_t{0});
  }
  std::vector<std::size_t> ends{last};
  for (std::size_t i = last; i < words.size() && ends.size() < kPlacesMax && may_be_own(piece, words[i]); ++i)
    ends.push_back(i + 1);
  if (!std::ranges::contains(ends, words.size())) ends.push_back(words.size());
  if (is_before_name && !words.empty() && kToName.contains(words.back().bare)) std::erase(ends, words.size());
  for (const std::size_t begin : begins)
    for (const std::size_t end : ends) {
      if (found.size() >= kContentsMax) return;
      bool is_more = false;
      for (std::size_t i = begin; i < end && !is_more; ++i) is_more = !says(i, words_before());
      if (!is_more) continue;
      std::string_view text = piece.substr(words[begin].begin, words[end - 1].end - words[begin].begin);
      add(found, text);
      // What ends the sentence around it may be its own end too.
      for (int i = 0; i < kMarksMax && !text.empty() && std::string_view(".,;:-").contains(text.back()); ++i) {
        text.remove_suffix(1);
        add(found, text);
      }
    }
}

std::vector<std::string> quoted_contents_in(std::string_view text) {
  std::vector<std::string> found;
  for (const std::string& quoted : quoted_in(text))
    if (!quoted.contains(kName)) add(found, quoted);
  return found;
}

// Whether the goal is this quotation, names of files and words of command.
bool is_all_of(std::string_view told, std::string_view quoted) {
  const std::size_t at = told.find(quoted);
  const auto says_nothing = [](std::string_view text) {
    return std::ranges::all_of(words_in(text), [](const Word& word) {
      return word.bare.find_first_not_of(kName) == std::string::npos || words_before().contains(word.bare) ||
             words_after().contains(word.bare);
    });
  };
  return says_nothing(told.substr(0, at)) && says_nothing(told.substr(at + quoted.size()));
}

}  // namespace

std::vector<std::string> contents_in(std::string_view goal, std::span<const std::string> files) {
  constexpr std::size_t kGoalBytesMax = 4000;
  if (goal.size() > kGoalBytesMax) return {};
  std::string told = without_names(std::string(goal), files, std::string_view(&kName, 1));
  // Quotation marks around a name go with it.
  for (const std::string_view mark : {"“", "”", "„", "«", "»", "‘", "’", "\"", "'", "`"})
    for (std::size_t at = told.find(kName); at != std::string::npos; at = told.find(kName, at + 1)) {
      if (told.compare(at + 1, mark.size(), mark) == 0) told.erase(at + 1, mark.size());
      if (at >= mark.size() && told.compare(at - mark.size(), mark.size(), mark) == 0)
        told.erase(at -= mark.size(), mark.size());
    }
  std::vector<std::string> found = quoted_contents_in(told);
  if (found.size() == 1 && is_all_of(told, found[0])) return found;
  for (std::string_view rest = told;;) {
    const std::size_t end = std::min(rest.find(kName), rest.size());
    add_piece(rest.substr(0, end), end < rest.size(), found);
    if (end == rest.size()) break;
    rest.remove_prefix(end + 1);
  }
  return found;
}

}  // namespace daimon::memory
