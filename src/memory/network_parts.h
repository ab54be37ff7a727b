// The parts that learned networks share, over network_layer.h.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "memory/network_layer.h"

namespace daimon::memory {

float silu(float x);
void silu(Rows& rows);
void add(Rows& rows, const Rows& more);
void add(std::span<float> row, std::span<const float> more, float times = 1);
void softmax(std::span<float> row);

// A number of a table, where each is the upper half of a float, its lower byte first.
inline float number_at(std::span<const unsigned char> table, std::size_t index) {
  const std::uint32_t half = std::uint32_t{table[2 * index]} | std::uint32_t{table[2 * index + 1]} << 8U;
  return std::bit_cast<float>(half << 16U);
}

// The numbers of a table one after the other.
class Taking {
 public:
  explicit Taking(std::span<const unsigned char> table) : table_(table) {}
  float operator()() { return number_at(table_, next_++); }
  std::vector<float> many(std::size_t count);
  // Output by input, then what is added to each output, if anything is.
  Weights linear(std::size_t in, std::size_t out, bool has_bias = true);

 private:
  std::span<const unsigned char> table_;
  std::size_t next_ = 0;
};

// What Taking::linear takes with what is added.
constexpr std::size_t weights_of_linear(std::size_t in, std::size_t out) { return (in + 1) * out; }

// Each row of mean 0 and variance 1 (Ba et al., "Layer normalization", 2016), then scaled and shifted.
class Norm {
 public:
  Norm(Taking& take, std::size_t width, float least = 1e-5F)
      : scale_(take.many(width)), shift_(take.many(width)), least_(least) {}
  Rows operator()(const Rows& rows) const;

 private:
  std::vector<float> scale_, shift_;
  float least_;
};

// What each row sees of all (Vaswani et al., "Attention is all you need", 2017). Rows hold queries, keys and values, a
// third each; one head for each of `slopes`, which says how much less a row counts for each row that it is away.
Rows attend(const Rows& all, std::span<const float> slopes);

}  // namespace daimon::memory
