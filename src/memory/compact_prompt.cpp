// The profile `compact-1`: firmware/FORMAT.md, which this file and the training data both follow.
//
// What a small model cannot be trusted with, the schema takes over: an answer must be a span of the passage it names,
// a column must be one of the table it names, and what is written must stand in the goal or in a result.
#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "memory/goal_facts.h"
#include "memory/prompt_profile.h"

namespace daimon::memory {
namespace {

using processor::Message;
using processor::Role;

// Bytes of passages shown at once: the firmware was trained on prompts of this size.
constexpr std::size_t kPassageBytesMax = 2200;

Json text_schema(int length_max) { return JsonObject{{"type", "string"}, {"minLength", 1}, {"maxLength", length_max}}; }

Json object_schema(JsonObject properties) {
  JsonArray required;
  for (const auto& property : properties) required.emplace_back(property.key());
  return JsonObject{{"type", "object"},
                    {"properties", std::move(properties)},
                    {"required", std::move(required)},
                    {"additionalProperties", false}};
}

Json any_of(JsonArray alternatives) {
  if (alternatives.size() == 1) return alternatives[0];
  return JsonObject{{"anyOf", std::move(alternatives)}};
}

JsonArray lines_of(std::string_view text) {
  JsonArray lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (const auto line = trim(text.substr(0, end)); !line.empty()) lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// Newest searches first, until the room is used.
std::vector<const Passage*> passages_shown(const Context& context) {
  std::vector<const Passage*> shown;
  std::size_t room = kPassageBytesMax;
  std::size_t searches = 0;
  for (const Result& result : context.results()) searches += result.passages.empty() ? 0 : 1;
  const std::size_t each = searches <= 1 ? 4 : searches == 2 ? 3 : 2;
  for (auto result = context.results().rbegin(); result != context.results().rend(); ++result)
    for (std::size_t i = 0; i < result->passages.size() && i < each; ++i) {
      const Passage& passage = result->passages[i];
      if (passage.text.size() > room) continue;
      room -= passage.text.size();
      shown.push_back(&passage);
    }
  std::ranges::sort(shown, {}, &Passage::number);
  return shown;
}

Json answer_schema(const Context& context) {
  JsonArray alternatives;
  for (const Passage* passage : passages_shown(context)) {
    JsonArray lines = lines_of(passage->text);
    if (lines.empty()) continue;
    alternatives.push_back(object_schema(
        {{"passage", JsonObject{{"const", passage->number}}},
         {"answer", JsonObject{{"type", "string"}, {"maxLength", 160}, {"x-span-of", std::move(lines)}}}}));
  }
  alternatives.push_back(object_schema({{"passage", JsonObject{{"const", 0}}}}));
  return any_of(std::move(alternatives));
}

// What a row can be chosen by: words of the goal, or a month that it names, as dates begin.
Json where_value_schema(const Context& context, const FileEntry& file) {
  JsonArray choices;
  const auto months = months_in(context.goal(), file.path);
  if (!months.empty()) choices.push_back(JsonObject{{"enum", JsonArray(months.begin(), months.end())}});
  if (JsonArray lines = lines_of(context.goal()); !lines.empty())
    choices.push_back(JsonObject{{"type", "string"}, {"x-span-of", std::move(lines)}});
  return any_of(std::move(choices));
}

// Numbers, dates and units that stand in the goal or in what was found, put together in the ways the calculator knows.
std::string expression_pattern(const Context& context) {
  std::string found = context.goal();
  for (const Result& result : context.results()) {
    if (result.error) continue;
    std::string_view text = result.text;
    if (const auto equals = text.rfind(" = "); equals != std::string_view::npos) text = text.substr(equals);
    found += "\n" + std::string(text);
    for (const Passage& passage : result.passages) found += "\n" + passage.text;
  }
  const auto group = [](const std::vector<std::string>& items) {
    std::string text = "(?:";
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i != 0) text += '|';
      for (const char c : items[i]) text += c == '.' ? std::string("\\.") : std::string(1, c);
    }
    return text + ")";
  };
  constexpr std::size_t kNumbersMax = 60;
  const auto numbers = numbers_in(found, kNumbersMax);
  const auto dates = dates_in(context.goal());
  std::vector<std::string> ways;
  if (!numbers.empty()) {
    const std::string n = group(numbers);
    for (const std::string_view way :
         {"{0}(?: [+*/-] {0}){{1,4}}", "{0}% of {0}", "{0} [A-Za-z]{{1,12}} in [A-Za-z]{{1,12}}", "sqrt\\({0}\\)",
          "round\\({0}, [0-9]\\)", "{0}\\^{0}"})
      ways.push_back(std::vformat(way, std::make_format_args(n)));
    if (!dates.empty()) ways.push_back(daimon::format("{} [+-] {} (?:days|weeks|months|years)", group(dates), n));
  }
  if (dates.size() > 1) ways.push_back(daimon::format("{0} - {0}", group(dates)));
  if (ways.empty()) return R"(^[0-9A-Za-z(\-][0-9A-Za-z .,+\-*/^()%]{0,98}$)";
  std::string pattern;
  for (const std::string& way : ways) pattern += (pattern.empty() ? "^(?:" : "|") + way;
  return pattern + ")$";
}

Json table_schema(const Context& context, const Offer& offer) {
  JsonArray alternatives;
  for (const FileEntry& file : context.files()) {
    if (file.columns.empty()) continue;
    const JsonArray columns(file.columns.begin(), file.columns.end());
    JsonObject properties{
        {"path", JsonObject{{"const", file.path}}},
        {"operation", JsonObject{{"enum", JsonArray{"sum", "count", "average", "min", "max", "list", "distinct"}}}},
        {"column", JsonObject{{"enum", columns}}}};
    alternatives.push_back(object_schema(properties));
    properties["where_column"] = JsonObject{{"enum", columns}};
    properties["where_value"] = where_value_schema(context, file);
    alternatives.push_back(object_schema(std::move(properties)));
  }
  return alternatives.empty() ? offer.arguments_schema : any_of(std::move(alternatives));
}

// The goal and what came out of calls: everything that may be written without being made up.
JsonArray writable_texts(const Context& context) {
  JsonArray texts = lines_of(context.goal());
  for (const Result& result : context.results()) {
    if (result.error || !result.passages.empty()) continue;
    if (result.call == "read") continue;
    std::string_view text = result.text;
    // "EXPR = VALUE": the value alone is what is wanted.
    if (const auto equals = text.rfind(" = "); equals != std::string_view::npos) text = text.substr(equals + 3);
    if (const auto rows = text.rfind(" ("); rows != std::string_view::npos && result.call == "table")
      text = text.substr(0, rows);
    if (const auto number = text.rfind(" ["); number != std::string_view::npos && result.call == "answer")
      text = text.substr(0, number);
    for (Json& line : lines_of(text)) texts.push_back(std::move(line));
  }
  return texts;
}

Json path_schema(const Context& context) {
  JsonArray paths;
  for (const FileEntry& file : context.files()) paths.emplace_back(file.path);
  if (paths.empty()) return text_schema(200);
  return JsonObject{{"enum", std::move(paths)}};
}

Json with_schema(const Context& context, const Offer& offer) {
  if (offer.name == "answer") return answer_schema(context);
  if (offer.name == "table") return table_schema(context, offer);
  if (offer.name == "search") {
    JsonArray lines = lines_of(context.goal());
    return object_schema(
        {{"query",
          lines.empty() ? text_schema(80) : Json(JsonObject{{"type", "string"}, {"x-span-of", std::move(lines)}})}});
  }
  if (offer.name == "read") return object_schema({{"path", path_schema(context)}});
  if (offer.name == "ask") return object_schema({{"question", text_schema(160)}});
  if (offer.name == "write") {
    // A file that the goal names is the file that is meant.
    const auto named = file_names_in(context.goal());
    Json path = named.empty()
                    ? Json(JsonObject{{"type", "string"}, {"pattern", R"(^[^/\\\x00-\x1f"][^\\\x00-\x1f"]{0,98}$)"}})
                    : Json(JsonObject{{"enum", JsonArray(named.begin(), named.end())}});
    return object_schema({{"path", std::move(path)},
                          {"content", JsonObject{{"type", "string"}, {"x-span-of", writable_texts(context)}}}});
  }
  if (offer.name == "calculate")
    return object_schema({{"expression", JsonObject{{"type", "string"}, {"pattern", expression_pattern(context)}}}});
  return offer.arguments_schema;
}

class CompactProfile final : public PromptProfile {
 public:
  [[nodiscard]] std::string_view name() const override { return "compact-1"; }
  [[nodiscard]] bool plan_decides() const override { return true; }

