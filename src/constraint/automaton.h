// The automaton behind a grammar: states over bytes, with counted repetition and calls, so that limits such as
// maxLength 4000 and recursive schemas stay small (a pushdown automaton whose stack is shared between threads of
// simulation, after Tomita's graph-structured stacks).
#pragma once

#include <cstdint>
#include <vector>

namespace daimon::constraint {

using StateId = std::uint32_t;
using RuleId = std::uint32_t;
inline constexpr std::uint32_t kNoRule = UINT32_MAX;

struct ByteEdge {
  std::uint8_t low, high;
  StateId to;
};

// What a state can do besides reading a byte. A thread of simulation takes all that apply.
struct State {
  std::vector<ByteEdge> bytes;
  std::vector<StateId> epsilon;
  RuleId call = kNoRule;  // run this rule, then go on at call_return
  StateId call_return = 0;
  bool accept = false;  // the end of its rule
  // Counted repetition: the loop's counter is the top of the thread's stack.
  enum class Counter : std::uint8_t { kNone, kPush, kStep, kLeave } counter = Counter::kNone;
  std::uint32_t minimum = 0, maximum = 0;  // of kStep (may go round again below maximum) and kLeave (at least minimum)
  StateId counter_to = 0;
  bool empty_rounds = false;  // of kStep: a round may read nothing
  // Reads any one character of a JSON string and comes back here until its limit: of a loop that counts, whose counter
  // is the top of the stack, or of one that does not. Masks of such states are known before they are asked for.
  enum class Text : std::uint8_t { kNo, kCounted, kEndless } text = Text::kNo;
};

struct Automaton {
  std::vector<State> states;
  std::vector<StateId> rules;  // the first state of each rule; rule 0 is the whole text

  StateId add() {
    states.emplace_back();
    return static_cast<StateId>(states.size() - 1);
  }
};

}  // namespace daimon::constraint
