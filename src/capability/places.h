// Where the files are that a process names.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "capability/access.h"

namespace daimon::capability {

// A mounted folder: its name, and where it is (canonical).
struct Place {
  std::string name;
  std::filesystem::path root;

  bool operator==(const Place&) const = default;
};

struct Places {
  std::vector<Place> own = {};     // what the process may name: its mounts, in their order
  std::vector<Place> others = {};  // mounted too: what else a rule may call the same files
};

// The mount that a path of the process begins with, and what is below it ("" for the mount itself); null where there is
// none.
struct Located {
  const Place* mount = nullptr;
  std::string_view below;  // of access.object

  // Where it is; "" where there is no mount.
  [[nodiscard]] std::filesystem::path real() const {
    if (mount == nullptr) return {};
    return below.empty() ? mount->root : mount->root / below;
  }
};
Located locate(const Access& access, const Places& places);

}  // namespace daimon::capability