  [[nodiscard]] Prompt plan(const Context& context, std::span<const Offer> offers) const override {
    std::string system = "plan\ncalls: ";
    JsonArray names;
    for (const Offer& offer : offers) {
      if (!names.empty()) system += ", ";
      system += offer.name;
      names.emplace_back(offer.name);
    }
    Prompt prompt;
    prompt.messages = {{Role::kSystem, std::move(system)}, {Role::kUser, shown_goal(context)}};
    if (!context.files().empty()) prompt.messages.push_back({Role::kTool, render_files(context.files())});
    prompt.schema = object_schema({{"plan", JsonObject{{"type", "array"},
                                                       {"items", JsonObject{{"enum", std::move(names)}}},
                                                       {"minItems", 1},
                                                       {"maxItems", 6}}}});
    prompt.tokens_max = 64;
    return prompt;
  }

  [[nodiscard]] Prompt call(const Context& context, std::span<const Offer> offers, std::span<const PlanStep>,
                            std::size_t) const override {
    std::string system = "call";
    std::vector<Json> withs;
    for (const Offer& offer : offers) {
      system += daimon::format("\n{}: {}", offer.signature, offer.summary);
      withs.push_back(with_schema(context, offer));
    }
    Prompt prompt;
    prompt.messages = {{Role::kSystem, std::move(system)}, {Role::kUser, shown_goal(context)}};
    if (!context.files().empty()) prompt.messages.push_back({Role::kTool, render_files(context.files())});
    const auto shown = passages_shown(context);
    for (const Result& result : context.results()) {
      Result visible = result;
      std::erase_if(visible.passages, [&](const Passage& passage) {
        return std::ranges::none_of(shown, [&](const Passage* p) { return p->number == passage.number; });
      });
      if (visible.passages.empty() && !result.passages.empty()) continue;
      prompt.messages.push_back({Role::kTool, std::string(cut_utf8(render_result(visible), 1600))});
    }
    prompt.schema = call_schema(offers, withs);
    prompt.tokens_max = 256;
    return prompt;
  }

 private:
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
  static const CompactProfile profile;
  return profile;
}

}  // namespace daimon::memory
