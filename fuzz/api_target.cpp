// Request targets: whatever is accepted has no segment that climbs, and means the same after being written again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/target.h"
#include "base/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace daimon;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto target = api::parse_target(text);
  if (!target) return 0;
  std::string again;
  for (const std::string& segment : target->segments) {
    if (segment.empty() || segment == "." || segment == ".." || segment.find('/') != std::string::npos ||
        segment.find('\0') != std::string::npos || !is_utf8(segment))
      std::abort();
    again += "/" + api::percent_encode(segment);
  }
  char mark = '?';
  for (const auto& [name, value] : target->query) {
    again += std::exchange(mark, '&') + api::percent_encode(name) + "=" + api::percent_encode(value);
  }
  const auto same = api::parse_target(again);
  if (!same || same->segments != target->segments || same->query != target->query) std::abort();
  return 0;
}
