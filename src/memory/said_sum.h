// Sums of numbers of the goal whose whole shape its words tell: "39 at £74 each plus 5,865 delivery".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace daimon::memory {

// The expression for a goal (without names of files) that says two or three numbers and, by a turn that has one
// meaning, what is done with them; none where it has no such turn. Which of two numbers is divided or taken off is a
// matter of words ("how often does 3 go into 148"), not of their order or size, and a price each is multiplied before
// anything is added.
std::optional<std::string> said_sum(std::string_view goal);

}  // namespace daimon::memory
