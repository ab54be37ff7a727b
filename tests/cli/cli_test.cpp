// The command line in scripts: streams, exit codes, data.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "cli/command.h"
#include "cli/program.h"

namespace daimon::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

using CommandLine = Program;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST_F(CommandLine, EveryCommandTeachesItself) {
  for (const cli::Command& command : cli::commands()) {
    const Ended ended = daimon({std::string(command.name), "--help"});
    EXPECT_EQ(ended.code, 0) << command.name;
    EXPECT_THAT(ended.out, StartsWith("usage: daimon " + std::string(command.name)));
    EXPECT_THAT(ended.out, HasSubstr("Options"));
    EXPECT_THAT(ended.out, HasSubstr("Exit codes"));
    EXPECT_EQ(ended.err, "");
    for (const cli::Option& option : command.options)
      EXPECT_THAT(ended.out, HasSubstr("--" + std::string(option.name)));
  }
  EXPECT_THAT(daimon({}).out, HasSubstr("run"));
  EXPECT_THAT(daimon({"--version"}).out, StartsWith("daimon 0."));
  EXPECT_FALSE(std::filesystem::exists(folder.path / "run/daimon")) << "help starts nothing";
}

TEST_F(CommandLine, MistypedWordsAreUsageErrorsWithTheNearest) {
  const auto usage = [&](const std::vector<std::string>& words, const std::string& hint) {
    const Ended ended = daimon(words);
    EXPECT_EQ(ended.code, 2) << hint;
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err, HasSubstr(hint));
  };
  usage({"rnu"}, "did you mean `daimon run`?");
  usage({"mountss"}, "did you mean `daimon mounts`?");
  usage({"run", "x", "--modle", "y"}, "did you mean --model?");
  usage({"run", "x", "--autonomy", "7"}, "from 0 to 4");
  usage({"run", "x", "--budget", "lots"}, "whole number");
  usage({"run", "x", "--budget", "apples=3"}, "no budget of 'apples'");
  usage({"run", "x", "--output-format", "xml"}, "no output format 'xml'");
  usage({"run", "x", "--yes", "--no"}, "exclude each other");
  usage({"run", "x", "--model"}, "needs NAME");
  usage({"kill"}, "needs ID");
  usage({"logs", "p1", "p2"}, "one word too many");
  usage({"ps", "\x1b[31mevil"}, "\\x1b[31mevil");
}

TEST_F(CommandLine, AnswerGoesToStdoutAndTheRestToStderr) {
  const Ended ended = daimon({"run", "What did I pay?", "--mount", folder.path / "docs"});
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ended.out, "£84.20\ninvoices/electricity-2026-03.pdf p1 “Total to pay £84.20” ✓ verified\n");
  EXPECT_THAT(ended.err, HasSubstr("p1 · firmware · docs"));
  EXPECT_THAT(ended.err, HasSubstr("✓ search"));
  EXPECT_THAT(ended.err, HasSubstr("tokens: 812 prompt (640 cached), 31 generated, 22 forced"));
  EXPECT_THAT(ended.out + ended.err, Not(HasSubstr("\x1b")));
}

TEST_F(CommandLine, AsciiWhereTheLocaleIsNotUtf8) {
  environment["LC_ALL"] = "C";
  const Ended ended = daimon({"run", "What did I pay?"});
  EXPECT_THAT(ended.out, HasSubstr("+ verified"));
  EXPECT_THAT(ended.err, HasSubstr("+ search"));
  EXPECT_THAT(ended.err, Not(HasSubstr("✓")));
}

TEST_F(CommandLine, JsonIsTheProcess) {
  const Ended ended = daimon({"run", "What did I pay?", "--json", "--seed", "5", "--budget", "tokens=100,seconds=2.5"});
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(lines_of(ended.out).size(), 1U);
  const auto process = parse_json(ended.out);
  ASSERT_TRUE(process) << ended.out;
  EXPECT_EQ(find_string(*process, "state"), "done");
  EXPECT_EQ(find_integer(*process, "seed"), 5);
  EXPECT_EQ(find_number(*find(*process, "budget"), "seconds"), 2.5);
  EXPECT_EQ(to_text(json({"show", "p1", "--json"})), to_text(*process));
}

