// What kind of thing answers a question, and where such things stand in a text: a question with "when" is answered by a
// date, one with "how much" by a sum. The host knows this better than a small model, which then only has to choose.
// Answer types as in Li and Roth, "Learning Question Classifiers" (2002), the few that can be told by their form.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace daimon::memory {

enum class AnswerType : std::uint8_t { kMoney, kNumber, kDate, kWeekday, kTime, kIdentifier, kPhone, kName };

// The types that would answer `goal`; none when its words do not tell.
std::vector<AnswerType> answer_types_of(std::string_view goal);

// Every piece of one line of text that is of one of the types, whole words, in order, each once; at most `most`.
std::vector<std::string> candidates_in(std::string_view line, const std::vector<AnswerType>& types, std::size_t most);

}  // namespace daimon::memory
