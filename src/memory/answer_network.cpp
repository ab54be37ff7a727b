#include "memory/answer_network.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "memory/answer_weights.h"
#include "memory/network_layer.h"

namespace daimon::memory {
namespace {

constexpr std::size_t kFirst = 0;
constexpr std::size_t kSecondAt = kFirst + kNetworkHidden * (kNetworkInput + 1);
constexpr std::size_t kLast = kSecondAt + kNetworkSecond * (kNetworkHidden + 1);
constexpr std::size_t kNoneFirst = kLast + kNetworkSecond;
constexpr std::size_t kNoneLast = kNoneFirst + kNetworkSecond * (kNetworkNoneInput + 1);
constexpr std::size_t kAsked = kNoneLast + kNetworkSecond + 1;
constexpr std::size_t kOpening = kAsked + kNetworkKinds * kNetworkMeaning;
static_assert(kOpening + kNetworkKinds * kNetworkMeaning == kNetworkSize);

std::span<const float> weights(std::size_t at, std::size_t count) {
  return std::span<const float>(kAnswerNetworkTable).subspan(at, count);
}

}  // namespace

double piece_score(const Evidence& evidence, std::size_t kind) {
  std::array<float, kNetworkInput> in{};
  std::ranges::copy(evidence, in.begin());
  in[kEvidenceWidth + kind] = 1;
  const auto hidden = rectified_layer<kNetworkHidden>(weights(kFirst, kSecondAt - kFirst), in);
  const auto second = rectified_layer<kNetworkSecond>(weights(kSecondAt, kLast - kSecondAt), hidden);
  return dot(weights(kLast, kNetworkSecond), second);
}

double kind_score(std::size_t kind, std::span<const float> asked, std::span<const float> opening) {
  if (asked.size() != kNetworkMeaning || opening.size() != kNetworkMeaning) return 0;
  return dot(weights(kAsked + kind * kNetworkMeaning, kNetworkMeaning), asked) +
         dot(weights(kOpening + kind * kNetworkMeaning, kNetworkMeaning), opening);
}

double none_score(const Evidence& most, std::span<const double> scores) {
  std::array<float, kNetworkNoneInput> in{};
  std::ranges::copy(most, in.begin());
  const double best = std::ranges::max(scores);
  double sum = 0;
  double second = -1e9;
  bool passed = false;
  for (const double score : scores) {
    sum += std::exp(score - best);
    if (score < best || passed) second = std::max(second, score);
    passed = passed || score == best;
  }
  constexpr double kScale = 10;
  in[kEvidenceWidth] = static_cast<float>((best + std::log(sum)) / kScale);
  in[kEvidenceWidth + 1] = static_cast<float>(best / kScale);
  in[kEvidenceWidth + 2] = static_cast<float>(std::min(best - second, kScale) / kScale);
  const auto hidden = rectified_layer<kNetworkSecond>(weights(kNoneFirst, kNoneLast - kNoneFirst), in);
  return dot(weights(kNoneLast, kNetworkSecond), hidden) + weights(kNoneLast + kNetworkSecond, 1).front();
}

}  // namespace daimon::memory
