#include "sandbox/covers.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include "base/format.h"
#include "base/text.h"
#include "base/within.h"
#include "sandbox/child.h"

namespace daimon::sandbox {
namespace {

// Most file systems tell the type with the name; of the others each name is asked for.
mode_t type_of(DIR* folder, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return static_cast<mode_t>(DTTOIF(entry.d_type));
  struct stat status{};
  return ::fstatat(::dirfd(folder), entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status.st_mode & S_IFMT : 0;
}

// What a command could not come to need not be covered, and could not be: what is not there, behind a link or closed to
// the unprivileged user.
std::optional<Cover> cover_of(const std::filesystem::path& root, const std::filesystem::path& below) {
  std::filesystem::path at = root;
  struct stat status{};
  for (const std::filesystem::path& part : below) {
    if (::lstat(at.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return std::nullopt;
    const mode_t enter = status.st_uid == kNobody ? S_IXUSR : status.st_gid == kNobody ? S_IXGRP : S_IXOTH;
    if (can_change_user() && (status.st_mode & enter) == 0) return std::nullopt;
    at /= part;
    if (::lstat(at.c_str(), &status) != 0 || S_ISLNK(status.st_mode)) return std::nullopt;
  }
  return Cover{below, S_ISDIR(status.st_mode)};
}

// Read as the caller: what it may not read, the command may not either.
Result<std::vector<std::filesystem::path>> find(const Bind& bind, std::chrono::steady_clock::time_point until,
                                                const std::stop_token& stop) {
  std::vector<std::filesystem::path> found(bind.hidden);
  std::vector<std::filesystem::path> open{{}};
  while (!open.empty()) {
    if (stop.stop_requested()) return fail(ErrorCode::kCancelled, "the command was stopped before it began");
    if (std::chrono::steady_clock::now() >= until)
      return fail(ErrorCode::kTimeout,
                  daimon::format("there was no time to look through all of {} for what is to be hidden",
                                 printable(bind.source.string())),
                  "mount a folder with fewer files");
    const std::filesystem::path at = std::move(open.back());
    open.pop_back();
    const auto close = [](DIR* folder) { ::closedir(folder); };
    const std::filesystem::path whole = at.empty() ? bind.source : bind.source / at;
    const std::unique_ptr<DIR, decltype(close)> folder(::opendir(whole.c_str()), close);
    if (folder == nullptr) continue;
    const std::string parent = whole.filename().string();
    for (const dirent* entry = ::readdir(folder.get()); entry != nullptr; entry = ::readdir(folder.get())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      const mode_t type = type_of(folder.get(), *entry);
      const bool hides = type == S_IFIFO || (type != S_IFLNK && bind.hides && bind.hides(parent, name));
      if (!hides && type != S_IFDIR) continue;
      std::filesystem::path path = at / name;
      if (std::ranges::contains(bind.hidden, path)) continue;
      (hides ? found : open).push_back(std::move(path));
    }
  }
  return found;
}

}  // namespace

Result<std::vector<Cover>> covers_of(const Bind& bind, std::size_t most, std::chrono::steady_clock::time_point until,
                                     const std::stop_token& stop) {
  DAIMON_TRY(auto found, find(bind, until, stop));
  std::ranges::sort(found);
  std::vector<Cover> covers;
  for (const std::filesystem::path& path : found) {
    if (!covers.empty() && is_within(covers.back().path, path)) continue;
    if (auto cover = cover_of(bind.source, path)) covers.push_back(std::move(*cover));
  }
  while (covers.size() > most) {
    std::map<std::filesystem::path, std::size_t> held;
    for (const Cover& cover : covers)
      if (const auto folder = cover.path.parent_path(); !folder.empty()) ++held[folder];
    if (held.empty())
      return fail(
          ErrorCode::kLimit,
          daimon::format("{} has too much that would have to be hidden from the command: keys, passwords, pipes",
                         printable(bind.source.string())),
          "mount a folder without them");
    const auto fullest = std::ranges::max_element(held, {}, &decltype(held)::value_type::second)->first;
    std::erase_if(covers, [&](const Cover& cover) { return is_within(fullest, cover.path); });
    covers.push_back({fullest, true});
  }
  return covers;
}

}  // namespace daimon::sandbox
