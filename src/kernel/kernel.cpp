#include "kernel/kernel.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <future>
#include <map>
#include <set>
#include <thread>

#include "base/format.h"
#include "base/text.h"
#include "device/staged_change.h"
#include "kernel/changes.h"
#include "kernel/dispatcher.h"
#include "kernel/event_stream.h"
#include "kernel/journal_trust.h"
#include "kernel/materials.h"
#include "kernel/start.h"
#include "kernel/undo_ledger.h"
#include "kernel/views.h"

namespace daimon::kernel {
namespace {

namespace asio = boost::asio;
using process::Process;

// How often an input that could not be journaled (a full disk) is tried again.
constexpr std::chrono::seconds kJournalRetry{2};
constexpr int kGenerationsMax = 16;
// How often what is kept of changes is looked through.
constexpr std::chrono::hours kSweepEvery{24};

class Kernel final : public System {
 public:
  Kernel(KernelOptions options, capability::Constitution constitution, Ports ports)
      : options_(std::move(options)),
        constitution_(std::move(constitution)),
        ports_(std::move(ports)),
        materials_(options_.material_folder, ports_.files),
        dispatcher_(io_, {options_, ports_.clock, ports_.models, calls_, materials_},
                    {[this](Dispatcher::Completion completion) { bring(std::move(completion)); },
                     [this](const std::string& process, const Json& event) { broadcast(process, event, true); }}),
        work_(asio::make_work_guard(io_)),
        retry_timer_(io_),
        sweep_timer_(io_),
        started_(ports_.clock.now()) {}

  ~Kernel() override {
    verifier_.request_stop();
    if (thread_.joinable()) {
      asio::post(io_, [this] {
        closing_ = true;
        dispatcher_.shut();
        work_.reset();
        io_.stop();
      });
      thread_.join();
    }
    if (verifier_.joinable()) verifier_.join();
    dispatcher_.join();
    const std::scoped_lock lock(streams_mutex_);
    streams_.clear();
  }

  Status boot() {
    // It becomes part of the journal, which must be readable again.
    if (!is_utf8(constitution_.text()))
      return fail(ErrorCode::kInvalidArgument, "the constitution is not UTF-8 text", "save it as UTF-8");
    for (const auto& device : ports_.devices) DAIMON_CHECK(calls_.add_device(*device));
    for (auto& specification : ports_.kernel_calls) DAIMON_CHECK(calls_.add(specification, nullptr));
    tools_ = calls_.version(options_.build);
    DAIMON_CHECK(check_constitution(constitution_));
    DAIMON_TRY(const auto number, ports_.journal.next_process_number());
    next_number_ = number;
    DAIMON_CHECK(recover());
    DAIMON_CHECK(undos_.recover());
    // Whose they are a damaged journal may not tell.
    if (!problem_) materials_.remove_all_but(mounts_in_use());
    // What waits for nothing but a model or a device goes on once the journal that says so is verified.
    for (const auto& [id, process] : processes_) unverified_.emplace(id, call_of(*process));
    verifier_ = std::jthread([this, file = ports_.journal.file()](const std::stop_token& stop) {
      auto verification = journal::Journal::verify_file(file, stop);
      if (stop.stop_requested()) return;
      asio::post(io_, [this, verification = std::move(verification)] {
        if (!closing_) verified(verification);
      });
    });
    thread_ = std::jthread([this] { io_.run(); });
    return {};
  }

  // -------------------------------------------------------------------------------------------------- processes

  Result<std::string> start(const StartOptions& options) override {
    DAIMON_CHECK(check_start(options, options_));
    DAIMON_CHECK(on_kernel<bool>([this]() -> Result<bool> {
      if (problem_) return std::unexpected(*problem_);
      return true;
    }));
    // Loading may take seconds and fail: before there is a process, on the caller's thread.
    std::string model = options.model;
    if (model.empty() && !options.parent.empty()) {
      DAIMON_TRY(model, on_kernel<std::string>([this, &options]() -> Result<std::string> {
                   DAIMON_TRY(const Process* parent, parent_named(options.parent));
                   return parent->model();
                 }));
    }
    DAIMON_TRY(const auto processor, ports_.models.get(model));
    // A model that reads much at once reads it beside the goal; but a question is always put to documents.
    constexpr std::size_t kReadWholeBytesMax = 32UL * 1024;
    const bool whole = options.mode == Mode::kRun && processor->model().prompt_profile.empty() &&
                       options.material.size() <= kReadWholeBytesMax;
    if (options.material.empty() || whole) return begin(options, nullptr, processor->model());
    DAIMON_TRY(const auto material, materials_.add(options.material, ports_.random));
    auto id = begin(options, &material, processor->model());
    if (!id) materials_.remove(material.name);
    return id;
  }

