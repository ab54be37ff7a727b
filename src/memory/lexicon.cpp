#include "memory/lexicon.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "memory/answer_rank.h"
#include "memory/network_layer.h"

namespace daimon::memory {
namespace {

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

bool has_digit(std::string_view word) { return std::ranges::any_of(word, is_digit); }

// Numbers are the same or not.
bool same_word(std::string_view a, std::string_view b) {
  return a == b || (!has_digit(a) && !has_digit(b) && same_but_for_ending(a, b));
}

}  // namespace

std::size_t Lexicon::index_of(std::string_view text) {
  std::string word = to_lower_ascii(cut_utf8(text, kWordBytesMax));
  const auto [found, is_new] = indices_.try_emplace(word, words_.size());
  if (is_new) {
    directions_.push_back(meanings_ != nullptr && !has_digit(word) ? meanings_->direction(word) : std::vector<float>());
    rarities_.push_back(directions_.back().empty() ? 1 : meanings_->weight(word));
    words_.push_back(std::move(word));
  }
  return found->second;
}

std::vector<Lexicon::Token> Lexicon::tokens(std::string_view text, std::size_t most) {
  std::vector<Token> tokens;
  // Where a word begins; npos between two.
  std::size_t begin = std::string_view::npos;
  const auto end_at = [&](std::size_t end) {
    if (begin != std::string_view::npos) tokens.push_back({index_of(text.substr(begin, end - begin)), begin, end});
    begin = std::string_view::npos;
  };
  for (std::size_t at = 0; at < text.size() && tokens.size() < most;) {
    const std::size_t here = at;
    const char32_t c = next_code_point(text, at);
    if (!embedding::is_of_word(c))
      end_at(here);
    else if (begin == std::string_view::npos)
      begin = here;
  }
  if (tokens.size() < most) end_at(text.size());
  return tokens;
}

std::string spaced_name(std::string_view name) {
  std::string spaced;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool begins =
        i > 0 && is_upper(name[i]) &&
        (!is_upper(name[i - 1]) || (i + 1 < name.size() && !is_upper(name[i + 1]) && name[i + 1] != '_'));
    if (begins) spaced += ' ';
    spaced += name[i] == '_' || name[i] == '.' ? ' ' : name[i];
  }
  return spaced;
}

std::vector<Lexicon::Token> Lexicon::tokens_of_name(std::string_view name, std::size_t most) {
  return tokens(spaced_name(name), most);
}

float Lexicon::likeness(std::size_t a, std::size_t b) const {
  if (a == b || same_word(words_[a], words_[b])) return 1;
  const auto& x = directions_[a];
  const auto& y = directions_[b];
  if (x.empty() || y.empty()) return 0;
  return std::clamp(dot(x, y), 0.0F, 0.95F);
}

std::vector<float> Lexicon::mean(const std::vector<std::size_t>& words) const {
  std::vector<float> sum(width());
  for (const std::size_t word : words)
    for (std::size_t i = 0; i < directions_[word].size(); ++i) sum[i] += directions_[word][i];
  for (float& value : sum) value /= static_cast<float>(std::max<std::size_t>(words.size(), 1));
  return sum;
}

}  // namespace daimon::memory
