// What a model may answer under the profile `compact-3`, from what the goal and the results say.
//
// What a small model cannot be trusted with, the schema takes over: a plan has the shape of one, an answer is a span of
// the passage that it names, a sum is over a column of numbers, a row is chosen by a value that stands in the table and
// in the goal, and what is written stands in the goal or came out of a call.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "memory/prompt_profile.h"

namespace daimon::memory {

Json compact_plan_schema(const Context& context, std::span<const std::string> names);
Json compact_with_schema(const Turn& turn, const Offer& offer);

// What the passages of `search`, one of the context's results, are read for: the goal, or where the plan looks for
// several things or reckons with what it finds, the part that says so or the search's query.
std::string looked_for(const Turn& turn, const Result& search);

// How many of these results are of searches that went well.
std::size_t searches_done(std::span<const Result> results);

// The parts of the goal that this many searches look for (asked_parts.h); empty where they cannot be told.
std::vector<std::string> parts_of_goal(const Context& context, std::size_t searches);

}  // namespace daimon::memory
