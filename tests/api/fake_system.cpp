#include "api/fake_system.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/clock.h"
#include "base/format.h"

namespace daimon::test {
namespace {

constexpr std::string_view kDiff =
    "--- a/notes/todo.md\n+++ b/notes/todo.md\n@@ -1,2 +1,2 @@\n # To do\n-- pay the water\n+- pay the water: done\n";

constexpr std::string_view kUndoDiff =
    "--- a/notes/todo.md\n+++ b/notes/todo.md\n@@ -1,2 +1,2 @@\n # To do\n-- pay the water: done\n+- pay the water\n";

std::unexpected<Error> nobody(std::string_view id) {
  return fail(ErrorCode::kNotFound, daimon::format("no process {}", id), "`daimon ps -a` lists them");
}

}  // namespace

// A thread that tells the events of one process, those of the past first.
class FakeSystem::Watch final : public kernel::Subscription {
 public:
  Watch(FakeSystem& system, std::string id, std::int64_t after, kernel::OnEvent on_event)
      : system_(system),
        thread_([this, id = std::move(id), after, on_event = std::move(on_event)](const std::stop_token& stop) {
          tell(stop, id, after, on_event);
        }) {
    ++system_.subscriptions;
  }
  ~Watch() override {
    {
      const std::scoped_lock lock(system_.mutex_);
      thread_.request_stop();
    }
    system_.changed_.notify_all();
    thread_.join();
    --system_.subscriptions;
  }

 private:
  void tell(const std::stop_token& stop, const std::string& id, std::int64_t after, const kernel::OnEvent& on_event) {
    std::size_t next = 0;
    std::unique_lock lock(system_.mutex_);
    const auto& events = system_.processes_.at(id)->events;
    const std::size_t past = events.size();
    const bool ended = !events.empty() && find_string(events.back(), "type") == "finished";
    while (true) {
      if (next == past) {
        lock.unlock();
        const bool more = on_event(JsonObject{{"type", "present"}, {"process", id}, {"ended", ended}});
        lock.lock();
        if (!more) return;
      }
      system_.changed_.wait(lock, [&] { return stop.stop_requested() || next < events.size(); });
      if (stop.stop_requested()) return;
      const Json event = events[next++];
      if (daimon::find_integer(event, "seq").value_or(0) <= after) continue;
      lock.unlock();
      const bool more = on_event(event);
      lock.lock();
      if (!more) return;
    }
  }

