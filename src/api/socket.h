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

#include "base/result.h"

namespace daimon::api {

// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();
  [[nodiscard]] int get() const { return number_; }
  [[nodiscard]] explicit operator bool() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

// An eventfd: readable from `raise` until `clear`. Any thread.
class Flag {
 public:
  Flag();
  void raise() const;
  void clear() const;
  [[nodiscard]] int get() const { return descriptor_.get(); }

 private:
  Descriptor descriptor_;
};

class Socket {
 public:
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;

  // `descriptor` is made non-blocking. `stop`, when not -1, ends a wait as soon as it is readable.
  explicit Socket(Descriptor descriptor, int stop = -1);

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

  Descriptor descriptor_;
  int stop_;
  Deadline deadline_;
};

// A socket that listens at `path` with mode 0600; what is in its way and answers nobody is removed. kConflict when
// somebody answers there.
Result<Descriptor> listen_unix(const std::filesystem::path& path);
// On 127.0.0.1 only; port 0 chooses one.
Result<Descriptor> listen_loopback(int port);
Result<int> port_of(const Descriptor& listener);
// kUnavailable when nobody listens at `path`.
Result<Descriptor> connect_unix(const std::filesystem::path& path);

}  // namespace daimon::api
