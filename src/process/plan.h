// The bookkeeping of a plan, which belongs to the host and not to the model.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "memory/context.h"
#include "memory/prompt_profile.h"

namespace daimon::process {

enum class StepState : std::uint8_t { kOpen, kActive, kDone, kFailed, kSkipped };
std::string_view name_of(StepState state) noexcept;

struct Step {
  memory::PlanStep step;
  StepState state = StepState::kOpen;
};

// What an approved plan allows without another question: at most so many new files, each once, of those named here.
struct PlanCover {
  std::vector<std::string> files;
  std::size_t writes = 0;
};
// A step names a call and not what it is done to, so a plan alone can allow nothing. What can be shown with it and is
// not of the model's choosing is a file that the person's own goal names. Nothing is lost by a new one: what is `there`
// is left out, and hidden files and folders are, which other programs act on.
PlanCover cover_of(std::span<const Step> plan, std::string_view goal, std::span<const memory::FileEntry> there,
                   std::span<const std::string> folders);
// In words for who is to approve the plan.
std::string describe(const PlanCover& cover);

// Makes a plan that can be carried out of one a small model made: calls that are not offered go, an answer gets the
// search it needs, a plan that only looks gets the answer it was for, `none` stands alone. What a step is for and how
// it is checked are filled in where the model did not say.
std::vector<Step> mend_plan(std::vector<memory::PlanStep> plan, std::span<const std::string> offered);

}  // namespace daimon::process
