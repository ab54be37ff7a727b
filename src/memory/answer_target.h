// What a goal asks, without what it says about the file that the answer goes into.
#pragma once

#include <string>
#include <string_view>

namespace daimon::memory {

// "The rent" of "put the rent in a.txt", "who owns it" of "who owns it? Leave that in a.txt for me", where `target` is
// a.txt. The goal as it is where nothing else would be left.
std::string without_target(std::string_view goal, const std::string& target);

}  // namespace daimon::memory
