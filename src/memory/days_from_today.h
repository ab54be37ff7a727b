// Days that a goal counts from the one on which it was given: "how many days until 3 December", "3 weeks from today".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace daimon::memory {

// The dates of a text (a goal and what was looked up for it), and `today` ("2026-11-29"; none if it is no date) where
// the words count from there and there is no more than one other. A day without a year is the next one of that name,
// or the last one where the time since then is meant.
std::vector<std::string> dates_from_today(const std::string& text, const std::string& today);

// What is counted where a goal asks how much time is left until, or has passed since, something: "days", "weeks",
// "months", "years"; days too where it does not say.
std::optional<std::string> time_asked_from_today(std::string_view goal);

}  // namespace daimon::memory
