// One line on stderr that shows how far something has come; nothing where lines cannot be drawn anew.
#pragma once

#include <string_view>

#include "cli/terminal.h"

namespace daimon::cli {

class ProgressBar {
 public:
  explicit ProgressBar(const Terminal& terminal) : terminal_(terminal) {}
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // `part` from 0 to 1, or negative when nobody knows. `left` and `right` must be printable.
  void show(double part, std::string_view left, std::string_view right);
  void clear();

 private:
  const Terminal& terminal_;
  bool shown_ = false;
};

}  // namespace daimon::cli
