#include "base/clock.h"

#include <format>

namespace daimon {

WallTime SystemClock::now() const {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

SteadyTime SystemClock::steady() const { return std::chrono::steady_clock::now(); }

std::string to_iso8601(WallTime time) { return std::format("{:%FT%T}Z", time); }

}  // namespace daimon
