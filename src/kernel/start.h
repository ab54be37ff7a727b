// What a goal turns into before there is a process: checked options, grants, the `created` record.
#pragma once

#include <vector>

#include "base/random.h"
#include "capability/constitution.h"
#include "fs/file_system.h"
#include "kernel/kernel.h"
#include "kernel/system.h"
#include "process/process.h"

namespace daimon::kernel {

// kInvalidArgument or kLimit, with what to do, for a goal or an option that cannot be accepted.
Status check_start(const StartOptions& options, const KernelOptions& kernel);

// kInvalidArgument for a rule whose verb and kind no process can have: a slip of the pen, which would forbid nothing.
Status check_constitution(const capability::Constitution& constitution);

// The body of `created`: everything that the process will ever need to know, so that the journal alone replays it.
// `mounts` are the person's; `material`, if there is any, is the mount of what the goal was given along; without one
// the model has it as text.
Result<Json> created_body(const StartOptions& options, const KernelOptions& kernel, const processor::ModelInfo& model,
                          const std::vector<fs::MountStatus>& mounts, const device::MountReference* material,
                          Random& random);

// Makes a `created` body that of a child of `parent`: it may do, see and use up no more than its parent. A budget that
// was not asked for is half of what the parent has left. kDenied where more is asked for than the parent has,
// kConflict while it is paused.
Status narrow_to_parent(Json& created, const StartOptions& options, const device::MountReference* material,
                        const process::Process& parent);

}  // namespace daimon::kernel