  Result<std::string> begin(const StartOptions& options, const device::MountReference* material,
                            const processor::ModelInfo& model) {
    DAIMON_TRY(auto mounts, ports_.files.mounts());
    DAIMON_TRY(Json created, created_body(options, options_, model, mounts, material, ports_.random));
    created.as_object()["constitution"] = constitution_.text();
    created.as_object()["today"] = to_local_date(ports_.clock.now());
    for (auto& [name, value] : tools_body()) created.as_object()[name] = value;
    return on_kernel<std::string>([&, created = std::move(created)]() mutable -> Result<std::string> {
      std::string id = daimon::format("p{}", next_number_);
      if (!options.parent.empty()) {
        DAIMON_TRY(const Process* parent, parent_named(options.parent));
        int generations = 1;
        for (const Process* at = parent; !at->parent().empty() && generations <= kGenerationsMax; ++generations) {
          const auto above = processes_.find(at->parent());
          if (above == processes_.end()) break;
          at = above->second.get();
        }
        if (generations > kGenerationsMax)
          return fail(ErrorCode::kLimit, daimon::format("a family has at most {} generations", kGenerationsMax),
                      "start it as a child of somebody further up");
        DAIMON_CHECK(narrow_to_parent(created, options, material, *parent));
      }
      DAIMON_CHECK(create(id, std::move(created)));
      ++next_number_;
      return id;
    });
  }

  Result<Json> process(std::string_view id) override {
    return on_kernel<Json>([this, id = std::string(id)]() -> Result<Json> {
      DAIMON_TRY(Json view, view_of(id));
      return marked(id, std::move(view));
    });
  }

  Result<Json> processes(bool ended_too) override {
    return on_kernel<Json>([this, ended_too]() -> Result<Json> {
      DAIMON_TRY(auto rows, ports_.journal.rows(ended_too));
      JsonArray list;
      for (journal::ProcessRow& row : rows) {
        const auto held = held_.find(row.process);
        list.push_back(marked(row.process, held != held_.end() ? held->second.view : std::move(row.view)));
      }
      return Json(std::move(list));
    });
  }

  Status signal(std::string_view id, Signal signal) override {
    constexpr std::array<std::string_view, 3> kNames = {"pause", "resume", "kill"};
    const JsonObject body{{"signal", kNames[static_cast<std::size_t>(signal)]}, {"by", "person"}};
    // Who ends takes its children along by itself.
    if (signal == Signal::kKill) return tell(id, "signalled", body);
    return on_kernel<bool>([this, id = std::string(id), signal, &body]() -> Result<bool> {
             if (problem_ && signal == Signal::kResume) return std::unexpected(*problem_);
             if (!processes_.contains(id)) return gone(id);
             // Together: a family of which one half is paused is what nobody asked for.
             std::vector<Input> inputs{{id, "signalled", body}};
             for (std::size_t i = 0; i < inputs.size(); ++i)
               for (const std::string& child : living_children(inputs[i].process)) {
                 inputs.push_back({child, "signalled", body});
                 inputs.back().body["by"] = inputs[i].process;
               }
             DAIMON_CHECK(apply(inputs));
             return true;
           })
        .transform([](bool) {});
  }

  Status raise_budget(std::string_view id, const Budget& more) override {
    if (more.tokens < 0 || more.seconds < 0 || more.effects < 0 || more.money < 0)
      return fail(ErrorCode::kInvalidArgument, "a budget can only be raised", "give amounts above zero");
    return tell(
        id, "budget",
        JsonObject{
            {"tokens", more.tokens}, {"seconds", more.seconds}, {"effects", more.effects}, {"money", more.money}});
  }

  Status decide(std::string_view id, const Decision& decision) override {
    constexpr std::size_t kReasonBytesMax = 200;
    if (decision.reason.size() > kReasonBytesMax || !is_utf8(decision.reason))
      return fail(ErrorCode::kInvalidArgument, "the reason of a decision must be UTF-8 text of at most 200 bytes");
    if (decision.approve && !decision.reason.empty())
      return fail(ErrorCode::kInvalidArgument, "only a denial has a reason: an approval is a person's");
    JsonObject body{{"request", decision.request},
                    {"digest", decision.digest},
                    {"approve", decision.approve},
                    {"by", decision.reason.empty() ? "person" : "nobody"}};
    if (!decision.reason.empty()) body["reason"] = decision.reason;
    return tell_waiting(id, "approval", "decided", std::move(body));
  }

  Status answer(std::string_view id, std::string_view request, std::string_view text) override {
    if (text.size() > options_.goal_bytes_max || !is_utf8(text))
      return fail(ErrorCode::kInvalidArgument, "an answer must be UTF-8 text of at most 256 KiB");
    if (trim(text).empty())
      return fail(ErrorCode::kInvalidArgument, "the answer is empty", "say something, if only 'I do not know'");
    return tell_waiting(id, "question", "answered", JsonObject{{"request", request}, {"text", text}});
  }

  Result<std::unique_ptr<Subscription>> follow(std::string_view id, std::int64_t after_sequence,
                                               OnEvent on_event) override {
    return on_kernel<std::unique_ptr<Subscription>>(
        [this, id = std::string(id), after_sequence,
         on_event = std::move(on_event)]() mutable -> Result<std::unique_ptr<Subscription>> {
          if (!id.empty()) {
            DAIMON_TRY(const auto row, ports_.journal.row(id));
            if (!row)
              return fail(ErrorCode::kNotFound, daimon::format("no process {}", printable(id)),
                          "`daimon ps -a` lists them");
          }
          auto stream = std::make_shared<EventStream>(id, std::move(on_event));
          // The past, then the present: no event can come between, because this is the kernel's thread.
          for (std::int64_t after = after_sequence;;) {
            DAIMON_TRY(const auto records, ports_.journal.read(id, after, 1000));
            if (records.empty()) break;
            for (const journal::Record& record : records) stream->push(event_of(record), false);
            after = records.back().sequence;
          }
          // Not on the record, because nothing happened: who watches is told why nothing does.
          for (const auto& [held, row] : held_)
            if (stream->wants(held)) stream->push(state_event(row), true);
          stream->push(JsonObject{{"type", "present"},
                                  {"process", id},
                                  {"ended", !id.empty() && !processes_.contains(id) && !held_.contains(id)}},
                       false);
          const std::scoped_lock lock(streams_mutex_);
          std::erase_if(streams_, [](const auto& other) { return other->ended(); });
          streams_.push_back(stream);
          return std::make_unique<Watch>(*this, std::move(stream));
        });
  }

