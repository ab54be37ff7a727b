// daimon logs and daimon replay.
#include "api/target.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/follow.h"
#include "cli/interrupt.h"
#include "cli/process_view.h"

namespace daimon::cli {
namespace {

std::string text_of(const Json& value, std::string_view member) {
  return printable(cut_utf8(find_string(value, member).value_or(""), 2000));
}

// "12,000 tokens, 40 seconds": amounts of a budget that are not nothing, of a member or of the event itself.
std::string amounts_of(const Json& event, std::string_view member) {
  const Json* amounts = member.empty() ? &event : find(event, member);
  if (amounts == nullptr) return {};
  std::string out;
  const auto add = [&](std::string_view amount, std::string_view name) {
    if (amount != "0") out += daimon::format("{}{} {}", out.empty() ? "" : ", ", amount, name);
  };
  add(show_count(find_integer(*amounts, "tokens").value_or(0)), "tokens");
  add(daimon::format("{:.3g}", find_number(*amounts, "seconds").value_or(0)), "seconds");
  add(show_count(find_integer(*amounts, "effects").value_or(0)), "effects");
  add(daimon::format("{:.3g}", find_number(*amounts, "money").value_or(0)), "money");
  return out.empty() ? "nothing" : out;
}

// What happened, in one line.
std::string describe(const Json& event, const Terminal& terminal) {
  const auto type = find_string(event, "type").value_or("");
  const auto integer = [&](std::string_view name) { return find_integer(event, name).value_or(0); };
  if (type == "created") return text_of(event, "goal");
  if (type == "thinking") return daimon::format("for a {}", text_of(event, "purpose"));
  if (type == "replied") {
    if (const Json* error = find(event, "error")) return "error: " + printable(error_from_json(*error).what);
    return daimon::format("{} ({} prompt, {} cached, {} generated, {} forced, {})", text_of(event, "text"),
                          integer("prompt_tokens"), integer("cached_tokens"), integer("generated_tokens"),
                          integer("forced_tokens"), show_duration(find_number(event, "ms").value_or(0)));
  }
  if (type == "spent")
    return daimon::format("{} prompt, {} generated, {} forced tokens of a thought that was given up",
                          integer("prompt_tokens"), integer("generated_tokens"), integer("forced_tokens"));
  if (type == "planned") {
    std::string out;
    if (const Json* plan = find(event, "plan"); plan != nullptr && plan->is_array())
      for (const Json& step : plan->get_array())
        out += daimon::format("{}{} {}", out.empty() ? "" : "; ", text_of(step, "call"), text_of(step, "text"));
    return out;
  }
  if (type == "called") {
    const Json* arguments = find(event, "arguments");
    return daimon::format("{} {} {}", text_of(event, "call"), text_of(event, "name"),
                          arguments == nullptr ? "" : compact_arguments(*arguments, *terminal.symbols));
  }
  if (type == "returned") {
    const Json* error = find(event, "error");
    return daimon::format(
        "{} {}{}{}{}{}", text_of(event, "call"), text_of(event, "name"), find(event, "name") == nullptr ? "" : " ",
        text_of(event, "outcome"), terminal.symbols->dot,
        error != nullptr && error->is_object() ? printable(error_from_json(*error).what) : text_of(event, "text"));
  }
  if (type == "approval_asked") return daimon::format("{} {}", text_of(event, "request"), text_of(event, "title"));
  if (type == "decided")
    return daimon::format("{} {} by {}", text_of(event, "request"),
                          find_bool(event, "approve").value_or(false) ? "approved" : "denied", text_of(event, "by"));
  if (type == "undoing")
    return daimon::format("{} {} by {}", text_of(event, "undo"), text_of(event, "path"), text_of(event, "by"));
  if (type == "undone")
    return daimon::format("{} {}{}{}", text_of(event, "undo"), text_of(event, "outcome"), terminal.symbols->dot,
                          text_of(event, "text"));
  if (type == "asked") return text_of(event, "question");
  if (type == "answered") return text_of(event, "text");
  if (type == "child")
    return daimon::format("{} started, lent {}", text_of(event, "child"), amounts_of(event, "budget"));
  if (type == "child_ended")
    return daimon::format("{} {}, used {}", text_of(event, "child"), text_of(event, "state"),
                          amounts_of(event, "cost"));
  if (type == "budget") return "more: " + amounts_of(event, "");
  if (type == "constitution") return "the rules that hold from here on";
  if (type == "timer") return "the wait is over";
  if (type == "signalled") return daimon::format("{} by {}", text_of(event, "signal"), text_of(event, "by"));
  if (type == "state")
    return daimon::format("{}{}{}", text_of(event, "state"), text_of(event, "reason").empty() ? "" : ": ",
                          text_of(event, "reason"));
  if (type == "finished")
    return daimon::format("{}: {}{}{}", text_of(event, "state"), text_of(event, "stop_reason"), terminal.symbols->dot,
                          text_of(event, "answer"));
  JsonObject rest;
  for (const auto& member : event.get_object())
    if (member.key() != "seq" && member.key() != "time" && member.key() != "process" && member.key() != "type")
      rest[member.key()] = member.value();
  return printable(cut_utf8(to_text(rest), 2000));
}

Style style_of(std::string_view type, const Json& event) {
  if (type == "called" || type == "returned")
    return find_string(event, "outcome").value_or("ok") == "ok" ? Style::kCyan : Style::kRed;
  if (type == "approval_asked" || type == "asked" || type == "decided" || type == "answered" || type == "signalled" ||
      type == "undoing" || type == "undone")
    return Style::kYellow;
  if (type == "finished") return Style::kGreen;
  return type == "thinking" || type == "state" ? Style::kDim : Style::kPlain;
}

}  // namespace

int logs(const Session& session, const Arguments& arguments) {
  const auto after = arguments.integer("after", 0, 0, INT64_MAX);
  if (!after) return session.usage_error("logs", after.error());
  const Terminal& terminal = session.terminal;
  const auto client = session.client();
  if (!client) return session.failed(client.error());
  const Interrupts interrupts;
  const bool json = arguments.has("json");
  bool stopped = false;
  const Status status = client->stream(
      "GET",
      daimon::format("/v1/processes/{}/events?after={}&follow={}", api::percent_encode(arguments.positional[0]), *after,
                     arguments.has("follow") ? 1 : 0),
      std::nullopt,
      [&](const Json& event) {
        stopped = find_string(event, "type") == "stopping";
        if (json) return terminal.out.write(printable_json(to_text(event)) + "\n");
        if (find(event, "seq") == nullptr || !event.is_object()) return true;  // for watching only, not in the journal
        const auto type = find_string(event, "type").value_or("");
        const auto time = find_string(event, "time").value_or("");
        const std::string head =
            daimon::format("{} {} ", time.size() >= 19 ? time.substr(11, 8) : time, pad(printable(type), 14));
        std::string what = describe(event, terminal);
        if (terminal.out.is_terminal())
          what = fit(what, terminal.columns - static_cast<int>(display_width(head)), terminal.symbols->ellipsis);
        return terminal.out.write(terminal.out.paint(Style::kDim, head) +
                                  terminal.out.paint(style_of(type, event), what) + "\n");
      },
      {interrupts.descriptor(), [&] {
         interrupts.clear();
         return false;
       }});
  if (!status && status.error().code == ErrorCode::kCancelled) return kInterrupted;
  if (stopped) return session.note("the daemon was stopped; there may be more"), kUnreachable;
  return status ? kSuccess : session.failed(status.error());
}

int replay(const Session& session, const Arguments& arguments) {
  const auto client = session.client();
  const auto report =
      client ? client->post(daimon::format("/v1/processes/{}/replay", api::percent_encode(arguments.positional[0])),
                            JsonObject{})
             : std::unexpected(client.error());
  if (!report) return session.failed(report.error());
  const Json* divergence = find(*report, "divergence");
  const bool same = divergence == nullptr || divergence->is_null();
  if (arguments.has("json")) return print_json(session.terminal, *report), same ? kSuccess : kFailure;
  const Terminal& terminal = session.terminal;
  const auto events = find_integer(*report, "events").value_or(0);
  if (same) {
    terminal.out.write(daimon::format("{} {} {} stepped again, no model called: every decision is the same\n",
                                      terminal.out.paint(Style::kGreen, terminal.symbols->done), show_count(events),
                                      one_or_many(events, "event", "events")));
    if (const auto answer = find_string(*report, "answer")) terminal.out.write(printable_block(*answer) + "\n");
    return kSuccess;
  }
  terminal.out.write(daimon::format("{} differs at event {}\n",
                                    terminal.out.paint(Style::kRed, terminal.symbols->failed),
                                    find_integer(*divergence, "seq").value_or(0)));
  for (const char* side : {"journal", "replay"})
    if (const Json* value = find(*divergence, side))
      terminal.out.write(daimon::format("  {}: {}\n", pad(side, 7), printable(cut_utf8(to_text(*value), 4000))));
  return kFailure;
}

}  // namespace daimon::cli
