// python(code): a Python program in the sandbox. No network; a folder in memory to work in, which ends with the
// program; the process's mounts to read at /mounts/NAME, without what holds keys and passwords (their folders are
// empty, their files cannot be opened; where there are too many of those, the folders that they are in are empty).
#pragma once

#include <memory>

#include "device/device.h"
#include "sandbox/sandbox.h"

namespace daimon::device {

struct PythonOptions {
  sandbox::Profile profile = {};  // wall time is cut to the call's deadline
  sandbox::Options sandbox = {};
  std::string interpreter = "/usr/bin/python3";
};

// Value: {"output", "exit_code", "truncated", "cpu_ms", "peak_memory_bytes"}; text is what it printed. An
// exception or a limit is an error that says which. The outcome's label joins the call's own with all the mounts: a
// program can have read anything there. As root, files that only root may read are not readable in the sandbox.
std::unique_ptr<Device> make_python_device(PythonOptions options = {});

}  // namespace daimon::device