  // ------------------------------------------------------------------------------------------------------ changes

  Result<Json> changes(std::string_view id) override {
    DAIMON_TRY(const auto process,
               on_kernel<ChangedProcess>([this, id = std::string(id)] { return changed_process(id); }));
    return changes_view(process);
  }

  Result<Json> undo(std::string_view id, std::string_view change) override {
    // It is the journal that says what this undoes.
    verification_.wait();
    const Status possible = can_undo(std::string(id), change);
    DAIMON_TRY(
        const Undo begun,
        (on_kernel<Undo>([this, id = std::string(id), change = std::string(change), &possible]() -> Result<Undo> {
          if (problem_) return std::unexpected(*problem_);
          return undos_.begin(id, change, possible);
        })));
    const JsonObject done{{"process", id},
                          {"change", begun.change.id},
                          {"path", begun.change.path},
                          {"undone", true},
                          {"before", begun.name.empty()}};
    if (begun.name.empty()) return Json(done);
    const Status undone = kernel::undo(begun.process, begun.change);
    DAIMON_CHECK(on_kernel<bool>([this, name = begun.name, &undone]() -> Result<bool> {
      return undos_.end(name, undone).transform([] { return true; });
    }));
    if (!undone) return std::unexpected(undone.error());
    return Json(done);
  }

  Result<Json> replay(std::string_view id) override {
    return on_kernel<Json>([this, id = std::string(id)]() -> Result<Json> {
      DAIMON_TRY(const auto records, ports_.journal.read(id, 0, INT64_MAX));
      if (records.empty())
        return fail(ErrorCode::kNotFound, daimon::format("no process {}", printable(id)), "`daimon ps -a` lists them");
      Process process({calls_, constitution_, ports_.meanings.get()}, id);
      return replay_report(process, records);
    });
  }

  // ------------------------------------------------------------------------------------------ files, models, machine

  Result<Json> mount(const std::string& path, const std::string& name, const std::function<void(const Json&)>& progress,
                     std::stop_token stop) override {
    return mount_folder(ports_.files, path, name, progress, stop);
  }
  Status unmount(std::string_view name) override {
    DAIMON_TRY(const auto roots, ports_.files.roots());
    if (const auto found = roots.find(std::string(name)); found != roots.end() && materials_.is_one(found->second))
      return fail(ErrorCode::kDenied, daimon::format("'{}' is what a process was given along", printable(name)),
                  "it goes when its process ends: `daimon kill` ends one");
    return ports_.files.unmount(std::string(name));
  }
  Result<Json> mounts() override { return mounts_view(ports_.files); }
  Result<Json> find(std::string_view query, const std::vector<std::string>& mounts, int limit) override {
    return find_view(ports_.files, query, mounts, limit, ports_.meanings.get());
  }

  Result<Json> models() override {
    JsonArray list;
    for (const auto& processor : ports_.models.loaded())
      list.push_back(model_view(processor->model(), processor->usage()));
    return Json(JsonObject{{"default", ports_.models.default_model()}, {"loaded", std::move(list)}});
  }

  Result<Json> status() override {
    DAIMON_TRY(Json view, models());
    DAIMON_TRY(const auto counts, (on_kernel<Json>([this]() -> Result<Json> {
                 std::map<std::string_view, std::int64_t> states;
                 for (const auto& [id, process] : processes_) ++states[name_of(process->state())];
                 if (!held_.empty()) states[name_of(process::State::kPaused)] += std::ssize(held_);
                 JsonObject object;
                 for (const auto& [state, count] : states) object[state] = count;
                 return Json(std::move(object));
               })));
    JsonObject& object = view.as_object();
    object["started"] = to_iso8601(started_);
    object["processes"] = counts;
    object["held_inputs"] = backlog_size_.load();
    DAIMON_TRY(object["journal"], on_kernel<Json>([this]() -> Result<Json> {
                 return Json(JsonObject{{"verified", verified_ && !problem_},
                                        {"problem", problem_ ? to_json(*problem_) : Json()}});
               }));
    return view;
  }

  Result<Json> doctor() override {
    DAIMON_TRY(auto restored,
               on_kernel<std::set<std::string>>([this]() -> Result<std::set<std::string>> { return restored_; }));
    JsonArray checks;
    add_journal_checks(checks, ports_.journal.file(), std::move(restored));
    add_machine_checks(checks, options_.state_folder, options_.sandbox, ports_.models, ports_.files);
    return Json(JsonObject{{"checks", std::move(checks)}});
  }

