// The files below a mounted folder, as they are now.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "fs/file_system.h"
#include "fs/index.h"

namespace daimon::fs {

struct FoundFile {
  std::string path;  // below the mount
  Stamp stamp;
};

struct Listing {
  std::vector<FoundFile> files;
  std::vector<Problem> problems;
  // What could not be looked at, below the mount: a folder stands for all in it, "" for the whole mount. Files there
  // that the listing does not name may well be there still.
  std::set<std::string> unread;
};

// Follows no links and leaves out folders that hold no documents of the person's (.git, node_modules). `on_folder` is
// called with each folder before it is read, so that what changes in it afterwards is not missed. kCancelled when
// stopped; an error, too, when the root itself cannot be read.
// Neither are the folders `own` looked into, nor is what holds keys and passwords listed (capability/credentials.h).
Result<Listing> walk(const std::filesystem::path& root, std::int64_t files_max,
                     const std::vector<std::filesystem::path>& own,
                     const std::function<void(const std::filesystem::path&)>& on_folder, const std::stop_token& stop);

// Whether a file that the listing does not name is no longer there.
bool is_gone(const Listing& listing, const std::filesystem::path& root, const std::string& path);

}  // namespace daimon::fs
