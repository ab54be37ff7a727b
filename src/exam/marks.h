// How a process's work compares with what was expected, and what all of it comes to.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "exam/paper.h"

namespace daimon::exam {

// Right ones of so many.
struct Score {
  int right = 0, total = 0;
  void add(bool is_right) {
    right += is_right ? 1 : 0;
    ++total;
  }
  [[nodiscard]] double part() const { return total == 0 ? 0 : static_cast<double>(right) / total; }
};
// The 95% interval of a proportion (Wilson, 1927).
struct Interval {
  double low = 0, high = 1;
};
Interval interval_of(const Score& score);
Json to_json(const Score& score);

// One goal's outcome.
struct Mark {
  bool passed = false;
  std::string missed;          // what was expected and did not come; empty when it passed
  std::optional<bool> quoted;  // of a goal with answers in documents: whether a verified quotation holds each
  std::optional<bool> shown;   // of the same: whether that, or what is said that it may be instead, holds each
  int unverified = 0;          // citations that were shown and do not stand
  std::optional<bool> tool;    // of a goal for a call: whether that was called, with whatever arguments
};

// `view` is the process at its end (System::process), `asked` whether it asked its person, `content_of` the files of
// its home as they are now.
using ContentOf = std::function<std::optional<std::string>(const std::string& path)>;
Mark mark_of(const Expectation& expected, const Json& view, bool asked, const ContentOf& content_of);

// Whether a text says `wanted`: numbers by their value (to a millionth part), anything else word by word.
bool says(std::string_view text, std::string_view wanted);

}  // namespace daimon::exam
