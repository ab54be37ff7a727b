#include "memory/reader.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "memory/network_layer.h"
#include "memory/network_parts.h"
#include "memory/reader_weights.h"
#include "memory/text_encoder.h"

namespace daimon::memory {
namespace {

// As firmware/training/reader.py has them.
constexpr std::size_t kVector = 100;
constexpr std::size_t kOfShape = 16;
constexpr std::size_t kOfToken = kVector + kOfShape + 2;  // and whether it tells anything, whether it is of the path
constexpr std::size_t kWidth = 96;
constexpr std::size_t kHeads = 4;
constexpr std::size_t kBlocks = 2;
constexpr std::size_t kFeed = 2 * kWidth;
constexpr std::size_t kReach = 2;  // tokens to each side that a convolution sees
constexpr std::size_t kNear = 2 * kReach + 1;
constexpr std::size_t kSigns = 4;
constexpr std::size_t kPiece = 64;
constexpr std::size_t kSecond = 32;
constexpr std::size_t kNone = 48;
constexpr std::size_t kFacts = kEvidenceWidth + kPieceKinds + 1;
constexpr std::size_t kNoneInput = kPiece + kEvidenceWidth + kWidth + 3;
enum OfPiece : std::uint8_t { kFirst, kLast, kMean, kBefore, kOfPiece };  // the tokens that a piece is seen by
constexpr float kOfVector = 3;                                            // what vectors of length 1 are multiplied by
constexpr float kSame = 0.999F;                                           // what is as alike
constexpr double kNothingAsked = 20;
constexpr std::array<float, kHeads> kSlopes = {0, 1.0F / 32, 1.0F / 8, 1.0F / 2};

constexpr std::size_t kOfBlock = 6 * kWidth + (kNear + 1) * kWidth + 2 * weights_of_linear(kWidth, kWidth) +
                                 weights_of_linear(kWidth, 3 * kWidth) + weights_of_linear(kWidth, kFeed) +
                                 weights_of_linear(kFeed, kWidth);
static_assert(kReaderWeights == 3 + kShapes * kOfShape + weights_of_linear(kOfToken, kWidth) +
                                    2 * weights_of_linear(kWidth, 1) + weights_of_linear(3 * kWidth + kSigns, kWidth) +
                                    weights_of_linear(kWidth, kWidth) + kBlocks * kOfBlock + 2 * kWidth +
                                    weights_of_linear(kOfPiece * kWidth, kPiece) + weights_of_linear(kFacts, kPiece) +
                                    weights_of_linear(kPiece, kSecond) + weights_of_linear(kSecond, 1) +
                                    weights_of_linear(kWidth, kPieceKinds) + weights_of_linear(kNoneInput, kNone) +
                                    weights_of_linear(kNone, 1));
static_assert(kEncodedReaderWeights ==
              kReaderWeights + weights_of_linear(kEncoderWidth, kWidth) + kEncoderWidth * kOfPiece * kPiece);
static_assert(kEncoderWeights == kTextEncoderWeights);

class Block {
 public:
  explicit Block(Taking& take)
      : norm_near_(take, kWidth),
        near_(take.many(kWidth * kNear)),
        near_bias_(take.many(kWidth)),
        mix_(take.linear(kWidth, kWidth)),
        norm_far_(take, kWidth),
        queries_(take.linear(kWidth, 3 * kWidth)),
        far_(take.linear(kWidth, kWidth)),
        norm_(take, kWidth),
        up_(take.linear(kWidth, kFeed)),
        down_(take.linear(kFeed, kWidth)) {}

  void operator()(Rows& x) const {
    add(x, mix_(near(x)));
    add(x, far_(attend(queries_(norm_far_(x)), kSlopes)));
    Rows hidden = up_(norm_(x));
    silu(hidden);
    add(x, down_(hidden));
  }