  FakeSystem& system_;
  std::jthread thread_;
};

FakeSystem::~FakeSystem() = default;

void FakeSystem::event(Process& process, std::string type, JsonObject members) {
  JsonObject event{{"seq", ++sequence_},
                   {"time", to_iso8601(SystemClock().now())},
                   {"process", process.view["process"]},
                   {"type", std::move(type)}};
  for (auto& member : members) event[member.key()] = member.value();
  process.events.emplace_back(std::move(event));
  changed_.notify_all();
}

void FakeSystem::set_state(Process& process, std::string_view state, std::string_view reason) {
  process.view["state"] = state;
  process.view["stop_reason"] = reason;
  event(process, "state", {{"state", state}, {"reason", reason}});
}

void FakeSystem::finish(Process& process, std::string_view state, std::string_view reason, std::string_view answer) {
  process.view["state"] = state;
  process.view["stop_reason"] = reason;
  process.view["waiting"] = nullptr;
  if (!answer.empty()) process.view["answer"] = answer;
  process.view["found"] = state == "done" && !process.script.contains("nowhere");
  for (Json& step : process.view["plan"].as_array()) step.as_object()["state"] = state == "done" ? "done" : "failed";
  process.view["cost"] =
      JsonObject{{"tokens_prompt", 812}, {"tokens_cached", 640}, {"tokens_generated", 31}, {"tokens_forced", 22},
                 {"seconds", 0.42},      {"model_seconds", 0.3}, {"effects", 0},           {"money", 0.0}};
  event(process, "finished", process.view);
}

void FakeSystem::begin(Process& process) {
  const std::string id(process.view["process"].as_string());
  const auto has = [&](std::string_view word) { return process.script.contains(word); };
  set_state(process, "running", "");
  if (has("slow")) return;
  if (has("spent"))
    return set_state(
        process, "paused",
        daimon::format("budget spent: 10 of 10 tokens used; `daimon budget {} --tokens N` adds more and resumes it",
                       id));
  if (has("nowhere")) return finish(process, "done", "the plan is carried out", "Not found in your files.");
  if (has("fail")) return finish(process, "failed", "gave up after 3 tries: the disk is on fire", "");
  const std::string path = has("escape") ? "evil\x1b]0;owned\x07.pdf" : "invoices/electricity-2026-03.pdf";
  event(process, "thinking", {{"purpose", "plan"}, {"offered", JsonArray{"search", "answer"}}});
  event(process, "replied",
        {{"purpose", "plan"},
         {"text", "{}"},
         {"prompt_tokens", 400},
         {"cached_tokens", 320},
         {"generated_tokens", 11},
         {"forced_tokens", 9},
         {"ms", 120.5},
         {"confidence", 0.98}});
  JsonArray plan{JsonObject{{"call", "search"}, {"text", "electricity March"}, {"check", ""}, {"state", "open"}},
                 JsonObject{{"call", "answer"}, {"text", "what was paid"}, {"check", ""}, {"state", "open"}}};
  process.view["plan"] = plan;
  event(process, "planned", {{"plan", plan}});
  const JsonObject arguments{{"query", "electricity March 2026"}, {"limit", 6}};
  event(process, "called", {{"call", id + ".1"}, {"name", "search"}, {"arguments", arguments}, {"effect", "read"}});
  event(process, "returned",
        {{"call", id + ".1"},
         {"outcome", "ok"},
         {"text", has("escape") ? "\x1b[2Jgone" : "[1] invoices/electricity-2026-03.pdf p1"},
         {"ms", 3.25}});
  process.view["calls"] = JsonArray{JsonObject{{"id", id + ".1"},
                                               {"name", "search"},
                                               {"arguments", arguments},
                                               {"outcome", "ok"},
                                               {"text", "[1]"},
                                               {"ms", 3.25}}};
  process.view["plan"].as_array()[0].as_object()["state"] = "done";
  process.view["citations"] = JsonArray{JsonObject{{"path", path},
                                                   {"page", 1},
                                                   {"quote", has("escape") ? "a\x1b[31mred" : "Total to pay £84.20"},
                                                   {"verified", true},
                                                   {"version", "ab12"}}};
  if (has("approve")) {
    process.view["changes"] = JsonArray{JsonObject{{"path", "notes/todo.md"}, {"applied", false}, {"diff", kDiff}}};
    process.view["waiting"] = JsonObject{{"kind", "approval"},
                                         {"request", id + ".r1"},
                                         {"title", "Write notes/todo.md"},
                                         {"detail", kDiff},
                                         {"digest", "d1"}};
    event(process, "approval_asked",
          {{"request", id + ".r1"}, {"title", "Write notes/todo.md"}, {"detail", kDiff}, {"digest", "d1"}});
    return set_state(process, "waiting", "waiting for an approval");
  }
  if (has("question")) {
    process.view["waiting"] = JsonObject{{"kind", "question"}, {"request", id + ".r1"}, {"question", "Which year?"}};
    event(process, "asked", {{"request", id + ".r1"}, {"question", "Which year?"}});
    return set_state(process, "waiting", "waiting for an answer");
  }
  finish(process, "done", "the plan is carried out", has("escape") ? "\x1b[2J\x1b]0;owned\x07 pwned" : "£84.20");
}

Result<std::string> FakeSystem::start(const kernel::StartOptions& options) {
  if (options.goal.empty()) return fail(ErrorCode::kInvalidArgument, "the goal is empty", "say what you want");
  if (options.model == "nosuch") return fail(ErrorCode::kNotFound, "no model nosuch", "`daimon ls` lists them");
  const std::scoped_lock lock(mutex_);
  last_start_ = options;
  for (const std::string& mount : options.mounts)
    if (!mounts_.contains(mount))
      return fail(ErrorCode::kNotFound, daimon::format("no folder is mounted as '{}'", mount));
  const std::string id = daimon::format("p{}", processes_.size() + 1);
  auto process = std::make_unique<Process>();
  const bool ask = options.mode == kernel::Mode::kAsk;
  process->script = options.goal;
  process->view = {{"process", id},
                   {"parent", ""},
                   {"goal", options.goal},
                   {"material", options.material},
                   {"mode", ask ? "ask" : "run"},
                   {"state", "ready"},
                   {"stop_reason", ""},
                   {"model", options.model.empty() ? "firmware" : options.model},
                   {"autonomy", options.autonomy},
                   {"mounts", JsonArray(options.mounts.begin(), options.mounts.end())},
                   {"seed", options.seed.value_or(7)},
                   {"created", to_iso8601(SystemClock().now())},
                   {"answer", nullptr},
                   {"found", false},
                   {"plan", JsonArray{}},
                   {"calls", JsonArray{}},
                   {"citations", JsonArray{}},
                   {"changes", JsonArray{}},
                   {"waiting", nullptr}};
  process->view["cost"] =
      JsonObject{{"tokens_prompt", 0}, {"tokens_cached", 0},   {"tokens_generated", 0}, {"tokens_forced", 0},
                 {"seconds", 0.0},     {"model_seconds", 0.0}, {"effects", 0},          {"money", 0.0}};
  process->view["budget"] = JsonObject{{"tokens", options.budget.tokens},
                                       {"seconds", options.budget.seconds},
                                       {"effects", options.budget.effects},
                                       {"money", options.budget.money}};
  Process& reference = *process;
  processes_[id] = std::move(process);
  event(reference, "created",
        {{"goal", options.goal},
         {"mode", reference.view["mode"]},
         {"model", reference.view["model"]},
         {"autonomy", options.autonomy},
         {"mounts", reference.view["mounts"]},
         {"seed", reference.view["seed"]}});
  begin(reference);
  return id;
}

Result<FakeSystem::Process*> FakeSystem::named(std::string_view id) {
  const auto found = processes_.find(id);
  if (found == processes_.end()) return nobody(id);
  return found->second.get();
}

Result<FakeSystem::Process*> FakeSystem::waiting(std::string_view id, std::string_view request) {
  DAIMON_TRY(Process * process, named(id));
  if (daimon::find_string(process->view["waiting"], "request") != request)
    return fail(ErrorCode::kConflict, daimon::format("{} does not wait for {}", id, request));
  return process;
}

Result<Json> FakeSystem::process(std::string_view id) {
  const std::scoped_lock lock(mutex_);
  DAIMON_TRY(Process * process, named(id));
  return Json(process->view);
}

Result<Json> FakeSystem::processes(bool ended_too) {
  const std::scoped_lock lock(mutex_);
  JsonArray list;
  for (auto& [id, process] : processes_) {
    const auto& state = process->view["state"].as_string();
    const bool ended = state == "done" || state == "failed" || state == "stopped" || state == "denied";
    if (ended_too || !ended) list.push_back(process->view);
  }
  return Json(std::move(list));
}

Status FakeSystem::signal(std::string_view id, kernel::Signal signal) {
  const std::scoped_lock lock(mutex_);
  DAIMON_TRY(Process * process, named(id));
  if (signal == kernel::Signal::kKill)
    finish(*process, "stopped", "killed", "");
  else if (signal == kernel::Signal::kPause)
    set_state(*process, "paused", "paused by the person");
  else if (!find_string(process->view, "stop_reason").value_or("").starts_with("budget spent"))
    set_state(*process, "running", "");
  return {};
}

Status FakeSystem::raise_budget(std::string_view id, const kernel::Budget& more) {
  const std::scoped_lock lock(mutex_);
  DAIMON_TRY(Process * process, named(id));
  event(*process, "budget", {{"tokens", more.tokens}});
  if (process->view["state"] == "paused") {
    set_state(*process, "running", "");
    finish(*process, "done", "the plan is carried out", "£84.20");
  }
  return {};
}

Status FakeSystem::decide(std::string_view id, const kernel::Decision& decision) {
  const std::scoped_lock lock(mutex_);
  DAIMON_TRY(Process * process, waiting(id, decision.request));
  if (decision.digest != "d1")
    return fail(ErrorCode::kConflict, daimon::format("{} does not ask for what was decided on", id));
  const bool approve = decision.approve;
  event(*process, "decided", {{"request", decision.request}, {"approve", approve}, {"by", "person"}});
  process->view["changes"].as_array()[0].as_object()["applied"] = approve;
  process->view["changes"].as_array()[0].as_object()["denied"] = !approve;
  finish(*process, approve ? "done" : "denied",
         approve ? "the plan is carried out" : "the change to notes/todo.md was not allowed",
         approve ? "Wrote notes/todo.md." : "Did not write notes/todo.md.");
  return {};
}

Status FakeSystem::answer(std::string_view id, std::string_view request, std::string_view text) {
  const std::scoped_lock lock(mutex_);
  DAIMON_TRY(Process * process, waiting(id, request));
  event(*process, "answered", {{"request", request}, {"text", text}});
  finish(*process, "done", "the plan is carried out", daimon::format("You said {}.", text));
  return {};
}

Result<std::unique_ptr<kernel::Subscription>> FakeSystem::follow(std::string_view id, std::int64_t after,
                                                                 kernel::OnEvent on_event) {
  {
    const std::scoped_lock lock(mutex_);
    DAIMON_TRY(const Process* process, named(id));
    static_cast<void>(process);
  }
  return std::make_unique<Watch>(*this, std::string(id), after, std::move(on_event));
}

Result<Json> FakeSystem::changes(std::string_view id) {
  const std::scoped_lock lock(mutex_);
  DAIMON_TRY(Process * process, named(id));
  JsonArray list;
  for (const Json& change : process->view["changes"].as_array())
    if (daimon::find_bool(change, "applied").value_or(false))
      list.push_back(JsonObject{{"change", "1f0c55"},
                                {"path", daimon::find_string(change, "path").value_or("")},
                                {"state", process->undone ? "undone" : "applied"},
                                {"creates", false},
                                {"diff", kUndoDiff},
                                {"detail", ""}});
  return Json(JsonObject{{"process", id}, {"ended", true}, {"changes", std::move(list)}});
}

Result<Json> FakeSystem::undo(std::string_view id, std::string_view change) {
  const std::scoped_lock lock(mutex_);
  DAIMON_TRY(Process * process, named(id));
  if (process->script.contains("edited"))
    return fail(ErrorCode::kConflict, "'notes/todo.md' was changed again after this change; it was left as it is",
                "take what you want from the version before");
  const bool before = std::exchange(process->undone, true);
  return Json(
      JsonObject{{"process", id}, {"change", change}, {"path", "notes/todo.md"}, {"undone", true}, {"before", before}});
}

Result<Json> FakeSystem::replay(std::string_view id) {
  const std::scoped_lock lock(mutex_);
  DAIMON_TRY(Process * process, named(id));
  return Json(JsonObject{{"process", id},
                         {"events", static_cast<std::int64_t>(process->events.size())},
                         {"compared", 4},
                         {"divergence", nullptr},
                         {"state", process->view["state"]},
                         {"answer", process->view["answer"]}});
}

Result<Json> FakeSystem::mount(const std::string& path, const std::string& name,
                               const std::function<void(const Json&)>& progress, std::stop_token stop) {
  if (path.contains("never")) {
    while (!stop.stop_requested()) {
      progress(JsonObject{{"files_done", 1}, {"files_total", 1000000}, {"bytes_done", 10}, {"path", "a.txt"}});
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ++mounts_cancelled;
    return fail(ErrorCode::kCancelled, "stopped");
  }
  if (!std::filesystem::is_directory(path))
    return fail(ErrorCode::kNotFound, daimon::format("{} is no folder", path), "check the path");
  progress(JsonObject{{"files_done", 1}, {"files_total", 2}, {"bytes_done", 10}, {"path", "a.txt"}});
  progress(JsonObject{{"files_done", 2}, {"files_total", 2}, {"bytes_done", 20}, {"path", "b.txt"}});
  const std::scoped_lock lock(mutex_);
  const std::string chosen = name.empty() ? std::filesystem::path(path).filename().string() : name;
  mounts_[chosen] = path;
  return Json(
      JsonObject{{"name", chosen}, {"root", path}, {"files", 2}, {"chunks", 5}, {"bytes", 20}, {"state", "ready"}});
}

Status FakeSystem::unmount(std::string_view name) {
  const std::scoped_lock lock(mutex_);
  const auto found = mounts_.find(name);
  if (found == mounts_.end()) return fail(ErrorCode::kNotFound, daimon::format("no folder is mounted as '{}'", name));
  mounts_.erase(found);
  return {};
}

Result<Json> FakeSystem::mounts() {
  const std::scoped_lock lock(mutex_);
  JsonArray list;
  for (const auto& [name, path] : mounts_)
    list.push_back(
        JsonObject{{"name", name}, {"root", path}, {"files", 2}, {"chunks", 5}, {"bytes", 20}, {"state", "ready"}});
  for (Json& mount : list) mount.as_object()["complete"] = !find_string(mount, "name")->starts_with("half");
  return Json(std::move(list));
}

Result<Json> FakeSystem::find(std::string_view query, const std::vector<std::string>& mounts, int limit) {
  static_cast<void>(mounts);
  JsonArray passages;
  if (query != "nothing")
    passages.push_back(JsonObject{{"mount", "home"},
                                  {"path", "letters/library.html"},
                                  {"page", nullptr},
                                  {"score", 0.83},
                                  {"text", daimon::format("about {} ({})", query, limit)}});
  JsonArray incomplete;
  if (query.contains("early")) incomplete.emplace_back("home");
  return Json(JsonObject{{"passages", std::move(passages)}, {"incomplete", std::move(incomplete)}});
}

Result<Json> FakeSystem::models() {
  return Json(JsonObject{{"default", "firmware"},
                         {"loaded", JsonArray{JsonObject{{"id", "firmware"},
                                                         {"description", "llama 6M Q8_0"},
                                                         {"remote", false},
                                                         {"context_tokens", 2048},
                                                         {"parameters", 6000000},
                                                         {"file_bytes", 7000000},
                                                         {"profile", "compact-3"},
                                                         {"usage", JsonObject{{"sequences_max", 16},
                                                                              {"sequences_active", 2},
                                                                              {"requests_queued", 1},
                                                                              {"tokens_per_second", 123.4},
                                                                              {"tokens_total", 5000},
                                                                              {"tokens_prompt_total", 9000},
                                                                              {"tokens_cached_total", 6000},
                                                                              {"cells_used", 700},
                                                                              {"cells_max", 8192},
                                                                              {"memory_bytes", 30000000},
                                                                              {"threads", 2},
                                                                              {"backend", "CPU (haswell)"}}}}}}});
}

Result<Json> FakeSystem::status() {
  auto view = models();
  view->as_object()["started"] = "2026-11-23T15:00:00.000Z";
  view->as_object()["processes"] = JsonObject{{"running", 1}};
  return view;
}

Result<Json> FakeSystem::doctor() {
  return Json(JsonObject{
      {"checks",
       JsonArray{
           JsonObject{
               {"name", "journal"}, {"ok", true}, {"detail", "12 records, the chain of hashes holds"}, {"remedy", ""}},
           JsonObject{
               {"name", "sandbox"}, {"ok", true}, {"detail", "bubblewrap, Landlock, seccomp"}, {"remedy", ""}}}}});
}

Result<processor::Reply> FakeSystem::chat(const std::string& model, processor::Request request,
                                          const std::function<bool(std::string_view)>& on_text) {
  {
    const std::scoped_lock lock(mutex_);
    last_chat_ = request;
  }
  if (model == "nosuch") return fail(ErrorCode::kNotFound, "no model nosuch", "`daimon ls` lists them");
  const std::string said = request.messages.back().content;
  if (said == "broken") return fail(ErrorCode::kUnavailable, "the model is away");
  processor::Reply reply;
  reply.model = model.empty() ? "firmware" : model;
  const auto say = [&](std::string_view piece) {
    reply.text += piece;
    ++reply.generated_tokens;
    return !on_text || on_text(piece);
  };
  bool more = true;
  if (request.schema)
    more = say("{\"ok\":") && say("true}");
  else
    more = say("Hello ") && say("from ") && say(reply.model) && say(": ") && say(said);
  while (more && said == "forever") {
    more = say("and on ");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  if (!more) {
    ++chats_cancelled;
    return fail(ErrorCode::kCancelled, "cancelled");
  }
  reply.prompt_tokens = 12;
  reply.cached_tokens = 4;
  return reply;
}

std::optional<processor::Request> FakeSystem::last_chat() {
  const std::scoped_lock lock(mutex_);
  return last_chat_;
}

std::optional<kernel::StartOptions> FakeSystem::last_start() {
  const std::scoped_lock lock(mutex_);
  return last_start_;
}

}  // namespace daimon::test
