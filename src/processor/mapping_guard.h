// Reading a mapped file beyond its end, which somebody else may bring nearer, is a SIGBUS and the end of the process.
// While a guard lives, what it watches reads as zeros there instead; that the file changed is for others to find
// (ModelFiles::changed).
#pragma once

#include <cstdint>
#include <span>
#include <utility>

namespace daimon::processor {

// Any thread. The first one sets the handler of SIGBUS, which hands on what is not its own.
class MappingGuard {
 public:
  MappingGuard() = default;
  ~MappingGuard() { static_cast<void>(watch({})); }
  MappingGuard(const MappingGuard&) = delete;
  MappingGuard& operator=(const MappingGuard&) = delete;

  // These ranges of addresses and no others. Of all guards together, 256 ranges are watched; false where there was no
  // place for one of these.
  [[nodiscard]] bool watch(std::span<const std::pair<std::uintptr_t, std::uintptr_t>> ranges);
};

}  // namespace daimon::processor
