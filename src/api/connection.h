// One client's connection: reads requests, checks that they may come in, hands them to the routes, writes answers.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include "api/exchange.h"
#include "api/routes.h"
#include "api/server.h"
#include "api/socket.h"
#include "api/token.h"

namespace daimon::api {

struct Listener {
  FileDescriptor descriptor;
  int port = 0;  // 0: the Unix socket
  Flag stop;
  std::jthread thread;
};

struct Server::Shared {
  Shared(kernel::System& kernel, ServerOptions given)
      : system(kernel), options(std::move(given)), tokens(options.token_file) {}

  kernel::System& system;
  const ServerOptions options;
  Tokens tokens;
  Flag stop;  // ends every wait of every connection

  std::mutex mutex;
  struct Running {
    std::jthread thread;
    std::atomic<bool> ended = false;
  };
  std::vector<std::unique_ptr<Running>> connections;
  std::atomic<std::size_t> open = 0, open_tcp = 0;
  std::vector<std::unique_ptr<Listener>> listeners;

  Result<Listener*> listen_tcp(int port);
  void remove(Listener* listener);
  void accept_loop(Listener& listener);
};

// Serves one connection until it ends. `port` is that of the TCP listener; 0 for the Unix socket.
void serve_connection(Server::Shared& shared, FileDescriptor descriptor, int port);

}  // namespace daimon::api
