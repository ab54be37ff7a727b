#include "sandbox/pipes.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "base/format.h"
#include "base/text.h"

namespace daimon::sandbox {
namespace {

// Most file systems tell the type with the name; of the others each name is asked for.
mode_t type_of(DIR* folder, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return DTTOIF(entry.d_type);
  struct stat status{};
  return ::fstatat(::dirfd(folder), entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status.st_mode & S_IFMT : 0;
}

}  // namespace

Result<std::vector<std::filesystem::path>> pipes_below(const std::filesystem::path& root,
                                                       std::span<const std::filesystem::path> hidden,
                                                       std::chrono::steady_clock::time_point until,
                                                       const std::stop_token& stop) {
  std::vector<std::filesystem::path> pipes;
  std::vector<std::filesystem::path> open{{}};
  while (!open.empty()) {
    if (stop.stop_requested()) return fail(ErrorCode::kCancelled, "the command was stopped before it began");
    if (std::chrono::steady_clock::now() >= until)
      return fail(ErrorCode::kTimeout,
                  daimon::format("there was no time to look through all of {}", printable(root.string())),
                  "mount a folder with fewer files");
    const std::filesystem::path at = std::move(open.back());
    open.pop_back();
    const auto close = [](DIR* folder) { ::closedir(folder); };
    const std::unique_ptr<DIR, decltype(close)> folder(::opendir((root / at).c_str()), close);
    if (folder == nullptr) continue;
    for (const dirent* entry = ::readdir(folder.get()); entry != nullptr; entry = ::readdir(folder.get())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      const mode_t type = type_of(folder.get(), *entry);
      if (type != S_IFDIR && type != S_IFIFO) continue;
      std::filesystem::path path = at / name;
      if (std::ranges::contains(hidden, path)) continue;
      (type == S_IFDIR ? open : pipes).push_back(std::move(path));
    }
  }
  return pipes;
}

}  // namespace daimon::sandbox
