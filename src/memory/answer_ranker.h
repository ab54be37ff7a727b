// Which piece of the passages answers a question, or that none does: what the host says before a small model chooses.
//
// Pieces are cut out by their form (answer_type.h), out of "Field: value" lines and tables, by clauses and as
// sentences. A log-linear model over them and over "none" (a maximum-entropy ranker: Ravichandran et al., "Statistical
// QA", 2003) looks at the words of the question with the kind of the piece, with the words around it, and at how many
// of them stand in its line and its passage. Its features are hashed (Weinberger et al., 2009) into one table of
// weights that firmware/training/ranker.py learns from the same text as the firmware, and answer_weights.cpp holds.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embedding/static_embedding.h"
#include "memory/answer_evidence.h"
#include "memory/answer_type.h"

namespace daimon::memory {

struct RankedAnswer {
  int passage = 0;                 // its number; 0: none of them answers
  std::string text;                // stands in the passage, within one line
  std::optional<AnswerType> type;  // by its form
  bool plain = false;              // it answers as far as words tell (plainly_answers)
  int kind = 0;                    // of kNetworkKinds, "none" the last
  std::vector<std::uint32_t> features;
  Evidence evidence{};
  double probability = 0;  // of all candidates together 1
};

inline constexpr std::size_t kAnswerWeights = 1 << 17;

// Every candidate with its features, "none" last; at most some hundred.
std::vector<RankedAnswer> answer_candidates(std::string_view question, std::span<const AnswerSource> sources,
                                            const AnswerEvidence& evidence);
// The same with their probabilities, the most probable first. Without `meanings` only the words themselves count.
std::vector<RankedAnswer> rank_answers(std::string_view question, std::span<const AnswerSource> sources,
                                       const embedding::StaticEmbedding* meanings);

}  // namespace daimon::memory
