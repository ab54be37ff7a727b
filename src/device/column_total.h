// Numbers as people write them in tables, and their exact sum.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "device/rational.h"

namespace daimon::device {

struct CellNumber {
  std::int64_t mantissa = 0;      // when it fits; the value is mantissa / 10^places
  std::size_t places = 0;         // digits after the point
  std::optional<Rational> large;  // in place of mantissa, when it does not fit
  [[nodiscard]] Rational value() const;
};

// "1,234.50", "£84.20", "84.20 €", "(12.00)" and "12.00-" as negative, "1 234,50" and "1.234,50" with a decimal comma.
// `decimal_comma`: a lone comma or point is read as in tables divided by semicolons. Nothing when it is no number.
std::optional<CellNumber> number_of_cell(std::string_view cell, bool decimal_comma);
// "", "-", "n/a", "null": no value.
bool is_empty_cell(std::string_view cell);

// Sums numbers exactly; those of up to nine places cost an addition of integers.
class ColumnTotal {
 public:
  void add(const CellNumber& number);
  [[nodiscard]] Rational sum() const;

 private:
  std::array<std::int64_t, 10> by_places_{};
  Rational rest_;
};

}  // namespace daimon::device
