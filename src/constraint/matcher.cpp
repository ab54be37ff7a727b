#include "constraint/matcher.h"

#include <algorithm>
#include <array>

namespace daimon::constraint {
namespace {

constexpr std::size_t kStackMax = 512;  // deeper recursion is refused, never an overflow
constexpr std::uint32_t kFar = 256;     // no token has as many code points

}  // namespace

Matcher::Matcher(std::shared_ptr<const Grammar> grammar, std::shared_ptr<const Vocabulary> vocabulary)
    : grammar_(std::move(grammar)), vocabulary_(std::move(vocabulary)) {
  Set start;
  close({grammar_->automaton().rules[0], {}}, start);
  std::ranges::sort(start.threads);
  threads_ = std::move(start.threads);
  complete_ = start.complete;
}

// Adds every byte-reading state that can be reached from `thread` without reading.
void Matcher::close(Thread thread, Set& out) const {
  const Automaton& automaton = grammar_->automaton();
  std::vector<Thread> open{std::move(thread)};
  std::vector<Thread> seen;
  while (!open.empty()) {
    Thread at = std::move(open.back());
    open.pop_back();
    if (!grammar_->is_productive(at.state)) continue;
    const State& state = automaton.states[at.state];
    const bool branches = state.epsilon.size() > 1 || state.counter != State::Counter::kNone;
    if (branches) {
      // Loops without bytes would turn for ever.
      if (std::ranges::find(seen, at) != seen.end()) continue;
      seen.push_back(at);
    }
    if (!state.bytes.empty()) {
      if (std::ranges::find(out.threads, at) == out.threads.end()) out.threads.push_back(at);
    }
    for (const StateId next : state.epsilon) open.push_back({next, at.stack});
    if (state.call != kNoRule && at.stack.size() < kStackMax) {
      Thread called{automaton.rules[state.call], at.stack};
      called.stack.push_back(state.call_return);
      open.push_back(std::move(called));
    }
    if (state.counter == State::Counter::kPush) {
      Thread counted{state.counter_to, at.stack};
      counted.stack.push_back(0);  // the stepping state gives it its name
      open.push_back(std::move(counted));
    } else if (state.counter == State::Counter::kStep) {
      const auto count = static_cast<std::uint32_t>(at.stack.back());
      // A counter without an upper limit stops counting at its minimum, so that its states stay few.
      const bool unlimited = state.maximum == UINT32_MAX;
      if (unlimited || count < state.maximum) {
        Thread again{state.counter_to, at.stack};
        again.stack.back() =
            (std::uint64_t{at.state} + 1) << 32 | (unlimited ? std::min(count + 1, state.minimum) : count + 1);
        open.push_back(std::move(again));
      }
    } else if (state.counter == State::Counter::kLeave) {
      if (static_cast<std::uint32_t>(at.stack.back()) >= state.minimum) {
        Thread left{state.counter_to, std::move(at.stack)};
        left.stack.pop_back();
        open.push_back(std::move(left));
        continue;
      }
    }
    if (state.accept) {
      if (at.stack.empty()) {
        out.complete = true;
      } else {
        const auto back = static_cast<StateId>(at.stack.back());
        at.stack.pop_back();
        open.push_back({back, std::move(at.stack)});
      }
    }
  }
}

Matcher::Set Matcher::after(const std::vector<Thread>& threads, std::uint8_t byte) const {
  Set next;
  for (const Thread& thread : threads)
    for (const ByteEdge& edge : grammar_->automaton().states[thread.state].bytes)
      if (edge.low <= byte && byte <= edge.high) close({edge.to, thread.stack}, next);
  if (next.threads.size() > 1) std::ranges::sort(next.threads);
  return next;
}

bool Matcher::accept_bytes(std::string_view bytes) {
  std::vector<Thread> threads = threads_;
  bool complete = complete_;
  for (const char c : bytes) {
    Set next = after(threads, static_cast<std::uint8_t>(c));
    if (next.threads.empty() && !next.complete) return false;
    threads = std::move(next.threads);
    complete = next.complete;
  }
  threads_ = std::move(threads);
  complete_ = complete;
  return true;
}

bool Matcher::accept(Token token) {
  if (token < 0 || static_cast<std::size_t>(token) >= vocabulary_->size()) return false;
  if (vocabulary_->is_end(token)) return complete_;
  const std::string_view bytes = vocabulary_->bytes(token);
  return !bytes.empty() && accept_bytes(bytes);
}

// What decides the mask: the threads. A count that no token can bring to its loop's limit is as good as any other, so
// that the inside of a long string has one mask.
std::string Matcher::key() const {
  const Automaton& automaton = grammar_->automaton();
  std::string key;
  const auto put = [&](std::uint64_t value) { key.append(reinterpret_cast<const char*>(&value), sizeof value); };
  for (const Thread& thread : threads_) {
    put(thread.state);
    put(thread.stack.size());
    for (const std::uint64_t entry : thread.stack) {
      if (const auto loop = static_cast<StateId>(entry >> 32); loop != 0) {
        const State& step = automaton.states[loop - 1];
        const auto count = static_cast<std::uint32_t>(entry);
        const bool far = count >= step.minimum && step.maximum != UINT32_MAX && step.maximum - count > kFar;
        put(far ? (entry & ~std::uint64_t{UINT32_MAX}) | step.minimum : entry);
      } else {
        put(entry);
      }
    }
  }
  put(complete_ ? 1 : 0);
  return key;
}

std::shared_ptr<const TokenMask> Matcher::mask() const {
  const std::string key = this->key();
  if (auto found = grammar_->cached(vocabulary_.get(), key)) return found;

  auto mask = std::make_shared<TokenMask>((vocabulary_->size() + 31) / 32);
  const auto allow = [&](Token token) {
    (*mask)[static_cast<std::size_t>(token) / 32] |= 1U << (static_cast<std::uint32_t>(token) % 32);
  };
  if (complete_)
    for (const Token token : vocabulary_->end_tokens()) allow(token);
  const auto nodes = vocabulary_->nodes();
  const auto tokens = vocabulary_->tokens();
  // The sets after each byte of the current path; a failed byte skips its whole subtree.
  std::vector<std::vector<Thread>> path(257);
  path[0] = threads_;
  for (std::uint32_t i = 0; i < nodes.size();) {
    const Vocabulary::Node& node = nodes[i];
    Set next = after(path[node.depth - 1], node.byte);
    if (next.threads.empty() && !next.complete) {
      i = node.end;
      continue;
    }
    for (std::uint32_t t = node.tokens_begin; t < node.tokens_end; ++t) allow(tokens[t]);
    path[node.depth] = std::move(next.threads);
    i = path[node.depth].empty() ? node.end : i + 1;
  }
  grammar_->remember(vocabulary_.get(), key, mask);
  return mask;
}

std::string Matcher::forced() const {
  std::string bytes;
  std::vector<Thread> threads = threads_;
  bool complete = complete_;
  while (!complete && !threads.empty()) {
    int only = -1;
    for (const Thread& thread : threads)
      for (const ByteEdge& edge : grammar_->automaton().states[thread.state].bytes) {
        if (!grammar_->is_productive(edge.to)) continue;
        if (edge.low != edge.high || (only >= 0 && only != edge.low)) return bytes;
        only = edge.low;
      }
    if (only < 0) return bytes;
    Set next = after(threads, static_cast<std::uint8_t>(only));
    if (next.threads.empty() && !next.complete) return bytes;
    bytes += static_cast<char>(only);
    threads = std::move(next.threads);
    complete = next.complete;
    if (bytes.size() > 65536) return bytes;
  }
  return bytes;
}

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
