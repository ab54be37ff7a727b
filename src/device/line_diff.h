// The difference of two texts as a unified diff, for people.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace daimon::device {

struct LineDiff {
  std::string text;  // "--- a/path\n+++ b/path\n@@ ...", or one sentence for what cannot be shown; empty: no difference
  std::size_t added = 0;  // lines
  std::size_t removed = 0;
};

// `path` as the process names it. Content that is not UTF-8 or has NUL bytes is said to differ and not shown; texts
// above 4 MiB or with very many differences are shown as removed and added as a whole, cut to 2000 lines.
// Algorithm: Myers, "An O(ND) difference algorithm and its variations" (1986), after common ends are taken off.
LineDiff diff_lines(std::string_view path, std::string_view before, std::string_view after, bool creates);

}  // namespace daimon::device
