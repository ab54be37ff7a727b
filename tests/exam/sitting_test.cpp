// The exam through a real kernel, with the built-in model.
#include "exam/sitting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "exam/tools.h"
#include "kernel/boot.h"

namespace daimon::exam {
namespace {

using testing::HasSubstr;
namespace stdfs = std::filesystem;

class Sitting : public testing::Test {
 protected:
  Sitting() {
    stdfs::remove_all(folder);
    stdfs::create_directories(folder);
    system = kernel::boot({.state_folder = folder / "state", .config_folder = folder / "config"}).value();
    options.folder = folder / "homes";
  }
  ~Sitting() override {
    system.reset();
    stdfs::remove_all(folder);
  }
  static Question question(std::string goal, std::string kind, Expectation expected) {
    return {std::move(goal), std::move(kind), 1, std::move(expected)};
  }

  // Cases run beside each other.
  const stdfs::path folder =
      stdfs::canonical(testing::TempDir()) / ("exam-sitting-" + std::to_string(static_cast<long>(::getpid())));
  std::unique_ptr<kernel::System> system;
  Options options;
};

Expectation value(std::string text) {
  Expectation expected;
  expected.values = {std::move(text)};
  return expected;
}

TEST_F(Sitting, AToolThatNoModelKnowsIsCalledWithWhatTheGoalSays) {
  Paper paper;
  paper.homes.push_back(
      parse_home(R"({"files":{"a.txt":"The rent is £300."},"tools":[{"name":"call_lift","description":)"
                 R"("Send a lift of the building to a floor","parameters":{"type":"object","properties":)"
                 R"({"floor":{"type":"integer","description":"floor that it is sent to"}},"required":["floor"],)"
                 R"("additionalProperties":false}}],"goals":[)"
                 R"({"goal":"send the lift to floor 7","kind":"unseen tool","expect":{"call":)"
                 R"({"name":"call_lift","arguments":{"floor":7}}}},)"
                 R"({"goal":"What is 3 + 4?","kind":"calculate","expect":{"values":["7"]}}]})")
          .value());
  system.reset();
  system = kernel::boot({.state_folder = folder / "state",
                         .config_folder = folder / "config",
                         .more_devices = [&] { return tools_of(paper); }})
               .value();
  const auto report = sit(*system, paper, options, {}, {});
  ASSERT_TRUE(report) << report.error().what;
  for (const Failure& failure : report->failures) ADD_FAILURE() << failure.question->goal << ": " << failure.missed;
  EXPECT_EQ(report->all.right, 2);
  EXPECT_EQ(report->tools.right, 1);
  EXPECT_EQ(report->tools.total, 1);
}

TEST_F(Sitting, CountsWhatIsRightByKindAndSaysWhatFailed) {
  Paper paper;
  Home home;
  Expectation written;
  written.files["new.txt"] = "hello";
  home.files["a.txt"] = "The rent is £300.\n";
  home.questions = {question("What is 3 + 4?", "calculate", value("7")),
                    question("What is 3 + 5?", "calculate", value("9")),
                    question("Write hello to new.txt", "write", written)};
  paper.homes.push_back(home);
  std::size_t told = 0;
  const auto report = sit(*system, paper, options, [&](const Report&, std::size_t of) { told += of; }, {});
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_EQ(told, 9U);
  EXPECT_EQ(report->all.total, 3);
  EXPECT_EQ(report->kinds.at("calculate").total, 2);
  EXPECT_EQ(report->kinds.at("calculate").right, 1);
  ASSERT_FALSE(report->failures.empty());
  EXPECT_EQ(report->failures[0].question->goal, "What is 3 + 5?");
  EXPECT_THAT(report->failures[0].missed, HasSubstr("not 9"));
  EXPECT_GT(report->tokens, 0);
}

TEST_F(Sitting, AsksOnlyTheKindsThatAreWanted) {
  Paper paper;
  paper.homes.push_back({{}, {question("What is 3 + 4?", "calculate", value("7"))}});
  options.kinds = {"table"};
  EXPECT_EQ(sit(*system, paper, options, {}, {}).error().code, ErrorCode::kNotFound);
}

TEST_F(Sitting, EndsWhenItIsToldToWithWhatItHas) {
  Paper paper;
  paper.homes.push_back(
      {{}, {question("What is 3 + 4?", "calculate", value("7")), question("What is 2 + 2?", "calculate", value("4"))}});
  std::stop_source stop;
  const auto report =
      sit(*system, paper, options, [&](const Report&, std::size_t) { stop.request_stop(); }, stop.get_token());
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->stopped);
  EXPECT_EQ(report->all.total, 1);
  EXPECT_EQ(sit(*system, paper, options, {}, stop.get_token()).error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace daimon::exam