TEST_F(CommandLine, JsonHoldsNothingThatATerminalObeys) {
  const std::string goal =
      "a\xC2\x9B"
      "31m b\xE2\x80\xAE"
      "c\x7F \xF3\xA0\x81\x81 caf\xC3\xA9";
  const std::string escaped = "a\\u009b31m b\\u202ec\\u007f \\udb40\\udc41 caf\xC3\xA9";
  for (const std::vector<std::string>& words : {std::vector<std::string>{"run", goal, "--json"},
                                                {"run", goal, "--output-format", "stream-json"},
                                                {"show", "p1", "--json"},
                                                {"logs", "p1", "--json"}}) {
    const Ended ended = daimon(words);
    EXPECT_THAT(ended.out, HasSubstr(escaped)) << words[0];
    for (const std::string_view raw : {"\xC2\x9B", "\xE2\x80\xAE", "\x7F", "\xF3\xA0\x81\x81"})
      EXPECT_THAT(ended.out, Not(HasSubstr(raw))) << words[0];
  }
  EXPECT_EQ(find_string(json({"show", "p1", "--json"}), "goal"), goal) << "the same JSON";
}

TEST_F(CommandLine, StreamJsonEndsWithFinished) {
  const Ended ended = daimon({"run", "What did I pay?", "--output-format", "stream-json"});
  const auto lines = lines_of(ended.out);
  ASSERT_GT(lines.size(), 5U);
  for (const std::string& line : lines) EXPECT_TRUE(parse_json(line)) << line;
  EXPECT_EQ(find_string(*parse_json(lines.front()), "type"), "created");
  EXPECT_EQ(find_string(*parse_json(lines.back()), "type"), "finished");
}

TEST_F(CommandLine, NobodyToAskMeansDenied) {
  const Ended headless = daimon({"run", "approve it"});
  EXPECT_EQ(headless.code, 5);
  EXPECT_THAT(headless.err, HasSubstr("+- pay the water: done"));
  EXPECT_THAT(headless.err, HasSubstr("nobody is here"));
  EXPECT_EQ(daimon({"run", "approve it", "--no"}).code, 5);
  EXPECT_EQ(daimon({"run", "approve it", "--json"}).code, 5);
  const Ended yes = daimon({"run", "approve it", "--yes"});
  EXPECT_EQ(yes.code, 0);
  EXPECT_THAT(yes.out, StartsWith("Wrote notes/todo.md."));
}

TEST_F(CommandLine, QuestionIsAnsweredOrLeftWaiting) {
  const Ended answered = daimon({"run", "a question", "--answer", "2026"});
  EXPECT_EQ(answered.code, 0);
  EXPECT_THAT(answered.out, StartsWith("You said 2026."));
  const Ended left = daimon({"run", "a question"});
  EXPECT_EQ(left.code, 5);
  EXPECT_THAT(left.err, HasSubstr("daimon answer p2 TEXT"));
  EXPECT_EQ(daimon({"answer", "p2", "last", "year"}).code, 0);
  EXPECT_EQ(find_string(json({"show", "p2", "--json"}), "answer"), "You said last year.");
  EXPECT_EQ(daimon({"answer", "p2", "again"}).code, 1);
}

TEST_F(CommandLine, ExitCodesSayHowItEnded) {
  EXPECT_EQ(daimon({"run", "fail"}).code, 1);
  EXPECT_THAT(daimon({"run", "fail"}).err, HasSubstr("the disk is on fire"));
  const Ended spent = daimon({"run", "all spent"});
  EXPECT_EQ(spent.code, 6);
  EXPECT_THAT(spent.err, HasSubstr("daimon budget p3 --tokens N"));
  const Ended resumed = daimon({"resume", "p3"});
  EXPECT_EQ(resumed.code, 6) << "it does not go on, and that is said";
  EXPECT_THAT(resumed.err, HasSubstr("daimon budget p3 --tokens N"));
  EXPECT_EQ(daimon({"budget", "p3", "--tokens", "500"}).code, 0);
  EXPECT_EQ(find_string(json({"show", "p3", "--json"}), "state"), "done");
  EXPECT_EQ(daimon({"run", "x", "--model", "nosuch"}).code, 4);
  EXPECT_EQ(daimon({"run", "x", "--mount", "/no/such/folder"}).code, 4);
  EXPECT_EQ(daimon({"show", "p99"}).code, 4);
  EXPECT_EQ(daimon({"logs", "../status"}).code, 2);
  EXPECT_EQ(daimon({"kill", "p98"}).code, 4);
  EXPECT_EQ(daimon({"budget", "p3"}).code, 2);
}

