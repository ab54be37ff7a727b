#include "process/plan.h"

#include <algorithm>
#include <array>
#include <utility>

namespace daimon::process {
namespace {

struct Wording {
  std::string_view call, text, check;
};
constexpr std::array<Wording, 10> kWordings = {{
    {"search", "find the passages that matter", "at least one passage was found"},
    {"answer", "answer from the passages", "the quotation stands in the document, byte for byte"},
    {"read", "read the file", "the file gave text"},
    {"list", "look at what is there", "the folder could be listed"},
    {"table", "work on the table, exactly", "the table gave a result"},
    {"calculate", "calculate, exactly", "the calculator gave a result"},
    {"write", "write the file", "the change was shown, and applied where allowed"},
    {"ask", "ask the person", "the person answered"},
    {"python", "run a program in the sandbox", "the program ended without an error"},
    {"none", "say that nothing here fits", "nothing was changed"},
}};

bool makes_passages(std::string_view call) { return call == "search"; }

void add_wording(memory::PlanStep& step) {
  const auto* known = std::ranges::find(kWordings, std::string_view(step.call), &Wording::call);
  if (step.text.empty()) step.text = known != kWordings.end() ? known->text : "call " + step.call;
  if (step.check.empty()) step.check = known != kWordings.end() ? known->check : "the call succeeded";
}

}  // namespace

std::string_view name_of(StepState state) noexcept {
  constexpr std::array<std::string_view, 5> kNames = {"open", "active", "done", "failed", "skipped"};
  return kNames[static_cast<std::size_t>(state)];
}

std::vector<Step> mend_plan(std::vector<memory::PlanStep> plan, std::span<const std::string> offered) {
  const auto is_offered = [&](std::string_view call) { return std::ranges::find(offered, call) != offered.end(); };
  std::erase_if(plan, [&](const memory::PlanStep& step) { return !is_offered(step.call); });
  if (plan.size() > 1) {
    // A refusal that stands first is meant; elsewhere it is a slip.
    if (plan.front().call == "none") plan.resize(1);
    std::erase_if(plan, [&](const memory::PlanStep& step) { return step.call == "none" && plan.size() > 1; });
  }
  std::vector<memory::PlanStep> mended;
  bool looked = false;
  for (memory::PlanStep& step : plan) {
    if (step.call == "answer") {
      if (!mended.empty() && mended.back().call == "answer") continue;
      if (!looked && is_offered("search")) mended.push_back({"search", {}, {}});
      looked = true;
    }
    looked = looked || makes_passages(step.call);
    mended.push_back(std::move(step));
  }
  // Reading is for the person to see, but a search alone answers nothing.
  if (!mended.empty() && mended.back().call == "search" && is_offered("answer")) mended.push_back({"answer", {}, {}});
  if (mended.empty()) mended.push_back({"none", {}, {}});
  std::vector<Step> steps;
  for (memory::PlanStep& step : mended) {
    add_wording(step);
    steps.push_back({std::move(step), StepState::kOpen});
  }
  return steps;
}

}  // namespace daimon::process
