// A client that sends bytes as they are, right or wrong, and reads what comes back.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/format.h"

namespace daimon::test {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "daimon-test-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::filesystem::path path;
};

class RawClient {
 public:
  explicit RawClient(const std::filesystem::path& socket)
      : descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(static_cast<char*>(address.sun_path), socket.c_str(), sizeof address.sun_path - 1);
    connected = ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  explicit RawClient(int port, std::uint32_t host = INADDR_LOOPBACK)
      : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(host);
    connected = ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }
  RawClient& send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) break;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return *this;
  }
  // Reads until `wanted` has come, the other side closes, or `milliseconds` without a byte have passed.
  std::string read_until(std::string_view wanted, int milliseconds = 5000) {
    while (wanted.empty() || !received.contains(wanted)) {
      pollfd polled{descriptor_, POLLIN, 0};
      if (::poll(&polled, 1, milliseconds) <= 0) break;
      char bytes[4096];
      const ssize_t count = ::recv(descriptor_, static_cast<char*>(bytes), sizeof bytes, 0);
      if (count <= 0) {
        closed = true;
        break;
      }
      received.append(static_cast<const char*>(bytes), static_cast<std::size_t>(count));
    }
    return received;
  }
  std::string read_all(int milliseconds = 5000) { return read_until("", milliseconds); }

  bool connected = false, closed = false;
  std::string received;

 private:
  int descriptor_;
};

// A request whose connection ends with its answer.
inline std::string get(std::string_view target, std::string_view headers = "") {
  return daimon::format("GET {} HTTP/1.1\r\nHost: daimon\r\nConnection: close\r\n{}\r\n", target, headers);
}
inline std::string post(std::string_view target, std::string_view body, std::string_view headers = "") {
  return daimon::format(
      "POST {} HTTP/1.1\r\nHost: daimon\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: "
      "{}\r\n{}\r\n{}",
      target, body.size(), headers, body);
}

}  // namespace daimon::test
