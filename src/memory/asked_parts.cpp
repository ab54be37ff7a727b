#include "memory/asked_parts.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/text.h"
#include "memory/goal_facts.h"
#include "memory/goal_words.h"
#include "memory/named_times.h"

namespace daimon::memory {
namespace {

constexpr std::size_t kPartBytesMax = 300;

// The same only where nothing else stands beside them: "what does each pay".
bool is_doing_alone(std::string_view word) {
  static const WordSet kWords = {"pay",  "pays",  "paid",     "owe",     "owes",  "number", "time",
                                 "cost", "costs", "amount",   "all",     "make",  "makes",  "does",
                                 "idea", "mean",  "decimals", "decimal", "places"};
  return kWords.contains(word) || is_doing_behind(word);
}

// By their names as they stand: "May" is a month, "may" is not.
bool is_month(std::string_view word) { return !times_in(word).months.empty(); }
bool is_year(std::string_view word) {
  const NamedTimes times = times_in(word);
  return times.months.empty() && !times.years.empty();
}
bool is_number(std::string_view word) {
  while (!word.empty() && word.ends_with('%')) word.remove_suffix(1);
  return !word.empty() && !is_year(word) &&
         std::ranges::all_of(word, [](char c) { return is_digit(c) || c == '.' || c == ','; });
}

bool is_time(std::string_view word) { return is_month(word) || is_year(bare(word)); }
bool has_time(const Words& words) { return std::ranges::any_of(words, is_time); }

// "April", "for May 2026", "2025": what is about nothing but a time.
bool is_time_alone(const Words& words) {
  return has_time(words) &&
         std::ranges::all_of(words, [](std::string_view word) { return is_time(word) || is_doing(bare(word)); });
}

// Whether "what" and the like opens something that is looked up ("what the plumber charged"), rather than the question
// what something comes to ("what is", "how much more").
bool opens_thing(const Words& words) {
  static const WordSet kOpening = {"what", "who", "where", "which", "how"};
  static const WordSet kGoesOn = {"is",    "are",  "was",  "were", "do",    "does", "did",
                                  "would", "will", "much", "many", "comes", "you"};
  // "How far apart are" asks what something comes to, "how far is it" does not.
  if (words.size() > 2 && bare(words[1]) == "far") return bare(words[2]) != "apart";
  return words.size() > 2 && kOpening.contains(bare(words[0])) && !kGoesOn.contains(bare(words[1])) &&
         !is_number(bare(words[1]));
}

// Leaves of "20% of the rent", "the rent times 3" and "the rent split 5 ways" only the rent.
void without_reckoning(Words& words) {
  static const WordSet kShares = {"%", "percent", "pct", "cent", "times", "x", "lots"};
  static const WordSet kReckons = {"times", "x", "divided", "multiplied", "split", "shared", "makes"};
  // "Split two ways" and "shared equally", not "times the rent by 5".
  static const WordSet kThings = {"the", "my", "our", "a", "an", "his", "her", "their", "your", "what"};
  const auto said = [&](std::size_t i) { return i < words.size() ? bare(words[i]) : std::string(); };
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (!is_number(said(i))) continue;
    std::size_t next = i + 1;
    if (said(next) == "per") ++next;
    const bool is_share = kShares.contains(said(next)) || said(i).ends_with('%');
    if (!is_share) continue;
    if (kShares.contains(said(next))) ++next;
    if (said(next) == "of") ++next;
    if (next >= words.size()) continue;
    words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(next));
    break;
  }
  for (std::size_t i = 1; i < words.size(); ++i)
    if (kReckons.contains(said(i)) &&
        (is_number(said(i + 1)) || (is_doing(said(i + 1)) && !kThings.contains(said(i + 1))))) {
      words.resize(i);
      break;
    }
}

// "Half board" and "double room" are things, "half of the rent" and "double the fee" are what is to be done with them.
bool begins_name(const Words& words) {
  static const WordSet kNames = {"half", "double", "single", "round"};
  return words.size() > 1 && kNames.contains(bare(words[0])) && !is_doing(bare(words[1])) && !is_number(bare(words[1]));
}

// "A second look" and "the extra share" are things, "have a look" and "my share" are not.
bool ends_name(const Words& words) {
  static const WordSet kNames = {"look", "share", "check", "minute", "work", "round", "split"};
  return words.size() > 1 && kNames.contains(bare(words.back())) && !is_doing(bare(words[words.size() - 2])) &&
         !is_number(bare(words[words.size() - 2]));
}