TEST_F(CommandLine, GoalComesFromAPipeToo) {
  EXPECT_EQ(daimon({"run", "-"}, "What did I pay?\n").code, 0);
  EXPECT_EQ(find_string(json({"show", "p1", "--json"}), "goal"), "What did I pay?");
  daimon({"run", "Say it shorter"}, "a long story\n");
  EXPECT_EQ(find_string(json({"show", "p2", "--json"}), "goal"), "Say it shorter");
  EXPECT_EQ(find_string(json({"show", "p2", "--json"}), "material"), "a long story\n");
  EXPECT_EQ(daimon({"run"}, "").code, 2);
  EXPECT_EQ(daimon({"run", "-"}, " \n").code, 2);
}

TEST_F(CommandLine, APipeThatBringsNothingIsSaidWithTheFoldersThatAreAskedInstead) {
  EXPECT_THAT(daimon({"ask", "What did I pay?"}, "").err, HasSubstr("and no folder is mounted"));
  const std::filesystem::path docs = folder.path / "docs";
  std::filesystem::create_directories(docs / "inner");
  daimon({"mount", docs});
  daimon({"mount", docs / "inner"});
  const Ended all = daimon({"ask", "What did I pay?"}, "\n");
  EXPECT_EQ(all.code, 0);
  EXPECT_THAT(all.err, HasSubstr("nothing came through the pipe; asked instead are the folders docs, inner\n"));
  EXPECT_THAT(daimon({"ask", "What did I pay?", "-m", "inner"}).err, HasSubstr("asked instead is the folder inner\n"));
  EXPECT_THAT(daimon({"ask", "What did I pay?"}, "a bill").err, Not(HasSubstr("nothing came")));
  for (const int input : {::open("/dev/null", O_RDONLY | O_CLOEXEC), -1}) {
    before_execute = [&] {
      if (input < 0)
        ::close(0);
      else
        ::dup2(input, 0);
    };
    EXPECT_THAT(daimon({"ask", "What did I pay?"}).err, Not(HasSubstr("nothing came")));
    if (input >= 0) ::close(input);
  }
}

TEST_F(CommandLine, APdfThatIsPipedInIsNoText) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{"ask", "What is the rent?"},
                                                                                     {"run", "-"},
                                                                                     {"run", "Sum it up", "--json"},
                                                                                     {"chat", "--model", "firmware"}}) {
    const Ended ended = daimon(words, "%PDF-1.7\n%\xe2\xe3\n1 0 obj");
    EXPECT_EQ(ended.code, 2) << words[0];
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err, HasSubstr("this is a PDF: pdftotext FILE - | daimon " + words[0]));
  }
  EXPECT_EQ(daimon({"ps", "-a"}).out.find("p1"), std::string::npos);
}

TEST_F(CommandLine, ListShowsTheBeginningOfWhyAProcessStoppedAndItsGoal) {
  daimon({"run", "spent on a goal", "-d"});
  EXPECT_THAT(daimon({"ps"}).out, HasSubstr("  [budget spent] spent on a goal\n"));
}

TEST_F(CommandLine, WhatWasDeniedIsSaidToBeDenied) {
  const Ended denied = daimon({"run", "approve it", "--no"});
  EXPECT_EQ(denied.code, 5);
  EXPECT_THAT(denied.err, HasSubstr("denied: the change to notes/todo.md was not allowed\n"));
  EXPECT_THAT(daimon({"show", "p1"}).out, HasSubstr("\n  denied  notes/todo.md\n"));
  daimon({"run", "approve it", "-d"});
  EXPECT_THAT(daimon({"show", "p2"}).out, HasSubstr("\n  staged  notes/todo.md\n"));
}

TEST_F(CommandLine, AFolderThatIsGivenTwiceIsTakenOnce) {
  const std::string docs = folder.path / "docs";
  const Ended ended = daimon({"run", "What did I pay?", "-m", docs, "-m", docs + "/", "-m", "docs"});
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.err, HasSubstr("firmware · docs\n"));
  EXPECT_EQ(find(json({"show", "p1", "--json"}), "mounts")->as_array().size(), 1U);
}

