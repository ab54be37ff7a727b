// Files below a folder, and nothing else: every step of a path is resolved by the kernel with openat2, which refuses
// to leave the folder, follow a symbolic link or a magic link of /proc. Nothing here waits on a fifo or device.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"

struct stat;

namespace daimon::device {

// `shown` is the path for error texts. The root is what was mounted, without a link in its path: one that came since
// leads to another folder, which nobody was granted and which is judged by another path than its own.
Result<FileDescriptor> open_root(const std::filesystem::path& root);
// O_CLOEXEC is added. An empty `relative` is the root itself.
Result<FileDescriptor> open_beneath(int root, const std::filesystem::path& relative, int flags, std::string_view shown);
// A regular file for reading; anything else is kUnsupported ("is a folder", "is not a regular file").
Result<FileDescriptor> open_file_beneath(int root, const std::filesystem::path& relative, std::string_view shown);
// The folder `relative`, made where it is missing, with the folders above it: as open to others as the folder that each
// is in, less what `umask` takes away (the daemon's own is for its own files).
Result<FileDescriptor> make_folders_beneath(int root, const std::filesystem::path& relative, mode_t umask,
                                            std::string_view shown);

// At most bytes_max bytes from the start; `more` says that there is more.
struct Content {
  std::string bytes;
  bool more = false;
};
Result<Content> read_all(int fd, std::size_t bytes_max, std::string_view shown);
Status write_all(int fd, std::string_view bytes, std::string_view shown);

// A file that is complete or absent at every moment: temporary file, fsync, rename, fsync of the folder. Mode 0600.
Status write_private_file(const std::filesystem::path& path, std::string_view bytes);
// Where it is not there: kNotFound.
Result<std::string> read_private_file(const std::filesystem::path& path, std::size_t bytes_max);

struct FolderEntry {
  std::string name;
  bool folder = false;
  std::uint64_t bytes = 0;
};
// Regular files and folders, by name; no names that begin with a dot. At most entries_max of them.
Result<std::vector<FolderEntry>> list_folder(int folder, std::size_t entries_max, std::string_view shown);

}  // namespace daimon::device
