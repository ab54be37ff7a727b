// Days that a goal counts from the one on which it was given: "how many days until 3 December", "which date is 3 weeks
// from today".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace daimon::memory {

// The dates of a text (a goal and what was looked up for it), and `today` ("2026-11-29"; none if it is no date) where
// the goal's words count from there and there is no more than one other. A day without a year is the next one of that
// name that there is, or the last one where the time since then is meant.
std::vector<std::string> dates_from_today(std::string_view goal, const std::string& text, const std::string& today);

// What is counted where a goal asks for nothing but how long it is until something, or since: "days" or "weeks", and
// "" where it does not say. None where another thing is counted ("how many days of leave ... since"), or is done first
// ("how long do I have to wait until").
std::optional<std::string> time_asked_from_today(std::string_view goal);

// Whether a goal asks which day it is so long from today, or was so long ago.
bool asks_day_from_today(std::string_view goal);

}  // namespace daimon::memory
