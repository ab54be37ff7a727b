// Units of the calculator, with exact factors.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "device/rational.h"

namespace daimon::device {

// Powers of metre, kilogram, second, kelvin, byte and month. A month is no number of seconds, so it stands alone.
using Dimension = std::array<std::int8_t, 6>;

struct Unit {
  std::string_view name;  // as results show it; plural where it has one
  Dimension dimension{};
  Rational factor = 1;  // to the base unit
  Rational offset = 0;  // in base units, of the zero: for °C and °F
};

inline constexpr Dimension kTime{0, 0, 1, 0, 0, 0};
inline constexpr Dimension kTemperature{0, 0, 0, 1, 0, 0};
inline constexpr Dimension kCalendar{0, 0, 0, 0, 0, 1};

// By any of its names: "km", "kilometres", "km/h", "m^2", "sq ft". Exact case first, then without case. Null: unknown.
const Unit* find_unit(std::string_view name);
// The unit in which a product of units is shown; null when there is none.
const Unit* unit_of(const Dimension& dimension);
// The longest unit name at the beginning of `text`: its length, 0 for none.
std::size_t unit_prefix(std::string_view text);

}  // namespace daimon::device
