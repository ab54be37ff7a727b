// The vocabulary of a model as byte strings, arranged as a trie, so that a mask is made in one walk.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace daimon::constraint {

using Token = std::int32_t;

// Immutable; any thread; shared by all grammars of a model.
class Vocabulary {
 public:
  // A node of the trie. Nodes stand in depth-first order, so a subtree is the range (index, end).
  struct Node {
    std::uint8_t byte = 0;
    std::uint8_t depth = 0;          // 1 for the first byte of a token; tokens beyond 255 bytes are left out
    std::uint32_t end = 0;           // index after the last node below
    std::uint32_t tokens_begin = 0;  // range in tokens(): those that end here
    std::uint32_t tokens_end = 0;
  };

  // bytes[i] is what token i adds to the text; empty for control tokens, which are never allowed but for the end
  // tokens.
  static Result<std::shared_ptr<const Vocabulary>> create(std::vector<std::string> bytes,
                                                          std::vector<Token> end_tokens);

  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] std::string_view bytes(Token token) const { return bytes_[static_cast<std::size_t>(token)]; }
  [[nodiscard]] std::span<const Token> end_tokens() const { return end_tokens_; }
  [[nodiscard]] bool is_end(Token token) const;
  [[nodiscard]] std::span<const Node> nodes() const { return nodes_; }
  [[nodiscard]] std::span<const Token> tokens() const { return tokens_; }
  // Whether some token is longer than `text` and starts with it.
  [[nodiscard]] bool extends(std::string_view text) const;

 private:
  std::vector<std::string> bytes_;
  std::vector<Token> end_tokens_;
  std::vector<Node> nodes_;
  std::vector<Token> tokens_;
};

}  // namespace daimon::constraint
