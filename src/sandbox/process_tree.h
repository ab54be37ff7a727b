// What a process and all below it use, read from /proc while they run.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>

namespace daimon::sandbox {

struct TreeUse {
  std::uint64_t memory_bytes = 0;  // resident, anonymous and shared memory; not pages of files
  std::chrono::milliseconds cpu{0};
  int processes = 0;
};

// At most 4096 processes are looked at.
TreeUse use_of_tree(pid_t root);

}  // namespace daimon::sandbox
