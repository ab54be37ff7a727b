// An agent as a process: a state machine over journaled inputs.
//
// An input (created, constitution, tools, replied, spent, returned, decided, expired, answered, signalled, budget,
// timer) is stepped exactly once, in the order of the journal. `step` returns the records of what the process made of
// it, which are journaled in the same transaction, and `pending` then says what the process waits for: the runtime
// carries it out and brings the next input. Stepping the same inputs again gives the same records and the same pending
// work: that is replay, and recovery after a crash.
//
// Pure: no thread, clock, randomness or I/O. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "capability/constitution.h"
#include "capability/monitor.h"
#include "capability/places.h"
#include "capability/table.h"
#include "journal/journal.h"
#include "memory/context.h"
#include "memory/prompt_profile.h"
#include "process/call_table.h"
#include "process/plan.h"
#include "processor/processor.h"

namespace daimon::process {

// Why a process waits.
inline constexpr std::string_view kAwaitsApproval = "waiting for an approval";
inline constexpr std::string_view kAwaitsAnswer = "waiting for an answer";

enum class State : std::uint8_t { kReady, kRunning, kWaiting, kPaused, kDone, kFailed, kStopped, kDenied };
std::string_view name_of(State state) noexcept;

// What the process waits for. Exactly one thing at a time.
struct Think {
  std::string id;
  processor::Request request;
};
struct Dispatch {
  device::Call call;
};
struct AwaitApproval {
  std::string request;
  std::string digest;                    // of all that is decided on and how it is shown; a decision names it
  std::string tools = {};                // what would carry it out
  std::optional<WallTime> expires = {};  // from then on it allows nothing
};
struct AwaitAnswer {
  std::string request;
};
struct AwaitTimer {
  WallTime at;
};
using Pending = std::variant<std::monostate, Think, Dispatch, AwaitApproval, AwaitAnswer, AwaitTimer>;

struct Cost {
  std::int64_t tokens_prompt = 0;
  std::int64_t tokens_cached = 0;
  std::int64_t tokens_generated = 0;
  std::int64_t tokens_forced = 0;
  double model_ms = 0;
  double call_ms = 0;
  std::int64_t effects = 0;
  double money = 0;

  [[nodiscard]] std::int64_t tokens_computed() const {
    return tokens_prompt - tokens_cached + tokens_generated + tokens_forced;
  }
  [[nodiscard]] double seconds() const { return (model_ms + call_ms) / 1000; }
};

struct Limits {
  std::int64_t tokens = 200'000;  // computed: prompt without cached, generated and forced
  double seconds = 900;           // of model and calls
  std::int64_t effects = 50;
  double money = 0;  // 0: what costs money pauses it after the first answer
  int steps = 40;    // model calls in all
};

// A process that another one answers for. What it may use up was taken from its parent's limits; what is left of that
// when it ends goes back.
struct Child {
  std::string id;
  std::string state = "running";  // or how it ended
  Limits lent;
};

class Process {
 public:
  // What stays the same for all processes of a kernel; outlives them.
  struct Environment {
    const CallTable& calls;
    const capability::Constitution& constitution;  // of a process whose journal holds none
    const embedding::StaticEmbedding* meanings;    // the built-in one, or none; see memory::Turn
  };

  Process(const Environment& environment, std::string id);

