// Names of hosts, which are written in many ways.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace daimon {

// The one spelling of a host: lower case, letters beyond ASCII as DNS has them (IDNA: "Bücher.example" is
// "xn--bcher-kva.example"), no dot at the end, an address as four numbers or as IPv6 without brackets.
// kInvalidArgument for what is no host: an address of a page, a port, a wildcard, nothing.
Result<std::string> canonical_host(std::string_view host);

// A pattern of hosts with "*" and "?" in the same spelling. kInvalidArgument too where a label has both a wildcard and
// letters beyond ASCII: DNS has no form of that.
Result<std::string> canonical_host_pattern(std::string_view pattern);

// Whether what the person wrote, a host, ".example.org" or "*.example.org" for all below one, or "*", means `host`.
bool host_is_meant(std::string_view written, std::string_view host);

// Whether nothing that is sent to the host leaves this machine: 127.0.0.0/8, ::1, "localhost".
bool is_loopback_host(std::string_view host);

}  // namespace daimon
