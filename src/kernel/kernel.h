// The kernel: one thread that owns all processes, journals every input and its consequences in one transaction, and
// only then has the consequences carried out.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "capability/constitution.h"
#include "device/device.h"
#include "fs/file_system.h"
#include "journal/journal.h"
#include "kernel/changes.h"
#include "kernel/model_pool.h"
#include "kernel/system.h"
#include "process/process.h"
#include "sandbox/sandbox.h"

namespace daimon::kernel {

struct KernelOptions {
  std::filesystem::path state_folder;                // processes/ID below it is each process's own
  std::vector<std::filesystem::path> own_folders;    // canonical; of no mount a part, wherever they lie
  process::Limits limits;                            // of a process whose StartOptions name none
  std::vector<std::string> web_hosts;                // the allow-list of fetch
  bool has_tools = false;                            // among the devices are others than Daimon's own
  std::vector<std::string> remote_may_see_personal;  // names of remote models that personal data may go to
  sandbox::Options sandbox;                          // that doctor judges by
  int device_threads = 4;
  // How long after its deadline a device that does not come back is given up.
  std::chrono::milliseconds device_grace{5000};
  std::size_t goal_bytes_max = 256UL * 1024;
  std::size_t material_bytes_max = 2UL * 1024 * 1024;
  std::string build;                                             // of this program; an approval is for one
  std::chrono::seconds approval_lasts = std::chrono::hours(24);  // 0: for ever
  Retention undo;                                                // of the versions that changes replaced
  std::function<void(std::string_view line)> log;  // what the daemon's log should have; may be empty; any thread
  std::filesystem::path material_folder;           // of what goals are given along; canonical, the file system's too
};

// The world, given at construction. All of it outlives the kernel except what is moved in.
struct Ports {
  const Clock& clock;  // any thread
  Random& random;      // any thread
  journal::Journal journal;
  std::vector<std::unique_ptr<device::Device>> devices;
  std::vector<device::CallSpecification> kernel_calls;  // carried out by the kernel itself: ask
  ModelPool& models;
  fs::FileSystem& files;
  std::shared_ptr<const embedding::StaticEmbedding> meanings = nullptr;  // of words; without it they count as spelt
};

// Starts the kernel's thread, replays what had not ended, and goes on where it stopped.
Result<std::unique_ptr<System>> make_kernel(KernelOptions options, capability::Constitution constitution, Ports ports);

}  // namespace daimon::kernel
