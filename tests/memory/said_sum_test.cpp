#include "memory/said_sum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "memory/goal_facts.h"

namespace daimon::memory {
namespace {

using testing::Eq;
using testing::Optional;

TEST(SaidSum, WhatIsSharedOutIsDividedHoweverSmall) {
  EXPECT_THAT(said_sum("each one's part when $20.7 is shared between 33"), Optional(Eq("20.7 / 33")));
  EXPECT_THAT(said_sum("Split £1,200 between 7 of us"), Optional(Eq("1200 / 7")));
  EXPECT_THAT(said_sum("pay £4.4 in 31 equal instalments, how big is one"), Optional(Eq("4.4 / 31")));
  EXPECT_THAT(said_sum("31 friends, 15.6 in total, what's everyone's part"), Optional(Eq("15.6 / 31")));
}

TEST(SaidSum, HowOftenOneGoesIntoTheOther) {
  EXPECT_THAT(said_sum("how many times is 152.83 contained in £3.9"), Optional(Eq("3.9 / 152.83")));
  EXPECT_THAT(said_sum("how many times does 3 go into 148.10"), Optional(Eq("148.10 / 3")));
  EXPECT_THAT(said_sum("£12 per £88, as one number"), Optional(Eq("12 / 88")));
  EXPECT_THAT(said_sum("how many times does 3 divide into 12"), Optional(Eq("12 / 3")));
}

TEST(SaidSum, WhatIsMissingAndWhatIsMore) {
  EXPECT_THAT(said_sum("what do I have to add to £2,752 to get 62.00"), Optional(Eq("62.00 - 2752")));
  EXPECT_THAT(said_sum("what must be taken from 90 to leave 12"), Optional(Eq("90 - 12")));
  EXPECT_THAT(said_sum("36 more than 8.7"), Optional(Eq("8.7 + 36")));
  EXPECT_THAT(said_sum("what's 3 less than 10"), Optional(Eq("10 - 3")));
  EXPECT_EQ(said_sum("how much is 36 more than 8.7"), std::nullopt) << "this asks for a difference";
}

TEST(SaidSum, APriceEachIsMultipliedBeforeAnythingIsAdded) {
  EXPECT_THAT(said_sum("£8,844 boxes with 45.3 in each, total?"), Optional(Eq("8844 * 45.3")));
  EXPECT_THAT(said_sum("If one costs 38.5, what do 4,658 cost?"), Optional(Eq("38.5 * 4658")));
  EXPECT_THAT(said_sum("39 at £74 each plus 5,865 delivery"), Optional(Eq("39 * 74 + 5865")));
  EXPECT_THAT(said_sum("28 sessions, £15 a go, and 66 for the kit"), Optional(Eq("28 * 15 + 66")));
  EXPECT_THAT(said_sum("we pay £42.6 a week for 58 weeks, and 48.6 at the start"), Optional(Eq("42.6 * 58 + 48.6")));
  EXPECT_THAT(said_sum("start with 6,624 and add 41.4 15 times over"), Optional(Eq("6624 + 41.4 * 15")));
  EXPECT_THAT(said_sum("100 minus 3 times 4"), Optional(Eq("100 - 3 * 4")));
  EXPECT_THAT(said_sum("2 adults and 3 children at £5 each"), Optional(Eq("(2 + 3) * 5")));
  EXPECT_THAT(said_sum("3 shirts at £20 each with a £10 discount, what do I pay"), Optional(Eq("3 * 20 - 10")));
  EXPECT_THAT(said_sum("12 tickets at £5 each with £10 off"), Optional(Eq("12 * 5 - 10")));
  EXPECT_THAT(said_sum("100 - 3 * 4"), Optional(Eq("100 - 3 * 4")));
  EXPECT_THAT(said_sum("3 * 4 - 5"), Optional(Eq("3 * 4 - 5")));
  EXPECT_THAT(said_sum("buying 5 for 1.70 apiece and something else for £5"), Optional(Eq("5 * 1.70 + 5")))
      << "the same number twice";
}

TEST(SaidSum, LeavesOpenWhatAFurtherNumberIsForAndWhatAPriceIsAskedFor) {
  for (const char* goal : {"what is 2 x 3 x 4?",
                           "20 / 2 * 3",
                           "12 x 3 / 4",
                           "6 times 7 over 2",
                           "I had £500 and bought 3 chairs at £45 each. How much have I left?",
                           "subtract 5 from 3 times 4",
                           "Take 5 off 3 times 4",
                           "subtract 3 times 4 from 20",
                           "£500 a month for 6 months and spend £900 of it, what is left?",
                           "12 at £5 each and pay with a £100 note, what change",
                           "3 rooms for 2 nights at £80 a night",
                           "3 rooms and 2 nights at £80 a night",
                           "On 3 May we booked 2 rooms at £80 each, what is the total?",
                           "At 7 pm we need 4 tickets at £15 each",
                           "In 2025 I bought 12 at £5 each",
                           "In 2025 I paid 12 each",
                           "Room 12: 3 nights at £80 a night",
                           "If I spend £90 on pens at £3 each, how many do I get?",
                           "With £60 at £12 each how many can I buy?",
                           "I have 20 and need 4 each, how many guests",
                           "The share price was 120 and went up by 15",
                           "My share of the rent is 900 and it goes up by 50",
                           "name 2 factors of 36",
                           "Share 12,50 between 5",
                           "12 at £5 each and £10 off every second one"})
    EXPECT_EQ(said_sum(goal), std::nullopt) << goal;
}

TEST(SaidSum, IsNotMadeOfWhatHasAnotherMeaning) {
  for (const char* goal :
       {"", "add 3 and 4", "what is 5 and 6 and 7", "20% of 50 each", "the 2nd of 3 each", "read 4n7 at 5 each",
        "12/5/2026 and 3 each", "split 30 between 5 and add 3 to it", "2 at 3 each and 4 at 5 each"})
    EXPECT_EQ(said_sum(goal), std::nullopt) << goal;
  EXPECT_EQ(said_sum("5 at 3 each " + std::string(1000, 'x')), std::nullopt) << "a long goal says more than that";
}

TEST(Operations, ARootCanalIsNoRootAndWhatEachPaysIsMultiplied) {
  EXPECT_FALSE(operations_in("what does the root canal cost").root);
  EXPECT_TRUE(operations_in("work out √81").root);
  EXPECT_TRUE(operations_in("the square root of 81").root);
  for (const char* goal : {"There are 33 of us and each pays the rent. How much in all?",
                           "the fee, for 19 of them, how much altogether?", "what do 32 lots of the fee come to"}) {
    EXPECT_TRUE(operations_in(goal).multiply) << goal;
    EXPECT_FALSE(operations_in(goal).divide) << goal;
  }
  for (const char* goal :
       {"how much is the rent for each of 33 people", "How much does each pay if 4 of us split the total water bill?",
        "how much per person for 3 sets of keys split between 4 of us"}) {
    EXPECT_TRUE(operations_in(goal).divide) << goal;
    EXPECT_FALSE(operations_in(goal).multiply) << goal;
  }
  EXPECT_FALSE(operations_in("How much more is the train allowance than the parking fee?").add);
  EXPECT_FALSE(operations_in("the lottery win minus the tax").add);
  EXPECT_TRUE(operations_in("gas 5, water 6, what is that in all?").add);
}

}  // namespace
}  // namespace daimon::memory
