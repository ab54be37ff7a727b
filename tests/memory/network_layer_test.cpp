#include "memory/network_layer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace daimon::memory {
namespace {

TEST(Weights, MultiplyRowsOfAnyCountAndWidthInEachOfTheMachinesWays) {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> number(-1, 1);
  for (const std::size_t rows : {0U, 1U, 3U, 11U, 12U, 13U, 50U})
    for (const std::size_t in : {1U, 5U, 118U})
      for (const std::size_t out : {1U, 15U, 16U, 17U, 96U, 100U}) {
        Rows x(rows, in);
        for (float& value : x.values()) value = number(random);
        Weights weights(in, out);
        Rows plain(out, in);
        std::vector<float> bias;
        for (std::size_t o = 0; o < out; ++o) {
          weights.set_bias(o, bias.emplace_back(number(random)));
          for (std::size_t i = 0; i < in; ++i) weights.set(i, o, plain[o][i] = number(random));
        }
        for (std::size_t product = 0; product < Weights::products_count(); ++product) {
          const Rows y = weights.multiply(x, product);
          ASSERT_EQ(y.count(), rows);
          ASSERT_EQ(y.width(), out);
          for (std::size_t r = 0; r < rows; ++r)
            for (std::size_t o = 0; o < out; ++o)
              ASSERT_NEAR(y[r][o], bias[o] + dot(x[r], plain[o]), 1e-4) << rows << ' ' << in << ' ' << out;
        }
      }
}

// Rows lose the lower halves of their numbers, weights have none.
TEST(Weights, WithRoundedRowsComeToTheSameButForRounding) {
  std::mt19937 random(8);
  std::uniform_int_distribution<int> eighths(-8, 8);
  std::uniform_real_distribution<float> number(-1, 1);
  for (const std::size_t rows : {0U, 1U, 12U, 29U})
    for (const std::size_t in : {1U, 2U, 7U, 256U})
      for (const std::size_t out : {1U, 16U, 33U}) {
        Rows x(rows, in);
        for (float& value : x.values()) value = number(random);
        Weights weights(in, out);
        for (std::size_t o = 0; o < out; ++o) {
          weights.set_bias(o, static_cast<float>(eighths(random)));
          for (std::size_t i = 0; i < in; ++i) weights.set(i, o, static_cast<float>(eighths(random)) / 8);
        }
        const Rows exact = weights(x);
        weights.round_rows();
        const Rows rounded = weights(x);
        ASSERT_EQ(rounded.width(), out);
        for (std::size_t i = 0; i < exact.values().size(); ++i)
          ASSERT_NEAR(rounded.values()[i], exact.values()[i], 0.01 * std::sqrt(static_cast<float>(in)))
              << rows << ' ' << in << ' ' << out;
      }
}

}  // namespace
}  // namespace daimon::memory