  Result<processor::Reply> chat(const std::string& model, processor::Request request,
                                const std::function<bool(std::string_view)>& on_text) override {
    DAIMON_TRY(const auto processor, ports_.models.get(model));
    // Whoever wants to hear it all the same names it.
    if (model.empty() && !processor->model().prompt_profile.empty())
      return fail(ErrorCode::kUnsupported,
                  "the built-in model plans, searches and quotes your files; it cannot hold a conversation",
                  "name another model, or this one, to have it answer all the same; `daimon pull` fetches one");
    request.id = daimon::format("chat.{}", chats_.fetch_add(1));
    std::promise<Result<processor::Reply>> done;
    const std::string id = request.id;
    processor->submit(
        std::move(request),
        [&](std::string_view piece) {
          if (on_text && !on_text(piece)) processor->cancel(id);
        },
        [&](Result<processor::Reply> reply) { done.set_value(std::move(reply)); });
    return done.get_future().get();
  }

 private:
  using Input = Dispatcher::Completion;  // from the world, or from a person

  class Watch final : public Subscription {
   public:
    Watch(Kernel& kernel, std::shared_ptr<EventStream> stream) : kernel_(kernel), stream_(std::move(stream)) {}
    ~Watch() override {
      const std::scoped_lock lock(kernel_.streams_mutex_);
      std::erase(kernel_.streams_, stream_);
    }

   private:
    Kernel& kernel_;
    std::shared_ptr<EventStream> stream_;
  };

  // Runs `work` on the kernel's thread and waits for what it returns.
  template <class T, class F>
  Result<T> on_kernel(F work) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    auto future = promise->get_future();
    asio::post(io_, [this, promise, work = std::move(work)]() mutable {
      if (closing_)
        promise->set_value(fail(ErrorCode::kUnavailable, "the daemon is stopping"));
      else
        promise->set_value(work());
    });
    return future.get();
  }

  Status tell(std::string_view id, std::string type, JsonObject body) {
    const auto told = on_kernel<bool>(
        [this, id = std::string(id), type = std::move(type), body = std::move(body)]() mutable -> Result<bool> {
          const auto signal = find_string(body, "signal");
          if (problem_ && signal != "kill") return std::unexpected(*problem_);
          if (!processes_.contains(id)) {
            if (!held_.contains(id) || find_string(body, "signal") != "kill") return gone(id);
            DAIMON_CHECK(kill_held(id, std::move(body)));
            return true;
          }
          DAIMON_CHECK(apply({id, std::move(type), std::move(body)}));
          return true;
        });
    return told ? Status() : std::unexpected(told.error());
  }

  // What every process is told of what carries out its calls.
  [[nodiscard]] JsonObject tools_body() const {
    return {{"tools", tools_}, {"approval_seconds", options_.approval_lasts.count()}};
  }

  // Only what the process waits for can be decided, and only once: an old or invented request is refused, and so is a
  // decision on something else than what it asks.
  Status tell_waiting(std::string_view id, std::string_view kind, std::string type, JsonObject body) {
    const auto told = on_kernel<bool>([this, id = std::string(id), kind = std::string(kind), type = std::move(type),
                                       body = std::move(body)]() mutable -> Result<bool> {
      if (problem_) return std::unexpected(*problem_);
      const auto found = processes_.find(id);
      if (found == processes_.end()) return gone(id);
      const Json view = found->second->view();
      const Json* waiting = daimon::find(view, "waiting");
      const std::string request(find_string(body, "request").value_or(""));  // `body` becomes a Json only for the call
      if (waiting == nullptr || find_string(*waiting, "request") != request || find_string(*waiting, "kind") != kind)
        return fail(ErrorCode::kConflict, daimon::format("{} does not wait for {}", printable(id), printable(request)),
                    daimon::format("`daimon attach {}` shows what it waits for", printable(id)));
      if (find_string(*waiting, "digest") != find_string(body, "digest"))
        return fail(ErrorCode::kConflict, daimon::format("{} does not ask for what was decided on", printable(id)),
                    daimon::format("look at it again: `daimon attach {}` shows what it waits for", printable(id)));
      if (find_bool(body, "approve").value_or(false) && found->second->is_expired(ports_.clock.now()))
        return expired(id, request);
      DAIMON_CHECK(apply({id, std::move(type), std::move(body)}));
      return true;
    });
    return told ? Status() : std::unexpected(told.error());
  }

  // Asks anew, and says so to whoever came too late.
  std::unexpected<Error> expired(const std::string& id, const std::string& request) {
    if (const Status asked = apply({id, "expired", JsonObject{{"request", request}}}); !asked)
      return std::unexpected(asked.error());
    const auto found = processes_.find(id);
    const Json view = found == processes_.end() ? Json(JsonObject{}) : found->second->view();
    const Json* waiting = daimon::find(view, "waiting");
    const std::string anew(waiting == nullptr ? "" : find_string(*waiting, "request").value_or(""));
    return fail(ErrorCode::kConflict,
                daimon::format("{} has expired, so nothing was approved: what it rests on may have changed since it "
                               "was asked",
                               printable(request)),
                daimon::format("it is asked anew: look at it and decide, `daimon approve {} {}`", id, anew));
  }

