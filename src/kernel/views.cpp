#include "kernel/views.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"

namespace daimon::kernel {
namespace {

bool is_deeper_than(const Json& value, std::size_t depth) {
  const auto below = [&](const Json& item) { return depth == 0 || is_deeper_than(item, depth - 1); };
  if (value.is_array()) return std::ranges::any_of(value.get_array(), below);
  if (value.is_object())
    return std::ranges::any_of(value.get_object(), [&](const auto& member) { return below(member.value()); });
  return false;
}

// What comes from a device or a model is journaled as text that has to be read again. Bytes that are not UTF-8 would
// make the journal unreadable, and with it every process: they become U+FFFD.
JsonObject readable(JsonObject body) {
  const std::string text = to_text(body);
  if (is_utf8(text)) return body;
  auto repaired = parse_json(repair_utf8(text), kJsonDepthMax + 1);
  if (!repaired) return {{"outcome", "error"}, {"text", "the answer could not be read"}};
  return std::move(repaired->as_object());
}

}  // namespace

Json event_of(const journal::Record& record) {
  JsonObject event{
      {"seq", record.sequence}, {"time", to_iso8601(record.time)}, {"process", record.process}, {"type", record.type}};
  if (record.damaged) event["damaged"] = true;
  if (record.body.is_object())
    for (const auto& member : record.body.get_object())
      if (!event.contains(member.key())) event[member.key()] = member.value();
  return event;
}

JsonObject replied_body(const std::string& thought, const processor::Answered& reply, double ms) {
  if (!reply) {
    JsonObject body{{"think", thought}, {"error", to_json(reply.error())}, {"ms", ms}};
    if (const processor::Spent& spent = reply.error().spent; spent != processor::Spent{}) {
      body["prompt_tokens"] = spent.prompt_tokens;
      body["cached_tokens"] = spent.cached_tokens;
      body["generated_tokens"] = spent.generated_tokens;
      body["forced_tokens"] = spent.forced_tokens;
      if (spent.money > 0) body["money"] = spent.money;
    }
    return readable(std::move(body));
  }
  JsonObject body{{"think", thought},
                  {"text", reply->text},
                  {"finish", reply->finish == processor::FinishReason::kStop ? "stop" : "length"},
                  {"model", reply->model},
                  {"seed", reply->seed},
                  {"prompt_tokens", reply->prompt_tokens},
                  {"cached_tokens", reply->cached_tokens},
                  {"generated_tokens", reply->generated_tokens},
                  {"forced_tokens", reply->forced_tokens},
                  {"confidence", reply->confidence},
                  {"ms", ms}};
  if (reply->money > 0) body["money"] = reply->money;
  return readable(std::move(body));
}

JsonObject spent_body(const JsonObject& replied) {
  constexpr std::array<std::string_view, 6> kUsed = {"prompt_tokens", "cached_tokens", "generated_tokens",
                                                     "forced_tokens", "money",         "ms"};
  JsonObject body;
  for (const std::string_view name : kUsed)
    if (const auto found = replied.find(name); found != replied.end()) body[name] = found->value();
  if (!body.empty())
    if (const auto thought = replied.find("think"); thought != replied.end()) body["think"] = thought->value();
  return body;
}

JsonObject returned_body(const std::string& call, const Result<device::Outcome>& outcome, double ms) {
  if (outcome && is_deeper_than(outcome->value, kJsonDepthMax))
    return returned_body(call, fail(ErrorCode::kLimit, "the result is nested too deep"), ms);
  if (!outcome)
    return readable({{"call", call},
                     {"outcome", "error"},
                     {"text", outcome.error().what},
                     {"error", to_json(outcome.error())},
                     {"ms", ms}});
  return readable({{"call", call},
                   {"outcome", "ok"},
                   {"text", outcome->text},
                   {"value", outcome->value},
                   {"label", to_json(outcome->label)},
                   {"ms", ms}});
}

JsonObject unknown_body(const std::string& call, std::string_view what, double ms) {
  return readable({{"call", call}, {"outcome", "unknown"}, {"text", what}, {"ms", ms}});
}

Comparison compare(process::Process& process, std::span<const journal::Record> records) {
  Comparison result;
  for (std::size_t next = 0; next < records.size();) {
    const journal::Record& input = records[next++];
    if (!input.input) {
      result.divergence = JsonObject{{"seq", input.sequence}, {"journal", event_of(input)}, {"replay", nullptr}};
      return result;
    }
    for (const journal::NewRecord& made : process.step(input.type, input.body, input.time)) {
      ++result.compared;
      const bool missing = next >= records.size() || records[next].input;
      if (missing || records[next].type != made.type || to_text(records[next].body) != to_text(made.body)) {
        result.divergence = JsonObject{{"seq", missing ? input.sequence : records[next].sequence},
                                       {"journal", missing ? Json() : event_of(records[next])},
                                       {"replay", JsonObject{{"type", made.type}, {"body", made.body}}}};
        return result;
      }
      ++next;
    }
  }
  return result;
}

Result<Json> replay_report(process::Process& process, std::span<const journal::Record> records) {
  Comparison result = compare(process, records);
  const Json view = process.view();
  return Json(JsonObject{{"process", process.id()},
                         {"events", static_cast<std::int64_t>(records.size())},
                         {"compared", result.compared},
                         {"divergence", std::move(result.divergence)},
                         {"state", *find(view, "state")},
                         {"answer", *find(view, "answer")}});
}

Json held_view(Json view, std::string_view process, const Json& divergence) {
  if (!view.is_object()) view = JsonObject{};
  JsonObject& object = view.as_object();
  object["state"] = name_of(process::State::kPaused);
  object["stop_reason"] = daimon::format(
      "what this build makes of record {} is not what the journal holds, so it is not gone on with; `daimon replay {}` "
      "shows the difference; kill it and give its goal anew",
      find_integer(divergence, "seq").value_or(0), process);
  object["waiting"] = nullptr;
  return view;
}

Json distrusted_view(Json view, const Error& problem) {
  if (!view.is_object()) view = JsonObject{};
  JsonObject& object = view.as_object();
  object["state"] = name_of(process::State::kPaused);
  object["stop_reason"] = daimon::format("{}; {}", problem.what, problem.remedy);
  return view;
}

bool is_within(const Json& row, const Json& view) {
  if (row.is_object() && view.is_object())
    return std::ranges::all_of(row.get_object(), [&](const auto& member) {
      const Json* other = find(view, member.key());
      return other != nullptr && is_within(member.value(), *other);
    });
  if (!row.is_array() || !view.is_array()) return to_text(row) == to_text(view);
  const JsonArray& items = row.get_array();
  const JsonArray& others = view.get_array();
  return items.size() == others.size() && std::ranges::equal(items, others, is_within);
}

Json killed_view(Json view) {
  if (!view.is_object()) view = JsonObject{};
  JsonObject& object = view.as_object();
  object["state"] = name_of(process::State::kStopped);
  object["stop_reason"] = "killed";
  if (const auto calls = object.find("calls"); calls != object.end() && calls->value().is_array())
    for (Json& call : calls->value().get_array())
      if (find_string(call, "outcome") == "running") {
        call.as_object()["outcome"] = "unknown";
        call.as_object()["text"] = "it was running when Daimon ended; it may or may not have happened";
      }
  return view;
}

Json model_view(const processor::ModelInfo& model, const processor::Usage& usage) {
  return JsonObject{{"id", model.id},
                    {"description", model.description},
                    {"remote", model.remote},
                    {"context_tokens", model.context_tokens},
                    {"parameters", model.parameters},
                    {"file_bytes", model.file_bytes},
                    {"profile", model.prompt_profile},
                    {"usage", JsonObject{{"sequences_max", usage.sequences_max},
                                         {"sequences_active", usage.sequences_active},
                                         {"requests_queued", usage.requests_queued},
                                         {"tokens_per_second", usage.tokens_per_second},
                                         {"tokens_total", usage.tokens_total},
                                         {"tokens_prompt_total", usage.tokens_prompt_total},
                                         {"tokens_cached_total", usage.tokens_cached_total},
                                         {"cells_used", usage.cells_used},
                                         {"cells_max", usage.cells_max},
                                         {"memory_bytes", usage.memory_bytes},
                                         {"threads", usage.threads},
                                         {"backend", usage.backend}}}};
}

Json check_view(std::string_view name, bool ok, std::string_view detail, std::string_view remedy) {
  return JsonObject{{"name", name}, {"ok", ok}, {"detail", detail}, {"remedy", remedy}};
}

JsonObject child_ended_body(const std::string& child, const Json& view) {
  const Json* spent = daimon::find(view, "spent");
  return {{"child", child},
          {"state", find_string(view, "state").value_or("stopped")},
          {"cost", spent != nullptr ? *spent : Json(JsonObject{})}};
}

}  // namespace daimon::kernel
