#include "memory/named_times.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace daimon::memory {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(NamedTimes, AreReadOffNamesAndDates) {
  const NamedTimes times = times_in("Mar, 14 Apr 2026; 2025-11-03 and 2024-02, in june or May, house 1234, 19990");
  EXPECT_THAT(times.months, ElementsAre(2, 4, 5, 6, 11)) << "\"Mar\" is a verb too";
  EXPECT_THAT(times.years, ElementsAre(2024, 2025, 2026));
  EXPECT_THAT(times_in("it may march on").months, ElementsAre(3));
  EXPECT_THAT(times_in("2026-13-01 2026-1 2026-").months, IsEmpty());
  EXPECT_THAT(times_in("$1950, \xC2\xA3"
                       "2000 and 1950.00, 2,1950")
                  .years,
              IsEmpty())
      << "sums";
  EXPECT_THAT(times_in("14.03.2026, 2027.").years, ElementsAre(2026, 2027));
  EXPECT_THAT(times_in("").years, IsEmpty());
}

TEST(NamedTimes, TellTextsOfAnotherTimeWhereOneIsOfTheRight) {
  const std::vector<AnswerSource> sources = {{1, "bills/march-2026.txt", "Total 12.00"},
                                             {2, "bills/april.txt", "Total 13.00"},
                                             {3, "notes.txt", "Total 14.00"},
                                             {4, "bills/2025.txt", "Total for March: 15.00"}};
  EXPECT_THAT(of_other_times("the total for March", sources), ElementsAre(false, true, false, false));
  EXPECT_THAT(of_other_times("the total for March 2026", sources), ElementsAre(false, true, false, true));
  EXPECT_THAT(of_other_times("the total for July", sources), ElementsAre(false, false, false, false))
      << "which none of them is of";
  EXPECT_THAT(of_other_times("the total", sources), ElementsAre(false, false, false, false));
  EXPECT_THAT(of_other_times("March", {}), IsEmpty());
}

}  // namespace
}  // namespace daimon::memory
