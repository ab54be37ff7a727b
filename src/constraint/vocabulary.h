// The vocabulary of a model as byte strings, arranged as tries, so that a mask is made in one walk.
//
// JSON as the grammars write it holds no control characters, so tokens with one are in no trie.
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

// One bit a token, lowest bit first; bit i set: token i may come next.
using TokenMask = std::vector<std::uint32_t>;
inline void allow(TokenMask& mask, Token token) {
  mask[static_cast<std::size_t>(token) / 32] |= 1U << (static_cast<std::uint32_t>(token) % 32);
}

// Immutable; any thread; shared by all grammars of a model.
class Vocabulary {
 public:
  // A node of the trie. Nodes stand in depth-first order, so a subtree is the range (index, end).
  struct Node {
    std::uint8_t byte = 0;
    std::uint8_t depth = 0;          // 1 for the first byte of a token; tokens beyond 255 bytes are left out
    std::uint32_t end = 0;           // index after the last node below
    std::uint32_t tokens_begin = 0;  // range in Trie::tokens: those that end here
    std::uint32_t tokens_end = 0;
  };
  struct Trie {
    std::vector<Node> nodes;
    std::vector<Token> tokens;
    std::size_t longest = 0;  // bytes of a token
  };

  // bytes[i] is what token i adds to the text; empty for control tokens, which are never allowed but for the end
  // tokens.
  static Result<std::shared_ptr<const Vocabulary>> create(std::vector<std::string> bytes,
                                                          std::vector<Token> end_tokens);

  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] std::string_view bytes(Token token) const { return bytes_[static_cast<std::size_t>(token)]; }
  [[nodiscard]] std::span<const Token> end_tokens() const { return end_tokens_; }
  [[nodiscard]] bool is_end(Token token) const;
  [[nodiscard]] const Trie& all() const { return all_; }
  // Of the tokens that are not plain text: with a quotation mark, a backslash, or not valid UTF-8 by themselves.
  [[nodiscard]] const Trie& marked() const { return marked_; }
  // The tokens of plain text of at most this many characters (code points); `characters` at most text_longest().
  [[nodiscard]] const TokenMask& text_up_to(std::size_t characters) const {
    return text_masks_[text_mask_[characters]];
  }
  [[nodiscard]] std::size_t text_longest() const { return text_mask_.size() - 1; }
  // Whether some token is longer than `text` and starts with it.
  [[nodiscard]] bool extends(std::string_view text) const;

 private:
  std::vector<std::string> bytes_;
  std::vector<Token> end_tokens_;
  Trie all_, marked_;
  std::vector<TokenMask> text_masks_;   // those that differ
  std::vector<std::size_t> text_mask_;  // by characters, from 0
};

}  // namespace daimon::constraint