 private:
  [[nodiscard]] Rows near(const Rows& x) const {
    const Rows normal = norm_near_(x);
    Rows seen(x.count(), x.width());
    for (std::size_t t = 0; t < x.count(); ++t) {
      std::ranges::copy(near_bias_, seen[t].begin());
      for (std::size_t k = 0; k < kNear; ++k) {
        if (t + k < kReach || t + k - kReach >= x.count()) continue;
        const auto other = normal[t + k - kReach];
        for (std::size_t i = 0; i < x.width(); ++i) seen[t][i] += near_[i * kNear + k] * other[i];
      }
    }
    silu(seen);
    return seen;
  }

  Norm norm_near_;
  std::vector<float> near_;  // of each number the tokens that it sees
  std::vector<float> near_bias_;
  Weights mix_;
  Norm norm_far_;
  Weights queries_, far_;
  Norm norm_;
  Weights up_, down_;
};

// What is taken of what the encoder says.
struct OfEncoder {
  Weights token, piece;

  explicit OfEncoder(Taking& take)
      : token(take.linear(kEncoderWidth, kWidth)), piece(take.linear(kEncoderWidth, kOfPiece * kPiece, false)) {}
};

struct Network {
  std::vector<float> alike, shapes;
  Weights word, weight, asked, token, whole;
  std::array<Block, kBlocks> blocks;
  Norm norm;
  Weights piece;
  std::vector<float> piece_bias;
  Weights evidence, second, last, kind, none_first, none_last;
  std::optional<OfEncoder> of_encoder;

  Network(Taking take, bool sees_encoder)
      : alike(take.many(3)),
        shapes(take.many(kShapes * kOfShape)),
        word(take.linear(kOfToken, kWidth)),
        weight(take.linear(kWidth, 1)),
        asked(take.linear(kWidth, 1)),
        token(take.linear(3 * kWidth + kSigns, kWidth)),
        whole(take.linear(kWidth, kWidth)),
        blocks{Block(take), Block(take)},
        norm(take, kWidth),
        piece(of_tokens(take)),
        piece_bias(take.many(kPiece)),
        evidence(take.linear(kFacts, kPiece)),
        second(take.linear(kPiece, kSecond)),
        last(take.linear(kSecond, 1)),
        kind(take.linear(kWidth, kPieceKinds)),
        none_first(take.linear(kNoneInput, kNone)),
        none_last(take.linear(kNone, 1)) {
    if (sees_encoder) of_encoder.emplace(take);
  }

