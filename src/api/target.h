// What of HTTP is parsed by Daimon itself: request targets, lines of NDJSON streams, server-sent events.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace daimon::api {

// "/v1/processes/p1/events?after=3" as {"v1", "processes", "p1", "events"} and {{"after", "3"}}, percent-decoded.
struct Target {
  std::vector<std::string> segments;
  std::vector<std::pair<std::string, std::string>> query;

  // The first value of `name`; "" when there is none.
  [[nodiscard]] std::string_view parameter(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const;
};

// kInvalidArgument for what is no origin-form target, for "." and "..", an encoded slash, control characters, invalid
// UTF-8, or a parameter given twice: nothing that two readers could understand differently.
Result<Target> parse_target(std::string_view text);

// The inverse, for one segment or one value of a query.
std::string percent_encode(std::string_view text);

// Splits a stream into lines.
class LineSplitter {
 public:
  explicit LineSplitter(std::size_t line_bytes_max = 16U << 20U) : line_bytes_max_(line_bytes_max) {}
  // Calls `on_line` with every whole line, without its end; empty ones are left out. Stops when it returns false.
  // kLimit for a line longer than allowed.
  Status feed(std::string_view bytes, const std::function<bool(std::string_view)>& on_line);
  // What came after the last end of line.
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::size_t line_bytes_max_;
  std::string rest_;
};

// "data: {...}\n\n": JSON text has no line ends in it, so one line is enough.
std::string server_sent_event(const Json& value);

}  // namespace daimon::api
