#include "memory/answer_type.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/text.h"

namespace daimon::memory {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(AnswerType, IsToldByTheWordsOfTheQuestion) {
  using enum AnswerType;
  EXPECT_THAT(answer_types_of("What did I pay for gas in May?"), ElementsAre(kMoney));
  EXPECT_THAT(answer_types_of("when's the boiler man coming"), ElementsAre(kDate, kTime));
  EXPECT_THAT(answer_types_of("When is the boiler man coming"), ElementsAre(kDate, kTime));
  EXPECT_THAT(answer_types_of("which day are the bins"), ElementsAre(kWeekday));
  EXPECT_THAT(answer_types_of("I lost it. What's the booking reference?"), ElementsAre(kIdentifier));
  EXPECT_THAT(answer_types_of("Who wrote about the fence?"), ElementsAre(kName));
  EXPECT_THAT(answer_types_of("Where do we meet?"), IsEmpty());
}

std::vector<std::string> candidates(std::string_view line, AnswerType type) { return candidates_in(line, {type}, 40); }

TEST(AnswerType, CandidatesAreWholePiecesOfTheType) {
  using enum AnswerType;
  EXPECT_THAT(candidates("Total \u00a31,084.20, before \u20ac12 and 26.13p a unit, page 3", kMoney),
              ElementsAre("\u00a31,084.20", "\u20ac12", "26.13p"));
  EXPECT_THAT(candidates("On Tuesday 9 June 2026 or 2026-07-01, not 12.5", kDate),
              ElementsAre("Tuesday 9 June 2026", "Tuesday", "9 June 2026", "2026-07-01"));
  EXPECT_THAT(candidates("at 10.30 am or 14:00", kTime), ElementsAre("10.30 am", "14:00"));
  EXPECT_THAT(candidates("ref NQF-48213-K, policy CR 55 190 338", kIdentifier), Contains("NQF-48213-K"));
  EXPECT_THAT(candidates("policy CR 55 190 338.", kIdentifier), Contains("CR 55 190 338"));
  EXPECT_THAT(candidates("page 22 of 2026, at 15:45", kIdentifier), IsEmpty());
  EXPECT_THAT(candidates("The fee goes to P. Oakes, not to J. R. Webb.", kName),
              testing::AllOf(Contains("P. Oakes"), Contains("J. R. Webb"), testing::Not(Contains("The"))));
  EXPECT_THAT(candidates("Call Dr Amelia Hughes of North & Sons", kName), Contains("Dr Amelia Hughes"));
  EXPECT_THAT(candidates("the pump holds 40 litres", kNumber), ElementsAre("40", "40 litres"));
  EXPECT_THAT(candidates("version 12.345.6", kNumber), Not(Contains("345")));
}

TEST(AnswerType, CandidatesOfAnyTextStandInItAndAreUtf8) {
  std::mt19937 random(7);
  using enum AnswerType;
  const std::vector<AnswerType> all{kMoney, kNumber, kDate, kTime, kIdentifier, kPhone, kName};
  const std::string letters = "09 .,:/-\u00a3A\u00e9mMay June pKP2026";
  for (int round = 0; round < 400; ++round) {
    std::string text;
    while (text.size() < random() % 400) text += letters[random() % letters.size()];
    text = repair_utf8(text);
    const auto found = candidates_in(text, all, 20);
    EXPECT_LE(found.size(), 20U);
    for (const std::string& candidate : found) {
      EXPECT_TRUE(text.contains(candidate));
      EXPECT_TRUE(is_utf8(candidate)) << candidate;
    }
  }
  candidates_in(std::string(100'000, 'A'), all, 20);
}

}  // namespace
}  // namespace daimon::memory
