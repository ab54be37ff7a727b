#include "kernel/state_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "base/format.h"
#include "base/text.h"

namespace daimon::kernel {

Result<StateLock> StateLock::take(const std::filesystem::path& state_folder) {
  const auto path = state_folder / "kernel.lock";
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open())
    return std::unexpected(os_error(errno, daimon::format("cannot open {}", printable(path.string()))));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return StateLock(std::move(file));
  if (errno != EWOULDBLOCK)
    return std::unexpected(os_error(errno, daimon::format("cannot lock {}", printable(path.string()))));
  return fail(ErrorCode::kConflict, daimon::format("another Daimon is at work in {}", printable(state_folder.string())),
              "use that one, end it first (`daimon stop`), or give this one another folder (XDG_STATE_HOME)");
}

}  // namespace daimon::kernel
