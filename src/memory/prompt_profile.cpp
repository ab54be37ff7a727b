#include "memory/prompt_profile.h"

#include "base/format.h"
#include "base/text.h"

namespace daimon::memory {

std::string one_line(std::string_view text) {
  std::string out;
  bool gap = false;
  for (const std::string_view piece = trim(text); const char c : piece) {
    if (c == '\n' || c == '\r') {
      gap = true;
      continue;
    }
    if (gap) {
      while (out.ends_with(' ')) out.pop_back();
      out += " / ";
      gap = false;
    }
    const bool blank = static_cast<unsigned char>(c) < 0x20 || c == ' ';
    if (blank && (out.empty() || out.ends_with(' '))) continue;
    out += blank ? ' ' : c;
  }
  return out;
}

std::string render_result(const Result& result) {
  if (result.error) return daimon::format("error: {}: {}", result.call, one_line(result.text));
  if (result.passages.empty()) return daimon::format("{}: {}", result.call, one_line(result.text));
  std::string text = result.call + ":";
  for (const Passage& passage : result.passages) {
    if (passage.number != result.passages.front().number)
      text += '\n';
    else
      text += ' ';
    text += daimon::format("[{}] {}", passage.number, one_line(passage.path));
    if (passage.page) text += daimon::format(" p{}", *passage.page);
    text += ": " + one_line(passage.text);
  }
  return text;
}

std::string render_files(std::span<const FileEntry> files) {
  std::string text = "files:";
  for (const FileEntry& file : files) {
    text += "\n " + one_line(file.path);
    for (std::size_t i = 0; i < file.columns.size(); ++i) text += (i != 0 ? ", " : ": ") + one_line(file.columns[i]);
  }
  return text;
}

Json call_schema(std::span<const Offer> offers, std::span<const Json> with_schemas) {
  JsonArray alternatives;
  for (std::size_t i = 0; i < offers.size(); ++i)
    alternatives.push_back(JsonObject{
        {"type", "object"},
        {"properties", JsonObject{{"call", JsonObject{{"const", offers[i].name}}}, {"with", with_schemas[i]}}},
        {"required", JsonArray{"call", "with"}},
        {"additionalProperties", false}});
  if (alternatives.size() == 1) return alternatives[0];
  return JsonObject{{"anyOf", std::move(alternatives)}};
}

daimon::Result<std::vector<PlanStep>> parse_plan(std::string_view text) {
  DAIMON_TRY(const Json value, parse_json(text));
  const Json* plan = find(value, "plan");
  if (plan == nullptr || !plan->is_array())
    return fail(ErrorCode::kInvalidArgument, "the model's plan is not a list of steps");
  std::vector<PlanStep> steps;
  for (const Json& item : plan->get_array()) {
    if (item.is_string()) {
      steps.push_back({std::string(item.get_string()), {}, {}});
    } else if (const auto call = find_string(item, "call")) {
      steps.push_back({std::string(*call), std::string(find_string(item, "text").value_or("")),
                       std::string(find_string(item, "check").value_or(""))});
    } else {
      return fail(ErrorCode::kInvalidArgument, "a step of the model's plan names no call");
    }
  }
  if (steps.empty()) return fail(ErrorCode::kInvalidArgument, "the model's plan is empty");
  return steps;
}

daimon::Result<ChosenCall> parse_call(std::string_view text) {
  DAIMON_TRY(const Json value, parse_json(text));
  const auto call = find_string(value, "call");
  const Json* with = find(value, "with");
  if (!call || with == nullptr || !with->is_object())
    return fail(ErrorCode::kInvalidArgument, "the model's answer is not a call");
  return ChosenCall{std::string(*call), *with};
}

const PromptProfile* profile_named(std::string_view name) {
  if (name == compact_profile().name()) return &compact_profile();
  return name.empty() || name == full_profile().name() ? &full_profile() : nullptr;
}

}  // namespace daimon::memory
