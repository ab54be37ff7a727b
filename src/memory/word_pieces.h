// Words cut into the pieces of a vocabulary, the likeliest cut of all (unigram model: Kudo, "Subword regularization",
// 2018, section 3.2, found as Viterbi finds a way). A word begins with U+2581, as SentencePiece marks it.
#pragma once

#include <cstddef>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace daimon::memory {

class WordPieces {
 public:
  // A line for each piece, by number from `first` on: its logarithm of probability, a tab, the piece. `text` must
  // outlive this.
  WordPieces(std::string_view text, std::size_t first);

  // The numbers of a word's pieces; 0 for a character that no piece has.
  [[nodiscard]] std::vector<std::size_t> split(std::string_view word) const;

 private:
  struct Piece {
    std::size_t number = 0;
    double score = 0;
  };
  std::unordered_map<std::string_view, Piece> pieces_;
  std::size_t longest_ = 0;  // bytes
  double least_ = 0;         // of a character that no piece has
};

}  // namespace daimon::memory
