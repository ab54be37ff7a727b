// What firmware/training/reader.py learns from: readings with their pieces, as 32-bit little-endian numbers on standard
// output. A reading:
//
// - how many tokens the question has, passages, tokens of all passages, words, words that are new, pieces
// - the vectors of the new words (of all readings so far), and their texts, of kWordBytesMax bytes each
// - of each word its number among all
// - each token of the question; of each passage the count and each token: word + 1 | shape << 16 | telling << 24 |
//   path << 25
// - how alike each token of the question is to each word, in bytes, 255 the same; filled up to four
// - of each piece whether it is right (1, else 0), its match (2 exact, 1 holds the answer, 0), its kind, its passage
//   from 1, its first and its last token among those of the passage, its evidence
// - the last piece is "none", of passage 0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "embedding/static_embedding.h"
#include "memory/reader.h"
#include "memory/reading.h"

namespace daimon::memory {

struct Labelled {
  ReadPiece piece;
  bool right = false;
  int match = 0;
};

class ReadingRecorder {
 public:
  // `none_right`: that none of the pieces answers.
  void put(const Reading& reading, const std::vector<Labelled>& pieces, bool none_right);

 private:
  std::map<std::string, std::size_t, std::less<>> known_;
};

// What a program of this kind does: loads the built-in embedding, and gives each line of JSON on standard input to
// `record`. The exit status; what is wrong is said on standard error.
using Record =
    std::function<void(const Json& line, ReadingRecorder& recorder, const embedding::StaticEmbedding& meanings)>;
int record_lines(const Record& record);

}  // namespace daimon::memory
