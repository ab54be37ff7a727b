// Undoing through the command line: over a kernel that follows scripts, and over the real daemon with real files.
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "cli/program.h"
#include "processor/stub_hub.h"

namespace daimon::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

using CommandLineUndo = Program;

TEST_F(CommandLineUndo, ShowsWhatItWillDoAndAsksNothingWhereNobodyIs) {
  daimon({"run", "approve it", "--yes"});
  const Ended headless = daimon({"undo", "p1"});
  EXPECT_EQ(headless.code, 5);
  EXPECT_EQ(headless.out, "");
  EXPECT_THAT(headless.err, HasSubstr("Put notes/todo.md back as it was before p1"));
  EXPECT_THAT(headless.err, HasSubstr("+- pay the water\n"));
  EXPECT_THAT(headless.err, HasSubstr("--yes"));
  EXPECT_EQ(daimon({"undo", "p1", "--json"}).code, 5);
  EXPECT_EQ(find_string(json({"undo", "p1", "--list", "--json"}).at("changes").at(0), "state"), "applied");
  const Ended done = daimon({"undo", "p1", "--yes"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(done.out, "notes/todo.md is as it was before\n");
  const Ended again = daimon({"undo", "p1", "1f0c", "--yes"});
  EXPECT_EQ(again.code, 0);
  EXPECT_EQ(again.out, "notes/todo.md was undone before\n");
  const Ended rest = daimon({"undo", "p1", "--yes"});
  EXPECT_EQ(rest.code, 0);
  EXPECT_THAT(rest.err, HasSubstr("everything that p1 changed is undone already"));
  EXPECT_THAT(daimon({"undo", "p1", "-l"}).out, StartsWith("1f0c55 undone   notes/todo.md"));
}

TEST_F(CommandLineUndo, JsonIsWhatTheDaemonSays) {
  daimon({"run", "approve it", "--yes"});
  const Json done = json({"undo", "p1", "--yes", "--json"});
  EXPECT_EQ(find_bool(done, "undone"), true);
  EXPECT_EQ(find_bool(done, "before"), false);
  EXPECT_EQ(find_string(done, "path"), "notes/todo.md");
  EXPECT_EQ(find_bool(json({"undo", "p1", "1f0c55", "--yes", "--json"}), "before"), true);
}

TEST_F(CommandLineUndo, ErrorsSayWhatIsWrong) {
  daimon({"run", "approve what is edited", "--yes"});
  const Ended edited = daimon({"undo", "p1", "--yes"});
  EXPECT_EQ(edited.code, 1);
  EXPECT_THAT(edited.err, HasSubstr("was changed again"));
  EXPECT_THAT(edited.err, HasSubstr("version before"));
  EXPECT_EQ(daimon({"undo", "p1", "beef", "--yes"}).code, 4);
  EXPECT_EQ(daimon({"undo", "p9"}).code, 4);
  EXPECT_EQ(daimon({"undo"}).code, 2);
  EXPECT_EQ(daimon({"undo", "p1", "--list", "--yes"}).code, 2);
  daimon({"run", "nothing written"});
  const Ended none = daimon({"undo", "p2"});
  EXPECT_EQ(none.code, 0);
  EXPECT_THAT(none.err, HasSubstr("p2 changed no file"));
}

using InTerminalUndo = InTerminal;

TEST_F(InTerminalUndo, APersonIsAsked) {
  daimon({"run", "approve it", "--yes"});
  begin({"undo", "p1"});
  ASSERT_TRUE(see("Undo this change?"));
  EXPECT_THAT(screen, HasSubstr("pay the water"));
  type("n\n");
  EXPECT_EQ(end(), 5);
  EXPECT_EQ(find_string(json({"undo", "p1", "--list", "--json"}).at("changes").at(0), "state"), "applied");
  screen.clear();
  begin({"undo", "p1"});
  ASSERT_TRUE(see("Undo this change?"));
  type("y\n");
  EXPECT_EQ(end(), 0);
  EXPECT_THAT(screen, HasSubstr("notes/todo.md is as it was before"));
}

// The real daemon, and a model that does what its goal says.
class UndoOfFiles : public Program {
 protected:
  void SetUp() override {
    Program::SetUp();
    program = DAIMON_PROGRAM;
    std::filesystem::create_directories(folder.path / "config/daimon");
    std::ofstream(folder.path / "config/daimon/config.json") << to_text(JsonObject{
        {"remotes", JsonObject{{"script", JsonObject{{"url", hub_.url("/script")}, {"may_see_personal", true}}}}}});
    put("note.txt", "mine\n");
  }
  void TearDown() override { daimon({"stop"}); }
  void put(const std::string& name, std::string_view text) const { std::ofstream(folder.path / "docs" / name) << text; }
  [[nodiscard]] std::string get(const std::string& name) const {
    std::ifstream file(folder.path / "docs" / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string& name, const std::string& text) {
    const Ended ended = daimon({"run", "--yes", "--model", "script", "-m", folder.path / "docs",
                                "script:\nwrite\n" + to_text(JsonObject{{"path", name}, {"content", text}})});
    ASSERT_EQ(ended.code, 0) << ended.err;
    ASSERT_EQ(get(name), text);
  }
  processor::test::StubHub hub_;
};

TEST_F(UndoOfFiles, AChangeIsUndoneAfterTheDaemonEndedAndBeganAgain) {
  write("note.txt", "the process's\n");
  EXPECT_EQ(daimon({"stop"}).code, 0);
  const Ended done = daimon({"undo", "p1", "--yes"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("-the process's\n  +mine\n"));
  EXPECT_EQ(get("note.txt"), "mine\n");
  EXPECT_THAT(daimon({"show", "p1"}).out, HasSubstr("undone  note.txt"));
  const std::string logs = daimon({"logs", "p1"}).out;
  EXPECT_THAT(logs, HasSubstr("undoing")) << "intent";
  EXPECT_THAT(logs, HasSubstr("note.txt is as it was before")) << "and outcome";
  EXPECT_EQ(daimon({"replay", "p1"}).code, 0);
  EXPECT_EQ(daimon({"attach", "p1"}).code, 0) << "its end is still its end";
}

TEST_F(UndoOfFiles, AFileThatWasMadeIsRemovedAndOneThatWasEditedIsNot) {
  write("new.txt", "made\n");
  const Ended removed = daimon({"undo", "p1", "--yes"});
  EXPECT_EQ(removed.code, 0);
  EXPECT_EQ(removed.out, "new.txt is removed; p1 had made it\n");
  EXPECT_FALSE(std::filesystem::exists(folder.path / "docs/new.txt"));
  write("note.txt", "the process's\n");
  put("note.txt", "mine, again\n");
  const Ended refused = daimon({"undo", "p2", "--yes"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("'note.txt' was changed again after this change"));
  EXPECT_THAT(refused.err, HasSubstr(".old"));
  EXPECT_EQ(get("note.txt"), "mine, again\n");
}

}  // namespace
}  // namespace daimon::test
