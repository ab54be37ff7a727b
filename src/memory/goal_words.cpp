#include "memory/goal_words.h"

#include <algorithm>

#include "base/text.h"

namespace daimon::memory {

Words words_in(std::string_view text) {
  Words words;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \n\t", begin), text.size());
    if (end > begin) words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

std::string joined(const Words& words) {
  std::string text;
  for (const std::string_view word : words) (text += text.empty() ? "" : " ") += word;
  while (!text.empty() && std::string_view(".,;:?!").contains(text.back())) text.pop_back();
  return text;
}

std::string bare(std::string_view word) {
  constexpr std::string_view kEdges = ".,;:?!()\"";
  while (!word.empty() && kEdges.contains(word.front())) word.remove_prefix(1);
  while (!word.empty() && kEdges.contains(word.back())) word.remove_suffix(1);
  return to_lower_ascii(word);
}

bool is_doing(std::string_view word) {
  static const WordSet kWords = {
      "a",          "above",      "across",     "add",      "added",     "adding",     "after",      "again",
      "against",    "also",       "altogether", "among",    "an",        "and",        "answer",     "anyway",
      "apart",      "are",        "as",         "asap",     "at",        "away",       "be",         "been",
      "between",    "bigger",     "both",       "by",       "calculate", "called",     "came",       "can",
      "cent",       "cheaper",    "check",      "cheers",   "combine",   "combined",   "come",       "comes",
      "compare",    "compared",   "compute",    "could",    "create",    "dearer",     "deduct",     "deducted",
      "did",        "difference", "dig",        "divide",   "divided",   "dividing",   "do",         "does",
      "down",       "drop",       "each",       "equal",    "equally",   "equals",     "every",      "everyone",
      "everyone's", "exact",      "exactly",    "exceed",   "exceeded",  "exceeds",    "far",        "fetch",
      "figure",     "file",       "find",       "for",      "from",      "gap",        "get",        "gimme",
      "give",       "go",         "goes",       "had",      "half",      "has",        "have",       "he",
      "hello",      "hey",        "hi",         "higher",   "hold",      "how",        "hurry",      "i",
      "i'd",        "i'll",       "i'm",        "i've",     "if",        "in",         "into",       "is",
      "it",         "it's",       "its",        "jot",      "just",      "keep",       "kindly",     "knock",
      "know",       "leave",      "left",       "less",     "let",       "let's",      "like",       "look",
      "looked",     "looking",    "lookup",     "lots",     "lower",     "make",       "many",       "me",
      "mind",       "minus",      "minute",     "months",   "more",      "much",       "multiplied", "multiply",
      "my",         "named",      "need",       "needs",    "no",        "note",       "now",        "of",
      "off",        "ok",         "okay",       "on",       "once",      "one",        "or",         "our",
      "out",        "over",       "pct",        "per",      "percent",   "percentage", "please",     "pls",
      "plus",       "plz",        "pop",        "pricier",  "put",       "quick",      "record",     "remain",
      "remainder",  "remains",    "result",     "right",    "round",     "rush",       "save",       "saved",
      "say",        "saying",     "see",        "share",    "shared",    "shares",     "sharing",    "she",
      "should",     "show",       "showing",    "side",     "single",    "so",         "somehow",    "something",
      "sorry",      "split",      "splitting",  "stick",    "store",     "subtract",   "subtracted", "sum",
      "summed",     "ta",         "take",       "taken",    "tally",     "tell",       "than",       "thank",
      "thanks",     "that",       "the",        "them",     "then",      "there",      "there's",    "these",
      "they",       "things",     "this",       "those",    "thx",       "times",      "to",         "together",
      "too",        "tot",        "total",      "totalled", "totals",    "two",        "u",          "under",
      "up",         "us",         "versus",     "vs",       "want",      "wants",      "was",        "ways",
      "we",         "well",       "went",       "were",     "what",      "what's",     "whats",      "when",
      "where",      "which",      "while",      "who",      "with",      "work",       "worked",     "working",
      "would",      "write",      "x",          "you",      "you're"};
  return word.empty() || kWords.contains(word);
}

bool is_doing_behind(std::string_view word) {
  static const WordSet kWords = {"people", "persons", "person", "new",  "front",
                                 "parts",  "stored",  "noted",  "kept", "top"};
  return kWords.contains(word);
}

}  // namespace daimon::memory
