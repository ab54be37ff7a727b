// The difference of two texts as a unified diff, for people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace daimon::device {

struct LineDiff {
  std::string text;       // "--- a/path\n+++ b/path\n@@ ..."; empty: no difference
  std::size_t added = 0;  // lines
  std::size_t removed = 0;
  bool cut = false;  // longer than kDiffBytesMax: `text` is not all of it
};

// What a person is asked to approve is shown whole or not asked for. Below the bounds of one event of a stream, in
// which a difference may stand twice.
inline constexpr std::size_t kDiffBytesMax = 4 << 20;

// UTF-8 without control characters other than tab, newline and carriage return: what a diff can show as it is.
bool is_text(std::string_view bytes) noexcept;

// Of which file, if of any, there is none before or after.
enum class DiffOf : std::uint8_t { kChange, kCreation, kRemoval };

// `path` as the process names it. Lines that are not text are shown with escapes (\xff), and so is the path; texts
// above 4 MiB or with very many differences are shown as removed and added as a whole.
// Algorithm: Myers, "An O(ND) difference algorithm and its variations" (1986), after common ends are taken off.
LineDiff diff_lines(std::string_view path, std::string_view before, std::string_view after, DiffOf what);

}  // namespace daimon::device
