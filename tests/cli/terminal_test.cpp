// The command line as a person sees it.
#include "cli/terminal.h"

#include <gmock/gmock.h>
#include <termios.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "cli/program.h"
#include "processor/stub_hub.h"

namespace daimon::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST_F(InTerminal, ApprovalShowsTheDiffAndTakesAnAnswer) {
  begin({"run", "approve it"});
  ASSERT_TRUE(see("Apply this change? [y]es / [n]o / [d]iff")) << screen;
  EXPECT_THAT(screen, HasSubstr("\x1b[31m-- pay the water\x1b[0m"));
  EXPECT_THAT(screen, HasSubstr("\x1b[32m+- pay the water: done\x1b[0m"));
  type("what?\n");
  type("y\n");
  EXPECT_TRUE(see("Wrote notes/todo.md."));
  EXPECT_EQ(end(), 0);
}

TEST_F(InTerminal, DenialIsExitCodeFive) {
  begin({"run", "approve it"});
  ASSERT_TRUE(see("[d]iff"));
  type("n\n");
  EXPECT_EQ(end(), 5);
  EXPECT_THAT(screen, HasSubstr("Did not write"));
}

TEST_F(InTerminal, ApprovingWithoutARequestShowsItAndAsks) {
  daimon({"run", "approve it", "-d"});
  begin({"approve", "p1"});
  ASSERT_TRUE(see("Approve p1.r1? [y]es / [n]o")) << screen;
  EXPECT_THAT(screen, HasSubstr("\x1b[32m+- pay the water: done\x1b[0m"));
  type("n\n");
  EXPECT_EQ(end(), 5);
  EXPECT_THAT(screen, HasSubstr("daimon approve p1 p1.r1"));
  EXPECT_EQ(find_string(json({"show", "p1", "--json"}), "state"), "waiting");
  screen.clear();
  begin({"approve", "p1"});
  ASSERT_TRUE(see("Approve p1.r1?"));
  type("\x03");
  EXPECT_EQ(end(), 130);
  EXPECT_EQ(find_string(json({"show", "p1", "--json"}), "state"), "waiting");
  screen.clear();
  begin({"approve", "p1"});
  ASSERT_TRUE(see("Approve p1.r1?"));
  type("y\n");
  EXPECT_EQ(end(), 0);
  EXPECT_EQ(find_string(json({"show", "p1", "--json"}), "state"), "done");
}

TEST_F(InTerminal, LeavingAnApprovalSaysHowToDecideOnThisOne) {
  begin({"run", "approve it"}, 160);
  ASSERT_TRUE(see("[d]iff"));
  type("\x04");
  EXPECT_EQ(end(), 5);
  EXPECT_THAT(screen, HasSubstr("daimon approve p1 p1.r1 or daimon deny p1 p1.r1"));
}

TEST_F(InTerminal, WhatIsDecidedElsewhereIsNotAskedAnyMore) {
  begin({"run", "approve it"});
  ASSERT_TRUE(see("[d]iff"));
  type("n");  // half an answer
  EXPECT_EQ(daimon({"approve", "p1", "p1.r1"}).code, 0);
  EXPECT_TRUE(see("decided elsewhere")) << screen;
  EXPECT_TRUE(see("✓ approved"));
  EXPECT_TRUE(see("Wrote notes/todo.md."));
  EXPECT_EQ(end(), 0);
  screen.clear();
  begin({"run", "approve it"});
  ASSERT_TRUE(see("[d]iff"));
  type("d\n");
  EXPECT_EQ(daimon({"deny", "p2"}).code, 0);
  EXPECT_TRUE(see("decided elsewhere")) << screen;
  EXPECT_EQ(end(), 5);
  screen.clear();
  begin({"run", "a question"});
  ASSERT_TRUE(see("Which year?"));
  EXPECT_EQ(daimon({"answer", "p3", "2024"}).code, 0);
  EXPECT_TRUE(see("answered elsewhere")) << screen;
  EXPECT_TRUE(see("You said 2024."));
  EXPECT_EQ(end(), 0);
  screen.clear();
  begin({"run", "approve it"});
  ASSERT_TRUE(see("[d]iff"));
  EXPECT_EQ(daimon({"kill", "p4"}).code, 0);
  EXPECT_TRUE(see("p4 does not wait for this any more")) << screen;
  EXPECT_EQ(end(), 1);
}

