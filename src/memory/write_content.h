// What a goal wants written into a file, read off the goal by the host: a small model only has to choose.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace daimon::memory {

// What stands between quotation marks and is no file's name; where that is not all that is said, also the pieces of the
// goal between the names of these files, without the words before and after them that only say what is to be done
// ("write ... into", "make ... say", "... instead"): each of those may still belong to it, so there are several for
// each piece, at most 64 in all. Empty where the goal is nothing but such words, or longer than anybody types.
std::vector<std::string> contents_in(std::string_view goal, std::span<const std::string> files);

}  // namespace daimon::memory
