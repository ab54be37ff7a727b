#include "memory/asked_parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace daimon::memory {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> parts(std::string_view goal, std::size_t count, std::vector<std::string> files = {}) {
  return asked_parts(goal, count, files);
}

TEST(AskedParts, AreWithoutWhatIsToBeDoneWithThem) {
  EXPECT_THAT(
      parts("Add the plumber's fee and the cost of the new lock, and save the total in out/a.txt", 2, {"out/a.txt"}),
      ElementsAre("plumber's fee", "cost of the new lock"));
  EXPECT_THAT(parts("how much more is Duncan's final pay than what we owe Ashlegal for oil", 2),
              ElementsAre("Duncan's final pay", "what we owe Ashlegal for oil"));
  EXPECT_THAT(parts("Subtract the heating oil bill from the tax refund for 2025", 2),
              ElementsAre("heating oil bill", "tax refund for 2025"));
  EXPECT_THAT(parts("what we owe Baker & Co for oil plus the parking in November, please", 2),
              ElementsAre("what we owe Baker & Co for oil", "parking in November"));
}

TEST(AskedParts, OfOneThingThatIsReckonedWithIsThatThing) {
  EXPECT_THAT(parts("Tell me 9 times the remaining tax for 2025", 1), ElementsAre("remaining tax for 2025"));
  EXPECT_THAT(parts("What's 20 per cent of the yearly hosting cost? Write it to a.txt", 1, {"a.txt"}),
              ElementsAre("yearly hosting cost"));
  EXPECT_THAT(parts("how much each if 11 share the yearly hosting cost, save to a.txt", 1, {"a.txt"}),
              ElementsAre("yearly hosting cost"));
  EXPECT_THAT(parts("the number of flyers times 12", 1), ElementsAre("number of flyers"))
      << "a number that is looked up";
}

TEST(AskedParts, KeepWordsThatBelongToTheThing) {
  EXPECT_THAT(parts("39% of the price of a late second look", 1), ElementsAre("price of a late second look"));
  EXPECT_THAT(parts("Note the yearly hosting cost and half board for non-members, added together", 2),
              ElementsAre("yearly hosting cost", "half board for non-members"));
  EXPECT_THAT(parts("half of the rent", 1), ElementsAre("rent"));
  EXPECT_THAT(parts("the rent split two ways", 1), ElementsAre("rent"));
  EXPECT_THAT(parts("the rent split in half", 1), ElementsAre("rent"));
  EXPECT_THAT(parts("what the landlord asks plus what the agent asks", 2),
              ElementsAre("what the landlord asks", "what the agent asks"));
  EXPECT_THAT(parts("How far is the station from the hotel and what does the taxi cost?", 2),
              ElementsAre("How far is the station from the hotel", "taxi cost"));
  EXPECT_THAT(parts("could you times the monthly price of the phone system by 5", 1),
              ElementsAre("monthly price of the phone system"));
}

TEST(AskedParts, OfTwoFilesAreNotWhomItIsFor) {
  EXPECT_THAT(parts("Compare a.txt for gas with b.txt for gas", 2, {"a.txt", "b.txt"}), ElementsAre("gas", "gas"));
}

TEST(AskedParts, AreNotWhomItIsForNorHowItIsAskedFor) {
  EXPECT_THAT(parts("I need the total of the rent and the price of oil in a.txt for the accountant", 2, {"a.txt"}),
              ElementsAre("rent", "price of oil"));
  EXPECT_THAT(
      parts("Record in a.txt what you get when you add the tutor's rate and the insurer's advance", 2, {"a.txt"}),
      ElementsAre("tutor's rate", "insurer's advance"));
  EXPECT_THAT(parts("How far apart are the club's price and the fine?", 2), ElementsAre("club's price", "fine"));
  EXPECT_THAT(parts("What's left of the fee for the class after the allowance from Ward & Co?", 2),
              ElementsAre("fee for the class", "allowance from Ward & Co"));
}

TEST(AskedParts, ThatOnlyNameAMonthAreAboutTheSameThing) {
  EXPECT_THAT(parts("tot up the mobile for March and October", 2),
              ElementsAre("mobile for March", "mobile for October"));
  EXPECT_THAT(parts("the gap between october and january for council tax", 2),
              ElementsAre("october for council tax", "january for council tax"));
  EXPECT_THAT(parts("Sorry, both TV bills, April and March, could you sum them", 2),
              ElementsAre("TV bills, April", "TV bills, March"));
  EXPECT_THAT(parts("add up phone and water for June", 2), ElementsAre("phone June", "water for June"));
  EXPECT_THAT(parts("in June, what did gas and water cost altogether", 2), ElementsAre("gas June", "water cost June"));
}

TEST(AskedParts, KeepTheirOwnYearsAndNames) {
  EXPECT_THAT(parts("How much more was the gas in March 2025 than in March 2024", 2),
              ElementsAre("gas in March 2025", "gas in March 2024"));
  EXPECT_THAT(parts("gas in December 2024 and January 2025", 2),
              ElementsAre("gas in December 2024", "gas in January 2025"));
  EXPECT_THAT(parts("difference between the council tax for 2025 and 2024", 2),
              ElementsAre("council tax for 2025", "council tax for 2024"));
  EXPECT_THAT(parts("add the gas for Jan and Feb", 2), ElementsAre("gas for Jan", "gas for Feb"));
  EXPECT_THAT(parts("compare the salaries of Anna and Ben", 2), ElementsAre("salaries of Anna", "salaries of Ben"));
  EXPECT_THAT(parts("May I have the rent plus the gas bill?", 2), ElementsAre("rent", "gas bill"));
}

TEST(AskedParts, AreNotCutByGreetingsAndTitles) {
  EXPECT_THAT(parts("Hi, add the rent and the insurance", 2), ElementsAre("rent", "insurance"));
  EXPECT_THAT(parts("Add Mr. Smith's fee and the rent", 2), ElementsAre("Mr. Smith's fee", "rent"));
  EXPECT_THAT(parts("add gas and water, then round to 2 decimals", 2), ElementsAre("gas", "water"));
  EXPECT_THAT(parts("For the Bristol flat, add the gas and water bills", 2),
              testing::Not(testing::Contains("Bristol flat")));
}

TEST(AskedParts, AreNoneWhereTheWordsDoNotTell) {
  EXPECT_THAT(parts("what did the plumber charge", 2), IsEmpty());
  EXPECT_THAT(parts("one, two rent, gas, water and the phone", 2), IsEmpty());
  EXPECT_THAT(parts("", 1), IsEmpty());
  EXPECT_THAT(parts("add it up please, thanks", 1), IsEmpty());
  EXPECT_THAT(parts("the rent", 0), IsEmpty());
  EXPECT_THAT(parts(std::string(5000, 'a'), 1), IsEmpty()) << "too long to be one thing";
}

}  // namespace
}  // namespace daimon::memory
