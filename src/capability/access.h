// One thing that a system call wants to touch.
#pragma once

#include <string>

namespace daimon::capability {

struct Access {
  std::string kind;    // "file", "index", "python", "calculator", "net", "person"
  std::string verb;    // "read", "list", "search", "write", "run", "get", "ask", "use"
  std::string object;  // for files the path in the process's name space ("accounts/2026.csv"); a host for net; or ""

  bool operator==(const Access&) const = default;
};

}  // namespace daimon::capability