 private:
  // A piece takes of four tokens: its first, its last, its mean, the one before. What it takes of them is reckoned once
  // for every token, not for each piece that has it.
  static Weights of_tokens(Taking& take) {
    Weights weights(kWidth, kOfPiece * kPiece);
    for (std::size_t out = 0; out < kPiece; ++out)
      for (std::size_t part = 0; part < kOfPiece; ++part)
        for (std::size_t in = 0; in < kWidth; ++in) weights.set(in, part * kPiece + out, take());
    return weights;
  }
};

// Each is made of its table when it is first used.
const Network& network_for(ReaderFor use) {
  switch (use) {
    case ReaderFor::kAnswers: {
      static const Network kNetwork(Taking(kReaderAnswersTable), true);
      return kNetwork;
    }
    case ReaderFor::kArguments: {
      static const Network kNetwork(Taking(kReaderArgumentsTable), true);
      return kNetwork;
    }
    case ReaderFor::kTools:
      break;
  }
  static const Network kNetwork(Taking(kReaderToolsTable), false);
  return kNetwork;
}

// By the one encoder of all networks; nothing for one that does not see it.
Rows encoded_of(const Network& net, const Reading& reading, std::span<const Reading::Token> tokens) {
  if (!net.of_encoder) return {};
  return text_encoder()(reading, tokens);
}

// Tokens as the network begins with them; `encoded` as the encoder sees them, if that counts.
Rows rows_of(const Network& net, const Reading& reading, std::span<const Reading::Token> tokens, const Rows& encoded) {
  const bool has_vectors = reading.lexicon().embedding_id() == kReaderEmbedding;
  Rows in(tokens.size(), kOfToken);
  for (std::size_t t = 0; t < tokens.size(); ++t) {
    const Reading::Token& token = tokens[t];
    const auto row = in[t];
    if (token.word != SIZE_MAX && has_vectors) {
      const auto& direction = reading.lexicon().direction(token.word);
      if (direction.size() == kVector)  // a word may have none
        for (std::size_t i = 0; i < kVector; ++i) row[i] = direction[i] * kOfVector;
    }
    std::copy_n(&net.shapes[static_cast<std::size_t>(token.shape) * kOfShape], kOfShape, row.begin() + kVector);
    row[kVector + kOfShape] = reading.is_telling(token) ? 1 : 0;
    row[kVector + kOfShape + 1] = token.is_path ? 1 : 0;
  }
  Rows rows = net.word(in);
  if (net.of_encoder) add(rows, net.of_encoder->token(encoded));
  return rows;
}

float length_of(std::span<const float> row) {
  constexpr float kLeast = 1e-12F;
  return std::max(std::sqrt(dot(row, row)), kLeast);
}

// The question's tokens, their directions, how much each weighs, and the question as a whole.
struct Asked {
  Rows rows;
  Weights directions;
  Rows whole;  // one
  std::vector<float> weights = {};
  std::vector<bool> telling = {};
};

Asked ask(const Network& net, const Reading& reading) {
  const auto& tokens = reading.question();
  Asked asked{.rows = rows_of(net, reading, tokens, encoded_of(net, reading, tokens)),
              .directions = Weights(kWidth, tokens.size()),
              .whole = Rows(1, kWidth)};
  const Rows weights = net.weight(asked.rows);
  Rows shares = net.asked(asked.rows);
  softmax(shares.values());
  for (std::size_t m = 0; m < tokens.size(); ++m) {
    const auto row = asked.rows[m];
    const float length = length_of(row);
    for (std::size_t i = 0; i < row.size(); ++i) asked.directions.set(i, m, row[i] / length);
    asked.weights.push_back(1 / (1 + std::exp(-weights[m][0])));
    asked.telling.push_back(reading.is_telling(tokens[m]));
    add(asked.whole[0], row, shares[m][0]);
  }
  return asked;
}

// Of each token of a passage what a piece takes of it; `encoded` is as the encoder sees it, or empty yet.
Rows read_passage(const Network& net, const Reading& reading, const Asked& asked, const Rows& whole,
                  std::span<const Reading::Token> tokens, Rows& encoded) {
  if (encoded.count() == 0) encoded = encoded_of(net, reading, tokens);
  const Rows words = rows_of(net, reading, tokens, encoded);
  Rows near = asked.directions(words);
  Rows in(words.count(), 3 * kWidth + kSigns);
  for (std::size_t t = 0; t < in.count(); ++t) {
    const auto row = words[t];
    const float length = length_of(row);
    std::ranges::copy(row, in[t].begin());
    const auto seen = in[t].subspan(kWidth, kWidth);
    const auto signs = in[t].subspan(3 * kWidth);
    for (std::size_t m = 0; m < near.width(); ++m) {
      const float like = reading.likeness(m, tokens[t].word);
      near[t][m] = net.alike[0] * near[t][m] / length + net.alike[1] * like + (like > kSame ? net.alike[2] : 0);
      if (asked.telling[m]) signs[0] = std::max(signs[0], like);
      if (asked.telling[m] && like > kSame) signs[1] = 1;
      signs[2] = std::max(signs[2], like * asked.weights[m]);
    }
    signs[3] = std::ranges::max(near[t]) / 8;
    softmax(near[t]);
    for (std::size_t m = 0; m < near.width(); ++m) add(seen, asked.rows[m], near[t][m]);
    for (std::size_t i = 0; i < kWidth; ++i) in[t][2 * kWidth + i] = row[i] * seen[i];
  }
  Rows rows = net.token(in);
  for (std::size_t t = 0; t < rows.count(); ++t) add(rows[t], whole[0]);
  silu(rows);
  for (const Block& block : net.blocks) block(rows);
  Rows parts = net.piece(net.norm(rows));
  if (net.of_encoder) add(parts, net.of_encoder->piece(encoded));
  return parts;
}

Rows hidden_of(const Network& net, const Reading& reading, const std::vector<Rows>& passages,
               std::span<const ReadPiece> pieces) {
  Rows facts(pieces.size(), kFacts);
  Rows here(pieces.size(), kPiece);
  for (std::size_t p = 0; p < pieces.size(); ++p) {
    const ReadPiece& piece = pieces[p];
    std::ranges::copy(piece.evidence, facts[p].begin());
    facts[p][kEvidenceWidth + piece.kind] = 1;
    std::ranges::copy(net.piece_bias, here[p].begin());
    if (const auto extent = reading.find(piece.source, piece.begin, piece.size)) {
      const auto [first, last] = *extent;
      const Rows& rows = passages[piece.source];
      const auto take = [&](std::size_t token, OfPiece part, float times) {
        add(here[p], rows[token].subspan(part * kPiece, kPiece), times);
      };
      facts[p][kFacts - 1] = 1;
      take(first, kFirst, 1);
      take(last, kLast, 1);
      for (std::size_t t = first; t <= last; ++t) take(t, kMean, 1 / static_cast<float>(last + 1 - first));
      if (first > 0) take(first - 1, kBefore, 1);
    }
  }
  add(here, net.evidence(facts));
  silu(here);
  return here;
}

double none_of(const Network& net, std::span<const float> most, const Evidence& evidence, std::span<const float> whole,
               std::span<const double> scores) {
  Rows in(1, kNoneInput);
  auto at = std::ranges::copy(most, in[0].begin()).out;
  at = std::ranges::copy(evidence, at).out;
  at = std::ranges::copy(whole, at).out;
  constexpr double kLeast = -20;  // where there is no piece, or no second one
  constexpr double kScale = 10;
  double best = kLeast;
  for (const double score : scores) best = std::max(best, score);
  double second = kLeast;
  double total = 0;
  for (const double score : scores) {
    total += std::exp(score - best);
    if (score < best) second = std::max(second, score);
  }
  *at++ = static_cast<float>((best + std::log(std::max(total, 1e-9))) / kScale);
  *at++ = static_cast<float>(best / kScale);
  *at = static_cast<float>(std::min(best - second, kScale) / kScale);
  Rows hidden = net.none_first(in);
  silu(hidden);
  return net.none_last(hidden)[0][0];
}

}  // namespace

ReadScores read_pieces(ReaderFor use, const Reading& reading, std::span<const ReadPiece> pieces,
                       EncodedPassages* encoded) {
  // Who asks nothing gets nothing.
  if (reading.question().empty()) return {std::vector<double>(pieces.size(), 0), kNothingAsked};
  const Network& net = network_for(use);
  const Asked asked = ask(net, reading);
  const Rows whole = net.whole(asked.whole);
  std::vector<Rows> passages(reading.passages().size());
  EncodedPassages own;
  EncodedPassages& known = encoded != nullptr ? *encoded : own;
  known.resize(passages.size());
  for (const ReadPiece& piece : pieces)
    if (piece.size > 0 && passages[piece.source].count() == 0)
      passages[piece.source] =
          read_passage(net, reading, asked, whole, reading.passages()[piece.source], known[piece.source]);
  const Rows of_kind = net.kind(asked.whole);
  const Rows hidden = hidden_of(net, reading, passages, pieces);
  Rows second = net.second(hidden);
  silu(second);
  const Rows last = net.last(second);
  ReadScores scores;
  std::vector<float> most(kPiece, -1);
  Evidence most_evidence;
  most_evidence.fill(-1);
  for (std::size_t p = 0; p < pieces.size(); ++p) {
    scores.pieces.push_back(static_cast<double>(last[p][0]) + static_cast<double>(of_kind[0][pieces[p].kind]));
    for (std::size_t i = 0; i < most.size(); ++i) most[i] = std::max(most[i], hidden[p][i]);
    for (std::size_t i = 0; i < kEvidenceWidth; ++i)
      most_evidence[i] = std::max(most_evidence[i], pieces[p].evidence[i]);
  }
  scores.none = none_of(net, most, most_evidence, asked.whole[0], scores.pieces);
  return scores;
}

}  // namespace daimon::memory
