// Exact arithmetic, dates and units over a line of text.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace daimon::device {

// The value of an expression as text: + - * / ^ ( ), "20% of 85", sqrt round abs floor ceil min max sum, dates
// ("2026-03-01 + 45 days", "2026-04-15 - 2026-03-01", weekday(2026-03-01)), units ("3 km in miles"). Numbers may have
// separators of thousands and a currency sign. kInvalidArgument points at the place; kLimit for what would be too large.
Result<std::string> calculate(std::string_view expression);

}  // namespace daimon::device
