// The words of some texts, each once, and how alike any two of them are: 1 where they are the same but for an ending,
// else the cosine of their vectors (embedding/static_embedding.h), never below 0. What the rankers of answers and of
// tools compare by.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "embedding/static_embedding.h"

namespace daimon::memory {

class Lexicon {
 public:
  struct Token {
    std::size_t word = 0;
    std::size_t begin = 0, end = 0;  // bytes of its text
  };

  // Without `meanings` only the same words are alike. It must outlive the lexicon.
  explicit Lexicon(const embedding::StaticEmbedding* meanings) : meanings_(meanings) {}

  // The words of a text: runs of letters and digits; at most `most`.
  std::vector<Token> tokens(std::string_view text, std::size_t most);
  // Those of a name as programs write them: "FindRestaurants", "check_in_date".
  std::vector<Token> tokens_of_name(std::string_view name, std::size_t most);

  [[nodiscard]] std::size_t size() const { return words_.size(); }
  [[nodiscard]] const std::string& word(std::size_t index) const { return words_[index]; }
  // How rare it is, 0 to 1; numbers and what has no vector count as rare.
  [[nodiscard]] float rarity(std::size_t index) const { return rarities_[index]; }
  [[nodiscard]] std::size_t width() const { return meanings_ != nullptr ? meanings_->width() : 0; }
  [[nodiscard]] float likeness(std::size_t a, std::size_t b) const;
  // The mean direction of words; of width() numbers.
  [[nodiscard]] std::vector<float> mean(const std::vector<std::size_t>& words) const;

 private:
  std::size_t index_of(std::string_view word);

  const embedding::StaticEmbedding* meanings_;
  std::vector<std::string> words_;              // in lower case
  std::vector<std::vector<float>> directions_;  // of length 1; empty for numbers and what has no vector
  std::vector<float> rarities_;
  std::unordered_map<std::string, std::size_t> indices_;
};

}  // namespace daimon::memory
