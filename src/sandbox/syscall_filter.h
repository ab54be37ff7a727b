// The filter of system calls, as a BPF program.
#pragma once

#include <string>

#include "base/result.h"

namespace daimon::sandbox {

// Allowed by default, because programs of every kind run here and bubblewrap and Landlock bound what they reach;
// refused is what could change the sandbox itself, widen the kernel's attack surface or escape the counting of memory.
// Refusals are EPERM, or ENOSYS where programs then fall back to something harmless. Calls of a foreign architecture
// kill. Made once; the bytes of a sock_filter array.
Result<std::string> syscall_filter();

}  // namespace daimon::sandbox
