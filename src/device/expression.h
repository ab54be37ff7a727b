// Exact arithmetic on a line of text: numbers of any size, fractions, percentages, dates and units.
//
// Grammar, loosest first:
//   expression := sum [("in" | "to" | "as") UNIT]
//   sum        := product (("+" | "-") product)*        85 + 20% is 102: a percentage of what stands before it
//   product    := sign (("*" | "/" | "of" | "%") sign)*  "%" between two numbers is the remainder
//   sign       := ("+" | "-") sign | power
//   power      := value ["^" sign]                       to the right; -2^2 is -4
//   value      := (NUMBER | DATE | "(" expression ")" | NAME "(" expression ("," expression)* ")" | "text") ["%"]
//   [UNIT]
// Functions: sqrt abs floor ceil round(x, digits) min max sum average weekday(date). Digits may be grouped by commas
// (outside the arguments of functions), and currency signs before or after a number are passed over. Rounding is half
// away from zero.
#pragma once

#include <cstddef>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"

namespace daimon::device {

inline constexpr std::size_t kExpressionBytesMax = 4096;
inline constexpr int kExpressionDepthMax = 64;
inline constexpr std::size_t kNumberBitsMax = 200'000;  // some 60,000 digits

struct Calculated {
  std::string text;   // "175.30", "1/3 ≈ 0.333333333333", "≈1.4142135623730950488", "45 days", "2026-04-15"
  bool exact = true;  // false: `text` says ≈
  std::string kind;   // "number", "quantity", "date", "text"
};

// Errors name the place: "expected a number at '* 3'". kLimit for what would take too long or too much memory.
Result<Calculated> calculate(std::string_view expression, const std::stop_token& stop = {});

}  // namespace daimon::device
