// What processes changed in files, for who wants to see it, undo it, or clear away what is kept for that.
//
// Thread: any. What the kernel's thread knows of a process is handed over.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "device/device.h"

namespace daimon::kernel {

// How long and how much is kept of the versions that changes replaced.
struct Retention {
  std::chrono::days days{30};
  std::uint64_t bytes = 512ULL << 20U;
};

struct AppliedChange {
  std::string id, path;
  bool sure = true;  // false: cut off while it was applied, so that nobody can tell
};
// In the order that they were applied in, from the view of their process.
std::vector<AppliedChange> applied_changes(const Json& view);
// Says of each change in the view which it is ("change") and whether it was undone ("undone").
void mark_changes(Json& view, const std::set<std::string>& undone);

// A process and its changes, as the kernel's thread knows them.
struct ChangedProcess {
  std::string id;
  std::filesystem::path folder;  // its own, below the state folder
  bool ended = false;
  std::vector<device::MountReference> mounts;
  std::vector<AppliedChange> applied;
  std::set<std::string> undone;
};

// {"process", "ended", "changes": [{"change", "path", "state", "creates", "diff", "detail"}]}, oldest first. `state`:
// "applied", "undone" (or put back by somebody), "changed" (again, by somebody else), "gone" (nothing is kept of it),
// "unknown". `diff`: what undoing does.
Json changes_view(const ChangedProcess& process);
Status undo(const ChangedProcess& process, const AppliedChange& change);

// Of processes that have ended, by their names: what was never applied goes, and so does what is older than is kept, or
// more than that; the oldest first. What was cut off while it was applied is put right.
void sweep_changes(const std::filesystem::path& processes_folder,
                   const std::map<std::string, std::vector<AppliedChange>>& ended, const Retention& retention);

}  // namespace daimon::kernel
