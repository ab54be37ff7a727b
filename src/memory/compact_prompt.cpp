// The profile `compact-2`: firmware/FORMAT.md, which this file and the training data both follow.
#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "memory/compact_schema.h"
#include "memory/prompt_profile.h"

namespace daimon::memory {
namespace {

using processor::Message;
using processor::Role;

// Of one result: the firmware was trained on prompts of this size.
constexpr std::size_t kResultBytesMax = 1600;

class CompactProfile final : public PromptProfile {
 public:
  [[nodiscard]] std::string_view name() const override { return "compact-2"; }
  [[nodiscard]] bool plan_decides() const override { return true; }

  [[nodiscard]] Prompt plan(const Context& context, std::span<const Offer> offers) const override {
    std::vector<std::string> names;
    for (const Offer& offer : offers) names.push_back(offer.name);
    Prompt prompt;
    prompt.messages = beginning(context, names);
    prompt.schema = compact_plan_schema(context, names);
    prompt.tokens_max = 64;
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
      if (!result.chosen.empty()) prompt.messages.push_back({Role::kAssistant, result.chosen});
      prompt.messages.push_back({Role::kTool, std::string(cut_utf8(render_result(visible), kResultBytesMax))});
    }
    std::vector<Json> withs;
    for (const Offer& offer : turn.offers) withs.push_back(compact_with_schema(turn, offer));
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
