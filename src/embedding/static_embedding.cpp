#include "embedding/static_embedding.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/builtin.h"
#include "base/format.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"

namespace daimon::embedding {
namespace {

constexpr std::size_t kFileBytesMax = 256 << 20;
constexpr std::size_t kWidthMax = 4096;
constexpr std::size_t kPiecesMax = 512;     // of a text
constexpr std::size_t kWordBytesMax = 400;  // a hundred characters

std::unexpected<Error> corrupt(std::string_view what) {
  return fail(ErrorCode::kCorrupt, daimon::format("the embedding cannot be read: {}", what),
              "install Daimon again, or unset DAIMON_EMBEDDING");
}

// U+00C0 to U+017F without their accents, in lower case; '.' where there is nothing to take off.
constexpr std::string_view kPlain =
    "aaaaaa.ceeeeiiii.nooooo..uuuuy..aaaaaa.ceeeeiiii.nooooo..uuuuy.y"
    "aaaaaaccccccccdd..eeeeeeeeeegggggggghh..iiiiiiiii...jjkk.llllll."
    "...nnnnnn...oooooo..rrrrrrsssssssstttt..uuuuuuuuuuuuwwyyyzzzzzz.";

// Lower case without accents; 0 for what disappears.
char32_t plain(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  if (c >= 0x300 && c <= 0x36F) return 0;
  if (c >= 0xC0 && c - 0xC0 < kPlain.size())
    if (const char letter = kPlain[c - 0xC0]; letter != '.') return static_cast<char32_t>(letter);
  switch (c) {
    case 0xC6:
    case 0xD0:
    case 0xD8:
    case 0xDE:
      return c + 32;
    case 0x110:
    case 0x126:
    case 0x141:
    case 0x152:
    case 0x132:
    case 0x14A:
    case 0x166:
      return c + 1;
    default:
      break;
  }
  if ((c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F)) return c + 32;
  return c;
}

enum class Kind { kBlank, kWord, kSign };

Kind kind_of(char32_t c) {
  if (c < 0x80) {
    if (c <= 0x20 || c == 0x7F) return Kind::kBlank;
    const bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return word ? Kind::kWord : Kind::kSign;
  }
  if (c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
      c == 0x205F || c == 0x3000 || c == 0x85)
    return Kind::kBlank;
  if (c == 0xAA || c == 0xB5 || c == 0xBA || c == 0xB2 || c == 0xB3 || c == 0xB9 || (c >= 0xBC && c <= 0xBE))
    return Kind::kWord;
  if (c < 0xC0 || c == 0xD7 || c == 0xF7 || (c >= 0x200B && c <= 0x206F) || (c >= 0x20A0 && c <= 0x20CF) ||
      (c >= 0x2100 && c <= 0x214F) || (c >= 0x2190 && c <= 0x245F) || (c >= 0x2500 && c <= 0x2BFF) ||
      (c >= 0x3001 && c <= 0x3004) || (c >= 0x3008 && c <= 0x3020) || (c >= 0xFE10 && c <= 0xFE6F) || c >= 0x1F000)
    return Kind::kSign;
  return Kind::kWord;
}

float half(std::uint16_t bits) {
  const std::uint32_t sign = std::uint32_t{bits & 0x8000U} << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1FU;
  const std::uint32_t mantissa = bits & 0x3FFU;
  if (exponent == 0x1F) return 0;  // no number belongs into a table
  if (exponent == 0) return std::bit_cast<float>(sign) + (sign != 0 ? -1.0F : 1.0F) * std::ldexp(float(mantissa), -24);
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
}

Result<std::string> read_file(const std::filesystem::path& path) {
  std::error_code failed;
  const auto size = std::filesystem::file_size(path, failed);
  if (failed)
    return fail(ErrorCode::kNotFound, daimon::format("there is no {}", printable(path.native())),
                "a folder of Model2Vec has tokenizer.json and model.safetensors");
  if (size > kFileBytesMax) return corrupt(daimon::format("{} is too large", printable(path.native())));
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

std::vector<std::int8_t> as_bytes(std::span<const float> vector) {
  float most = 0;
  for (const float value : vector) most = std::max(most, std::abs(value));
  std::vector<std::int8_t> bytes(vector.size());
  if (most > 0)
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<std::int8_t>(std::lround(vector[i] / most * 127));
  return bytes;
}

bool is_of_word(char32_t c) { return kind_of(c) == Kind::kWord; }

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  const std::string repaired = is_utf8(text) ? std::string() : repair_utf8(text);
  if (!repaired.empty()) text = repaired;
  std::string word;
  const auto end = [&] {
    if (!word.empty()) words.push_back(std::exchange(word, {}));
  };
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = plain(next_code_point(text, at));
    if (c == 0) continue;
    const Kind kind = kind_of(c);
    if (kind != Kind::kWord) end();
    if (kind != Kind::kBlank) append_utf8(word, c);
    if (kind == Kind::kSign) end();
  }
  end();
  return words;
}

Result<StaticEmbedding> StaticEmbedding::load(const std::filesystem::path& folder) {
  DAIMON_TRY(const std::string tokenizer, read_file(folder / "tokenizer.json"));
  DAIMON_TRY(const std::string tensors, read_file(folder / "model.safetensors"));
  return parse(tokenizer, tensors);
}

Result<StaticEmbedding> StaticEmbedding::parse(std::string_view tokenizer, std::string_view tensors) {
  StaticEmbedding made;
  const auto json = parse_json(tokenizer);
  if (!json) return corrupt(daimon::format("tokenizer.json: {}", json.error().what));
  const Json* model = find(*json, "model");
  if (model == nullptr || find_string(*model, "type") != "WordPiece")
    return fail(ErrorCode::kUnsupported, "the embedding's tokenizer is not of word pieces (WordPiece)",
                "give a Model2Vec model that was distilled from a BERT");
  const Json* vocabulary = find(*model, "vocab");
  if (vocabulary == nullptr || !vocabulary->is_object()) return corrupt("tokenizer.json has no vocabulary");
  std::uint64_t header_size = 0;
  if (tensors.size() < sizeof header_size) return corrupt("model.safetensors is cut off");
  std::memcpy(&header_size, tensors.data(), sizeof header_size);
  tensors.remove_prefix(sizeof header_size);
  if (header_size > tensors.size()) return corrupt("model.safetensors is cut off");
  const auto header = parse_json(trim(tensors.substr(0, header_size)));
  if (!header) return corrupt(daimon::format("model.safetensors: {}", header.error().what));
  const std::string_view data = tensors.substr(header_size);
  const Json* table = find(*header, "embeddings");
  const Json* shape = table != nullptr ? find(*table, "shape") : nullptr;
  const Json* offsets = table != nullptr ? find(*table, "data_offsets") : nullptr;
  const auto number = [](const Json* list, std::size_t i) -> std::uint64_t {
    if (list == nullptr || !list->is_array() || list->get_array().size() != 2) return UINT64_MAX;
    boost::system::error_code failed;
    const auto value = list->get_array()[i].to_number<std::uint64_t>(failed);
    return failed ? UINT64_MAX : value;
  };
  const std::uint64_t rows = number(shape, 0);
  const std::uint64_t width = number(shape, 1);
  const std::uint64_t begin = number(offsets, 0);
  const std::uint64_t end = number(offsets, 1);
  const auto type = table != nullptr ? find_string(*table, "dtype").value_or("") : "";
  const std::uint64_t size = type == "I8" ? 1 : type == "F16" ? 2 : type == "F32" ? 4 : 0;
  if (size == 0) return fail(ErrorCode::kUnsupported, "the embedding has no table of I8, F16 or F32");
  if (rows == 0 || rows > kFileBytesMax || width == 0 || width > kWidthMax || begin > end || end > data.size() ||
      end - begin != rows * width * size)
    return corrupt("the table of model.safetensors is not of the size that its header says");
  made.width_ = width;
  made.table_.resize(rows * width);
  for (std::size_t i = 0; i < made.table_.size(); ++i) {
    const char* at = data.data() + begin + i * size;
    if (size == 1) {
      made.table_[i] = static_cast<float>(static_cast<std::int8_t>(*at));
    } else if (size == 2) {
      std::uint16_t bits = 0;
      std::memcpy(&bits, at, sizeof bits);
      made.table_[i] = half(bits);
    } else {
      float value = 0;
      std::memcpy(&value, at, sizeof value);
      made.table_[i] = std::isfinite(value) ? std::clamp(value, -1e6F, 1e6F) : 0;
    }
  }
  for (std::size_t row = 0; row < rows; ++row) {
    float squares = 0;
    for (const float value : std::span(made.table_).subspan(row * width, width)) squares += value * value;
    made.heaviest_ = std::max(made.heaviest_, std::sqrt(squares));
  }
  made.rows_.reserve(vocabulary->get_object().size());
  for (const auto& piece : vocabulary->get_object()) {
    boost::system::error_code failed;
    const auto row = piece.value().to_number<std::uint64_t>(failed);
    if (failed || row >= rows) return corrupt("a word piece has no row in the table");
    const std::string_view name = piece.key();
    if (!name.empty() && !(name.starts_with('[') && name.size() > 1))
      made.rows_.emplace(name, static_cast<std::uint32_t>(row));
  }
  Sha256 hash;
  hash.update(tokenizer);
  hash.update(tensors);
  made.id_ = to_hex(hash.finish()).substr(0, 16);
  return made;
}

std::vector<std::uint32_t> StaticEmbedding::pieces(std::string_view text) const {
  std::vector<std::uint32_t> all;
  std::string piece;
  for (const std::string& word : words_of(text)) {
    if (all.size() >= kPiecesMax) break;
    if (word.size() > kWordBytesMax) continue;
    const std::size_t before = all.size();
    for (std::size_t at = 0; at < word.size();) {
      std::size_t end = word.size();
      auto found = rows_.end();
      for (; end > at; --end) {
        if (end < word.size() && (static_cast<unsigned char>(word[end]) & 0xC0) == 0x80) continue;
        piece = at == 0 ? "" : "##";
        piece.append(word, at, end - at);
        if (found = rows_.find(piece); found != rows_.end()) break;
      }
      if (found == rows_.end()) {
        all.resize(before);
        break;
      }
      all.push_back(found->second);
      at = end;
    }
  }
  if (all.size() > kPiecesMax) all.resize(kPiecesMax);
  return all;
}

std::vector<float> StaticEmbedding::sum(std::span<const std::uint32_t> rows) const {
  std::vector<float> sum(width_);
  for (const std::uint32_t row : rows) {
    const float* values = table_.data() + row * width_;
    for (std::size_t i = 0; i < width_; ++i) sum[i] += values[i];
  }
  return sum;
}

float StaticEmbedding::weight(std::string_view word) const {
  const auto rows = pieces(word);
  if (rows.empty() || heaviest_ <= 0) return 0;
  double squares = 0;
  for (const float value : sum(rows)) squares += static_cast<double>(value) * value;
  return static_cast<float>(std::sqrt(squares) / static_cast<double>(rows.size())) / heaviest_;
}

std::vector<float> StaticEmbedding::direction(std::string_view text) const {
  std::vector<float> vector = sum(pieces(text));
  double squares = 0;
  for (const float value : vector) squares += static_cast<double>(value) * value;
  if (squares == 0) return {};
  for (float& value : vector) value /= static_cast<float>(std::sqrt(squares));
  return vector;
}

std::vector<std::int8_t> StaticEmbedding::embed(std::string_view text) const { return as_bytes(sum(pieces(text))); }

Result<std::filesystem::path> builtin_embedding() {
  return find_builtin({.name = "embedding",
                       .variable = "DAIMON_EMBEDDING",
                       .installed = DAIMON_EMBEDDING_INSTALLED,
                       .source = DAIMON_EMBEDDING_SOURCE,
                       .what = "the built-in embedding",
                       .remedy = "install Daimon again; until then files are found by their words alone"});
}

double cosine(const std::int8_t* a, const std::int8_t* b, std::size_t width) {
  std::int32_t dot = 0;
  std::int32_t aa = 0;
  std::int32_t bb = 0;
  for (std::size_t i = 0; i < width; ++i) {
    dot += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return aa == 0 || bb == 0 ? 0 : dot / std::sqrt(static_cast<double>(aa) * bb);
}

}  // namespace daimon::embedding
