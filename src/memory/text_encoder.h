// What each token of a text means where it stands. The transformer of USE-lite (Cer et al., "Universal sentence
// encoder", 2018, section 3.1: two layers of eight heads over 8,000 pieces of words), which has learned from much more
// text than Daimon has, and goes on learning with the reader of answers (firmware/training/encoder.py). Here a word is
// one token: the mean of its pieces, in lower case; every token has its shape beside it, which is all that a mark has.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "memory/network_parts.h"
#include "memory/reading.h"
#include "memory/word_pieces.h"

namespace daimon::memory {

inline constexpr std::size_t kEncoderWidth = 512;
inline constexpr std::size_t kMeaningWidth = 128;

class TextEncoder {
 public:
  static constexpr std::size_t kPieceWidth = 256, kLayers = 2, kFeed = 1536;

  // `pieces` as WordPieces takes them; `vectors` of 256 numbers each, the first of them for what is no piece, which
  // must both outlive this; and the weights of the layers.
  TextEncoder(std::span<const unsigned char> pieces, std::span<const unsigned char> vectors, Taking& take);

  // kEncoderWidth numbers for each token. Thread-safe.
  [[nodiscard]] Rows operator()(const Reading& reading, std::span<const Reading::Token> tokens) const;
  // What a text means as a whole, of what the above says of its tokens: kMeaningWidth numbers, whose angle to those of
  // a question says how likely the text answers it (one vector each, as in Karpukhin et al., "Dense passage retrieval",
  // 2020). Of one token at least.
  [[nodiscard]] Rows whole(const Rows& encoded) const;

 private:
  class Layer {
   public:
    Layer(Taking& take, std::size_t width);
    [[nodiscard]] Rows operator()(const Rows& x) const;

   private:
    Norm norm_;
    Weights queries_, far_;
    std::vector<Weights> adjust_;  // where rows become wider, else none
    Norm norm_feed_;
    Weights up_, down_;
  };

  WordPieces pieces_;
  std::span<const unsigned char> vectors_;
  Rows places_;
  std::vector<float> shapes_;
  std::array<Layer, kLayers> layers_;
  Norm norm_;
  Weights share_, meaning_;
};

// The one that comes with Daimon, made when it is first used.
const TextEncoder& text_encoder();

// Those of a layer whose rows are so wide at first.
constexpr std::size_t weights_of_layer(std::size_t width) {
  return 2 * width + weights_of_linear(width, 3 * width) + weights_of_linear(width, kEncoderWidth) + 2 * kEncoderWidth +
         weights_of_linear(kEncoderWidth, TextEncoder::kFeed) + weights_of_linear(TextEncoder::kFeed, kEncoderWidth) +
         (width == kEncoderWidth ? 0 : weights_of_linear(width, kEncoderWidth));
}
// What the constructor takes.
inline constexpr std::size_t kTextEncoderWeights =
    kShapes * TextEncoder::kPieceWidth + weights_of_layer(TextEncoder::kPieceWidth) + weights_of_layer(kEncoderWidth) +
    2 * kEncoderWidth + weights_of_linear(kEncoderWidth, 1) + weights_of_linear(kEncoderWidth, kMeaningWidth);

}  // namespace daimon::memory
