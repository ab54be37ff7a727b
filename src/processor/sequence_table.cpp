#include "processor/sequence_table.h"

#include <algorithm>
#include <numeric>

#include "base/result.h"

namespace daimon::processor {

SequenceTable::SequenceTable(const Options& options, KvMemory& memory)
    : options_(options),
      memory_(memory),
      sequences_(static_cast<std::size_t>(options.sequences)),
      cells_(static_cast<std::size_t>(options.cells)),
      free_(static_cast<std::size_t>(options.cells)) {
  std::iota(free_.rbegin(), free_.rend(), 0U);
}

SequenceTable::Common SequenceTable::longest_prefix(std::span<const Token> tokens) const {
  Common best;
  if (!options_.can_share) return best;
  for (int i = 0; i < options_.sequences; ++i) {
    const Sequence& sequence = at(i);
    if (sequence.state == State::kFree || static_cast<int>(sequence.tokens.size()) <= best.tokens) continue;
    // Most sequences differ early or share all of the best so far.
    const auto length = std::min(sequence.tokens.size(), tokens.size());
    const auto differs =
        std::mismatch(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(length), sequence.tokens.begin());
    const int common = static_cast<int>(differs.first - tokens.begin());
    if (common > best.tokens) best = {i, common};
  }
  return best;
}

void SequenceTable::take(std::uint32_t cell, bool in_use) {
  ++cells_[cell].readers;
  if (in_use && cells_[cell].readers_in_use++ == 0) ++cells_in_use_;
}

void SequenceTable::drop(std::uint32_t cell, bool in_use) {
  Cell& dropped = cells_[cell];
  DAIMON_ASSERT(dropped.readers > 0);
  if (in_use && --dropped.readers_in_use == 0) --cells_in_use_;
  if (--dropped.readers == 0) free_.push_back(cell);
}

void SequenceTable::clear(int sequence) {
  Sequence& cleared = at(sequence);
  memory_.remove(sequence, 0);
  for (const std::uint32_t cell : cleared.cells) drop(cell, cleared.state == State::kInUse);
  cleared.cells.clear();
  cleared.tokens.clear();
}

int SequenceTable::oldest_kept(int spare) const {
  int oldest = -1;
  for (int i = 0; i < options_.sequences; ++i)
    if (i != spare && at(i).state == State::kKept && (oldest < 0 || at(i).last_use < at(oldest).last_use)) oldest = i;
  return oldest;
}

std::optional<int> SequenceTable::acquire(int spare) {
  int chosen = -1;
  for (int i = 0; i < options_.sequences && chosen < 0; ++i)
    if (at(i).state == State::kFree) chosen = i;
  if (chosen < 0) {
    chosen = oldest_kept(spare);
    if (chosen < 0) return std::nullopt;
    clear(chosen);
  }
  at(chosen).state = State::kInUse;
  at(chosen).last_use = ++clock_;
  return chosen;
}

void SequenceTable::share(int from, int to, int tokens) {
  Sequence& source = at(from);
  Sequence& target = at(to);
  DAIMON_ASSERT(from != to && target.cells.empty() && tokens <= static_cast<int>(source.cells.size()));
  memory_.copy(from, to, tokens);
  source.last_use = ++clock_;
  target.tokens.assign(source.tokens.begin(), source.tokens.begin() + tokens);
  target.cells.assign(source.cells.begin(), source.cells.begin() + tokens);
  for (const std::uint32_t cell : target.cells) take(cell, true);
}

void SequenceTable::append(int sequence, std::span<const Token> tokens) {
  Sequence& grown = at(sequence);
  DAIMON_ASSERT(grown.state == State::kInUse && tokens.size() <= free_.size());
  for (const Token token : tokens) {
    grown.tokens.push_back(token);
    grown.cells.push_back(free_.back());
    free_.pop_back();
    take(grown.cells.back(), true);
  }
  grown.last_use = ++clock_;
}

bool SequenceTable::truncate(int sequence, int tokens) {
  Sequence& cut = at(sequence);
  if (tokens >= static_cast<int>(cut.cells.size())) return true;
  if (tokens > 0 && !memory_.remove(sequence, tokens)) {
    clear(sequence);
    return false;
  }
  if (tokens == 0) {
    clear(sequence);
    return true;
  }
  while (static_cast<int>(cut.cells.size()) > tokens) {
    drop(cut.cells.back(), cut.state == State::kInUse);
    cut.cells.pop_back();
    cut.tokens.pop_back();
  }
  return true;
}

void SequenceTable::release(int sequence, bool keep) {
  Sequence& released = at(sequence);
  DAIMON_ASSERT(released.state == State::kInUse);
  if (!keep || !options_.can_share || released.cells.empty()) {
    clear(sequence);
    released.state = State::kFree;
    return;
  }
  released.state = State::kKept;
  for (const std::uint32_t cell : released.cells)
    if (--cells_[cell].readers_in_use == 0) --cells_in_use_;
  while (cells_kept() > options_.cells_kept_max) {
    const int oldest = oldest_kept(-1);
    if (oldest < 0) break;
    clear(oldest);
    at(oldest).state = State::kFree;
  }
}

bool SequenceTable::make_room(int cells, int spare) {
  while (cells_free() < cells) {
    const int oldest = oldest_kept(spare);
    if (oldest < 0) return false;
    clear(oldest);
    at(oldest).state = State::kFree;
  }
  return true;
}

int SequenceTable::sequences_available() const {
  return static_cast<int>(
      std::count_if(sequences_.begin(), sequences_.end(), [](const Sequence& s) { return s.state != State::kInUse; }));
}

bool SequenceTable::is_consistent() const {
  std::vector<Cell> counted(cells_.size());
  for (const Sequence& sequence : sequences_) {
    if (sequence.cells.size() != sequence.tokens.size()) return false;
    if (sequence.state == State::kFree && !sequence.cells.empty()) return false;
    for (const std::uint32_t cell : sequence.cells) {
      ++counted[cell].readers;
      if (sequence.state == State::kInUse) ++counted[cell].readers_in_use;
    }
  }
  std::size_t read = 0;
  int in_use = 0;
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    if (counted[i].readers != cells_[i].readers || counted[i].readers_in_use != cells_[i].readers_in_use) return false;
    read += counted[i].readers > 0 ? 1U : 0U;
    in_use += counted[i].readers_in_use > 0 ? 1 : 0;
  }
  return read + free_.size() == cells_.size() && in_use == cells_in_use_;
}

}  // namespace daimon::processor
