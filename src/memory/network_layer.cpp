#include "memory/network_layer.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace daimon::memory {
namespace {

struct Product {
  const float* in;
  const float* panels;
  const float* bias;
  float* out;
  std::size_t rows, width, outputs;
};

// As many numbers as a register holds.
using Four [[gnu::vector_size(16)]] = float;
using Eight [[gnu::vector_size(32)]] = float;
using Sixteen [[gnu::vector_size(64)]] = float;

// The file is compiled so that the loops over rows and registers are unrolled (CMakeLists.txt): only then the sums stay
// in registers.
template <class Vector, std::size_t kRows>
[[gnu::always_inline]] inline void multiply_tile(const Product& product, std::size_t row, std::size_t output) {
  constexpr std::size_t kParts = kPanel * sizeof(float) / sizeof(Vector);
  constexpr std::size_t kOfPart = kPanel / kParts;
  struct Panel {
    std::array<Vector, kParts> parts;
  };
  std::array<Panel, kRows> sums;
  for (Panel& sum : sums) std::memcpy(&sum, product.bias + output, sizeof sum);
  const float* panel = product.panels + output * product.width;
  const float* in = product.in + row * product.width;
  for (std::size_t i = 0; i < product.width; ++i) {
    std::array<Vector, kParts> weights;
    for (std::size_t p = 0; p < kParts; ++p)
      std::memcpy(&weights[p], panel + i * kPanel + p * kOfPart, sizeof weights[p]);
    for (std::size_t r = 0; r < kRows; ++r)
      for (std::size_t p = 0; p < kParts; ++p) sums[r].parts[p] += in[r * product.width + i] * weights[p];
  }
  std::array<float, kPanel> whole;
  const std::size_t bytes = std::min(kPanel, product.outputs - output) * sizeof(float);
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t p = 0; p < kParts; ++p)
      std::memcpy(&whole[p * kOfPart], &sums[r].parts[p], sizeof sums[r].parts[p]);
    std::memcpy(product.out + (row + r) * product.outputs + output, whole.data(), bytes);
  }
}

template <class Vector, std::size_t kRows>
[[gnu::always_inline]] inline void multiply(const Product& product) {
  std::size_t row = 0;
  for (; row + kRows <= product.rows; row += kRows)
    for (std::size_t output = 0; output < product.outputs; output += kPanel)
      multiply_tile<Vector, kRows>(product, row, output);
  for (; row < product.rows; ++row)
    for (std::size_t output = 0; output < product.outputs; output += kPanel)
      multiply_tile<Vector, 1>(product, row, output);
}

// As many rows at once as there are registers for their sums.
void multiply_four(const Product& product) { multiply<Four, 2>(product); }
#if defined(__x86_64__)
[[gnu::target("avx2,fma")]] void multiply_eight(const Product& product) { multiply<Eight, 6>(product); }
[[gnu::target("avx512f")]] void multiply_sixteen(const Product& product) { multiply<Sixteen, 12>(product); }
#endif

using Multiply = void (*)(const Product&);
const std::vector<Multiply>& products() {
  static const std::vector<Multiply> kProducts = [] {
    std::vector<Multiply> able = {multiply_four};
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) able.push_back(multiply_eight);
    if (__builtin_cpu_supports("avx512f")) able.push_back(multiply_sixteen);
#endif
    return able;
  }();
  return kProducts;
}

}  // namespace

Weights::Weights(std::size_t in, std::size_t out)
    : in_(in),
      out_(out),
      panels_(in * ((out + kPanel - 1) / kPanel) * kPanel),
      bias_((out + kPanel - 1) / kPanel * kPanel) {}

std::size_t Weights::products_count() { return products().size(); }

Rows Weights::multiply(const Rows& rows, std::size_t product) const {
  Rows out(rows.count(), out_);
  products()[product](
      {rows.values().data(), panels_.data(), bias_.data(), out.values().data(), rows.count(), in_, out_});
  return out;
}

}  // namespace daimon::memory
