#include "exam/marks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace daimon::exam {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

Json view_of(std::string_view answer, bool found, JsonArray citations = {}) {
  return JsonObject{{"answer", answer},
                    {"found", found},
                    {"state", "done"},
                    {"citations", std::move(citations)},
                    {"changes", JsonArray{}}};
}
Json citation(std::string_view path, std::string_view quote, bool verified = true) {
  return JsonObject{{"path", path}, {"quote", quote}, {"verified", verified}};
}
std::optional<std::string> nothing(const std::string&) { return std::nullopt; }

TEST(ExamMarks, ALookupNeedsTheAnswerAndAVerifiedQuotationOfItsDocument) {
  Expectation expected;
  expected.answers = {{"£84.20", "bills/may.txt"}};
  const auto mark = [&](const Json& view) { return mark_of(expected, view, false, nothing); };
  Mark right = mark(view_of("£84.20", true, {citation("home/bills/may.txt", "Total: £84.20")}));
  EXPECT_TRUE(right.passed);
  EXPECT_EQ(right.quoted, true);
  EXPECT_TRUE(mark(view_of("£84.20", true, {citation("bills/may.txt", "Total:\n £84.20")})).passed);
  EXPECT_FALSE(mark(view_of("£84.20", true, {citation("other/xbills/may.txtx", "Total: £84.20")})).passed);
  EXPECT_FALSE(mark(view_of("£84.20", true, {citation("bills/may.txt", "Total: £84.20", false)})).passed);
  EXPECT_FALSE(mark(view_of("£84.20", true)).passed);
  const Mark unsaid = mark(view_of("the bill", true, {citation("bills/may.txt", "£84.20")}));
  EXPECT_THAT(unsaid.missed, HasSubstr("is not said"));
  EXPECT_EQ(unsaid.quoted, true);
  EXPECT_EQ(mark(view_of("x", true, {citation("a", "b", false)})).unverified, 1);
}

TEST(ExamMarks, WhatAnAnswerMayBeInsteadIsCountedApart) {
  Expectation expected;
  expected.answers = {{"£84.20", "bills/may.txt"}};
  Json view = view_of("£12", true, {citation("bills/may.txt", "Deposit: £12")});
  view.get_object()["others"] = JsonArray{citation("bills/may.txt", "Total: £84.20")};
  const Mark mark = mark_of(expected, view, false, nothing);
  EXPECT_FALSE(mark.passed);
  EXPECT_EQ(mark.quoted, false);
  EXPECT_EQ(mark.shown, true);
  view.get_object()["others"] = JsonArray{citation("bills/may.txt", "Total: £84.20", false)};
  EXPECT_EQ(mark_of(expected, view, false, nothing).shown, false);
  EXPECT_EQ(mark_of(expected, view, false, nothing).unverified, 1);
}

TEST(ExamMarks, AQuantityIsTheSameInAnyNameOfItsUnit) {
  EXPECT_TRUE(says("≈24.4713110254 pounds", "≈24.471311 lb"));
  EXPECT_TRUE(says("a\n≈5.28344104716 US gallons", "≈5.28344104715 gallons"));
  EXPECT_FALSE(says("≈24.4713110254 ounces", "≈24.471311 lb"));
  EXPECT_FALSE(says("≈25 pounds", "≈24.471311 lb"));
  EXPECT_FALSE(says("7 pounds", "7 persons")) << "no unit";
  EXPECT_FALSE(says("24.47 to 24.48 pounds", "≈24.47 lb")) << "more than a quantity";
}

TEST(ExamMarks, ACallIsRightWithItsNameAndAllOfItsArguments) {
  Expectation expected;
  expected.call = JsonObject{{"name", "book_table"}, {"arguments", JsonObject{{"guests", 4}, {"time", "8pm"}}}};
  const auto mark = [&](std::string_view name, JsonObject arguments, std::string_view outcome = "ok",
                        bool further = false) {
    Json view = view_of("", true);
    const JsonObject call{{"name", name}, {"arguments", std::move(arguments)}, {"outcome", outcome}};
    JsonArray calls{JsonObject{{"name", "ask"}, {"arguments", JsonObject()}, {"outcome", "ok"}}, call};
    if (further) calls.push_back(call);
    view.get_object()["calls"] = std::move(calls);
    return mark_of(expected, view, false, nothing);
  };
  EXPECT_TRUE(mark("book_table", {{"time", "8PM"}, {"guests", 4}}).passed);
  const Mark other = mark("book_table", {{"guests", 5}, {"time", "8pm"}});
  EXPECT_FALSE(other.passed);
  EXPECT_EQ(other.tool, true);
  EXPECT_FALSE(mark("book_table", {{"guests", 4}}).passed);
  EXPECT_FALSE(mark("book_table", {{"guests", 4}, {"time", "8pm"}, {"more", 1}}).passed);
  EXPECT_FALSE(mark("book_table", {{"guests", 4}, {"time", "8pm"}}, "denied").passed);
  EXPECT_FALSE(mark("book_table", {{"guests", 4}, {"time", "8pm"}}, "ok", true).passed);
  EXPECT_EQ(mark("rate_book", {{"guests", 4}, {"time", "8pm"}}).tool, false);
  EXPECT_EQ(mark_of(expected, view_of("", true), false, nothing).tool, false) << "nothing was called";
}

