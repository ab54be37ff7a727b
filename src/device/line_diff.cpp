#include "device/line_diff.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/format.h"
#include "base/text.h"

namespace daimon::device {
namespace {

constexpr std::size_t kComparedBytesMax = 4 << 20;
constexpr int kEditsMax = 1500;  // the trace of the search takes kEditsMax^2 / 2 integers
constexpr std::size_t kContextLines = 3;

enum class Kind : char { kSame = ' ', kRemoved = '-', kAdded = '+' };
struct Edit {
  Kind kind;
  std::string_view line;  // with its newline, where it has one
};

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t length = end == std::string_view::npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return lines;
}

using Lines = std::vector<std::string_view>;

// The edits between a[from_a..) and b[from_b..), of given lengths, in order; false when there are too many.
bool myers(const Lines& a, const Lines& b, std::size_t begin, std::size_t length_a, std::size_t length_b,
           std::vector<Edit>& out) {
  const int n = static_cast<int>(length_a);
  const int m = static_cast<int>(length_b);
  const int limit = std::min(n + m, kEditsMax);
  const auto line_a = [&](int i) { return a[begin + static_cast<std::size_t>(i)]; };
  const auto line_b = [&](int i) { return b[begin + static_cast<std::size_t>(i)]; };
  std::vector<std::vector<int>> trace;  // after d edits: the furthest x on diagonals -d..d, every second one
  std::vector<int> furthest(2 * static_cast<std::size_t>(limit) + 3, 0);
  const auto at = [&](int k) -> int& { return furthest[static_cast<std::size_t>(std::ptrdiff_t{k} + limit + 1)]; };
  int found = -1;
  for (int d = 0; d <= limit && found < 0; ++d) {
    for (int k = -d; k <= d; k += 2) {
      int x = k == -d || (k != d && at(k - 1) < at(k + 1)) ? at(k + 1) : at(k - 1) + 1;
      int y = x - k;
      while (x < n && y < m && line_a(x) == line_b(y)) ++x, ++y;
      at(k) = x;
      if (x >= n && y >= m) found = d;
    }
    std::vector<int> row;
    row.reserve(2 * static_cast<std::size_t>(d) + 1);
    for (int k = -d; k <= d; ++k) row.push_back(at(k));
    trace.push_back(std::move(row));
  }
  if (found < 0) return false;
  std::vector<Edit> reversed;
  int x = n;
  int y = m;
  for (int d = found; d >= 0; --d) {
    const int k = x - y;
    int before_x = 0;
    int before_y = 0;
    if (d > 0) {
      const std::vector<int>& row = trace[static_cast<std::size_t>(d - 1)];
      const auto reach = [&](int diagonal) {
        const int index = diagonal + d - 1;
        return index < 0 || index >= static_cast<int>(row.size()) ? -1 : row[static_cast<std::size_t>(index)];
      };
      const int before_k = k == -d || (k != d && reach(k - 1) < reach(k + 1)) ? k + 1 : k - 1;
      before_x = reach(before_k);
      before_y = before_x - before_k;
    }
    while (x > before_x && y > before_y && x > 0 && y > 0 && line_a(x - 1) == line_b(y - 1)) {
      reversed.push_back({Kind::kSame, line_a(x - 1)});
      --x, --y;
    }
    if (d == 0) break;
    if (x == before_x)
      reversed.push_back({Kind::kAdded, line_b(y - 1)});
    else
      reversed.push_back({Kind::kRemoved, line_a(x - 1)});
    x = before_x;
    y = before_y;
  }
  out.insert(out.end(), reversed.rbegin(), reversed.rend());
  return true;
}

void append_line(std::string& text, const Edit& edit) {
  text += static_cast<char>(edit.kind);
  if (is_text(edit.line))
    text += edit.line;
  else
    text += printable_block(edit.line);
  if (!edit.line.ends_with('\n')) text += "\n\\ No newline at end of file\n";
}

std::string hunk_range(std::size_t first, std::size_t count) {
  // An empty range names the line before it, as diff(1) does.
  return count == 1 ? daimon::format("{}", first + 1) : daimon::format("{},{}", count == 0 ? first : first + 1, count);
}

// Appends to `text`, as far as kDiffBytesMax; false when that was not far enough.
bool render(const std::vector<Edit>& edits, std::string& text) {
  std::size_t line_a = 0;
  std::size_t line_b = 0;
  for (std::size_t i = 0; i < edits.size();) {
    if (edits[i].kind == Kind::kSame) {
      ++line_a, ++line_b, ++i;
      continue;
    }
    std::size_t begin = i;
    while (begin > 0 && i - begin < kContextLines && edits[begin - 1].kind == Kind::kSame) --begin;
    std::size_t end = i;  // one past the last change of the hunk
    for (std::size_t j = i, same = 0; j < edits.size() && same <= 2 * kContextLines; ++j) {
      same = edits[j].kind == Kind::kSame ? same + 1 : 0;
      if (same == 0) end = j + 1;
    }
    const std::size_t last = std::min(end + kContextLines, edits.size());
    std::size_t count_a = 0;
    std::size_t count_b = 0;
    std::string body;
    for (std::size_t j = begin; j < last; ++j) {
      count_a += edits[j].kind != Kind::kAdded;
      count_b += edits[j].kind != Kind::kRemoved;
      append_line(body, edits[j]);
      if (text.size() + body.size() > kDiffBytesMax) return false;
    }
    const std::size_t lead = i - begin;
    text += daimon::format("@@ -{} +{} @@\n", hunk_range(line_a - lead, count_a), hunk_range(line_b - lead, count_b)) +
            body;
    line_a += count_a - lead;
    line_b += count_b - lead;
    i = last;
  }
  return text.size() <= kDiffBytesMax;
}

}  // namespace

