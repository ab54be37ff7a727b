#include "memory/answer_rank.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace daimon::memory {
namespace {

using ::testing::ElementsAre;

TEST(AnswerRank, TellingWordsAreThoseOfTheMatter) {
  EXPECT_THAT(telling_words("What did we pay for the gas in May, and which document says so?"),
              ElementsAre("pay", "gas", "may"));
}

TEST(AnswerRank, OnePersonsDateIsNotAnothers) {
  const std::string line = "Passports: mine (Anna) runs out on 11 November 2027, fine. Check Ben's.";
  EXPECT_TRUE(
      plainly_answers("When does my passport run out, the one of Anna?", "notes.md", line, line, "11 November 2027"));
  EXPECT_FALSE(plainly_answers("When does Ben's passport run out?", "notes.md", line, line, "11 November 2027"));
  EXPECT_FALSE(plainly_answers("When does the boiler man come?", "notes.md", line, line, "11 November 2027"));
}

}  // namespace
}  // namespace daimon::memory