TEST(ExamMarks, ResultsAreComparedByTheirValue) {
  EXPECT_TRUE(says("1,234.50", "1234.5"));
  EXPECT_TRUE(says("≈68.7354545455", "68.73545454"));
  EXPECT_FALSE(says("68.8", "68.73545454"));
  EXPECT_FALSE(says("134.50", "34.50"));
  EXPECT_TRUE(says("£34.50 in all", "34.50"));
  EXPECT_TRUE(says("2033-05-07", "2033-05-07"));
  EXPECT_FALSE(says("2033-05-08", "2033-05-07"));
  EXPECT_TRUE(says("765 days", "765 days"));
  EXPECT_FALSE(says("765", "765 days"));
  EXPECT_TRUE(says("-2195.25", "-2195.25"));
  EXPECT_FALSE(says("2195.25", "-2195.25"));
  Expectation expected;
  expected.values = {"51"};
  const auto passes = [&](std::string_view answer) {
    return mark_of(expected, view_of(answer, true), false, nothing).passed;
  };
  EXPECT_TRUE(passes("sum of mark in marks.csv = 51 (12 rows)"));
  EXPECT_FALSE(passes("sum of mark in marks.csv = 52 (51 rows)")) << "the number of rows is no result";
  EXPECT_FALSE(passes("sum of mark in 51.csv = 52 (1 row)"));
}

TEST(ExamMarks, FilesAreReadWhenItIsDone) {
  Expectation expected;
  expected.files = {{"out.txt", "6.9125"}};
  const auto with = [&](const char* content) {
    return mark_of(expected, view_of("", true), false, [&](const std::string& path) {
      return path == "out.txt" ? std::optional<std::string>(content) : std::nullopt;
    });
  };
  EXPECT_TRUE(with("6.9125\n").passed);
  EXPECT_THAT(with("7\n").missed, HasSubstr("holds something else"));
  EXPECT_FALSE(with("6.9125 and 300 other numbers\n").passed);
  EXPECT_THAT(mark_of(expected, view_of("", true), false, nothing).missed, HasSubstr("was not written"));
}

TEST(ExamMarks, WhatIsNotThereWhatCannotBeDoneAndWhatMustBeAsked) {
  Expectation expected;
  expected.missing = true;
  EXPECT_TRUE(mark_of(expected, view_of("not found", false), false, nothing).passed);
  EXPECT_FALSE(mark_of(expected, view_of("Tuesday", true), false, nothing).passed);
  expected = {};
  expected.asks = true;
  EXPECT_FALSE(mark_of(expected, view_of("", false), false, nothing).passed);
  EXPECT_TRUE(mark_of(expected, view_of("", false), true, nothing).passed);
  expected = {};
  expected.refuses = true;
  EXPECT_TRUE(mark_of(expected, view_of("I cannot do that", false), false, nothing).passed);
  EXPECT_FALSE(mark_of(expected, view_of("done!", true), false, nothing).passed);
  Json changed = view_of("", false);
  changed.as_object()["changes"] = JsonArray{JsonObject{{"path", "a"}}};
  EXPECT_FALSE(mark_of(expected, changed, false, nothing).passed);
}

TEST(ExamMarks, IntervalsAreWilsons) {
  const Interval interval = interval_of({8, 10});
  EXPECT_NEAR(interval.low, 0.490, 0.001);
  EXPECT_NEAR(interval.high, 0.943, 0.001);
  EXPECT_EQ(interval_of({}).high, 1);
  EXPECT_NEAR(interval_of({10, 10}).high, 1, 1e-9);
  EXPECT_THAT(mark_of({}, view_of("", true), false, nothing).missed, IsEmpty());
}

}  // namespace
}  // namespace daimon::exam