// Without what is to be done at both edges, and without numbers that it is done with.
Words trimmed(Words words) {
  const auto is_thing = [](std::string_view word) {
    const std::string said = bare(word);
    return !is_doing(said) && !is_doing_alone(said) && !is_number(said);
  };
  without_reckoning(words);
  if (std::ranges::none_of(words, is_thing)) return {};
  while (!words.empty() && !opens_thing(words)) {
    const std::string said = bare(words.front());
    const bool counts = is_number(said) && words.size() > 1 && (is_doing(bare(words[1])) || said.ends_with('%'));
    if ((!is_doing(said) && !counts) || begins_name(words)) break;
    words.erase(words.begin());
  }
  while (!words.empty()) {
    const std::string said = bare(words.back());
    const bool counts = is_number(said) && words.size() > 1 && is_doing(bare(words[words.size() - 2]));
    if ((!is_doing(said) && !is_doing_behind(said) && !counts) || ends_name(words)) break;
    words.pop_back();
  }
  return words;
}

bool ends_sentence(std::string_view word) {
  static const WordSet kShort = {"mr.", "mrs.", "ms.",  "dr.",   "st.",  "no.",
                                 "co.", "inc.", "ltd.", "prof.", "rev.", "vs."};
  return word.back() == '.' && word.size() > 2 && !kShort.contains(to_lower_ascii(word));
}

// Cut at these words, at the ends of sentences, and at commas and colons or not.
std::vector<Words> split(const Words& words, const WordSet& separators, bool at_commas) {
  std::vector<Words> parts(1);
  for (const std::string_view word : words) {
    const bool is_sign = word == "+" || word == "-" || word == "/" || word == "&";
    const bool is_separator = separators.contains(is_sign ? std::string(word) : bare(word));
    if (!is_separator) parts.back().push_back(word);
    if (is_separator || std::string_view(";?!").contains(word.back()) || ends_sentence(word) ||
        (at_commas && std::string_view(",:").contains(word.back())))
      parts.emplace_back();
  }
  return parts;
}

bool is_capital(std::string_view word) { return word[0] >= 'A' && word[0] <= 'Z'; }

// The same with another time: each month and year in the place of the one there, or behind it all.
Words at_time(Words words, const Words& time) {
  for (const auto is : {+[](std::string_view word) { return is_month(word); },
                        +[](std::string_view word) { return is_year(bare(word)); }}) {
    const auto said = std::ranges::find_if(time, is);
    if (said == time.end()) continue;
    const auto there = std::ranges::find_if(words, is);
    if (there != words.end())
      *there = *said;
    else
      words.push_back(*said);
  }
  return words;
}

// Gives parts that only name a time or somebody else what they are about, and short ones the time of the others.
void complete(std::vector<Words>& parts) {
  const auto whole = std::ranges::find_if_not(parts, is_time_alone);
  if (whole == parts.end()) return;
  const Words model = *whole;
  const auto alone = std::ranges::count_if(parts, is_time_alone);
  const auto untimed = std::ranges::count_if(parts, std::not_fn(has_time));
  // "For May, gas and water".
  if (alone == 1 && untimed + 1 == std::ssize(parts)) {
    const auto time = std::ranges::find_if(parts, is_time_alone);
    const Words said = *time;
    parts.erase(time);
    for (Words& part : parts) part = at_time(std::move(part), said);
    return;
  }
  // "Gas, April and May".
  if (alone + 1 == std::ssize(parts) && untimed == 1 && parts.size() > 2) parts.erase(whole);
  constexpr std::size_t kShort = 2;
  const auto timed = std::ranges::find_if(parts, has_time);
  const Words time = timed == parts.end() ? Words() : *timed;
  for (Words& part : parts) {
    if (is_time_alone(part)) {
      part = at_time(model, part);
    } else if (&part != &parts.front() && part.size() <= kShort && std::ranges::all_of(part, is_capital) &&
               model.size() > part.size() && is_capital(model.back()) && !is_capital(model.front())) {
      // "The salaries of Anna and Ben".
      Words made = model;
      while (!made.empty() && is_capital(made.back())) made.pop_back();
      made.insert(made.end(), part.begin(), part.end());
      part = std::move(made);
    } else if (part.size() <= kShort && !has_time(part)) {
      part = at_time(std::move(part), time);
    }
  }
}

