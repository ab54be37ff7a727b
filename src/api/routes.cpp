#include "api/routes.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <initializer_list>
#include <thread>

#include "base/format.h"
#include "base/text.h"

namespace daimon::api {
namespace {

constexpr std::string_view kNdjson = "application/x-ndjson";
constexpr int kFindLimitDefault = 10;
constexpr int kFindLimitMax = 100;

std::string line_of(const Json& value) { return to_text(value) + "\n"; }

Result<std::int64_t> number_parameter(const Target& target, std::string_view name, std::int64_t otherwise) {
  if (!target.has(name)) return otherwise;
  const std::string_view text = target.parameter(name);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0)
    return fail(ErrorCode::kInvalidArgument, daimon::format("{}={} is no whole number", name, printable(text)));
  return number;
}

Result<bool> flag_parameter(const Target& target, std::string_view name) {
  if (!target.has(name)) return false;
  const std::string_view text = target.parameter(name);
  if (text == "1" || text == "true" || text.empty()) return true;
  if (text == "0" || text == "false") return false;
  return fail(ErrorCode::kInvalidArgument, daimon::format("{} must be 0 or 1", name));
}

// Process ids are the kernel's: letters, digits, '.', '_' and '-'. Anything else is nobody's.
bool is_process_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

void reply(Exchange& exchange, const Result<Json>& result) {
  if (result)
    exchange.reply(200, *result);
  else
    exchange.reply(result.error());
}

void reply(Exchange& exchange, const Status& status) {
  if (status)
    exchange.reply(200, JsonObject{});
  else
    exchange.reply(status.error());
}

// ------------------------------------------------------------------------------------------------------- processes

void follow_events(kernel::System& system, const std::string& id, const HttpRequest& request, Exchange& exchange) {
  const auto after = number_parameter(request.target, "after", 0);
  const auto follow = flag_parameter(request.target, "follow");
  if (!after) return exchange.reply(after.error());
  if (!follow) return exchange.reply(follow.error());
  Outbox outbox;
  bool past = true;
  auto subscription = system.follow(id, *after, [&](const Json& event) {
    const auto type = find_string(event, "type");
    // `present`: the past is all there, and with it what came after an end. `lagged`: the kernel gave this watcher up.
    const bool present = type == "present";
    const bool over = (type == "finished" && !past) || type == "lagged" ||
                      (present && (!*follow || find_bool(event, "ended").value_or(false)));
    if (present) past = false;
    const bool more = present || outbox.push(line_of(event));
    if (over || !more) outbox.close();
    return more && !over;
  });
  if (!subscription) return exchange.reply(subscription.error());
  // Whoever watches must not take it for a crash, and start the daemon again that somebody stopped.
  exchange.forward(kNdjson, outbox, kStopping);
}

void answer_process(const Services& services, const HttpRequest& request, Exchange& exchange) {
  kernel::System& system = services.system;
  const auto& segments = request.target.segments;
  const std::string& id = segments[2];
  if (!is_process_id(id))
    return exchange.reply(Error{ErrorCode::kNotFound, daimon::format("no process {}", printable(cut_utf8(id, 64))),
                                "`daimon ps -a` lists them"});
  const std::string verb = segments.size() == 4 ? segments[3] : "";
  if (verb.empty()) return reply(exchange, system.process(id));
  if (verb == "events") return follow_events(system, id, request, exchange);
  if (verb == "changes") return reply(exchange, system.changes(id));
  if (verb == "replay") return reply(exchange, system.replay(id));
  const auto body = json_body(request);
  if (!body) return exchange.reply(body.error());
  if (verb == "signal") {
    const auto signal = signal_from(*body);
    return reply(exchange, signal ? system.signal(id, *signal) : std::unexpected(signal.error()));
  }
  if (verb == "budget") {
    const auto budget = budget_from(*body);
    return reply(exchange, budget ? system.raise_budget(id, *budget) : std::unexpected(budget.error()));
  }
  if (verb == "decisions") {
    const auto decision = decision_from(*body);
    return reply(exchange, decision ? system.decide(id, *decision) : std::unexpected(decision.error()));
  }
  if (verb == "undo") {
    const auto change = undo_from(*body);
    return reply(exchange, change ? system.undo(id, *change) : std::unexpected(change.error()));
  }
  const auto given = answer_from(*body);
  reply(exchange, given ? system.answer(id, given->request, given->text) : std::unexpected(given.error()));
}

void start_process(const Services& services, const HttpRequest& request, Exchange& exchange) {
  const auto body = json_body(request);
  const auto options = body ? start_options_from(*body) : std::unexpected(body.error());
  if (!options) return exchange.reply(options.error());
  const auto id = services.system.start(*options);
  if (!id) return exchange.reply(id.error());
  exchange.reply(200, JsonObject{{"process", *id}});
}

void list_processes(const Services& services, const HttpRequest& request, Exchange& exchange) {
  const auto all = flag_parameter(request.target, "all");
  if (!all) return exchange.reply(all.error());
  auto list = services.system.processes(*all);
  if (!list) return exchange.reply(list.error());
  exchange.reply(200, JsonObject{{"processes", std::move(*list)}});
}

// ----------------------------------------------------------------------------------------------------------- files

void mount(const Services& services, const HttpRequest& request, Exchange& exchange) {
  const auto body = json_body(request);
  const auto wanted = body ? mount_request_from(*body) : std::unexpected(body.error());
  if (!wanted) return exchange.reply(wanted.error());
  Outbox outbox;
  std::jthread work([&](const std::stop_token& stop) {
    const auto mounted = services.system.mount(
        wanted->path, wanted->name,
        [&](const Json& progress) { outbox.push(line_of(JsonObject{{"progress", progress}})); }, stop);
    if (mounted) {
      outbox.push(line_of(JsonObject{{"mount", *mounted}}));
      return outbox.close();
    }
    if (outbox.pushed_any()) outbox.push(line_of(error_body(mounted.error())));
    outbox.close(std::pair(status_of(mounted.error().code), error_body(mounted.error())));
  });
  exchange.forward(kNdjson, outbox);
}

void list_mounts(const Services& services, Exchange& exchange) {
  auto list = services.system.mounts();
  if (!list) return exchange.reply(list.error());
  if (list->is_array())
    exchange.reply(200, JsonObject{{"mounts", std::move(*list)}});
  else
    exchange.reply(200, *list);
}

void find_passages(const Services& services, const HttpRequest& request, Exchange& exchange) {
  const std::string_view query = request.target.parameter("q");
  const auto limit = number_parameter(request.target, "limit", kFindLimitDefault);
  if (!limit) return exchange.reply(limit.error());
  if (trim(query).empty())
    return exchange.reply(Error{ErrorCode::kInvalidArgument, "q, what to look for, is empty", {}});
  std::vector<std::string> mounts;
  for (const auto& [name, value] : request.target.query)
    if (name == "mount" && !value.empty()) mounts.push_back(value);
  reply(exchange,
        services.system.find(query, mounts, static_cast<int>(std::clamp<std::int64_t>(*limit, 1, kFindLimitMax))));
}

// --------------------------------------------------------------------------------------------------------- machine

void status(const Services& services, Exchange& exchange) {
  auto result = services.system.status();
  if (!result) return exchange.reply(result.error());
  JsonObject object = result->is_object() ? result->get_object() : JsonObject{};
  object["version"] = services.options.version;
  object["pid"] = static_cast<std::int64_t>(::getpid());
  exchange.reply(200, object);
}

void shutdown(const Services& services, Exchange& exchange) {
  exchange.reply(200, JsonObject{});
  if (services.options.on_shutdown) services.options.on_shutdown();
}

// ----------------------------------------------------------------------------------------------------------- table

using Handler = void (*)(const Services&, const HttpRequest&, Exchange&);

struct Route {
  std::string_view method;
  std::string_view path;  // "*" stands for any one segment
  Handler handler;
  bool models = false;     // a token of scope `models` is enough
  bool unix_only = false;  // never over TCP
};

template <void (*F)(const Services&, Exchange&)>
void plain(const Services& services, const HttpRequest&, Exchange& exchange) {
  F(services, exchange);
}

constexpr auto kRoutes = std::to_array<Route>({
    {"POST", "v1/processes", start_process},
    {"GET", "v1/processes", list_processes},
    {"GET", "v1/processes/*", answer_process},
    {"GET", "v1/processes/*/events", answer_process},
    {"GET", "v1/processes/*/changes", answer_process},
    {"POST", "v1/processes/*/undo", answer_process},
    {"POST", "v1/processes/*/signal", answer_process},
    {"POST", "v1/processes/*/budget", answer_process},
    {"POST", "v1/processes/*/decisions", answer_process},
    {"POST", "v1/processes/*/answers", answer_process},
    {"POST", "v1/processes/*/replay", answer_process},
    {"POST", "v1/mounts", mount},
    {"GET", "v1/mounts", plain<list_mounts>},
    {"DELETE", "v1/mounts/*",
     [](const Services& services, const HttpRequest& request, Exchange& exchange) {
       reply(exchange, services.system.unmount(request.target.segments[2]));
     }},
    {"GET", "v1/find", find_passages},
    {"GET", "v1/local/models",
     [](const Services& services, const HttpRequest&, Exchange& exchange) {
       reply(exchange, services.system.models());
     }},
    {"GET", "v1/status", plain<status>},
    {"GET", "v1/doctor",
     [](const Services& services, const HttpRequest&, Exchange& exchange) {
       reply(exchange, services.system.doctor());
     }},
    {"GET", "v1/models", plain<answer_models>, true},
    {"POST", "v1/chat/completions", answer_chat, true},
    {"POST", "v1/listen",
     [](const Services& services, const HttpRequest& request, Exchange& exchange) {
       services.listen(request, exchange);
     },
     false, true},
    {"POST", "v1/shutdown", plain<shutdown>, false, true},
});

bool matches(std::string_view pattern, const std::vector<std::string>& segments) {
  for (const std::string& segment : segments) {
    if (pattern.empty()) return false;
    const std::size_t end = std::min(pattern.find('/'), pattern.size());
    if (pattern.substr(0, end) != "*" && pattern.substr(0, end) != segment) return false;
    pattern.remove_prefix(std::min(end + 1, pattern.size()));
  }
  return pattern.empty();
}

}  // namespace

Result<Json> json_body(const HttpRequest& request) {
  if (trim(request.body).empty()) return Json(JsonObject{});
  return parse_json(request.body);
}

void answer(const Services& services, const HttpRequest& request, Exchange& exchange) {
  std::string allowed;
  for (const Route& route : kRoutes) {
    if (!matches(route.path, request.target.segments)) continue;
    if (route.method != request.method) {
      allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
      continue;
    }
    if (request.over_tcp && route.unix_only)
      return exchange.reply(
          Error{ErrorCode::kDenied, "this is answered on the Unix socket only", "use the command line: daimon help"});
    if (request.over_tcp && !route.models && request.scope != Scope::kAll)
      return exchange.reply(Error{ErrorCode::kDenied, "this token is for models only",
                                  "`daimon serve --scope all` makes one that directs processes"});
    return route.handler(services, request, exchange);
  }
  if (!allowed.empty())
    return exchange.reply(405,
                          error_body({ErrorCode::kInvalidArgument,
                                      daimon::format("{} is not a method of this address", printable(request.method)),
                                      daimon::format("it knows {}", allowed)}));
  exchange.reply(Error{ErrorCode::kNotFound, "there is nothing at this address", "docs/api.md lists what there is"});
}

}  // namespace daimon::api
