// The weights of answer_ranker.h and answer_network.h, which the build makes of firmware/answer_weights.bin.
#pragma once

#include <array>
#include <cstdint>

#include "memory/answer_network.h"
#include "memory/answer_ranker.h"

namespace daimon::memory {

extern const std::array<std::int8_t, kAnswerWeights> kAnswerWeightTable;
extern const double kAnswerWeightScale;
extern const std::array<float, kNetworkSize> kAnswerNetworkTable;

}  // namespace daimon::memory
