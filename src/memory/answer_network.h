// The part of the ranker's score that is not a sum of hashed weights: a small network over the evidence for a piece
// (answer_evidence.h), and what the question's meaning says of the kind of thing that answers it.
//
//   piece:  w2 . relu(W1 relu(W0 [evidence, kind] + b0) + b1) + A[kind] . asked + B[kind] . opening
//   none:   v1 . relu(V0 [most evidence of any piece, log-sum of the pieces' scores, the best, its lead] + c0) + c1
//           + A[none] . asked + B[none] . opening
//
// Learned with the hashed weights by firmware/training/ranker.py.
#pragma once

#include <cstddef>
#include <span>

#include "memory/answer_evidence.h"

namespace daimon::memory {

inline constexpr std::size_t kNetworkKinds = 13;
inline constexpr std::size_t kNetworkInput = kEvidenceWidth + kNetworkKinds;
inline constexpr std::size_t kNetworkHidden = 32;
inline constexpr std::size_t kNetworkSecond = 16;
inline constexpr std::size_t kNetworkNoneInput = kEvidenceWidth + 3;
inline constexpr std::size_t kNetworkMeaning = 100;  // numbers of a direction
inline constexpr std::size_t kNetworkSize =
    kNetworkHidden * (kNetworkInput + 1) + kNetworkSecond * (kNetworkHidden + 1) + kNetworkSecond +
    kNetworkSecond * (kNetworkNoneInput + 1) + kNetworkSecond + 1 + 2 * kNetworkKinds * kNetworkMeaning;

// `asked` and `opening` count if they have kNetworkMeaning numbers.
double piece_score(const Evidence& evidence, std::size_t kind);
double kind_score(std::size_t kind, std::span<const float> asked, std::span<const float> opening);
// `scores`: of all pieces, at least one.
double none_score(const Evidence& most, std::span<const double> scores);

}  // namespace daimon::memory
