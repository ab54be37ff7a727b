// Months and years: which of some texts are of another time than a question asks about.
#pragma once

#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "memory/answer_evidence.h"

namespace daimon::memory {

struct NamedTimes {
  std::set<int> months;  // 1 to 12
  std::set<int> years;
};

// By name ("March", "mar"; "may" and "mar" are words too and count only as "May" and "March"), and out of dates as
// 2026-03-14 and 2026-03.
NamedTimes times_in(std::string_view text);

// Of each source whether it names other months, or other years, than those of the question while another source names
// these.
std::vector<bool> of_other_times(std::string_view question, std::span<const AnswerSource> sources);

}  // namespace daimon::memory
