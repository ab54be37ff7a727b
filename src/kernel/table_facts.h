// What a goal can mean of a table: which columns hold numbers, which dates, and which of its values the goal names.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace daimon::kernel {

struct TableFacts {
  std::vector<std::string> numbers;                        // columns; all of them when none holds numbers
  std::vector<std::string> dates;                          // columns whose cells begin like 2026-03
  std::vector<std::string> years;                          // of these cells, the latest kYearsMax
  std::vector<std::pair<std::string, std::string>> named;  // column, value as it stands there; at most kNamedMax
};
inline constexpr std::size_t kNamedMax = 12;
inline constexpr std::size_t kYearsMax = 12;

// `csv` may be cut anywhere: what its whole records show counts. A value is named by the goal when its words stand
// there one after the other, whatever their case and whether singular or plural.
TableFacts facts_of_table(std::string_view csv, std::string_view goal);

}  // namespace daimon::kernel
