#include "memory/reader.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "memory/network_layer.h"
#include "memory/reader_weights.h"

namespace daimon::memory {
namespace {

constexpr std::size_t kVector = 100;
constexpr std::size_t kOfShape = 16;
constexpr std::size_t kWidth = 96;
constexpr std::size_t kHeads = 4;
constexpr std::size_t kOfHead = kWidth / kHeads;
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
constexpr float kOfVector = 3;  // what vectors of length 1 are multiplied by
constexpr float kSame = 0.999F;
constexpr double kNothingAsked = 20;
constexpr std::array<float, kHeads> kSlopes = {0, 1.0F / 32, 1.0F / 8, 1.0F / 2};

constexpr std::size_t size_of(std::size_t in, std::size_t out) { return (in + 1) * out; }
constexpr std::size_t kOfBlock = 3 * 2 * kWidth + (kNear + 1) * kWidth + 2 * size_of(kWidth, kWidth) +
                                 size_of(kWidth, 3 * kWidth) + size_of(kWidth, kFeed) + size_of(kFeed, kWidth);
static_assert(kReaderWeights ==
              3 + kShapes * kOfShape + size_of(kVector + kOfShape + 2, kWidth) + 2 * size_of(kWidth, 1) +
                  size_of(3 * kWidth + kSigns, kWidth) + size_of(kWidth, kWidth) + kBlocks * kOfBlock + 2 * kWidth +
                  size_of(4 * kWidth, kPiece) + size_of(kFacts, kPiece) + size_of(kPiece, kSecond) +
                  size_of(kSecond, 1) + size_of(kWidth, kPieceKinds) + size_of(kNoneInput, kNone) + size_of(kNone, 1));

float silu(float x) { return x / (1 + std::exp(-x)); }

// One layer for one token after another: the weights of an input stand together, so that all outputs are added to at
// once.
template <std::size_t kIn, std::size_t kOut>
class Linear {
 public:
  explicit Linear(const float*& at) : columns_(kIn * kOut), bias_(at + kIn * kOut, at + kIn * kOut + kOut) {
    for (std::size_t out = 0; out < kOut; ++out)
      for (std::size_t in = 0; in < kIn; ++in) columns_[in * kOut + out] = at[out * kIn + in];
    at += (kIn + 1) * kOut;
  }
  void operator()(const float* in, float* out) const {
    std::array<float, kOut> sum;
    for (std::size_t o = 0; o < kOut; ++o) sum[o] = bias_[o];
    for (std::size_t i = 0; i < kIn; ++i) {
      const float value = in[i];
      const float* column = &columns_[i * kOut];
      for (std::size_t o = 0; o < kOut; ++o) sum[o] += value * column[o];
    }
    for (std::size_t o = 0; o < kOut; ++o) out[o] = sum[o];
  }

 private:
  std::vector<float> columns_, bias_;
};

using Row = std::array<float, kWidth>;
using Rows = std::vector<Row>;

class Norm {
 public:
  explicit Norm(const float*& at) {
    std::copy_n(at, kWidth, scale_.begin());
    std::copy_n(at + kWidth, kWidth, shift_.begin());
    at += 2 * kWidth;
  }
  Row operator()(const Row& in) const {
    constexpr float kLeast = 1e-5F;
    float mean = 0;
    for (const float x : in) mean += x;
    mean /= static_cast<float>(kWidth);
    float square = 0;
    for (const float x : in) square += (x - mean) * (x - mean);
    const float by = 1 / std::sqrt(square / static_cast<float>(kWidth) + kLeast);
    Row out;
    for (std::size_t i = 0; i < kWidth; ++i) out[i] = (in[i] - mean) * by * scale_[i] + shift_[i];
    return out;
  }

 private:
  Row scale_{}, shift_{};
};

struct Block {
  Norm norm_near;
  std::vector<float> near;  // of each of the 96 the tokens that it sees
  Row near_bias;
  Linear<kWidth, kWidth> mix;
  Norm norm_far;
  Linear<kWidth, 3 * kWidth> queries;
  Linear<kWidth, kWidth> far;
  Norm norm;
  Linear<kWidth, kFeed> up;
  Linear<kFeed, kWidth> down;

