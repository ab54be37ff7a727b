#include "api/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/format.h"
#include "base/text.h"

namespace daimon::api {
namespace {

constexpr int kBacklog = 128;

Result<sockaddr_un> address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string& text = path.native();
  if (text.size() >= sizeof address.sun_path)
    return fail(ErrorCode::kInvalidArgument, daimon::format("the path of the socket is too long: {}", printable(text)),
                "set XDG_RUNTIME_DIR to a shorter folder");
  std::ranges::copy(text, static_cast<char*>(address.sun_path));
  return address;
}

template <class Address>
const sockaddr* generic(const Address& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

}  // namespace

Flag::Flag() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { DAIMON_ASSERT(descriptor_.get() >= 0); }

void Flag::raise() const {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(descriptor_.get(), &one, sizeof one));  // fails only when it is raised already
}

void Flag::clear() const {
  std::uint64_t count = 0;
  static_cast<void>(!::read(descriptor_.get(), &count, sizeof count));
}

Socket::Socket(FileDescriptor descriptor, int stop) : descriptor_(std::move(descriptor)), stop_(stop) {
  ::fcntl(descriptor_.get(), F_SETFL, ::fcntl(descriptor_.get(), F_GETFL) | O_NONBLOCK);
  const int on = 1;
  ::setsockopt(descriptor_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // no effect on a Unix socket
}

Status Socket::wait(short events) {
  while (true) {
    int timeout = -1;
    if (deadline_) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - std::chrono::steady_clock::now());
      if (left.count() <= 0) return fail(ErrorCode::kTimeout, "the other side was too slow");
      timeout = static_cast<int>(std::min<std::int64_t>(left.count(), 3'600'000));
    }
    std::array<pollfd, 2> polled{{{descriptor_.get(), events, 0}, {stop_, POLLIN, 0}}};
    const int count = ::poll(polled.data(), stop_ >= 0 ? 2 : 1, timeout);
    if (count < 0 && errno != EINTR) return std::unexpected(os_error(errno, "waiting for a socket"));
    if (count <= 0) continue;
    if (stop_ >= 0 && polled[1].revents != 0) return fail(ErrorCode::kCancelled, "interrupted");
    if (polled[0].revents != 0) return {};
  }
}

Result<std::size_t> Socket::read(std::span<char> buffer) {
  while (true) {
    const ssize_t count = ::recv(descriptor_.get(), buffer.data(), buffer.size(), 0);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno == EINTR) continue;
    if (errno == ECONNRESET || errno == EPIPE)
      return fail(ErrorCode::kUnavailable, "the other side closed the connection");
    if (errno != EAGAIN) return std::unexpected(os_error(errno, "reading from a socket"));
    DAIMON_CHECK(wait(POLLIN));
  }
}

Status Socket::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(descriptor_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == ECONNRESET || errno == EPIPE)
      return fail(ErrorCode::kUnavailable, "the other side closed the connection");
    if (errno != EAGAIN) return std::unexpected(os_error(errno, "writing to a socket"));
    DAIMON_CHECK(wait(POLLOUT));
  }
  return {};
}

bool Socket::peer_is_gone() const {
  pollfd polled{descriptor_.get(), POLLRDHUP, 0};
  return ::poll(&polled, 1, 0) > 0 && (polled.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

Result<FileDescriptor> connect_unix(const std::filesystem::path& path) {
  DAIMON_TRY(const sockaddr_un address, address_of(path));
  FileDescriptor descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!descriptor.is_open()) return std::unexpected(os_error(errno, "making a socket"));
  if (::connect(descriptor.get(), generic(address), sizeof address) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED || errno == EAGAIN)
      return fail(ErrorCode::kUnavailable, daimon::format("no daemon answers at {}", printable(path.native())),
                  "`daimon ps` starts one; `daimon doctor` says what is wrong");
    return std::unexpected(os_error(errno, daimon::format("connecting to {}", printable(path.native()))));
  }
  return descriptor;
}

Result<FileDescriptor> listen_unix(const std::filesystem::path& path) {
  if (connect_unix(path))
    return fail(ErrorCode::kConflict, daimon::format("a daemon already answers at {}", printable(path.native())));
  DAIMON_TRY(const sockaddr_un address, address_of(path));
  struct stat existing{};
  if (::lstat(path.c_str(), &existing) == 0) {
    if (!S_ISSOCK(existing.st_mode))
      return fail(ErrorCode::kConflict, daimon::format("{} is in the way and is no socket", printable(path.native())),
                  "move it away");
    ::unlink(path.c_str());
  }
  FileDescriptor descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!descriptor.is_open()) return std::unexpected(os_error(errno, "making a socket"));
  // The mode of the descriptor becomes that of the file, less the umask: no moment at which others could connect.
  ::fchmod(descriptor.get(), 0600);
  if (::bind(descriptor.get(), generic(address), sizeof address) != 0)
    return std::unexpected(os_error(errno, daimon::format("making the socket {}", printable(path.native()))));
  if (::chmod(path.c_str(), 0600) != 0 || ::listen(descriptor.get(), kBacklog) != 0)
    return std::unexpected(os_error(errno, daimon::format("listening at {}", printable(path.native()))));
  return descriptor;
}

Result<FileDescriptor> listen_loopback(int port) {
  if (port < 0 || port > 65535)
    return fail(ErrorCode::kInvalidArgument, daimon::format("{} is no port", port),
                "ports are 1 to 65535; 0 chooses one");
  FileDescriptor descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!descriptor.is_open()) return std::unexpected(os_error(errno, "making a socket"));
  const int on = 1;
  ::setsockopt(descriptor.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(descriptor.get(), generic(address), sizeof address) != 0 || ::listen(descriptor.get(), kBacklog) != 0) {
    if (errno == EADDRINUSE)
      return fail(ErrorCode::kConflict, daimon::format("port {} is taken by another program", port),
                  "choose another with --port");
    return std::unexpected(os_error(errno, daimon::format("listening on 127.0.0.1:{}", port)));
  }
  return descriptor;
}

Result<int> port_of(const FileDescriptor& listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return std::unexpected(os_error(errno, "asking for a port"));
  return static_cast<int>(ntohs(address.sin_port));
}

}  // namespace daimon::api