  // One input, as journaled. Returns the records to journal after it.
  std::vector<journal::NewRecord> step(std::string_view type, const Json& body, WallTime time);

  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] State state() const { return state_; }
  // Or about to be, once its call is over.
  [[nodiscard]] bool is_paused() const { return state_ == State::kPaused || pause_asked_; }
  [[nodiscard]] bool ended() const { return state_ >= State::kDone; }
  [[nodiscard]] const Pending& pending() const { return pending_; }
  [[nodiscard]] const std::string& model() const { return model_; }
  [[nodiscard]] const std::string& parent() const { return parent_; }
  [[nodiscard]] const std::vector<Child>& children() const { return children_; }
  [[nodiscard]] int autonomy() const { return autonomy_; }
  // What it used up, its children included, and what its person added to it excepted: that is not its parent's.
  [[nodiscard]] Limits spent() const;
  // What is left of its limits; never below nothing.
  [[nodiscard]] Limits left() const;
  [[nodiscard]] const Cost& cost() const { return cost_; }
  [[nodiscard]] const std::vector<device::MountReference>& mounts() const { return mounts_; }
  [[nodiscard]] const memory::Context& context() const { return context_; }
  [[nodiscard]] const capability::Table& capabilities() const { return capabilities_; }
  // Whether the rules that its journal says hold for it are these.
  [[nodiscard]] bool is_under(const capability::Constitution& constitution) const {
    return constitution_ != nullptr && constitution_->text() == constitution.text();
  }
  // Whether its journal says that these are the tools it works with, and how long an approval lasts.
  [[nodiscard]] bool is_equipped(std::string_view tools, std::chrono::seconds approval_lasts) const {
    return tools_ == tools && approval_lasts_ == approval_lasts;
  }
  // Whether what it waits for was asked too long ago to be approved.
  [[nodiscard]] bool is_expired(WallTime now) const;
  // The process as docs/api.md describes it.
  [[nodiscard]] Json view() const;

 private:
  struct CallRecord {
    std::string id, name;
    Json arguments;
    std::string outcome = "running";  // ok, error, denied, unknown
    std::string text;
    double ms = 0;
    bool hidden = false;
  };
  struct Citation {
    std::string mount, path, version, quote;
    std::optional<int> page;
    bool verified = false;
    std::string other = {};  // the answer that it is for, where that is another than what was said
  };
  struct Change {
    std::string path, change, diff;
    bool creates = false;  // there was no such file
    bool applied = false;
    bool denied = false;
  };

  // Inputs.
  void on_created(const Json& body);
  bool on_constitution(std::string_view text);
  void take_tools(const Json& body);
  void on_tools(const Json& body);
  void on_replied(const Json& body);
  void charge(const Json& body);
  void on_returned(const Json& body);
  void on_decided(const Json& body);
  void on_expired(const Json& body);
  void on_answered(const Json& body);
  [[nodiscard]] std::string with_paths_below_mounts(std::string text) const;
  void begin();
  void begin_again(std::string_view said);
  void on_signalled(const Json& body);
  void on_budget(const Json& body);
  void on_child(const Json& body);
  void on_child_ended(const Json& body);
  void on_timer();

  // What comes next.
  void continue_work();
  void make_plan();
  void accept_plan(std::vector<memory::PlanStep> plan);
  void begin_step();
  // Whether what comes next is to be made of an answer that was not there.
  [[nodiscard]] bool lacks_answer() const;
  void think(std::string_view purpose, memory::Prompt prompt, const std::vector<std::string>& offered);
  void fill_call();
  void choose(const memory::ChosenCall& chosen);
  void choose_answer(const Json& arguments);
  void choose_finish(const Json& arguments);
  void next_citation();
  void request_call(std::string name, Json arguments, bool asked_already);
  void dispatch(const std::string& name, Json arguments, const std::vector<capability::Handle>& handles);
  void ask_person(const Json& arguments);
  [[nodiscard]] bool plan_covers(std::string_view call, const Json& arguments,
                                 std::span<const capability::Access> accesses) const;
  [[nodiscard]] bool is_unsure(const Change& change) const;
  [[nodiscard]] const Change* change_of(const Json& arguments) const;
  void ask_approval(std::string title, std::string detail, std::string subject);
  void ask_again();
  void step_done(StepState how = StepState::kDone);
  void step_failed(std::string_view reason, State otherwise = State::kFailed);
  void conclude();
  void finish(State state, std::string reason);
  void set_state(State state, std::string reason);
  void pause(std::string reason);
  [[nodiscard]] std::optional<std::string> budget_spent() const;