  explicit Block(const float*& at)
      : norm_near(at),
        near(take(at, kWidth * kNear)),
        near_bias(take_row(at)),
        mix(at),
        norm_far(at),
        queries(at),
        far(at),
        norm(at),
        up(at),
        down(at) {}

  static std::vector<float> take(const float*& at, std::size_t count) {
    at += count;
    return {at - count, at};
  }
  static Row take_row(const float*& at) {
    Row row;
    std::copy_n(at, kWidth, row.begin());
    at += kWidth;
    return row;
  }

  void operator()(Rows& x) const {
    add_near(x);
    add_far(x);
    for (Row& row : x) {
      std::array<float, kFeed> hidden;
      up(norm(row).data(), hidden.data());
      for (float& value : hidden) value = silu(value);
      add(row, down, hidden.data());
    }
  }

 private:
  template <class Layer>
  static void add(Row& row, const Layer& layer, const float* in) {
    Row out;
    layer(in, out.data());
    for (std::size_t i = 0; i < kWidth; ++i) row[i] += out[i];
  }

  void add_near(Rows& x) const {
    Rows normal;
    normal.reserve(x.size());
    for (const Row& row : x) normal.push_back(norm_near(row));
    for (std::size_t t = 0; t < x.size(); ++t) {
      Row seen = near_bias;
      for (std::size_t k = 0; k < kNear; ++k) {
        if (t + k < kReach || t + k - kReach >= x.size()) continue;
        const Row& other = normal[t + k - kReach];
        for (std::size_t i = 0; i < kWidth; ++i) seen[i] += near[i * kNear + k] * other[i];
      }
      for (float& value : seen) value = silu(value);
      add(x[t], mix, seen.data());
    }
  }

  void add_far(Rows& x) const {
    const std::size_t length = x.size();
    std::vector<std::array<float, 3 * kWidth>> all(length);
    for (std::size_t t = 0; t < length; ++t) queries(norm_far(x[t]).data(), all[t].data());
    const float scale = 1 / std::sqrt(static_cast<float>(kOfHead));
    std::vector<float> weight(length);
    for (std::size_t t = 0; t < length; ++t) {
      Row seen{};
      for (std::size_t head = 0; head < kHeads; ++head) {
        const std::size_t at = head * kOfHead;
        const std::span<const float> query(&all[t][at], kOfHead);
        float most = -1e9F;
        for (std::size_t o = 0; o < length; ++o) {
          const auto away = static_cast<float>(o > t ? o - t : t - o);
          weight[o] = dot(query, std::span<const float>(&all[o][kWidth + at], kOfHead)) * scale - away * kSlopes[head];
          most = std::max(most, weight[o]);
        }
        float total = 0;
        for (float& value : weight) total += value = std::exp(value - most);
        for (std::size_t o = 0; o < length; ++o) {
          const float share = weight[o] / total;
          for (std::size_t i = 0; i < kOfHead; ++i) seen[at + i] += share * all[o][2 * kWidth + at + i];
        }
      }
      add(x[t], far, seen.data());
    }
  }
};

struct Network {
  std::array<float, 3> alike{};
  std::vector<float> shapes;
  Linear<kVector + kOfShape + 2, kWidth> word;
  Linear<kWidth, 1> weight, asked;
  Linear<3 * kWidth + kSigns, kWidth> token;
  Linear<kWidth, kWidth> whole;
  std::array<Block, kBlocks> blocks;
  Norm norm;
  Linear<4 * kWidth, kPiece> piece;
  Linear<kFacts, kPiece> evidence;
  Linear<kPiece, kSecond> second;
  Linear<kSecond, 1> last;
  Linear<kWidth, kPieceKinds> kind;
  Linear<kNoneInput, kNone> none_first;
  Linear<kNone, 1> none_last;

  explicit Network(const float*& at)
      : alike{at[0], at[1], at[2]},
        shapes(at + 3, at + 3 + kShapes * kOfShape),
        word(at += 3 + kShapes * kOfShape),
        weight(at),
        asked(at),
        token(at),
        whole(at),
        blocks{Block(at), Block(at)},
        norm(at),
        piece(at),
        evidence(at),
        second(at),
        last(at),
        kind(at),
        none_first(at),
        none_last(at) {}
};

Network made_of(const ReaderTable& table) {
  std::vector<float> weights;
  weights.reserve(table.size());
  for (const std::uint16_t half : table)
    weights.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(half) << 16));
  const float* at = weights.data();
  return Network(at);
}

