#include "memory/days_from_today.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <regex>

#include "base/format.h"
#include "memory/goal_facts.h"

namespace daimon::memory {
namespace {

std::regex words(const std::string& pattern) { return std::regex(pattern, std::regex::icase | std::regex::optimize); }

std::string beginning_of(std::string_view text) {
  constexpr std::size_t kReadMax = 400;  // the expressions of the library recurse
  return std::string(text.substr(0, kReadMax));
}

const char* const kSpan = "\\d+ (?:day|week|month|year)s?";  // as time_spans_in has it

// Of "2026-11-29"; none if there is no such day.
std::optional<std::chrono::year_month_day> day_of(std::string_view date) {
  if (date.size() != 10 || date[4] != '-' || date[7] != '-') return std::nullopt;
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  const auto read = [&](std::size_t at, std::size_t size, auto& number) {
    const auto end = std::from_chars(date.data() + at, date.data() + at + size, number);
    return end.ec == std::errc{} && end.ptr == date.data() + at + size;
  };
  if (!read(0, 4, year) || !read(5, 2, month) || !read(8, 2, day)) return std::nullopt;
  const std::chrono::year_month_day made{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}};
  return made.ok() ? std::optional(made) : std::nullopt;
}

}  // namespace

std::vector<std::string> dates_from_today(std::string_view goal, const std::string& text, const std::string& today) {
  static const std::regex kBack = words("\\b(?:since|ago)\\b");
  static const std::regex kFromToday = words("\\b(?:today|until|till|since|ago|from now)\\b");
  const std::string said = beginning_of(goal);
  auto dates = dates_in(text);
  const auto now = day_of(today);
  if (!now || dates.size() > 1 || !(std::regex_search(said, kFromToday) || asks_day_from_today(goal))) return dates;
  if (dates.empty()) {
    constexpr int kYearsMax = 8;  // between two leap years at most
    const bool is_back = std::regex_search(said, kBack);
    for (int years = 0; years <= kYearsMax; ++years) {
      const int year = static_cast<int>(now->year()) + (is_back ? -years : years);
      auto near = dates_in(daimon::format("{} {}", text, year));
      if (near.size() != 1) break;
      if (!day_of(near.front()) || (is_back ? near.front() > today : near.front() < today)) continue;
      dates = std::move(near);
      break;
    }
  }
  dates.push_back(today);  // also where today is the one that is said: then it is no days
  return dates;
}

std::optional<std::string> time_asked_from_today(std::string_view goal) {
  static const std::regex kAsked = words(
      "\\bhow (?:many (days|weeks)|long)(?: (?:is it|it is|is it now|are there|are left|is left|left|do i have|do we "
      "have|"
      "have i got|have we got|will it be|to go|more|has it been|have passed|was it))*(?: until| till| since|(?: is| "
      "was)? ?ago (?:was|is|did|were))\\b");
  // What is asked besides would be lost.
  static const std::regex kMore = words("\\band\\b|\\?.*\\w|;");
  const std::string text = beginning_of(goal);
  std::smatch found;
  if (!std::regex_search(text, found, kAsked) || std::regex_search(found.suffix().str(), kMore)) return std::nullopt;
  return found[1].str();
}

bool asks_day_from_today(std::string_view goal) {
  static const std::regex kDay = words("\\b(?:what|which)(?: is|'s|s| was| will)?(?: be)?(?: the)? (?:date|day)\\b");
  static const std::regex kFrom = words(daimon::format(R"(\b{0} (?:ago|from (?:now|today))\b|\bin {0}\b)", kSpan));
  const std::string text = beginning_of(goal);
  return std::regex_search(text, kDay) && std::regex_search(text, kFrom);
}

}  // namespace daimon::memory
