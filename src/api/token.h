// The tokens that programs present over TCP: 256 random bits, shown once, kept only as their hash.
#pragma once

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/wire.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/result.h"

namespace daimon::api {

// Any thread.
class Tokens {
 public:
  // Reads `file`, which need not exist. A file that cannot be read holds no token: nobody gets in by breaking it.
  explicit Tokens(std::filesystem::path file);

  // A new token; older ones of the same scope no longer count. Written (mode 0600) before it is returned.
  Result<std::string> make(Scope scope, Random& random, const Clock& clock);
  // When the token of this scope was made; nothing when there is none.
  [[nodiscard]] std::optional<std::string> made(Scope scope) const;
  // What `token` may do; nothing when it is none of ours. Takes the same time for every wrong token.
  [[nodiscard]] std::optional<Scope> scope_of(std::string_view token) const;

 private:
  struct Entry {
    Scope scope;
    Digest hash;
    std::string made;
  };
  Status write(const std::vector<Entry>& entries) const;

  std::filesystem::path file_;
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace daimon::api
