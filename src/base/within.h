// Which path lies below which.
#pragma once

#include <algorithm>
#include <filesystem>

namespace daimon {

// Whether `path` is `folder` or lies below it, by whole components; both are canonical, or both below the same folder.
// The empty path is the folder that everything lies below.
inline bool is_within(const std::filesystem::path& folder, const std::filesystem::path& path) {
  return std::ranges::mismatch(folder, path).in1 == folder.end();
}

}  // namespace daimon