TEST_F(CommandLine, DetachedProcessIsWatchedDirectedAndEnded) {
  EXPECT_EQ(daimon({"run", "slow work", "-d"}).out, "p1\n");
  EXPECT_THAT(daimon({"ps"}).out, HasSubstr("p1"));
  EXPECT_EQ(daimon({"pause", "p1"}).code, 0);
  EXPECT_THAT(daimon({"ps"}).out, HasSubstr("paused"));
  EXPECT_EQ(daimon({"resume", "p1"}).code, 0);
  EXPECT_EQ(daimon({"kill", "p1"}).code, 0);
  EXPECT_THAT(daimon({"ps"}).out, Not(HasSubstr("p1")));
  EXPECT_THAT(daimon({"ps", "-a"}).out, HasSubstr("stopped"));
  EXPECT_EQ(find(json({"ps", "-a", "--json"}), "processes")->as_array().size(), 1U);
  daimon({"run", "approve it", "-d"});
  EXPECT_THAT(daimon({"show", "p2"}).out, HasSubstr("daimon approve p2 p2.r1 or daimon deny p2 p2.r1"));
  EXPECT_EQ(daimon({"approve", "p2", "p2.r1"}).code, 0);
  daimon({"run", "approve it", "-d"});
  EXPECT_EQ(daimon({"deny", "p3"}).code, 0);
  EXPECT_EQ(daimon({"attach", "p3"}).code, 5);
  EXPECT_EQ(daimon({"attach", "p2"}).code, 0);
}

TEST_F(CommandLine, ApprovesOnlyTheRequestThatIsNamed) {
  daimon({"run", "approve it", "-d"});
  const Ended other = daimon({"approve", "p1", "p1.r7"});
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.err, HasSubstr("p1 does not wait for p1.r7 but for p1.r1: Write notes/todo.md"));
  EXPECT_EQ(daimon({"deny", "p1", "p1.r7"}).code, 1);
  const Ended unnamed = daimon({"approve", "p1"}, "y\n");
  EXPECT_EQ(unnamed.code, 2);
  EXPECT_THAT(unnamed.err, HasSubstr("nothing was approved"));
  EXPECT_THAT(unnamed.err, HasSubstr("daimon approve p1 p1.r1"));
  EXPECT_EQ(find_string(json({"show", "p1", "--json"}), "state"), "waiting");
  const Ended named = daimon({"approve", "p1", "p1.r1"});
  EXPECT_EQ(named.code, 0);
  EXPECT_THAT(named.err, HasSubstr("+- pay the water: done")) << "and shows it";
  EXPECT_EQ(find_string(json({"show", "p1", "--json"}), "state"), "done");
}

TEST_F(CommandLine, LogsAndReplay) {
  daimon({"run", "What did I pay?"});
  const Ended logs = daimon({"logs", "p1"});
  EXPECT_EQ(logs.code, 0);
  EXPECT_THAT(logs.out, HasSubstr("called         p1.1 search query=“electricity March 2026” limit=6"));
  EXPECT_EQ(lines_of(logs.out).size(), lines_of(daimon({"logs", "-f", "--json", "p1"}).out).size());
  const Ended replayed = daimon({"replay", "p1"});
  EXPECT_EQ(replayed.code, 0);
  EXPECT_THAT(replayed.out, HasSubstr("every decision is the same"));
}

TEST_F(CommandLine, FilesModelsAndMachine) {
  EXPECT_THAT(daimon({"mount", folder.path / "docs", "--name", "papers"}).out, StartsWith("papers: 2 files"));
  EXPECT_THAT(daimon({"mounts"}).out, HasSubstr("papers"));
  EXPECT_EQ(daimon({"run", "What?", "--mount", "papers"}).code, 0);
  EXPECT_EQ(daimon({"unmount", "papers"}).code, 0);
  EXPECT_EQ(daimon({"unmount", "papers"}).code, 4);
  EXPECT_THAT(daimon({"find", "late", "books"}).out, HasSubstr("letters/library.html"));
  EXPECT_EQ(daimon({"find", "nothing"}).code, 4);
  EXPECT_THAT(daimon({"find", "early"}).err, HasSubstr("home is being read, or could not be, so there may be more"));
  EXPECT_THAT(daimon({"cpu"}).out, HasSubstr("Hz of a core"));
  EXPECT_THAT(daimon({"free"}).out, HasSubstr("7,492"));
  EXPECT_THAT(daimon({"ls"}).out, HasSubstr("firmware"));
  EXPECT_THAT(daimon({"top"}).out, HasSubstr("2 of 16 cores"));
  const Ended well = daimon({"doctor"});
  EXPECT_EQ(well.code, 0);
  EXPECT_THAT(well.out, HasSubstr("the chain of hashes holds"));
  EXPECT_EQ(find_bool(json({"doctor", "--json"}), "ok"), true);
}

