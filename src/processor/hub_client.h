// GET over HTTP for the model hub: redirects followed by hand, so that the token goes to its own host only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"

namespace daimon::processor {

class HubClient {
 public:
  // `endpoint` without a slash at its end.
  HubClient(std::string endpoint, std::string token, std::stop_token stop);

  struct Answer {
    long status = 0;
    std::map<std::string, std::string> headers;        // of the last response, names in lower case
    std::map<std::string, std::string> first_headers;  // of the endpoint's own response, before any redirect
    std::string body;                                  // when no sink took it
  };
  // Takes bytes of a 200 or 206 response; `status` says which.
  using Sink = std::function<Status(long status, std::string_view bytes)>;

  // An absolute URL below the endpoint. `from`: the first byte wanted. An Answer for each status, also 404;
  // kUnavailable or kTimeout when the connection is lost, kCancelled after a stop, the sink's error if it has one.
  Result<Answer> get(const std::string& url, std::uint64_t from, const Sink& sink) const;
  Result<Answer> get(const std::string& url) const { return get(url, 0, {}); }
  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }

 private:
  Result<Answer> get_once(const std::string& url, std::uint64_t from, const Sink& sink) const;

  std::string endpoint_;
  std::string token_;
  std::stop_token stop_;
};

}  // namespace daimon::processor
