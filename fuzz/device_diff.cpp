// What a person approves: the lines that a difference shows, put together again, are the texts.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "device/line_diff.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace daimon;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t middle = text.find('\0');
  const std::string_view before = text.substr(0, middle);
  const std::string_view after = middle == std::string_view::npos ? std::string_view() : text.substr(middle + 1);
  const auto diff = device::diff_lines("a/file", before, after, device::DiffOf::kChange);
  if (diff.text.empty() != (before == after)) std::abort();
  if (!device::is_text(diff.text)) std::abort();
  std::size_t added = 0;
  std::size_t removed = 0;
  bool in_body = false;
  for (std::string_view rest = diff.text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    in_body = in_body || line.starts_with("@@");
    if (!in_body) continue;
    added += line.starts_with('+');
    removed += line.starts_with('-');
  }
  if (!diff.cut && (added != diff.added || removed != diff.removed)) std::abort();
  return 0;
}
