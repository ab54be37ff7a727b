// The automaton at work: threads, their stacks, and what a byte does to them.
#pragma once

#include <compare>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "constraint/automaton.h"

namespace daimon::constraint {

// Stacks share their lower parts (a graph-structured stack, after Tomita 1985): equal stacks have equal numbers.
using StackId = std::uint32_t;
inline constexpr StackId kEmptyStack = 0;

// A state that reads bytes (or has just been reached), and the returns and counters above it.
struct Thread {
  StateId state = 0;
  StackId stack = kEmptyStack;
  auto operator<=>(const Thread&) const = default;
};

struct ThreadSet {
  std::vector<Thread> threads;  // sorted, unique; each reads a byte
  bool complete = false;        // the text may end here
  bool operator==(const ThreadSet&) const = default;
  [[nodiscard]] bool is_dead() const { return threads.empty() && !complete; }
};

// One thread at a time. The automaton outlives it.
class Simulation {
 public:
  Simulation(const Automaton& automaton, const std::vector<bool>& productive);

  // How exactly repetitions are counted. A count that `far` more characters can bring neither to its minimum nor to its
  // limit is as good as any other such count; forgetting which makes the sets of threads few.
  static constexpr std::uint32_t kExact = UINT32_MAX;

  [[nodiscard]] ThreadSet start();
  // Where reading `byte` leads, sorted and unique.
  [[nodiscard]] ThreadSet after(const std::vector<Thread>& threads, std::uint8_t byte, std::uint32_t far = kExact);
  // Adds where the edge's reading leads; sort_unique when all is added.
  void arrive(Thread thread, std::uint32_t far, ThreadSet& out);
  static void sort_unique(ThreadSet& set);
  // The same thread with what is far from any limit forgotten.
  [[nodiscard]] Thread forgetful(Thread thread, std::uint32_t far);

  // Of a thread in a state with State::Text: how many characters it may still read, this one included.
  [[nodiscard]] std::uint32_t text_left(Thread thread) const;
  [[nodiscard]] const State& state(StateId id) const { return automaton_.states[id]; }
  [[nodiscard]] bool is_productive(StateId id) const { return productive_[id]; }
  [[nodiscard]] std::size_t stacks() const { return stacks_.size(); }
  // What follows may take so much, of time and with it of memory; more where it reads many bytes.
  void begin(std::size_t bytes = 0);
  // Some way was left out since then because there were too many: sets that were made hold less than they should.
  [[nodiscard]] bool is_cut() const { return is_cut_; }

 private:
  struct Frame {
    StackId below = kEmptyStack;
    std::uint32_t depth = 0;
    // A return: the state. A counter: its loop's stepping state plus one in the upper half, the count in the lower.
    std::uint64_t entry = 0;
  };
  struct FrameHash {
    std::size_t operator()(const std::pair<StackId, std::uint64_t>& frame) const noexcept;
  };
  StackId pushed(StackId below, std::uint64_t entry);
  [[nodiscard]] std::uint32_t counted(const State& step, std::uint32_t count, std::uint32_t far) const;
  StackId forgetful_stack(StackId stack, std::uint32_t far);

  const Automaton& automaton_;
  const std::vector<bool>& productive_;
  std::vector<Frame> stacks_;
  std::unordered_map<std::pair<StackId, std::uint64_t>, StackId, FrameHash> numbers_;
  bool is_cut_ = false;
  std::size_t work_ = 0, work_max_ = 0;  // since begin
  std::vector<Thread> open_, seen_;      // of arrive, kept for their memory
};

}  // namespace daimon::constraint
