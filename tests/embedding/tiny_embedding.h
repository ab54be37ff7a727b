// A table of a few words, made by hand: what a test wants to be near is near.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/format.h"
#include "base/json.h"
#include "embedding/static_embedding.h"

namespace daimon::embedding::test {

using Rows = std::vector<std::pair<std::string, std::vector<int>>>;  // piece, its row

inline std::string tokenizer_of(const Rows& rows) {
  JsonObject vocabulary{{"[PAD]", 0}, {"[UNK]", 1}};
  std::int64_t next = 2;
  for (const auto& [piece, row] : rows) vocabulary[piece] = next++;
  return to_text(JsonObject{{"model", JsonObject{{"type", "WordPiece"}, {"vocab", std::move(vocabulary)}}}});
}

inline std::string tensors_of(const std::string& header, const std::string& data) {
  const std::uint64_t size = header.size();
  std::string file(sizeof size, '\0');
  std::memcpy(file.data(), &size, sizeof size);
  return file + header + data;
}

inline std::string tensors_of(const Rows& rows) {
  const std::size_t width = rows.at(0).second.size();
  std::string data(2 * width, '\0');
  for (const auto& [piece, row] : rows)
    for (const int value : row) data += static_cast<char>(static_cast<std::int8_t>(value));
  return tensors_of(daimon::format(R"({{"embeddings":{{"dtype":"I8","shape":[{},{}],"data_offsets":[0,{}]}}}})",
                                   rows.size() + 2, width, data.size()),
                    data);
}

inline StaticEmbedding embedding_of(const Rows& rows) {
  return StaticEmbedding::parse(tokenizer_of(rows), tensors_of(rows)).value();
}

}  // namespace daimon::embedding::test
