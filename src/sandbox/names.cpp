#include <array>

#include "sandbox/sandbox.h"

namespace daimon::sandbox {

std::string_view name_of(Layer layer) noexcept {
  constexpr std::array<std::string_view, 6> kNames = {"user", "limits", "namespaces", "landlock", "seccomp", "cgroup"};
  return kNames[static_cast<std::size_t>(layer)];
}

std::string_view name_of(Stopped why) noexcept {
  constexpr std::array<std::string_view, 7> kNames = {"not",    "memory",    "cpu",      "wall",
                                                      "output", "file size", "cancelled"};
  return kNames[static_cast<std::size_t>(why)];
}

}  // namespace daimon::sandbox
