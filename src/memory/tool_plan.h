// Calls that the firmware was not trained on: the host chooses among them (tool_rank.h) and reads their arguments off
// the goal (tool_arguments.h), so that a tool that came with another program works with the built-in model too. For a
// model that reads descriptions by itself nothing of this is needed.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "memory/prompt_profile.h"

namespace daimon::memory {

// The calls that the firmware knows by itself, in its order (firmware/FORMAT.md).
inline constexpr std::array<std::string_view, 9> kFirmwareCalls = {"search",    "answer", "read", "list", "table",
                                                                   "calculate", "write",  "ask",  "none"};
bool is_known_to_firmware(std::string_view call);

// The plan for a goal that one of the offered tools is for, and none when none is: that tool, after a question to the
// person where the goal does not say all that it needs.
std::optional<std::vector<std::string>> tool_plan(const Context& context, std::span<const Offer> offers,
                                                  const embedding::StaticEmbedding* meanings);

// Whether what the person answered says that there is none: "never mind".
bool is_no_answer(std::string_view answer);

// What such a tool is called with, by the goal and by what the person answered.
Json tool_with_schema(const Turn& turn, const Offer& tool);

// What is asked before a planned call of such a tool: for what the goal does not say. None where no such call is next.
std::optional<std::string> tool_question(const Turn& turn);

}  // namespace daimon::memory
