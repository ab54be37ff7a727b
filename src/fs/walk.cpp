#include "fs/walk.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/format.h"
#include "base/text.h"
#include "capability/credentials.h"

namespace daimon::fs {
namespace {

constexpr int kDepthMax = 64;

bool is_ignored(const std::filesystem::path& name) {
  static const std::set<std::string, std::less<>> kIgnored = {".git",   ".hg",   ".svn", "node_modules", "__pycache__",
                                                              ".cache", ".venv", "venv", ".daimon"};
  return kIgnored.contains(name.string());
}

Result<Stamp> stamp_of(const std::filesystem::path& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0)
    return std::unexpected(os_error(errno, "cannot look at " + printable(path.string())));
  return Stamp{static_cast<std::int64_t>(status.st_size),
               status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec,
               static_cast<std::int64_t>(status.st_ino)};
}

}  // namespace

Result<Listing> walk(const std::filesystem::path& root, std::int64_t files_max,
                     const std::vector<std::filesystem::path>& own,
                     const std::function<void(const std::filesystem::path&)>& on_folder, const std::stop_token& stop) {
  Listing listing;
  const auto leave_unread = [&](const std::filesystem::path& path, std::string what) {
    listing.problems.push_back({printable(path.string()), std::move(what)});
    listing.unread.insert(path.string());
  };
  // A link that came since leads to another folder, of which nothing was asked.
  std::error_code lost;
  if (const auto real = std::filesystem::canonical(root, lost); !lost && real != root)
    return fail(ErrorCode::kNotFound, daimon::format("{} is behind a symbolic link now", printable(root.string())),
                "unmount it, and mount it again where it is");
  if (capability::holds_credentials(root)) return listing;
  std::vector<std::pair<std::filesystem::path, int>> open{{"", 0}};
  while (!open.empty()) {
    if (stop.stop_requested()) return fail(ErrorCode::kCancelled, "stopped while looking for files");
    const auto [folder, depth] = open.back();
    open.pop_back();
    on_folder(root / folder);
    std::error_code error;
    std::filesystem::directory_iterator entries(root / folder, error);
    // Without its root a mount has nothing to be compared with: a disk that is not there now, for one.
    if (error && folder.empty())
      return std::unexpected(os_error(error.value(), "cannot read " + printable(root.string())));
    for (const std::filesystem::directory_iterator end; !error && entries != end; entries.increment(error)) {
      const auto relative = folder / entries->path().filename();
      if (capability::is_name_of_credentials((folder.empty() ? root : folder).filename().native(),
                                             relative.filename().native()))
        continue;
      std::error_code unseen;
      const auto type = entries->symlink_status(unseen).type();
      if (type == std::filesystem::file_type::directory) {
        if (!is_ignored(relative.filename()) && !std::ranges::contains(own, root / relative) && depth < kDepthMax)
          open.emplace_back(relative, depth + 1);
        continue;
      }
      if (unseen && type != std::filesystem::file_type::not_found) leave_unread(relative, unseen.message());
      if (type != std::filesystem::file_type::regular) continue;
      if (!is_utf8(relative.string())) {
        listing.problems.push_back({printable(relative.string()), "the file's name is not valid UTF-8"});
        continue;
      }
      if (static_cast<std::int64_t>(listing.files.size()) >= files_max) {
        leave_unread("", daimon::format("more than {} files; the rest is left out", files_max));
        return listing;
      }
      if (const auto stamp = stamp_of(root / relative); stamp)
        listing.files.push_back({relative.string(), *stamp});
      else if (stamp.error().code != ErrorCode::kNotFound)
        leave_unread(relative, stamp.error().what);
    }
    if (error && error != std::errc::no_such_file_or_directory) leave_unread(folder, error.message());
  }
  return listing;
}

bool is_gone(const Listing& listing, const std::filesystem::path& root, const std::string& path) {
  bool unread = listing.unread.contains("");
  for (std::filesystem::path part = path; !unread && !part.empty(); part = part.parent_path())
    unread = listing.unread.contains(part.string());
  if (!unread) return true;
  struct stat status{};
  return ::lstat((root / path).c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

}  // namespace daimon::fs
