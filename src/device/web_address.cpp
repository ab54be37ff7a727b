#include "device/web_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/format.h"
#include "base/host_name.h"
#include "base/text.h"
#include "base/url.h"

namespace daimon::device {
namespace {

struct Range {
  std::uint32_t base;
  int bits;
};

bool is_public_v4(std::uint32_t address) {
  constexpr std::array<Range, 16> kRefused = {{{0x00000000, 8},    // this network
                                               {0x0A000000, 8},    // private
                                               {0x64400000, 10},   // carrier
                                               {0x7F000000, 8},    // loopback
                                               {0xA9FE0000, 16},   // link-local and metadata
                                               {0xAC100000, 12},   // private
                                               {0xC0000000, 24},   // protocol assignments
                                               {0xC0000200, 24},   // documentation
                                               {0xC0586300, 24},   // 6to4 relays
                                               {0xC0A80000, 16},   // private
                                               {0xC6120000, 15},   // benchmarks
                                               {0xC6336400, 24},   // documentation
                                               {0xCB007100, 24},   // documentation
                                               {0xA83F8110, 32},   // a cloud's host services
                                               {0xE0000000, 4},    // multicast
                                               {0xF0000000, 4}}};  // reserved, broadcast
  return std::ranges::none_of(kRefused,
                              [&](const Range& range) { return (address ^ range.base) >> (32 - range.bits) == 0; });
}

std::uint32_t word(const std::uint8_t* bytes) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return ntohl(value);
}

}  // namespace

Result<WebAddress> parse_web_address(std::string_view url, std::string_view base) {
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorCode::kInvalidArgument, daimon::format("the address '{}' {}", printable(cut_utf8(url, 200)), why));
  };
  if (std::ranges::any_of(url, [](unsigned char c) { return c <= ' ' || c == 0x7F || c == '\\'; }))
    return refuse("contains a space, control character or backslash");
  auto parsed = Url::parse(std::string(url), std::string(base));
  if (!parsed) return refuse("cannot be understood");
  WebAddress made;
  made.scheme = parsed->scheme();
  if (made.scheme != "http" && made.scheme != "https") return refuse("is neither http nor https");
  if (!parsed->user().empty() || !parsed->password().empty()) return refuse("contains a user name or password");
  auto host = canonical_host(parsed->host());
  if (!host) return refuse("names no host");
  made.host = std::move(*host);
  const std::string shown = made.host.contains(':') ? "[" + made.host + "]" : made.host;
  parsed->set_host(shown);
  parsed->drop_fragment();
  made.port = parsed->port();
  made.url = parsed->text();
  if (made.port == 0 || made.url.empty()) return refuse("cannot be understood");
  return made;
}

Result<WebAddress> redirected(const WebAddress& from, std::string_view location) {
  DAIMON_TRY(WebAddress next, parse_web_address(location, from.url));
  if (next.host != from.host)
    return fail(ErrorCode::kDenied,
                daimon::format("'{}' redirects to another host: {}", printable(from.host), printable(next.url)),
                "fetch that address, if it is allowed");
  if (from.scheme == "https" && next.scheme != "https")
    return fail(ErrorCode::kDenied,
                daimon::format("'{}' redirects from https to http, which is not followed", printable(from.host)));
  return next;
}

bool host_allowed(const std::vector<std::string>& hosts, std::string_view host) {
  return std::ranges::any_of(hosts, [&](std::string_view entry) { return host_is_meant(entry, host); });
}

bool is_public_address(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return is_public_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (address.sa_family != AF_INET6) return false;
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof v6);
  const std::uint8_t* bytes = v6.sin6_addr.s6_addr;
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (std::equal(kMapped.begin(), kMapped.end(), bytes)) return is_public_v4(word(bytes + 12));
  const std::uint32_t first = word(bytes);
  if (first >> 29 != 1) return false;  // 2000::/3 is all there is of the public internet; 64:ff9b:: is not in it
  if (first >> 9 == 0x20010000U >> 9) return false;  // 2001::/23, Teredo among them
  if (first == 0x20010DB8U) return false;            // documentation
  if (first >> 16 == 0x2002U) return false;          // 6to4
  return first >> 12 != 0x3FFF0U;                    // documentation
}

bool is_loopback_address(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
  }
  if (address.sa_family != AF_INET6) return false;
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof v6);
  return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) != 0;
}

}  // namespace daimon::device
