#include "cli/folders.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/format.h"
#include "base/text.h"

namespace daimon::cli {
namespace {

namespace stdfs = std::filesystem;

// The name of a Unix socket has room for 107 bytes.
constexpr std::size_t kSocketFolderBytesMax = 90;

std::string absolute_value(const Terminal::Environment& environment, const char* name) {
  const char* value = environment(name);
  return value != nullptr && *value == '/' ? value : "";  // the XDG rules: a relative path is ignored
}

Status make_private(const stdfs::path& folder) {
  std::error_code failed;
  if (folder.has_parent_path()) stdfs::create_directories(folder.parent_path(), failed);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return std::unexpected(os_error(errno, daimon::format("making the folder {}", printable(folder.native()))));
  struct stat status{};
  if (::lstat(folder.c_str(), &status) != 0)
    return std::unexpected(os_error(errno, daimon::format("looking at {}", printable(folder.native()))));
  if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid())
    return fail(ErrorCode::kDenied, daimon::format("{} is not a folder of your own", printable(folder.native())),
                "remove it, or set XDG_RUNTIME_DIR and XDG_STATE_HOME to folders of your own");
  if ((status.st_mode & 0077U) != 0 && ::chmod(folder.c_str(), 0700) != 0)
    return std::unexpected(os_error(errno, daimon::format("making {} private", printable(folder.native()))));
  return {};
}

}  // namespace

Result<Folders> Folders::find(const Terminal::Environment& environment) {
  std::string home = absolute_value(environment, "HOME");
  if (home.empty())
    if (const passwd* entry = ::getpwuid(::geteuid()); entry != nullptr && entry->pw_dir != nullptr)
      home = entry->pw_dir;
  const auto below = [&](const char* name, const char* otherwise) -> stdfs::path {
    const std::string given = absolute_value(environment, name);
    return (given.empty() ? stdfs::path(home) / otherwise : stdfs::path(given)) / "daimon";
  };
  Folders folders;
  folders.state = below("XDG_STATE_HOME", ".local/state");
  folders.config = below("XDG_CONFIG_HOME", ".config");
  const std::string runtime = absolute_value(environment, "XDG_RUNTIME_DIR");
  std::error_code failed;
  if (!runtime.empty() && stdfs::is_directory(runtime, failed))
    folders.runtime = stdfs::path(runtime) / "daimon";
  else if (folders.state.native().size() <= kSocketFolderBytesMax)
    folders.runtime = folders.state;
  else
    folders.runtime = daimon::format("/tmp/daimon-{}", ::geteuid());
  if (home.empty() && !folders.state.is_absolute())
    return fail(ErrorCode::kNotFound, "there is no home folder to keep things in", "set HOME or XDG_STATE_HOME");
  DAIMON_CHECK(make_private(folders.state));
  DAIMON_CHECK(make_private(folders.runtime));
  return folders;
}

}  // namespace daimon::cli
