// The kernel's one public interface: what the API serves, the command line shows and tests drive.
//
// Thread: every method may be called from any thread except the kernel's own and a subscriber's callback; a method
// hands its request to the kernel's thread and waits for the answer. Values that go to people or over the wire are
// JSON; docs/api.md describes their members.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "processor/processor.h"

namespace daimon::kernel {

// What a process may use up before it is paused (0: the default of the kernel's options; never unlimited).
struct Budget {
  std::int64_t tokens = 0;
  double seconds = 0;        // of running, not of waiting for a person
  std::int64_t effects = 0;  // system calls that change the world
  double money = 0;          // of remote models, in the currency of their price list
};

enum class Mode : std::uint8_t {
  kRun,  // plan, act, observe, check
  kAsk,  // a question to the mounted files: always search, then answer with citations
};

struct StartOptions {
  std::string goal;
  std::vector<std::string> mounts;  // names of mounts (System::mount makes them)
  std::string model;                // "" for the default: the firmware, or what the configuration names
  Budget budget;
  int autonomy = 2;  // 0 to 4
  std::optional<std::uint64_t> seed;
  Mode mode = Mode::kRun;
  std::string parent;
  // Text that the goal is about, such as what was piped in: at most 2 MiB. Without `mounts` the process sees it and no
  // other file. A model that reads much at once has up to 32 KiB of it as text; else it is a document.
  std::string material;
};

// On an approval that a process asked for.
struct Decision {
  std::string request;
  std::string digest;  // of what the person was shown; any other is refused (kConflict)
  bool approve = false;
  std::string reason;  // of a denial that nobody made, such as "nobody was there to be asked"; at most 200 bytes
};

enum class Signal : std::uint8_t { kPause, kResume, kKill };

// Between the past and what is live comes {"type": "present", "process", "ended"}, which is on no record.
// Gets every event of one process (or, with an empty id, of all) from `after_sequence` on: those of the past first,
// then live ones, in order. Called on a thread of the kernel's runtime; must return quickly. Return false to end.
using OnEvent = std::function<bool(const Json& event)>;

class Subscription {
 public:
  virtual ~Subscription() = default;  // after this no more calls
};

class System {
 public:
  virtual ~System() = default;

  // Processes.
  virtual Result<std::string> start(const StartOptions& options) = 0;  // its id, such as "p1"
  virtual Result<Json> process(std::string_view id) = 0;
  virtual Result<Json> processes(bool ended_too) = 0;
  virtual Status signal(std::string_view id, Signal signal) = 0;
  virtual Status raise_budget(std::string_view id, const Budget& more) = 0;
  virtual Status decide(std::string_view id, const Decision& decision) = 0;
  virtual Status answer(std::string_view id, std::string_view request, std::string_view text) = 0;
  virtual Result<std::unique_ptr<Subscription>> follow(std::string_view id, std::int64_t after_sequence,
                                                       OnEvent on_event) = 0;
  // What a process changed in files, and what undoing each does (kernel/changes.h).
  virtual Result<Json> changes(std::string_view id) = 0;
  // Puts the version before a change back, or takes a file away that the change made, of a process that has ended: on
  // the record as intent and outcome. kConflict when the file was changed again. Again is nothing.
  // {"process", "change", "path", "undone": true, "before": whether it was undone before}
  virtual Result<Json> undo(std::string_view id, std::string_view change) = 0;
  // {"process", "events", "compared", "divergence": null | {...}, "state", "answer"}
  virtual Result<Json> replay(std::string_view id) = 0;

  // Files. `progress` gets {"files_done", "files_total", "bytes_done", "path"}.
  virtual Result<Json> mount(const std::string& path, const std::string& name,
                             const std::function<void(const Json& progress)>& progress, std::stop_token stop) = 0;
  virtual Status unmount(std::string_view name) = 0;
  virtual Result<Json> mounts() = 0;
  // {"passages", "incomplete"}
  virtual Result<Json> find(std::string_view query, const std::vector<std::string>& mounts, int limit) = 0;

  // Models and the machine.
  virtual Result<Json> models() = 0;
  // `journal` of it: {"verified", "problem"}; nothing is carried out while there is a problem.
  virtual Result<Json> status() = 0;  // when it started, models and their usage (cpu, free), counts
  virtual Result<Json> doctor() = 0;  // checks: [{"name", "ok", "detail", "remedy"}]
  // A model's answer without a process: chat, and the OpenAI-compatible API. Billed to nobody's budget but counted.
  virtual Result<processor::Reply> chat(const std::string& model, processor::Request request,
                                        const std::function<bool(std::string_view piece)>& on_text) = 0;
};

}  // namespace daimon::kernel
