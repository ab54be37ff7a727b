// One thing that a system call wants to touch.
#pragma once

#include <string>

namespace daimon::capability {

struct Access {
  std::string kind;  // "file", "index", "python", "calculator", "net", "person"
  std::string verb;  // "read", "list", "search", "write", "run", "get", "ask", "use"
  // For files the path in the process's name space, in its one spelling ("accounts/2026.csv", "." for the root), or ""
  // for all that is mounted; a host for net; otherwise "".
  std::string object;

  bool operator==(const Access&) const = default;
};

}  // namespace daimon::capability
