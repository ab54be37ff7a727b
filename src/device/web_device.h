// fetch(url): a page of the web from a host that the person allowed. Off by default: without hosts every call is
// refused.
#pragma once

#include <netinet/in.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "device/device.h"

namespace daimon::device {

struct WebOptions {
  std::vector<std::string> hosts;  // "example.org", ".example.org" (all below it), "*"
  std::size_t bytes_max = 2 << 20;
  std::chrono::milliseconds timeout{20'000};
  int redirects_max = 5;
  // For tests: addresses of this machine, and ports other than 80 and 443.
  bool permit_loopback = false;
  // Another source of names: the addresses of a host. Empty: the system's. May be called from several threads.
  std::function<Result<std::vector<sockaddr_storage>>(const std::string& host)> resolve = {};
};

// Value: {"url", "status", "type", "text", "bytes", "more"}; text "URL: the page's text". HTML becomes text; other
// kinds of text stay as they are; anything else is kUnsupported. No cookies, no credentials, no proxy, nothing but GET.
//
// A name is resolved once, every address of it checked, and the connection pinned to what was checked. A redirect is
// followed within the host, to which the monitor has agreed, and never from https to http; one to another host is an
// error that names the address, so that fetching it is a call of its own.
std::unique_ptr<Device> make_web_device(WebOptions options = {});

}  // namespace daimon::device
