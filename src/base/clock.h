// Time as an interface, given at construction, so that a test can give another.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace daimon {

// Wall time: milliseconds since 1970-01-01T00:00:00Z.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
// Monotonic time, for durations and deadlines; no relation to the wall.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual WallTime now() const = 0;
  [[nodiscard]] virtual SteadyTime steady() const = 0;
};

// The machine's clock. Any thread.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override;
  [[nodiscard]] SteadyTime steady() const override;
};

// A clock that moves only when told to.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start = WallTime{}) : wall_(start) {}
  [[nodiscard]] WallTime now() const override { return wall_; }
  [[nodiscard]] SteadyTime steady() const override { return steady_; }
  void advance(std::chrono::milliseconds by) {
    wall_ += by;
    steady_ += by;
  }

 private:
  WallTime wall_;
  SteadyTime steady_{};
};

// "2026-03-31T14:05:09.123Z"
std::string to_iso8601(WallTime time);
// "2026-03-31", the day where the machine says it is (TZ, /etc/localtime).
std::string to_local_date(WallTime time);
inline std::int64_t to_milliseconds(WallTime time) { return time.time_since_epoch().count(); }
inline WallTime wall_time_from(std::int64_t milliseconds) { return WallTime{std::chrono::milliseconds{milliseconds}}; }

}  // namespace daimon
