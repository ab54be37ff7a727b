// Static embeddings: the meaning of a text as the mean of a vector for each of its word pieces, so that what says the
// same in other words is found, at the cost of a table look-up. The form is Model2Vec's (Tulkens and van Dongen, 2024):
// tokenizer.json with BERT's word pieces, model.safetensors with one row a piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace daimon::embedding {

// The words of a text as BERT's uncased tokenizer has them: lower case, without accents, signs by themselves.
std::vector<std::string> words_of(std::string_view text);

// Whether a character belongs to a word rather than parting two: letters and digits, but no currency sign or dash.
bool is_of_word(char32_t c);

// Immutable; any thread.
class StaticEmbedding {
 public:
  // kNotFound without the two files, kCorrupt or kUnsupported with what is wrong with one.
  static Result<StaticEmbedding> load(const std::filesystem::path& folder);
  // Of the contents of tokenizer.json and model.safetensors.
  static Result<StaticEmbedding> parse(std::string_view tokenizer, std::string_view tensors);

  [[nodiscard]] std::size_t width() const { return width_; }
  // A hash of the files: vectors of another model are no use to this one.
  [[nodiscard]] const std::string& id() const { return id_; }
  // Rows of the table, the longest piece first at each place; a word that the pieces cannot spell has none.
  [[nodiscard]] std::vector<std::uint32_t> pieces(std::string_view text) const;
  // The mean of the first 512 pieces, scaled to bytes so that its largest number is 127; all zero when there are no
  // pieces. Only the angle between two of them means anything.
  [[nodiscard]] std::vector<std::int8_t> embed(std::string_view text) const;
  // The same mean as a vector of length 1; empty when there are no pieces or they mean nothing.
  [[nodiscard]] std::vector<float> direction(std::string_view text) const;
  // Whether a word, in lower case, is a piece of its own.
  [[nodiscard]] bool knows(std::string_view word) const { return rows_.contains(std::string(word)); }
  // How much a word weighs in such a mean, which is how rare it is, against the heaviest of all words: 0 to 1.
  [[nodiscard]] float weight(std::string_view word) const;

 private:
  StaticEmbedding() = default;
  [[nodiscard]] std::vector<float> sum(std::span<const std::uint32_t> rows) const;
  std::unordered_map<std::string, std::uint32_t> rows_;
  std::vector<float> table_;
  float heaviest_ = 0;  // the length of the longest row
  std::size_t width_ = 0;
  std::string id_;
};

// Where the built-in one is: $DAIMON_EMBEDDING, beside the program, or where it was built. kNotFound with what to do.
Result<std::filesystem::path> builtin_embedding();

// A vector as bytes, scaled so that its largest number is 127.
std::vector<std::int8_t> as_bytes(std::span<const float> vector);

// The cosine of two vectors of the same width; 0 when one is all zero.
double cosine(const std::int8_t* a, const std::int8_t* b, std::size_t width);

}  // namespace daimon::embedding
