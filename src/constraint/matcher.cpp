#include "constraint/matcher.h"

namespace daimon::constraint {
namespace {

Error too_many_ways() {
  return {ErrorCode::kLimit, "the schema leaves more ways to write the answer than can be followed",
          "nest fewer repetitions with limits in its patterns, or name fewer alternatives that begin alike"};
}

}  // namespace

Matcher::Matcher(std::shared_ptr<const Grammar> grammar, const std::shared_ptr<const Vocabulary>& vocabulary)
    : grammar_(std::move(grammar)), machine_(grammar_->machine(vocabulary)), at_(machine_->start()) {}

bool Matcher::accept_bytes(std::string_view bytes) {
  const auto accepted = machine_->accept(at_, bytes);
  is_cut_ = is_cut_ || accepted == Machine::Accepted::kTooManyWays;
  return accepted == Machine::Accepted::kYes;
}

bool Matcher::accept(Token token) {
  const Vocabulary& vocabulary = *machine_->vocabulary();
  if (token < 0 || static_cast<std::size_t>(token) >= vocabulary.size()) return false;
  if (vocabulary.is_end(token)) return at_.complete;
  const std::string_view bytes = vocabulary.bytes(token);
  return !bytes.empty() && accept_bytes(bytes);
}

Result<std::shared_ptr<const TokenMask>> Matcher::mask() const {
  DAIMON_CHECK(status());
  auto mask = machine_->mask(at_);
  if (mask == nullptr) return std::unexpected(too_many_ways());
  return mask;
}

Status Matcher::status() const {
  if (is_cut_) return std::unexpected(too_many_ways());
  return {};
}

std::string Matcher::forced() const { return machine_->forced(at_); }

Jump jump_forward(std::span<const Token> answer_tokens, std::string_view answer_text, std::string_view forced,
                  std::span<const Token> canonical_tokens, const Vocabulary& vocabulary) {
  Jump jump;
  std::vector<Token> wanted(canonical_tokens.begin(), canonical_tokens.end());
  // Hold back the last token when a longer one could take its place, but never bytes that the model chose itself.
  if (!wanted.empty()) {
    const std::string_view last = vocabulary.bytes(wanted.back());
    if (last.size() <= forced.size() && vocabulary.extends(last)) {
      jump.held_back_bytes = last.size();
      wanted.pop_back();
    }
  }
  static_cast<void>(answer_text);
  std::size_t shared = 0;
  while (shared < answer_tokens.size() && shared < wanted.size() && answer_tokens[shared] == wanted[shared]) ++shared;
  jump.drop = answer_tokens.size() - shared;
  jump.append.assign(wanted.begin() + static_cast<std::ptrdiff_t>(shared), wanted.end());
  return jump;
}

}  // namespace daimon::constraint
