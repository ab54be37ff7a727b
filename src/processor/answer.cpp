#include "processor/answer.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace daimon::processor {

Answer::Answer(const Model& model, const ChatFormat& format, const Sampling& sampling,
               std::shared_ptr<const constraint::Grammar> grammar, const Limits& limits)
    : model_(model), format_(format), sampler_(sampling), limits_(limits) {
  if (grammar) matcher_.emplace(std::move(grammar), model.vocabulary());
}

Answer::Step Answer::begin() {
  Step step;
  if (matcher_) step = jump();
  check_limits();
  return step;
}

Result<Answer::Step> Answer::advance(std::span<const float> logits) {
  Step step;
  std::shared_ptr<const constraint::TokenMask> mask;
  if (matcher_) {
    DAIMON_TRY(mask, matcher_->mask());
  }
  const Sampler::Choice choice = sampler_.choose(logits, mask.get());
  if (choice.token < 0)
    return fail(ErrorCode::kUnsupported, "no token of the model's vocabulary can continue the answer under its schema",
                "use another model, or a schema with plainer text");
  ++sampled_;
  log_probability_ += choice.log_probability;
  if (model_.is_end(choice.token)) {
    finished_ = FinishReason::kStop;
    return step;
  }
  if (matcher_ && !matcher_->accept(choice.token)) {
    DAIMON_CHECK(matcher_->status());
    return fail(ErrorCode::kInternal, "the grammar refused a token that its mask allows");
  }
  tokens_.push_back(choice.token);
  text_ += model_.bytes_of(choice.token);
  step.append.push_back(choice.token);
  if (matcher_ && !matcher_->must_end()) {
    // The jump may take back the token just sampled, which is not in the sequence yet.
    Step forced = jump();
    if (forced.drop > 0) {
      step.append.pop_back();
      step.drop = forced.drop - 1;
    }
    step.append.insert(step.append.end(), forced.append.begin(), forced.append.end());
  }
  check_stop_text();
  check_limits();
  return step;
}

Answer::Step Answer::jump() {
  Step step;
  if (!limits_.jump_forward) return step;
  std::string forced = matcher_->forced();
  if (forced.empty()) return step;
  const auto canonical = model_.tokenize(text_ + forced, false);
  constraint::Jump jump = constraint::jump_forward(tokens_, text_, forced, canonical, *model_.vocabulary());
  forced.resize(forced.size() - std::min(jump.held_back_bytes, forced.size()));
  // What the tokens now stand for must be exactly the text; a tokeniser that normalises would break the seam, and so
  // would one that begins every text with a space.
  std::string spelled;
  const std::size_t kept = tokens_.size() - std::min(jump.drop, tokens_.size());
  for (std::size_t i = 0; i < kept; ++i) spelled += model_.bytes_of(tokens_[i]);
  for (const Token token : jump.append) spelled += model_.bytes_of(token);
  if (forced.empty() || spelled != text_ + forced || (jump.drop > 1 && !limits_.can_drop)) return step;
  if (!matcher_->accept_bytes(forced)) return step;
  tokens_.resize(kept);
  tokens_.insert(tokens_.end(), jump.append.begin(), jump.append.end());
  text_ += forced;
  forced_ += static_cast<int>(jump.append.size());
  step.drop = jump.drop;
  step.append = std::move(jump.append);
  return step;
}

void Answer::check_limits() {
  if (finished_) return;
  if (matcher_ && matcher_->must_end()) {
    finished_ = FinishReason::kStop;
  } else if (static_cast<int>(tokens_.size()) >= limits_.tokens_max) {
    finished_ = FinishReason::kLength;
  }
}

void Answer::check_stop_text() {
  if (matcher_ || format_.stop_text().empty()) return;
  if (const auto at = text_.find(format_.stop_text(), taken_); at != std::string::npos) {
    text_.resize(at);
    finished_ = FinishReason::kStop;
  }
}

std::string Answer::take_piece() {
  std::string_view rest = std::string_view(text_).substr(taken_);
  if (!finished_) {
    // The longest end of the text that may yet turn out to be the begin of the stop text is kept back.
    if (!matcher_)
      for (std::size_t length = std::min(format_.stop_text().size(), rest.size()); length > 0; --length)
        if (format_.stop_text().starts_with(rest.substr(rest.size() - length))) {
          rest.remove_suffix(length);
          break;
        }
    // An incomplete code point at the end is waited for; an invalid byte before it is not.
    if (rest.size() - valid_utf8_prefix(rest) < 4) rest = rest.substr(0, valid_utf8_prefix(rest));
  }
  taken_ += rest.size();
  std::string piece = repair_utf8(rest);
  streamed_ += piece;
  return piece;
}

double Answer::confidence() const { return sampled_ == 0 ? 1.0 : std::exp(log_probability_ / sampled_); }

}  // namespace daimon::processor
