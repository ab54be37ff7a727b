// The profile `compact-2`: firmware/FORMAT.md, which this file and the training data both follow.
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

// Of one result: the firmware was trained on prompts of this size.
constexpr std::size_t kResultBytesMax = 1600;

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

// Of one search as many passages as leave room for those of the plan's other searches: what is shown never changes
// later, so that each prompt begins with the one before it.
std::size_t passages_each(std::span<const PlanStep> plan) {
  const auto searches = std::ranges::count(plan, std::string_view("search"), &PlanStep::call);
  return searches <= 1 ? 4 : searches == 2 ? 3 : 2;
}

// What an answer may come from: the passages of the searches since the last answer.
std::vector<const Passage*> passages_open(const Turn& turn) {
  std::vector<const Passage*> open;
  const auto& results = turn.context.results();
  const std::size_t each = passages_each(turn.plan);
  for (auto result = results.rbegin(); result != results.rend(); ++result) {
    if (result->call == "answer" && !result->error && !open.empty()) break;
    for (std::size_t i = 0; i < result->passages.size() && i < each; ++i) open.push_back(&result->passages[i]);
  }
  std::ranges::sort(open, {}, &Passage::number);
  return open;
}

Json answer_schema(const Turn& turn) {
  JsonArray alternatives;
  for (const Passage* passage : passages_open(turn)) {
    JsonArray lines = lines_of(passage->text);
    if (lines.empty()) continue;
    alternatives.push_back(object_schema(
        {{"passage", JsonObject{{"const", passage->number}}},
         {"answer", JsonObject{{"type", "string"}, {"maxLength", 160}, {"x-span-of", std::move(lines)}}}}));
  }
  alternatives.push_back(object_schema({{"passage", JsonObject{{"const", 0}}}}));
  return any_of(std::move(alternatives));
}

std::string escaped_for_pattern(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (std::string_view("\\^$.|?*+()[]{}/-").contains(c)) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// Words of the goal, in its order, any of them left out.
Json query_schema(std::string_view goal) {
  constexpr std::size_t kWordsMax = 48;
  std::string pattern = "^";
  std::size_t words = 0;
  const auto is_word = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  for (std::size_t i = 0; i < goal.size() && words < kWordsMax;) {
    std::size_t end = i;
    while (end < goal.size() && is_word(goal[end])) ++end;
    if (end > i) {
      pattern += daimon::format("(?: ?{})?", escaped_for_pattern(goal.substr(i, end - i)));
      ++words;
    }
    i = end + (end == i ? 1 : 0);
  }
  if (words == 0) return text_schema(80);
  return JsonObject{{"type", "string"}, {"pattern", pattern + "$"}};
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

// A folder of one of the files, or words of the goal.
Json folder_schema(const Context& context) {
  JsonArray folders;
  for (const FileEntry& file : context.files())
    for (std::size_t end = file.path.find('/'); end != std::string::npos; end = file.path.find('/', end + 1)) {
      Json folder(file.path.substr(0, end));
      if (std::ranges::find(folders, folder) == folders.end()) folders.push_back(std::move(folder));
    }
  JsonArray choices;
  if (!folders.empty()) choices.push_back(JsonObject{{"enum", std::move(folders)}});
  if (JsonArray lines = lines_of(context.goal()); !lines.empty())
    choices.push_back(JsonObject{{"type", "string"}, {"maxLength", 80}, {"x-span-of", std::move(lines)}});
  return any_of(std::move(choices));
}

Json with_schema(const Turn& turn, const Offer& offer) {
  const Context& context = turn.context;
  if (offer.name == "answer") return answer_schema(turn);
  if (offer.name == "table") return table_schema(context, offer);
  if (offer.name == "search") return object_schema({{"query", query_schema(context.goal())}});
  if (offer.name == "list") return any_of({object_schema({{"path", folder_schema(context)}}), object_schema({})});
  if (offer.name == "read") return object_schema({{"path", path_schema(context)}});
  if (offer.name == "ask") return object_schema({{"question", text_schema(160)}});
  if (offer.name == "write") {
    // A file that the goal names is the file that is meant.
    const auto named = file_names_in(context.goal());
    Json path = JsonObject{{"enum", JsonArray(named.begin(), named.end())}};
    if (named.empty()) {
      JsonArray choices;
      if (!context.files().empty()) choices.push_back(path_schema(context));
      choices.push_back(JsonObject{{"type", "string"}, {"pattern", R"(^[^/\\\x00-\x1f"][^\\\x00-\x1f"]{0,98}$)"}});
      path = any_of(std::move(choices));
    }
    return object_schema({{"path", std::move(path)},
                          {"content", JsonObject{{"type", "string"}, {"x-span-of", writable_texts(context)}}}});
  }
  if (offer.name == "calculate")
    return object_schema({{"expression", JsonObject{{"type", "string"}, {"pattern", expression_pattern(context)}}}});
  return offer.arguments_schema;
}

class CompactProfile final : public PromptProfile {
 public:
  [[nodiscard]] std::string_view name() const override { return "compact-2"; }
  [[nodiscard]] bool plan_decides() const override { return true; }

  [[nodiscard]] Prompt plan(const Context& context, std::span<const Offer> offers) const override {
    std::vector<std::string> names;
    for (const Offer& offer : offers) names.push_back(offer.name);
    Prompt prompt;
    prompt.messages = beginning(context, names);
    prompt.schema =
        object_schema({{"plan", JsonObject{{"type", "array"},
                                           {"items", JsonObject{{"enum", JsonArray(names.begin(), names.end())}}},
                                           {"minItems", 1},
                                           {"maxItems", 6}}}});
    prompt.tokens_max = 64;
    return prompt;
  }

  [[nodiscard]] Prompt call(const Turn& turn) const override {
    Prompt prompt;
    prompt.messages = beginning(turn.context, turn.calls);
    JsonArray planned;
    for (const PlanStep& step : turn.plan) planned.emplace_back(step.call);
    prompt.messages.push_back({Role::kAssistant, to_text(JsonObject{{"plan", std::move(planned)}})});
    const std::size_t each = passages_each(turn.plan);
    for (const Result& result : turn.context.results()) {
      Result visible = result;
      if (visible.passages.size() > each) visible.passages.resize(each);
      if (!result.chosen.empty()) prompt.messages.push_back({Role::kAssistant, result.chosen});
      prompt.messages.push_back({Role::kTool, std::string(cut_utf8(render_result(visible), kResultBytesMax))});
    }
    std::vector<Json> withs;
    for (const Offer& offer : turn.offers) withs.push_back(with_schema(turn, offer));
    prompt.schema = call_schema(turn.offers, withs);
    prompt.tokens_max = 256;
    return prompt;
  }

 private:
  static std::vector<Message> beginning(const Context& context, std::span<const std::string> calls) {
    std::string system = "calls: ";
    for (const std::string& name : calls) {
      if (&name != &calls.front()) system += ", ";
      system += name;
    }
    std::vector<Message> messages{{Role::kSystem, std::move(system)}, {Role::kUser, shown_goal(context)}};
    if (!context.files().empty()) messages.push_back({Role::kTool, render_files(context.files())});
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
  static const CompactProfile profile;
  return profile;
}

}  // namespace daimon::memory
