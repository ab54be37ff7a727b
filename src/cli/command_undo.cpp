// daimon undo: what a process changed in files, and back again.
#include "api/target.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/follow.h"
#include "cli/process_view.h"
#include "cli/prompt.h"

namespace daimon::cli {
namespace {

std::string text_of(const Json& value, std::string_view member) {
  return std::string(find_string(value, member).value_or(""));
}

// A change by its name or the beginning of it; without one the last that was not undone.
Result<const Json*> choose(const JsonArray& changes, const std::string& id, const std::string& wanted) {
  const Json* chosen = nullptr;
  for (const Json& change : changes) {
    if (wanted.empty()) {
      if (text_of(change, "state") != "undone") chosen = &change;
      continue;
    }
    if (!text_of(change, "change").starts_with(wanted)) continue;
    if (chosen != nullptr)
      return fail(ErrorCode::kInvalidArgument, daimon::format("several changes begin with '{}'", printable(wanted)),
                  "write more of the name");
    chosen = &change;
  }
  if (chosen == nullptr && !wanted.empty())
    return fail(ErrorCode::kNotFound, daimon::format("{} made no change '{}'", printable(id), printable(wanted)),
                daimon::format("`daimon undo {} --list` lists those it made", printable(id)));
  return chosen;
}

std::string list_of(const JsonArray& changes) {
  std::string out;
  for (const Json& change : changes)
    out += daimon::format("{} {} {}{}\n", printable(text_of(change, "change")),
                          pad(printable(text_of(change, "state")), 8), printable(text_of(change, "path")),
                          find_bool(change, "creates").value_or(false) ? " (made by it)" : "");
  return out;
}

}  // namespace

int undo_change(const Session& session, const Arguments& arguments) {
  const std::string& id = arguments.positional[0];
  const bool json = arguments.has("json"), list = arguments.has("list");
  const Terminal& terminal = session.terminal;
  if (list && arguments.has("yes"))
    return session.usage_error("undo", {ErrorCode::kInvalidArgument, "--list and --yes exclude each other", {}});
  const auto client = session.client();
  const std::string address = "/v1/processes/" + api::percent_encode(id);
  const auto told = client ? client->get(address + "/changes") : std::unexpected(client.error());
  if (!told) return session.failed(told.error());
  const Json* all = find(*told, "changes");
  const JsonArray changes = all != nullptr && all->is_array() ? all->get_array() : JsonArray();
  if (list) {
    if (json) return print_json(terminal, *told), kSuccess;
    terminal.out.write(list_of(changes));
    if (changes.empty()) session.note(daimon::format("{} changed no file", printable(id)));
    return kSuccess;
  }
  const std::string wanted = arguments.positional.size() > 1 ? arguments.positional[1] : "";
  const auto chosen = choose(changes, id, wanted);
  if (!chosen) return session.failed(chosen.error());
  if (*chosen == nullptr) {
    if (json) print_json(terminal, JsonObject{{"process", id}, {"undone", false}, {"changes", changes}});
    session.note(changes.empty() ? daimon::format("{} changed no file", printable(id))
                                 : daimon::format("everything that {} changed is undone already", printable(id)));
    return kSuccess;
  }
  const Json& change = **chosen;
  const std::string path = printable(text_of(change, "path"));
  if (!json) {
    if (wanted.empty() && changes.size() > 1) terminal.err.write(list_of(changes) + "\n");
    if (text_of(change, "state") == "applied") {
      terminal.err.write(daimon::format(
          "{}\n", terminal.err.paint(Style::kBold,
                                     find_bool(change, "creates").value_or(false)
                                         ? daimon::format("Remove {}, which {} made", path, printable(id))
                                         : daimon::format("Put {} back as it was before {}", path, printable(id)))));
      terminal.err.write(show_diff(text_of(change, "diff"), terminal.err, terminal, SIZE_MAX));
    }
  }
  // What cannot be undone, or is undone, need not be asked about: the daemon says so.
  if (!arguments.has("yes") && text_of(change, "state") == "applied") {
    const bool asks = !json && terminal.can_ask();
    const int answer = asks ? ask_yes_or_no(session, "Undo this change?") : kDenied;
    if (answer == kInterrupted) return answer;
    if (answer != kSuccess) {
      if (json) print_json(terminal, JsonObject{{"process", id}, {"undone", false}, {"changes", changes}});
      session.note(asks ? "nothing was undone"
                        : "nothing was undone, because nobody is here to be asked (--yes undoes it)");
      return kDenied;
    }
  }
  const auto done = client->post(address + "/undo", JsonObject{{"change", text_of(change, "change")}});
  if (!done) return session.failed(done.error());
  if (json) return print_json(terminal, *done), kSuccess;
  terminal.out.write(find_bool(*done, "before").value_or(false) ? daimon::format("{} was undone before\n", path)
                     : find_bool(change, "creates").value_or(false)
                         ? daimon::format("{} is removed; {} had made it\n", path, printable(id))
                         : daimon::format("{} is as it was before\n", path));
  return kSuccess;
}

}  // namespace daimon::cli