bool is_text(std::string_view bytes) noexcept {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto c = static_cast<unsigned char>(bytes[i]);
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F) return false;
    // U+0080 to U+009F, control characters too.
    if (c == 0xC2 && i + 1 < bytes.size() && static_cast<unsigned char>(bytes[i + 1]) < 0xA0) return false;
  }
  return is_utf8(bytes);
}

LineDiff diff_lines(std::string_view path, std::string_view before, std::string_view after, DiffOf what) {
  LineDiff made;
  if (before == after && what == DiffOf::kChange) return made;
  const Lines a = split(before);
  const Lines b = split(after);
  std::size_t prefix = 0;
  while (prefix < a.size() && prefix < b.size() && a[prefix] == b[prefix]) ++prefix;
  std::size_t suffix = 0;
  while (suffix < std::min(a.size(), b.size()) - prefix && a[a.size() - 1 - suffix] == b[b.size() - 1 - suffix])
    ++suffix;
  const std::size_t middle_a = a.size() - prefix - suffix;
  const std::size_t middle_b = b.size() - prefix - suffix;
  std::vector<Edit> edits;
  for (std::size_t i = 0; i < prefix; ++i) edits.push_back({Kind::kSame, a[i]});
  const bool small = before.size() + after.size() <= kComparedBytesMax;
  if (!small || !myers(a, b, prefix, middle_a, middle_b, edits)) {
    for (std::size_t i = 0; i < middle_a; ++i) edits.push_back({Kind::kRemoved, a[prefix + i]});
    for (std::size_t i = 0; i < middle_b; ++i) edits.push_back({Kind::kAdded, b[prefix + i]});
  }
  for (std::size_t i = 0; i < suffix; ++i) edits.push_back({Kind::kSame, a[a.size() - suffix + i]});
  for (const Edit& edit : edits) {
    made.added += edit.kind == Kind::kAdded;
    made.removed += edit.kind == Kind::kRemoved;
  }
  const std::string shown = printable(path);
  made.text = what == DiffOf::kCreation ? "--- /dev/null\n" : daimon::format("--- a/{}\n", shown);
  made.text += what == DiffOf::kRemoval ? "+++ /dev/null\n" : daimon::format("+++ b/{}\n", shown);
  made.cut = !render(edits, made.text);
  return made;
}

}  // namespace daimon::device
