#include "device/beneath.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/format.h"
#include "base/text.h"

namespace daimon::device {
namespace {

std::unexpected<Error> open_failed(int error, std::string_view shown) {
  const std::string name = printable(shown);
  if (error == ENOENT) return fail(ErrorCode::kNotFound, daimon::format("there is no '{}'", name));
  if (error == ELOOP)
    return fail(ErrorCode::kDenied,
                daimon::format("'{}' is or passes through a symbolic link, which is not followed", name),
                "mount the folder that it points to");
  if (error == EXDEV) return fail(ErrorCode::kDenied, daimon::format("'{}' leaves its mount", name));
  if (error == ENOTDIR)
    return fail(ErrorCode::kInvalidArgument, daimon::format("a file stands where '{}' needs a folder", name));
  if (error == ENAMETOOLONG)
    return fail(ErrorCode::kInvalidArgument, daimon::format("the name '{}' is too long", cut_utf8(name, 80)));
  return std::unexpected(os_error(error, daimon::format("cannot open '{}'", name)));
}

// Of a folder that is open by its path alone. Where it may not be read, all of its file system is made durable, by
// `beneath`, which is open for reading in it.
int make_durable(int folder, int beneath) {
  const FileDescriptor readable(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return readable.is_open() ? ::fsync(readable.get()) : ::syncfs(beneath);
}

}  // namespace

Result<FileDescriptor> open_root(const std::filesystem::path& root) {
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const long fd = ::syscall(SYS_openat2, AT_FDCWD, root.c_str(), &how, sizeof how);
  if (fd >= 0) return FileDescriptor(static_cast<int>(fd));
  if (errno == ELOOP)
    return fail(ErrorCode::kDenied,
                daimon::format("{} is not the folder that was mounted: a symbolic link stands there now",
                               printable(root.string())),
                "unmount it, and mount it again where it is");
  return std::unexpected(
      os_error(errno, daimon::format("cannot open the mounted folder {}", printable(root.string()))));
}

Result<FileDescriptor> open_beneath(int root, const std::filesystem::path& relative, int flags,
                                    std::string_view shown) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  if ((flags & O_CREAT) != 0) how.mode = 0600;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const std::string path = relative.empty() ? "." : relative.string();
  for (int attempt = 0;; ++attempt) {
    const long fd = ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how);
    if (fd >= 0) return FileDescriptor(static_cast<int>(fd));
    // EAGAIN: something was renamed while the kernel looked; it asks to try again.
    if (errno == EINTR || (errno == EAGAIN && attempt < 50)) continue;
    return open_failed(errno, shown);
  }
}

Result<FileDescriptor> open_file_beneath(int root, const std::filesystem::path& relative, std::string_view shown) {
  // Looked at before it is opened, because opening a device can itself do something.
  DAIMON_TRY(const FileDescriptor look, open_beneath(root, relative, O_PATH | O_NOFOLLOW, shown));
  struct stat status{};
  if (::fstat(look.get(), &status) != 0) return open_failed(errno, shown);
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorCode::kUnsupported, daimon::format("'{}' {}", printable(shown), why));
  };
  if (S_ISDIR(status.st_mode)) return refuse("is a folder");
  if (S_ISLNK(status.st_mode)) return open_failed(ELOOP, shown);
  if (!S_ISREG(status.st_mode)) return refuse("is not a regular file");
  DAIMON_TRY(FileDescriptor file, open_beneath(root, relative, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW, shown));
  struct stat opened{};
  if (::fstat(file.get(), &opened) != 0) return open_failed(errno, shown);
  if (!S_ISREG(opened.st_mode)) return refuse("is not a regular file");
  return file;
}

Result<FileDescriptor> make_folders_beneath(int root, const std::filesystem::path& relative, mode_t umask,
                                            std::string_view shown) {
  DAIMON_TRY(FileDescriptor folder, open_beneath(root, "", O_PATH | O_DIRECTORY, shown));
  for (const std::filesystem::path& part : relative) {
    if (part.empty()) continue;
    const bool made = ::mkdirat(folder.get(), part.c_str(), 0700) == 0;
    if (!made && errno != EEXIST)
      return std::unexpected(os_error(errno, daimon::format("cannot make the folder of '{}'", printable(shown))));
    DAIMON_TRY(FileDescriptor next,
               open_beneath(folder.get(), part, (made ? O_RDONLY : O_PATH) | O_DIRECTORY | O_NOFOLLOW, shown));
    struct stat above{};
    if (made && ::fstat(folder.get(), &above) == 0) ::fchmod(next.get(), 0700 | (above.st_mode & 0055 & ~umask));
    if (made && make_durable(folder.get(), next.get()) != 0)
      return std::unexpected(os_error(errno, daimon::format("cannot make the folder of '{}'", printable(shown))));
    folder = std::move(next);
  }
  return open_beneath(folder.get(), "", O_RDONLY | O_DIRECTORY, shown);
}

