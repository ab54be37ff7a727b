// One request and how it is answered: what the routes see of a connection.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "api/socket.h"
#include "api/target.h"
#include "api/wire.h"
#include "base/json.h"

namespace daimon::api {

// The last line of a stream of values when the server stops.
inline constexpr std::string_view kStopping = "{\"type\":\"stopping\"}\n";

struct HttpRequest {
  std::string method;
  Target target;
  std::string body;
  bool over_tcp = false;
  Scope scope = Scope::kAll;  // of the token; kAll over the Unix socket
};

// What a request's work has to say, between the thread that makes it and the one that writes it to the client.
class Outbox {
 public:
  explicit Outbox(std::size_t bytes_max = 16U << 20U) : bytes_max_(bytes_max) {}

  // False when the client has gone, or reads so slowly that no more fits: then the work should end. Never blocks.
  bool push(std::string_view bytes);
  // No more comes. With a reply, that is the answer, if nothing was pushed before.
  void close(std::optional<std::pair<int, Json>> reply = std::nullopt);
  [[nodiscard]] bool pushed_any() const;
  // Whether the client has gone.
  [[nodiscard]] bool is_given_up() const;

  // The writer's side.
  struct Taken {
    std::string bytes;
    bool closed = false;
    std::optional<std::pair<int, Json>> reply;
  };
  Taken take();
  void give_up();  // the client has gone
  [[nodiscard]] int ready() const { return ready_.get(); }

 private:
  std::size_t bytes_max_;
  mutable std::mutex mutex_;
  Flag ready_;
  std::string bytes_;
  std::optional<std::pair<int, Json>> reply_;
  bool pushed_any_ = false, closed_ = false, gone_ = false;
};

class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual void reply(int status, const Json& body) = 0;
  // Writes what `outbox` gets, flushed each time, until it is closed. When the client goes away first, or the server
  // stops, the outbox is given up and this returns; a server that stops says `last_words` before.
  virtual void forward(std::string_view content_type, Outbox& outbox, std::string_view last_words = {}) = 0;

  void reply(const Error& error) { reply(status_of(error.code), error_body(error)); }
};

}  // namespace daimon::api
