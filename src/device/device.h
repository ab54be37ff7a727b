// What a device is to the kernel: a set of typed system calls that it can carry out.
//
// Thread: `run` and `query` are called from a pool of the kernel's runtime, several at once; a device guards its own
// state. A device never sees a call that the monitor has not allowed.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "capability/access.h"
#include "capability/label.h"

namespace daimon::device {

// What happens to the world when a call runs, which decides what recovery may do with one whose outcome is unknown
// after a crash (design: durability).
enum class EffectClass : std::uint8_t {
  kPure,        // no effect and no reading of the world: run again
  kRead,        // reads only: run again
  kIdempotent,  // running it twice is the same as once: run again
  kQueryable,   // `query` tells whether it happened: ask, then run or not
  kOpaque,      // nobody can tell: never run again without asking the person
};
std::string_view name_of(EffectClass effect) noexcept;

using Access = capability::Access;

// A folder of the person's that a process may name. Paths of calls are relative to it; with several mounts the first
// component of a path is the mount's name.
struct MountReference {
  std::string name;
  std::filesystem::path root;  // absolute
  bool writable = true;
  // Below root, and for no process: Daimon's own folders. The empty path closes all of the mount.
  std::vector<std::filesystem::path> closed = {};
};
// Closes what of `own` lies in the mount, or the whole mount when it lies in one of them. Canonical paths.
void close_folders(MountReference& mount, std::span<const std::filesystem::path> own);

// The typed function that a model sees. `arguments_schema` is made from the C++ type (device/typed_call.h), so schema,
// validation and code cannot disagree.
struct CallSpecification {
  std::string name;     // "search", "table"
  std::string summary;  // one line, as in firmware/FORMAT.md for the built-in ones
  Json arguments_schema;
  EffectClass effect = EffectClass::kOpaque;
  bool needs_approval_at_l2 = false;  // a risky effect: asked for at autonomy L1 and L2
  bool hidden = false;                // only the kernel issues it (apply, discard); no model is offered it
  std::chrono::milliseconds timeout{30'000};
  // What the call would touch, from its (already validated) arguments. Pure.
  std::function<Result<std::vector<Access>>(const Json& arguments)> accesses;
};

// One system call, allowed and journaled, on its way to its device.
struct Call {
  std::string id;       // unique in the journal: "<process>.<n>"
  std::string process;  // process id
  std::string name;
  Json arguments;           // validated against the specification
  capability::Label label;  // join of everything the arguments were made from
};

struct CallContext {
  const Clock& clock;
  std::stop_token stop;  // set on kill, cancellation and when the deadline passes
  SteadyTime deadline;
  std::span<const MountReference> mounts;               // what this process may name
  std::filesystem::path state_folder;                   // private to this process; staged changes live here
  std::function<void(std::string_view line)> progress;  // may be empty; any thread
};

struct Outcome {
  Json value;               // structured result, what --json shows and the journal keeps
  std::string text;         // the same as the model sees it: firmware/FORMAT.md, "Results", without the call's name
  capability::Label label;  // of value and text
};

class Device {
 public:
  virtual ~Device() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual std::span<const CallSpecification> calls() const = 0;
  // Carries the call out. Returns when it is done, failed, or soon after context.stop is set (kCancelled).
  virtual Result<Outcome> run(const Call& call, const CallContext& context) = 0;
  // For kQueryable calls whose outcome is not known (found without one after a crash, given up, or failed in a way that
  // may come after the effect; then another thread may still be in `run`): the outcome if it happened, nothing if it
  // did not, an error if nobody can tell.
  virtual Result<std::optional<Outcome>> query(const Call& call, const CallContext& context);
};

// The mount and the path below it that `path` names: no "..", no absolute path, no NUL, no empty component. kDenied for
// one in a folder that is closed.
struct ResolvedPath {
  const MountReference* mount = nullptr;
  std::filesystem::path relative;
};
// The one spelling of such a path, however it was written: without "./" before it and "/" behind; "" is the root.
Result<std::string> canonical_path(std::string_view path);
// The access to that path, for the monitor: two spellings of one file are one access.
Result<std::vector<Access>> file_access(std::string_view verb, std::string_view path);
Result<ResolvedPath> resolve_path(std::span<const MountReference> mounts, std::string_view path);
// Of what is in the file: anybody may have written it, and it is secret where it holds credentials.
capability::Label label_of(const ResolvedPath& file, std::string_view path);

}  // namespace daimon::device
