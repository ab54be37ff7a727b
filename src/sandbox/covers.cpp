#include "sandbox/covers.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

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
  const int descriptor = ::dirfd(folder);
  const bool told = descriptor >= 0 && ::fstatat(descriptor, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0;
  return told ? status.st_mode & S_IFMT : 0;
}

// What a command could not come to need not be covered, and could not be: what is not there, behind a link or closed to
// the unprivileged user.
Result<std::optional<Cover>> cover_of(const std::filesystem::path& root, const std::filesystem::path& below) {
  std::filesystem::path at = root;
  struct stat status{};
  const auto look = [&] { return ::lstat(at.c_str(), &status) == 0 ? 0 : errno; };
  const auto unseen = [&](int error) -> Result<std::optional<Cover>> {
    if (error == ENOENT || error == ENOTDIR) return std::nullopt;
    return std::unexpected(os_error(error, daimon::format("cannot hide {}", printable(at.string()))));
  };
  if (const int error = look(); error != 0) return unseen(error);
  for (const std::filesystem::path& part : below) {
    if (!S_ISDIR(status.st_mode)) return std::nullopt;
    const mode_t enter = status.st_uid == kNobody ? S_IXUSR : status.st_gid == kNobody ? S_IXGRP : S_IXOTH;
    if (can_change_user() && (status.st_mode & enter) == 0) return std::nullopt;
    at /= part;
    if (const int error = look(); error != 0) return unseen(error);
    if (S_ISLNK(status.st_mode)) return std::nullopt;
  }
  return Cover{below, S_ISDIR(status.st_mode), status.st_dev, status.st_ino};
}

class Walk {
 public:
  Walk(const Bind& bind, std::chrono::steady_clock::time_point until, const std::stop_token& stop)
      : bind_(bind), until_(until), stop_(stop), found_(bind.hidden) {}

  // Reads as the caller, whose rights the command may have too.
  Result<std::vector<std::filesystem::path>> find() {
    open_.emplace_back();
    while (!open_.empty()) {
      if (stop_.stop_requested()) return fail(ErrorCode::kCancelled, "the command was stopped before it began");
      if (std::chrono::steady_clock::now() >= until_)
        return fail(ErrorCode::kTimeout,
                    daimon::format("there was no time to look through all of {} for what is to be hidden",
                                   printable(bind_.source.string())),
                    "mount a folder with fewer files");
      const std::filesystem::path at = std::move(open_.back());
      open_.pop_back();
      DAIMON_CHECK(read(at));
    }
    return std::move(found_);
  }

 private:
  Status read(const std::filesystem::path& at) {
    const auto close = [](DIR* folder) { ::closedir(folder); };
    const std::filesystem::path whole = at.empty() ? bind_.source : bind_.source / at;
    const auto failed = [&](int error) -> Status {
      return std::unexpected(os_error(
          error, daimon::format("cannot look through {} for what is to be hidden", printable(whole.string()))));
    };
    const std::unique_ptr<DIR, decltype(close)> folder(::opendir(whole.c_str()), close);
    if (folder == nullptr) {
      const int error = errno;
      if (error == ENOENT || error == ENOTDIR) return {};
      // What is not to be listed can still hold a file whose name somebody knows.
      if (error != EACCES || at.empty()) return failed(error);
      found_.push_back(at);
      return {};
    }
    const std::string parent = whole.filename().string();
    for (errno = 0; const dirent* entry = ::readdir(folder.get()); errno = 0) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      const mode_t type = type_of(folder.get(), *entry);
      const bool hides = type == S_IFIFO || (type != S_IFLNK && bind_.hides && bind_.hides(parent, name));
      if (!hides && type != S_IFDIR) continue;
      std::filesystem::path path = at / name;
      if (std::ranges::contains(bind_.hidden, path)) continue;
      (hides ? found_ : open_).push_back(std::move(path));
    }
    return errno == 0 ? Status{} : failed(errno);
  }

  const Bind& bind_;
  std::chrono::steady_clock::time_point until_;
  const std::stop_token& stop_;
  std::vector<std::filesystem::path> found_, open_;
};

}  // namespace

Result<std::vector<Cover>> find_covers(const Bind& bind, std::chrono::steady_clock::time_point until,
                                       const std::stop_token& stop) {
  std::vector<Cover> covers;
  struct stat source{};
  if (::stat(bind.source.c_str(), &source) == 0 && !S_ISDIR(source.st_mode)) return covers;
  DAIMON_TRY(auto found, Walk(bind, until, stop).find());
  std::ranges::sort(found);
  for (const std::filesystem::path& path : found) {
    if (!covers.empty() && is_within(covers.back().path, path)) continue;
    DAIMON_TRY(const auto cover, cover_of(bind.source, path));
    if (cover) covers.push_back(*cover);
  }
  return covers;
}

Result<std::size_t> thin_out(std::vector<Cover>& covers, std::size_t most) {
  std::map<std::ptrdiff_t, std::vector<Cover>, std::greater<>> by_depth;
  std::size_t count = covers.size();
  for (Cover& cover : covers) by_depth[std::ranges::distance(cover.path)].push_back(std::move(cover));
  // The deepest first: what then lies in a folder lies directly in it. The fullest folders of a depth go first, and
  // where all the full ones were not enough all of them move up to be counted together.
  for (auto level = by_depth.begin(); count > most && level != by_depth.end() && level->first > 1; ++level) {
    std::map<std::filesystem::path, std::vector<Cover>> held;
    for (Cover& cover : level->second) held[cover.path.parent_path()].push_back(std::move(cover));
    level->second.clear();
    std::vector<std::pair<std::size_t, std::filesystem::path>> fullest;
    for (const auto& [folder, inside] : held) fullest.emplace_back(inside.size(), folder);
    std::ranges::sort(fullest, std::greater<>());
    auto& above = by_depth[level->first - 1];
    for (const auto& [size, folder] : fullest) {
      auto& inside = held[folder];
      if (count <= most) {
        std::ranges::move(inside, std::back_inserter(level->second));
        continue;
      }
      count -= size - 1;
      above.push_back({.path = folder, .folder = true});
    }
  }
  if (count > most)
    return fail(ErrorCode::kLimit,
                "a mounted folder has more that has to be hidden from a command than can be: keys, passwords, pipes",
                "mount a folder without them");
  covers.clear();
  for (auto& [depth, level] : by_depth) std::ranges::move(level, std::back_inserter(covers));
  std::ranges::sort(covers, {}, &Cover::path);
  // Those that were found have a number.
  return static_cast<std::size_t>(std::ranges::count(covers, ino_t{0}, &Cover::number));
}

}  // namespace daimon::sandbox
