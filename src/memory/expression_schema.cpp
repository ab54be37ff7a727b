#include "memory/expression_schema.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <regex>
#include <vector>

#include "base/format.h"
#include "base/text.h"
#include "memory/compact_schema.h"
#include "memory/days_from_today.h"
#include "memory/goal_facts.h"
#include "memory/goal_words.h"
#include "memory/named_times.h"
#include "memory/said_sum.h"
#include "memory/schema_parts.h"

namespace daimon::memory {
namespace {

constexpr std::size_t kNumbersMax = 60;

// What a number can be converted from and into. Where the goal names two units, these; else also those that the
// firmware knows and any other word of the goal, which may be a unit too.
struct Units {
  bool any = false;    // the goal names one at least
  bool named = false;  // the goal names two of them at least
  Names from, to;      // of a number of the goal: what stands behind one, and the others
  Names all;           // of any other number
};

Units units_in(std::string_view goal) {
  static const Names kKnown{"km",      "kilometres", "kilometers", "miles",       "m",       "metres",  "meters",
                            "feet",    "ft",         "cm",         "centimetres", "inches",  "mm",      "yards",
                            "kg",      "kilos",      "lb",         "pounds",      "g",       "grams",   "oz",
                            "ounces",  "stone",      "litres",     "liters",      "gallons", "ml",      "pints",
                            "celsius", "fahrenheit", "C",          "F",           "hours",   "minutes", "seconds",
                            "days",    "weeks",      "months",     "years"};
  constexpr std::size_t kUnitsMax = 60;
  Names named;
  Names counted;  // that stand behind a number
  Names units{"km", "miles",  "m",       "feet", "cm", "inches", "kg",      "lb",   "g",
              "oz", "litres", "gallons", "C",    "F",  "hours",  "minutes", "days", "weeks"};
  std::string word;
  bool behind_number = false;
  bool is_ending = false;  // the "m" of "I'm" is no unit
  for (const char c : std::string(goal) + " ") {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      word += c;
      continue;
    }
    if (is_ending) word.clear();
    const bool is_degrees = word == "degrees" || word == "degree" || word == "deg";
    is_ending = c == '\'' && !word.empty();
    const std::string lower = word == "C" || word == "F" ? word : to_lower_ascii(word);
    const bool is_known = contains(kKnown, lower);
    if (is_known && !contains(named, lower)) named.push_back(lower);
    if (is_known && behind_number && !contains(counted, lower)) counted.push_back(lower);
    if (!word.empty() && word.size() <= 12 && units.size() < kUnitsMax && !contains(units, word) &&
        months_in(word, "2000").empty())
      units.push_back(word);
    if (is_digit(c))
      behind_number = true;
    else if (!word.empty() && !is_degrees)
      behind_number = false;
    word.clear();
  }
  if (named.size() < 2) return {!named.empty(), false, units, units, units};
  Names others = named;
  std::erase_if(others, [&](const std::string& unit) { return contains(counted, unit); });
  if (counted.empty() || others.empty()) return {true, true, named, named, named};
  return {true, true, counted, others, named};
}

// The days and years of dates are no numbers to reckon with.
Names numbers_to_reckon(const std::string& text) {
  static const std::regex kIsoDate(R"(\b\d{4}-\d{2}-\d{2}\b)");
  auto numbers = numbers_in(std::regex_replace(text, kIsoDate, " "), kNumbersMax);
  const auto dates = dates_in(text);
  std::erase_if(numbers, [&](const std::string& number) {
    return std::ranges::any_of(dates, [&](const std::string& date) {
      const std::string day = date.substr(8);
      return number == date.substr(0, 4) || number == day || (day.starts_with('0') && number == day.substr(1));
    });
  });
  return numbers;
}

// What the calls gave that no calculation has used yet, the numbers of each.
std::vector<Names> values_open(const Context& context) {
  std::vector<Names> open;
  for (const Result& result : context.results()) {
    if (result.error) continue;
    if (result.call == "calculate") open.clear();
    if (!gives_value(result) && result.call != "ask") continue;
    if (auto numbers = numbers_to_reckon(std::string(value_of(result))); !numbers.empty())
      open.push_back(std::move(numbers));
  }
  return open;
}

// The signs that the goal's words ask for, as a set for a pattern; all where they do not tell.
std::string signs_of(const Operations& asked) {
  std::string signs;
  if (asked.add) signs += '+';
  if (asked.multiply) signs += '*';
  if (asked.divide) signs += '/';
  if (asked.subtract) signs += '-';  // last: elsewhere it would mean a range
  return daimon::format("[{}]", signs.empty() ? "+*/-" : signs);
}

bool is_only(const Operations& asked, bool Operations::* one) {
  Operations others = asked;
  others.*one = false;
  return asked.*one && !others.add && !others.subtract && !others.multiply && !others.divide && !others.percent &&
         !others.power && !others.root && !others.round && !others.convert;
}

bool is_conversion(const Units& units, const Operations& asked) {
  return asked.convert || units.named || (!asked.add && !asked.subtract && !asked.multiply && !asked.divide);
}

std::string conversion(const std::string& numbers, const Names& from, const Names& to) {
  return daimon::format("{} {} in {}", numbers, any_of_texts(from), any_of_texts(to));
}

// Which of two parts of the goal is taken off the other, where its words tell.
enum class Order : std::uint8_t { kUnknown, kAsSaid, kReversed };

Order order_of(std::string goal, const Names& parts) {
  if (parts.size() != 2) return Order::kUnknown;
  for (const std::string& part : parts) {
    std::string said = part;
    // A part may have been given words of the other one: then its time stands for it.
    if (!goal.contains(said))
      for (const std::string_view word : words_in(part))
        if (!times_in(word).months.empty()) said = word;
    const std::size_t at = goal.find(said);
    if (at == std::string::npos) return Order::kUnknown;
    goal.replace(at, said.size(), "\x01");
  }
  constexpr auto kOptions = std::regex::icase | std::regex::optimize;
  static const std::regex kReversed(
      "\\b(?:subtract|take|deduct|knock|remove)\\w*(?: off| away)? (?:the |my |our |an? )*\x01(?: away| off)? "
      "(?:from|off|out of) "
      "(?:the |my |our |an? "
      ")*\x01|\\b(?:cheaper|less|fewer|lower|smaller|shorter)\\b[^\x01]*\x01[^\x01]*\\bthan\\b[^\x01]*\x01|"
      "\\b(?:once|after)\\b[^\x01]*\x01[^\x01]*\x01[^\x01]*\\b(?:left|remain)|"
      // Not "compared with March, how much less".
      "\\bcompared (?:with|to)\\b[^\x01]*\x01(?![^]*\\b(?:less|cheaper|fewer|lower|smaller|shorter)\\b)[^\x01]*\x01|"
      "\\bhow much on top of\\b[^\x01]*\x01 (?:is|was)\\b",
      kOptions);
  static const std::regex kAsSaid(
      "\\bdifference\\b|\\b(?:more|higher|dearer|pricier|longer|bigger|larger|above|exceed)|\x01 (?:minus|less|-) |"
      "\\bleft of\\b|\\bcompared (?:with|to)\\b[^]*\\b(?:less|cheaper|fewer|lower|smaller|shorter)\\b",
      kOptions);
  if (std::regex_search(goal, kReversed)) return Order::kReversed;
  return std::regex_search(goal, kAsSaid) ? Order::kAsSaid : Order::kUnknown;
}

// Whether the goal says "a divided by b" or "divide a by b" of the two numbers in it.
bool is_divided_by(std::string_view goal) {
  constexpr std::string_view kDigits = "0123456789";
  const std::size_t first = goal.find_first_of(kDigits);
  const std::size_t end = goal.find_first_not_of("0123456789.,", first);
  const std::size_t second = goal.find_first_of(kDigits, end);
  if (first == std::string_view::npos || end == std::string_view::npos || second == std::string_view::npos)
    return false;
  const std::string_view between = goal.substr(end, second - end);
  return between.contains(" by ") || between.contains('/');
}

double amount(const std::string& number) { return std::strtod(number.c_str(), nullptr); }

// Numbers of the goal among themselves: all of them in their order, or two of them, and what is done with one.
void add_ways(Names& ways, const Names& numbers, const Units& units, const Operations& asked, std::string_view goal) {
  const std::string n = any_of_texts(numbers);
  if (is_only(asked, &Operations::round) && numbers.size() == 2)
    for (const bool first : {true, false}) {
      const std::string& rounded = numbers[first ? 0 : 1];
      const std::string& places = numbers[first ? 1 : 0];
      if (rounded.contains('.') && places.size() == 1)
        return ways.push_back(daimon::format(R"(round\({}, {}\))", escaped_for_pattern(rounded), places));
    }
  if (asked.root) return ways.push_back(daimon::format(R"(sqrt\({}\))", n));
  if (asked.round) ways.push_back(daimon::format(R"(round\({}, [0-9]\))", n));
  if (asked.round && !asked.divide && !asked.multiply && !asked.add && !asked.subtract && !asked.percent) return;
  const std::string signs = signs_of(asked);
  if (numbers.size() == 2 && is_only(asked, &Operations::divide) && is_divided_by(goal))
    return ways.push_back(escaped_for_pattern(numbers[0]) + " / " + escaped_for_pattern(numbers[1]));
  if (numbers.size() > 1 && numbers.size() <= 8) {
    std::string chain = escaped_for_pattern(numbers.front());
    for (std::size_t i = 1; i < numbers.size(); ++i) chain += " " + signs + " " + escaped_for_pattern(numbers[i]);
    // What is only added is added whole.
    if (is_only(asked, &Operations::add)) return ways.push_back(std::move(chain));
    if (numbers.size() > 2 && !asked.percent && !asked.power) ways.push_back(std::move(chain));
  }
  for (const std::string& one : numbers) {
    Names others = numbers;
    std::erase(others, one);
    if (others.empty()) break;
    const std::string first = escaped_for_pattern(one);
    if (asked.percent) ways.push_back(daimon::format("{}% of {}", first, any_of_texts(others)));
    if (asked.power) ways.push_back(daimon::format(R"({}\^{})", first, any_of_texts(others)));
    if (asked.percent || asked.power) continue;
    // Who shares is fewer than what is shared.
    if (is_only(asked, &Operations::divide)) {
      std::erase_if(others, [&](const std::string& other) { return amount(other) > amount(one); });
      if (others.empty()) continue;
    }
    ways.push_back(daimon::format("{} {} {}", first, signs, any_of_texts(others)));
    if (!asked.add && !asked.subtract && !asked.multiply && !asked.divide) {
      ways.push_back(daimon::format("{}% of {}", first, any_of_texts(others)));
      ways.push_back(daimon::format(R"({}\^{})", first, any_of_texts(others)));
    }
  }
  // "Squared", "cubed": a small number that is not said.
  if (asked.power) ways.push_back(daimon::format(R"({}\^[2-9])", n));
  if (!asked.percent && !asked.power && (numbers.size() == 1 || is_conversion(units, asked)))
    ways.push_back(conversion(n, units.from, units.to));
}

}  // namespace

