// An address of a page, as libcurl takes it: what is checked is what is fetched.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

struct Curl_URL;  // libcurl's

namespace daimon {

class Url {
 public:
  // Nothing for what is no address. `base`: what a relative one is relative to.
  static std::optional<Url> parse(const std::string& text, const std::string& base = {});

  [[nodiscard]] std::string scheme() const;  // in lower case
  // Without escapes, four numbers for every spelling of them, IPv6 in brackets. In base/host_name.h is the one
  // spelling.
  [[nodiscard]] std::string host() const;
  // As DNS has it: letters beyond ASCII by IDNA. "" for what has no such form.
  [[nodiscard]] std::string host_in_dns() const;
  [[nodiscard]] std::string user() const;
  [[nodiscard]] std::string password() const;
  [[nodiscard]] std::uint16_t port() const;  // the scheme's where none is written; 0: none is known
  [[nodiscard]] std::string text() const;    // all of it, in normal form

  void set_host(const std::string& host);
  void drop_fragment();

 private:
  struct Free {
    void operator()(Curl_URL* url) const;
  };
  using Handle = std::unique_ptr<Curl_URL, Free>;
  explicit Url(Handle handle) : handle_(std::move(handle)) {}

  Handle handle_;
};

// Whether both are addresses with the same scheme, host and port: what a credential is for.
bool same_origin(const std::string& one, const std::string& other);

}  // namespace daimon
