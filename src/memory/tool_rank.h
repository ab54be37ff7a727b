// Which of some calls a goal is for, by their names, descriptions and arguments alone: tools that no model was trained
// on. The reader (reader.h) reads what each says of itself; its evidence is how the words fit those of the goal
// (lexicon.h), both as a whole (the cosine of their vectors), and whether the goal says the arguments
// (tool_arguments.h). Weights: firmware/training/tools.py.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embedding/static_embedding.h"
#include "memory/prompt_profile.h"
#include "memory/reader.h"

namespace daimon::memory {

// A goal beside what each tool says of itself, a piece a tool.
struct ToolReading {
  ToolReading(std::string_view goal, std::span<const Offer> tools, const embedding::StaticEmbedding* meanings);

  std::vector<std::string> texts;
  std::vector<ReadPiece> pieces;
  Reading reading;
};
// Of each tool the logarithm of its odds against none of them.
std::vector<double> rank_tools(std::string_view goal, std::span<const Offer> tools,
                               const embedding::StaticEmbedding* meanings);

}  // namespace daimon::memory
