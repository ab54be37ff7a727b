// What is hidden from a command below a folder that it sees.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <stop_token>
#include <vector>

#include "base/result.h"
#include "sandbox/sandbox.h"

namespace daimon::sandbox {

struct Cover {
  std::filesystem::path path;  // relative to the bind's source
  bool folder = false;
  dev_t device = 0;
  ino_t number = 0;

  bool operator==(const Cover&) const = default;
};

// All that `bind` says is hidden, as far as it is there and the command could come to it, each named pipe (FIFO), and
// the folders that nobody could look through. By path; none lies in another. Another list after the command than before
// it means that it may have seen something that came in between. kTimeout after `until`, kCancelled on request.
Result<std::vector<Cover>> find_covers(const Bind& bind, std::chrono::steady_clock::time_point until,
                                       const std::stop_token& stop);

// At most `most` of them: where there are more, whole folders are hidden that hold the most, from the deepest up. How
// many such folders there are; kLimit where even the topmost are too many.
Result<std::size_t> thin_out(std::vector<Cover>& covers, std::size_t most);

}  // namespace daimon::sandbox
