// What is hidden from a command below a folder that it sees.
#pragma once

#include <chrono>
#include <filesystem>
#include <stop_token>
#include <vector>

#include "base/result.h"
#include "sandbox/sandbox.h"

namespace daimon::sandbox {

struct Cover {
  std::filesystem::path path;  // relative to the bind's source
  bool folder = false;
};

// All that `bind` says is hidden, as far as it is there and the command could come to it, and each named pipe (FIFO).
// None lies in another. At most `most`: where there are more files, whole folders are hidden that hold the most of
// them. kLimit where even that is not enough, kTimeout after `until`, kCancelled on request.
Result<std::vector<Cover>> covers_of(const Bind& bind, std::size_t most, std::chrono::steady_clock::time_point until,
                                     const std::stop_token& stop);

}  // namespace daimon::sandbox
