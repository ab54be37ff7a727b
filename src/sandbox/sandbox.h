// Child processes that hold nothing but what they are given.
//
// A command runs under every layer below at once, or not at all: run() never falls back to fewer layers. What each
// layer stops, and what was decided about machines that lack one: docs/decisions/0006-sandbox.md.
//
// Thread: run and probe are called from any thread, several at once. run blocks its thread until the command and all
// that it started are gone; the thread that called must stay alive until then (the kernel ties the command to it).
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace daimon::sandbox {

enum class Layer : std::uint8_t {
  kUser,        // an unprivileged user: root becomes nobody before anything else, with no capabilities left
  kLimits,      // rlimits on memory, CPU, processes, file size; the whole tree watched while it runs
  kNamespaces,  // bubblewrap: own mounts, processes, network (none), IPC, host name; no further user namespaces
  kLandlock,    // file rights by path, no TCP, no signals outward, enforced by the kernel apart from the mounts
  kSeccomp,     // system calls: no io_uring, mount, ptrace, bpf, keys, namespaces, set-user-ID files, sockets
  kCgroup,      // memory and processes of the tree as one number; used where it can be, not required
};
std::string_view name_of(Layer layer) noexcept;

// What a command may use up. There is no network in any profile.
struct Profile {
  std::uint64_t memory_bytes = 512ULL << 20;  // of the whole tree; its private /tmp too, where there is a cgroup
  std::chrono::seconds cpu{10};               // of the whole tree
  std::chrono::milliseconds wall{30'000};
  std::uint32_t processes = 32;               // processes and threads
  std::uint64_t file_bytes = 64ULL << 20;     // each file written
  std::uint64_t output_bytes = 1ULL << 20;    // of stdout, and of stderr
  std::uint64_t scratch_bytes = 64ULL << 20;  // of the private /tmp

  bool operator==(const Profile&) const = default;
};

// A file or folder of the machine, seen inside at another path.
struct Bind {
  std::filesystem::path source;  // absolute
  std::string target;            // absolute, inside: "/mounts/home"
  // What below it is not shown: folders are empty, files cannot be opened. Only of read_only binds. Pipes (FIFOs) are
  // hidden as well: to read one is to take what is for somebody else. Each folder below is read once for that before
  // the command begins, a million names a second when they are in memory.
  std::vector<std::filesystem::path> hidden = {};                                  // by path, relative
  std::function<bool(std::string_view parent, std::string_view name)> hides = {};  // or by name, in a folder `parent`
};

struct Command {
  std::vector<std::string> argv;                    // argv[0] is an absolute path inside, such as /usr/bin/pdftotext
  std::string input;                                // bytes for stdin
  std::optional<std::filesystem::path> input_file;  // or a file for stdin, opened by the caller's right, read-only
  std::map<std::string, std::string> environment;   // all of it; PATH=/usr/bin is added when it is missing
  std::string working_folder = "/tmp";              // inside
  std::vector<Bind> read_only;
  // Folders that the command may write. As root the folder itself is given to the unprivileged user, not its content.
  std::vector<Bind> writable;
  std::stop_token stop;
};

enum class Stopped : std::uint8_t { kNot, kMemory, kCpu, kWall, kOutput, kFileSize, kCancelled };
std::string_view name_of(Stopped why) noexcept;

struct Usage {
  std::chrono::milliseconds cpu{0};
  std::chrono::milliseconds wall{0};
  std::uint64_t peak_memory_bytes = 0;
};

struct RunResult {
  int exit_code = 0;  // valid when signal is 0
  int signal = 0;     // that ended the command; 0: it exited
  std::string out;    // stdout, at most output_bytes
  std::string error;  // stderr, likewise
  bool out_truncated = false;
  bool error_truncated = false;
  Stopped stopped = Stopped::kNot;  // by us, at a limit or on request
  Usage usage;
  // Folders that were hidden whole, because too much in them had to be.
  std::size_t folders_hidden = 0;

  [[nodiscard]] bool succeeded() const { return stopped == Stopped::kNot && signal == 0 && exit_code == 0; }
};

struct Options {
  std::filesystem::path bubblewrap = "/usr/bin/bwrap";
  // The program daimon-sandbox. Empty: beside the running program, in ../libexec/daimon, or where it was built.
  std::filesystem::path launcher = {};
  // Landlock is the one layer that kernels in use lack. With this, a kernel that has none of it still runs commands,
  // under all the other layers; probe() and `daimon doctor` say so. A kernel that has it must enforce it.
  bool allow_missing_landlock = false;
};

// Carries the command out and returns when nothing of it is left. A command that fails, or that is stopped at a limit,
// is a result; an Error means that it never began: kUnavailable names the layer that is missing and what to do; but
// for kConflict, when something that is hidden came, went or was replaced meanwhile: what it printed is lost then.
Result<RunResult> run(const Profile& profile, const Command& command, const Options& options = {});

struct LayerReport {
  Layer layer = Layer::kUser;
  bool works = false;
  bool required = true;
  std::string detail;  // "nobody (65534)", "Landlock ABI 7", or what is wrong
  std::string remedy;  // when it does not work
};

struct Report {
  std::vector<LayerReport> layers;      // one each, in the order of Layer
  bool usable = false;                  // run() will work
  std::chrono::microseconds launch{0};  // of /usr/bin/true through all of it
};

// Tries each layer, and all together, on this machine. Takes some 50 ms.
Result<Report> probe(const Options& options = {});

}  // namespace daimon::sandbox
