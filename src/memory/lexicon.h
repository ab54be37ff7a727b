// The words of some texts, each once, and how alike any two of them are: 1 where they are the same but for an ending,
// else the cosine of their vectors (embedding/static_embedding.h), never below 0. What the reader and its evidence
// compare by.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "embedding/static_embedding.h"

namespace daimon::memory {

inline constexpr std::size_t kWordBytesMax = 40;  // what is longer is cut

// A name as programs write it, in words: "FindRestaurants", "check_in_date".
std::string spaced_name(std::string_view name);

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
  // Those of a name as programs write it.
  std::vector<Token> tokens_of_name(std::string_view name, std::size_t most);

  // The index of a word, which becomes one of the lexicon.
  std::size_t index_of(std::string_view word);

  [[nodiscard]] std::size_t size() const { return words_.size(); }
  [[nodiscard]] const std::string& word(std::size_t index) const { return words_[index]; }
  // Its vector, of length 1; empty for numbers and what has none.
  [[nodiscard]] const std::vector<float>& direction(std::size_t index) const { return directions_[index]; }
  // How rare it is, 0 to 1; numbers and what has no vector count as rare.
  [[nodiscard]] float rarity(std::size_t index) const { return rarities_[index]; }
  // Of the embedding; empty without.
  [[nodiscard]] std::string_view embedding_id() const {
    return meanings_ != nullptr ? std::string_view(meanings_->id()) : std::string_view();
  }
  [[nodiscard]] std::size_t width() const { return meanings_ != nullptr ? meanings_->width() : 0; }
  [[nodiscard]] float likeness(std::size_t a, std::size_t b) const;
  // The mean direction of words; of width() numbers.
  [[nodiscard]] std::vector<float> mean(const std::vector<std::size_t>& words) const;

 private:
  const embedding::StaticEmbedding* meanings_;
  std::vector<std::string> words_;  // in lower case
  std::vector<std::vector<float>> directions_;
  std::vector<float> rarities_;
  std::unordered_map<std::string, std::size_t> indices_;
};

}  // namespace daimon::memory
