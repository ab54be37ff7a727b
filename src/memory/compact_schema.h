// What a model may answer under the profile `compact-3`, from what the goal and the results say.
//
// What a small model cannot be trusted with, the schema takes over: a plan has the shape of one, an answer is a span of
// the passage that it names, a sum is over a column of numbers, a row is chosen by a value that stands in the table and
// in the goal, and what is written stands in the goal or came out of a call.
#pragma once

#include <span>
#include <string>

#include "base/json.h"
#include "memory/prompt_profile.h"

namespace daimon::memory {

Json compact_plan_schema(const Context& context, std::span<const std::string> names);
Json compact_with_schema(const Turn& turn, const Offer& offer);

// What the passages of `search` are read for: the goal, or where the plan looks for several things, the search's query.
std::string looked_for(const Turn& turn, const Result& search);

// Of one search as many passages as leave room for those of the plan's other searches: what is shown never changes
// later, so that each prompt begins with the one before it.
std::size_t passages_shown_each(std::span<const PlanStep> plan);

}  // namespace daimon::memory
