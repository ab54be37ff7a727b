#include "kernel/undo_ledger.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"

namespace daimon::kernel {

Status UndoLedger::recover() {
  DAIMON_TRY(const auto begun, journal_.marks("undoing"));
  DAIMON_TRY(const auto ended, journal_.marks("undone"));
  const auto text = [](const journal::Record& record, std::string_view member) {
    return std::string(find_string(record.body, member).value_or(""));
  };
  std::set<std::string> known;
  for (const journal::Record& record : ended) {
    known.insert(text(record, "undo"));
    if (text(record, "outcome") == "ok") undone_[record.process].insert(text(record, "change"));
  }
  for (const journal::Record& record : begun) {
    const std::string name = text(record, "undo");
    if (record.damaged || known.contains(name)) continue;
    auto process = find_process_(record.process);
    if (!process) continue;
    undos_.emplace(name, Undo{name, std::move(*process), {text(record, "change"), text(record, "path")}, true, true});
  }
  return {};
}

std::vector<Undo> UndoLedger::recovered() const {
  std::vector<Undo> found;
  for (const auto& [name, undo] : undos_)
    if (undo.recovered) found.push_back(undo);
  return found;
}

Result<Undo> UndoLedger::begin(const std::string& id, const std::string& change, const Status& possible) {
  DAIMON_TRY(ChangedProcess process, find_process_(id));
  const auto applied = std::ranges::find(process.applied, change, &AppliedChange::id);
  if (applied == process.applied.end())
    return fail(ErrorCode::kNotFound,
                daimon::format("{} made no change '{}'", printable(id), printable(cut_utf8(change, 64))),
                daimon::format("`daimon undo {} --list` lists those it made", printable(id)));
  if (process.undone.contains(change)) return Undo{{}, std::move(process), *applied, false};
  if (!process.ended)
    return fail(ErrorCode::kConflict,
                daimon::format("{} has not ended, and may build on what it changed", printable(id)),
                daimon::format("wait for its end, or `daimon kill {}` ends it", printable(id)));
  for (auto& [name, undo] : undos_)
    if (undo.change.id == change && undo.process.id == id) {
      if (undo.at_work) return fail(ErrorCode::kConflict, "this change is being undone at this moment", "look again");
      undo.at_work = true;
      return undo;
    }
  DAIMON_CHECK(possible);
  DAIMON_TRY(const auto before, journal_.marks("undoing"));
  const auto count = std::ranges::count(before, id, &journal::Record::process);
  Undo undo{daimon::format("{}.u{}", id, count + 1), std::move(process), *applied};
  DAIMON_CHECK(note_(id, "undoing",
                     {{"undo", undo.name}, {"change", undo.change.id}, {"path", undo.change.path}, {"by", "person"}}));
  return undos_.emplace(undo.name, std::move(undo)).first->second;
}

Status UndoLedger::end(const std::string& name, const Status& done) {
  const auto found = undos_.find(name);
  if (found == undos_.end()) return {};
  Undo& undo = found->second;
  undo.at_work = false;
  JsonObject body{{"undo", name},
                  {"change", undo.change.id},
                  {"path", undo.change.path},
                  {"outcome", done ? "ok" : "error"},
                  {"text", done ? daimon::format("{} is as it was before", undo.change.path) : done.error().what}};
  if (!done) body["error"] = to_json(done.error());
  DAIMON_CHECK(note_(undo.process.id, "undone", std::move(body)));
  if (done) undone_[undo.process.id].insert(undo.change.id);
  undos_.erase(found);
  return {};
}

const std::set<std::string>& UndoLedger::undone(std::string_view id) const {
  static const std::set<std::string> kNone;
  const auto found = undone_.find(id);
  return found == undone_.end() ? kNone : found->second;
}

bool UndoLedger::has_open_undo(std::string_view id) const {
  return std::ranges::any_of(undos_, [&](const auto& undo) { return undo.second.process.id == id; });
}

}  // namespace daimon::kernel
