// A capability: a right to some verbs on some objects, within limits. Rights only shrink.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "capability/access.h"
#include "capability/label.h"

namespace daimon::capability {

struct Capability {
  std::string kind;                // of Access
  std::vector<std::string> verbs;  // sorted
  // What it covers: for files a path prefix by whole components ("" is everything the process can name); for net a
  // host, or ".example.org" for all below it, or "*"; otherwise "".
  std::string object;
  // The most restricted label that data may have to go out through it; for net this keeps personal data at home.
  Confidentiality ceiling = Confidentiality::kSecret;
  std::optional<std::int64_t> uses_left;  // nothing: not counted
  std::optional<WallTime> expires;

  bool operator==(const Capability&) const = default;

  [[nodiscard]] bool covers(const Access& access) const;
  // True when everything that `narrower` allows, this allows too: the condition of delegation.
  [[nodiscard]] bool contains(const Capability& narrower) const;
};

Json to_json(const Capability& capability);
Result<Capability> capability_from_json(const Json& value);

}  // namespace daimon::capability
