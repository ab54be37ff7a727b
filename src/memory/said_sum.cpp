#include "memory/said_sum.h"

#include <algorithm>
#include <cstddef>
#include <regex>
#include <utility>
#include <vector>

#include "base/text.h"
#include "memory/goal_facts.h"

namespace daimon::memory {
namespace {

constexpr std::size_t kGoalBytesMax = 400;  // the expressions of the library recurse
constexpr char kNumber = '#';               // stands for a number in the goal's words

struct Said {
  std::string words;  // in lower case, one blank between them
  std::vector<std::string> numbers;
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// None where a number is part of a word ("4n7", "2nd"), a share or a year.
std::optional<Said> said_in(std::string_view goal) {
  Said said;
  const auto add = [&](char c) {
    if (c != ' ' || said.words.empty() || said.words.back() != ' ') said.words += c;
  };
  bool is_money = false;
  for (std::size_t i = 0; i < goal.size();) {
    if (!is_digit(goal[i])) {
      bool is_sign = false;
      for (const std::string_view sign : {"£", "€", "$"})
        if (goal.substr(i).starts_with(sign)) i += sign.size(), is_sign = true;
      is_money = is_sign;
      if (is_sign) continue;
      const bool is_blank = goal[i] == kNumber || goal[i] == '\n' || goal[i] == '\t';
      add(is_blank ? ' ' : to_lower_ascii(goal.substr(i, 1))[0]);
      ++i;
      continue;
    }
    if (i > 0 && (is_letter(goal[i - 1]) || std::string_view("-./").contains(goal[i - 1]))) return std::nullopt;
    std::string number = number_at(goal, i);
    const bool is_year = !is_money && number.size() == 4 && (number.starts_with("19") || number.starts_with("20"));
    if (is_year || (i < goal.size() && (is_letter(goal[i]) || goal[i] == '%' || goal[i] == '/'))) return std::nullopt;
    said.numbers.push_back(std::move(number));
    add(kNumber);
    is_money = false;
  }
  return said;
}

std::regex words(const std::string& pattern) { return std::regex(pattern, std::regex::optimize); }

struct Turn {
  std::regex said;
  std::string_view expression;  // with "a" and "b" for the numbers in their order
};

constexpr const char* kShared = "(?:shared?|split|divided?|spread)(?: out| up| equally| evenly)?";
constexpr const char* kAmong = "(?:between|among|amongst|by|over|into|across) (?:all |us |the )?#";
constexpr const char* kEach = "# (?:in )?(?:each|apiece|a (?:piece|go|head|time|pop|night|visit))\\b";

// The first that the goal has counts.
const std::vector<Turn>& turns_of_two() {
  static const std::string kShow = "^(?:what(?:'s|s| is)? |give me |find |tell me |calculate |work out )*";
  static const std::vector<Turn> kTurns{
      {words("how (?:many times|often) (?:is|does|do|will|would|can|could) # (?:be )?(?:contained|go|goes|fit|fits|"
             "divide) (?:in|into|within) #"),
       "b / a"},
      {words("# (?:goes|go|fits?) into #"), "b / a"},
      // Shared out.
      {words(std::string("\\b") + kShared + " (?:the |my |our |an? )?(?:[a-z]+ ){0,2}#(?: [a-z]+){0,2} " + kAmong),
       "a / b"},
      {words(std::string("#(?: [a-z]+){0,2} ") + kShared + " " + kAmong), "a / b"},
      {words("# in # (?:equal |even |monthly |weekly |yearly )*(?:instal?lments?|parts|portions|payments|pieces|goes|"
             "rates|shares|slices)\\b"),
       "a / b"},
      {words("# (?:friends|people|of us|persons|colleagues|children|guests|flatmates|neighbours)[^#]*# in "
             "(?:total|all)\\b.*\\b(?:part|share)\\b"),
       "b / a"},
      {words("# (?:per|for every) #.*\\b(?:as one number|as a (?:decimal|number|ratio))"), "a / b"},
      // What is missing.
      {words("\\badd to #[^#]*to (?:get|make|reach|have) #"), "b - a"},
      {words("\\b(?:take|taken|subtract)\\b[a-z ]*(?:from|off) #[^#]*to (?:get|leave|reach|have) #"), "a - b"},
      {words("\\bmultiply #[^#]*to (?:get|make|reach) #"), "b / a"},
      // Further on or back; "how much more" and "is it more" ask something else.
      {words(kShow + "# more than #"), "b + a"},
      {words(kShow + "# (?:less|fewer) than #"), "b - a"},
      {words("\\b(?:one|each|a single one) (?:costs?|is|comes to|takes|weighs) #[^#]*\\bwhat (?:do|does|would|will) # "
             "(?:of them )?(?:cost|come to|take|weigh)\\b"),
       "a * b"},
      {words("# factors of # multiplied"), "b^a"}};
  return kTurns;
}

// So many at a price each.
const std::vector<std::regex>& prices() {
  static const std::vector<std::regex> kPrices{
      words(std::string("#(?: [a-z]+){0,2} (?:at|with|of|for|holding) ") + kEach),
      words(std::string("#(?: of them| [a-z]+)?, ") + kEach)};
  return kPrices;
}

// Of three numbers the two that are multiplied.
const std::vector<std::regex>& products() {
  static const std::vector<std::regex> kProducts = [] {
    std::vector<std::regex> made = prices();
    for (const char* said : {"# (?:times|x|\\*|multiplied by) #", "# # times(?: over)?\\b",
                             "# (?:a|per|each|every) (?:week|month|day|year|hour|night|session|visit|term) for #",
                             "#(?: [a-z]+){1,3} at #"})
      made.push_back(words(said));
    return made;
  }();
  return kProducts;
}

// Words after which nothing is only multiplied and added up.
bool says_otherwise(const std::string& said) {
  static const std::regex kOtherwise = words(
      "[*/]|\\b(?:x|times|by|over|minus|less|off|discount|discounted|voucher|reduced|reduction|change|note|left|back|"
      "spend|spent|pay with|subtract|deduct|take|without|except|half|third|average|per cent|how many|how "
      "often|shar[a-z]*|"
      "split|divid[a-z]*)\\b");
  return std::regex_search(said, kOtherwise);
}

std::optional<std::string> of_two(const Said& said) {
  for (const Turn& turn : turns_of_two()) {
    if (!std::regex_search(said.words, turn.said)) continue;
    std::string made;
    for (const char c : turn.expression)
      if (c == 'a' || c == 'b')
        made += said.numbers[c == 'a' ? 0 : 1];
      else
        made += c;
    return made;
  }
  // "£90 on pens at £3 each, how many" asks for another thing.
  for (const std::regex& price : prices())
    if (std::regex_search(said.words, price) && !says_otherwise(said.words))
      return said.numbers[0] + " * " + said.numbers[1];
  return std::nullopt;
}

// A product with the third number before it or behind: only where the words between say plainly that it is added or
// taken off, and no others say anything else.
std::optional<std::string> of_three(const Said& said) {
  static const std::regex kPlusBehind = words("^[a-z ]*(?:\\bplus\\b|\\band\\b|\\bwith\\b|,| \\+)[a-z', ]*$");
  static const std::regex kTogether =
      words("#(?: [a-z]+){1,2} and #(?: [a-z]+){1,2} (?:at|for) # (?:in )?(?:each|apiece|a head)\\b");
  static const std::regex kBeforeOff = words("^(?: with| and|,| minus| less)?(?: an?)? $");
  static const std::regex kOff = words("^ (?:off|discount|voucher) *(?=$|[,.;?!])");
  if (std::regex_search(said.words, kTogether) && !says_otherwise(said.words))
    return "(" + said.numbers[0] + " + " + said.numbers[1] + ") * " + said.numbers[2];
  const auto is_minus = [](const std::string& between) { return between == " - " || between == " minus "; };
  const auto is_plus = [](const std::string& between) { return between == " + " || between == " plus "; };
  for (const std::regex& product : products()) {
    std::smatch found;
    if (!std::regex_search(said.words, found, product)) continue;
    const std::string before = found.prefix();
    const std::string behind = found.suffix();
    if (const std::size_t first = before.find(kNumber); first != std::string::npos) {
      const std::string multiplied = said.numbers[1] + " * " + said.numbers[2];
      const std::string between = before.substr(first + 1);
      if (says_otherwise(before.substr(0, first)) || says_otherwise(behind)) return std::nullopt;
      if (is_minus(between)) return said.numbers[0] + " - " + multiplied;
      const bool is_added = between == " and add " || (between == " to " && before.substr(0, first).ends_with("add "));
      if (is_plus(between) || is_added) return said.numbers[0] + " + " + multiplied;
      return std::nullopt;
    }
    const std::string multiplied = said.numbers[0] + " * " + said.numbers[1];
    const std::size_t third = behind.find(kNumber);
    const std::string between = behind.substr(0, third);
    const std::string rest = behind.substr(third + 1);
    // "With a £10 discount", "and £10 off".
    if (std::smatch off; std::regex_search(rest, off, kOff) && std::regex_search(between, kBeforeOff) &&
                         !says_otherwise(before) && !says_otherwise(off.suffix()))
      return multiplied + " - " + said.numbers[2];
    if (says_otherwise(before) || says_otherwise(rest)) return std::nullopt;
    if (is_minus(between)) return multiplied + " - " + said.numbers[2];
    if (is_plus(between) || (std::regex_search(between, kPlusBehind) && !says_otherwise(between)))
      return multiplied + " + " + said.numbers[2];
    return std::nullopt;
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
