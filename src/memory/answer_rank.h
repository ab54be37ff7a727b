// Which of several pieces of text answers a goal best, by the words around it: what a small model cannot tell yet.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace daimon::memory {

// The words of a goal that say what is asked for, in lower case, each once; at most 24.
std::vector<std::string> telling_words(std::string_view goal);

// How well the lines of a passage fit the words, one number a line: the words in the line itself count in full, those
// in the line before it and elsewhere in the passage or its path less. Higher is better.
std::vector<double> line_scores(const std::vector<std::string>& words, std::string_view path,
                                const std::vector<std::string_view>& lines);

}  // namespace daimon::memory
