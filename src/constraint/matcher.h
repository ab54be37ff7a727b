// Where one generation stands in its grammar.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "constraint/grammar.h"
#include "constraint/machine.h"
#include "constraint/vocabulary.h"

namespace daimon::constraint {

// One thread at a time. Copying is cheap: to try, and go back.
class Matcher {
 public:
  Matcher(std::shared_ptr<const Grammar> grammar, const std::shared_ptr<const Vocabulary>& vocabulary);

  // The tokens that may come next; end tokens exactly when the text so far is complete. Never all zero. kLimit when the
  // schema leaves more ways to a token than can be followed, or did in accept.
  [[nodiscard]] Result<std::shared_ptr<const TokenMask>> mask() const;
  // False, and nothing changes, when the token may not come next; false too when there were too many ways to it.
  bool accept(Token token);
  bool accept_bytes(std::string_view bytes);
  // The bytes that every continuation begins with; empty when there is a choice, or the text may end here.
  [[nodiscard]] std::string forced() const;
  [[nodiscard]] bool is_complete() const { return at_.complete; }
  // Complete, and nothing can follow.
  [[nodiscard]] bool must_end() const { return at_.complete && at_.threads.empty(); }
  // The error of a schema that left too many ways; nothing as long as it has not.
  [[nodiscard]] Status status() const;

 private:
  std::shared_ptr<const Grammar> grammar_;  // outlives the machine
  std::shared_ptr<Machine> machine_;
  ThreadSet at_;
  bool is_cut_ = false;
};

// How the tokens of an answer change when `forced` is appended to its text: drop the last `drop` of them, then append.
//
// The whole answer is tokenised again, so that the model sees what it would have seen had it written the text itself.
// Where a token of the vocabulary could reach over the end of the forced text, the last token is held back: the mask
// at that place admits only tokens that begin with the bytes held back (token healing).
struct Jump {
  std::size_t drop = 0;
  std::vector<Token> append;
  std::size_t held_back_bytes = 0;
};
Jump jump_forward(std::span<const Token> answer_tokens, std::string_view answer_text, std::string_view forced,
                  std::span<const Token> canonical_tokens, const Vocabulary& vocabulary);

}  // namespace daimon::constraint
