#include "processor/sampler.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace daimon::processor {
namespace {

// Below this distance from the best, a token adds less to the sum than a float can tell.
constexpr float kNegligible = 20.0F;

template <class Visit>
void for_each_allowed(std::span<const float> logits, const constraint::TokenMask* mask, Visit&& visit) {
  if (mask == nullptr) {
    for (std::size_t i = 0; i < logits.size(); ++i) visit(static_cast<constraint::Token>(i), logits[i]);
    return;
  }
  for (std::size_t word = 0; word < mask->size(); ++word)
    for (std::uint32_t bits = (*mask)[word]; bits != 0; bits &= bits - 1) {
      const std::size_t i = word * 32 + static_cast<std::size_t>(std::countr_zero(bits));
      if (i < logits.size()) visit(static_cast<constraint::Token>(i), logits[i]);
    }
}

}  // namespace

Sampler::Choice Sampler::choose(std::span<const float> logits, const constraint::TokenMask* mask) {
  constraint::Token best = -1;
  float best_logit = -std::numeric_limits<float>::infinity();
  // A model may give NaN; such a token is never chosen, unless nothing else is allowed.
  constraint::Token any = -1;
  for_each_allowed(logits, mask, [&](constraint::Token token, float logit) {
    if (any < 0) any = token;
    if (logit > best_logit) best = token, best_logit = logit;
  });
  if (best < 0) return {any, 0};
  double sum = 0;
  for_each_allowed(logits, mask, [&](constraint::Token, float logit) {
    if (best_logit - logit < kNegligible) sum += std::exp(static_cast<double>(logit - best_logit));
  });
  if (sampling_.temperature <= 0.0F) return {best, -std::log(sum)};

  candidates_.clear();
  for_each_allowed(logits, mask, [&](constraint::Token token, float logit) {
    if ((best_logit - logit) / sampling_.temperature < kNegligible) candidates_.push_back({token, logit});
  });
  const constraint::Token token = draw();
  return {token, static_cast<double>(logits[static_cast<std::size_t>(token)] - best_logit) - std::log(sum)};
}

// top_k, then min_p, then top_p, then temperature.
constraint::Token Sampler::draw() {
  // Ties are broken by the token's number, so that the order is the same everywhere.
  const auto before = [](const Candidate& a, const Candidate& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
  };
  std::sort(candidates_.begin(), candidates_.end(), before);
  if (sampling_.top_k > 0 && static_cast<std::size_t>(sampling_.top_k) < candidates_.size())
    candidates_.resize(static_cast<std::size_t>(sampling_.top_k));
  const float best = candidates_.front().logit;
  if (sampling_.min_p > 0.0F) {
    const float least = best + std::log(sampling_.min_p);
    const auto end =
        std::find_if(candidates_.begin() + 1, candidates_.end(), [&](const Candidate& c) { return c.logit < least; });
    candidates_.erase(end, candidates_.end());
  }
  if (sampling_.top_p < 1.0F) {
    double total = 0;
    for (const Candidate& c : candidates_) total += std::exp(static_cast<double>(c.logit - best));
    double sum = 0;
    std::size_t kept = 0;
    while (kept < candidates_.size() && (kept == 0 || sum < static_cast<double>(sampling_.top_p) * total))
      sum += std::exp(static_cast<double>(candidates_[kept++].logit - best));
    candidates_.resize(kept);
  }
  const auto weight = [&](const Candidate& c) {
    return std::exp(static_cast<double>(c.logit - best) / static_cast<double>(sampling_.temperature));
  };
  double total = 0;
  for (const Candidate& c : candidates_) total += weight(c);
  // 53 random bits: a uniform double in [0, 1).
  double left = static_cast<double>(random_.next() >> 11U) * 0x1p-53 * total;
  for (const Candidate& c : candidates_) {
    left -= weight(c);
    if (left < 0) return c.token;
  }
  return candidates_.back().token;
}

}  // namespace daimon::processor
