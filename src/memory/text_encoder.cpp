#include "memory/text_encoder.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "memory/reader_weights.h"

namespace daimon::memory {
namespace {

constexpr std::size_t kFirstPiece = 6;  // before it are signs that no text has
constexpr float kLeast = 1e-6F;
constexpr std::array<float, 8> kNoSlopes = {};  // eight heads

// Sines and cosines of ever longer waves (Vaswani et al. 2017, section 3.5).
Rows places(std::size_t count, std::size_t width) {
  Rows rows(count, width);
  const std::size_t waves = width / 2;
  for (std::size_t i = 0; i < waves; ++i) {
    const double slowed = std::pow(1e4, -static_cast<double>(i) / static_cast<double>(waves - 1));
    for (std::size_t at = 0; at < count; ++at) {
      rows[at][i] = static_cast<float>(std::sin(static_cast<double>(at) * slowed));
      rows[at][waves + i] = static_cast<float>(std::cos(static_cast<double>(at) * slowed));
    }
  }
  return rows;
}

}  // namespace

TextEncoder::Layer::Layer(Taking& take, std::size_t width)
    : norm_(take, width, kLeast),
      queries_(take.linear(width, 3 * width)),
      far_(take.linear(width, kEncoderWidth)),
      norm_feed_(take, kEncoderWidth, kLeast),
      up_(take.linear(kEncoderWidth, kFeed)),
      down_(take.linear(kFeed, kEncoderWidth)) {
  if (width != kEncoderWidth) adjust_.push_back(take.linear(width, kEncoderWidth));
  // Nearly all of the time goes there.
  for (Weights* weights : {&queries_, &far_, &up_, &down_}) weights->round_rows();
}

Rows TextEncoder::Layer::operator()(const Rows& x) const {
  Rows out = adjust_.empty() ? x : adjust_.front()(x);
  add(out, far_(attend(queries_(norm_(x)), kNoSlopes)));
  Rows hidden = up_(norm_feed_(out));
  for (float& value : hidden.values()) value = std::max(value, 0.0F);
  add(out, down_(hidden));
  return out;
}

TextEncoder::TextEncoder(std::span<const unsigned char> pieces, std::span<const unsigned char> vectors, Taking& take)
    : pieces_(std::string_view(reinterpret_cast<const char*>(pieces.data()), pieces.size()), kFirstPiece),
      vectors_(vectors),
      places_(places(std::max(kQuestionTokensMax, kPassageTokensMax), kPieceWidth)),
      shapes_(take.many(kShapes * kPieceWidth)),
      layers_{Layer(take, kPieceWidth), Layer(take, kEncoderWidth)},
      norm_(take, kEncoderWidth),
      share_(take.linear(kEncoderWidth, 1)),
      meaning_(take.linear(kEncoderWidth, kMeaningWidth)) {}

Rows TextEncoder::operator()(const Reading& reading, std::span<const Reading::Token> tokens) const {
  Rows rows(tokens.size(), kPieceWidth);
  for (std::size_t t = 0; t < tokens.size(); ++t) {
    const auto row = rows[t];
    if (tokens[t].word != SIZE_MAX) {
      const auto numbers = pieces_.split(reading.lexicon().word(tokens[t].word));
      // USE-lite adds what a piece is to what it is in its place: twice the piece and once the place.
      const float share = 2 / static_cast<float>(numbers.size());
      for (const std::size_t number : numbers)
        for (std::size_t i = 0; i < kPieceWidth; ++i) row[i] += share * number_at(vectors_, number * kPieceWidth + i);
    }
    add(row, std::span(shapes_).subspan(static_cast<std::size_t>(tokens[t].shape) * kPieceWidth, kPieceWidth));
    add(row, places_[std::min(t, places_.count() - 1)]);
  }
  for (const Layer& layer : layers_) rows = layer(rows);
  return norm_(rows);
}

Rows TextEncoder::whole(const Rows& encoded) const {
  Rows shares = share_(encoded);
  softmax(shares.values());
  Rows sum(1, kEncoderWidth);
  for (std::size_t t = 0; t < encoded.count(); ++t) add(sum[0], encoded[t], shares[t][0]);
  return meaning_(sum);
}

const TextEncoder& text_encoder() {
  static const TextEncoder kEncoder = [] {
    Taking take(kEncoderTable);
    return TextEncoder(kEncoderPiecesTable, kEncoderVectorsTable, take);
  }();
  return kEncoder;
}

}  // namespace daimon::memory
