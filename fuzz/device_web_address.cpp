// Addresses of the web: what is taken has one spelling, names no user, and leads nowhere that was not asked for.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "device/web_address.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace daimon;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto address = device::parse_web_address(text);
  if (address) {
    if (address->scheme != "http" && address->scheme != "https") std::abort();
    if (address->host.empty() || address->host.ends_with('.')) std::abort();
    for (const char c : address->host)
      if ((c >= 'A' && c <= 'Z') || c == '@' || c == '/' || c == ' ') std::abort();
    const auto again = device::parse_web_address(address->url);
    if (!again || again->url != address->url || again->host != address->host || again->port != address->port)
      std::abort();
    if (!device::host_allowed({address->host}, address->host)) std::abort();
  }
  const auto from = device::parse_web_address("https://example.org/a/b?c");
  const auto to = device::redirected(*from, text);
  if (to && (to->host != "example.org" || to->scheme != "https")) std::abort();
  return 0;
}
