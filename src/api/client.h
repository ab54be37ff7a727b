// A client of the daemon's API over its Unix socket. One connection a request: nothing to go stale in between.
//
// Thread: any; each call stands alone.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace daimon::api {

class Client {
 public:
  explicit Client(std::filesystem::path socket) : socket_(std::move(socket)) {}

  // The answer's JSON; an error of the daemon as it was sent. kUnavailable when nobody listens.
  [[nodiscard]] Result<Json> get(std::string_view target) const;
  [[nodiscard]] Result<Json> post(std::string_view target, const Json& body) const;
  [[nodiscard]] Result<Json> remove(std::string_view target) const;

  struct StreamOptions {
    int wake = -1;                  // when readable, `on_wake` is called
    std::function<bool()> on_wake;  // must make `wake` unreadable; false ends the stream (kCancelled)
  };
  // A stream of NDJSON, or of server-sent events (their data; "[DONE]" is left out): every value, until it ends or
  // `on_value` returns false. kUnavailable when the daemon goes away in the middle.
  Status stream(std::string_view method, std::string_view target, const std::optional<Json>& body,
                const std::function<bool(const Json&)>& on_value, const StreamOptions& options) const;
  Status stream(std::string_view method, std::string_view target, const std::optional<Json>& body,
                const std::function<bool(const Json&)>& on_value) const {
    return stream(method, target, body, on_value, StreamOptions{});
  }

  [[nodiscard]] const std::filesystem::path& socket() const { return socket_; }
  // How long a plain request may take; streams have no limit.
  void set_timeout(std::chrono::milliseconds timeout) { timeout_ = timeout; }

 private:
  [[nodiscard]] Result<Json> request(std::string_view method, std::string_view target,
                                     const std::optional<Json>& body) const;

  std::filesystem::path socket_;
  std::chrono::milliseconds timeout_{120'000};  // loading a large model takes its time
};

}  // namespace daimon::api
