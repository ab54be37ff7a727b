#include "memory/answer_target.h"

#include <gtest/gtest.h>

namespace daimon::memory {
namespace {

TEST(WithoutTarget, LeavesWhatIsAsked) {
  EXPECT_EQ(
      without_target("track down the husband of Isla Ingram and leave it for me in honor.text asap", "honor.text"),
      "track down the husband of Isla Ingram");
  EXPECT_EQ(
      without_target("who signed the offer letter? And save that to work/a-2023.text, will you", "work/a-2023.text"),
      "who signed the offer letter? will you");
  EXPECT_EQ(without_target("can u save the price per litre of heating oil to gate.txt", "gate.txt"),
            "can u save the price per litre of heating oil");
  EXPECT_EQ(without_target("Put the deadline for the lunch choice in a.md", "a.md"),
            "the deadline for the lunch choice");
  EXPECT_EQ(
      without_target("The cost of the library, please, in a new file called letter_claimed.md", "letter_claimed.md"),
      "The cost of the library, please");
  EXPECT_EQ(
      without_target("Make concert/a.txt and put the transport cost for the exhibition in there", "concert/a.txt"),
      "the transport cost for the exhibition");
  EXPECT_EQ(
      without_target("I'd like a file bicycle.md that answers this: comets discovered by Isla Baker", "bicycle.md"),
      "comets discovered by Isla Baker");
  EXPECT_EQ(
      without_target("latest day reading on the meter. I need it in out/cellar.md for my sister", "out/cellar.md"),
      "latest day reading on the meter");
  EXPECT_EQ(without_target("when was the supervision put that in a.txt please", "a.txt"), "when was the supervision");
}

TEST(WithoutTarget, KeepsWhatOnlyLooksLikeIt) {
  EXPECT_EQ(without_target("copy the rent from lease.txt to a.txt", "a.txt"), "the rent from lease.txt");
  EXPECT_EQ(without_target("In lease.txt, what is the deposit? Put it in a.txt", "a.txt"),
            "In lease.txt, what is the deposit");
  EXPECT_EQ(without_target("Put the day it opens in a.txt, will you?", "a.txt"), "the day it opens will you");
  EXPECT_EQ(without_target("Good morning, put this month's rent in a.txt", "a.txt"), "Good morning, this month's rent");
  EXPECT_EQ(without_target("Put the date that the boiler was serviced in a.txt, thanks a lot", "a.txt"),
            "the date that the boiler was serviced thanks a lot");
  EXPECT_EQ(without_target("Hi Sam, save the result of the blood test to a.txt", "a.txt"),
            "Hi Sam, the result of the blood test");
  EXPECT_EQ(without_target("Store opening hours, put that in a.txt", "a.txt"), "Store opening hours");
  EXPECT_EQ(without_target("Make and model of the car, save that in a.txt", "a.txt"), "Make and model of the car");
}

TEST(WithoutTarget, WhereNothingElseIsAskedIsTheGoal) {
  EXPECT_EQ(without_target("save it to a.txt", "a.txt"), "save it to a.txt");
  EXPECT_EQ(without_target("who owns the boat", "a.txt"), "who owns the boat");
  EXPECT_EQ(without_target("", "a.txt"), "");
}

}  // namespace
}  // namespace daimon::memory
