#include "constraint/vocabulary.h"

#include <algorithm>
#include <numeric>

#include "base/format.h"

namespace daimon::constraint {

Result<std::shared_ptr<const Vocabulary>> Vocabulary::create(std::vector<std::string> bytes,
                                                             std::vector<Token> end_tokens) {
  if (bytes.empty()) return fail(ErrorCode::kInvalidArgument, "the model has no vocabulary");
  for (const Token token : end_tokens)
    if (token < 0 || static_cast<std::size_t>(token) >= bytes.size())
      return fail(ErrorCode::kInvalidArgument,
                  daimon::format("the end token {} is not in the vocabulary of {}", token, bytes.size()));
  auto made = std::make_shared<Vocabulary>();
  made->bytes_ = std::move(bytes);
  made->end_tokens_ = std::move(end_tokens);
  std::vector<Token> sorted(made->bytes_.size());
  std::iota(sorted.begin(), sorted.end(), 0);
  std::erase_if(sorted, [&](Token token) {
    const std::string_view text = made->bytes(token);
    return text.empty() || text.size() > 255 || made->is_end(token);
  });
  std::ranges::sort(sorted, [&](Token a, Token b) { return made->bytes(a) < made->bytes(b); });
  std::vector<std::uint32_t> path;  // nodes of the current prefix
  std::string_view previous;
  for (const Token token : sorted) {
    const std::string_view text = made->bytes(token);
    std::size_t shared = 0;
    while (shared < previous.size() && shared < text.size() && previous[shared] == text[shared]) ++shared;
    while (path.size() > shared) {
      made->nodes_[path.back()].end = static_cast<std::uint32_t>(made->nodes_.size());
      path.pop_back();
    }
    for (std::size_t i = shared; i < text.size(); ++i) {
      path.push_back(static_cast<std::uint32_t>(made->nodes_.size()));
      const auto here = static_cast<std::uint32_t>(made->tokens_.size());
      made->nodes_.push_back({static_cast<std::uint8_t>(text[i]), static_cast<std::uint8_t>(i + 1), 0, here, here});
    }
    made->tokens_.push_back(token);
    made->nodes_[path.back()].tokens_end = static_cast<std::uint32_t>(made->tokens_.size());
    previous = text;
  }
  for (const std::uint32_t node : path) made->nodes_[node].end = static_cast<std::uint32_t>(made->nodes_.size());
  return made;
}

bool Vocabulary::is_end(Token token) const { return std::ranges::find(end_tokens_, token) != end_tokens_.end(); }

bool Vocabulary::extends(std::string_view text) const {
  std::uint32_t at = 0;
  std::uint32_t end = static_cast<std::uint32_t>(nodes_.size());
  for (const char c : text) {
    while (at < end && nodes_[at].byte != static_cast<std::uint8_t>(c)) at = nodes_[at].end;
    if (at >= end) return false;
    end = nodes_[at].end;
    ++at;
  }
  return at < end;
}

}  // namespace daimon::constraint
