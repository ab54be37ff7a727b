#include "process/process.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/format.h"
#include "base/hash.h"
#include "base/text.h"
#include "memory/goal_facts.h"
#include "memory/tool_plan.h"

namespace daimon::process {
namespace {

constexpr int kModelErrorsMax = 6;  // in a row, before it stops trying again by itself

std::string hash_of(const memory::Prompt& prompt) {
  Sha256 hash;
  for (const processor::Message& message : prompt.messages) {
    hash.update(processor::name_of(message.role));
    hash.update("\n");
    hash.update(message.content);
    hash.update("\n");
  }
  hash.update(to_text(prompt.schema));
  return to_hex(hash.finish()).substr(0, 16);
}

// As far as the type goes, in both directions: a budget that overflowed would be none, and an infinite one cannot be
// journaled.
std::int64_t sum(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (__builtin_add_overflow(a, b, &result))
    return b > 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
  return result;
}
double sum(double a, double b) {
  return std::clamp(a + b, std::numeric_limits<double>::lowest(), std::numeric_limits<double>::max());
}

void add(Limits& to, const Limits& amounts, int sign) {
  to.tokens = sum(to.tokens, sign * amounts.tokens);
  to.seconds = sum(to.seconds, sign * amounts.seconds);
  to.effects = sum(to.effects, sign * amounts.effects);
  to.money = sum(to.money, sign * amounts.money);
}

Limits used(const Cost& cost) { return {cost.tokens_computed(), cost.seconds(), cost.effects, cost.money, 0}; }

// Not below nothing.
Limits at_least_nothing(Limits limits) {
  limits.tokens = std::max<std::int64_t>(0, limits.tokens);
  limits.seconds = std::max(0.0, limits.seconds);
  limits.effects = std::max<std::int64_t>(0, limits.effects);
  limits.money = std::max(0.0, limits.money);
  return limits;
}

// What is added to limits, lent or used up: never less than nothing, whatever is said.
Limits amounts_of(const Json& amounts) {
  return at_least_nothing({find_integer(amounts, "tokens").value_or(0), find_number(amounts, "seconds").value_or(0),
                           find_integer(amounts, "effects").value_or(0), find_number(amounts, "money").value_or(0), 0});
}
Limits amounts_of(const Json& body, std::string_view member) {
  const Json* amounts = find(body, member);
  return amounts_of(amounts != nullptr ? *amounts : Json());
}

JsonArray names_array(const std::vector<std::string>& names) { return JsonArray(names.begin(), names.end()); }

}  // namespace

std::string_view name_of(State state) noexcept {
  constexpr std::array<std::string_view, 8> kNames = {"ready", "running", "waiting", "paused",
                                                      "done",  "failed",  "stopped", "denied"};
  return kNames[static_cast<std::size_t>(state)];
}

Process::Process(const Environment& environment, std::string id) : environment_(environment), id_(std::move(id)) {}

std::vector<journal::NewRecord> Process::step(std::string_view type, const Json& body, WallTime time) {
  now_ = time;
  out_.clear();
  if (ended()) return {};
  if (type == "created")
    on_created(body);
  else if (type == "constitution")
    static_cast<void>(on_constitution(find_string(body, "text").value_or("")));
  else if (type == "tools")
    on_tools(body);
  else if (type == "replied")
    on_replied(body);
  else if (type == "spent")
    charge(body);
  else if (type == "returned")
    on_returned(body);
  else if (type == "decided")
    on_decided(body);
  else if (type == "expired")
    on_expired(body);
  else if (type == "answered")
    on_answered(body);
  else if (type == "signalled")
    on_signalled(body);
  else if (type == "budget")
    on_budget(body);
  else if (type == "child")
    on_child(body);
  else if (type == "child_ended")
    on_child_ended(body);
  else if (type == "timer")
    on_timer();
  // A pause that came while a call was running: its outcome is in, and what would be next is held.
  if (pause_asked_ && type == "returned" && !ended()) {
    pause_asked_ = false;
    held_ = std::move(pending_);
    pause("paused by the person");
  }
  return std::exchange(out_, {});
}

void Process::emit(std::string type, JsonObject body) {
  out_.push_back({id_, std::move(type), false, std::move(body)});
}

void Process::on_created(const Json& body) {
  goal_ = find_string(body, "goal").value_or("");
  mode_ = find_string(body, "mode").value_or("run");
  model_ = find_string(body, "model").value_or("");
  const std::string profile(find_string(body, "profile").value_or(""));
  parent_ = find_string(body, "parent").value_or("");
  autonomy_ = static_cast<int>(find_integer(body, "autonomy").value_or(2));
  seed_ = static_cast<std::uint64_t>(find_integer(body, "seed").value_or(0));
  created_ = to_iso8601(now_);
  if (const Json* mounts = find(body, "mounts"); mounts != nullptr && mounts->is_array())
    for (const Json& mount : mounts->get_array())
      mounts_.push_back({std::string(find_string(mount, "name").value_or("")),
                         std::string(find_string(mount, "root").value_or("")),
                         find_bool(mount, "writable").value_or(true)});
  incomplete_ = find_texts(body, "gone");
  if (const Json* list = find(body, "places"); list != nullptr && list->is_array()) {
    std::vector<capability::Place> places;
    for (const Json& place : list->get_array())
      places.push_back(
          {std::string(find_string(place, "name").value_or("")), std::string(find_string(place, "root").value_or(""))});
    places_ = std::make_shared<const std::vector<capability::Place>>(std::move(places));
  }
  if (const Json* grants = find(body, "grants"); grants != nullptr && grants->is_array())
    for (const Json& grant : grants->get_array())
      if (auto capability = capability::capability_from_json(grant)) capabilities_.grant(std::move(*capability));
  if (const Json* budget = find(body, "budget")) {
    limits_.tokens = find_integer(*budget, "tokens").value_or(limits_.tokens);
    limits_.seconds = find_number(*budget, "seconds").value_or(limits_.seconds);
    limits_.effects = find_integer(*budget, "effects").value_or(limits_.effects);
    limits_.money = find_number(*budget, "money").value_or(limits_.money);
  }
  take_tools(body);
  context_.set_goal(with_paths_below_mounts(goal_), capability::user_label());
  context_.set_today(std::string(find_string(body, "today").value_or("")));
  // The person gave it, and somebody else may have written it.
  if (const auto material = find_string(body, "material"))
    context_.set_material(std::string(*material), capability::untrusted_label("piped"));
  if (const auto* known = memory::profile_named(profile))
    profile_ = known;
  else
    return finish(State::kFailed, daimon::format("another version of Daimon began this process (its prompts are '{}'); "
                                                 "start its goal anew",
                                                 printable(profile)));
  if (const auto rules = find_string(body, "constitution"); rules && !on_constitution(*rules)) return;
  set_state(State::kRunning, "");
  begin();
}

std::string Process::with_paths_below_mounts(std::string text) const {
  std::vector<std::pair<std::string, std::string>> roots;
  for (const device::MountReference& mount : mounts_)
    roots.emplace_back(mount.root.string(), mounts_.size() == 1 ? "" : mount.name + "/");
  return memory::with_paths_below(std::move(text), roots);
}

// Of the goal, as it is now: which files have to do with it, then a plan.
void Process::begin() {
  if (!mounts_.empty())
    request_call("survey", JsonObject{{"goal", context_.goal()}, {"limit", 6}}, false);
  else
    make_plan();
}

// The goal left open what the person now says: with that it is begun anew.
void Process::begin_again(std::string_view said) {
  constexpr std::size_t kSaidBytesMax = 4000;  // as long as a question may be
  said_ = std::string(trim(cut_utf8(said, kSaidBytesMax)));
  std::ranges::replace_if(*said_, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7F'; }, ' ');
  chosen_.clear();
  plan_.clear();
  step_ = 0;
  failures_ = 0;
  plan_approved_ = false;
  cover_ = {};
  context_.set_goal(daimon::format("{}, {}", context_.goal(), with_paths_below_mounts(*said_)),
                    capability::user_label());
  begin();
}

// The rules are of the journal, not of the file: a replay judges as it was judged. What is under way goes on; what
// comes next, and what the person has yet to approve, is judged by the new ones.
bool Process::on_constitution(std::string_view text) {
  auto rules = capability::Constitution::parse(text);
  if (!rules) {
    finish(State::kFailed, daimon::format("the constitution cannot be read: {}", rules.error().what));
    return false;
  }
  constitution_ = std::make_shared<const capability::Constitution>(std::move(*rules));
  return true;
}

void Process::take_tools(const Json& body) {
  tools_ = find_string(body, "tools").value_or("");
  approval_lasts_ = std::chrono::seconds(find_integer(body, "approval_seconds").value_or(0));
}

// Another build, or other calls, carry out what is approved from here on: what its person saw was what the earlier ones
// would do.
void Process::on_tools(const Json& body) {
  take_tools(body);
  if (const auto* waiting = std::get_if<AwaitApproval>(&pending_); waiting != nullptr && waiting->tools != tools_)
    ask_again();
}

// ---------------------------------------------------------------------------------------------------- thinking

std::vector<std::string> Process::offered_names() const {
  constexpr std::array<std::string_view, 2> kNotForFirmware = {"python", "fetch"};
  constexpr std::array<std::string_view, 6> kNeedMounts = {"search", "answer", "read", "list", "table", "write"};
  std::vector<std::string> names;
  const auto usable = [&](std::string_view name) {
    return !mounts_.empty() || std::ranges::find(kNeedMounts, name) == kNeedMounts.end();
  };
  if (profile_->plan_decides()) {
    for (const std::string_view name : memory::kFirmwareCalls)
      if (usable(name) && (name == "answer" || name == "none" || environment_.calls.find(name) != nullptr))
        names.emplace_back(name);
    // Of the others all but Daimon's own that take a program or an address, which nobody reads off a goal.
    for (const CallTable::Entry* entry : environment_.calls.visible())
      if (const std::string& name = entry->specification.name;
          !std::ranges::contains(names, name) && !memory::is_known_to_firmware(name) &&
          !std::ranges::contains(kNotForFirmware, std::string_view(name)))
        names.push_back(name);
  } else {
    for (const CallTable::Entry* entry : environment_.calls.visible())
      if (usable(entry->specification.name)) names.push_back(entry->specification.name);
    names.emplace_back("finish");
  }
  return names;
}

std::vector<std::string> Process::plannable_names() const {
  auto names = offered_names();
  std::erase(names, "finish");
  return names;
}

std::vector<memory::Offer> Process::offers(const std::vector<std::string>& names) const {
  std::vector<memory::Offer> offers;
  for (const std::string& name : names) {
    if (name == "answer") {
      offers.push_back({name, "answer(passage, answer)", "answer from the passages, or passage 0 when it is not there",
                        JsonObject{}});
    } else if (name == "none") {
      offers.push_back({name, "none()", "nothing offered fits the goal", JsonObject{}});
    } else if (name == "finish") {
      JsonArray numbers;
      for (const memory::Passage* passage : context_.passages()) numbers.emplace_back(passage->number);
      JsonObject properties{
          {"answer", JsonObject{{"type", "string"}, {"minLength", 1}, {"maxLength", 4000}}},
          {"found", JsonObject{{"type", "boolean"}, {"description", "false when the documents do not hold it"}}}};
      if (!numbers.empty())
        properties["citations"] = JsonObject{
            {"type", "array"},
            {"maxItems", 8},
            {"items",
             JsonObject{{"type", "object"},
                        {"properties",
                         JsonObject{{"passage", JsonObject{{"enum", std::move(numbers)}}},
                                    {"quote", JsonObject{{"type", "string"}, {"minLength", 1}, {"maxLength", 300}}}}},
                        {"required", JsonArray{"passage", "quote"}},
                        {"additionalProperties", false}}}};
      JsonArray required;
      for (const auto& property : properties) required.emplace_back(property.key());
      offers.push_back({name,
                        properties.contains("citations") ? "finish(answer, found, citations)" : "finish(answer, found)",
                        "end with the answer and its evidence",
                        JsonObject{{"type", "object"},
                                   {"properties", std::move(properties)},
                                   {"required", std::move(required)},
                                   {"additionalProperties", false}}});
    } else if (const CallTable::Entry* entry = environment_.calls.find(name)) {
      offers.push_back({name, entry->signature, entry->specification.summary, entry->specification.arguments_schema});
    }
  }
  return offers;
}

void Process::make_plan() {
  if (mode_ == "ask") return accept_plan({{"search", {}, {}}, {"answer", {}, {}}});
  auto plannable = plannable_names();
  // A file that the person names when asked is not there to be written over.
  if (said_ && memory::targets_in(goal_).empty() && memory::targets_in(*said_).empty()) std::erase(plannable, "write");
  if (plannable.empty()) return finish(State::kFailed, "no system call is offered to this process");
  think("plan", profile_->plan(context_, offers(plannable), environment_.meanings), plannable);
}

void Process::think(std::string_view purpose, memory::Prompt prompt, const std::vector<std::string>& offered) {
  if (thoughts_ >= limits_.steps)
    return finish(State::kFailed, daimon::format("stopped after {} steps without an end", thoughts_));
  ++thoughts_;
  purpose_ = purpose;
  offered_ = offered;
  Think thought;
  thought.id = daimon::format("{}.t{}", id_, thoughts_);
  emit("thinking",
       {{"think", thought.id}, {"purpose", purpose}, {"offered", names_array(offered)}, {"prompt", hash_of(prompt)}});
  thought.request.id = thought.id;
  thought.request.messages = std::move(prompt.messages);
  thought.request.schema = std::move(prompt.schema);
  thought.request.tokens_max = prompt.tokens_max;
  thought.request.sampling.seed = seed_ + static_cast<std::uint64_t>(thoughts_);
  pending_ = std::move(thought);
}

// What a thought has used up, whether it came to an answer, failed, or was given up by a pause. A server counts its
// tokens, and may count wrongly: nothing that it says makes a cost smaller.
void Process::charge(const Json& body) {
  const auto count = [&](std::string_view name) {
    return std::max<std::int64_t>(0, find_integer(body, name).value_or(0));
  };
  const std::int64_t prompt = count("prompt_tokens");
  cost_.tokens_prompt = sum(cost_.tokens_prompt, prompt);
  cost_.tokens_cached = sum(cost_.tokens_cached, std::min(prompt, count("cached_tokens")));
  cost_.tokens_generated = sum(cost_.tokens_generated, count("generated_tokens"));
  cost_.tokens_forced = sum(cost_.tokens_forced, count("forced_tokens"));
  cost_.money += std::max(0.0, find_number(body, "money").value_or(0));
  cost_.model_ms += std::max(0.0, find_number(body, "ms").value_or(0));
}

void Process::on_replied(const Json& body) {
  const auto* thought = std::get_if<Think>(&pending_);
  if (thought == nullptr || find_string(body, "think") != thought->id) return;
  charge(body);
  if (const Json* error = find(body, "error")) {
    const Error what = error_from_json(*error);
    const bool passing = what.code == ErrorCode::kUnavailable || what.code == ErrorCode::kTimeout ||
                         what.code == ErrorCode::kLimit || what.code == ErrorCode::kCancelled;
    std::string reason = daimon::format("the model did not answer: {}", what.what);
    if (!what.remedy.empty()) reason += daimon::format(" ({})", what.remedy);
    const bool hopeless = what.code == ErrorCode::kInvalidArgument || what.code == ErrorCode::kUnsupported;
    if (hopeless) return finish(State::kFailed, std::move(reason));
    // Nothing is lost: the same thought is thought again, by itself after a while, or when the person resumes it.
    held_ = pending_;
    if (!passing || ++model_errors_ >= kModelErrorsMax) return pause(std::move(reason));
    const WallTime at = now_ + std::chrono::seconds(std::min(60, 2 << model_errors_));
    set_state(State::kPaused, daimon::format("{}; trying again at {}", reason, to_iso8601(at)));
    pending_ = AwaitTimer{at};
    return;
  }
  model_errors_ = 0;
  pending_ = std::monostate{};
  const std::string text(find_string(body, "text").value_or(""));
  if (purpose_ == "plan") {
    auto plan = memory::parse_plan(text);
    if (!plan) return finish(State::kFailed, plan.error().what);
    return accept_plan(std::move(*plan));
  }
  auto chosen = profile_->chosen(text);
  if (!chosen) {
    add_result("call", chosen.error().what, true, capability::agent_label());
    return step_failed(chosen.error().what);
  }
  // To a model there is only what it was offered: no call of the kernel's own, none that its plan does not lead to. A
  // local model is held to that by its mask; a remote one, or a hostile one, only by this.
  if (std::ranges::find(offered_, chosen->name) == offered_.end()) {
    constexpr std::size_t kNameShown = 40;
    add_result(printable(cut_utf8(chosen->name, kNameShown)), "there is no such call", true,
               capability::system_label());
    return step_failed("the model named a call that does not exist");
  }
  choose(*chosen);
}

void Process::accept_plan(std::vector<memory::PlanStep> plan) {
  if (profile_->plan_decides()) {
    plan_ = mend_plan(std::move(plan), offered_names());
  } else {
    for (memory::PlanStep& step : plan) plan_.push_back({std::move(step), StepState::kOpen});
  }
  JsonArray steps;
  for (const Step& step : plan_)
    steps.push_back(JsonObject{{"call", step.step.call}, {"text", step.step.text}, {"check", step.step.check}});
  emit("planned", {{"plan", std::move(steps)}});
  step_ = 0;
  // It was asked, and nobody is asked twice.
  if (said_ && profile_->plan_decides() && plan_.size() == 1 &&
      (plan_.front().step.call == "ask" || plan_.front().step.call == "none")) {
    plan_.clear();
    found_ = true;
    return finish(State::kDone, "you were asked, and no other call fits what you said");
  }
  if (profile_->plan_decides())
    if (auto why = impossible()) return finish(State::kFailed, std::move(*why));
  if (autonomy_ == 3) {
    cover_ = cover_of(plan_, context_.goal(), context_.files(), context_.folders());
    // Among several folders only what is shown with the one that it will be in.
    for (std::string& file : cover_.files) file = placed(file);
    if (mounts_.size() > 1)
      std::erase_if(cover_.files, [&](const std::string& file) { return mount_of(file) == nullptr; });
    cover_.writes = std::min(cover_.writes, cover_.files.size());
    std::string detail;
    // What a step is for is the model's word: it stands on its own line, and says nothing of what is approved.
    for (std::size_t i = 0; i < plan_.size(); ++i)
      detail += daimon::format("{}. {}: {}\n", i + 1, plan_[i].step.call, printable(plan_[i].step.text));
    detail += describe(cover_) + "\n";
    wanted_ = Wanted{{}, {}, true};
    return ask_approval("Carry out this plan", detail, to_hex(sha256(id_ + "\nplan\n" + detail)));
  }
  continue_work();
}

// The next thing to do, once nothing is in flight. A budget is looked at here, between steps: what is done already is
// not withheld.
void Process::continue_work() {
  if (ended()) return;
  if (profile_->plan_decides() && (step_ >= plan_.size() || lacks_answer())) return conclude();
  if (auto spent = budget_spent()) {
    held_ = std::monostate{};
    return pause(std::move(*spent));
  }
  begin_step();
}

std::optional<std::string> Process::budget_spent() const {
  const std::int64_t tokens = cost_.tokens_computed();
  const auto text = [&](std::string_view what, auto used, auto limit) {
    return daimon::format("budget spent: {} of {} {} used; `daimon budget {} --{} N` adds more and resumes it", used,
                          limit, what, id_, what);
  };
  if (tokens >= limits_.tokens) return text("tokens", tokens, limits_.tokens);
  const double seconds = cost_.seconds();
  if (seconds >= limits_.seconds) return text("seconds", daimon::format("{:.3g}", seconds), limits_.seconds);
  if (cost_.money > 0 && cost_.money >= limits_.money)
    return text("money", daimon::format("{:.4f}", cost_.money), limits_.money);
  return std::nullopt;
}

// What is reckoned or written is made of what was looked up, and not without it. What a table gave afterwards is
// written all the same: the answer was not needed for it.
bool Process::lacks_answer() const {
  if (!profile_->plan_decides() || step_ >= plan_.size()) return false;
  const std::string& next = plan_[step_].step.call;
  if (next != "calculate" && next != "write") return false;
  bool lacks = false;
  for (const memory::Result& result : context_.results()) {
    if (result.error) continue;
    if (result.call == "answer" && result.text == memory::kNotThere) lacks = true;
    if (result.call == "table" && next == "write") lacks = false;
  }
  return lacks;
}

void Process::begin_step() {
  if (!profile_->plan_decides()) return fill_call();
  Step& step = plan_[step_];
  step.state = StepState::kActive;
  if (step.step.call == "none") {
    step.state = StepState::kDone;
    return conclude();
  }
  if (step.step.call == "answer" && context_.passages().empty()) {
    answered_ = true;
    chosen_ = R"({"call":"answer","with":{"passage":0}})";
    add_result("answer", std::string(memory::kNotThere), false, capability::system_label());
    return step_done();
  }
  fill_call();
}

void Process::fill_call() {
  std::vector<std::string> names;
  if (profile_->plan_decides()) {
    names.push_back(plan_[step_].step.call);
    // After a second failure the model may turn to another call; the first time it sees only the error.
    // But what is to be written is written or not: no other call stands for it, and it stands for no other.
    if (failures_ >= 2 && names[0] != "write")
      for (const std::string& other : offered_names())
        if (names.size() < 4 && other != names[0] && other != "none" && other != "answer" && other != "list" &&
            other != "write" && memory::is_known_to_firmware(other) && (other != "search" || !mounts_.empty()))
          names.push_back(other);
  } else {
    names = offered_names();
  }
  std::vector<memory::PlanStep> plan;
  plan.reserve(plan_.size());
  for (const Step& step : plan_) plan.push_back(step.step);
  const auto calls = plannable_names();
  const auto offered = offers(names);
  std::vector<std::string> unknown;
  for (const Step& step : plan_)
    if (profile_->plan_decides() && !memory::is_known_to_firmware(step.step.call)) unknown.push_back(step.step.call);
  const auto tools = offers(unknown);
  think("call", profile_->call({context_, calls, offered, plan, step_, environment_.meanings, tools}), names);
}

// -------------------------------------------------------------------------------------- signals, budget, people

void Process::on_signalled(const Json& body) {
  const auto signal = find_string(body, "signal").value_or("");
  if (signal == "kill") return finish(State::kStopped, "killed");
  if (signal == "pause" && state_ == State::kPaused) {
    // It paused by itself, and would have gone on by itself: now only the person resumes it.
    pending_ = std::monostate{};
    return set_state(State::kPaused, "paused by the person");
  }
  if (signal == "pause") {
    // A call in flight is not torn: its outcome is waited for, and then the process stops.
    if (std::holds_alternative<Dispatch>(pending_)) {
      pause_asked_ = true;
      return;
    }
    held_ = pending_;
    return pause("paused by the person");
  }
  if (signal == "resume" && (state_ == State::kPaused || pause_asked_)) {
    pause_asked_ = false;
    model_errors_ = 0;  // somebody looked to it: a model that stays away is waited for as long as at first
    if (state_ == State::kPaused) on_timer();
  }
}

Limits Process::left() const {
  Limits left = limits_;
  add(left, used(cost_), -1);
  return at_least_nothing(left);
}

void Process::on_budget(const Json& body) {
  const Limits more = amounts_of(body);
  add(added_, more, 1);
  add(limits_, more, 1);
  if (state_ == State::kPaused && reason_.starts_with("budget spent")) on_timer();
}

void Process::on_child(const Json& body) {
  Child child{std::string(find_string(body, "child").value_or("")), "running", amounts_of(body, "budget")};
  add(limits_, child.lent, -1);
  children_.push_back(std::move(child));
}

void Process::on_child_ended(const Json& body) {
  // A last step may have gone beyond what was lent: that is missing here. A child of a child whose own parent ended
  // first is nobody's that is known; what it used up is missing here too.
  const Limits spent = amounts_of(body, "cost");
  const auto child = std::ranges::find(children_, find_string(body, "child").value_or(""), &Child::id);
  if (child != children_.end()) {
    if (child->state != "running") return;
    child->state = find_string(body, "state").value_or("stopped");
    add(limits_, child->lent, 1);
  }
  add(limits_, spent, -1);
  add(by_children_, spent, 1);
  if (state_ == State::kPaused && reason_.starts_with("budget spent")) on_timer();
}

Limits Process::spent() const {
  Limits spent = used(cost_);
  add(spent, by_children_, 1);
  add(spent, added_, -1);
  return at_least_nothing(spent);
}

// Goes back to what was held when the process paused.
void Process::on_timer() {
  if (state_ != State::kPaused || !held_) return;
  Pending held = std::move(*held_);
  held_.reset();
  if (const auto spent = budget_spent()) {
    held_ = std::move(held);
    return pause(*spent);
  }
  if (std::holds_alternative<AwaitApproval>(held))
    set_state(State::kWaiting, std::string(kAwaitsApproval));
  else if (std::holds_alternative<AwaitAnswer>(held))
    set_state(State::kWaiting, std::string(kAwaitsAnswer));
  else
    set_state(State::kRunning, "");
  pending_ = std::move(held);
  if (const auto* waiting = std::get_if<AwaitApproval>(&pending_);
      waiting != nullptr && (waiting->tools != tools_ || is_expired(now_)))
    return ask_again();
  if (std::holds_alternative<std::monostate>(pending_)) {
    if (wanted_) {
      Wanted wanted = std::move(*wanted_);
      wanted_.reset();
      return request_call(std::move(wanted.name), std::move(wanted.arguments), false);
    }
    if (plan_.empty()) return make_plan();
    continue_work();
  }
}

// `subject` is the hash of what would be done. The digest covers what is shown as well, so that a decision is on what
// its person saw, and by what and until when it may be carried out.
void Process::ask_approval(std::string title, std::string detail, std::string subject) {
  AwaitApproval asked{daimon::format("{}.r{}", id_, ++requests_), {}, tools_, {}};
  if (approval_lasts_.count() > 0) asked.expires = now_ + approval_lasts_;
  std::string bound = subject;
  if (!tools_.empty()) bound += "\n" + tools_;
  if (asked.expires) bound += daimon::format("\n{}", to_milliseconds(*asked.expires));
  asked.digest = to_hex(sha256(daimon::format("{}\n{}\n{}\n{}", bound, title.size(), title, detail)));
  waiting_title_ = title;
  waiting_detail_ = detail;
  waiting_subject_ = std::move(subject);
  JsonObject body{
      {"request", asked.request}, {"title", std::move(title)}, {"detail", std::move(detail)}, {"digest", asked.digest}};
  if (asked.expires) body["expires"] = to_iso8601(*asked.expires);
  emit("approval_asked", std::move(body));
  set_state(State::kWaiting, std::string(kAwaitsApproval));
  pending_ = std::move(asked);
}

// The same under a new name: whoever decides looks again, and an answer to the old one is an answer to nothing.
void Process::ask_again() {
  pending_ = std::monostate{};
  set_state(State::kRunning, "");
  ask_approval(waiting_title_, waiting_detail_, waiting_subject_);
}

bool Process::is_expired(WallTime now) const {
  const auto* waiting = std::get_if<AwaitApproval>(&pending_);
  return waiting != nullptr && waiting->expires && now >= *waiting->expires;
}

void Process::on_expired(const Json& body) {
  const auto* waiting = std::get_if<AwaitApproval>(&pending_);
  if (waiting != nullptr && find_string(body, "request") == waiting->request && is_expired(now_)) ask_again();
}

void Process::on_decided(const Json& body) {
  const auto* waiting = std::get_if<AwaitApproval>(&pending_);
  if (waiting == nullptr || find_string(body, "request") != waiting->request ||
      find_string(body, "digest") != waiting->digest || !wanted_)
    return;
  const bool approve = find_bool(body, "approve").value_or(false);
  if (approve && is_expired(now_)) return ask_again();
  // Who decides for somebody who was not there to be asked says so.
  const std::string given(find_string(body, "reason").value_or(""));
  const Wanted wanted = std::move(*wanted_);
  wanted_.reset();
  pending_ = std::monostate{};
  set_state(State::kRunning, "");
  if (wanted.plan) {
    if (!approve)
      return finish(State::kDenied, given.empty() ? "you did not approve the plan"
                                                  : daimon::format("the plan was not approved: {}", given));
    plan_approved_ = true;
    return continue_work();
  }
  // The person's word does not pass what has come to forbid it meanwhile: a rule, or a capability's end.
  if (approve) return request_call(wanted.name, wanted.arguments, true);
  const std::string why = given.empty() ? "you said no" : given;
  emit("returned", {{"call", ""}, {"name", wanted.name}, {"outcome", "denied"}, {"text", why}});
  calls_.push_back({{}, wanted.name, wanted.arguments, "denied", why, 0, false});
  for (Change& change : changes_)
    if (find_string(wanted.arguments, "change") == change.change) change.denied = true;
  if (wanted.name == "apply") {
    if (const Change* change = change_of(wanted.arguments); change != nullptr && is_unsure(*change))
      add_result("write",
                 daimon::format("{} may or may not have been written, and is not to be written again", change->path),
                 true, capability::system_label());
    return step_done(StepState::kFailed);
  }
  finish(State::kDenied, given.empty() ? daimon::format("you denied {}", wanted.name)
                                       : daimon::format("{} was not approved: {}", wanted.name, given));
}

void Process::on_answered(const Json& body) {
  const auto* waiting = std::get_if<AwaitAnswer>(&pending_);
  if (waiting == nullptr || find_string(body, "request") != waiting->request) return;
  const std::string text(find_string(body, "text").value_or(""));
  pending_ = std::monostate{};
  set_state(State::kRunning, "");
  calls_.back().outcome = "ok";
  calls_.back().text = text;
  if (profile_->plan_decides() && plan_.size() == 1 && plan_.front().step.call == "ask" && !said_ &&
      !memory::is_no_answer(text))
    return begin_again(text);
  add_result("ask", daimon::format("\"{}\"", text), false, capability::user_label());
  step_done();
}

// ----------------------------------------------------------------------------------------------------- states

void Process::set_state(State state, std::string reason) {
  if (state_ == state && reason_ == reason) return;
  state_ = state;
  reason_ = std::move(reason);
  emit("state", {{"state", name_of(state_)}, {"reason", reason_}});
}

void Process::pause(std::string reason) {
  pending_ = std::monostate{};
  set_state(State::kPaused, std::move(reason));
}

void Process::finish(State state, std::string reason) {
  pending_ = std::monostate{};
  held_.reset();
  wanted_.reset();
  // Killed in the middle of an effect: whether it has happened by now, nobody can tell.
  const CallTable::Entry* cut_off =
      !calls_.empty() && calls_.back().outcome == "running" ? environment_.calls.find(calls_.back().name) : nullptr;
  if (cut_off != nullptr && cut_off->specification.effect >= device::EffectClass::kIdempotent) {
    calls_.back().outcome = "unknown";
    calls_.back().text = "it was running when the process ended; it may or may not have happened";
  } else if (!calls_.empty() && calls_.back().outcome == "running") {
    calls_.back().outcome = "error";
    calls_.back().text = "the process ended before it did";
  }
  for (Step& step : plan_) {
    if (step.state == StepState::kActive) step.state = state == State::kDone ? StepState::kDone : StepState::kFailed;
    if (step.state == StepState::kOpen) step.state = StepState::kSkipped;
  }
  state_ = state;
  reason_ = std::move(reason);
  if (!answer_) answer_ = compose_answer();
  if (state == State::kDone && !found_)
    if (const std::string note = note_of_incomplete(); !note.empty()) *answer_ += (answer_->empty() ? "" : "\n") + note;
  emit("finished", view().as_object());
}

}  // namespace daimon::process
