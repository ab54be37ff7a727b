// A layer of a small network: its weights, a row for each number that comes out, then what is added to each.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace daimon::memory {

inline float dot(std::span<const float> a, std::span<const float> b) {
  float sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// What comes out below 0 is 0. `weights` has kOut * (in.size() + 1) numbers.
template <std::size_t kOut>
std::array<float, kOut> rectified_layer(std::span<const float> weights, std::span<const float> in) {
  std::array<float, kOut> out{};
  for (std::size_t i = 0; i < kOut; ++i)
    out[i] = std::max(0.0F, dot(weights.subspan(i * in.size(), in.size()), in) + weights[kOut * in.size() + i]);
  return out;
}

}  // namespace daimon::memory
