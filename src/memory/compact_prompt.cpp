// The profile `compact-3`: firmware/FORMAT.md, which this file and the training data both follow.
#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "memory/compact_schema.h"
#include "memory/prompt_profile.h"
#include "memory/schema_parts.h"
#include "memory/tool_plan.h"

namespace daimon::memory {
namespace {

using processor::Message;
using processor::Role;

// Of one result: the firmware was trained on prompts of this size.
constexpr std::size_t kResultBytesMax = 1600;
constexpr std::size_t kLookedForBytesMax = 300;
constexpr std::size_t kPassageBytesMax = 320;

// Of one search as many passages as leave room for those of the plan's other searches: what is shown never changes
// later, so that each prompt begins with the one before it. The host reads all of them.
std::size_t passages_shown_each(std::span<const PlanStep> plan) {
  const auto searches = std::ranges::count(plan, std::string_view("search"), &PlanStep::call);
  return searches <= 1 ? 4 : searches == 2 ? 3 : 2;
}

// In calls, strings begin with a space: the first word of a value then has the tokens that it has in running text, and
// a small model can copy it. Here and nowhere else is it put in and taken out.
Json with_spaces(const Json& value) {
  if (value.is_string()) return Json(" " + std::string(value.get_string()));
  if (value.is_array()) {
    JsonArray made;
    for (const Json& item : value.get_array()) made.push_back(with_spaces(item));
    return made;
  }
  if (!value.is_object()) return value;
  JsonObject made;
  for (const auto& member : value.get_object()) made[member.key()] = with_spaces(member.value());
  return made;
}

Json without_spaces(Json value) {
  if (auto* text = value.if_string(); text != nullptr && text->starts_with(' ')) text->erase(0, 1);
  if (auto* items = value.if_array())
    for (Json& item : *items) item = without_spaces(std::move(item));
  if (auto* members = value.if_object())
    for (auto& member : *members) member.value() = without_spaces(std::move(member.value()));
  return value;
}

// The schema of what with_spaces makes of the values of `schema`.
Json spaced_schema(const Json& schema) {
  if (!schema.is_object()) return schema;
  JsonObject made;
  for (const auto& [key, value] : schema.get_object()) {
    if (key == "const" || key == "enum") {
      made[key] = with_spaces(value);
    } else if ((key == "properties" || key == "$defs" || key == "definitions") && value.is_object()) {
      JsonObject members;
      for (const auto& member : value.get_object()) members[member.key()] = spaced_schema(member.value());
      made[key] = std::move(members);
    } else if ((key == "anyOf" || key == "oneOf") && value.is_array()) {
      JsonArray options;
      for (const Json& option : value.get_array()) options.push_back(spaced_schema(option));
      made[key] = std::move(options);
    } else {
      made[key] = key == "items" ? spaced_schema(value) : value;
    }
  }
  // Whatever else a schema says of a type, this counts for strings alone.
  if (!made.contains("const") && !made.contains("enum")) made["x-begins-with"] = " ";
  return made;
}

std::string shown_call(const std::string& text) {
  auto call = parse_json(text);
  if (!call || !call->is_object()) return text;
  if (const Json* with = find(*call, "with")) call->get_object()["with"] = with_spaces(*with);
  return to_text(*call);
}

class CompactProfile final : public PromptProfile {
 public:
  [[nodiscard]] std::string_view name() const override { return "compact-3"; }
  [[nodiscard]] bool plan_decides() const override { return true; }

  [[nodiscard]] Prompt plan(const Context& context, std::span<const Offer> offers,
                            const embedding::StaticEmbedding* meanings) const override {
    std::vector<std::string> names;
    for (const Offer& offer : offers) names.push_back(offer.name);
    Prompt prompt;
    prompt.messages = beginning(context, names);
    std::erase_if(names, [](const std::string& name) { return !is_known_to_firmware(name); });
    const auto with_tool = tool_plan(context, offers, meanings);
    prompt.schema =
        with_tool ? object_schema({{"plan", JsonObject{{"const", JsonArray(with_tool->begin(), with_tool->end())}}}})
                  : compact_plan_schema(context, names);
    prompt.tokens_max = 64 + (with_tool ? static_cast<int>(with_tool->back().size()) : 0);
    return prompt;
  }

  [[nodiscard]] Prompt call(const Turn& turn) const override {
    Prompt prompt;
    prompt.messages = beginning(turn.context, turn.calls);
    JsonArray planned;
    for (const PlanStep& step : turn.plan) planned.emplace_back(step.call);
    prompt.messages.push_back({Role::kAssistant, to_text(JsonObject{{"plan", std::move(planned)}})});
    const std::size_t each = passages_shown_each(turn.plan);
    for (const Result& result : turn.context.results()) {
      Result visible = result;
      if (visible.passages.size() > each) visible.passages.resize(each);
      for (Passage& passage : visible.passages) passage.text = cut_utf8(passage.text, kPassageBytesMax);
      if (!result.chosen.empty()) prompt.messages.push_back({Role::kAssistant, shown_call(result.chosen)});
      std::string shown(cut_utf8(render_result(visible), kResultBytesMax));
      if (!visible.passages.empty())
        shown += "\nfor: " + std::string(cut_utf8(one_line(looked_for(turn, result)), kLookedForBytesMax));
      prompt.messages.push_back({Role::kTool, std::move(shown)});
    }
    std::vector<Json> withs;
    for (const Offer& offer : turn.offers) withs.push_back(spaced_schema(compact_with_schema(turn, offer)));
    prompt.schema = call_schema(turn.offers, withs);
    // What is forced may be long, and has to fit: at worst a token a byte.
    prompt.tokens_max = 256 + static_cast<int>(turn.tools.empty() ? 0 : to_text(prompt.schema).size());
    return prompt;
  }

  [[nodiscard]] daimon::Result<ChosenCall> chosen(std::string_view answer) const override {
    DAIMON_TRY(ChosenCall call, parse_call(answer));
    call.arguments = without_spaces(std::move(call.arguments));
    return call;
  }

 private:
  static std::vector<Message> beginning(const Context& context, std::span<const std::string> calls) {
    std::string system = "calls: ";
    for (const std::string& name : calls) {
      if (!is_known_to_firmware(name)) continue;  // it would not know what to make of it
      if (!system.ends_with(' ')) system += ", ";
      system += name;
    }
    std::vector<Message> messages{{Role::kSystem, std::move(system)}};
    if (!context.files().empty()) messages.push_back({Role::kTool, render_files(context.files())});
    messages.push_back({Role::kUser, shown_goal(context)});
    return messages;
  }

  // A goal longer than this is work for a larger model; its beginning and its end say what is wanted.
  static std::string shown_goal(const Context& context) {
    constexpr std::size_t kGoalBytesMax = 1200;
    const std::string& goal = context.goal();
    if (goal.size() <= kGoalBytesMax) return goal;
    std::size_t tail = goal.size() - kGoalBytesMax / 2;
    while (tail < goal.size() && (static_cast<unsigned char>(goal[tail]) & 0xC0) == 0x80) ++tail;
    return daimon::format("{} ... {}", cut_utf8(goal, kGoalBytesMax / 2), goal.substr(tail));
  }
};

}  // namespace

const PromptProfile& compact_profile() {
  static const CompactProfile kProfile;
  return kProfile;
}

}  // namespace daimon::memory
