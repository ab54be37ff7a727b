// What small networks are made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace daimon::memory {

inline float dot(std::span<const float> a, std::span<const float> b) {
  float sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// Rows of numbers that are as long, one behind the other.
class Rows {
 public:
  Rows() = default;
  Rows(std::size_t count, std::size_t width) : count_(count), width_(width), values_(count * width) {}
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t width() const { return width_; }
  [[nodiscard]] std::span<float> operator[](std::size_t row) {
    return std::span(values_).subspan(row * width_, width_);
  }
  [[nodiscard]] std::span<const float> operator[](std::size_t row) const {
    return std::span(values_).subspan(row * width_, width_);
  }
  [[nodiscard]] std::span<float> values() { return values_; }
  [[nodiscard]] std::span<const float> values() const { return values_; }

 private:
  std::size_t count_ = 0, width_ = 0;
  std::vector<float> values_;
};

inline constexpr std::size_t kPanel = 16;  // outputs whose weights stand together, input by input

// Many rows by the same weights, as wide as the machine reckons (SSE, AVX2 or AVX-512): the sums of some rows and
// sixteen outputs stay in registers while all inputs are gone through (Goto and van de Geijn, "Anatomy of
// high-performance matrix multiplication", 2008). Sums differ in their last bits from machine to machine.
class Weights {
 public:
  Weights(std::size_t in, std::size_t out);
  [[nodiscard]] std::size_t in() const { return in_; }
  [[nodiscard]] std::size_t out() const { return out_; }
  void set(std::size_t input, std::size_t output, float value) {
    panels_[(output / kPanel * in_ + input) * kPanel + output % kPanel] = value;
  }
  // What is added to each row; 0 at first.
  void set_bias(std::size_t output, float value) { bias_[output] = value; }
  // From now on rows are rounded to the upper halves of floats, as these weights are, where the machine multiplies such
  // pairs at once (AVX-512 BF16): in half of the time. Nothing can be set any more, nor multiplied in another way.
  void round_rows();
  // `rows` are in() long each.
  [[nodiscard]] Rows operator()(const Rows& rows) const {
    return pairs_.empty() ? multiply(rows, products_count() - 1) : multiply_pairs(rows);
  }
  // How many ways to multiply this machine has, the widest last; the others are there to be tested.
  static std::size_t products_count();
  [[nodiscard]] Rows multiply(const Rows& rows, std::size_t product) const;

 private:
  [[nodiscard]] Rows multiply_pairs(const Rows& rows) const;

  std::size_t in_, out_;
  std::vector<float> panels_, bias_;
  std::vector<std::uint32_t> pairs_;  // as panels_, of two inputs each
};

}  // namespace daimon::memory
