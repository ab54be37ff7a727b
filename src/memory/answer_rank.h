// Which of several pieces of text answers a goal best, by the words around it: what a small model cannot tell yet.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace daimon::memory {

// Whether a word, in lower case, says nothing about what a text is about: "the", "which", "please".
bool is_silent(std::string_view word);

// The same word, or one that only ends otherwise: "bill" and "bills", "come" and "comes".
bool same_but_for_ending(std::string_view a, std::string_view b);

// The words of a goal that say what is asked for, in lower case, each once; at most 24.
std::vector<std::string> telling_words(std::string_view goal);

// The sentences of a passage, in order, each within one line of it: lines of a window need not be neighbours in their
// document, and what is quoted must stand there. An end is a full stop before a blank, but not that of "15. April" or
// "P. Oakes".
std::vector<std::string_view> sentences_of(std::string_view passage);

// Whether a piece of a line plainly answers: its passage holds most of what `goal` asks about, and its own sentence
// every name that the goal has (a capitalised word after the first), so that one person's date is not another's.
bool plainly_answers(std::string_view goal, std::string_view path, std::string_view passage, std::string_view line,
                     std::string_view piece);

}  // namespace daimon::memory
