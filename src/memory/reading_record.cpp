#include "memory/reading_record.h"

#include <cmath>
#include <cstdio>
#include <iostream>
#include <span>

namespace daimon::memory {
namespace {

void put_number(std::size_t value) {
  const auto number = static_cast<std::uint32_t>(value);
  std::fwrite(&number, sizeof number, 1, stdout);
}

void put_all(std::span<const float> values) { std::fwrite(values.data(), sizeof(float), values.size(), stdout); }

void put_token(const Reading& reading, const Reading::Token& token) {
  put_number((token.word + 1) | static_cast<std::size_t>(token.shape) << 16 |
             static_cast<std::size_t>(reading.is_telling(token)) << 24 | static_cast<std::size_t>(token.is_path) << 25);
}

}  // namespace

void ReadingRecorder::put(const Reading& reading, const std::vector<Labelled>& pieces, bool none_right) {
  const Lexicon& lexicon = reading.lexicon();
  std::vector<std::size_t> numbers;
  std::vector<float> vectors;
  std::string texts;
  std::size_t news = 0;
  for (std::size_t w = 0; w < lexicon.size(); ++w) {
    const auto [found, is_new] = known_.try_emplace(lexicon.word(w), known_.size());
    numbers.push_back(found->second);
    if (!is_new) continue;
    ++news;
    std::vector<float> vector = lexicon.direction(w);
    vector.resize(lexicon.width());
    vectors.insert(vectors.end(), vector.begin(), vector.end());
    texts += lexicon.word(w);
    texts.resize(news * kWordBytesMax);
  }
  std::size_t tokens = 0;
  for (const auto& passage : reading.passages()) tokens += passage.size();
  for (const std::size_t count :
       {reading.question().size(), reading.passages().size(), tokens, numbers.size(), news, pieces.size() + 1})
    put_number(count);
  put_all(vectors);
  std::fwrite(texts.data(), 1, texts.size(), stdout);
  for (const std::size_t number : numbers) put_number(number);
  for (const auto& token : reading.question()) put_token(reading, token);
  for (const auto& passage : reading.passages()) {
    put_number(passage.size());
    for (const auto& token : passage) put_token(reading, token);
  }
  std::string bytes;
  for (std::size_t q = 0; q < reading.question().size(); ++q)
    for (std::size_t w = 0; w < lexicon.size(); ++w)
      bytes += static_cast<char>(std::lround(reading.likeness(q, w) * 255));
  bytes.resize((bytes.size() + 3) / 4 * 4);
  std::fwrite(bytes.data(), 1, bytes.size(), stdout);
  for (const Labelled& labelled : pieces) {
    const ReadPiece& piece = labelled.piece;
    const auto [first, last] = reading.find(piece.source, piece.begin, piece.size).value_or(Reading::Extent{});
    for (const std::size_t value : {std::size_t{labelled.right}, static_cast<std::size_t>(labelled.match), piece.kind,
                                    piece.source + 1, first, last})
      put_number(value);
    put_all(piece.evidence);
  }
  for (const std::size_t value : {std::size_t{none_right}, std::size_t{none_right ? 2U : 0U}, std::size_t{0},
                                  std::size_t{0}, std::size_t{0}, std::size_t{0}})
    put_number(value);
  put_all(Evidence{});
}

int record_lines(const Record& record) {
  std::ios::sync_with_stdio(false);
  const auto folder = embedding::builtin_embedding();
  const auto meanings = folder ? embedding::StaticEmbedding::load(*folder) : std::unexpected(folder.error());
  if (!meanings) return std::cerr << meanings.error().what << '\n', 1;
  ReadingRecorder recorder;
  for (std::string line; std::getline(std::cin, line);) {
    const auto value = parse_json(line);
    if (!value) return std::cerr << value.error().what << '\n', 1;
    record(*value, recorder, *meanings);
  }
  return 0;
}

}  // namespace daimon::memory
