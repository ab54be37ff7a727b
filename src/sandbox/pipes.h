// The named pipes (FIFOs) below a folder.
//
// A read-only mount does not keep anybody from reading a pipe, and what is read is gone for whom it was meant; without
// Landlock one can be written too. Neither mounts nor the filter of system calls can tell a pipe from a file, so they
// are looked for.
#pragma once

#include <chrono>
#include <filesystem>
#include <span>
#include <stop_token>
#include <vector>

#include "base/result.h"

namespace daimon::sandbox {

// Paths relative to `root`, in no order, without what stands below `hidden`; links are not followed, and folders that
// cannot be read are left out. kTimeout after `until`, kCancelled on request.
Result<std::vector<std::filesystem::path>> pipes_below(const std::filesystem::path& root,
                                                       std::span<const std::filesystem::path> hidden,
                                                       std::chrono::steady_clock::time_point until,
                                                       const std::stop_token& stop);

}  // namespace daimon::sandbox
