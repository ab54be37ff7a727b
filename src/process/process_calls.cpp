// How a process makes system calls and takes what they bring back.
#include <algorithm>
#include <utility>

#include "base/format.h"
#include "base/text.h"
#include "memory/answer_schema.h"
#include "memory/goal_facts.h"
#include "memory/tool_plan.h"
#include "process/process.h"

namespace daimon::process {
namespace {

constexpr int kFailuresMax = 3;
constexpr std::size_t kQuoteBytesMax = 300;
constexpr std::size_t kCitedBytesMax = 4000;  // of a quotation of a model's own, as `cite` takes it

// The line of `text` in which `answer` stands, cut to what can be shown.
std::string line_around(std::string_view text, std::string_view answer) {
  const std::size_t at = text.find(answer);
  if (at == std::string_view::npos) return {};
  std::size_t begin = text.rfind('\n', at);
  begin = begin == std::string_view::npos ? 0 : begin + 1;
  const std::size_t end = std::min(text.find('\n', at + answer.size()), text.size());
  std::string_view line = trim(text.substr(begin, end - begin));
  if (line.size() <= kQuoteBytesMax) return std::string(line);
  return std::string(trim(answer));
}

std::string canonical(std::string_view name, const Json& arguments) {
  return daimon::format("{} {}", name, to_text(arguments));
}

// Whether a difference takes lines away and leaves none.
bool keeps_nothing(std::string_view diff) {
  bool in_lines = false;
  bool removes = false;
  while (!diff.empty()) {
    const std::string_view line = diff.substr(0, diff.find('\n'));
    diff.remove_prefix(std::min(diff.size(), line.size() + 1));
    if (line.starts_with("@@"))
      in_lines = true;
    else if (in_lines && line.starts_with(' '))
      return false;
    else
      removes = removes || (in_lines && line.starts_with('-'));
  }
  return removes;
}

}  // namespace

void Process::choose(const memory::ChosenCall& chosen) {
  chosen_ = to_text(JsonObject{{"call", chosen.name}, {"with", chosen.arguments}});
  if (chosen.name == "answer") return choose_answer(chosen.arguments);
  if (chosen.name == "finish") return choose_finish(chosen.arguments);
  Json arguments = chosen.arguments;
  if (const auto path = find_string(arguments, "path"); chosen.name == "write" && path)
    arguments.as_object()["path"] = placed(std::string(*path));
  request_call(chosen.name, std::move(arguments), false);
}

const device::MountReference* Process::mount_of(std::string_view shown) const {
  const auto found = std::ranges::find(mounts_, shown.substr(0, shown.find('/')), &device::MountReference::name);
  return shown.contains('/') && found != mounts_.end() ? &*found : nullptr;
}

std::string Process::placed(const std::string& path) const {
  if (mounts_.size() < 2 || memory::leads_out(path) || mount_of(path) != nullptr) return path;
  std::vector<const device::MountReference*> places;
  const auto add = [&](std::string_view shown) {
    if (const auto* mount = mount_of(shown);
        mount != nullptr && mount->writable && !std::ranges::contains(places, mount))
      places.push_back(mount);
  };
  // Where its folder is ...
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  const auto is_in_folder = [&](std::string_view shown) {
    return shown.contains('/') && shown.substr(shown.find('/') + 1).starts_with(folder);
  };
  if (!folder.empty()) {
    for (const memory::FileEntry& file : context_.files())
      if (is_in_folder(file.path)) add(file.path);
    for (const std::string& known : context_.folders())
      if (is_in_folder(known + "/")) add(known);
  }
  // ... which is in none or in several: where what it is made from is, if that is one of them.
  const auto& results = context_.results();
  for (auto result = results.rbegin(); result != results.rend() && places.size() != 1; ++result) {
    if (result->error) continue;
    const auto call = memory::parse_call(result->chosen);
    const auto* mount = call ? mount_of(find_string(call->arguments, "path").value_or("")) : nullptr;
    if (mount == nullptr && !result->passages.empty()) mount = mount_of(result->passages.front().path);
    if (mount != nullptr && mount->writable && (places.empty() || std::ranges::contains(places, mount)))
      places = {mount};
  }
  // Or the only one that can be written to.
  if (places.empty())
    for (const device::MountReference& mount : mounts_)
      if (mount.writable) places.push_back(&mount);
  return places.size() == 1 ? places.front()->name + "/" + path : path;
}

// Everything a call must pass before it reaches its device: the table, its own schema, the monitor, the person.
void Process::request_call(std::string name, Json arguments, bool asked_already) {
  const CallTable::Entry* entry = environment_.calls.find(name);
  if (entry == nullptr) {
    add_result(name, "there is no such call", true, capability::system_label());
    return step_failed("the model named a call that does not exist");
  }
  const device::CallSpecification& specification = entry->specification;
  auto accesses = specification.accesses(arguments);
  if (!accesses) {
    add_result(name, accesses.error().what, true, capability::system_label());
    return step_failed(accesses.error().what);
  }
  capability::CallFacts facts;
  facts.name = name;
  facts.arguments = to_text(arguments);
  facts.accesses = *accesses;
  facts.places = places();
  facts.label = context_.label();
  facts.has_effect = specification.effect >= device::EffectClass::kIdempotent;
  // What the host chose and filled for a model that does not know the call is shown to the person before it acts.
  facts.risky = specification.needs_approval_at_l2 || (facts.has_effect && profile_->plan_decides() &&
                                                       !specification.hidden && !memory::is_known_to_firmware(name));
  const capability::Constitution& constitution = constitution_ ? *constitution_ : environment_.constitution;
  const bool planned = plan_covers(name, arguments, *accesses);
  const capability::Decision decision = decide(facts, capabilities_, constitution, {autonomy_, planned}, now_);
  if (decision.verdict == capability::Verdict::kDeny) {
    calls_.push_back(
        {daimon::format("{}.{}", id_, ++call_count_), name, arguments, "denied", decision.reason, 0, false});
    emit("returned", {{"call", calls_.back().id}, {"name", name}, {"outcome", "denied"}, {"text", decision.reason}});
    add_result(name, "denied: " + decision.reason, true, capability::system_label());
    if (name == "survey") return make_plan();
    if (name == "apply") {
      changes_.back().denied = true;
      return step_done(autonomy_ == 0 ? StepState::kDone : StepState::kFailed);
    }
    // A plan that needs what is forbidden has come to its end; a model that chooses each call may find another way.
    if (profile_->plan_decides()) return finish(State::kDenied, decision.reason);
    return step_failed("denied: " + decision.reason, State::kDenied);
  }
  if (facts.has_effect && cost_.effects >= limits_.effects) {
    wanted_ = Wanted{std::move(name), std::move(arguments), false};
    held_ = std::monostate{};
    return pause(
        daimon::format("budget spent: {} of {} effects used; `daimon budget {} --effects N` adds more and resumes it",
                       cost_.effects, limits_.effects, id_));
  }
  if (decision.verdict == capability::Verdict::kAsk && !asked_already) {
    std::string title = daimon::format("{} {}", name, facts.arguments);
    std::string detail = decision.reason;
    if (name == "apply" && !changes_.empty()) {
      // The smaller the difference of a file the less there is to see of it: one that keeps no line says so in words.
      title = daimon::format("{} {}", keeps_nothing(changes_.back().diff) ? "Replace all of" : "Write",
                             printable(changes_.back().path));
      detail = changes_.back().diff;
    }
    wanted_ = Wanted{name, std::move(arguments), false};
    return ask_approval(std::move(title), std::move(detail), approval_digest(facts));
  }
  if (planned) {
    std::erase(cover_.files, accesses->front().object);
    --cover_.writes;
  }
  dispatch(name, std::move(arguments), decision.handles);
}

// A plan that was approved allows what it showed, once, and not whatever comes to a model's mind while it is carried
// out: a call that it names may be made to anything.
bool Process::plan_covers(std::string_view call, const Json& arguments,
                          std::span<const capability::Access> accesses) const {
  if (!plan_approved_ || cover_.writes == 0 || call != "apply" || accesses.size() != 1) return false;
  const Change* change = change_of(arguments);
  return change != nullptr && change->creates && accesses[0].kind == "file" &&
         std::ranges::contains(cover_.files, accesses[0].object);
}

const Process::Change* Process::change_of(const Json& arguments) const {
  const auto named = find_string(arguments, "change");
  const auto found = std::ranges::find_if(changes_, [&](const Change& change) { return named == change.change; });
  return found == changes_.end() ? nullptr : &*found;
}

void Process::dispatch(const std::string& name, Json arguments, const std::vector<capability::Handle>& handles) {
  const CallTable::Entry* entry = environment_.calls.find(name);
  for (const capability::Handle handle : handles) capabilities_.use(handle);
  if (name == "ask") return ask_person(arguments);
  if (entry->specification.effect >= device::EffectClass::kIdempotent) ++cost_.effects;
  Dispatch work;
  work.call = {daimon::format("{}.{}", id_, ++call_count_), id_, name, std::move(arguments), context_.label()};
  calls_.push_back({work.call.id, name, work.call.arguments, "running", {}, 0, entry->specification.hidden});
  emit("called", {{"call", work.call.id},
                  {"name", name},
                  {"arguments", work.call.arguments},
                  {"effect", device::name_of(entry->specification.effect)},
                  {"label", to_json(work.call.label)}});
  pending_ = std::move(work);
}

void Process::ask_person(const Json& arguments) {
  const std::string question(find_string(arguments, "question").value_or("What would you like me to do?"));
  const std::string request = daimon::format("{}.r{}", id_, ++requests_);
  calls_.push_back({daimon::format("{}.{}", id_, ++call_count_), "ask", arguments, "running", {}, 0, false});
  emit("asked", {{"request", request}, {"question", question}});
  waiting_question_ = question;
  set_state(State::kWaiting, std::string(kAwaitsAnswer));
  pending_ = AwaitAnswer{request};
}

void Process::on_returned(const Json& body) {
  const auto* work = std::get_if<Dispatch>(&pending_);
  if (work == nullptr || find_string(body, "call") != work->call.id) return;
  CallRecord& call = calls_.back();
  call.outcome = find_string(body, "outcome").value_or("error");
  call.text = find_string(body, "text").value_or("");
  call.ms = find_number(body, "ms").value_or(0);
  cost_.call_ms += call.ms;
  pending_ = std::monostate{};
  if (call.outcome == "unknown") {
    // An effect that nobody can tell about is never run again without the person's word.
    wanted_ = Wanted{call.name, call.arguments, false};
    // What is to be done again stands here whole: who decides may not have been there the first time.
    std::string title = daimon::format("Run {} again", call.name);
    std::string detail = daimon::format(
        "This call was cut off while it was running, and Daimon cannot tell whether it happened. Approve to run it "
        "again; deny to end here.\n{} {}\n",
        call.name, to_text(call.arguments));
    if (const Change* change = change_of(call.arguments); change != nullptr && call.name == "apply") {
      title = daimon::format("Write {} again", printable(change->path));
      detail = daimon::format(
          "Writing {} was cut off, and Daimon cannot tell whether it happened: look at the file. Approve to write this "
          "change ({}) again, which is refused where the file is neither as it was nor as it would be; deny to leave "
          "it.\n\n{}",
          printable(change->path), change->change, change->diff);
    }
    return ask_approval(std::move(title), std::move(detail),
                        to_hex(sha256(canonical(call.name, call.arguments) + call.id)));
  }
  take_result(call, body);
}

void Process::take_result(CallRecord& call, const Json& body) {
  capability::Label label = capability::untrusted_label("call:" + call.name);
  if (const Json* given = find(body, "label"))
    if (auto parsed = capability::label_from_json(*given)) label = std::move(*parsed);
  if (touched_credentials(call)) label.confidentiality = capability::Confidentiality::kSecret;
  static const Json kNothing;
  const Json* given_value = find(body, "value");
  const Json& value = given_value != nullptr ? *given_value : kNothing;

  if (call.outcome != "ok") {
    std::string what = call.text;
    std::string remedy;
    if (const Json* error = find(body, "error")) {
      Error told = error_from_json(*error);
      what = std::move(told.what);
      remedy = std::move(told.remedy);
    }
    call.text = what;
    // What to do about it is for the person.
    const std::string why = remedy.empty() ? what : daimon::format("{} ({})", what, remedy);
    // What the kernel asked for itself is no news for the model.
    if (call.name == "survey") return make_plan();
    if (call.name == "apply") {
      add_result("write", what, true, label);
      return step_failed(why);
    }
    if (call.name == "cite") {
      to_verify_.erase(to_verify_.begin());
      return next_citation();
    }
    if (repeats(call))
      return finish(State::kFailed, daimon::format("stuck: {} failed the same way twice: {}", call.name, why));
    add_result(call.name, what, true, label);
    return step_failed(why);
  }

  if (call.name == "survey") {
    take_survey(value, label);
    return make_plan();
  }
  if (call.name == "cite") {
    Citation citation = to_verify_.front();
    to_verify_.erase(to_verify_.begin());
    citation.verified = find_bool(value, "verified").value_or(false);
    // What fails verification is never shown as evidence.
    if (citation.verified) (citation.other.empty() ? citations_ : others_).push_back(std::move(citation));
    return next_citation();
  }
  if (call.name == "apply") {
    for (Change& change : changes_)
      if (find_string(call.arguments, "change") == change.change) change.applied = true;
    return step_done();
  }
  if (call.name == "search") {
    std::vector<memory::Passage> passages;
    if (const Json* list = find(value, "passages"); list != nullptr && list->is_array())
      for (const Json& item : list->get_array()) {
        memory::Passage passage;
        passage.mount = find_string(item, "mount").value_or("");
        passage.path = find_string(item, "path").value_or("");
        passage.version = find_string(item, "version").value_or("");
        passage.text = find_string(item, "text").value_or("");
        if (const auto page = find_integer(item, "page")) passage.page = static_cast<int>(*page);
        passages.push_back(std::move(passage));
      }
    for (const std::string& name : find_texts(value, "incomplete"))
      if (!std::ranges::contains(incomplete_, name)) incomplete_.push_back(name);
    const std::string text = passages.empty() ? "nothing found" : call.text;
    add_result("search", text, false, std::move(label), std::move(passages));
    return step_done();
  }
  const bool again = repeats(call);
  add_result(call.name, call.text, false, std::move(label));
  if (call.name == "write") {
    Change change;
    change.path = find_string(value, "path").value_or("");
    change.change = find_string(value, "change").value_or("");
    change.diff = find_string(value, "diff").value_or("");
    change.creates = find_bool(value, "creates").value_or(false);
    changes_.push_back(change);
    return request_call("apply", JsonObject{{"change", change.change}, {"path", change.path}}, false);
  }
  if (again && !profile_->plan_decides())
    return finish(State::kFailed,
                  daimon::format("stuck: {} was called twice with the same arguments and result", call.name));
  step_done();
}

capability::Places Process::places() const {
  capability::Places places{{}, *places_};
  for (const device::MountReference& mount : mounts_) places.own.push_back({mount.name, mount.root});
  return places;
}

bool Process::touched_credentials(const CallRecord& call) const {
  const CallTable::Entry* entry = environment_.calls.find(call.name);
  const auto accesses = entry != nullptr ? entry->specification.accesses(call.arguments)
                                         : Result<std::vector<device::Access>>(std::vector<device::Access>());
  return accesses && std::ranges::any_of(*accesses, [places = places()](const device::Access& access) {
           return capability::touches_credentials(access, places);
         });
}

void Process::take_survey(const Json& value, const capability::Label& label) {
  std::vector<memory::FileEntry> files;
  if (const Json* list = find(value, "files"); list != nullptr && list->is_array())
    for (const Json& item : list->get_array()) {
      memory::FileEntry file;
      file.path = find_string(item, "path").value_or("");
      file.columns = find_texts(item, "columns");
      file.numbers = find_texts(item, "numbers");
      file.dates = find_texts(item, "dates");
      file.years = find_texts(item, "years");
      if (const Json* named = find(item, "named"); named != nullptr && named->is_array())
        for (const Json& pair : named->get_array())
          file.named.emplace_back(find_string(pair, "column").value_or(""), find_string(pair, "value").value_or(""));
      if (!file.path.empty()) files.push_back(std::move(file));
    }
  context_.set_files(std::move(files), label);
  context_.set_folders(find_texts(value, "folders"));
  missing_ = find_texts(value, "missing");
}

std::optional<std::string> Process::impossible() const {
  const auto steps = [&](std::string_view call) {
    return static_cast<std::size_t>(
        std::ranges::count_if(plan_, [&](const Step& step) { return step.step.call == call; }));
  };
  const std::string& goal = context_.goal();
  if (steps("write") > 0) {
    // Another file that the goal names is the one to be written, unless it is there to be read first.
    std::vector<std::string> there;
    for (const memory::FileEntry& file : context_.files()) there.push_back(file.path);
    const auto named = memory::files_named(goal, there, context_.folders());
    const bool reads = plan_.size() > steps("write");
    const bool has_other = std::ranges::any_of(
        named, [&](const std::string& name) { return !reads || std::ranges::contains(missing_, name); });
    const auto targets = memory::targets_in(goal);
    if (const auto outside = std::ranges::find_if(targets, memory::leads_out); outside != targets.end() && !has_other)
      return daimon::format(
          "nothing was done: '{}' is in none of the mounted folders, so it cannot be written (`--mount` its folder)",
          printable(*outside));
  }
  if (steps("table") + steps("read") > 0)
    for (const std::string& name : memory::missing_sources(goal, missing_, steps("write")))
      return daimon::format(
          "nothing was done: there is no file '{}' in the mounted folders (`daimon mounts` lists them)",
          printable(name));
  return std::nullopt;
}

void Process::add_result(std::string call, std::string text, bool error, capability::Label label,
                         std::vector<memory::Passage> passages) {
  context_.add(
      {std::move(call), std::exchange(chosen_, {}), std::move(text), error, std::move(passages), std::move(label)});
}

bool Process::repeats(const CallRecord& call) const {
  const std::string wanted = canonical(call.name, call.arguments);
  for (const CallRecord& earlier : calls_)
    if (&earlier != &call && earlier.outcome == call.outcome && earlier.text == call.text &&
        canonical(earlier.name, earlier.arguments) == wanted)
      return true;
  return false;
}

// ------------------------------------------------------------------------------------------------ answers, checks

void Process::choose_answer(const Json& arguments) {
  answered_ = true;
  const memory::Passage* passage = context_.passage(static_cast<int>(find_integer(arguments, "passage").value_or(0)));
  const std::string answer(trim(find_string(arguments, "answer").value_or("")));
  cited_before_ = citations_.size();
  to_verify_.clear();
  others_.clear();
  const auto cite = [&](const memory::Passage& from, const std::string& text, std::string other) {
    to_verify_.push_back(
        {from.mount, from.path, from.version, line_around(from.text, text), from.page, false, std::move(other)});
  };
  const bool is_there = passage != nullptr && !answer.empty();
  if (is_there && !passage->text.contains(answer)) {
    add_result("answer", "the answer does not stand in the passage", true, capability::system_label());
    return step_failed("the answer does not stand in the passage");
  }
  if (is_there) cite(*passage, answer, {});
  answer_to_verify_ = is_there ? daimon::format("{} [{}]", answer, passage->number) : std::string(memory::kNotThere);
  if (const Json* others = find(arguments, "otherwise"); others != nullptr && others->is_array())
    for (const Json& other : others->get_array()) {
      const memory::Passage* from = context_.passage(static_cast<int>(find_integer(other, "passage").value_or(0)));
      const std::string text(trim(find_string(other, "answer").value_or("")));
      if (from != nullptr && !text.empty() && from->text.contains(text) &&
          to_verify_.size() < memory::kOthersMax + (is_there ? 1 : 0))
        cite(*from, text, text);
    }
  next_citation();
}

void Process::choose_finish(const Json& arguments) {
  answer_ = find_string(arguments, "answer").value_or("");
  found_ = find_bool(arguments, "found").value_or(true);
  to_verify_.clear();
  answer_to_verify_.reset();
  if (const Json* list = find(arguments, "citations"); list != nullptr && list->is_array())
    for (const Json& item : list->get_array()) {
      const memory::Passage* passage = context_.passage(static_cast<int>(find_integer(item, "passage").value_or(0)));
      const auto quote = find_string(item, "quote").value_or("");
      if (passage == nullptr || quote.empty() || quote.size() > kCitedBytesMax) continue;
      to_verify_.push_back({passage->mount, passage->path, passage->version, std::string(quote), passage->page, false});
    }
  next_citation();
}

void Process::next_citation() {
  if (!to_verify_.empty()) {
    const Citation& citation = to_verify_.front();
    return request_call(
        "cite", JsonObject{{"path", citation.path}, {"version", citation.version}, {"quote", citation.quote}}, false);
  }
  if (!answer_to_verify_) return conclude();  // `finish` of a full model
  const std::string text = std::move(*answer_to_verify_);
  answer_to_verify_.reset();
  if (text == memory::kNotThere) {
    add_result("answer", text, false, capability::agent_label());
    return step_done();
  }
  const bool verified = citations_.size() > cited_before_;
  if (!verified) {
    others_.clear();
    add_result("answer", "the quotation does not stand in the document", true, capability::system_label());
    return step_failed("the quotation does not stand in the document");
  }
  found_ = true;
  add_result("answer", text, false, context_.label());
  step_done();
}

void Process::step_done(StepState how) {
  failures_ = 0;
  if (step_ < plan_.size()) {
    plan_[step_].state = how;
    ++step_;
  }
  continue_work();
}

// `otherwise` is how it ends when it has failed too often.
void Process::step_failed(std::string_view reason, State otherwise) {
  if (++failures_ >= kFailuresMax) {
    if (step_ < plan_.size()) plan_[step_].state = StepState::kFailed;
    return finish(otherwise, daimon::format("gave up after {} tries: {}", failures_, reason));
  }
  continue_work();
}

}  // namespace daimon::process
