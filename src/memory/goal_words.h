// Words of a goal, and which of them only say that something is to be done.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace daimon::memory {

using WordSet = std::set<std::string, std::less<>>;
using Words = std::vector<std::string_view>;  // of a goal that outlives them, with the punctuation at their ends

Words words_in(std::string_view goal);
// With blanks between them, without the punctuation at the end.
std::string joined(const Words& words);
// A word in lower case, without the punctuation around it. What follows takes such words.
std::string bare(std::string_view word);
// Whether it says what is to be done, or nothing, where it stands at the edge of what is asked: "please", "find",
// "the".
bool is_doing(std::string_view word);
// The same at the end only: "for five people", "in a new file".
bool is_doing_behind(std::string_view word);

}  // namespace daimon::memory
