#include "memory/tool_plan.h"

#include <algorithm>
#include <array>
#include <ranges>

#include "base/format.h"
#include "base/text.h"
#include "memory/lexicon.h"
#include "memory/schema_parts.h"
#include "memory/tool_arguments.h"
#include "memory/tool_rank.h"

namespace daimon::memory {
namespace {

// Of these arguments; what other arguments would say is not looked at.
FilledArguments filled(std::string_view text, const Offer& tool, const std::vector<Argument>& arguments,
                       const embedding::StaticEmbedding* meanings) {
  return fill_arguments(arguments, argument_ways(text, tool, arguments, meanings));
}

std::vector<Argument> only(std::vector<Argument> arguments, const std::vector<std::string>& names) {
  std::erase_if(arguments, [&](const Argument& argument) { return !std::ranges::contains(names, argument.name); });
  return arguments;
}

std::string spoken(std::string_view name) {
  std::string text;
  for (const char c : name) text += c == '_' ? ' ' : c;
  return text;
}

// What the person answered last.
std::string_view answer_of(const Context& context) {
  for (const Result& result : context.results() | std::views::reverse)
    if (result.call == "ask" && !result.error && result.text.size() > 2)
      return std::string_view(result.text).substr(1, result.text.size() - 2);  // between quotation marks
  return {};
}

}  // namespace

bool is_no_answer(std::string_view answer) {
  constexpr std::array<std::string_view, 11> kNone = {"forget it",     "no",         "none",   "never mind",
                                                      "nevermind",     "cancel",     "stop",   "i don't know",
                                                      "i do not know", "don't know", "no idea"};
  std::string text = to_lower_ascii(trim(answer));
  while (!text.empty() && std::string_view(".!?").contains(text.back())) text.pop_back();
  return text.empty() || std::ranges::contains(kNone, std::string_view(text));
}

bool is_known_to_firmware(std::string_view call) { return std::ranges::contains(kFirmwareCalls, call); }

std::optional<std::vector<std::string>> tool_plan(const Context& context, std::span<const Offer> offers,
                                                  const embedding::StaticEmbedding* meanings) {
  constexpr std::size_t kToolsMax = 128;
  // How sure one has to be that it is meant at all, and that no other is (as logarithms of odds). Measured: of goals
  // for Daimon's own calls 3 in 100 are taken for a tool's so (docs/decisions/0007-firmware.md). Where no file has to
  // do with the goal, most of Daimon's own calls cannot be meant.
  const double least = context.files().empty() ? 1 : 3.5;
  constexpr double kLead = 0.4;
  const std::string& goal = context.goal();
  // Of a goal that is not read to its end, that may say the contrary.
  if (goal.size() > kReadGoalBytesMax ||
      Lexicon(nullptr).tokens(goal, kReadGoalWordsMax + 1).size() > kReadGoalWordsMax)
    return std::nullopt;
  std::vector<Offer> tools;
  for (const Offer& offer : offers)
    if (tools.size() < kToolsMax && !is_known_to_firmware(offer.name) &&
        can_be_filled(offer.arguments_schema, arguments_of(offer.arguments_schema)))
      tools.push_back(offer);
  if (tools.empty()) return std::nullopt;
  const auto scores = rank_tools(goal, tools, meanings);
  const auto best = std::ranges::max_element(scores);
  if (*best <= least) return std::nullopt;
  for (auto other = scores.begin(); other != scores.end(); ++other)
    if (other != best && *other > *best - kLead) return std::nullopt;
  const Offer& tool = tools[static_cast<std::size_t>(best - scores.begin())];
  std::vector<std::string> plan{tool.name};
  if (!filled(goal, tool, arguments_of(tool.arguments_schema), meanings).missing.empty() &&
      std::ranges::contains(offers, "ask", &Offer::name))
    plan.insert(plan.begin(), "ask");
  return plan;
}

Json tool_with_schema(const Turn& turn, const Offer& tool) {
  const auto arguments = arguments_of(tool.arguments_schema);
  const FilledArguments read = filled(turn.context.goal(), tool, arguments, turn.meanings);
  JsonObject properties;
  for (const auto& [name, value] : read.values) properties[name] = JsonObject{{"const", value}};
  // What the goal does not say, the person's answer does. What neither says is left out, and the call refused: nobody
  // may make up a sum or a receiver.
  const std::string_view answer = answer_of(turn.context);
  if (is_no_answer(answer)) return object_schema(std::move(properties));
  const auto asked = only(arguments, read.missing);
  if (asked.size() == 1 && asked.front().form == ArgumentForm::kString) {
    properties[asked.front().name] = JsonObject{{"const", answer}};
    return object_schema(std::move(properties));
  }
  for (const auto& [name, value] : filled(answer, tool, asked, turn.meanings).values)
    properties[name] = JsonObject{{"const", value}};
  return object_schema(std::move(properties));
}

std::optional<std::string> tool_question(const Turn& turn) {
  if (turn.step + 1 >= turn.plan.size()) return std::nullopt;
  const std::string& next = turn.plan[turn.step + 1].call;
  const auto tool = std::ranges::find(turn.tools, next, &Offer::name);
  if (tool == turn.tools.end()) return std::nullopt;
  const auto arguments = arguments_of(tool->arguments_schema);
  const auto missing = filled(turn.context.goal(), *tool, arguments, turn.meanings).missing;
  if (missing.empty()) return std::nullopt;
  std::string what;
  for (const Argument& argument : only(arguments, missing)) {
    what += (what.empty() ? "" : "; ") + spoken(argument.name);
    // Another program's words, and shown as such.
    if (!argument.description.empty())
      what += daimon::format(" (\"{}\")", cut_utf8(one_line(argument.description), 60));
  }
  constexpr std::size_t kBytesMax = 300;
  return printable(
      daimon::format("the tool {} needs to know: {}", cut_utf8(spoken(next), 40), cut_utf8(what, kBytesMax)));
}

}  // namespace daimon::memory
