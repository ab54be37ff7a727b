// Which addresses of the network a fetch may reach.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct sockaddr;

namespace daimon::device {

struct WebAddress {
  std::string scheme;  // "http" or "https"
  std::string host;    // in its one spelling (base/host_name.h)
  std::uint16_t port = 0;
  std::string url;  // normal form, without user, password and fragment
};
// http and https only; no user name or password; kInvalidArgument otherwise. `base`: what a relative one is relative
// to.
Result<WebAddress> parse_web_address(std::string_view url, std::string_view base = {});

// Where a redirect from `from` leads. kDenied when that is another host, or goes from https to http.
Result<WebAddress> redirected(const WebAddress& from, std::string_view location);

// Entries are a host ("example.org"), all below one (".example.org" or "*.example.org"), or "*".
bool host_allowed(const std::vector<std::string>& hosts, std::string_view host);

// Only addresses of the public internet: not private, link-local (where clouds keep their metadata), loopback,
// multicast, documentation or carrier ranges, nor any of them mapped or tunnelled into IPv6.
bool is_public_address(const sockaddr& address);
bool is_loopback_address(const sockaddr& address);

}  // namespace daimon::device
