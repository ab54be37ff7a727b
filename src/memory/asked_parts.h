// Which parts of a goal say what is to be looked up: "gas in May" and "gas in June" of "how much more was gas in May
// than in June, put it in diff.txt".
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace daimon::memory {

// A longer goal has none.
inline constexpr std::size_t kPartedGoalBytesMax = 1200;

// As many parts as things are looked up (`count`), in the goal's order, without what is to be done with them and
// without `files`, the names of files in it. One that only names another time, or somebody else, is given the rest of
// the first. Empty where the words do not tell that many parts.
std::vector<std::string> asked_parts(std::string_view goal, std::size_t count, std::span<const std::string> files);

}  // namespace daimon::memory
