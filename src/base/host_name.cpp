#include "base/host_name.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/format.h"
#include "base/text.h"
#include "base/url.h"

namespace daimon {
namespace {

std::unexpected<Error> no_host(std::string_view text) {
  return fail(ErrorCode::kInvalidArgument,
              daimon::format("'{}' is not the name of a host", printable(cut_utf8(text, 200))),
              "write a name such as example.org");
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c < 0x80; });
}

// libcurl knows which spellings of an address and of a name are one, and takes the name as the fetch will.
Result<std::string> by_curl(const std::string& host) {
  const auto url = Url::parse("http://" + host + "/");
  if (!url) return no_host(host);
  std::string made = to_lower_ascii(is_ascii(host) ? url->host() : url->host_in_dns());
  if (made.empty()) return no_host(host);
  while (made.ends_with('.')) made.pop_back();
  return made;
}

// ::ffff:0:0/96 (RFC 4291, 2.5.5.2) is how IPv6 writes the addresses of IPv4: what is sent there goes there.
std::string with_plain_ipv4(const std::string& address) {
  in6_addr six{};
  std::array<char, INET_ADDRSTRLEN> text{};
  if (::inet_pton(AF_INET6, address.c_str(), &six) != 1 || !IN6_IS_ADDR_V4MAPPED(&six) ||
      ::inet_ntop(AF_INET, &six.s6_addr[12], text.data(), text.size()) == nullptr)
    return address;
  return text.data();
}

// The other full stops of IDNA (RFC 3490, 3.1).
std::string with_plain_dots(std::string_view text) {
  std::string made(text);
  for (const std::string_view dot : {"\xE3\x80\x82", "\xEF\xBC\x8E", "\xEF\xBD\xA1"})
    for (std::size_t at = 0; (at = made.find(dot, at)) != std::string::npos;) made.replace(at, dot.size(), ".");
  return made;
}

}  // namespace

Result<std::string> canonical_host(std::string_view host) {
  constexpr std::size_t kBytesMax = 1024;  // of DNS 253
  if (!is_utf8(host) || host.size() > kBytesMax) return no_host(host);
  std::string made = with_plain_dots(host);
  while (made.ends_with('.')) made.pop_back();
  if (made.empty() || made.starts_with('.')) return no_host(host);
  // Until nothing changes any more: what letters become can be an address in another spelling.
  for (int round = 0; round < 4; ++round) {
    if (std::ranges::any_of(made, [](unsigned char c) {
          return c <= ' ' || c == 0x7F || std::string_view("/?#@\\%*").contains(static_cast<char>(c));
        }))
      return no_host(host);
    const auto colons = std::ranges::count(made, ':');
    if (colons == 1) return no_host(host);
    if (colons > 1 && !made.starts_with('[')) made = daimon::format("[{}]", made);
    DAIMON_TRY(std::string next, by_curl(made));
    if (next.starts_with('[') && next.ends_with(']')) return with_plain_ipv4(next.substr(1, next.size() - 2));
    if (next.empty()) return no_host(host);
    if (next == made) return next;
    made = std::move(next);
  }
  return no_host(host);
}

Result<std::string> canonical_host_pattern(std::string_view pattern) {
  if (!pattern.contains('*') && !pattern.contains('?')) return canonical_host(pattern);
  std::string plain = with_plain_dots(pattern);
  while (plain.ends_with('.')) plain.pop_back();
  std::string made;
  for (std::string_view rest = plain;;) {
    const std::size_t end = std::min(rest.find('.'), rest.size());
    const std::string_view label = rest.substr(0, end);
    if (label.find_first_of("/#@\\% ") != std::string_view::npos) return no_host(pattern);
    if (is_ascii(label)) {
      made += to_lower_ascii(label);
    } else {
      if (label.find_first_of("*?") != std::string_view::npos) return no_host(pattern);
      DAIMON_TRY(const std::string name, canonical_host(label));
      made += name;
    }
    if (end == rest.size()) break;
    made += '.';
    rest.remove_prefix(end + 1);
  }
  if (made.starts_with('[') && made.ends_with(']')) made = made.substr(1, made.size() - 2);
  if (constexpr std::string_view kMapped = "::ffff:"; made.starts_with(kMapped) && made.contains('.'))
    made.erase(0, kMapped.size());
  return made;
}

bool host_is_meant(std::string_view written, std::string_view host) {
  if (written == "*") return true;
  if (written.starts_with("*.")) written.remove_prefix(1);
  const bool below = written.starts_with('.');
  const auto wanted = canonical_host(below ? written.substr(1) : written);
  const auto name = canonical_host(host);
  if (!wanted || !name) return false;
  return below ? name->ends_with("." + *wanted) && name->size() > wanted->size() + 1 : *name == *wanted;
}

bool is_loopback_host(std::string_view host) {
  const auto name = canonical_host(host);
  if (!name) return false;
  if (*name == "localhost" || *name == "::1") return true;
  // Four numbers and nothing else: "127.example" is somebody's name.
  return name->starts_with("127.") && std::ranges::count(*name, '.') == 3 &&
         name->find_first_not_of("0123456789.") == std::string::npos;
}

}  // namespace daimon
