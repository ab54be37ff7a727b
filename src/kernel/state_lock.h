// One kernel a state folder: two would write one journal, and each would undo the other's work.
#pragma once

#include <filesystem>
#include <utility>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace daimon::kernel {

// Held as long as it lives, and given up by the system when the program ends, however it ends.
class StateLock {
 public:
  // kConflict while another kernel, of this program or another, has the folder.
  static Result<StateLock> take(const std::filesystem::path& state_folder);
  StateLock() = default;

 private:
  explicit StateLock(FileDescriptor file) : file_(std::move(file)) {}
  FileDescriptor file_;
};

}  // namespace daimon::kernel
