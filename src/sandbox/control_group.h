// A control group for one command, where this machine lets us make one (v1 and v2 layouts): memory and processes of the
// whole tree as the kernel counts them. Without one the limits on each process and the watching of the tree remain.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace daimon::sandbox {

class ControlGroup {
 public:
  // Nothing when it cannot be made here.
  static std::optional<ControlGroup> create(std::uint64_t memory_bytes, std::uint32_t processes);
  ControlGroup(ControlGroup&& other) noexcept : folders_(std::exchange(other.folders_, {})) {}
  ControlGroup& operator=(ControlGroup&& other) noexcept {
    std::swap(folders_, other.folders_);
    return *this;
  }
  ~ControlGroup();  // of processes that are gone

  // Open for writing, one for each folder, at most two: a process that writes "0" there joins. The caller closes them.
  [[nodiscard]] std::vector<int> open_members() const;
  [[nodiscard]] bool ran_out_of_memory() const;
  [[nodiscard]] std::uint64_t peak_memory_bytes() const;  // 0: not known

 private:
  ControlGroup() = default;
  std::vector<std::filesystem::path> folders_;
};

}  // namespace daimon::sandbox
