#include "kernel/changes.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "base/format.h"
#include "base/text.h"
#include "device/staged_change.h"

namespace daimon::kernel {
namespace {

struct ApplyCall {
  AppliedChange change;
  bool applied = false;
};

// The calls of `apply` in a view, the last for each change.
std::vector<ApplyCall> apply_calls(const Json& view) {
  std::vector<ApplyCall> found;
  const Json* calls = find(view, "calls");
  if (calls == nullptr || !calls->is_array()) return found;
  for (const Json& call : calls->get_array()) {
    const Json* arguments = find(call, "arguments");
    if (find_string(call, "name") != "apply" || arguments == nullptr) continue;
    const std::string id(find_string(*arguments, "change").value_or(""));
    const auto outcome = find_string(call, "outcome").value_or("");
    const bool unsure = outcome == "unknown" || outcome == "running";
    const bool before = std::erase_if(found, [&](const ApplyCall& other) {
                          return other.change.id == id && (other.applied || !other.change.sure);
                        }) > 0;
    std::erase_if(found, [&](const ApplyCall& other) { return other.change.id == id; });
    // Once it may have happened, a later "no" does not take that back.
    const bool sure = outcome == "ok" || !(unsure || before);
    found.push_back(
        {{id, std::string(find_string(*arguments, "path").value_or("")), sure}, outcome == "ok" || unsure || before});
  }
  return found;
}

Json change_view(const ChangedProcess& process, const AppliedChange& applied) {
  JsonObject view{{"change", applied.id}, {"path", applied.path}, {"state", "unknown"},
                  {"creates", false},     {"diff", ""},           {"detail", ""}};
  const auto told = [&](const Error& error) {
    view["detail"] = error.what;
    return Json(std::move(view));
  };
  if (process.undone.contains(applied.id)) view["state"] = "undone";
  const auto change = device::load_change_in(process.folder, applied.id, applied.path, process.mounts);
  if (!change) {
    if (change.error().code == ErrorCode::kNotFound && !process.undone.contains(applied.id)) view["state"] = "gone";
    return told(change.error());
  }
  view["creates"] = change->creates();
  if (process.undone.contains(applied.id)) return view;
  const auto state = device::target_state(*change);
  if (!state) return told(state.error());
  view["state"] = *state == device::TargetState::kAsAfter    ? "applied"
                  : *state == device::TargetState::kAsBefore ? "undone"
                                                             : "changed";
  const auto diff = device::undo_diff(process.folder, *change);
  if (!diff) return told(diff.error());
  view["diff"] = diff->text;
  return view;
}

}  // namespace

std::vector<AppliedChange> applied_changes(const Json& view) {
  std::vector<AppliedChange> changes;
  for (ApplyCall& call : apply_calls(view))
    if (call.applied) changes.push_back(std::move(call.change));
  return changes;
}

void mark_changes(Json& view, const std::set<std::string>& undone) {
  JsonObject* object = view.if_object();
  const auto changes = object != nullptr ? object->find("changes") : nullptr;
  if (object == nullptr || changes == object->end() || !changes->value().is_array()) return;
  auto calls = apply_calls(view);
  for (Json& change : changes->value().get_array()) {
    if (!change.is_object()) continue;
    const std::string path(find_string(change, "path").value_or(""));
    const bool applied = find_bool(change, "applied").value_or(false);
    const auto call = std::ranges::find_if(
        calls, [&](const ApplyCall& other) { return other.change.path == path && (!applied || other.applied); });
    std::string id;
    if (call != calls.end()) {
      id = call->change.id;
      calls.erase(call);
    }
    change.as_object()["change"] = id.empty() ? Json() : Json(id);
    change.as_object()["undone"] = undone.contains(id);
  }
}

Json changes_view(const ChangedProcess& process) {
  JsonArray list;
  for (const AppliedChange& change : process.applied) list.push_back(change_view(process, change));
  return JsonObject{{"process", process.id}, {"ended", process.ended}, {"changes", std::move(list)}};
}

Status undo(const ChangedProcess& process, const AppliedChange& applied) {
  auto change = device::load_change_in(process.folder, applied.id, applied.path, process.mounts);
  if (!change && change.error().code == ErrorCode::kNotFound)
    return fail(ErrorCode::kNotFound,
                daimon::format("the version of '{}' before this change is not kept any more", printable(applied.path)),
                "docs/configuration.md says how long it is (\"undo\")");
  if (!change) return std::unexpected(change.error());
  return device::undo_change(process.folder, *change);
}

void sweep_changes(const std::filesystem::path& processes_folder,
                   const std::map<std::string, std::vector<AppliedChange>>& ended, const Retention& retention) {
  struct Kept {
    std::filesystem::path folder;
    device::KeptChange change;
    bool unsure;
  };
  std::vector<Kept> kept;
  for (const auto& [id, applied] : ended) {
    const auto folder = processes_folder / id;
    for (device::KeptChange& change : device::kept_changes(folder)) {
      const auto known = std::ranges::find(applied, change.id, &AppliedChange::id);
      // What has a version before it was begun to be applied, whatever is known of it.
      if (known == applied.end() && !change.has_old)
        device::forget_change(folder, change.id);
      else
        kept.push_back({folder, std::move(change), known == applied.end() || !known->sure});
    }
  }
  std::ranges::sort(kept, std::greater(), [](const Kept& one) { return one.change.time; });
  const auto oldest = std::filesystem::file_time_type::clock::now() - retention.days;
  std::uint64_t bytes = 0;
  for (const Kept& one : kept) {
    bytes += one.change.bytes;
    if (one.unsure) device::put_change_right(one.folder, one.change.id);
    if (one.change.time < oldest || bytes > retention.bytes) device::forget_change(one.folder, one.change.id);
  }
  for (const auto& [id, applied] : ended) {
    std::error_code ignored;  // only where nothing is in it
    std::filesystem::remove(processes_folder / id / "staged", ignored);
    std::filesystem::remove(processes_folder / id, ignored);
  }
}

}  // namespace daimon::kernel
