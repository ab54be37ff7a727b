#include "exam/paper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace daimon::exam {
namespace {

using testing::HasSubstr;

constexpr const char* kLine =
    R"({"files":{"a/b.txt":"rent 4"},"goals":[{"goal":"what is the rent?","kind":"look up","steps":2,)"
    R"("expect":{"answers":[{"answer":"4","document":"a/b.txt"}]}}]})";

TEST(ExamPaper, ALineIsAHomeWithItsGoals) {
  const auto home = parse_home(kLine);
  ASSERT_TRUE(home);
  EXPECT_EQ(home->files.at("a/b.txt"), "rent 4");
  ASSERT_EQ(home->questions.size(), 1U);
  EXPECT_EQ(home->questions[0].steps, 2);
  ASSERT_EQ(home->questions[0].expected.answers.size(), 1U);
  EXPECT_EQ(home->questions[0].expected.answers[0].document, "a/b.txt");
}

TEST(ExamPaper, ToolsAndTheCallsThatAreExpectedOfThemAreRead) {
  const auto home = parse_home(
      R"({"files":{},"tools":[{"name":"call_lift","description":"Send a lift","parameters":{"properties":{}}}],)"
      R"("goals":[{"goal":"lift to 3","kind":"unseen tool","expect":{"call":{"name":"call_lift","arguments":{"floor":3}}}}]})");
  ASSERT_TRUE(home) << home.error().what;
  EXPECT_EQ(home->tools.size(), 1U);
  EXPECT_EQ(home->questions[0].expected.call.at("arguments").at("floor"), 3);
  EXPECT_FALSE(parse_home(R"({"files":{},"tools":[{"name":"x"}],"goals":[]})")) << "a tool without parameters";
  EXPECT_FALSE(parse_home(R"({"files":{},"tools":{},"goals":[]})"));
  EXPECT_FALSE(parse_home(R"({"files":{},"goals":[{"goal":"x","kind":"k","expect":{"call":{"name":"x"}}}]})"));
}

TEST(ExamPaper, WhatCannotBeUsedIsRefusedWithItsReason) {
  const auto refused = [](const char* line) {
    const auto home = parse_home(line);
    EXPECT_FALSE(home) << line;
    return home ? std::string() : home.error().what;
  };
  refused("{");
  EXPECT_THAT(refused("{}"), HasSubstr("no files or no goals"));
  EXPECT_THAT(refused(R"({"files":{"../../etc/x":"a"},"goals":[]})"), HasSubstr("is no file"));
  EXPECT_THAT(refused(R"({"files":{"/etc/x":"a"},"goals":[]})"), HasSubstr("is no file"));
  EXPECT_THAT(refused(R"({"files":{"x":1},"goals":[]})"), HasSubstr("is no file"));
  EXPECT_THAT(refused(R"({"files":{},"goals":[{"goal":"x","kind":"k"}]})"), HasSubstr("expects nothing"));
  EXPECT_THAT(refused(R"({"files":{},"goals":[{"goal":"","kind":"k","expect":{"missing":true}}]})"),
              HasSubstr("no text"));
  EXPECT_THAT(refused(R"({"files":{},"goals":[{"goal":"x","kind":"k","expect":{"files":{"../x":"a"}}}]})"),
              HasSubstr("is no file"));
  EXPECT_THAT(refused(R"({"files":{},"goals":[{"goal":"x","kind":"k","expect":{"values":[""]}}]})"),
              HasSubstr("no text"));
}

TEST(ExamPaper, AWrongLineIsNamedAndAMissingFileIsSaid) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "paper.jsonl";
  std::ofstream(path) << kLine << "\n\n" << "{\n";
  const auto paper = read_paper(path);
  ASSERT_FALSE(paper);
  EXPECT_THAT(paper.error().what, HasSubstr("line 3 of"));
  std::ofstream(path) << kLine << "\n";
  EXPECT_EQ(read_paper(path)->questions(), 1U);
  std::filesystem::remove(path);
  EXPECT_EQ(read_paper(path).error().code, ErrorCode::kNotFound);
}

TEST(ExamPaper, TheOneThatComesWithDaimonIsWholeAndAnotherMayBeNamed) {
  const auto path = builtin_paper();
  ASSERT_TRUE(path);
  const auto paper = read_paper(*path);
  ASSERT_TRUE(paper) << paper.error().what;
  EXPECT_GE(paper->questions(), 200U);
  for (const Home& home : paper->homes)
    for (const Question& question : home.questions)
      for (const Lookup& lookup : question.expected.answers)
        EXPECT_THAT(home.files.at(lookup.document), HasSubstr(lookup.answer)) << question.goal;
  ::setenv("DAIMON_EXAM", "/nowhere/exam.jsonl", 1);
  EXPECT_THAT(builtin_paper().error().what, HasSubstr("DAIMON_EXAM names /nowhere/exam.jsonl"));
  ::unsetenv("DAIMON_EXAM");
}

}  // namespace
}  // namespace daimon::exam
