// daimon serve, stop and doctor.
#include <unistd.h>

#include "base/format.h"
#include "base/text.h"
#include "cli/daemon_start.h"
#include "cli/follow.h"
#include "cli/interrupt.h"

namespace daimon::cli {
namespace {

constexpr int kPort = 8765;

void show_address(const Session& session, const Json& opened) {
  const Terminal& terminal = session.terminal;
  const auto port = find_integer(opened, "port").value_or(0);
  terminal.out.write(daimon::format("http://127.0.0.1:{}/v1\n", port));
  if (const auto token = find_string(opened, "token")) {
    terminal.out.write(printable(*token) + "\n");
    session.note("the token, shown this once: send it as Authorization: Bearer TOKEN, for example with");
    session.note(daimon::format("  OPENAI_BASE_URL=http://127.0.0.1:{} OPENAI_API_KEY={}{}",
                                daimon::format("{}/v1", port), token->substr(0, 8), terminal.symbols->ellipsis));
  } else {
    session.note(daimon::format("the token is the one made {}; --new-token makes another",
                                printable(find_string(opened, "token_made").value_or(""))));
  }
}

}  // namespace

int serve(const Session& session, const Arguments& arguments) {
  if (arguments.has("daemon")) return run_daemon(session);
  const auto port = arguments.integer("port", kPort, 0, 65535);
  if (!port) return session.usage_error("serve", port.error());
  const std::string scope = arguments.has("scope") ? arguments.value("scope") : "models";
  if (scope != "models" && scope != "all")
    return session.usage_error("serve",
                               {ErrorCode::kInvalidArgument, daimon::format("there is no scope '{}'", printable(scope)),
                                "models and all are known"});
  const auto client = session.client();
  if (!client) return session.failed(client.error());
  const JsonObject body{
      {"port", *port}, {"scope", scope}, {"new_token", arguments.has("new-token")}, {"keep", arguments.has("keep")}};
  const Interrupts interrupts;
  bool opened = false, stopped = false;
  const Status status = client->stream("POST", "/v1/listen", body,
                                       [&](const Json& value) {
                                         stopped = find_string(value, "type") == "stopping";
                                         if (stopped) return false;
                                         opened = true;
                                         show_address(session, value);
                                         if (!arguments.has("keep")) session.note("open until Ctrl-C");
                                         return true;
                                       },
                                       {interrupts.descriptor(), [&] {
                                          interrupts.clear();
                                          return false;
                                        }});
  if (interrupts.count() > 0) return kInterrupted;
  if (stopped) return session.note("the daemon was stopped, and with it this address"), kUnreachable;
  if (!status) return session.failed(status.error());
  return opened ? kSuccess : kFailure;
}

int stop(const Session& session, const Arguments&) {
  const auto client = running_daemon(session.folders);
  if (!client) {
    session.note("the daemon is not running");
    return kSuccess;
  }
  if (const Status stopped = stop_daemon(session.folders, *client); !stopped) return session.failed(stopped.error());
  session.note("the daemon has ended; processes go on when it starts again");
  return kSuccess;
}

int doctor(const Session& session, const Arguments& arguments) {
  JsonArray checks;
  const auto add = [&](std::string_view name, bool ok, const std::string& detail, const std::string& remedy) {
    checks.push_back(JsonObject{{"name", name}, {"ok", ok}, {"detail", detail}, {"remedy", remedy}});
  };
  const Folders& folders = session.folders;
  add("folders", true,
      daimon::format("state {}, runtime {}, configuration {}", folders.state.native(), folders.runtime.native(),
                     folders.config.native()),
      "");
  const auto client = session.client();
  if (!client) {
    add("daemon", false, client.error().what, client.error().remedy);
  } else {
    const auto status = client->get("/v1/status");
    add("daemon", status.has_value(),
        status ? daimon::format("version {}, pid {}", find_string(*status, "version").value_or(""),
                                find_integer(*status, "pid").value_or(0))
               : status.error().what,
        status ? "" : status.error().remedy);
    const auto report = client->get("/v1/doctor");
    if (!report)
      add("kernel", false, report.error().what, report.error().remedy);
    else if (const Json* list = find(*report, "checks"); list != nullptr && list->is_array())
      for (const Json& check : list->get_array()) checks.push_back(check);
  }
  bool well = true;
  for (const Json& check : checks) well = well && find_bool(check, "ok").value_or(false);
  if (arguments.has("json"))
    return print_json(session.terminal, JsonObject{{"ok", well}, {"checks", checks}}), well ? kSuccess : kFailure;
  const Terminal& terminal = session.terminal;
  std::string out;
  for (const Json& check : checks) {
    const bool ok = find_bool(check, "ok").value_or(false);
    const auto lines = wrap(printable_block(find_string(check, "detail").value_or("")), terminal.columns - 16);
    for (std::size_t i = 0; i < lines.size(); ++i)
      out += i == 0 ? daimon::format("{} {} {}\n",
                                     terminal.out.paint(ok ? Style::kGreen : Style::kRed,
                                                        ok ? terminal.symbols->done : terminal.symbols->failed),
                                     pad(printable(find_string(check, "name").value_or("")), 12), lines[i])
                    : std::string(15, ' ') + lines[i] + "\n";
    if (const auto remedy = find_string(check, "remedy"); !ok && remedy && !remedy->empty())
      for (const std::string& line : wrap(printable_block(*remedy), terminal.columns - 18))
        out += std::string(15, ' ') +
               terminal.out.paint(Style::kYellow, daimon::format("{} {}", terminal.symbols->arrow, line)) + "\n";
  }
  terminal.out.write(out);
  return well ? kSuccess : kFailure;
}

}  // namespace daimon::cli
