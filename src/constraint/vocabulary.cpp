#include "constraint/vocabulary.h"

#include <algorithm>
#include <map>

#include "base/format.h"
#include "base/text.h"

namespace daimon::constraint {
namespace {

constexpr std::size_t kTokenBytesMax = 255;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20; }
bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

Vocabulary::Trie trie(std::vector<Token> sorted, const std::vector<std::string>& bytes) {
  Vocabulary::Trie made;
  const auto text_of = [&](Token token) { return std::string_view(bytes[static_cast<std::size_t>(token)]); };
  std::ranges::sort(sorted, {}, text_of);
  std::vector<std::uint32_t> path;  // nodes of the current prefix
  std::string_view previous;
  for (const Token token : sorted) {
    const std::string_view text = text_of(token);
    made.longest = std::max(made.longest, text.size());
    std::size_t shared = 0;
    while (shared < previous.size() && shared < text.size() && previous[shared] == text[shared]) ++shared;
    while (path.size() > shared) {
      made.nodes[path.back()].end = static_cast<std::uint32_t>(made.nodes.size());
      path.pop_back();
    }
    for (std::size_t i = shared; i < text.size(); ++i) {
      path.push_back(static_cast<std::uint32_t>(made.nodes.size()));
      const auto here = static_cast<std::uint32_t>(made.tokens.size());
      made.nodes.push_back({static_cast<std::uint8_t>(text[i]), static_cast<std::uint8_t>(i + 1), 0, here, here});
    }
    made.tokens.push_back(token);
    made.nodes[path.back()].tokens_end = static_cast<std::uint32_t>(made.tokens.size());
    previous = text;
  }
  for (const std::uint32_t node : path) made.nodes[node].end = static_cast<std::uint32_t>(made.nodes.size());
  return made;
}

}  // namespace

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
  std::vector<Token> all, marked;
  std::map<std::size_t, std::vector<Token>> plain;  // by characters
  for (Token token = 0; token < static_cast<Token>(made->bytes_.size()); ++token) {
    const std::string_view text = made->bytes(token);
    if (text.empty() || text.size() > kTokenBytesMax || made->is_end(token) || std::ranges::any_of(text, is_control))
      continue;
    all.push_back(token);
    if (is_utf8(text) && text.find_first_of("\"\\") == std::string_view::npos)
      plain[static_cast<std::size_t>(std::ranges::count_if(text, begins_character))].push_back(token);
    else
      marked.push_back(token);
  }
  made->all_ = trie(std::move(all), made->bytes_);
  made->marked_ = trie(std::move(marked), made->bytes_);
  made->text_masks_.emplace_back((made->bytes_.size() + 31) / 32);
  made->text_mask_.push_back(0);
  for (const auto& [characters, tokens] : plain) {
    made->text_mask_.resize(characters, made->text_masks_.size() - 1);
    made->text_masks_.push_back(made->text_masks_.back());
    for (const Token token : tokens) allow(made->text_masks_.back(), token);
    made->text_mask_.push_back(made->text_masks_.size() - 1);
  }
  return made;
}

bool Vocabulary::is_end(Token token) const { return std::ranges::find(end_tokens_, token) != end_tokens_.end(); }

bool Vocabulary::extends(std::string_view text) const {
  std::uint32_t at = 0;
  std::uint32_t end = static_cast<std::uint32_t>(all_.nodes.size());
  for (const char c : text) {
    while (at < end && all_.nodes[at].byte != static_cast<std::uint8_t>(c)) at = all_.nodes[at].end;
    if (at >= end) return false;
    end = all_.nodes[at].end;
    ++at;
  }
  return at < end;
}

}  // namespace daimon::constraint
