// Which tokens lie where in the KV cache: sequence ids, cells, shared prefixes, and what is kept for later.
//
// The table is the truth that libllama's memory follows; every change is made there through KvMemory. The page
// equation holds after each operation: free cells and cells with a reader add up to all cells.
// One thread (the decode thread).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "constraint/vocabulary.h"

namespace daimon::processor {

using constraint::Token;

class KvMemory {
 public:
  virtual ~KvMemory() = default;
  // The first `count` positions of `from` become readable by the empty sequence `to` too.
  virtual void copy(int from, int to, int count) = 0;
  // Positions from `begin` on leave the sequence. False when only whole sequences can be removed.
  virtual bool remove(int sequence, int begin) = 0;
};

class SequenceTable {
 public:
  struct Options {
    int sequences = 0;
    int cells = 0;
    int cells_kept_max = 0;  // of finished sequences; more would slow the attention of all others
    bool can_share = true;   // prefixes can be copied and cut
  };
  SequenceTable(const Options& options, KvMemory& memory);

  struct Common {
    int sequence = -1;
    int tokens = 0;
  };
  // The resident sequence that has the longest prefix in common with `tokens`.
  [[nodiscard]] Common longest_prefix(std::span<const Token> tokens) const;

  // An empty sequence in use; evicts the kept one that was used longest ago, but not `spare`. Nothing when all are in
  // use.
  std::optional<int> acquire(int spare = -1);
  void share(int from, int to, int tokens);
  // Positions that were just computed.
  void append(int sequence, std::span<const Token> tokens);
  // Keeps the first `tokens` positions. False when that cannot be done but for 0: then it is empty.
  bool truncate(int sequence, int tokens);
  // Out of use: kept for its prefix, or freed.
  void release(int sequence, bool keep);
  // Evicts kept sequences until `cells` are free; `spare` stays. False when they are not enough.
  bool make_room(int cells, int spare = -1);

  [[nodiscard]] int size(int sequence) const { return static_cast<int>(at(sequence).cells.size()); }
  [[nodiscard]] int cells_free() const { return static_cast<int>(free_.size()); }
  [[nodiscard]] int cells_used() const { return options_.cells - cells_free(); }
  // Free, or held by kept sequences only.
  [[nodiscard]] int cells_available() const { return options_.cells - cells_in_use_; }
  [[nodiscard]] int sequences_available() const;
  // The page equation, and that every cell's counts are right. O(cells).
  [[nodiscard]] bool is_consistent() const;

 private:
  enum class State : std::uint8_t { kFree, kInUse, kKept };
  struct Sequence {
    State state = State::kFree;
    std::vector<Token> tokens;
    std::vector<std::uint32_t> cells;  // of each position
    std::uint64_t last_use = 0;
  };
  struct Cell {
    std::uint16_t readers = 0;         // sequences that hold it
    std::uint16_t readers_in_use = 0;  // of them, those in use
  };
  [[nodiscard]] Sequence& at(int sequence) { return sequences_[static_cast<std::size_t>(sequence)]; }
  [[nodiscard]] const Sequence& at(int sequence) const { return sequences_[static_cast<std::size_t>(sequence)]; }
  void take(std::uint32_t cell, bool in_use);
  void drop(std::uint32_t cell, bool in_use);
  void clear(int sequence);
  [[nodiscard]] int oldest_kept(int spare) const;
  [[nodiscard]] int cells_kept() const { return cells_used() - cells_in_use_; }

  Options options_;
  KvMemory& memory_;
  std::vector<Sequence> sequences_;
  std::vector<Cell> cells_;
  std::vector<std::uint32_t> free_;
  int cells_in_use_ = 0;
  std::uint64_t clock_ = 0;
};

}  // namespace daimon::processor
