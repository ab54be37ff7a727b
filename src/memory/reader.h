// Reads a question beside some texts and says of every piece of them how well it answers: a small network over words,
// which sees where the words of the question have their like, what stands around a piece, and evidence that is reckoned
// without it. The same network serves three times, each with weights of its own: a question and the passages that a
// search found (answer_ranker.h), what an argument is called and the goal that may say it (tool_arguments.h), a goal
// and what tools say of themselves (tool_rank.h).
//
//   token:  its vector (of the built-in embedding only), its shape, whether it tells anything, whether it is of the
//           path -> 96, and what the text encoder says of it (text_encoder.h), which the choice of tools does without;
//           beside it what the question says about it (attention by likeness, as in Seo et al., "Bidirectional
//           attention flow", 2017) and how near its words are (Chen et al., DrQA, 2017)
//   then twice: a convolution over five tokens, attention of four heads, which look less far from head to head (ALiBi,
//           Press et al. 2022), a layer of 192 (as in Yu et al., QANet, 2018)
//   piece:  its first, last, mean and the token before (and of the same what the encoder says), with its kind and
//           evidence -> 64 -> 32 -> 1; and what the question says of its kind
//   none:   the most of each of the 64 and of the evidence, the question, the scores of the pieces -> 48 -> 1
//
// 262,000 weights of 16 bits each, and 180,000 for what is taken of the encoder, learned by firmware/training/reader.py
// and tools.py (docs/decisions/0007-firmware.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "memory/answer_evidence.h"
#include "memory/network_layer.h"
#include "memory/reading.h"

namespace daimon::memory {

enum class ReaderFor : std::uint8_t { kAnswers, kArguments, kTools };

inline constexpr std::size_t kPieceKinds = 12;

struct ReadPiece {
  std::size_t source = 0;           // of the reading's passages, from 0
  std::size_t begin = 0, size = 0;  // bytes of its text; without size it stands nowhere
  std::size_t kind = 0;             // below kPieceKinds
  Evidence evidence{};              // 0 where there is less
};

struct ReadScores {
  std::vector<double> pieces;  // logarithms, up to what they share
  double none = 0;
};

// What the encoder says of each passage of a reading, empty until it is asked for; the same for both uses that see it.
using EncodedPassages = std::vector<Rows>;

// Thread-safe; on one machine the same each time (network_layer.h). `encoded` is filled, for further questions about
// the same passages.
ReadScores read_pieces(ReaderFor use, const Reading& reading, std::span<const ReadPiece> pieces,
                       EncodedPassages* encoded = nullptr);

}  // namespace daimon::memory
