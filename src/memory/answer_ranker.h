// Which piece of the passages answers a question, or that none does: what the host says before a small model chooses.
//
// Pieces are cut out by their form (answer_type.h), out of "Field: value" lines and tables, by clauses and as
// sentences. How well each answers says the reader (reader.h).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embedding/static_embedding.h"
#include "memory/answer_type.h"
#include "memory/reader.h"

namespace daimon::memory {

struct RankedAnswer {
  int passage = 0;                      // its number; 0: none of them answers
  std::string text = {};                // stands in the passage, within one line
  std::optional<AnswerType> type = {};  // by its form
  bool plain = false;                   // it answers as far as words tell (plainly_answers)
  ReadPiece read = {};                  // not of "none"
  double probability = 0;               // of all candidates together 1
};

// The question with its misspelt words as they stand in the sources or are probably meant (embedding/spelling.h).
std::string as_meant(std::string_view question, std::span<const AnswerSource> sources,
                     const embedding::StaticEmbedding* meanings);
// Every candidate but "none" to such a question; at most 192, or 64 for each source.
std::vector<RankedAnswer> answer_candidates(std::string_view question, std::span<const AnswerSource> sources,
                                            const embedding::StaticEmbedding* meanings);
// Those to a question, once it is as it is meant, and "none" with their probabilities, the most probable first. Without
// `meanings` only the words themselves count.
std::vector<RankedAnswer> rank_answers(std::string_view question, std::span<const AnswerSource> sources,
                                       const embedding::StaticEmbedding* meanings);
// The sources' places, those first that have the best piece for the question; behind them, in their order, those
// without any.
std::vector<std::size_t> order_by_reading(std::string_view question, std::span<const AnswerSource> sources,
                                          const embedding::StaticEmbedding* meanings);

}  // namespace daimon::memory
