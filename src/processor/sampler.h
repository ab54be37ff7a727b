// One token out of a row of logits.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "constraint/grammar.h"
#include "constraint/vocabulary.h"
#include "processor/processor.h"

namespace daimon::processor {

// One request's, so that its randomness does not depend on its neighbours in the batch. One thread.
class Sampler {
 public:
  explicit Sampler(const Sampling& sampling) : sampling_(sampling), random_(sampling.seed) {}

  struct Choice {
    constraint::Token token = -1;  // -1: the mask allows nothing
    double log_probability = 0;    // under the mask, at temperature 1
  };
  // `mask` may be null: all tokens.
  Choice choose(std::span<const float> logits, const constraint::TokenMask* mask);

 private:
  struct Candidate {
    constraint::Token token;
    float logit;
  };
  constraint::Token draw();

  Sampling sampling_;
  SeededRandom random_;
  std::vector<Candidate> candidates_;
};

}  // namespace daimon::processor