  // What calls bring back.
  void take_survey(const Json& value, const capability::Label& label);
  void take_result(CallRecord& call, const Json& body);
  void add_result(std::string call, std::string text, bool error, capability::Label label,
                  std::vector<memory::Passage> passages = {});
  [[nodiscard]] capability::Places places() const;
  // Whether what it came back with, be it an error, may have passwords or keys in it.
  [[nodiscard]] bool touched_credentials(const CallRecord& call) const;
  [[nodiscard]] bool repeats(const CallRecord& call) const;

  [[nodiscard]] std::vector<memory::Offer> offers(const std::vector<std::string>& names) const;
  [[nodiscard]] std::vector<std::string> offered_names() const;
  [[nodiscard]] std::vector<std::string> plannable_names() const;
  [[nodiscard]] std::string compose_answer() const;
  // Why a plan that was just made cannot be carried out as the goal says it.
  [[nodiscard]] std::optional<std::string> impossible() const;
  // Of a path as the process names it; null where it begins with none.
  [[nodiscard]] const device::MountReference* mount_of(std::string_view shown) const;
  // A path that is to be written, with the mount that it is meant in before it where the model named none.
  [[nodiscard]] std::string placed(const std::string& path) const;
  // For an answer that was not found; empty when all was looked through.
  [[nodiscard]] std::string note_of_incomplete() const;
  void emit(std::string type, JsonObject body);

  Environment environment_;
  std::string id_, parent_, goal_, mode_ = "run", model_, created_;
  const memory::PromptProfile* profile_ = &memory::full_profile();
  int autonomy_ = 2;
  std::uint64_t seed_ = 0;
  std::vector<device::MountReference> mounts_;
  // What was mounted when it began: rules may call its files so. Copies of the process share it.
  std::shared_ptr<const std::vector<capability::Place>> places_ =
      std::make_shared<const std::vector<capability::Place>>();
  Limits limits_;
  Cost cost_;
  std::vector<Child> children_;
  Limits by_children_{0, 0, 0, 0, 0};  // what they used up, once they have ended
  Limits added_{0, 0, 0, 0, 0};        // by the person
  capability::Table capabilities_;
  std::shared_ptr<const capability::Constitution> constitution_;  // as journaled; copies of the process share it
  std::string tools_;                       // a hash of the calls and of the program, as journaled; "" in old journals
  std::chrono::seconds approval_lasts_{0};  // 0: for ever, in old journals
  memory::Context context_;
  State state_ = State::kReady;
  std::string reason_;
  Pending pending_;
  std::optional<Pending> held_;  // what to go back to after a pause
  bool pause_asked_ = false;

  std::vector<Step> plan_;
  std::size_t step_ = 0;
  std::vector<std::string> missing_;     // files that the goal names and that are not there
  std::vector<std::string> incomplete_;  // mounts that had more than a search looked through, or may have
  PlanCover cover_;                      // what the plan allows, once it is approved
  bool plan_approved_ = false;
  int failures_ = 0;      // of this step, in a row
  int model_errors_ = 0;  // in a row
  int thoughts_ = 0, call_count_ = 0, requests_ = 0;
  std::string purpose_;               // of the thought in flight
  std::vector<std::string> offered_;  // what it may choose from
  std::string chosen_;                // the call that the model named last, until its result is in the context
  std::string waiting_title_, waiting_detail_, waiting_subject_, waiting_question_;
  struct Wanted {  // the call that waits for an approval, or for more budget
    std::string name;
    Json arguments;
    bool plan = false;
  };
  std::optional<Wanted> wanted_;

  std::vector<CallRecord> calls_;
  std::vector<Citation> citations_;
  std::vector<Citation> others_;     // what a doubtful answer may be instead
  std::vector<Citation> to_verify_;  // of the answer being checked
  std::optional<std::string> answer_to_verify_;
  std::size_t cited_before_ = 0;  // citations of earlier answers
  std::vector<Change> changes_;
  std::optional<std::string> answer_;
  std::optional<std::string> said_;  // by the person, of what the goal left open
  bool found_ = false, answered_ = false;
  WallTime now_;
  std::vector<journal::NewRecord> out_;
};

}  // namespace daimon::process