const Network& network_for(ReaderFor use) {
  static const Network kAnswers = made_of(kAnswersTable);
  static const Network kArguments = made_of(kArgumentsTable);
  static const Network kTools = made_of(kToolsTable);
  return use == ReaderFor::kAnswers ? kAnswers : use == ReaderFor::kArguments ? kArguments : kTools;
}

Row row_of(const Network& net, const Reading& reading, const Reading::Token& token) {
  std::array<float, kVector + kOfShape + 2> in{};
  if (token.word != SIZE_MAX && reading.lexicon().embedding_id() == kReaderEmbedding) {
    const auto& direction = reading.lexicon().direction(token.word);
    if (direction.size() == kVector)  // a word may have none
      for (std::size_t i = 0; i < kVector; ++i) in[i] = direction[i] * kOfVector;
  }
  std::copy_n(&net.shapes[static_cast<std::size_t>(token.shape) * kOfShape], kOfShape, in.begin() + kVector);
  in[kVector + kOfShape] = reading.is_telling(token) ? 1 : 0;
  in[kVector + kOfShape + 1] = token.is_path ? 1 : 0;
  Row out;
  net.word(in.data(), out.data());
  return out;
}

float length_of(const Row& row) {
  constexpr float kLeast = 1e-12F;
  return std::max(std::sqrt(dot(row, row)), kLeast);
}

// The question's tokens, how much each weighs, and the question as a whole.
struct Asked {
  Rows rows;
  std::vector<float> lengths, weights;
  std::vector<bool> telling;
  Row whole{};
};

Asked ask(const Network& net, const Reading& reading) {
  Asked asked;
  std::vector<float> shares;
  float most = -1e9F;
  for (const Reading::Token& token : reading.question()) {
    const Row row = row_of(net, reading, token);
    float weight = 0;
    float share = 0;
    net.weight(row.data(), &weight);
    net.asked(row.data(), &share);
    asked.rows.push_back(row);
    asked.lengths.push_back(length_of(row));
    asked.weights.push_back(1 / (1 + std::exp(-weight)));
    asked.telling.push_back(reading.is_telling(token));
    shares.push_back(share);
    most = std::max(most, share);
  }
  float total = 0;
  for (float& share : shares) total += share = std::exp(share - most);
  for (std::size_t m = 0; m < shares.size(); ++m)
    for (std::size_t i = 0; i < kWidth; ++i) asked.whole[i] += shares[m] / total * asked.rows[m][i];
  return asked;
}

// A passage's tokens with what the question says about each.
Rows read_passage(const Network& net, const Reading& reading, const Asked& asked, const Row& whole,
                  const std::vector<Reading::Token>& tokens) {
  Rows rows;
  rows.reserve(tokens.size());
  std::vector<float> near(asked.rows.size());
  for (const Reading::Token& token : tokens) {
    const Row row = row_of(net, reading, token);
    const float length = length_of(row);
    std::array<float, 3 * kWidth + kSigns> in{};
    std::ranges::copy(row, in.begin());
    const std::span<float> signs = std::span(in).subspan(3 * kWidth);
    float most = -1e9F;
    for (std::size_t m = 0; m < near.size(); ++m) {
      const float like = reading.likeness(m, token.word);
      near[m] = net.alike[0] * dot(row, asked.rows[m]) / (length * asked.lengths[m]) + net.alike[1] * like +
                (like > kSame ? net.alike[2] : 0);
      most = std::max(most, near[m]);
      if (asked.telling[m]) signs[0] = std::max(signs[0], like);
      if (asked.telling[m] && like > kSame) signs[1] = 1;
      signs[2] = std::max(signs[2], like * asked.weights[m]);
    }
    float total = 0;
    signs[3] = near.empty() ? 0 : most / 8;
    for (float& value : near) total += value = std::exp(value - most);
    for (std::size_t m = 0; m < near.size(); ++m)
      for (std::size_t i = 0; i < kWidth; ++i) in[kWidth + i] += near[m] / total * asked.rows[m][i];
    for (std::size_t i = 0; i < kWidth; ++i) in[2 * kWidth + i] = row[i] * in[kWidth + i];
    Row out;
    net.token(in.data(), out.data());
    for (std::size_t i = 0; i < kWidth; ++i) out[i] = silu(out[i] + whole[i]);
    rows.push_back(out);
  }
  for (const Block& block : net.blocks) block(rows);
  for (Row& row : rows) row = net.norm(row);
  return rows;
}

