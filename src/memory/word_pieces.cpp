#include "memory/word_pieces.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

#include "base/text.h"

namespace daimon::memory {

WordPieces::WordPieces(std::string_view text, std::size_t first) {
  constexpr double kOfUnknown = 10;  // less than the least likely piece
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos) continue;
    Piece piece{.number = first++};
    std::from_chars(line.data(), line.data() + tab, piece.score);
    const std::string_view spelt = line.substr(tab + 1);
    pieces_.emplace(spelt, piece);
    longest_ = std::max(longest_, spelt.size());
    least_ = std::min(least_, piece.score - kOfUnknown);
  }
}

std::vector<std::size_t> WordPieces::split(std::string_view word) const {
  const std::string text = "\xE2\x96\x81" + std::string(word);
  std::vector<std::size_t> starts;  // of characters, and the end
  for (std::size_t at = 0; at < text.size(); next_code_point(text, at)) starts.push_back(at);
  starts.push_back(text.size());
  // The likeliest way to each character: its score, where its last piece begins, and which that is.
  struct Way {
    double score = -std::numeric_limits<double>::infinity();
    std::size_t from = 0, number = 0;
  };
  std::vector<Way> ways(starts.size());
  ways[0].score = 0;
  for (std::size_t i = 0; i + 1 < starts.size(); ++i) {
    for (std::size_t j = i + 1; j < starts.size() && starts[j] - starts[i] <= std::max<std::size_t>(longest_, 4); ++j) {
      const auto found = pieces_.find(std::string_view(text).substr(starts[i], starts[j] - starts[i]));
      if (found == pieces_.end() && j > i + 1) continue;
      const double score = ways[i].score + (found == pieces_.end() ? least_ : found->second.score);
      if (score > ways[j].score) ways[j] = {score, i, found == pieces_.end() ? 0 : found->second.number};
    }
  }
  std::vector<std::size_t> numbers;
  for (std::size_t at = starts.size() - 1; at > 0; at = ways[at].from) numbers.push_back(ways[at].number);
  std::ranges::reverse(numbers);
  return numbers;
}

}  // namespace daimon::memory
