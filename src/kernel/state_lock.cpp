#include "kernel/state_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "base/format.h"
#include "base/text.h"

namespace daimon::kernel {

Result<StateLock> StateLock::take(const std::filesystem::path& state_folder) {
  const auto path = state_folder / "kernel.lock";
  StateLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (lock.fd_ < 0) return std::unexpected(os_error(errno, daimon::format("cannot open {}", printable(path.string()))));
  if (::flock(lock.fd_, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK)
    return std::unexpected(os_error(errno, daimon::format("cannot lock {}", printable(path.string()))));
  return fail(ErrorCode::kConflict, daimon::format("another Daimon is at work in {}", printable(state_folder.string())),
              "use that one, end it first (`daimon stop`), or give this one another folder (XDG_STATE_HOME)");
}

StateLock::~StateLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace daimon::kernel
