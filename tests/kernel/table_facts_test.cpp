#include "kernel/table_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace daimon::kernel {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr std::string_view kTable =
    "date,payee,category,amount\n"
    "2026-03-01,Hale & Sons,Groceries,84.20\n"
    "2026-03-02,North Café,eating out,\"1,000.00\"\n"
    "2026-04-02,Hale & Sons,grocery delivery,\xC2\xA3"
    "12\n";

TEST(TableFacts, ColumnsOfNumbersAndOfDatesAreToldApart) {
  const TableFacts facts = facts_of_table(kTable, "");
  EXPECT_THAT(facts.numbers, ElementsAre("amount"));
  EXPECT_THAT(facts.dates, ElementsAre("date"));
  EXPECT_THAT(facts.years, ElementsAre("2026"));
  EXPECT_THAT(facts.named, IsEmpty());
}

TEST(TableFacts, OfManyYearsTheLatestAreKept) {
  std::string csv = "born,joined,name\n";
  for (int year = 1960; year < 1990; ++year)
    csv += std::to_string(year) + "-01-02," + std::to_string(year + 36) + "-03-04,x\n";
  const TableFacts facts = facts_of_table(csv, "");
  ASSERT_EQ(facts.years.size(), kYearsMax);
  EXPECT_EQ(facts.years.front(), "2014");
  EXPECT_EQ(facts.years.back(), "2025");
}

TEST(TableFacts, OfATableThatIsGoneAreNone) { EXPECT_THAT(facts_of_table({}, "amount").numbers, IsEmpty()); }

TEST(TableFacts, ValuesThatTheGoalNamesAreFoundAsTheyStandInTheTable) {
  EXPECT_THAT(facts_of_table(kTable, "what did GROCERY shopping cost").named,
              ElementsAre(Pair("category", "Groceries")));
  EXPECT_THAT(facts_of_table(kTable, "how often was it 'eating out'?").named,
              ElementsAre(Pair("category", "eating out")));
  EXPECT_THAT(facts_of_table(kTable, "paid to hale & sons").named, ElementsAre(Pair("payee", "Hale & Sons")));
  EXPECT_THAT(facts_of_table(kTable, "eating in, going out").named, IsEmpty());
  EXPECT_THAT(facts_of_table("quarter,sum\nQ2,5\nto,3\n", "tot up q2 to the end").named,
              ElementsAre(Pair("quarter", "Q2")));
  EXPECT_THAT(facts_of_table("vat,sum\n20% x,5\n20%,3\n", "the sum split between 20 people").named, IsEmpty());
}

TEST(TableFacts, ATableThatIsCutOrBrokenGivesWhatItsWholeRecordsShow) {
  for (std::size_t length = 0; length <= kTable.size(); ++length) {
    const TableFacts facts = facts_of_table(kTable.substr(0, length), "groceries");
    EXPECT_LE(facts.named.size(), 2U);
  }
  EXPECT_THAT(facts_of_table("a,b\n\"never closed", "x").numbers, ElementsAre("a", "b"));
  EXPECT_THAT(facts_of_table("", "x").numbers, IsEmpty());
}

}  // namespace
}  // namespace daimon::kernel
