// The bookkeeping of a plan, which belongs to the host and not to the model.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "memory/prompt_profile.h"

namespace daimon::process {

enum class StepState : std::uint8_t { kOpen, kActive, kDone, kFailed, kSkipped };
std::string_view name_of(StepState state) noexcept;

struct Step {
  memory::PlanStep step;
  StepState state = StepState::kOpen;
};

// Makes a plan that can be carried out of one a small model made: calls that are not offered go, an answer gets the
// search it needs, a plan that only looks gets the answer it was for, `none` stands alone. What a step is for and how
// it is checked are filled in where the model did not say.
std::vector<Step> mend_plan(std::vector<memory::PlanStep> plan, std::span<const std::string> offered);

}  // namespace daimon::process
