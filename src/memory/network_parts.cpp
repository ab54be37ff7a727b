#include "memory/network_parts.h"

#include <algorithm>
#include <cmath>

namespace daimon::memory {

float silu(float x) { return x / (1 + std::exp(-x)); }

void silu(Rows& rows) {
  for (float& value : rows.values()) value = silu(value);
}

void add(Rows& rows, const Rows& more) { add(rows.values(), more.values()); }

void add(std::span<float> row, std::span<const float> more, float times) {
  for (std::size_t i = 0; i < row.size(); ++i) row[i] += times * more[i];
}

void softmax(std::span<float> row) {
  const float most = std::ranges::max(row);
  float total = 0;
  for (float& value : row) total += value = std::exp(value - most);
  for (float& value : row) value /= total;
}

std::vector<float> Taking::many(std::size_t count) {
  std::vector<float> taken(count);
  for (float& value : taken) value = (*this)();
  return taken;
}

Weights Taking::linear(std::size_t in, std::size_t out, bool has_bias) {
  Weights weights(in, out);
  for (std::size_t o = 0; o < out; ++o)
    for (std::size_t i = 0; i < in; ++i) weights.set(i, o, (*this)());
  for (std::size_t o = 0; has_bias && o < out; ++o) weights.set_bias(o, (*this)());
  return weights;
}

Rows Norm::operator()(const Rows& rows) const {
  const auto width = static_cast<float>(rows.width());
  Rows out(rows.count(), rows.width());
  for (std::size_t r = 0; r < rows.count(); ++r) {
    const auto in = rows[r];
    float mean = 0;
    for (const float x : in) mean += x;
    mean /= width;
    float square = 0;
    for (const float x : in) square += (x - mean) * (x - mean);
    const float by = 1 / std::sqrt(square / width + least_);
    for (std::size_t i = 0; i < in.size(); ++i) out[r][i] = (in[i] - mean) * by * scale_[i] + shift_[i];
  }
  return out;
}

Rows attend(const Rows& all, std::span<const float> slopes) {
  const std::size_t length = all.count();
  const std::size_t width = all.width() / 3;
  const std::size_t of_head = width / slopes.size();
  const float scale = 1 / std::sqrt(static_cast<float>(of_head));
  Rows seen(length, width);
  for (std::size_t head = 0; head < slopes.size(); ++head) {
    Rows queries(length, of_head);
    Weights keys(of_head, length);
    Weights values(length, of_head);
    for (std::size_t t = 0; t < length; ++t)
      for (std::size_t i = 0; i < of_head; ++i) {
        const std::size_t at = head * of_head + i;
        queries[t][i] = all[t][at] * scale;
        keys.set(i, t, all[t][width + at]);
        values.set(t, i, all[t][2 * width + at]);
      }
    Rows shares = keys(queries);
    for (std::size_t t = 0; t < length; ++t) {
      const auto row = shares[t];
      for (std::size_t o = 0; o < length; ++o) row[o] -= static_cast<float>(o > t ? o - t : t - o) * slopes[head];
      softmax(row);
    }
    const Rows of_values = values(shares);
    for (std::size_t t = 0; t < length; ++t)
      std::ranges::copy(of_values[t], seen[t].subspan(head * of_head, of_head).begin());
  }
  return seen;
}

}  // namespace daimon::memory
