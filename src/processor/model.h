// A model file that libllama has loaded: weights, vocabulary, and what its metadata says.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "constraint/vocabulary.h"
#include "processor/mapping_guard.h"
#include "processor/model_files.h"

struct llama_model;
struct llama_vocab;

namespace daimon::processor {

using constraint::Token;

struct ModelOptions {
  ModelFiles files;
  int gpu_layers = -1;  // -1: all, where there is a GPU
  bool mapped = false;  // left in the file, and read from there while it runs
};

// Immutable once loaded; any thread.
class Model {
 public:
  // The file must have passed check_gguf and check_model_in_child. kUnsupported when libllama refuses it, with its
  // words; kUnavailable when somebody wrote to it meanwhile.
  static Result<std::unique_ptr<Model>> load(const ModelOptions& options);
  ~Model();
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  // Whether what it computes is not what was loaded any more. Of a model in memory: never.
  [[nodiscard]] bool is_spoilt() const { return mapped_ && files_.changed(); }
  // Whether another model lies where this one was loaded from.
  [[nodiscard]] bool is_outdated() const { return files_.changed(); }

  [[nodiscard]] llama_model* handle() const { return model_; }
  [[nodiscard]] const llama_vocab* vocab() const { return vocab_; }
  [[nodiscard]] int vocabulary_size() const { return vocabulary_size_; }
  [[nodiscard]] bool is_end(Token token) const;
  // With `parse_special` the markers of control tokens in `text` become these tokens; never do so with text from
  // outside.
  [[nodiscard]] std::vector<Token> tokenize(std::string_view text, bool parse_special, bool add_special = false) const;
  [[nodiscard]] const std::string& bytes_of(Token token) const { return bytes_[static_cast<std::size_t>(token)]; }
  // The token whose marker is exactly `text`, such as <|end|>.
  [[nodiscard]] std::optional<Token> marker(std::string_view text) const;
  // Texts of all control tokens and other markers, which text from outside must not be taken for.
  [[nodiscard]] const std::vector<std::string>& marker_texts() const { return marker_texts_; }
  [[nodiscard]] std::shared_ptr<const constraint::Vocabulary> vocabulary() const { return vocabulary_; }

  [[nodiscard]] std::string meta(const char* key) const;  // "" when missing
  [[nodiscard]] std::string chat_template() const;        // "" when missing
  [[nodiscard]] std::string description() const;
  // Whether a sequence can be cut or copied at any position: not with recurrent states.
  [[nodiscard]] bool can_share_prefixes() const { return can_share_; }
  // Of the KV cache, for one token in f16 (an estimate for models whose layers differ).
  [[nodiscard]] std::uint64_t kv_bytes_per_token() const;

 private:
  Model(llama_model* model, const ModelOptions& options);

  llama_model* model_;
  ModelFiles files_;
  bool mapped_ = false;
  std::unique_ptr<MappingGuard> guard_;
  const llama_vocab* vocab_;
  int vocabulary_size_ = 0;
  bool can_share_ = true;
  std::vector<std::string> bytes_;
  std::vector<std::string> marker_texts_;
  std::shared_ptr<const constraint::Vocabulary> vocabulary_;  // shared with the grammars in use
};

}  // namespace daimon::processor
