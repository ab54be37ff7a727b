#include "memory/named_times.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"

namespace daimon::memory {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"january",   "february", "march",    "april",
                                                      "may",       "june",     "july",     "august",
                                                      "september", "october",  "november", "december"};

int month_of(std::string_view lower, bool has_capital) {
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    const bool is_word_too = kMonths[i] == "may" || lower == "mar";
    if (lower == kMonths[i] ? has_capital || !is_word_too
                            : lower.size() == 3 && !is_word_too && kMonths[i].starts_with(lower))
      return static_cast<int>(i + 1);
  }
  return 0;
}

int number_of(std::string_view digits) {
  int number = 0;
  for (const char digit : digits) number = number * 10 + (digit - '0');
  return number;
}

// Whether four digits are no part of a sum or a decimal ("$1950", "12,1950", "1950.00"); "14.03.2026" is a date.
bool is_alone(std::string_view text, std::size_t begin, std::size_t end) {
  const std::string_view before = text.substr(0, begin);
  if (before.ends_with('$') || before.ends_with("\xC2\xA3") || before.ends_with("\xE2\x82\xAC") ||
      (before.ends_with(',') && begin > 1 && is_digit(text[begin - 2])))
    return false;
  const bool is_decimal = end + 1 < text.size() && (text[end] == '.' || text[end] == ',') && is_digit(text[end + 1]);
  return !is_decimal;
}

bool meets(const std::set<int>& a, const std::set<int>& b) {
  return std::ranges::any_of(a, [&](int time) { return b.contains(time); });
}

}  // namespace

NamedTimes times_in(std::string_view text) {
  NamedTimes times;
  const auto run = [&](std::size_t at, auto&& is) {
    std::size_t end = at;
    while (end < text.size() && is(text[end])) ++end;
    return end;
  };
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    if (is_digit(text[at])) {
      end = run(at, is_digit);
      const std::string_view digits = text.substr(at, end - at);
      if (digits.size() == 4 && (digits.starts_with("19") || digits.starts_with("20")) && is_alone(text, at, end)) {
        times.years.insert(number_of(digits));
        if (end < text.size() && text[end] == '-')
          if (const std::size_t last = run(end + 1, is_digit); last == end + 3)
            if (const int month = number_of(text.substr(end + 1, 2)); month >= 1 && month <= 12)
              times.months.insert(month), end = last;
      }
    } else if (is_letter(text[at])) {
      end = run(at, is_letter);
      const bool has_capital = text[at] >= 'A' && text[at] <= 'Z';
      if (const int month = month_of(to_lower_ascii(text.substr(at, end - at)), has_capital); month != 0)
        times.months.insert(month);
    }
    at = end;
  }
  return times;
}

std::vector<bool> of_other_times(std::string_view question, std::span<const AnswerSource> sources) {
  std::vector<bool> others(sources.size());
  const NamedTimes asked = times_in(question);
  if (asked.months.empty() && asked.years.empty()) return others;
  std::vector<NamedTimes> named;
  for (const AnswerSource& source : sources) {
    NamedTimes times = times_in(source.path);
    NamedTimes of_text = times_in(source.text);
    times.months.merge(of_text.months);
    times.years.merge(of_text.years);
    named.push_back(std::move(times));
  }
  for (const auto member : {&NamedTimes::months, &NamedTimes::years}) {
    const auto is_meant = [&](const NamedTimes& times) { return meets(asked.*member, times.*member); };
    if (std::ranges::none_of(named, is_meant)) continue;
    for (std::size_t i = 0; i < sources.size(); ++i)
      others[i] = others[i] || (!(named[i].*member).empty() && !is_meant(named[i]));
  }
  return others;
}

}  // namespace daimon::memory
