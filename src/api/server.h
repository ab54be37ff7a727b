// Serves a kernel over HTTP: on a Unix socket to programs of the same user, and over TCP on 127.0.0.1 to programs that
// have a token. One thread a connection, with limits on all that a client can use up.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "kernel/system.h"

namespace daimon::api {

struct ServerOptions {
  std::filesystem::path socket;              // in a folder that only its owner can enter
  std::filesystem::path token_file;          // hashes of the tokens for TCP; "" for no TCP at all
  std::string version;                       // of this build; what `status` says
  std::vector<std::string> allowed_origins;  // of web pages that may call over TCP, such as "http://127.0.0.1:5173"
  std::function<void()> on_shutdown;         // POST /v1/shutdown; must only ask for the end, and return

  std::size_t connections_max = 128;
  std::size_t tcp_connections_max = 64;
  std::size_t header_bytes_max = std::size_t{16} * 1024;
  std::size_t body_bytes_max = std::size_t{4} * 1024 * 1024;
  std::chrono::milliseconds idle_time{60'000};    // until a request begins
  std::chrono::milliseconds header_time{10'000};  // for the whole header
  std::chrono::milliseconds body_time{30'000};    // for the whole body
  std::chrono::milliseconds write_time{20'000};   // for one piece of an answer
};

class Server {
 public:
  // Listens on the Unix socket. kConflict when another daemon does.
  static Result<std::unique_ptr<Server>> start(kernel::System& system, ServerOptions options);
  // Ends all connections and waits for their threads.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Also on 127.0.0.1 (0 chooses a port) until the server ends. Returns the port.
  Result<int> listen_tcp(int port);

  struct Shared;  // of the server and its connections

 private:
  explicit Server(std::unique_ptr<Shared> shared);
  std::unique_ptr<Shared> shared_;
};

}  // namespace daimon::api