// "..., for the accountant": whom it is for, behind the file that it goes into.
bool is_for_somebody(const Words& part) {
  return part.size() > 1 && part.size() < 5 && bare(part[0]) == "for" && std::ranges::none_of(part, is_time);
}

std::vector<Words> parts_at(const Words& words, const WordSet& separators, bool at_commas) {
  std::vector<Words> parts;
  auto cut = split(words, separators, at_commas);
  std::erase_if(cut, [](const Words& part) { return part.empty(); });
  // A file is a comma by itself.
  const bool has_tail = std::ranges::count(words, ",") == 1 && cut.size() > 1 && cut[cut.size() - 2].back() == "," &&
                        is_for_somebody(cut.back());
  for (const Words& part : cut) {
    const bool is_tail = has_tail && &part == &cut.back();
    const Words thing = is_tail ? Words() : trimmed(part);
    if (thing.empty()) continue;
    if (!is_time_alone(thing)) {
      parts.push_back(thing);
      continue;
    }
    // "April and May 2026" is two, "2025" and "April" one each.
    bool any_month = false;
    for (const std::string_view word : thing) {
      if (is_month(word) || (is_year(bare(word)) && !any_month)) parts.push_back({word});
      if (is_year(bare(word)) && any_month) parts.back().push_back(word);
      any_month = any_month || is_month(word);
    }
  }
  complete(parts);
  return parts;
}

// "Rent, gas, water".
bool is_list(const Words& part) {
  return std::ranges::count_if(part, [](std::string_view word) { return word.back() == ','; }) > 1;
}

// Whether a comma parted what goes on with "and": "for the flat, gas and water".
bool goes_on(const std::vector<Words>& parts) {
  static const WordSet kGoesOn = {"and", "plus", "minus", "less", "than"};
  return std::ranges::any_of(parts, [](const Words& part) {
    return std::ranges::any_of(part, [](std::string_view word) { return kGoesOn.contains(bare(word)); });
  });
}

}  // namespace

std::vector<std::string> asked_parts(std::string_view goal, std::size_t count, std::span<const std::string> files) {
  if (goal.size() > kPartedGoalBytesMax || count == 0) return {};
  const std::string text = without_names(std::string(goal), files, ",");
  Words words = words_in(text);
  // "May I have the rent?"
  if (words.size() > 2 && bare(words[0]) == "may" && is_doing(bare(words[1]))) words.erase(words.begin());
  static const WordSet kSigns = {"plus", "minus", "than", "versus", "vs", "+", "-", "/"};
  WordSet several = kSigns;
  several.insert({"and", "also", "then", "less"});
  const auto by = [&](const WordSet& separators, bool at_commas) -> std::vector<std::string> {
    const auto parts = parts_at(words, separators, at_commas);
    if (parts.size() != count || (at_commas && count > 1 && goes_on(parts)) ||
        (!at_commas && std::ranges::any_of(parts, is_list)))
      return {};
    std::vector<std::string> made;
    for (const Words& part : parts) made.push_back(joined(part));
    const auto is_usable = [](const std::string& part) { return !part.empty() && part.size() <= kPartBytesMax; };
    return std::ranges::all_of(made, is_usable) ? std::move(made) : std::vector<std::string>();
  };
  for (const bool at_commas : {true, false})
    for (const WordSet* separators : {&kSigns, &std::as_const(several)})
      if (auto made = by(*separators, at_commas); !made.empty()) return made;
  // What parts two things only if nothing else does: "add A to B", "take A off B".
  std::vector<std::string> others = {"from", "off",   "with", "against", "to", "above", "exceed", "exceeds",
                                     "over", "after", "once", "or",      "&",  "n",     "is"};
  const auto says = [&](std::string_view wanted) {
    return std::ranges::any_of(words, [&](std::string_view word) { return bare(word) == wanted; });
  };
  if (says("add")) others.insert(others.begin(), "to");
  // "What is left of A after B from C & D": the first "from" parts nothing.
  if (says("left")) others.insert(others.begin(), {"after", "once"});
  for (const std::string& other : others) {
    WordSet with = several;
    with.insert(other);
    if (auto made = by(with, true); !made.empty()) return made;
  }
  return {};
}

}  // namespace daimon::memory
