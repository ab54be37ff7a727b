#include "processor/sequence_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace daimon::processor {
namespace {

// libllama's memory as a model: which positions each sequence holds.
class Memory final : public KvMemory {
 public:
  void copy(int from, int to, int count) override {
    ASSERT_EQ(length[to], 0);
    ASSERT_LE(count, length[from]);
    length[to] = count;
  }
  bool remove(int sequence, int begin) override {
    if (begin > 0 && whole_only) return false;
    length[sequence] = std::min(length[sequence], begin);
    return true;
  }
  std::map<int, int> length;
  bool whole_only = false;
};

TEST(SequenceTable, PageEquationHoldsUnderRandomUse) {
  std::mt19937 random(42);
  Memory memory;
  SequenceTable table({.sequences = 6, .cells = 64, .cells_kept_max = 24, .can_share = true}, memory);
  std::vector<int> in_use;
  for (int i = 0; i < 20'000; ++i) {
    const auto pick = [&] { return in_use[random() % in_use.size()]; };
    switch (random() % 5) {
      case 0: {
        std::vector<Token> wanted(1 + random() % 12);
        for (Token& token : wanted) token = static_cast<Token>(random() % 2);
        const auto common = table.longest_prefix(wanted);
        const auto sequence = table.acquire(common.sequence);
        if (!sequence) break;
        if (common.tokens > 0) table.share(common.sequence, *sequence, common.tokens);
        in_use.push_back(*sequence);
        break;
      }
      case 1:
      case 2:
        if (!in_use.empty()) {
          std::vector<Token> more(1 + random() % 6);
          for (Token& token : more) token = static_cast<Token>(random() % 2);
          const int sequence = pick();
          if (!table.make_room(static_cast<int>(more.size()))) break;
          table.append(sequence, more);
          memory.length[sequence] += static_cast<int>(more.size());
        }
        break;
      case 3:
        if (!in_use.empty()) {
          const int sequence = pick();
          if (table.size(sequence) > 0)
            table.truncate(sequence, static_cast<int>(random() % static_cast<unsigned>(table.size(sequence))));
        }
        break;
      default:
        if (!in_use.empty()) {
          const int sequence = pick();
          table.release(sequence, random() % 2 == 0);
          std::erase(in_use, sequence);
        }
    }
    ASSERT_TRUE(table.is_consistent()) << i;
    for (const int sequence : in_use) ASSERT_EQ(table.size(sequence), memory.length[sequence]) << i;
  }
}

TEST(SequenceTable, KeptSequencesGoOldestFirst) {
  Memory memory;
  SequenceTable table({.sequences = 3, .cells = 30, .cells_kept_max = 30, .can_share = true}, memory);
  for (Token t = 1; t <= 3; ++t) {
    const int sequence = *table.acquire();
    table.append(sequence, std::vector<Token>(10, t));
    table.release(sequence, true);
  }
  EXPECT_EQ(table.cells_free(), 0);
  EXPECT_EQ(table.cells_available(), 30);
  ASSERT_TRUE(table.make_room(10));
  EXPECT_EQ(table.longest_prefix(std::vector<Token>(10, 1)).tokens, 0);
  EXPECT_EQ(table.longest_prefix(std::vector<Token>(10, 2)).tokens, 10);
  EXPECT_FALSE(table.make_room(31));
}

TEST(SequenceTable, MemoryThatOnlyForgetsWholeSequencesIsEmptied) {
  Memory memory;
  memory.whole_only = true;
  SequenceTable table({.sequences = 1, .cells = 8, .cells_kept_max = 8, .can_share = false}, memory);
  const int sequence = *table.acquire();
  table.append(sequence, std::vector<Token>(5, 1));
  EXPECT_FALSE(table.truncate(sequence, 3));
  EXPECT_EQ(table.size(sequence), 0);
  EXPECT_TRUE(table.is_consistent());
}

}  // namespace
}  // namespace daimon::processor
