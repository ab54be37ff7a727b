// The answer of one request while it grows: sampled or forced tokens, their text, when it ends.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "constraint/matcher.h"
#include "processor/chat_format.h"
#include "processor/model.h"
#include "processor/processor.h"
#include "processor/sampler.h"

namespace daimon::processor {

// One thread (the decode thread).
class Answer {
 public:
  struct Limits {
    int tokens_max = 0;  // of the answer
    bool jump_forward = true;
    bool can_drop = true;  // tokens already computed can be taken back
  };
  // `grammar` null: free text. The model and the format outlive the answer.
  Answer(const Model& model, const ChatFormat& format, const Sampling& sampling,
         std::shared_ptr<const constraint::Grammar> grammar, const Limits& limits);

  // How the sequence changes: the last `drop` tokens of the answer go, `append` follow.
  struct Step {
    std::size_t drop = 0;
    std::vector<Token> append;
  };
  // Before the first token is sampled: what the grammar forces at once.
  Step begin();
  // Takes the logits after the last token.
  Result<Step> advance(std::span<const float> logits);

  // Set once the answer has ended; no advance after that.
  [[nodiscard]] std::optional<FinishReason> finished() const { return finished_; }
  // Text that is final and not taken yet: whole code points, and all that is left when finished.
  std::string take_piece();
  // All pieces taken so far.
  [[nodiscard]] const std::string& streamed() const { return streamed_; }
  [[nodiscard]] int sampled() const { return sampled_; }
  [[nodiscard]] int forced() const { return forced_; }
  [[nodiscard]] double confidence() const;

 private:
  Step jump();
  void check_limits();
  void check_stop_text();

  const Model& model_;
  const ChatFormat& format_;
  Sampler sampler_;
  Limits limits_;
  std::optional<constraint::Matcher> matcher_;
  std::vector<Token> tokens_;
  std::string text_;      // bytes, as the model chose them
  std::string streamed_;  // valid UTF-8
  std::size_t taken_ = 0;
  int sampled_ = 0;
  int forced_ = 0;
  double log_probability_ = 0;
  std::optional<FinishReason> finished_;
};

}  // namespace daimon::processor