// What was looked up or worked out is there to be reckoned with: an expression uses it, all of it where there are
// several, and the numbers of the goal beside it. Nothing is repeated that the goal says once.
std::string expression_pattern(const Context& context) {
  const std::string goal = without_file_names(context.goal());
  const Names parts = parts_of_goal(context, searches_done(context.results()));
  Names said = numbers_to_reckon(goal);
  // The year of what was looked up ("the tax for 2025") is no number to reckon with.
  std::erase_if(said, [&](const std::string& number) {
    return std::ranges::any_of(
        parts, [&](const std::string& part) { return !times_in(number).years.empty() && part.contains(number); });
  });
  const Units units = units_in(context.goal());
  const Operations asked = operations_in(goal);
  const std::string signs = signs_of(asked);
  auto open = values_open(context);
  Names ways;
  // A share of what was found last.
  if (open.size() > 1 && asked.percent && !said.empty())
    ways.push_back(daimon::format("{}% of {}", any_of_texts(said), any_of_texts(open.back())));
  if (open.size() > 1 && !(is_only(asked, &Operations::percent) && !said.empty())) {
    std::string chain = any_of_texts(open.front());
    for (std::size_t i = 1; i < open.size(); ++i) chain += " " + signs + " " + any_of_texts(open[i]);
    const Order order =
        open.size() == 2 && is_only(asked, &Operations::subtract) ? order_of(goal, parts) : Order::kUnknown;
    if (order != Order::kReversed) ways.push_back(chain);
    if (open.size() == 2 && !is_only(asked, &Operations::add) && order != Order::kAsSaid)
      ways.push_back(daimon::format("{} {} {}", any_of_texts(open[1]), signs, any_of_texts(open[0])));
  } else if (open.size() == 1) {
    const std::string value = any_of_texts(open[0]);
    // A share that the goal does not write in numbers: half, a dozen, a year's months.
    Names by = said;
    if (by.empty()) by = {"2", "3", "4", "7", "10", "12", "52", "100"};
    const std::string n = any_of_texts(by);
    if (asked.percent && !said.empty()) {
      ways.push_back(daimon::format("{}% of {}", n, value));
    } else if (asked.root || asked.round) {
      ways.push_back(daimon::format(R"((?:round|sqrt)\({}(?:, [0-9])?\))", value));
    } else {
      ways.push_back(daimon::format("{} {} {}", value, signs, n));
      // Into a unit only where the goal names one: 843 is no distance because something is to be paid 21 times.
      if (units.any || asked.convert) ways.push_back(conversion(value, units.all, units.all));
      if (is_only(asked, &Operations::subtract)) ways.push_back(daimon::format("{} - {}", n, value));
    }
  } else {
    // What passages hold counts only where nothing was taken from them.
    Names numbers = said;
    if (numbers.empty())
      for (const Result& result : context.results())
        for (const Passage& passage : result.passages)
          for (std::string& number : numbers_to_reckon(passage.text))
            if (numbers.size() < kNumbersMax && !contains(numbers, number)) numbers.push_back(std::move(number));
    const bool is_plain = !asked.percent && !asked.power && !asked.root && !asked.round && !asked.convert &&
                          !units.named && dates_in(goal).empty();
    const auto sum = is_plain ? said_sum(goal) : std::nullopt;
    if (sum) return daimon::format("^{}$", escaped_for_pattern(*sum));
    if (!numbers.empty()) add_ways(ways, numbers, units, asked, goal);
  }
  std::string dated = goal;
  for (const Result& result : context.results())
    if (!result.error && gives_value(result)) dated += "\n" + std::string(value_of(result));
  const auto spans = time_spans_in(goal);
  const auto dates = dates_from_today(goal, dated, context.today());
  const auto unit = time_asked_from_today(goal);
  if (unit && dates.size() == 2 && contains(dates, context.today())) {
    const auto [earlier, later] = std::ranges::minmax(dates);
    return daimon::format("^{} - {}{}$", later, earlier, unit == "weeks" ? " in weeks" : "");
  }
  // What was looked up is no date: it is how long.
  if (unit && open.size() == 1) return daimon::format("^{}$", any_of_texts(open.front()));
  // So many weeks before a day: where nothing else is to be reckoned with, no other way makes sense.
  const bool is_all = std::ranges::all_of(said, [&](const std::string& number) {
    return std::ranges::any_of(spans, [&](const TimeSpan& span) { return span.length.starts_with(number + " "); });
  });
  if (dates.size() == 1 && !spans.empty() && is_all && open.empty() && !asked.multiply && !asked.divide &&
      !asked.percent && !asked.convert)
    ways.clear();
  if (!dates.empty() && spans.empty() && !said.empty())
    ways.push_back(daimon::format("{} [+-] {} (?:days|weeks|months|years)", any_of_texts(dates), any_of_texts(said)));
  for (const TimeSpan& span : spans)
    if (!dates.empty())
      ways.push_back(daimon::format("{} {} {}", any_of_texts(dates),
                                    !span.is_back   ? "[+-]"
                                    : *span.is_back ? "[-]"
                                                    : "[+]",
                                    span.length));
  // The days between two dates are counted from the earlier one.
  for (const std::string& later : dates)
    for (const std::string& earlier : dates)
      if (earlier < later) ways.push_back(daimon::format("{} - {}", later, earlier));
  if (ways.empty()) return R"(^[0-9A-Za-z(\-][0-9A-Za-z .,+\-*/^()%]{0,98}$)";
  std::string pattern;
  for (const std::string& way : ways) pattern += (pattern.empty() ? "^(?:" : "|") + way;
  return pattern + ")$";
}

}  // namespace daimon::memory