// The real daemon, and a model that does what its goal says.
class InTerminalOverAll : public InTerminal {
 protected:
  void SetUp() override {
    InTerminal::SetUp();
    program = DAIMON_PROGRAM;
    std::filesystem::create_directories(folder.path / "config/daimon");
    std::ofstream(folder.path / "config/daimon/config.json") << to_text(JsonObject{
        {"remotes", JsonObject{{"script", JsonObject{{"url", hub_.url("/script")}, {"may_see_personal", true}}}}}});
  }
  void TearDown() override { daimon({"stop"}); }
  void begin_to_write() {
    begin({"run", "--autonomy", "1", "--model", "script", "-m", folder.path / "docs",
           "script:\nwrite\n" + to_text(JsonObject{{"path", "note.txt"}, {"content", "kept\n"}})});
    ASSERT_TRUE(see("[d]iff", 60'000)) << screen;
  }
  void kill_daemon() {
    std::ifstream lock(folder.path / "state/daimon/daemon.lock");
    const auto told = parse_json(std::string(std::istreambuf_iterator<char>(lock), {}));
    ASSERT_TRUE(told);
    ASSERT_EQ(::kill(static_cast<pid_t>(find_integer(*told, "pid").value_or(0)), SIGKILL), 0);
  }
  processor::test::StubHub hub_;
};

TEST_F(InTerminalOverAll, ADaemonThatIsKilledWhileItAsksIsStartedAgainAndTheAnswerCounts) {
  begin_to_write();
  kill_daemon();
  type("y\n");
  EXPECT_EQ(end(), 0) << screen;
  EXPECT_TRUE(std::filesystem::exists(folder.path / "docs/note.txt"));
  EXPECT_EQ(screen.find("Apply this change?"), screen.rfind("Apply this change?")) << "asked once";
}

TEST_F(InTerminalOverAll, WhatIsDecidedAfterTheDaemonWasKilledIsHeard) {
  begin_to_write();
  kill_daemon();
  EXPECT_EQ(daimon({"approve", "p1", "p1.r1"}).code, 0);
  EXPECT_EQ(end(), 0) << screen;
  EXPECT_THAT(screen, HasSubstr("decided elsewhere"));
}

TEST_F(InTerminalOverAll, WhatIsAskedIsKeptWhenTheDaemonDoesNotComeBack) {
  begin_to_write();
  const auto journal = folder.path / "state/daimon/journal.db";
  std::filesystem::rename(journal, journal.string() + ".away");
  std::filesystem::create_directories(journal);
  kill_daemon();
  EXPECT_EQ(end(), 3) << screen;
  EXPECT_THAT(screen, HasSubstr("p1 is kept: daimon attach p1 goes on with it"));
  std::filesystem::remove(journal);
  std::filesystem::rename(journal.string() + ".away", journal);
}

TEST_F(InTerminal, ADaemonThatIsStoppedIsNotStartedAgainByWhoWatches) {
  begin({"run", "slow work"});
  ASSERT_TRUE(see("slow work"));
  EXPECT_EQ(daimon({"stop"}).code, 0);
  EXPECT_EQ(end(), 3);
  EXPECT_THAT(screen, HasSubstr("the daemon was stopped; p1 is kept: daimon attach p1 goes on with it"));
  EXPECT_THAT(daimon({"stop"}).err, HasSubstr("the daemon is not running"));
}

TEST_F(InTerminal, ALogThatIsCutOffByAStopIsNoWholeOne) {
  daimon({"run", "slow work", "-d"});
  begin({"logs", "-f", "p1"});
  ASSERT_TRUE(see("slow work"));
  EXPECT_EQ(daimon({"stop"}).code, 0);
  EXPECT_EQ(end(), 3);
  EXPECT_THAT(screen, HasSubstr("the daemon was stopped"));
}

TEST_F(InTerminal, ADaemonThatIsStoppedWhileItAsksIsNotStartedAgain) {
  begin({"run", "approve it"});
  ASSERT_TRUE(see("[d]iff"));
  EXPECT_EQ(daimon({"stop"}).code, 0);
  EXPECT_EQ(end(), 3);
  EXPECT_THAT(screen, HasSubstr("p1 is kept: daimon attach p1 goes on with it"));
  EXPECT_THAT(daimon({"stop"}).err, HasSubstr("the daemon is not running"));
}

class TopInTerminal : public InTerminal {
 protected:
  void begin_top() {
    screen.clear();
    begin({"top"});
    ASSERT_TRUE(see("\x1b[?1049h"));
    ASSERT_TRUE(see("2 of 16 cores"));
    ASSERT_TRUE(see("PROCESS"));
    EXPECT_TRUE(see_mode(false)) << "keys come one by one";
  }
  // Whether the terminal waits for whole lines and shows what is typed.
  bool see_mode(bool lines) {
    for (int i = 0; i < 200; ++i) {
      termios mode{};
      if (::tcgetattr(terminal(), &mode) == 0 && ((mode.c_lflag & (ICANON | ECHO)) == (ICANON | ECHO)) == lines)
        return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  void expect_restored() const {
    EXPECT_EQ(screen.rfind("\x1b[?1049h"), screen.find("\x1b[?1049h"));
    EXPECT_GT(screen.rfind("\x1b[?1049l"), screen.rfind("PROCESS"));
    EXPECT_EQ(screen.rfind("\x1b[?1049l"), screen.find("\x1b[?1049l")) << "once";
  }
};

TEST_F(TopInTerminal, LeavesTheTerminalAsItWasOnEveryWayOut) {
  begin_top();
  type("x");
  type("q");
  EXPECT_TRUE(see("\x1b[?1049l"));
  EXPECT_EQ(end(), 0);
  expect_restored();
  begin_top();
  type("\x03");
  EXPECT_EQ(end(), 0);
  expect_restored();
  begin_top();
  ::kill(pid(), SIGTERM);
  EXPECT_TRUE(see_mode(true));
  EXPECT_EQ(end(), 128 + SIGTERM);
  expect_restored();
  begin_top();
  type("\x1a");
  ASSERT_TRUE(see("\x1b[?1049l"));
  EXPECT_TRUE(see_mode(true));
  int status = 0;
  ASSERT_EQ(::waitpid(pid(), &status, WUNTRACED), pid());
  ASSERT_TRUE(WIFSTOPPED(status));
  screen.clear();
  ::kill(pid(), SIGCONT);
  EXPECT_TRUE(see("\x1b[?1049h"));
  EXPECT_TRUE(see("PROCESS"));
  type("q");
  EXPECT_EQ(end(), 0);
  expect_restored();
}

TEST_F(TopInTerminal, ShowsNoMoreThanTheScreenHoldsAndAnErrorAfterIt) {
  for (int i = 0; i < 30; ++i) daimon({"run", "slow work", "-d"});
  begin_top();
  ASSERT_TRUE(see("p10"));
  const std::string frame = screen.substr(screen.find("PROCESS"));
  EXPECT_LT(std::ranges::count(frame.substr(0, frame.find("\x1b[H")), '\n'), 24);
  daimon({"stop"});
  EXPECT_EQ(end(), 3);
  EXPECT_GT(screen.find("daimon: "), screen.find("\x1b[?1049l")) << "seen";
}

TEST_F(InTerminal, QuestionIsAskedAndAnswered) {
  begin({"run", "a question"});
  ASSERT_TRUE(see("Which year?"));
  type("2025\n");
  EXPECT_EQ(end(), 0);
  EXPECT_THAT(screen, HasSubstr("You said 2025."));
}

TEST_F(InTerminal, InterruptPausesAndSaysHowToGoOn) {
  begin({"run", "slow work"});
  ASSERT_TRUE(see("p1"));
  ASSERT_TRUE(see("slow work"));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  type("\x03");
  EXPECT_EQ(end(), 130);
  EXPECT_THAT(screen, HasSubstr("daimon resume p1"));
  EXPECT_EQ(find_string(json({"show", "p1", "--json"}), "state"), "paused");
}

TEST_F(InTerminal, LeavingAnAttachedProcessLetsItGoOn) {
  daimon({"run", "slow work", "-d"});
  begin({"attach", "p1"});
  ASSERT_TRUE(see("slow work"));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  type("\x03");
  EXPECT_EQ(end(), 130);
  EXPECT_EQ(find_string(json({"show", "p1", "--json"}), "state"), "running");
}

TEST_F(InTerminal, InterruptAtAQuestionPauses) {
  begin({"run", "approve it"});
  ASSERT_TRUE(see("[d]iff"));
  type("\x03");
  EXPECT_EQ(end(), 130);
  EXPECT_EQ(find_string(json({"show", "p1", "--json"}), "state"), "paused");
}

TEST_F(InTerminal, NoColorAndDumbTerminalsArePlain) {
  environment["NO_COLOR"] = "1";
  begin({"run", "What did I pay?"});
  EXPECT_EQ(end(), 0);
  for (const char* colour : {"\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[36m"})
    EXPECT_THAT(screen, Not(HasSubstr(colour)));
  screen.clear();
  environment.erase("NO_COLOR");
  environment["TERM"] = "dumb";
  begin({"run", "What did I pay?"});
  EXPECT_EQ(end(), 0);
  EXPECT_THAT(screen, Not(HasSubstr("\x1b")));
}

TEST_F(InTerminal, SixtyColumnsAreEnough) {
  environment["TERM"] = "dumb";  // no escapes, so that columns can be counted
  begin({"run", "What did I pay for electricity in March, and which of the many documents says so?"}, 60);
  EXPECT_EQ(end(), 0);
  std::string_view rest = screen;
  while (!rest.empty()) {
    const std::size_t end_of_line = std::min(rest.find("\r\n"), rest.size());
    EXPECT_LE(display_width(rest.substr(0, end_of_line)), 60U) << rest.substr(0, end_of_line);
    rest.remove_prefix(std::min(end_of_line + 2, rest.size()));
  }
}

TEST_F(InTerminal, ChatStopsAnAnswerAndGoesOn) {
  begin({"chat", "--model", "firmware"});
  ASSERT_TRUE(see("> "));
  type("forever\n");
  ASSERT_TRUE(see("and on and on"));
  type("\x03");
  ASSERT_TRUE(see("(stopped)")) << screen;
  type("hi\n");
  ASSERT_TRUE(see("Hello from firmware: hi"));
  type("/exit\n");
  EXPECT_EQ(end(), 0);
}

TEST_F(InTerminal, ServePrintsAnAddressAndATokenThatWork) {
  begin({"serve", "--port", "0"}, 160);
  ASSERT_TRUE(see("open until Ctrl-C")) << screen;
  const auto at = screen.find("http://127.0.0.1:");
  ASSERT_NE(at, std::string::npos);
  const int port = std::atoi(screen.c_str() + at + 17);
  const auto line = screen.find("\r\n", at) + 2;
  const std::string token = screen.substr(line, 64);
  RawClient client(port);
  client.send(daimon::format(
      "GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n", port,
      token));
  EXPECT_THAT(client.read_all(), HasSubstr("firmware"));
  type("\x03");
  EXPECT_EQ(end(), 130);
  bool open = true;
  for (int i = 0; i < 300 && open; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    open = RawClient(port).connected;
  }
  EXPECT_FALSE(open);
}

TEST(Wrap, BreaksAtSpacesAndCutsWhatIsTooLong) {
  EXPECT_THAT(cli::wrap("one two three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(cli::wrap("onetwothree", 4), ElementsAre("onet", "woth", "ree"));
  EXPECT_THAT(cli::wrap("a\n\nb", 10), ElementsAre("a", "", "b"));
  EXPECT_THAT(cli::wrap("日本語", 4), ElementsAre("日本", "語"));
  EXPECT_THAT(cli::wrap("", 4), ElementsAre(""));
}

TEST(Fit, LeavesRoomForTheEllipsis) {
  EXPECT_EQ(cli::fit("electricity", 6, "…"), "elect…");
  EXPECT_EQ(cli::fit("electricity", 6, "..."), "ele...");
  EXPECT_EQ(cli::fit("日本語", 5, "…"), "日本…");
  EXPECT_EQ(cli::fit("short", 6, "…"), "short");
  EXPECT_EQ(cli::fit("short", 0, "…"), "");
}

}  // namespace
}  // namespace daimon::test