  std::unexpected<Error> gone(std::string_view id) {
    if (const auto held = held_.find(id); held != held_.end())
      return fail(ErrorCode::kConflict, daimon::format("{} is held after a restart", printable(id)),
                  std::string(find_string(held->second.view, "stop_reason").value_or("")));
    if (const auto row = ports_.journal.row(id); row && *row)
      return fail(ErrorCode::kConflict, daimon::format("{} has ended", printable(id)),
                  daimon::format("`daimon logs {}` shows how", printable(id)));
    return fail(ErrorCode::kNotFound, daimon::format("no process {}", printable(id)), "`daimon ps -a` lists them");
  }

  Result<Json> view_of(std::string_view id) {
    if (const auto found = processes_.find(id); found != processes_.end()) return found->second->view();
    if (const auto held = held_.find(id); held != held_.end()) return held->second.view;
    DAIMON_TRY(const auto row, ports_.journal.row(id));
    if (!row)
      return fail(ErrorCode::kNotFound, daimon::format("no process {}", printable(id)), "`daimon ps -a` lists them");
    return row->view;
  }

  // What was undone came after the end that the journal holds.
  Json marked(std::string_view id, Json view) const {
    if (problem_ && (processes_.contains(id) || held_.contains(id))) view = distrusted_view(std::move(view), *problem_);
    mark_changes(view, undos_.undone(id));
    return view;
  }

  Result<ChangedProcess> changed_process(const std::string& id) {
    DAIMON_TRY(const Json view, view_of(id));
    ChangedProcess process;
    process.id = id;
    process.folder = options_.state_folder / "processes" / id;
    process.ended = !processes_.contains(id) && !held_.contains(id);
    process.applied = applied_changes(view);
    process.undone = undos_.undone(id);
    // Where it could write is what it was created with; what is Daimon's own is no part of that.
    DAIMON_TRY(const auto records, ports_.journal.read(id, 0, 1));
    const Json* mounts = records.empty() ? nullptr : daimon::find(records[0].body, "mounts");
    if (mounts != nullptr && mounts->is_array())
      for (const Json& mount : mounts->get_array()) {
        device::MountReference reference{std::string(find_string(mount, "name").value_or("")),
                                         std::string(find_string(mount, "root").value_or("")),
                                         find_bool(mount, "writable").value_or(false)};
        device::close_folders(reference, options_.own_folders);
        process.mounts.push_back(std::move(reference));
      }
    return process;
  }

  // ---------------------------------------------------------------------------------------- trust in the journal

  static std::string call_of(const Process& process) {
    const auto* call = std::get_if<process::Dispatch>(&process.pending());
    return call != nullptr ? call->call.id : std::string();
  }

  void log(std::string_view line) const {
    if (options_.log) options_.log(line);
  }

  // What the processes of the past wait for is carried out only once the journal holds; what was begun since is not
  // decided by it.
  void carry_out(const Process& process) {
    if (problem_ || unverified_.contains(process.id())) return;
    dispatcher_.carry_out(process, false);
  }

  // The whole journal was read, up to somewhere after the boot.
  void verified(const Result<journal::Journal::Verification>& verification) {
    settle(verification);
    verified_ = true;
    tell_verified_.set_value();
  }
  void settle(const Result<journal::Journal::Verification>& verification) {
    if (const Status judged = judge(verification); !judged) problem_ = judged.error();
    if (problem_) {
      log(daimon::format("{}; {}", problem_->what, problem_->remedy));
      dispatcher_.halt();
      for (const auto& [id, process] : processes_)
        broadcast(id,
                  JsonObject{{"type", "state"},
                             {"process", id},
                             {"state", name_of(process::State::kPaused)},
                             {"reason", daimon::format("{}; {}", problem_->what, problem_->remedy)}},
                  false);
      return;
    }
    restore_rows(verification->wrong_rows);
    if (!verification->wrong_rows.empty())
      if (const Status found = undos_.recover(); !found) log(found.error().what);
    for (const auto& [id, call] : std::exchange(unverified_, {}))
      if (const auto found = processes_.find(id); found != processes_.end())
        // A call that was under way when the last kernel ended may have been made.
        dispatcher_.carry_out(*found->second, !call.empty() && call == call_of(*found->second));
    for (const Undo& undo : undos_.recovered()) undo_again(undo);
    sweep();
  }

  // The records hold, and say what these rows should.
  void restore_rows(const std::vector<std::string>& wrong) {
    if (wrong.empty()) return;
    std::vector<std::string> ended;
    for (const std::string& id : wrong) {
      restored_.insert(id);
      log(daimon::format("what the journal lists of {} was not what its records say; it is made anew from them", id));
      if (!processes_.contains(id) && !held_.contains(id)) ended.push_back(id);
    }
    if (const Status restored = ports_.journal.restore_rows(ended); !restored) log(restored.error().what);
  }

  // Whether there is a place to undo it in. On the caller's thread.
  Status can_undo(const std::string& id, std::string_view change) {
    const auto process = on_kernel<ChangedProcess>([this, id] { return changed_process(id); });
    if (!process) return {};  // UndoLedger::begin says why
    const auto applied = std::ranges::find(process->applied, change, &AppliedChange::id);
    if (applied == process->applied.end()) return {};
    const auto staged = device::load_change_in(process->folder, applied->id, applied->path, process->mounts);
    return staged ? device::check_folder(*staged) : Status();
  }

