// What a goal is given along (a pipe): a document of its own, which is mounted for that process and for no other, and
// is gone when the process has ended.
//
// Thread: any.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "device/device.h"
#include "fs/file_system.h"

namespace daimon::kernel {

class Materials {
 public:
  // Each lies below `folder`, which is made when there is something to lie in it. `files` outlives this.
  // It is canonical, and Daimon's own: what lies in it is nobody else's.
  Materials(std::filesystem::path folder, fs::FileSystem& files) : folder_(std::move(folder)), files_(files) {}

  // Writes it down as piped.txt, piped.csv, piped.tsv or piped.html, whichever it looks like, and indexes it.
  Result<device::MountReference> add(std::string_view text, Random& random) const;
  [[nodiscard]] bool is_one(const std::filesystem::path& root) const;
  // Whether a mount of this name may be one: most are not, and need not be looked for.
  [[nodiscard]] static bool may_be_one(std::string_view name) { return name.starts_with(kNamePrefix); }
  // By the names of their mounts. Nothing happens to a mount that is none.
  void remove(const std::string& name) const;
  // What a crash left behind.
  void remove_all_but(const std::set<std::string>& used) const;

 private:
  static constexpr std::string_view kNamePrefix = "piped-";

  std::filesystem::path folder_;
  fs::FileSystem& files_;
};

}  // namespace daimon::kernel
