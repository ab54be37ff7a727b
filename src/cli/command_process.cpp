// Commands about one process: show, attach, kill, pause, resume, budget, approve, deny, answer.
#include "api/target.h"
#include "api/wire.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/follow.h"
#include "cli/process_view.h"
#include "cli/prompt.h"

namespace daimon::cli {
namespace {

std::string address(std::string_view id, std::string_view verb = "") {
  return daimon::format("/v1/processes/{}{}{}", api::percent_encode(id), verb.empty() ? "" : "/", verb);
}

// Every process is tried; the exit code is that of the first that failed.
int signal_all(const Session& session, const Arguments& arguments, std::string_view signal) {
  const auto client = session.client();
  if (!client) return session.failed(client.error());
  int code = kSuccess;
  for (const std::string& id : arguments.positional)
    if (const auto done = client->post(address(id, "signal"), JsonObject{{"signal", signal}}); !done) {
      const int failed = session.failed(done.error());
      if (code == kSuccess) code = failed;
    }
  return code;
}

// What the process waits for, which must be of this kind.
Result<Json> waiting_of(const api::Client& client, const std::string& id, std::string_view kind) {
  DAIMON_TRY(const Json process, client.get(address(id)));
  const Json* waiting = find(process, "waiting");
  if (waiting == nullptr || find_string(*waiting, "kind") != kind)
    return fail(ErrorCode::kConflict,
                daimon::format("{} does not wait for an {}", printable(id), kind == "question" ? "answer" : "approval"),
                daimon::format("`daimon show {}` shows its state", printable(id)));
  return *waiting;
}

int decide(const Session& session, const Arguments& arguments, bool approve) {
  const std::string& id = arguments.positional[0];
  const auto client = session.client();
  if (!client) return session.failed(client.error());
  const auto waiting = waiting_of(*client, id, "approval");
  if (!waiting) return session.failed(waiting.error());
  const auto text = [&](std::string_view member) { return std::string(find_string(*waiting, member).value_or("")); };
  const std::string request = text("request");
  const bool named = arguments.positional.size() > 1;
  if (named && arguments.positional[1] != request)
    return session.failed(
        {ErrorCode::kConflict,
         daimon::format("{} does not wait for {} but for {}: {}", printable(id), printable(arguments.positional[1]),
                        printable(request), printable(text("title"))),
         daimon::format("`daimon show {}` shows all of it", printable(id))});
  // What is approved is what stands here, whole: the decision carries its digest.
  if (approve) {
    const Terminal& terminal = session.terminal;
    terminal.err.write(daimon::format("{}\n", terminal.err.paint(Style::kBold, printable(text("title")))));
    terminal.err.write(show_diff(text("detail"), terminal.err, terminal, SIZE_MAX));
  }
  // Whoever names no request may have seen another one, or none: what waits now has to be seen first.
  if (approve && !named) {
    const std::string command = daimon::format("daimon approve {} {}", printable(id), printable(request));
    if (!session.terminal.can_ask())
      return session.failed({ErrorCode::kInvalidArgument,
                             "nothing was approved: say which request, so that it is the one that was looked at",
                             command});
    if (const int answer = ask_yes_or_no(session, daimon::format("Approve {}?", printable(request)));
        answer != kSuccess) {
      session.note(
          daimon::format("{} still waits: {}", printable(id), how_to_decide(printable(id), printable(request))));
      return answer;
    }
  }
  const auto done = client->post(address(id, "decisions"),
                                 JsonObject{{"request", request}, {"digest", text("digest")}, {"approve", approve}});
  if (!done) return session.failed(done.error());
  session.note(daimon::format("{}: {} {}", printable(id), approve ? "approved" : "denied", printable(request)));
  return kSuccess;
}

}  // namespace

int kill_process(const Session& session, const Arguments& arguments) { return signal_all(session, arguments, "kill"); }
int pause_process(const Session& session, const Arguments& arguments) {
  return signal_all(session, arguments, "pause");
}
int resume_process(const Session& session, const Arguments& arguments) {
  int code = signal_all(session, arguments, "resume");
  if (code != kSuccess) return code;
  const auto client = session.client();
  if (!client) return session.failed(client.error());
  // What it paused for may still be so, and then it does not go on.
  for (const std::string& id : arguments.positional) {
    const auto process = client->get(address(id));
    const auto reason = process ? find_string(*process, "stop_reason").value_or("") : std::string_view();
    if (process && find_string(*process, "state") == "paused" && reason.starts_with("budget spent"))
      code = session.failed({ErrorCode::kLimit, daimon::format("{} stays paused: {}", printable(id), reason), {}});
  }
  return code;
}
int approve(const Session& session, const Arguments& arguments) { return decide(session, arguments, true); }
int deny(const Session& session, const Arguments& arguments) { return decide(session, arguments, false); }

int attach(const Session& session, const Arguments& arguments) {
  auto options = follow_options_from(arguments);
  if (!options) return session.usage_error("attach", options.error());
  options->pause_on_interrupt = false;
  const auto client = session.client();
  if (!client) return session.failed(client.error());
  return follow(session, *client, arguments.positional[0], std::move(*options));
}

int show_process(const Session& session, const Arguments& arguments) {
  const auto client = session.client();
  const auto process = client ? client->get(address(arguments.positional[0])) : std::unexpected(client.error());
  if (!process) return session.failed(process.error());
  const Terminal& terminal = session.terminal;
  if (arguments.has("json")) return print_json(terminal, *process), kSuccess;
  const auto text = [&](std::string_view member) { return printable(find_string(*process, member).value_or("")); };
  std::string out;
  out += show_goal(find_string(*process, "goal").value_or(""), terminal.out, terminal);
  out +=
      daimon::format("{}{}{}{}{}\n", state_word(text("state"), terminal.out), text("stop_reason").empty() ? "" : ": ",
                     text("stop_reason"), terminal.symbols->dot, text("model"));
  const auto list = [&](std::string_view member) {
    const Json* value = find(*process, member);
    return value != nullptr && value->is_array() ? value->get_array() : JsonArray();
  };
  for (const Json& step : list("plan"))
    out += daimon::format("  {} {} {}\n", pad(printable(find_string(step, "state").value_or("")), 7),
                          printable(find_string(step, "call").value_or("")),
                          printable(find_string(step, "text").value_or("")));
  static const Json kNone;
  const auto arguments_of = [](const Json& call) -> const Json& {
    const Json* value = find(call, "arguments");
    return value == nullptr ? kNone : *value;
  };
  for (const Json& call : list("calls")) {
    const auto outcome = find_string(call, "outcome").value_or("");
    out +=
        fit(daimon::format("  {} {} {}", pad(printable(outcome), 7), printable(find_string(call, "name").value_or("")),
                           compact_arguments(arguments_of(call), *terminal.symbols)),
            terminal.columns, terminal.symbols->ellipsis) +
        "\n";
    if (outcome != "ok" && outcome != "running")
      for (const std::string& part : wrap(printable(find_string(call, "text").value_or("")), terminal.columns - 10))
        out += "          " + terminal.out.paint(Style::kDim, part) + "\n";
  }
  for (const Json& change : list("changes")) {
    const bool applied = find_bool(change, "applied").value_or(false);
    const auto id = applied ? find_string(change, "change").value_or("") : std::string_view();
    out += daimon::format("  {} {}{}{}\n",
                          find_bool(change, "undone").value_or(false)   ? "undone "
                          : applied                                     ? "written"
                          : find_bool(change, "denied").value_or(false) ? "denied "
                                                                        : "staged ",
                          printable(find_string(change, "path").value_or("")), id.empty() ? "" : terminal.symbols->dot,
                          printable(id));
    out += show_diff(find_string(change, "diff").value_or(""), terminal.out, terminal, SIZE_MAX);
  }
  if (const Json* waiting = find(*process, "waiting"); waiting != nullptr && waiting->is_object()) {
    const auto detail = find_string(*waiting, "detail").value_or(find_string(*waiting, "question").value_or(""));
    out += daimon::format("waits for {}: {}\n", printable(find_string(*waiting, "request").value_or("")),
                          printable(find_string(*waiting, "title").value_or(detail)));
    // The diff of a change has been shown above.
    const JsonArray changes = list("changes");
    if (const bool asks = find_string(*waiting, "kind") == "question"; asks)
      out += daimon::format("daimon answer {} TEXT\n", printable(arguments.positional[0]));
    else if (changes.empty() || find_string(changes.back(), "diff") != detail)
      out += show_diff(detail, terminal.out, terminal, 200);
    if (find_string(*waiting, "kind") == "approval")
      out += daimon::format("{}\n", how_to_decide(printable(arguments.positional[0]),
                                                  printable(find_string(*waiting, "request").value_or(""))));
  }
  if (const auto answer = find_string(*process, "answer")) out += "\n" + printable_block(*answer) + "\n";
  for (const Json& citation : list("citations")) out += citation_line(citation, terminal, terminal.out) + "\n";
  out += other_lines(*process, terminal, terminal.out);
  terminal.out.write(out);
  session.note(cost_line(*process, terminal));
  return kSuccess;
}

int raise_budget(const Session& session, const Arguments& arguments) {
  kernel::Budget budget;
  const auto tokens = arguments.integer("tokens", 0, 1, INT64_MAX);
  const auto effects = arguments.integer("effects", 0, 1, INT64_MAX);
  const auto seconds = arguments.has("seconds") ? parse_amount(arguments.value("seconds"), "--seconds") : 0.0;
  const auto money = arguments.has("money") ? parse_amount(arguments.value("money"), "--money") : 0.0;
  if (!tokens) return session.usage_error("budget", tokens.error());
  if (!effects) return session.usage_error("budget", effects.error());
  if (!seconds) return session.usage_error("budget", seconds.error());
  if (!money) return session.usage_error("budget", money.error());
  budget = {*tokens, *seconds, *effects, *money};
  const JsonObject body = api::to_json(budget);
  if (body.empty())
    return session.usage_error(
        "budget", {ErrorCode::kInvalidArgument, "how much more? Nothing is given", "daimon budget p3 --tokens 50000"});
  const auto client = session.client();
  const auto done =
      client ? client->post(address(arguments.positional[0], "budget"), body) : std::unexpected(client.error());
  return done ? kSuccess : session.failed(done.error());
}

int answer_question(const Session& session, const Arguments& arguments) {
  const std::string& id = arguments.positional[0];
  std::string text;
  for (std::size_t i = 1; i < arguments.positional.size(); ++i) text += (i == 1 ? "" : " ") + arguments.positional[i];
  const auto client = session.client();
  const auto waiting = client ? waiting_of(*client, id, "question") : std::unexpected(client.error());
  const auto done =
      waiting ? client->post(address(id, "answers"),
                             JsonObject{{"request", find_string(*waiting, "request").value_or("")}, {"text", text}})
              : std::unexpected(waiting.error());
  return done ? kSuccess : session.failed(done.error());
}

}  // namespace daimon::cli
