#include "memory/network_layer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/result.h"

namespace daimon::memory {
namespace {

constexpr std::size_t kRowsLeft = 4;  // at once, of those that are too few for a whole tile

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
  // A panel stays in the nearest cache while all rows go over it.
  for (std::size_t output = 0; output < product.outputs; output += kPanel) {
    std::size_t row = 0;
    for (; row + kRows <= product.rows; row += kRows) multiply_tile<Vector, kRows>(product, row, output);
    if constexpr (kRows > kRowsLeft)
      for (; row + kRowsLeft <= product.rows; row += kRowsLeft) multiply_tile<Vector, kRowsLeft>(product, row, output);
    for (; row < product.rows; ++row) multiply_tile<Vector, 1>(product, row, output);
  }
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

// The upper half of a float, rounded to the nearest.
std::uint32_t half_of(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return (bits + 0x7FFFU + (bits >> 16U & 1U)) >> 16U;
}

struct PairProduct {
  const std::uint32_t* in;  // of each row `width` pairs
  const std::uint32_t* panels;
  const float* bias;
  float* out;
  std::size_t rows, width, outputs;
};

#if defined(__x86_64__)
#define DAIMON_PAIRS [[gnu::target("avx512f,avx512bf16")]]

template <std::size_t kRows>
DAIMON_PAIRS void multiply_pairs_tile(const PairProduct& product, std::size_t row, std::size_t output) {
  struct Sum {
    __m512 of;
  };
  std::array<Sum, kRows> sums;
  for (Sum& sum : sums) sum.of = _mm512_loadu_ps(product.bias + output);
  const std::uint32_t* panel = product.panels + output * product.width;
  const std::uint32_t* in = product.in + row * product.width;
  for (std::size_t i = 0; i < product.width; ++i) {
    const __m512i weights = _mm512_loadu_si512(panel + i * kPanel);
    for (std::size_t r = 0; r < kRows; ++r) {
      const __m512i numbers = _mm512_set1_epi32(static_cast<int>(in[r * product.width + i]));
      sums[r].of =
          _mm512_dpbf16_ps(sums[r].of, __builtin_bit_cast(__m512bh, numbers), __builtin_bit_cast(__m512bh, weights));
    }
  }
  const std::size_t left = product.outputs - output;
  const auto mask = static_cast<__mmask16>(left >= kPanel ? 0xFFFF : (1U << left) - 1);
  for (std::size_t r = 0; r < kRows; ++r)
    _mm512_mask_storeu_ps(product.out + (row + r) * product.outputs + output, mask, sums[r].of);
}

DAIMON_PAIRS void multiply_all_pairs(const PairProduct& product) {
  constexpr std::size_t kRows = 12;
  for (std::size_t output = 0; output < product.outputs; output += kPanel) {
    std::size_t row = 0;
    for (; row + kRows <= product.rows; row += kRows) multiply_pairs_tile<kRows>(product, row, output);
    for (; row + kRowsLeft <= product.rows; row += kRowsLeft) multiply_pairs_tile<kRowsLeft>(product, row, output);
    for (; row < product.rows; ++row) multiply_pairs_tile<1>(product, row, output);
  }
}
#undef DAIMON_PAIRS

bool has_pairs() {
  static const bool kHas = __builtin_cpu_supports("avx512bf16") != 0;
  return kHas;
}
#else
void multiply_all_pairs(const PairProduct&) {}
bool has_pairs() { return false; }
#endif

}  // namespace

Weights::Weights(std::size_t in, std::size_t out)
    : in_(in),
      out_(out),
      panels_(in * ((out + kPanel - 1) / kPanel) * kPanel),
      bias_((out + kPanel - 1) / kPanel * kPanel) {}

std::size_t Weights::products_count() { return products().size(); }

Rows Weights::multiply(const Rows& rows, std::size_t product) const {
  DAIMON_ASSERT(pairs_.empty());
  Rows out(rows.count(), out_);
  products()[product](
      {rows.values().data(), panels_.data(), bias_.data(), out.values().data(), rows.count(), in_, out_});
  return out;
}

void Weights::round_rows() {
  if (!has_pairs() || !pairs_.empty()) return;
  const std::size_t width = (in_ + 1) / 2;
  pairs_.assign(panels_.size() / std::max<std::size_t>(in_, 1) * width, 0);
  for (std::size_t output = 0; output < out_; output += kPanel)
    for (std::size_t i = 0; i < in_; ++i)
      for (std::size_t o = 0; o < kPanel; ++o)
        pairs_[output * width + i / 2 * kPanel + o] |= half_of(panels_[output * in_ + i * kPanel + o])
                                                       << (i % 2 == 0 ? 0U : 16U);
  std::vector<float>().swap(panels_);
}

Rows Weights::multiply_pairs(const Rows& rows) const {
  const std::size_t width = (in_ + 1) / 2;
  std::vector<std::uint32_t> halves(rows.count() * width);
  for (std::size_t r = 0; r < rows.count(); ++r) {
    const auto row = rows[r];
    for (std::size_t i = 0; i < in_; ++i) halves[r * width + i / 2] |= half_of(row[i]) << (i % 2 == 0 ? 0U : 16U);
  }
  Rows out(rows.count(), out_);
  multiply_all_pairs({halves.data(), pairs_.data(), bias_.data(), out.values().data(), rows.count(), width, out_});
  return out;
}

}  // namespace daimon::memory
