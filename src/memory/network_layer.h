// What small networks are made of.
#pragma once

#include <cstddef>
#include <span>

namespace daimon::memory {

inline float dot(std::span<const float> a, std::span<const float> b) {
  float sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace daimon::memory
