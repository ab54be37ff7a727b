#include "base/clock.h"

#include <ctime>
#include <format>

namespace daimon {

WallTime SystemClock::now() const {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

SteadyTime SystemClock::steady() const { return std::chrono::steady_clock::now(); }

std::string to_iso8601(WallTime time) { return std::format("{:%FT%T}Z", time); }

std::string to_local_date(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm local{};
  if (localtime_r(&seconds, &local) == nullptr) return to_iso8601(time).substr(0, 10);
  return std::format("{:04}-{:02}-{:02}", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday);
}

}  // namespace daimon
