// A connected stream socket with a deadline, and the file descriptors under it.
//
// Thread: one at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace daimon::api {

// An eventfd: readable from `raise` until `clear`. Any thread.
class Flag {
 public:
  Flag();
  void raise() const;
  void clear() const;
  [[nodiscard]] int get() const { return descriptor_.get(); }

 private:
  FileDescriptor descriptor_;
};

class Socket {
 public:
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;

  // `descriptor` is made non-blocking. `stop`, when not -1, ends a wait as soon as it is readable.
  explicit Socket(FileDescriptor descriptor, int stop = -1);

  void set_deadline(Deadline deadline) { deadline_ = deadline; }
  void set_deadline_in(std::chrono::milliseconds time) { deadline_ = std::chrono::steady_clock::now() + time; }

  // Bytes read, 0 at the end. kTimeout after the deadline, kCancelled when stopped, kUnavailable when the peer reset.
  Result<std::size_t> read(std::span<char> buffer);
  Status write(std::string_view bytes);
  // Whether the peer has closed its side; never waits.
  [[nodiscard]] bool peer_is_gone() const;
  [[nodiscard]] int get() const { return descriptor_.get(); }

 private:
  Status wait(short events);

  FileDescriptor descriptor_;
  int stop_;
  Deadline deadline_;
};

// A socket that listens at `path` with mode 0600; what is in its way and answers nobody is removed. kConflict when
// somebody answers there.
Result<FileDescriptor> listen_unix(const std::filesystem::path& path);
// On 127.0.0.1 only; port 0 chooses one.
Result<FileDescriptor> listen_loopback(int port);
Result<int> port_of(const FileDescriptor& listener);
// kUnavailable when nobody listens at `path`.
Result<FileDescriptor> connect_unix(const std::filesystem::path& path);

}  // namespace daimon::api