std::array<float, kPiece> hidden_of(const Network& net, const Reading& reading, const std::vector<Rows>& passages,
                                    const ReadPiece& piece) {
  const Rows& rows = passages[piece.source];
  std::array<float, kFacts> facts{};
  std::ranges::copy(piece.evidence, facts.begin());
  facts[kEvidenceWidth + piece.kind] = 1;
  std::array<float, 4 * kWidth> here{};
  if (const auto extent = reading.find(piece.source, piece.begin, piece.size)) {
    const auto [first, last] = *extent;
    facts.back() = 1;
    std::ranges::copy(rows[first], here.begin());
    std::ranges::copy(rows[last], here.begin() + kWidth);
    for (std::size_t t = first; t <= last; ++t)
      for (std::size_t i = 0; i < kWidth; ++i)
        here[2 * kWidth + i] += rows[t][i] / static_cast<float>(last + 1 - first);
    if (first > 0) std::ranges::copy(rows[first - 1], here.begin() + 3 * kWidth);
  }
  std::array<float, kPiece> hidden;
  std::array<float, kPiece> known;
  net.piece(here.data(), hidden.data());
  net.evidence(facts.data(), known.data());
  for (std::size_t i = 0; i < kPiece; ++i) hidden[i] = silu(hidden[i] + known[i]);
  return hidden;
}

double none_of(const Network& net, const std::array<float, kPiece>& most, const Evidence& evidence, const Row& whole,
               std::span<const double> scores) {
  std::array<float, kNoneInput> in{};
  auto at = std::ranges::copy(most, in.begin()).out;
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
  std::array<float, kNone> hidden;
  net.none_first(in.data(), hidden.data());
  for (float& value : hidden) value = silu(value);
  float score = 0;
  net.none_last(hidden.data(), &score);
  return score;
}

}  // namespace

ReadScores read_pieces(ReaderFor use, const Reading& reading, std::span<const ReadPiece> pieces) {
  // Who asks nothing gets nothing.
  if (reading.question().empty()) return {std::vector<double>(pieces.size(), 0), kNothingAsked};
  const Network& net = network_for(use);
  const Asked asked = ask(net, reading);
  Row whole;
  net.whole(asked.whole.data(), whole.data());
  std::vector<Rows> passages(reading.passages().size());
  for (const ReadPiece& piece : pieces)
    if (piece.size > 0 && passages[piece.source].empty())
      passages[piece.source] = read_passage(net, reading, asked, whole, reading.passages()[piece.source]);
  std::array<float, kPieceKinds> of_kind;
  net.kind(asked.whole.data(), of_kind.data());
  ReadScores scores;
  std::array<float, kPiece> most;
  most.fill(-1);
  Evidence most_evidence;
  most_evidence.fill(-1);
  for (const ReadPiece& piece : pieces) {
    const auto hidden = hidden_of(net, reading, passages, piece);
    std::array<float, kSecond> second;
    net.second(hidden.data(), second.data());
    for (float& value : second) value = silu(value);
    float score = 0;
    net.last(second.data(), &score);
    scores.pieces.push_back(static_cast<double>(score) + static_cast<double>(of_kind[piece.kind]));
    for (std::size_t i = 0; i < kPiece; ++i) most[i] = std::max(most[i], hidden[i]);
    for (std::size_t i = 0; i < kEvidenceWidth; ++i) most_evidence[i] = std::max(most_evidence[i], piece.evidence[i]);
  }
  scores.none = none_of(net, most, most_evidence, asked.whole, scores.pieces);
  return scores;
}

}  // namespace daimon::memory
