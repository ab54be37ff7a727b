// The arguments of a call that no model was trained on, read off a goal: which of its words say which argument.
//
// Pieces of the goal are candidates by their form: numbers for a number, the values themselves for an enumeration, runs
// of words for a string. The reader (reader.h) takes the argument's name and description for a question to which the
// goal has the answer, and how the words in a piece and around it fit them (lexicon.h) for its evidence. A slot filler
// without the tool's own training, as in Bapna et al., "Towards Zero-Shot Frame Semantic Parsing" (2017). The weights
// are learned by firmware/training/tools.py.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "embedding/static_embedding.h"
#include "memory/prompt_profile.h"
#include "memory/reader.h"

namespace daimon::memory {

enum class ArgumentForm : std::uint8_t { kString, kNumber, kInteger, kBoolean, kEnumeration };

// One member of a call's arguments, as its schema says.
struct Argument {
  std::string name, description;
  ArgumentForm form = ArgumentForm::kString;
  std::vector<std::string> values;  // of an enumeration of strings
  bool required = false;
};
// Those that can be read off a goal: of a schema of an object, its members that are strings, numbers, booleans or
// enumerations of strings.
std::vector<Argument> arguments_of(const Json& schema);
// Whether all that is required is among them. A call with a required list or object is not for who only reads goals.
bool can_be_filled(const Json& schema, const std::vector<Argument>& arguments);
// More than this of a goal is not read: its bytes, its words.
inline constexpr std::size_t kReadGoalBytesMax = 2000;
inline constexpr std::size_t kReadGoalWordsMax = 160;
inline constexpr std::size_t kGoalTokensMax = 400;  // these words, the marks between them and the tool's name

// One way to say an argument.
struct ArgumentWay {
  Json value;
  std::size_t begin = 0,
              end = 0;  // where in the goal it stands that no other argument may; both 0 where it is not bound
  ReadPiece read = {};
  double score = 0;
};
struct ArgumentWays {
  std::vector<ArgumentWay> ways;
  double none = 0;  // the score of not being said
};

// What an argument is asked for by.
std::string argument_question(const Argument& argument);
// What the reader reads the goal as.
AnswerSource goal_source(std::string_view goal, const Offer& tool);
// All ways for each argument, with their scores.
std::vector<ArgumentWays> argument_ways(std::string_view goal, const Offer& tool,
                                        const std::vector<Argument>& arguments,
                                        const embedding::StaticEmbedding* meanings);

struct FilledArguments {
  JsonObject values;
  std::vector<std::string> missing;  // required, and the goal does not say them
};
// The likeliest for each, no two of the same words of the goal (values of an enumeration apart: one word may say two).
// Of what is required and hardly said nothing is taken. `ways` of argument_ways.
FilledArguments fill_arguments(const std::vector<Argument>& arguments, const std::vector<ArgumentWays>& ways);

}  // namespace daimon::memory
