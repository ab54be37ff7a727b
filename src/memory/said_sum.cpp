#include "memory/said_sum.h"

#include <algorithm>
#include <array>
#include <regex>
#include <utility>
#include <vector>

#include "base/format.h"
#include "base/text.h"

namespace daimon::memory {
namespace {

constexpr std::size_t kGoalBytesMax = 400;  // the expressions of the library recurse
constexpr char kNumber = '#';               // stands for a number in the goal's words

struct Said {
  std::string words;  // in lower case, one blank between them
  std::vector<std::string> numbers;
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// None where a number is part of a word ("4n7", "22nd") or a share.
std::optional<Said> said_in(std::string_view goal) {
  Said said;
  const auto add = [&](char c) {
    if (c != ' ' || said.words.empty() || said.words.back() != ' ') said.words += c;
  };
  for (std::size_t i = 0; i < goal.size();) {
    const char c = goal[i];
    if (!is_digit(c)) {
      bool is_sign = false;
      for (const std::string_view sign : {"£", "€", "$"})
        if (goal.substr(i).starts_with(sign)) i += sign.size(), is_sign = true;
      if (is_sign) continue;
      add(c == kNumber || c == '\n' || c == '\t' ? ' ' : to_lower_ascii(goal.substr(i, 1))[0]);
      ++i;
      continue;
    }
    if (i > 0 && (is_letter(goal[i - 1]) || goal[i - 1] == '-' || goal[i - 1] == '.' || goal[i - 1] == '/'))
      return std::nullopt;
    std::string number;
    for (bool point = false; i < goal.size(); ++i) {
      const bool digit_next = i + 1 < goal.size() && is_digit(goal[i + 1]);
      if (is_digit(goal[i]))
        number += goal[i];
      else if (goal[i] == '.' && digit_next && !point)
        number += '.', point = true;
      else if (goal[i] != ',' || !digit_next || point)
        break;
    }
    if (i < goal.size() && (is_letter(goal[i]) || goal[i] == '%' || goal[i] == '/')) return std::nullopt;
    said.numbers.push_back(std::move(number));
    add(kNumber);
  }
  return said;
}

struct Turn {
  std::regex words;
  std::string_view expression;  // with "a" and "b" for the numbers in their order
};

Turn turn(const char* words, std::string_view expression) {
  return {std::regex(words, std::regex::optimize), expression};
}

#define DAIMON_EACH "(?:each|apiece|a (?:piece|go|head|time|pop|night|visit))\\b"

// The first that the goal has counts.
const std::vector<Turn>& turns_of_two() {
  static const std::vector<Turn> kTurns = [] {
    std::vector<Turn> turns;
    // Shared out.
    turns.push_back(
        turn("\\b(?:shar|split|divid|spread)[a-z]*\\b[^#]*#[^#]*\\b(?:between|among|amongst|by|over|into|"
             "across)\\b[^#]*#",
             "a / b"));
    turns.push_back(
        turn("#[^#]*\\b(?:shar|split|divid|spread)[a-z]*\\b[^#]*\\b(?:between|among|amongst|by|over|into|"
             "across)\\b[^#]*#",
             "a / b"));
    turns.push_back(
        turn("# in # (?:equal |even |monthly |weekly |yearly )*(?:instal?lments?|parts|portions|payments|"
             "pieces|goes|rates|shares|slices)\\b",
             "a / b"));
    turns.push_back(
        turn("# (?:friends|people|of us|persons|colleagues|children|guests|flatmates|neighbours)[^#]*# in "
             "(?:total|all)\\b.*\\b(?:part|share)\\b",
             "b / a"));
    turns.push_back(
        turn("how (?:many times|often) (?:is|does|do|will|would|can|could) # (?:be )?(?:contained|go|goes|"
             "fit|fits) [^#]*#",
             "b / a"));
    turns.push_back(turn("# (?:goes|go|fits?) into #", "b / a"));
    turns.push_back(turn("# (?:per|to|over|for every) #.*\\b(?:as one number|as a (?:decimal|number|ratio))", "a / b"));
    // What is missing.
    turns.push_back(turn("\\badd to #[^#]*to (?:get|make|reach|have) #", "b - a"));
    turns.push_back(
        turn("\\b(?:take|taken|subtract)\\b[a-z ]*(?:from|off) #[^#]*to (?:get|leave|reach|have) #", "a - b"));
    turns.push_back(turn("\\bmultiply #[^#]*to (?:get|make|reach) #", "b / a"));
    // Further on or back; "how much more" and "is it more" ask something else.
    turns.push_back(
        turn("^(?:what(?:'s|s| is)? |give me |find |tell me |calculate |work out )*# more than #", "b + a"));
    turns.push_back(
        turn("^(?:what(?:'s|s| is)? |give me |find |tell me |calculate |work out )*# (?:less|fewer) than #", "b - a"));
    turns.push_back(turn("#(?: [a-z]+){0,2},? (?:(?:at|with|of|for|holding) )?# (?:in )?" DAIMON_EACH, "a * b"));
    turns.push_back(
        turn("\\b(?:one|each|a single one) (?:costs?|is|comes to|takes|weighs) #[^#]*\\bwhat (?:do|does|would|will) # "
             "(?:of them )?(?:cost|come to|take|weigh)\\b",
             "a * b"));
    turns.push_back(turn("# factors of #", "b^a"));
    return turns;
  }();
  return kTurns;
}

// Of three numbers the two that are multiplied.
const std::vector<std::regex>& products() {
  static const std::vector<std::regex> kProducts = [] {
    std::vector<std::regex> made;
    for (const char* words :
         {"# (?:times|x|\\*|multiplied by) #", "# # times\\b",
          "# (?:a|per|each|every) (?:week|month|day|year|hour|night|session|visit|term) for #",
          "#(?: [a-z]+){0,3},? (?:(?:at|for|with|of) )?# (?:in )?" DAIMON_EACH, "#(?: [a-z]+){1,3} at #"})
      made.emplace_back(words, std::regex::optimize);
    return made;
  }();
  return kProducts;
}

#undef DAIMON_EACH

std::size_t numbers_before(const std::string& words, std::ptrdiff_t at) {
  return static_cast<std::size_t>(std::count(words.begin(), words.begin() + at, kNumber));
}

std::optional<std::string> of_two(const Said& said) {
  for (const Turn& one : turns_of_two()) {
    if (!std::regex_search(said.words, one.words)) continue;
    std::string made;
    for (const char c : one.expression)
      if (c == 'a' || c == 'b')
        made += said.numbers[c == 'a' ? 0 : 1];
      else
        made += c;
    return made;
  }
  return std::nullopt;
}

std::optional<std::string> of_three(const Said& said) {
  static const std::regex kOff(R"(\b(?:minus|less|off|discount|deduct|take|without)\b)", std::regex::optimize);
  static const std::regex kShared(R"(\b(?:shar|split|divid)|\bper cent\b|\baverage\b|\bbetween\b)",
                                  std::regex::optimize);
  if (std::regex_search(said.words, kShared)) return std::nullopt;
  for (const std::regex& product : products()) {
    std::smatch found;
    if (!std::regex_search(said.words, found, product)) continue;
    const std::size_t first = numbers_before(said.words, found.position());
    const std::size_t rest = first == 0 ? 2 : 0;
    const std::string multiplied = said.numbers[first] + " * " + said.numbers[first + 1];
    // What stands between the other number and these says whether it is taken off.
    const std::string between =
        rest == 0 ? found.prefix().str().substr(found.prefix().str().find(kNumber)) : found.suffix().str();
    const bool is_off = std::regex_search(between.substr(0, rest == 0 ? between.size() : between.find(kNumber)), kOff);
    if (rest == 0) return said.numbers[0] + (is_off ? " - " : " + ") + multiplied;
    return multiplied + (is_off ? " - " : " + ") + said.numbers[2];
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> said_sum(std::string_view goal) {
  if (goal.size() > kGoalBytesMax) return std::nullopt;
  const auto said = said_in(goal);
  if (!said) return std::nullopt;
  if (said->numbers.size() == 2) return of_two(*said);
  if (said->numbers.size() == 3) return of_three(*said);
  return std::nullopt;
}

}  // namespace daimon::memory