TEST_F(CommandLine, AMountThatIsHalfReadIsSaidToBeIncomplete) {
  daimon({"mount", folder.path / "docs", "--name", "half"});
  const Ended listed = daimon({"mounts"});
  EXPECT_THAT(listed.out, HasSubstr("half  incomplete"));
  EXPECT_THAT(listed.err, HasSubstr("goes on where it stopped"));
}

TEST_F(CommandLine, WhatNobodyFollowsIsNotAnsweredInAdvance) {
  for (const auto& words : {std::vector<std::string>{"--yes"}, {"--no"}, {"--answer", "2025"}}) {
    std::vector<std::string> all{"run", "approve it", "-d"};
    all.insert(all.end(), words.begin(), words.end());
    const Ended refused = daimon(all);
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(refused.err, HasSubstr(words[0] + " is for who follows"));
  }
  EXPECT_EQ(daimon({"run", "a question", "--answer", " "}).code, 2);
  EXPECT_THAT(daimon({"ps", "-a"}).out, Not(HasSubstr("question"))) << "nothing was begun";
}

TEST_F(CommandLine, WhatIsNotThereIsExitCodeFour) {
  for (const char* command : {"run", "ask"}) {
    const Ended ended = daimon({command, "What stands nowhere?"});
    EXPECT_EQ(ended.code, 4);
    EXPECT_THAT(ended.out, HasSubstr("Not found in your files."));
  }
}

TEST_F(CommandLine, AMountIsMeantByItsNameOrItsFolder) {
  const std::filesystem::path docs = folder.path / "docs";
  std::filesystem::create_directories(docs / "inner");
  before_execute = [&] { static_cast<void>(!::chdir(docs.c_str())); };
  for (const std::string& path : {docs.string(), docs.string() + "/", std::string("."), std::string("../docs"),
                                  std::string("./inner/.."), std::string("papers")}) {
    ASSERT_EQ(daimon({"mount", docs, "--name", "papers"}).code, 0);
    const Ended found = daimon({"find", "late", "-m", path});
    EXPECT_EQ(found.code, 0) << path << found.err;
    const Ended removed = daimon({"unmount", path});
    EXPECT_EQ(removed.code, 0) << path << removed.err;
    EXPECT_EQ(daimon({"mounts"}).out, "") << path;
  }
  ASSERT_EQ(daimon({"mount", docs / "inner"}).code, 0);
  std::filesystem::remove(docs / "inner");
  EXPECT_EQ(daimon({"unmount", "./inner"}).code, 0) << "a folder that is gone can still be forgotten";
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"unmount", "."}, {"unmount", "/no/such"}, {"find", "late", "-m", "."}}) {
    const Ended ended = daimon(words);
    EXPECT_EQ(ended.code, 4);
    EXPECT_THAT(ended.err, HasSubstr("no folder is mounted from " + words.back()));
    EXPECT_THAT(ended.err, HasSubstr("give the name: `daimon mounts`"));
  }
}

TEST_F(CommandLine, ChatAnswersOnceFromAPipe) {
  const Ended ended = daimon({"chat", "--model", "firmware", "--system", "be kind"}, "hi there\n");
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ended.out, "Hello from firmware: hi there\n");
  EXPECT_EQ(daimon({"chat", "broken", "--model", "firmware"}).code, 1);
  EXPECT_EQ(daimon({"chat"}, "").code, 2);
  const Ended refused = daimon({"chat", "hello"});
  EXPECT_EQ(refused.code, 1) << "the built-in model would only babble";
  EXPECT_THAT(refused.err, HasSubstr("daimon ask"));
}

TEST_F(CommandLine, EscapesOfFilesAndModelsDoNotReachTheTerminal) {
  const Ended ended = daimon({"run", "escape"});
  EXPECT_THAT(ended.out + ended.err, Not(HasSubstr("\x1b")));
  EXPECT_THAT(ended.out + ended.err, Not(HasSubstr("\x07")));
  EXPECT_THAT(ended.out, HasSubstr("\\x1b[2J"));
  EXPECT_THAT(daimon({"logs", "p1"}).out + daimon({"show", "p1"}).out, Not(HasSubstr("\x1b")));
}

TEST_F(CommandLine, CompletionsAreScriptsOfTheirShell) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Ended ended = daimon({"completions", shell});
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, HasSubstr("output-format"));
  }
  std::ofstream(folder.path / "completion") << daimon({"completions", "bash"}).out;
  EXPECT_EQ(std::system(("bash -n " + (folder.path / "completion").string()).c_str()), 0);
  EXPECT_EQ(daimon({"completions", "tcsh"}).code, 2);
}

}  // namespace
}  // namespace daimon::test
