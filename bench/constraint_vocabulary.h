// Vocabularies for the benchmark of constrained decoding: made ones of a given size, as GGUF files without weights.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "constraint/vocabulary.h"

struct llama_model;
struct llama_vocab;

namespace daimon::bench {

// Texts of tokens with the mix of a trained vocabulary: bytes, runs of signs (JSON's among them), numbers, words with
// and without a space before them and a capital, scripts beyond ASCII. The same on every machine.
std::vector<std::string> made_tokens(std::size_t count);
// A GGUF file that holds `tokens` (a SentencePiece vocabulary: bytes as byte tokens) and nothing else.
void write_vocabulary(const std::filesystem::path& path, const std::vector<std::string>& tokens);

// A vocabulary as both sides see it: libllama's, and ours made of libllama's pieces.
class Words {
 public:
  explicit Words(const std::filesystem::path& path);  // reads only the vocabulary; ends the program when it cannot
  ~Words();
  Words(const Words&) = delete;
  Words& operator=(const Words&) = delete;

  [[nodiscard]] const llama_vocab* theirs() const;
  [[nodiscard]] const std::shared_ptr<const constraint::Vocabulary>& ours() const { return ours_; }
  // The longest token at each place.
  [[nodiscard]] std::vector<constraint::Token> tokenize(std::string_view text) const;

 private:
  llama_model* model_ = nullptr;
  std::map<std::string_view, constraint::Token> known_;
  std::size_t longest_ = 0;
  std::shared_ptr<const constraint::Vocabulary> ours_;  // shared with the matchers
};

}  // namespace daimon::bench
