#include "embedding/spelling.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace daimon::embedding {
namespace {

constexpr std::size_t kLettersMin = 4;
constexpr std::size_t kLettersMax = 20;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

// The commonest word of the embedding that is one slip away; none for one with an ending that is not counted as one.
std::string commonest(std::string_view word, const StaticEmbedding& meanings) {
  for (const std::string_view ending : {"s", "es", "ed", "er", "ly", "ing", "less", "ness"})
    if (word.ends_with(ending) && meanings.knows(word.substr(0, word.size() - ending.size()))) return {};
  std::string best;
  float least = 2;
  const auto consider = [&](const std::string& other) {
    if (other.size() < kLettersMin - 1 || !meanings.knows(other)) return;
    if (const float weight = meanings.weight(other); weight < least) least = weight, best = other;
  };
  for (std::size_t i = 0; i <= word.size(); ++i) {
    std::string other(word);
    if (i < word.size()) {
      other.erase(i, 1);
      consider(other);
    }
    if (i + 1 < word.size()) {
      other = word;
      std::swap(other[i], other[i + 1]);
      consider(other);
    }
    for (char c = 'a'; c <= 'z'; ++c) {
      other = word;
      other.insert(i, 1, c);
      consider(other);
      if (i < word.size()) {
        other = word;
        other[i] = c;
        consider(other);
      }
    }
  }
  return best;
}

}  // namespace

bool is_one_slip(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (a == b || b.size() > a.size() + 1) return false;
  const auto at = static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
  if (b.size() > a.size()) return a.substr(at) == b.substr(at + 1);
  if (a.substr(at + 1) == b.substr(at + 1)) return true;
  return at + 1 < a.size() && a[at] == b[at + 1] && a[at + 1] == b[at] && a.substr(at + 2) == b.substr(at + 2);
}

std::string respelt(std::string_view text, const StaticEmbedding& meanings,
                    const std::function<std::string(std::string_view)>& there) {
  constexpr std::size_t kMendedMax = 16;  // each costs some hundred look-ups
  struct Unknown {
    std::size_t begin = 0, end = 0;
  };
  std::vector<Unknown> unknown;
  std::size_t known = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && is_lower(text[end])) ++end;
    // Parts of something longer are no words.
    const auto is_edge = [&](std::size_t i) {
      return i >= text.size() || std::string_view(" \t\n,;:?!()\"").contains(text[i]) ||
             (text[i] == '.' && (i + 1 >= text.size() || text[i + 1] == ' '));
    };
    const std::size_t length = end - at;
    if (length >= kLettersMin && length <= kLettersMax && (at == 0 || is_edge(at - 1)) && is_edge(end)) {
      if (meanings.knows(text.substr(at, length)))
        ++known;
      else if (unknown.size() < kMendedMax)
        unknown.push_back({at, end});
    }
    at = std::max(end, at + 1);
  }
  // A text of another language, say.
  constexpr std::size_t kFew = 2;
  if (unknown.size() > std::max(known, kFew)) return std::string(text);
  std::string made;
  std::size_t done = 0;
  for (const auto& [begin, end] : unknown) {
    const std::string_view word = text.substr(begin, end - begin);
    std::string other = there(word);
    if (other.empty()) other = commonest(word, meanings);
    made += text.substr(done, begin - done);
    made += other.empty() ? std::string(word) : other;
    done = end;
  }
  made += text.substr(done);
  return made;
}

}  // namespace daimon::embedding
