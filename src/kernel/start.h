// What a goal turns into before there is a process: checked options, grants, the `created` record.
#pragma once

#include <vector>

#include "base/random.h"
#include "fs/file_system.h"
#include "kernel/kernel.h"
#include "kernel/system.h"

namespace daimon::kernel {

// kInvalidArgument or kLimit, with what to do, for a goal or an option that cannot be accepted.
Status check_start(const StartOptions& options, const KernelOptions& kernel);

// The body of `created`: everything that the process will ever need to know, so that the journal alone replays it.
Result<Json> created_body(const StartOptions& options, const KernelOptions& kernel, const processor::ModelInfo& model,
                          const std::vector<fs::MountStatus>& mounts, Random& random);

}  // namespace daimon::kernel