Result<Content> read_all(int fd, std::size_t bytes_max, std::string_view shown) {
  Content content;
  struct stat status{};
  if (::fstat(fd, &status) == 0 && status.st_size > 0)
    content.bytes.reserve(std::min(static_cast<std::size_t>(status.st_size), bytes_max) + 1);
  char buffer[65536];
  while (true) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(os_error(errno, daimon::format("cannot read '{}'", printable(shown))));
    if (got == 0) return content;
    const std::size_t room = bytes_max - content.bytes.size();
    content.bytes.append(buffer, std::min(static_cast<std::size_t>(got), room));
    if (static_cast<std::size_t>(got) > room) {
      content.more = true;
      return content;
    }
  }
}

Status write_all(int fd, std::string_view bytes, std::string_view shown) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) {
      if (errno == EFBIG)
        return fail(ErrorCode::kLimit,
                    daimon::format("cannot write '{}': the file would be larger than is allowed", printable(shown)));
      return std::unexpected(os_error(errno, daimon::format("cannot write '{}'", printable(shown))));
    }
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

Status write_private_file(const std::filesystem::path& path, std::string_view bytes) {
  std::error_code failed;
  std::filesystem::create_directories(path.parent_path(), failed);
  if (failed) return std::unexpected(os_error(failed.value(), "cannot make Daimon's own folder"));
  const FileDescriptor folder(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) return std::unexpected(os_error(errno, "cannot open Daimon's own folder"));
  const std::string name = path.filename().string();
  const std::string temporary = name + ".tmp";
  const FileDescriptor file(
      ::openat(folder.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file.get() < 0) return std::unexpected(os_error(errno, "cannot write in Daimon's own folder"));
  Status written = write_all(file.get(), bytes, name);
  if (written && ::fsync(file.get()) != 0)
    written = std::unexpected(os_error(errno, "cannot write in Daimon's own folder"));
  if (written && ::renameat(folder.get(), temporary.c_str(), folder.get(), name.c_str()) != 0)
    written = std::unexpected(os_error(errno, "cannot write in Daimon's own folder"));
  if (!written) {
    ::unlinkat(folder.get(), temporary.c_str(), 0);
    return written;
  }
  if (::fsync(folder.get()) != 0) return std::unexpected(os_error(errno, "cannot write in Daimon's own folder"));
  return {};
}

Result<std::string> read_private_file(const std::filesystem::path& path, std::size_t bytes_max) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.get() < 0)
    return std::unexpected(os_error(errno, daimon::format("cannot open {}", printable(path.filename().string()))));
  DAIMON_TRY(Content content, read_all(file.get(), bytes_max, path.filename().string()));
  if (content.more) return fail(ErrorCode::kLimit, "a file of Daimon's own is larger than it may be");
  return std::move(content.bytes);
}

Result<std::vector<FolderEntry>> list_folder(int folder, std::size_t entries_max, std::string_view shown) {
  const int copy = ::fcntl(folder, F_DUPFD_CLOEXEC, 0);
  const auto close_folder = [](DIR* open) { ::closedir(open); };
  const std::unique_ptr<DIR, decltype(close_folder)> entries(copy < 0 ? nullptr : ::fdopendir(copy), close_folder);
  if (!entries) return std::unexpected(os_error(errno, daimon::format("cannot list '{}'", printable(shown))));
  std::vector<FolderEntry> found;
  errno = 0;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string name = entry->d_name;
    if (name.starts_with('.')) continue;
    struct stat status{};
    if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) continue;
    found.push_back({name, S_ISDIR(status.st_mode), static_cast<std::uint64_t>(status.st_size)});
  }
  std::ranges::sort(found, {}, &FolderEntry::name);
  if (found.size() > entries_max) found.resize(entries_max);
  return found;
}

}  // namespace daimon::device
