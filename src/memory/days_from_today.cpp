#include "memory/days_from_today.h"

#include <algorithm>
#include <regex>

#include "base/format.h"
#include "memory/goal_facts.h"

namespace daimon::memory {
namespace {

std::regex words(const char* pattern) { return std::regex(pattern, std::regex::icase | std::regex::optimize); }

std::string beginning_of(std::string_view text) {
  constexpr std::size_t kReadMax = 400;  // the expressions of the library recurse
  return std::string(text.substr(0, kReadMax));
}

}  // namespace

std::vector<std::string> dates_from_today(const std::string& text, const std::string& today) {
  static const std::regex kBack = words("\\b(?:since|ago)\\b");
  static const std::regex kFromToday = words(
      "\\b(?:today|until|till|since|ago|from now)\\b|\\bdate\\b.*\\bin (?:\\d+|an?|one|two|three|four|five|six) "
      "(?:day|week|month|year)");
  auto dates = dates_in(text);
  const std::string begin = beginning_of(text);
  if (dates_in(today).size() != 1 || dates.size() > 1 || !std::regex_search(begin, kFromToday)) return dates;
  const bool is_back = std::regex_search(begin, kBack);
  if (dates.empty()) {
    const int year = std::stoi(today.substr(0, 4));
    for (const int near : {year, is_back ? year - 1 : year + 1}) {
      dates = dates_in(daimon::format("{} {}", text, near));
      if (dates.size() != 1 || (is_back ? dates.front() <= today : dates.front() >= today)) break;
    }
    if (dates.size() > 1) return {};
  }
  if (!std::ranges::contains(dates, today)) dates.push_back(today);
  return dates;
}

std::optional<std::string> time_asked_from_today(std::string_view goal) {
  static const std::regex kAsked = words(
      "\\b(?:how (?:many (days|weeks|months|years)|long)|(days|weeks|months|years)) (?:[a-z' ]+ "
      ")?(?:until|till|since|ago)\\b");
  const std::string text = beginning_of(goal);
  std::smatch found;
  if (!std::regex_search(text, found, kAsked)) return std::nullopt;
  for (const std::size_t unit : {1U, 2U})
    if (found[unit].matched) return found[unit].str();
  return "days";
}

}  // namespace daimon::memory
