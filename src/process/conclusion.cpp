// What a process says at its end, and what `daimon ps` and --json show of it.
#include <algorithm>
#include <iterator>

#include "base/format.h"
#include "base/text.h"
#include "memory/tool_plan.h"
#include "process/process.h"

namespace daimon::process {
namespace {

// "answer: £84.20 [1]" keeps its number while the process works and loses it for the person, who sees the citation.
std::string_view without_number(std::string_view text) {
  const std::size_t at = text.rfind(" [");
  return at == std::string_view::npos || !text.ends_with(']') ? text : text.substr(0, at);
}

}  // namespace

void Process::conclude() {
  const bool refused = !plan_.empty() && plan_.front().step.call == "none";
  const bool denied = std::ranges::any_of(changes_, &Change::denied);
  // What was worked out needs no passage; only an answer that is not there was not found.
  if (!answered_ && !refused && !answer_) found_ = true;
  if (refused) return finish(State::kFailed, "nothing that I can do here fits this goal");
  // What was asked for at level 0 is the suggestion, and that is made.
  if (denied && autonomy_ == 0) return finish(State::kDone, "autonomy level 0 only suggests: nothing was written");
  if (denied) {
    const auto change = std::ranges::find_if(changes_, &Change::denied);
    return finish(State::kDenied, daimon::format("the change to {} was not allowed", change->path));
  }
  finish(State::kDone, "the plan is carried out");
}

// Whether nobody can tell if it was written.
bool Process::is_unsure(const Change& change) const {
  return !change.applied && std::ranges::any_of(calls_, [&](const CallRecord& call) {
    return call.name == "apply" && call.outcome == "unknown" && find_string(call.arguments, "change") == change.change;
  });
}

std::string Process::compose_answer() const {
  if (!plan_.empty() && plan_.front().step.call == "none")
    return "I cannot do that here. I can search and quote the mounted files, work on tables, calculate, and write "
           "files "
           "that you approve. `daimon pull` fetches a larger model for more.";
  std::string text;
  const auto line = [&](std::string_view part) {
    if (!text.empty()) text += '\n';
    text += part;
  };
  bool answered = false;
  bool missing = false;
  // Steps that only prepare another are evidence, not the answer: of calculations and tables the last one counts.
  const auto& results = context_.results();
  for (std::size_t i = 0; i < results.size(); ++i) {
    const memory::Result& result = results[i];
    if (result.error) continue;
    if (result.call == "answer") {
      if (result.text == memory::kNotThere)
        missing = true;
      else
        line(without_number(result.text)), answered = true;
    } else if (result.call == "table" || result.call == "calculate") {
      const bool last = std::none_of(
          results.begin() + static_cast<std::ptrdiff_t>(i) + 1, results.end(),
          [](const auto& later) { return !later.error && (later.call == "table" || later.call == "calculate"); });
      if (last) line(result.text);
    } else if (result.call == "read" || result.call == "list" || result.call == "python" ||
               (profile_->plan_decides() && !memory::is_known_to_firmware(result.call) &&
                environment_.calls.find(result.call) != nullptr)) {
      line(result.text);
    }
  }
  if (missing && !answered)
    line(context_.passages().empty() ? "Not found in your files: nothing in them matches."
         : context_.passages().size() == 1
             ? "Not found in your files: 1 passage was looked at, and it does not seem to hold the answer."
             : daimon::format("Not found in your files: {} passages were looked at, and none seems to hold the answer.",
                              context_.passages().size()));
  if (missing && answered) line("Not all of it was found in your files.");
  if (lacks_answer())
    line(std::ranges::any_of(plan_, [](const Step& step) { return step.step.call == "write"; })
             ? "Nothing was written without it."
             : "Nothing was reckoned without it.");
  for (auto change = changes_.begin(); change != changes_.end(); ++change) {
    // Each try is a change of its own, and the last one counts; but what may have been written stays said.
    if (!change->applied && !is_unsure(*change) &&
        std::any_of(std::next(change), changes_.end(), [&](const Change& later) { return later.path == change->path; }))
      continue;
    line(change->applied ? daimon::format("Wrote {}.", change->path)
         : is_unsure(*change)
             ? daimon::format("{} was being written when it was cut off: look whether it was.", change->path)
             : daimon::format("{} write {}.", autonomy_ == 0 ? "Would" : "Did not", change->path));
  }
  if (text.empty() && state_ == State::kFailed) return {};
  // Nothing more could be done with it.
  if (text.empty() && said_) return daimon::format("You said: {}", *said_);
  return text;
}

std::string Process::note_of_incomplete() const {
  if (incomplete_.empty()) return {};
  std::string names;
  for (const std::string& name : incomplete_) names += (names.empty() ? "" : ", ") + printable(name);
  return daimon::format("\nIt may be there all the same: {} {} being read, or could not be (`daimon mounts`).", names,
                        one_or_many(std::ssize(incomplete_), "was", "were"));
}

Json Process::view() const {
  JsonArray plan;
  for (const Step& step : plan_)
    plan.push_back(JsonObject{{"call", step.step.call},
                              {"text", step.step.text},
                              {"check", step.step.check},
                              {"state", name_of(step.state)}});
  JsonArray calls;
  for (const CallRecord& call : calls_)
    calls.push_back(JsonObject{{"id", call.id},
                               {"name", call.name},
                               {"arguments", call.arguments},
                               {"outcome", call.outcome},
                               {"text", call.text},
                               {"ms", call.ms},
                               {"hidden", call.hidden}});
  const auto shown = [](const Citation& citation) {
    JsonObject object{{"path", citation.path},
                      {"page", nullptr},
                      {"quote", citation.quote},
                      {"verified", citation.verified},
                      {"version", citation.version}};
    if (citation.page) object["page"] = *citation.page;
    return object;
  };
  JsonArray citations;
  for (const Citation& citation : citations_) citations.push_back(shown(citation));
  JsonArray others;
  for (const Citation& citation : others_) {
    JsonObject object = shown(citation);
    object["answer"] = citation.other;
    others.push_back(std::move(object));
  }
  JsonArray changes;
  for (const Change& change : changes_)
    changes.push_back(JsonObject{
        {"path", change.path}, {"applied", change.applied}, {"denied", change.denied}, {"diff", change.diff}});
  JsonArray children;
  // They end with it.
  for (const Child& child : children_)
    children.push_back(
        JsonObject{{"process", child.id}, {"state", ended() && child.state == "running" ? "stopped" : child.state}});
  JsonArray mounts;
  for (const device::MountReference& mount : mounts_) mounts.emplace_back(mount.name);
  Json waiting;
  if (const auto* approval = std::get_if<AwaitApproval>(&pending_))
    waiting = JsonObject{
        {"kind", "approval"},         {"request", approval->request},
        {"title", waiting_title_},    {"detail", waiting_detail_},
        {"digest", approval->digest}, {"expires", approval->expires ? Json(to_iso8601(*approval->expires)) : Json()}};
  if (const auto* answer = std::get_if<AwaitAnswer>(&pending_))
    waiting = JsonObject{{"kind", "question"}, {"request", answer->request}, {"question", waiting_question_}};
  JsonObject object{{"process", id_},
                    {"parent", parent_},
                    {"children", std::move(children)},
                    {"goal", goal_},
                    {"mode", mode_},
                    {"state", name_of(state_)},
                    {"stop_reason", reason_},
                    {"model", model_},
                    {"autonomy", autonomy_},
                    {"mounts", std::move(mounts)},
                    {"seed", seed_},
                    {"created", created_},
                    {"answer", nullptr},
                    {"found", found_},
                    {"plan", std::move(plan)},
                    {"calls", std::move(calls)},
                    {"citations", std::move(citations)},
                    {"changes", std::move(changes)},
                    {"waiting", std::move(waiting)}};
  if (answer_) object["answer"] = *answer_;
  if (!others.empty()) object["others"] = std::move(others);
  object["cost"] = JsonObject{{"tokens_prompt", cost_.tokens_prompt},
                              {"tokens_cached", cost_.tokens_cached},
                              {"tokens_generated", cost_.tokens_generated},
                              {"tokens_forced", cost_.tokens_forced},
                              {"seconds", cost_.seconds()},
                              {"model_seconds", cost_.model_ms / 1000},
                              {"effects", cost_.effects},
                              {"money", cost_.money}};
  const Limits used = spent();
  object["spent"] =
      JsonObject{{"tokens", used.tokens}, {"seconds", used.seconds}, {"effects", used.effects}, {"money", used.money}};
  object["budget"] = JsonObject{
      {"tokens", limits_.tokens}, {"seconds", limits_.seconds}, {"effects", limits_.effects}, {"money", limits_.money}};
  return object;
}

}  // namespace daimon::process
