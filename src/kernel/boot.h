// Builds a kernel from a state folder: journal, files, devices, models, constitution, configuration.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "device/device.h"
#include "kernel/system.h"

namespace daimon::kernel {

struct BootOptions {
  std::filesystem::path state_folder;                   // journal.db, index.db, processes/
  std::filesystem::path config_folder;                  // config.json, constitution.txt; may be missing
  int threads = 0;                                      // of the processor; 0: as many as there are cores
  std::filesystem::path runtime_folder = {};            // the API's socket; may be empty
  std::function<void(std::string_view line)> log = {};  // what the daemon's log should have; may be empty; any thread
  mode_t umask = 022;                                   // the person's, for the files that are made for them
  std::string build = {};                               // the program's version
  // Devices besides Daimon's own, made when it boots; may be empty.
  std::function<std::vector<std::unique_ptr<device::Device>>()> more_devices = {};
};

// The whole machine. The configuration (config.json) may name: "model" (the default), "remotes"
// ({name: {"url", "model", "key_env", "may_see_personal"}}), "web_hosts" ([host]), "origins" ([origin]), "budget"
// ({"tokens", ...}), "approval_minutes".
Result<std::unique_ptr<System>> boot(const BootOptions& options);

}  // namespace daimon::kernel
