// Which of some calls a goal is for, by their names, descriptions and arguments alone: tools that no model was trained
// on. Each is judged by how its words fit those of the goal (lexicon.h), by both as a whole (the cosine of their
// vectors), and by whether the goal says its arguments (tool_arguments.h). Weights: firmware/training/tools.py.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "embedding/static_embedding.h"
#include "memory/prompt_profile.h"

namespace daimon::memory {

inline constexpr std::size_t kToolFeatures = 24;
using ToolFeatures = std::array<float, kToolFeatures>;

std::vector<ToolFeatures> tool_features(std::string_view goal, std::span<const Offer> tools,
                                        const embedding::StaticEmbedding* meanings);
// Of each tool the logarithm of its odds against none of them.
std::vector<double> rank_tools(std::string_view goal, std::span<const Offer> tools,
                               const embedding::StaticEmbedding* meanings);

}  // namespace daimon::memory
