#include "api/server.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "api/connection.h"
#include "base/format.h"

namespace daimon::api {
namespace {

constexpr std::string_view kBusy =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 76\r\nConnection: "
    "close\r\n\r\n"
    R"({"error":{"code":"unavailable","what":"too many connections to the daemon"}})";

// Only programs of our own user: the folder's mode says so, and the kernel of the machine vouches for it.
bool is_same_user(int descriptor) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == ::geteuid();
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(kernel::System& system, ServerOptions options) {
  auto shared = std::make_unique<Shared>(system, std::move(options));
  DAIMON_TRY(FileDescriptor descriptor, listen_unix(shared->options.socket));
  auto listener = std::make_unique<Listener>();
  listener->descriptor = std::move(descriptor);
  Listener& reference = *listener;
  shared->listeners.push_back(std::move(listener));
  reference.thread = std::jthread([&shared = *shared, &reference] { shared.accept_loop(reference); });
  return std::unique_ptr<Server>(new Server(std::move(shared)));
}

Server::Server(std::unique_ptr<Shared> shared) : shared_(std::move(shared)) {}

Server::~Server() {
  shared_->stop.raise();
  ::unlink(shared_->options.socket.c_str());
  decltype(shared_->listeners) listeners;
  {
    const std::scoped_lock lock(shared_->mutex);
    listeners.swap(shared_->listeners);
  }
  for (auto& listener : listeners) listener->thread.join();
  for (auto& connection : shared_->connections) connection->thread.join();
}

Result<int> Server::listen_tcp(int port) {
  DAIMON_TRY(Listener * listener, shared_->listen_tcp(port));
  return listener->port;
}

Result<Listener*> Server::Shared::listen_tcp(int port) {
  if (options.token_file.empty()) return fail(ErrorCode::kUnsupported, "this server does not listen over TCP");
  auto listener = std::make_unique<Listener>();
  DAIMON_TRY(listener->descriptor, listen_loopback(port));
  DAIMON_TRY(listener->port, port_of(listener->descriptor));
  Listener* const pointer = listener.get();
  listener->thread = std::jthread([this, pointer] { accept_loop(*pointer); });
  const std::scoped_lock lock(mutex);
  listeners.push_back(std::move(listener));
  return pointer;
}

void Server::Shared::remove(Listener* listener) {
  std::unique_ptr<Listener> removed;
  {
    const std::scoped_lock lock(mutex);
    const auto found = std::ranges::find(listeners, listener, &std::unique_ptr<Listener>::get);
    if (found == listeners.end()) return;
    removed = std::move(*found);
    listeners.erase(found);
  }
  removed->stop.raise();
  removed->thread.join();
}

void Server::Shared::accept_loop(Listener& listener) {
  while (true) {
    std::array<pollfd, 3> polled{
        {{listener.descriptor.get(), POLLIN, 0}, {stop.get(), POLLIN, 0}, {listener.stop.get(), POLLIN, 0}}};
    if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) return;
    if (polled[1].revents != 0 || polled[2].revents != 0) return;
    FileDescriptor client(::accept4(listener.descriptor.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!client.is_open()) {
      // Out of descriptors: the backlog holds who waits until some are free.
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) ::poll(nullptr, 0, 50);
      continue;
    }
    const bool tcp = listener.port != 0;
    if (!tcp && !is_same_user(client.get())) continue;
    const std::scoped_lock lock(mutex);
    std::erase_if(connections, [](const auto& connection) { return connection->ended.load(); });
    if (open >= options.connections_max || (tcp && open_tcp >= options.tcp_connections_max)) {
      ::send(client.get(), kBusy.data(), kBusy.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      continue;
    }
    auto running = std::make_unique<Running>();
    Running& reference = *running;
    connections.push_back(std::move(running));
    ++open;
    if (tcp) ++open_tcp;
    try {
      reference.thread =
          std::jthread([this, &reference, tcp, port = listener.port, client = std::move(client)]() mutable {
            serve_connection(*this, std::move(client), port);
            --open;
            if (tcp) --open_tcp;
            reference.ended = true;
          });
    } catch (const std::system_error&) {  // no more threads
      --open;
      if (tcp) --open_tcp;
      connections.pop_back();
    }
  }
}

}  // namespace daimon::api
