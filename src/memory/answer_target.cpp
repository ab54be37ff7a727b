#include "memory/answer_target.h"

#include <algorithm>
#include <vector>

#include "memory/asked_parts.h"
#include "memory/goal_facts.h"
#include "memory/goal_words.h"

namespace daimon::memory {
namespace {

constexpr char kTarget = '\x1F';  // stands for the file

bool is_target(std::string_view word) { return word.contains(kTarget); }
bool has_target(const Words& clause) { return std::ranges::any_of(clause, is_target); }

bool goes_on(std::string_view word) {
  static const WordSet kWords = {"and", "then", "so", "oh"};
  return kWords.contains(word);
}

bool is_writing(std::string_view word) {
  static const WordSet kWords = {"put",  "save",  "write", "store", "record", "note",   "jot", "leave",
                                 "drop", "stick", "pop",   "keep",  "make",   "create", "add", "copy"};
  return kWords.contains(word);
}

// What stands between a thing and the file it goes into: "in a new file called a.txt".
bool leads_in(std::string_view word) {
  static const WordSet kWords = {"in", "into", "to", "for", "as", "at", "called", "named", "file", "new", "a", "the"};
  return kWords.contains(word);
}

// "It" of "save it to a.txt", "leave it for me in a.txt" and "write that down": not that of "the day it opens".
bool is_answer(const Words& clause, std::size_t i) {
  static const WordSet kWords = {"it", "that", "this", "them", "those", "these"};
  static const WordSet kNext = {"in", "into", "to", "for", "as", "at", "on", "under", "down", "up", "there", "too"};
  if (!kWords.contains(bare(clause[i]))) return false;
  return i + 1 == clause.size() || is_target(clause[i + 1]) || kNext.contains(bare(clause[i + 1]));
}

// Cut behind punctuation, and before what goes on with another thing to be done.
std::vector<Words> clauses_of(const Words& words) {
  std::vector<Words> clauses(1);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool is_next = i > 0 && goes_on(bare(words[i - 1]));
    const bool writes = is_writing(bare(words[i])) && i + 1 < words.size() && is_answer(words, i + 1) && !is_next;
    if ((goes_on(bare(words[i])) || writes) && !clauses.back().empty()) clauses.emplace_back();
    clauses.back().push_back(words[i]);
    if (std::string_view(".,;:?!").contains(words[i].back())) clauses.emplace_back();
  }
  std::erase_if(clauses, [](const Words& clause) { return clause.empty(); });
  return clauses;
}

// Whether it only says that there is something to be done, with whom or in which file.
bool says_nothing(const Words& clause) {
  static const WordSet kNothing = {"answer", "answers", "result", "says", "holds", "it",
                                   "that",   "this",    "them",   "will", "good",  "morning"};
  return std::ranges::all_of(clause, [](std::string_view word) {
    const std::string said = bare(word);
    return is_target(word) || is_doing(said) || is_doing_behind(said) || kNothing.contains(said);
  });
}

bool is_about_answer(const Words& clause) {
  for (std::size_t i = 0; i < clause.size(); ++i)
    if (is_answer(clause, i)) return true;
  return false;
}

// "And put the rent" is the rent.
void take_out_writing(Words& clause) {
  while (!clause.empty() && (goes_on(bare(clause.front())) || bare(clause.front()) == "please"))
    clause.erase(clause.begin());
  if (!clause.empty() && is_writing(bare(clause.front()))) clause.erase(clause.begin());
}

void take_out_target(Words& clause) {
  for (auto target = std::ranges::find_if(clause, is_target); target != clause.end();
       target = std::ranges::find_if(clause, is_target)) {
    auto begin = target;
    while (begin != clause.begin() && leads_in(bare(*(begin - 1)))) --begin;
    clause.erase(begin, target + 1);
  }
  take_out_writing(clause);
}

// Of "and put the rent in there", behind "make a.txt".
void take_out_there(Words& clause) {
  if (clause.size() < 3 || bare(clause.back()) != "there" || bare(clause[clause.size() - 2]) != "in") return;
  clause.resize(clause.size() - 2);
  take_out_writing(clause);
}

}  // namespace

std::string without_target(std::string_view goal, const std::string& target) {
  if (goal.size() > kPartedGoalBytesMax || goal.contains(kTarget)) return std::string(goal);
  const std::string text = without_names(std::string(goal), {&target, 1}, std::string(1, kTarget));
  if (!text.contains(kTarget)) return std::string(goal);
  const auto clauses = clauses_of(words_in(text));
  const bool any_other =
      std::ranges::any_of(clauses, [](const Words& clause) { return !has_target(clause) && !says_nothing(clause); });
  Words left;
  bool is_dropped = false;  // the clause before
  for (Words clause : clauses) {
    if (has_target(clause)) {
      is_dropped = any_other && (says_nothing(clause) || is_about_answer(clause));
      if (is_dropped) continue;
      take_out_target(clause);
    } else if (is_dropped) {
      take_out_there(clause);
      is_dropped = false;
    }
    left.insert(left.end(), clause.begin(), clause.end());
  }
  while (!left.empty() && goes_on(bare(left.front()))) left.erase(left.begin());
  return says_nothing(left) ? std::string(goal) : joined(left);
}

}  // namespace daimon::memory