  // A record of a process that has ended, which steps nothing.
  Status note(const std::string& id, std::string type, JsonObject body) {
    const std::array records{journal::NewRecord{id, std::move(type), true, std::move(body)}};
    DAIMON_TRY(const auto written, ports_.journal.append(ports_.clock.now(), records, {}));
    for (const journal::Record& record : written) broadcast(id, event_of(record), false);
    return {};
  }

  // After a restart: an intent without an outcome.
  void undo_again(const Undo& undo) {
    dispatcher_.run_aside([this, undo] {
      const Status done = kernel::undo(undo.process, undo.change);
      asio::post(io_, [this, name = undo.name, done] {
        if (!closing_) static_cast<void>(undos_.end(name, done));
      });
    });
  }

  // Clears away what is kept of changes and needed no more: which processes there is something of is looked up aside,
  // which of them have ended is known here.
  void sweep() {
    const auto folder = options_.state_folder / "processes";
    dispatcher_.run_aside([this, folder] {
      std::vector<std::string> ids;
      std::error_code failed;
      for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
        std::error_code ignored;
        if (std::filesystem::is_directory(entry.path() / "staged", ignored))
          ids.push_back(entry.path().filename().string());
      }
      asio::post(io_, [this, folder, ids = std::move(ids)] {
        if (!closing_) sweep(folder, ids);
      });
    });
    sweep_timer_.expires_after(kSweepEvery);
    sweep_timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error && !closing_) sweep();
    });
  }
  void sweep(const std::filesystem::path& folder, const std::vector<std::string>& ids) {
    std::map<std::string, std::vector<AppliedChange>> ended;
    for (const std::string& id : ids) {
      if (undos_.has_open_undo(id) || processes_.contains(id) || held_.contains(id)) continue;
      const auto row = ports_.journal.row(id);
      if (row && *row && (*row)->ended) ended.emplace(id, applied_changes((*row)->view));
    }
    if (ended.empty()) return;
    dispatcher_.run_aside(
        [folder, ended = std::move(ended), retention = options_.undo] { sweep_changes(folder, ended, retention); });
  }

  Status create(const std::string& id, Json created) {
    auto process = std::make_unique<Process>(Process::Environment{calls_, constitution_, ports_.meanings.get()}, id);
    processes_.emplace(id, std::move(process));
    const std::string parent(find_string(created, "parent").value_or(""));
    std::vector<Input> inputs;
    // Together, so that nothing is lent to a process that does not exist.
    if (!parent.empty())
      inputs.push_back({parent, "child", JsonObject{{"child", id}, {"budget", created.at("budget")}}});
    inputs.push_back({id, "created", std::move(created.as_object())});
    const Status applied = apply(inputs);
    if (!applied) processes_.erase(id);
    return applied;
  }

  // One that lives and can have children.
  Result<const Process*> parent_named(std::string_view id) {
    if (const auto found = processes_.find(id); found != processes_.end()) return found->second.get();
    return gone(id);
  }

  [[nodiscard]] std::vector<std::string> living_children(std::string_view id) const {
    std::vector<std::string> children;
    for (const auto& [child, process] : processes_)
      if (process->parent() == id) children.push_back(child);
    for (const auto& [child, row] : held_)
      if (row.parent == id) children.push_back(child);
    return children;
  }

  // Who answers for a process: its parent, or when that has ended its parent's, and so on; "" for nobody.
  std::string living(std::string id) {
    while (!id.empty() && !processes_.contains(id)) {
      const auto row = ports_.journal.row(id);
      if (!row || !*row || (*row)->parent == id) return {};
      id = (*row)->parent;
    }
    return id;
  }

  void signal_children(const std::string& id, JsonObject body) {
    body["by"] = id;
    for (const std::string& child : living_children(id)) {
      if (processes_.contains(child))
        bring({child, "signalled", body});
      else if (find_string(body, "signal") == "kill")
        static_cast<void>(kill_held(child, body));
      signal_children(child, body);
    }
  }

  // After a process has ended: its children end with it, and its parent has back what is left.
  void bury(const std::string& id, const std::string& parent, const Json& view) {
    signal_children(id, JsonObject{{"signal", "kill"}});
    if (const std::string heir = living(parent); !heir.empty())
      bring({heir, "child_ended", child_ended_body(id, view)});
    // A family may share its material: the last one of it takes it along.
    auto mounts = find_texts(view, "mounts");
    std::erase_if(mounts, [](const std::string& mount) { return !Materials::may_be_one(mount); });
    if (mounts.empty()) return;
    const auto used = mounts_in_use();
    std::erase_if(mounts, [&](const std::string& mount) { return used.contains(mount); });
    if (mounts.empty()) return;
    dispatcher_.run_aside([this, mounts = std::move(mounts)] {
      for (const std::string& mount : mounts) materials_.remove(mount);
    });
  }

  std::set<std::string> mounts_in_use() const {
    std::set<std::string> names;
    for (const auto& [id, process] : processes_)
      for (const device::MountReference& mount : process->mounts()) names.insert(mount.name);
    for (const auto& [id, row] : held_)
      for (std::string& name : find_texts(row.view, "mounts")) names.insert(std::move(name));
    return names;
  }

  // An input of one process or of several: stepped on copies, journaled together with their consequences, and only then
  // made the processes' state. When the journal refuses (a full disk), nothing has happened.
  struct Change {
    std::unique_ptr<Process>* process;
    const Input* input;
  };
  Result<std::vector<journal::Record>> record(std::span<const Change> changes) {
    std::vector<std::unique_ptr<Process>> stepped;
    std::vector<journal::NewRecord> records;
    std::vector<journal::ProcessRow> rows;
    const WallTime now = ports_.clock.now();
    for (const auto& [process, input] : changes) {
      const auto& next = stepped.emplace_back(std::make_unique<Process>(**process));
      records.push_back({input->process, input->type, true, input->body});
      for (journal::NewRecord& record : next->step(input->type, input->body, now)) records.push_back(std::move(record));
      rows.push_back({next->id(), next->parent(), next->ended(), next->view()});
    }
    DAIMON_TRY(auto written, ports_.journal.append(now, records, rows));
    for (std::size_t i = 0; i < changes.size(); ++i) *changes[i].process = std::move(stepped[i]);
    return written;
  }

  // Inputs, each of another process, and what follows from them in the world. An input of one that is gone is dropped.
  Status apply(std::span<const Input> inputs) {
    std::vector<Change> changes;
    for (const Input& input : inputs)
      if (const auto found = processes_.find(input.process); found != processes_.end())
        changes.push_back({&found->second, &input});
    if (changes.empty()) return {};
    DAIMON_TRY(const auto written, record(changes));
    for (const auto& [process, input] : changes) dispatcher_.settle(input->process, input->generation);
    for (const journal::Record& record : written) broadcast(record.process, event_of(record), false);
    std::vector<std::unique_ptr<Process>> ended;
    for (const auto& [process, input] : changes) {
      carry_out(**process);
      if ((*process)->ended()) ended.push_back(std::move(processes_.extract(input->process).mapped()));
    }
    for (const auto& process : ended) bury(process->id(), process->parent(), process->view());
    return {};
  }
  Status apply(const Input& input) { return apply(std::span(&input, 1)); }

  // An input from the world, which cannot be sent back: held until the journal takes it.
  void bring(Input input) {
    if (closing_) return;
    if (backlog_.empty()) {
      const Status applied = apply(input);
      if (applied) return;
      broadcast(input.process,
                JsonObject{{"type", "progress"},
                           {"process", input.process},
                           {"line", daimon::format("held, nothing is lost: {}", applied.error().what)}},
                true);
    }
    backlog_.push_back(std::move(input));
    backlog_size_ = backlog_.size();
    if (backlog_.size() == 1) retry_later();
  }

  void retry_later() {
    retry_timer_.expires_after(kJournalRetry);
    retry_timer_.async_wait([this](const boost::system::error_code& error) {
      if (error || closing_) return;
      while (!backlog_.empty()) {
        if (!apply(backlog_.front())) return retry_later();
        backlog_.pop_front();
        backlog_size_ = backlog_.size();
      }
    });
  }

  // A process that is held has no state to step: its end is written down beside it.
  Status kill_held(const std::string& id, JsonObject body) {
    const journal::ProcessRow& held = held_.at(id);
    const journal::ProcessRow row{id, held.parent, true, killed_view(held.view)};
    const std::array records{journal::NewRecord{id, "signalled", true, std::move(body)},
                             journal::NewRecord{id, "finished", false, row.view}};
    DAIMON_TRY(const auto written, ports_.journal.append(ports_.clock.now(), records, std::span(&row, 1)));
    const std::string parent = held.parent;
    held_.erase(id);
    for (const journal::Record& record : written) broadcast(id, event_of(record), false);
    bury(id, parent, row.view);
    return {};
  }

  static Json state_event(const journal::ProcessRow& row) {
    return JsonObject{{"type", "state"},
                      {"process", row.process},
                      {"state", *daimon::find(row.view, "state")},
                      {"reason", *daimon::find(row.view, "stop_reason")}};
  }

  void broadcast(const std::string& process, const Json& event, bool transient) {
    const std::scoped_lock lock(streams_mutex_);
    for (const auto& stream : streams_)
      if (stream->wants(process)) stream->push(event, transient);
  }

  // Every process that had not ended, stepped again through its journal to where it was. One that this build would have
  // taken elsewhere is held: what it waits for now is nothing that anybody decided. So is one of which a record cannot
  // be read; and with it the journal is not to be trusted.
  Status recover() {
    // Which these are the records say; a row may be missing, or say something else.
    DAIMON_TRY(const auto unfinished, ports_.journal.unfinished());
    for (const std::string& id : unfinished) {
      DAIMON_TRY(const auto records, ports_.journal.read(id, 0, INT64_MAX));
      DAIMON_TRY(const auto listed, ports_.journal.row(id));
      if (const auto found = std::ranges::find(records, true, &journal::Record::damaged); found != records.end()) {
        problem_ = distrust(found->sequence);
        log(daimon::format("{}; {}", problem_->what, problem_->remedy));
        journal::ProcessRow row = listed.value_or(journal::ProcessRow{id, "", false, JsonObject{{"process", id}}});
        row.view = distrusted_view(std::move(row.view), *problem_);
        held_.emplace(id, std::move(row));
        continue;
      }
      auto process = std::make_unique<Process>(Process::Environment{calls_, constitution_, ports_.meanings.get()}, id);
      const Comparison compared = compare(*process, records);
      journal::ProcessRow row = listed.value_or(journal::ProcessRow{id, process->parent(), false, process->view()});
      if (const bool held = !compared.divergence.is_null(); !listed || listed->damaged || listed->ended ||
                                                            listed->parent != process->parent() ||
                                                            (!held && !is_within(listed->view, process->view()))) {
        restored_.insert(id);
        log(daimon::format("what the journal lists of {} was not what its records say; it is made anew from them", id));
        row = {id, process->parent(), process->ended(), process->view()};
        DAIMON_CHECK(ports_.journal.append(ports_.clock.now(), {}, std::span(&row, 1)));
      }
      if (!compared.divergence.is_null()) {
        row.view = held_view(std::move(row.view), row.process, compared.divergence);
        held_.emplace(row.process, std::move(row));
        continue;
      }
      if (process->ended()) continue;
      // Rules that the person changed meanwhile hold from here on, and are on the record.
      if (!process->is_under(constitution_)) {
        const Input rules{row.process, "constitution", JsonObject{{"text", constitution_.text()}}};
        const Change change{&process, &rules};
        DAIMON_CHECK(record(std::span(&change, 1)));
      }
      // And so do another build, and calls that are declared otherwise.
      if (!process->is_equipped(tools_, options_.approval_lasts)) {
        const Input tools{row.process, "tools", tools_body()};
        const Change change{&process, &tools};
        DAIMON_CHECK(record(std::span(&change, 1)));
      }
      processes_.emplace(row.process, std::move(process));
    }
    return recover_families();
  }

  // What a crash kept from being said: a child that ended, a parent that did.
  Status recover_families() {
    if (problem_) return {};  // who has ended is not known
    std::vector<Input> missing;
    for (const auto& [id, process] : processes_) {
      for (const process::Child& child : process->children()) {
        if (child.state != "running" || processes_.contains(child.id) || held_.contains(child.id)) continue;
        DAIMON_TRY(const auto row, ports_.journal.row(child.id));
        missing.push_back({id, "child_ended", child_ended_body(child.id, row ? row->view : Json(JsonObject{}))});
      }
      if (const std::string& parent = process->parent();
          !parent.empty() && !processes_.contains(parent) && !held_.contains(parent))
        missing.push_back({id, "signalled", JsonObject{{"signal", "kill"}, {"by", parent}}});
    }
    for (const Input& input : missing) {
      const auto found = processes_.find(input.process);
      if (found == processes_.end()) continue;
      const Change change{&found->second, &input};
      DAIMON_CHECK(record(std::span(&change, 1)));
      if (found->second->ended()) processes_.erase(found);
    }
    std::vector<std::string> orphans;
    for (const auto& [id, row] : held_)
      if (!row.parent.empty() && !processes_.contains(row.parent) && !held_.contains(row.parent)) orphans.push_back(id);
    for (const std::string& id : orphans)
      DAIMON_CHECK(kill_held(id, JsonObject{{"signal", "kill"}, {"by", held_.at(id).parent}}));
    // Who ended just now may have had children.
    return missing.empty() && orphans.empty() ? Status() : recover_families();
  }

  KernelOptions options_;
  capability::Constitution constitution_;
  Ports ports_;
  Materials materials_;
  process::CallTable calls_;
  std::string tools_;  // their version

  asio::io_context io_{1};
  Dispatcher dispatcher_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer retry_timer_;
  asio::steady_timer sweep_timer_;
  WallTime started_;

  // Of the kernel's thread alone.
  bool closing_ = false;
  std::int64_t next_number_ = 1;
  std::map<std::string, std::unique_ptr<Process>, std::less<>> processes_;  // those that have not ended
  std::map<std::string, journal::ProcessRow, std::less<>> held_;            // those that a restart could not go on with
  std::deque<Input> backlog_;
  UndoLedger undos_{ports_.journal, [this](const std::string& id) { return changed_process(id); },
                    [this](const std::string& id, std::string type, JsonObject body) {
                      return note(id, std::move(type), std::move(body));
                    }};
  std::promise<void> tell_verified_;  // ends a wait when it goes
  std::shared_future<void> verification_ = tell_verified_.get_future().share();
  bool verified_ = false;         // the journal was read as a whole
  std::optional<Error> problem_;  // it is not to be trusted
  // Processes of the past, until then; and the call that each was in the middle of.
  std::map<std::string, std::string, std::less<>> unverified_;
  std::set<std::string> restored_;  // processes whose rows were wrong

  std::atomic<std::size_t> backlog_size_ = 0;
  std::atomic<std::uint64_t> chats_ = 1;
  std::mutex streams_mutex_;
  std::vector<std::shared_ptr<EventStream>> streams_;
  std::jthread verifier_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace

Result<std::unique_ptr<System>> make_kernel(KernelOptions options, capability::Constitution constitution, Ports ports) {
  auto kernel = std::make_unique<Kernel>(std::move(options), std::move(constitution), std::move(ports));
  DAIMON_CHECK(kernel->boot());
  return kernel;
}

}  // namespace daimon::kernel
