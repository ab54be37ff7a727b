// What the library tells the launcher, the program daimon-sandbox: a fixed head and a tail of bytes, in a sealed memory
// file that the launcher inherits. Both are built together; nothing else reads it.
#pragma once

#include <cstdint>

namespace daimon::sandbox {

inline constexpr std::uint32_t kPlanMagic = 0x314E4C50;  // "PLN1"

// Descriptors that the launcher begins with; those of binds follow.
inline constexpr int kPlanFd = 3;
inline constexpr int kStatusFd = 4;    // the launcher's words to the library: see below
inline constexpr int kLauncherFd = 5;  // the launcher itself, to be bound into the sandbox
inline constexpr int kInfoFd = 6;      // bubblewrap writes the process id of the sandbox's first process
inline constexpr int kCgroupFd = 7;    // two places: cgroup.procs of memory and of processes, where there are any
inline constexpr int kFirstBindFd = 9;

// Status: 'S' once everything is in force and the command begins, or 'E', the number of the Layer as a digit (or 'x'
// for the command itself), and a text.
inline constexpr char kStatusStarted = 'S';
inline constexpr char kStatusError = 'E';
inline constexpr char kStatusExec = 'x';

enum class PathRight : std::uint8_t { kReadRun, kRead, kReadWrite, kDevice };

struct LaunchPlan {
  std::uint32_t magic = kPlanMagic;
  std::uint32_t layers = 0;  // a bit for each Layer to apply
  std::uint32_t change_user = 0;
  std::uint32_t user = 0;     // and group
  std::uint32_t cgroups = 0;  // descriptors at kCgroupFd
  std::uint32_t binds = 0;    // descriptors at kFirstBindFd
  std::int32_t parent = 0;    // the library's process
  std::uint32_t allow_missing_landlock = 0;
  std::uint32_t processes = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t address_bytes = 0;
  std::uint64_t cpu_seconds = 0;
  std::uint64_t file_bytes = 0;
  // The tail, in this order. Texts end with NUL.
  std::uint32_t bubblewrap_count = 0;  // argv of bubblewrap
  std::uint32_t argv_count = 0;        // argv of the command
  std::uint32_t environment_count = 0;
  std::uint32_t path_count = 0;    // Landlock: one PathRight byte, then the path
  std::uint32_t filter_bytes = 0;  // a BPF program
  std::uint32_t tail_bytes = 0;
};

}  // namespace daimon::sandbox
