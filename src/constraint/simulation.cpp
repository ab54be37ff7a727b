#include "constraint/simulation.h"

#include <algorithm>

namespace daimon::constraint {
namespace {

// Of threads looked at, some 20 ns each. Nested repetitions have as many ways as their limits multiplied, and a schema
// that refers to itself without reading has them beyond number. A span of 100 kB of text needs 150,000, a mask of
// ^(?:[a-c]{0,60}){0,60}$ over a large vocabulary 19 million.
constexpr std::size_t kWorkMax = 20'000'000;
constexpr std::size_t kWorkOfByte = 256;        // of a text that is read
constexpr std::size_t kComparedAsWork = 16;     // comparisons that take as long as looking at a thread
constexpr std::size_t kStacksMost = 2'000'000;  // of all that was ever seen, 64 bytes each
constexpr std::uint32_t kStackMax = 512;        // deeper recursion is refused, never an overflow
// Counts of which only this much is remembered.
constexpr std::uint32_t kFarBelowMinimum = UINT32_MAX - 1;
constexpr std::uint32_t kFarFromLimits = UINT32_MAX;

}  // namespace

std::size_t Simulation::FrameHash::operator()(const std::pair<StackId, std::uint64_t>& frame) const noexcept {
  std::uint64_t mixed = (frame.second ^ (std::uint64_t{frame.first} << 40)) * 0x9E3779B97F4A7C15ULL;
  mixed ^= mixed >> 29;
  return mixed * 0xBF58476D1CE4E5B9ULL ^ frame.first;
}

Simulation::Simulation(const Automaton& automaton, const std::vector<bool>& productive)
    : automaton_(automaton), productive_(productive), stacks_(1) {
  begin();
}

void Simulation::begin(std::size_t bytes) {
  work_ = 0;
  work_max_ = kWorkMax + bytes * kWorkOfByte;
  is_cut_ = false;
}

StackId Simulation::pushed(StackId below, std::uint64_t entry) {
  const auto [found, is_new] = numbers_.try_emplace({below, entry}, static_cast<StackId>(stacks_.size()));
  if (is_new) stacks_.push_back({below, stacks_[below].depth + 1, entry});
  return found->second;
}

// What is remembered of the count of a loop.
std::uint32_t Simulation::counted(const State& step, std::uint32_t count, std::uint32_t far) const {
  if (count >= kFarBelowMinimum) return count;
  if (step.maximum == UINT32_MAX) count = std::min(count, step.minimum);  // without a limit it counts to its minimum
  if (count < step.minimum) return step.minimum - count > far ? kFarBelowMinimum : count;
  return step.maximum != UINT32_MAX && step.maximum - count > far ? kFarFromLimits : count;
}

void Simulation::arrive(Thread thread, std::uint32_t far, ThreadSet& out) {
  open_.assign(1, thread);
  seen_.clear();
  for (; !open_.empty(); ++work_) {
    if (work_ > work_max_ || stacks_.size() > kStacksMost) {
      is_cut_ = true;
      return;
    }
    const Thread at = open_.back();
    open_.pop_back();
    if (!productive_[at.state]) continue;
    const State& state = automaton_.states[at.state];
    if (!state.bytes.empty()) out.threads.push_back(at);
    const Frame top = stacks_[at.stack];
    if (state.epsilon.size() > 1 || state.counter != State::Counter::kNone) {
      // Loops without bytes would turn for ever. A round that read nothing does not count as one. (Of the ways to such
      // a loop the one that leaves and begins anew comes first, and may do all that the others may.)
      const Thread mark{at.state, state.empty_rounds ? top.below : at.stack};
      work_ += seen_.size() / kComparedAsWork;
      if (std::ranges::find(seen_, mark) != seen_.end()) continue;
      seen_.push_back(mark);
    }
    for (const StateId next : state.epsilon) open_.push_back({next, at.stack});
    if (state.call != kNoRule && top.depth < kStackMax)
      open_.push_back({automaton_.rules[state.call], pushed(at.stack, state.call_return)});
    const auto count = static_cast<std::uint32_t>(top.entry);
    if (state.counter == State::Counter::kPush) {
      open_.push_back({state.counter_to, pushed(at.stack, 0)});  // the stepping state gives it its name
    } else if (state.counter == State::Counter::kStep) {
      if (count >= kFarBelowMinimum || count < state.maximum) {
        const std::uint32_t next = count >= kFarBelowMinimum ? count : counted(state, count + 1, far);
        open_.push_back({state.counter_to, pushed(top.below, (std::uint64_t{at.state} + 1) << 32 | next)});
      }
    } else if (state.counter == State::Counter::kLeave) {
      if (count != kFarBelowMinimum && count >= state.minimum) open_.push_back({state.counter_to, top.below});
      continue;
    }
    if (state.accept) {
      if (at.stack == kEmptyStack)
        out.complete = true;
      else
        open_.push_back({static_cast<StateId>(top.entry), top.below});
    }
  }
}

void Simulation::sort_unique(ThreadSet& set) {
  if (set.threads.size() < 2) return;
  std::ranges::sort(set.threads);
  const auto same = std::ranges::unique(set.threads);
  set.threads.erase(same.begin(), same.end());
}

ThreadSet Simulation::start() {
  ThreadSet set;
  arrive({automaton_.rules[0], kEmptyStack}, kExact, set);
  sort_unique(set);
  return set;
}

ThreadSet Simulation::after(const std::vector<Thread>& threads, std::uint8_t byte, std::uint32_t far) {
  ThreadSet next;
  for (const Thread& thread : threads)
    for (const ByteEdge& edge : automaton_.states[thread.state].bytes)
      if (edge.low <= byte && byte <= edge.high) arrive({edge.to, thread.stack}, far, next);
  sort_unique(next);
  return next;
}

StackId Simulation::forgetful_stack(StackId stack, std::uint32_t far) {
  if (stack == kEmptyStack) return stack;
  const Frame frame = stacks_[stack];
  const StackId below = forgetful_stack(frame.below, far);
  std::uint64_t entry = frame.entry;
  if (const auto loop = static_cast<StateId>(entry >> 32); loop != 0)
    entry = std::uint64_t{loop} << 32 | counted(automaton_.states[loop - 1], static_cast<std::uint32_t>(entry), far);
  return below == frame.below && entry == frame.entry ? stack : pushed(below, entry);
}

Thread Simulation::forgetful(Thread thread, std::uint32_t far) {
  return {thread.state, forgetful_stack(thread.stack, far)};
}

std::uint32_t Simulation::text_left(Thread thread) const {
  if (automaton_.states[thread.state].text == State::Text::kEndless) return UINT32_MAX;
  const std::uint64_t entry = stacks_[thread.stack].entry;
  const State& step = automaton_.states[static_cast<StateId>(entry >> 32) - 1];
  if (step.maximum == UINT32_MAX) return UINT32_MAX;
  const auto count = static_cast<std::uint32_t>(entry);
  return count > step.maximum ? 0 : step.maximum - count + 1;
}

}  // namespace daimon::constraint
