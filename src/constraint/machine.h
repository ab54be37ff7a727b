// A grammar over a vocabulary: what may come next, and what was found of it before.
//
// A mask is the union of the masks of the threads. Threads that stand in free text admit every token of plain text up
// to what is left of their limit, which the vocabulary has ready, so only the tokens that hold a quotation mark, a
// backslash or part of a character are walked for them (after the slices of llguidance). The walk goes over sets of
// threads that are made once and have their successors by byte (a deterministic automaton made lazily).
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "constraint/grammar.h"
#include "constraint/simulation.h"
#include "constraint/vocabulary.h"

namespace daimon::constraint {

// Synchronised; any thread. The grammar outlives it.
class Machine {
 public:
  Machine(const Grammar& grammar, std::shared_ptr<const Vocabulary> vocabulary);

  [[nodiscard]] const std::shared_ptr<const Vocabulary>& vocabulary() const { return vocabulary_; }
  // It has seen so much that a new one should take its place. Sets of threads belong to their machine.
  [[nodiscard]] bool is_full() const;

  [[nodiscard]] ThreadSet start() const;
  // Unless it is yes nothing changes: the bytes may not come next, or there are more ways to them than can be followed.
  enum class Accepted : std::uint8_t { kYes, kNo, kTooManyWays };
  Accepted accept(ThreadSet& set, std::string_view bytes);
  // Null when there are more ways to a token than can be followed.
  [[nodiscard]] std::shared_ptr<const TokenMask> mask(const ThreadSet& set);
  // The bytes that every continuation begins with.
  [[nodiscard]] std::string forced(const ThreadSet& set);

 private:
  // The walk's automaton. Counts are exact only within `far` of a limit.
  class Walker {
   public:
    Walker(Simulation& simulation, std::uint32_t far) : simulation_(simulation), far_(far) {}
    using Id = std::int32_t;
    static constexpr Id kDead = -1;
    [[nodiscard]] std::uint32_t far() const { return far_; }
    Id number(ThreadSet set);
    Id next(Id from, std::uint8_t byte) {
      const Node& node = nodes_[static_cast<std::size_t>(from)];
      if (node.table != nullptr) {
        const Id known = (*node.table)[byte];
        return known != kUnknown ? known : find_next(from, byte);
      }
      for (const auto& [known, to] : node.few)
        if (known == byte) return to;
      return find_next(from, byte);
    }
    [[nodiscard]] bool ends(Id id) const { return nodes_[static_cast<std::size_t>(id)].set->threads.empty(); }
    // Before a walk; numbers last until the next.
    void make_room();
    void clear();
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

   private:
    static constexpr Id kUnknown = -2;
    struct Edge {
      std::uint8_t low, high;
      Thread to;
    };
    // Most nodes are passed once, by one token; those that many tokens pass get a table.
    struct Node {
      const ThreadSet* set = nullptr;  // in numbers_
      std::vector<Edge> single, wide;  // of one byte, sorted; of several. Empty until a successor is asked for
      bool has_edges = false;
      std::vector<std::pair<std::uint8_t, Id>> few;
      std::unique_ptr<std::array<Id, 256>> table;
    };
    struct Hash {
      std::size_t operator()(const ThreadSet& set) const noexcept;
    };
    Id find_next(Id from, std::uint8_t byte);

    Simulation& simulation_;
    std::uint32_t far_;
    std::vector<Node> nodes_;
    std::unordered_map<ThreadSet, Id, Hash> numbers_;
    std::size_t bytes_ = 0;  // of all this, about
  };
  struct Key {
    std::vector<Thread> text, other;
    bool complete = false;
    std::uint32_t text_left = 0;  // 0: no text; of the walk alone, UINT32_MAX
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept;
  };
  std::shared_ptr<const TokenMask> walked(const Key& key);
  // False when it was too much; the mask is not whole then.
  bool walk(Walker& walker, const std::vector<Thread>& threads, const Vocabulary::Trie& trie, TokenMask& mask);
  void remember(Key key, const std::shared_ptr<const TokenMask>& mask);

  std::shared_ptr<const Vocabulary> vocabulary_;
  mutable std::mutex mutex_;
  Simulation simulation_;
  ThreadSet start_;
  Walker whole_, marked_;
  std::unordered_map<Key, std::shared_ptr<const TokenMask>, KeyHash> masks_;
  std::size_t mask_bytes_ = 0;  // with their keys
};

}  // namespace daimon::constraint
