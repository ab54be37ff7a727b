// The files that a model is loaded from, and the state they were in: anybody may write to them afterwards.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace daimon::processor {

class ModelFiles {
 public:
  // `path` is the first part of a model of several. Read before anything else reads them.
  static Result<ModelFiles> look(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& path() const { return parts_->front().path; }
  [[nodiscard]] std::uint64_t bytes() const;
  // Somebody wrote to one of them, or put another in its place. One that was only removed or renamed is what it was.
  [[nodiscard]] bool changed() const;
  // What this process has mapped of them: where it begins and ends. By the names that the system knows the open files
  // by: devices and inodes are not the same everywhere (overlayfs, btrfs).
  [[nodiscard]] std::vector<std::pair<std::uintptr_t, std::uintptr_t>> mappings() const;

 private:
  struct State {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    // Of the content, which a program may set as it likes, and of anything, which none can.
    std::int64_t modified_ns = 0, touched_ns = 0;
    bool operator==(const State&) const = default;
  };
  struct Part {
    std::filesystem::path path;
    FileDescriptor file;  // open, so that one which has no name any more can still be looked at
    State state;
  };
  static State state_of(const struct stat& info);

  std::shared_ptr<const std::vector<Part>> parts_;  // of all copies
};

// A model up to this size is read into memory, where no one else can change it; a larger one is mapped, because the
// machine could not do anything beside it: a quarter of the memory, at most 4 GiB.
std::uint64_t read_bytes_max();

}  // namespace daimon::processor
