#include "fs/file_system.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/sqlite.h"
#include "base/text.h"
#include "fs_world.h"

namespace daimon::fs {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;

struct FileSystems : ::testing::Test {
  FsWorld world;
};

TEST_F(FileSystems, FindsWhatIsAskedFor) {
  world.put("invoices/northlight-march.md",
            "# Northlight Energy\nTotal due for March 2026: 84.20, payable by 14 April.\n");
  world.put("notes/garden.md", "# Garden\nPrune the roses in March.\n");
  world.put("notes/todo.md", "- call the plumber\n");
  const MountReport report = world.mount();
  EXPECT_EQ(report.indexed, 3);
  EXPECT_EQ(report.mount.files, 3);
  EXPECT_TRUE(report.problems.empty());
  EXPECT_EQ(world.best("what is due for March?"), "invoices/northlight-march.md");
  EXPECT_EQ(world.best("roses"), "notes/garden.md");
  EXPECT_TRUE(world.search("helicopter").empty());
}

TEST_F(FileSystems, KeysAndPasswordsAreNeverIndexedThoughTheyReadLikeDocuments) {
  for (const std::string path : {".ssh/config", ".env", "site/.env.local", ".aws/credentials", "credentials.json",
                                 "a.pem", ".config/gh/hosts.yml", ".bash_history", ".docker/config.json"})
    world.put(path, "the boiler's token is Rosebud\n");
  world.put("notes.md", "the boiler's meter\n");
  EXPECT_EQ(world.mount().mount.files, 1);
  ASSERT_EQ(world.search("boiler token Rosebud").size(), 1U);
  EXPECT_EQ(world.best("boiler token Rosebud"), "notes.md");
  const auto keys = world.files->mount(world.home() / ".ssh", "keys", {}, {});
  ASSERT_TRUE(keys) << keys.error().what;
  EXPECT_EQ(keys->mount.files, 0);
}

TEST_F(FileSystems, AMountWhosePathHasBecomeALinkIsNotFollowed) {
  world.put("notes.md", "the boiler's meter\n");
  world.mount();
  std::filesystem::create_directories(world.folder / "other");
  std::ofstream(world.folder / "other/diary.md") << "Rosebud\n";
  std::filesystem::rename(world.home(), world.folder / "moved");
  std::filesystem::create_directory_symlink(world.folder / "other", world.home());
  world.open(true);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  EXPECT_TRUE(world.search("Rosebud").empty());
}

TEST_F(FileSystems, DaimonsOwnFoldersAreNeitherIndexedNorMounted) {
  world.put("state/daimon/staged.txt", "the meter of the boiler");
  world.put("notes.txt", "the meter of the boiler");
  EXPECT_EQ(world.mount().indexed, 2);
  world.own_folders = {world.home() / "state/daimon"};
  world.open();
  EXPECT_EQ(world.mount().forgotten, 1) << "what was indexed before";
  EXPECT_EQ(world.search("boiler").size(), 1U);
  EXPECT_EQ(world.files->mount(world.home() / "state/daimon", "own", {}, {}).error().code, ErrorCode::kDenied);
}

TEST_F(FileSystems, PassagesAreTheBytesTheyName) {
  std::mt19937 random(2);
  for (int i = 0; i < 20; ++i)
    world.put("file" + std::to_string(i) + (i % 2 == 0 ? ".md" : ".txt"), made_text(random, 6000));
  world.mount();
  const auto passages = world.search("boiler meter House Cellar", 50);
  ASSERT_GT(passages.size(), 10U);
  for (const Passage& passage : passages) {
    const auto text = world.files->read(passage.mount, passage.path, 1 << 20);
    ASSERT_TRUE(text);
    ASSERT_EQ(text->substr(passage.byte_begin, passage.byte_end - passage.byte_begin), passage.text);
    ASSERT_EQ(passage.label.integrity, capability::Integrity::kUntrusted);
  }
  const auto windows = world.files->windows("boiler meter", passages, 320);
  ASSERT_TRUE(windows);
  for (const Passage& window : *windows) {
    const auto text = world.files->read(window.mount, window.path, 1 << 20);
    const std::string range = text->substr(window.byte_begin, window.byte_end - window.byte_begin);
    ASSERT_LE(window.text.size(), 320U);
    for (std::size_t at = 0; at < window.text.size();) {
      const std::size_t end = std::min(window.text.find('\n', at), window.text.size());
      const std::string line = window.text.substr(at, end - at);
      ASSERT_TRUE(range.contains(line));
      if (!trim(line).empty()) {
        ASSERT_TRUE(world.verify(window, line).verified) << line;
      }
      at = end + 1;
    }
  }
}

TEST_F(FileSystems, LinesThatAreLeftOutLeaveAGapAndWindowsEndsOfLinesAreNotShown) {
  std::string text = "\xEF\xBB\xBFThe heron nests here.\r\n";
  for (int i = 0; i < 8; ++i) text += "Nothing of any interest is said in this line.\r\n";
  text += "The boiler is by the heron pond.\r\n";
  world.put("birds.txt", text);
  world.mount();
  const auto passages = world.search("heron boiler pond", 1);
  const auto windows = world.files->windows("heron boiler pond", passages, 60, "…");
  ASSERT_TRUE(windows && windows->size() == 1);
  const std::string& shown = windows->front().text;
  EXPECT_TRUE(shown.starts_with("The heron nests here.\n")) << shown;
  EXPECT_TRUE(shown.contains("\n…\nThe boiler is by the heron pond.")) << shown;
  EXPECT_FALSE(shown.contains('\r'));
}

TEST_F(FileSystems, AQuotationVerifiesByteForByteOrNotAtAll) {
  world.put("letter.txt",
            "The caf\xC3\xA9 is paid: \xC2\xA3"
            "84.20,  due 14 April.\nThank you.\n");
  world.mount();
  const Passage passage = world.search("caf\xC3\xA9 paid").at(0);
  EXPECT_TRUE(world
                  .verify(passage,
                          "\xC2\xA3"
                          "84.20,  due 14 April.\nThank")
                  .verified);
  EXPECT_EQ(world.verify(passage, "is paid").byte_begin, 10U);
  EXPECT_FALSE(world
                   .verify(passage,
                           "\xC2\xA3"
                           "84.20, due")
                   .verified)
      << "one blank fewer";
  EXPECT_FALSE(world.verify(passage, "cafe\xCC\x81").verified) << "the same character, decomposed";
  EXPECT_FALSE(world.verify(passage, "The Caf\xC3\xA9").verified) << "another case";
  EXPECT_FALSE(world.verify(passage, "April. Thank").verified) << "a newline as a blank";
  EXPECT_FALSE(world.verify(passage, "").verified);
  EXPECT_FALSE(world.files->verify("home", "letter.txt", std::string(64, '0'), "paid")->verified)
      << "a version that never was";
}

TEST_F(FileSystems, AnAlteredQuotationNeverVerifies) {
  std::mt19937 random(9);
  const std::string text = made_text(random, 9000);
  world.put("a.txt", text);
  world.mount();
  const auto passages = world.search("boiler", 20);
  ASSERT_FALSE(passages.empty());
  int altered = 0;
  for (int round = 0; round < 500; ++round) {
    const Passage& passage = passages[random() % passages.size()];
    std::string quote = passage.text.substr(random() % passage.text.size());
    quote.resize(std::min<std::size_t>(quote.size(), 1 + random() % 200));
    ASSERT_TRUE(world.verify(passage, quote).verified);
    char& byte = quote[random() % quote.size()];
    byte = static_cast<char>(byte ^ (1 << (random() % 8)));
    if (text.contains(quote)) continue;
    ++altered;
    ASSERT_FALSE(world.verify(passage, quote).verified);
  }
  EXPECT_GT(altered, 300);
}

TEST_F(FileSystems, AQuotationHoldsAfterTheFileChanges) {
  world.put("price.md", "The price is 24.86 pence.\n");
  world.mount();
  const Passage before = world.search("price").at(0);
  EXPECT_FALSE(world.verify(before, "24.86").changed_since);
  world.put("price.md", "The price is now 26.13 pence.\n");
  EXPECT_EQ(world.mount().indexed, 1);
  const Verification after = world.verify(before, "24.86 pence");
  EXPECT_TRUE(after.verified);
  EXPECT_TRUE(after.changed_since);
  EXPECT_FALSE(world.verify(before, "26.13").verified);
  std::filesystem::remove(world.home() / "price.md");
  EXPECT_EQ(world.mount().forgotten, 1);
  EXPECT_TRUE(world.verify(before, "24.86 pence").verified);
  EXPECT_TRUE(world.verify(before, "24.86 pence").changed_since);
  EXPECT_TRUE(world.search("price").empty());
}

TEST_F(FileSystems, TheSecondMountParsesOnlyWhatChanged) {
  for (int i = 0; i < 30; ++i) world.put("note" + std::to_string(i) + ".md", "note number " + std::to_string(i) + "\n");
  EXPECT_EQ(world.mount().indexed, 30);
  world.open();  // as after a restart
  const MountReport second = world.mount();
  EXPECT_EQ(second.indexed, 0);
  EXPECT_EQ(second.unchanged, 30);
  world.put("note3.md", "something else entirely\n");
  world.put("new.md", "a new one\n");
  std::filesystem::remove(world.home() / "note4.md");
  std::filesystem::rename(world.home() / "note5.md", world.home() / "renamed.md");
  const MountReport third = world.mount();
  EXPECT_EQ(third.indexed, 3);
  EXPECT_EQ(third.forgotten, 2);
  EXPECT_EQ(third.mount.files, 30);
  EXPECT_EQ(world.best("something else entirely"), "note3.md");
  EXPECT_EQ(world.best("renamed"), "renamed.md");
}

TEST_F(FileSystems, NoQueryBreaksTheSearch) {
  world.put("a.md", "alpha beta NEAR gamma\n");
  world.mount();
  std::string every;
  for (int c = 1; c < 256; ++c) every += static_cast<char>(c);
  for (const std::string& query :
       {std::string(), std::string("\""), std::string("alpha\" OR \"beta"), std::string("NEAR(alpha beta)"),
        std::string("path:alpha"), std::string("alpha*"), std::string("^alpha"), std::string("-alpha"),
        std::string("(((("), std::string("{a b}: c"), std::string("a + b"), std::string("'; DROP TABLE words; --"),
        std::string("alpha\0beta", 10), every, std::string(100'000, '('), std::string(100'000, 'a')}) {
    const auto found = world.files->search({query, {}, 4});
    EXPECT_TRUE(found) << printable(query.substr(0, 50)) << ": " << found.error().what;
    EXPECT_TRUE(world.files->rank_files(query, {}, 4));
  }
  EXPECT_EQ(world.best("alpha\" OR \"beta"), "a.md");
  constexpr std::string_view kSyntax = "\"'*^():+-{}AND ORNOT\x80\xFF\n\t a\xC3\xA9";
  std::mt19937 random(4);
  for (int round = 0; round < 2000; ++round) {
    std::string query;
    for (auto i = random() % 30; i > 0; --i) query += kSyntax[random() % kSyntax.size()];
    ASSERT_TRUE(world.files->search({query, {}, 4})) << printable(query);
  }
}

TEST_F(FileSystems, HostileNamesAreFiles) {
  const std::vector<std::string> names = {
      "new\nline.md", "\xF0\x9F\x93\x9A books.md", "-rf.md", "a'b\"c;.md", "%s%n.md", "tab\t.md", " leading.md",
      "...md"};
  for (const std::string& name : names) world.put(name, "contents of a hostile name\n");
  world.put("bad\xFF.md", "invalid name\n");
  const MountReport report = world.mount();
  EXPECT_EQ(report.indexed, static_cast<std::int64_t>(names.size()));
  ASSERT_EQ(report.problems.size(), 1U);
  EXPECT_TRUE(is_utf8(report.problems[0].path));
  for (const std::string& name : names) {
    const auto text = world.files->read("home", name, 100);
    ASSERT_TRUE(text) << name;
    EXPECT_EQ(*text, "contents of a hostile name\n");
  }
}

TEST_F(FileSystems, WhatIsNoDocumentIsLeftOut) {
  world.put("notes.md", "kept\n");
  world.put(".git/config", "hidden\n");
  world.put("project/node_modules/x/index.js", "hidden\n");
  world.put("photo.jpg", std::string_view("\xFF\xD8\xFF\0\0\0", 6));
  ASSERT_EQ(::mkfifo((world.home() / "fifo.txt").c_str(), 0600), 0);
  std::filesystem::create_directory(world.folder / "outside");
  std::ofstream(world.folder / "outside/secret.txt") << "outside the mount\n";
  std::filesystem::create_symlink(world.folder / "outside/secret.txt", world.home() / "link.txt");
  std::filesystem::create_directory_symlink(world.folder / "outside", world.home() / "linked");
  std::filesystem::create_directory_symlink(world.home(), world.home() / "loop");
  const MountReport report = world.mount();
  EXPECT_EQ(report.indexed, 1);
  EXPECT_EQ(report.mount.skipped, 1);
  EXPECT_TRUE(world.search("outside hidden").empty());
}

TEST_F(FileSystems, WhatHasNoTextIsCountedByKindAndIsNoProblem) {
  const std::string_view binary("\xFF\xD8\xFF\0\0\0", 6);
  for (const char* name : {"a.jpg", "b.JPG", "sub/c.jpg", "d.so", "tool", "e.much-too-long-for-a-kind"})
    world.put(name, binary);
  world.put("notes.md", "kept\n");
  const auto expect_counted = [&](const MountReport& report) {
    EXPECT_EQ(report.mount.skipped, 6);
    EXPECT_EQ(report.mount.problems, 0);
    EXPECT_EQ(report.mount.files, 1);
    std::vector<std::pair<std::string, std::int64_t>> kinds;
    for (const SkippedKind& kind : report.skipped_kinds) kinds.emplace_back(kind.ending, kind.files);
    EXPECT_THAT(kinds, ::testing::ElementsAre(std::pair(".jpg", 3), std::pair("", 2), std::pair(".so", 1)));
  };
  expect_counted(world.mount());
  expect_counted(world.mount());  // said again, though nothing is read again
  std::filesystem::remove(world.home() / "a.jpg");
  EXPECT_EQ(world.mount().mount.skipped, 5);
}

TEST_F(FileSystems, OneFileThatFailsLeavesTheOthers) {
  world.put("good.md", "readable\n");
  world.put("broken.pdf", "%PDF-1.4\nnothing that parses\n");
  world.put("locked.md", "secret\n");
  std::filesystem::permissions(world.home() / "locked.md", std::filesystem::perms::none);
  const MountReport report = world.mount();
  EXPECT_THAT(report.problems, Contains(Field(&Problem::path, "broken.pdf")));
  if (::geteuid() != 0) {
    EXPECT_THAT(report.problems, Contains(Field(&Problem::path, "locked.md")));
  }
  EXPECT_THAT(report.problems, Each(Field(&Problem::what, ::testing::Not(::testing::IsEmpty()))));
  EXPECT_EQ(world.best("readable"), "good.md");
}

TEST_F(FileSystems, AGigabyteIsNotLoadedWhole) {
  world.put("zeros.txt", "begins as text\n");
  std::filesystem::resize_file(world.home() / "zeros.txt", 1ULL << 30);
  world.put("small.md", "small\n");
  const MountReport report = world.mount();
  EXPECT_THAT(report.problems, Contains(Field(&Problem::path, "zeros.txt"))) << "people write text into .txt";
  EXPECT_EQ(report.mount.skipped, 0);
  EXPECT_EQ(report.indexed, 1);
  EXPECT_LT(report.bytes, 1U << 20);
}

TEST_F(FileSystems, AFolderThatIsNoneIsAnError) {
  FileSystem& files = world.open();
  EXPECT_EQ(files.mount(world.folder / "missing", "", {}, {}).error().code, ErrorCode::kNotFound);
  world.put("file.txt", "x");
  EXPECT_EQ(files.mount(world.home() / "file.txt", "", {}, {}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(files.mount(world.home(), "a/b", {}, {}).error().code, ErrorCode::kInvalidArgument);
  ASSERT_TRUE(files.mount(world.home(), "one", {}, {}));
  std::filesystem::create_directory(world.folder / "other");
  EXPECT_EQ(files.mount(world.folder / "other", "one", {}, {}).error().code, ErrorCode::kConflict);
  EXPECT_EQ(files.unmount("never").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(files.read("one", "missing.md", 100).error().code, ErrorCode::kNotFound);
}

TEST_F(FileSystems, UnmountedFoldersAreNotFoundAnyMore) {
  world.put("a.md", "alpha\n");
  world.mount();
  std::filesystem::create_directory(world.folder / "second");
  std::ofstream(world.folder / "second/b.md") << "alpha too\n";
  ASSERT_TRUE(world.files->mount(world.folder / "second", "", {}, {}));
  EXPECT_EQ(world.search("alpha").size(), 2U);
  EXPECT_EQ(world.files->search({"alpha", {"second"}, 8})->size(), 1U);
  ASSERT_TRUE(world.files->unmount("home"));
  EXPECT_EQ(world.search("alpha").size(), 1U);
  EXPECT_EQ(world.files->mounts()->size(), 1U);
}

TEST_F(FileSystems, AFolderMountedAgainIsTheMountThatItHas) {
  world.put("notes/a.md", "alpha\n");
  std::filesystem::create_directory_symlink(world.home(), world.folder / "link");
  FileSystem& files = world.open();
  ASSERT_TRUE(files.mount(world.home(), "papers", {}, {}));
  for (const auto& spelling : {world.home(), world.home() / "notes/..", world.home() / ".", world.folder / "link"}) {
    const auto again = files.mount(spelling, "", {}, {});
    ASSERT_TRUE(again) << spelling;
    EXPECT_EQ(again->mount.name, "papers");
    EXPECT_EQ(again->unchanged, 1);
  }
  EXPECT_EQ(files.mounts()->size(), 1U);
  EXPECT_EQ(files.mount(world.home(), "second", {}, {})->mount.name, "second") << "who asks for another name gets it";
}

TEST_F(FileSystems, AFileBelowSeveralMountsIsFoundOnce) {
  world.put("notes/a.md", "alpha\n");
  world.put("notes/copy.md", "alpha\n");
  world.mount();
  ASSERT_TRUE(world.files->mount(world.home(), "second", {}, {}));
  ASSERT_TRUE(world.files->mount(world.home() / "notes", "", {}, {}));
  EXPECT_EQ(world.search("alpha").size(), 2U) << "the copy is a file of its own";
  EXPECT_EQ(world.files->search({"alpha", {"second"}, 8})->size(), 2U);
  EXPECT_EQ(world.files->rank_files("alpha", {}, 8)->size(), 2U);
  const Admits only_notes = [](const std::string& mount, const std::string&) { return mount == "notes"; };
  EXPECT_EQ(world.files->search({"alpha", {}, 8, only_notes})->size(), 2U);
  for (const Passage& passage : world.search("alpha")) EXPECT_TRUE(world.verify(passage, "alpha").verified);
}

TEST_F(FileSystems, ADamagedIndexIsMadeAnew) {
  world.put("a.md", "alpha\n");
  world.mount();
  world.files.reset();
  std::ofstream(world.folder / "index.db", std::ios::binary | std::ios::trunc) << std::string(8192, 'x');
  for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove((world.folder / "index.db").string() + suffix);
  EXPECT_EQ(world.mount().indexed, 1);
  EXPECT_EQ(world.best("alpha"), "a.md");
}

TEST_F(FileSystems, FilesAreRankedByNameColumnsAndContent) {
  world.put("accounts/2026.csv", "date,payee,category,amount\n2026-03-01,Grocer,food,84.20\n");
  world.put("notes/garden.md", "# Garden\nroses and the amount of manure\n");
  world.put("notes/todo.md", "- call the plumber\n");
  world.mount();
  const auto best = [&](std::string_view goal) { return world.files->rank_files(goal, {}, 3)->at(0); };
  EXPECT_EQ(best("What is the sum of the amount column by category?").path, "accounts/2026.csv");
  EXPECT_THAT(best("sum of amount").columns, Contains("category"));
  EXPECT_EQ(best("show me todo.md").path, "notes/todo.md");
  EXPECT_EQ(best("when to plant roses").path, "notes/garden.md");
}

TEST_F(FileSystems, AQuotationOfOneFileDoesNotVerifyForAnother) {
  world.put("mine.md", "my own words\n");
  world.put("theirs.md", "the invoice is paid\n");
  world.mount();
  const Passage theirs = world.search("invoice paid").at(0);
  EXPECT_FALSE(world.files->verify("home", "mine.md", theirs.version, "the invoice is paid")->verified);
  EXPECT_TRUE(world.files->verify("home", "theirs.md", theirs.version, "the invoice is paid")->verified);
}

// An index written before it was noted which file had which text.
TEST_F(FileSystems, AnIndexOfAnEarlierVersionIsTakenOver) {
  world.put("a.md", "alpha\n");
  world.mount();
  const Passage passage = world.search("alpha").at(0);
  world.files.reset();
  {
    auto database = sqlite::Database::open(world.folder / "index.db");
    ASSERT_TRUE(database);
    ASSERT_TRUE(database->execute("DELETE FROM versions; PRAGMA user_version = 0;"));
  }
  world.open();
  EXPECT_EQ(world.best("alpha"), "a.md");
  EXPECT_TRUE(world.verify(passage, "alpha").verified);
  EXPECT_EQ(world.mount().indexed, 1) << "read again, for it may be parsed better now";
  EXPECT_EQ(world.mount().unchanged, 1);
}

TEST_F(FileSystems, AStoppedMountForgetsNothing) {
  world.put("a.md", "alpha\n");
  world.mount();
  std::stop_source stop;
  stop.request_stop();
  const auto report = world.files->mount(world.home(), "home", {}, stop.get_token());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(world.best("alpha"), "a.md");
}

TEST_F(FileSystems, AFileReadWhenTheMountIsStoppedIsReadAgain) {
  world.put("a.md", "alpha\n");
  world.open();
  std::stop_source stop;
  static_cast<void>(
      world.files->mount(world.home(), "home", [&](const Progress&) { stop.request_stop(); }, stop.get_token()));
  world.mount();
  EXPECT_EQ(world.best("alpha"), "a.md");
}

TEST_F(FileSystems, AMountIsIncompleteUntilItGotToItsEnd) {
  for (const char* name : {"a.md", "b.md", "c.md"}) world.put(name, "alpha\n");
  world.open();
  std::stop_source stop;
  const auto stop_soon = [&](const Progress& now) {
    if (now.files_done == 1) stop.request_stop();
  };
  EXPECT_FALSE(world.files->mount(world.home(), "home", stop_soon, stop.get_token()));
  EXPECT_FALSE(world.files->mounts()->at(0).complete);
  world.open();
  EXPECT_FALSE(world.files->mounts()->at(0).complete) << "after a restart, too";
  const auto report = world.files->mount(world.home(), "", {}, {});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->unchanged, 1) << "goes on where it stopped";
  EXPECT_TRUE(report->mount.complete);
  EXPECT_TRUE(world.files->mounts()->at(0).complete);
  // Then another one that is stopped has only not looked for changes.
  EXPECT_FALSE(world.files->mount(world.home(), "", {}, stop.get_token()));
  EXPECT_TRUE(world.files->mounts()->at(0).complete);
}

TEST_F(FileSystems, WhatIsTheMachinesIsNotMounted) {
  FileSystem& files = world.open();
  for (const char* folder : {"/", "/proc", "/proc/self", "/sys/kernel", "/dev", "/usr/../"}) {
    const auto report = files.mount(folder, "", {}, {});
    ASSERT_FALSE(report) << folder;
    EXPECT_EQ(report.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(report.error().remedy, HasSubstr("~/Documents"));
  }
  EXPECT_TRUE(files.mounts()->empty());
}

TEST_F(FileSystems, AFolderThatIsNotThereNowForgetsNothing) {
  world.put("a.md", "alpha\n");
  world.mount();
  std::filesystem::rename(world.home(), world.folder / "away");
  EXPECT_EQ(world.files->mount(world.home(), "home", {}, {}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(world.best("alpha"), "a.md");
}

TEST_F(FileSystems, FilesBeyondTheLimitAreNotForgottenWhileTheyAreThere) {
  for (int i = 0; i < 6; ++i) world.put("n" + std::to_string(i) + ".md", "alpha\n");
  world.mount();
  FileSystem::Options options;
  options.database = world.folder / "index.db";
  options.files_max = 4;
  world.files = std::move(*FileSystem::open(options));
  std::filesystem::remove(world.home() / "n3.md");
  const MountReport report = world.mount();
  EXPECT_EQ(report.forgotten, 1);
  EXPECT_EQ(report.mount.files, 5);
  EXPECT_THAT(report.problems, Contains(Field(&Problem::what, HasSubstr("more than 4 files"))));
}

TEST_F(FileSystems, AnUnmountDuringAMountHolds) {
  for (int i = 0; i < 3; ++i) world.put("n" + std::to_string(i) + ".md", "alpha\n");
  world.open();
  const auto unmount_soon = [&](const Progress& now) {
    if (now.files_done == 1) {
      EXPECT_TRUE(world.files->unmount("home"));
    }
  };
  const auto report = world.files->mount(world.home(), "home", unmount_soon, {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(world.files->mounts()->empty());
  EXPECT_TRUE(world.search("alpha").empty());
}

TEST_F(FileSystems, FilesOfAFolderThatCannotBeReadNowAreNotForgotten) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads everything";
  world.put("locked/a.md", "alpha\n");
  world.mount();
  // Not at all, and only the names in it.
  for (const auto rights : {std::filesystem::perms::none, std::filesystem::perms::owner_read}) {
    std::filesystem::permissions(world.home() / "locked", rights);
    const MountReport report = world.mount();
    std::filesystem::permissions(world.home() / "locked", std::filesystem::perms::owner_all);
    EXPECT_EQ(report.forgotten, 0);
    EXPECT_EQ(report.problems.size(), 1U);
    EXPECT_EQ(world.best("alpha"), "locked/a.md");
  }
}

TEST_F(FileSystems, LaterRowsOfATableAreFoundByTheirColumns) {
  std::string table = "date,payee,category,amount\n";
  for (int i = 0; i < 200; ++i) table += "2026-03-01,Grocer,food," + std::to_string(i) + "\n";
  world.put("accounts.csv", table + "2026-04-01,Osprey,travel,99\n");
  world.put("other.md", "Osprey\n");
  world.mount();
  const auto passages = world.search("Osprey payee amount", 1);
  ASSERT_EQ(passages.size(), 1U);
  EXPECT_THAT(passages[0].text, HasSubstr("2026-04-01,Osprey"));
}

TEST_F(FileSystems, APageThatIsRefusedIsAProblemAndNotTriedAgain) {
  std::string html;
  for (int i = 0; i < 20'000; ++i) html += "<div>";
  world.put("deep.html", html);
  world.put("good.md", "readable\n");
  const MountReport report = world.mount();
  EXPECT_THAT(report.problems, Contains(Field(&Problem::path, "deep.html")));
  EXPECT_EQ(report.mount.problems, 1);
  EXPECT_EQ(world.best("readable"), "good.md");
  const MountReport again = world.mount();
  EXPECT_EQ(again.unchanged, 2);
  EXPECT_THAT(again.problems, Contains(Field(&Problem::path, "deep.html"))) << "and said again";
}

std::int64_t rows_in(const std::filesystem::path& index, std::string_view table) {
  auto database = sqlite::Database::open(index, {.read_only = true});
  auto count = database->prepare("SELECT count(*) FROM " + std::string(table));
  return *count->step() ? count->integer(0) : -1;
}
std::int64_t texts_in(const std::filesystem::path& index) { return rows_in(index, "texts"); }

TEST_F(FileSystems, OnlyTextsThatSomebodyWasGivenOutliveTheirFile) {
  world.put("log.md", "first line\n");
  world.put("same.md", "second line\n");
  world.mount();
  EXPECT_EQ(texts_in(world.folder / "index.db"), 2);
  for (const char* text : {"second line\n", "third line\n", "fourth line\n"}) {
    world.put("log.md", text);
    EXPECT_EQ(world.mount().indexed, 1);
    EXPECT_TRUE(world.files->rank_files("line", {}, 4));
  }
  EXPECT_EQ(texts_in(world.folder / "index.db"), 2) << "of log.md and of same.md";
  const Passage fourth = world.search("fourth").at(0);
  world.put("log.md", "fifth line\n");
  world.mount();
  world.put("log.md", "sixth line\n");
  world.mount();
  std::filesystem::remove(world.home() / "same.md");
  EXPECT_EQ(world.mount().forgotten, 1);
  EXPECT_EQ(texts_in(world.folder / "index.db"), 2) << "the fourth and the sixth of log.md";
  EXPECT_TRUE(world.verify(fourth, "fourth line").verified);
  ASSERT_TRUE(world.files->unmount("home"));
  EXPECT_TRUE(comes_true([&] { return texts_in(world.folder / "index.db") == 1; }));
  EXPECT_TRUE(world.verify(fourth, "fourth line").verified);
}

struct Unmounting : ::testing::Test {
  // Text that takes longer to forget than to ask a question.
  void SetUp() override {
    std::mt19937 random(3);
    for (int i = 0; i < 20; ++i) world.put("n" + std::to_string(i) + ".txt", made_text(random, 200'000));
    world.mount();
  }
  [[nodiscard]] bool is_empty() const {
    return std::ranges::all_of(
        std::vector{"mounts", "files", "versions", "texts", "chunks", "vectors", "words_content"},
        [&](const char* table) { return rows_in(world.folder / "index.db", table) == 0; });
  }
  FsWorld world;
};

TEST_F(Unmounting, IsOverAtOnceAndForgottenAfterwards) {
  ASSERT_TRUE(world.files->unmount("home"));
  EXPECT_FALSE(is_empty()) << "else this shows nothing";
  EXPECT_TRUE(world.files->mounts()->empty());
  EXPECT_TRUE(world.files->roots()->empty());
  EXPECT_TRUE(world.search("boiler").empty());
  EXPECT_TRUE(world.files->rank_files("boiler", {}, 4)->empty());
  EXPECT_EQ(world.files->read("home", "n1.txt", 100).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(world.files->unmount("home").error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(comes_true([&] { return is_empty(); }));
}

TEST_F(Unmounting, IsFinishedByTheNextProcess) {
  ASSERT_TRUE(world.files->unmount("home"));
  world.files.reset();
  EXPECT_FALSE(is_empty()) << "else this shows nothing";
  world.open();
  EXPECT_TRUE(world.files->mounts()->empty());
  EXPECT_TRUE(comes_true([&] { return is_empty(); }));
}

TEST_F(Unmounting, IsOfNoConsequenceForTheSameFolderMountedAgain) {
  ASSERT_TRUE(world.files->unmount("home"));
  EXPECT_EQ(world.mount().indexed, 20);
  EXPECT_TRUE(comes_true([&] { return rows_in(world.folder / "index.db", "mounts") == 1; }));
  EXPECT_EQ(world.mount().unchanged, 20);
  for (const Passage& passage : world.search("boiler")) EXPECT_TRUE(world.verify(passage, passage.text).verified);
  EXPECT_EQ(texts_in(world.folder / "index.db"), 20);
}

TEST_F(Unmounting, GivesTheSpaceBack) {
  const std::filesystem::path index = world.folder / "index.db";
  std::filesystem::create_directory(world.folder / "other");
  std::ofstream(world.folder / "other/kept.md") << "a helicopter\n";
  ASSERT_TRUE(world.files->mount(world.folder / "other", "", {}, {}));
  const auto before = std::filesystem::file_size(index);
  ASSERT_TRUE(world.files->unmount("home"));
  EXPECT_TRUE(comes_true([&] { return std::filesystem::file_size(index) < before / 8; }))
      << before << " bytes, then " << std::filesystem::file_size(index);
  EXPECT_EQ(world.best("helicopter"), "kept.md");
}

TEST_F(Unmounting, GivesTheSpaceOfAnIndexBackThatWasNotMadeForIt) {
  const std::filesystem::path index = world.folder / "index.db";
  ASSERT_TRUE(world.files->unmount("home"));
  world.files.reset();
  {
    auto database = sqlite::Database::open(index);
    ASSERT_TRUE(database->execute("PRAGMA auto_vacuum = NONE; VACUUM;"));
  }
  const auto before = std::filesystem::file_size(index);
  world.open();
  EXPECT_TRUE(comes_true([&] { return std::filesystem::file_size(index) < before / 8; }))
      << before << " bytes, then " << std::filesystem::file_size(index);
}

TEST_F(Unmounting, KeepsTheLogOfTheIndexSmall) {
  const std::filesystem::path log = world.folder / "index.db-wal";
  std::mt19937 random(4);
  world.put("large.txt", made_text(random, 8'000'000));
  world.mount();
  EXPECT_TRUE(comes_true([&] { return std::filesystem::file_size(log) <= 9 << 20; }));
  ASSERT_TRUE(world.files->unmount("home"));
  EXPECT_TRUE(comes_true([&] { return is_empty(); }));
  EXPECT_TRUE(comes_true([&] { return std::filesystem::file_size(log) <= 9 << 20; }));
}

}  // namespace
}  // namespace daimon::fs
