// The weights of tool_rank.h and tool_arguments.h, which the build makes of firmware/tool_weights.bin.
#pragma once

#include <array>
#include <cstddef>

#include "memory/tool_arguments.h"
#include "memory/tool_rank.h"

namespace daimon::memory {

inline constexpr std::size_t kToolMeaning = 100;  // numbers of a direction
inline constexpr std::size_t kToolHidden = 16;
inline constexpr std::size_t kArgumentHidden = 24;
// A hidden layer, what its numbers weigh, and a bias.
inline constexpr std::size_t kToolWeights = kToolHidden * (kToolFeatures + 1) + kToolHidden + 1;
// The same without a bias, then what the argument's meaning says of each form of a piece, of each kind of word before
// it, and of none.
inline constexpr std::size_t kArgumentWeights =
    kArgumentHidden * (kArgumentFeatures + 1) + kArgumentHidden + (kPieceForms + kPiecesBefore + 1) * kToolMeaning;

extern const std::array<float, kToolWeights> kToolWeightTable;
extern const std::array<float, kArgumentWeights> kArgumentWeightTable;

}  // namespace daimon::memory
