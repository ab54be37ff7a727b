// What is wrong from outside, through the command line and a real daemon: an error that says what to do, the exit code
// of its kind, and nothing lost.
#include <gmock/gmock.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/sqlite.h"
#include "base/text.h"
#include "cli/program.h"
#include "processor/stub_hub.h"

namespace daimon::test {
namespace {

namespace stdfs = std::filesystem;
using processor::test::StubHub;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Bytes that a terminal obeys or that are no text; lines may end.
bool is_safe(std::string_view shown) { return printable_block(shown) == shown; }

class BadInput : public Program {
 protected:
  void SetUp() override {
    Program::SetUp();
    program = DAIMON_PROGRAM;
    put("kettle.txt", "The kettle costs 31.50 pounds.\n");
  }
  void TearDown() override {
    before_execute = {};
    daimon({"stop"});
  }

  void put(const std::string& name, std::string_view bytes) const {
    stdfs::create_directories((docs() / name).parent_path());
    std::ofstream(docs() / name, std::ios::binary) << bytes;
  }
  [[nodiscard]] stdfs::path docs() const { return folder.path / "docs"; }
  [[nodiscard]] stdfs::path state() const { return folder.path / "state/daimon"; }

  void expect_error(const Ended& ended, int code, std::string_view what, std::string_view remedy) {
    EXPECT_EQ(ended.code, code) << ended.err;
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err, AllOf(StartsWith("daimon: "), HasSubstr(what), HasSubstr(remedy)));
    EXPECT_TRUE(is_safe(ended.err)) << printable(ended.err);
  }
  void expect_kettle_found() {
    const Ended found = daimon({"find", "kettle"});
    EXPECT_EQ(found.code, 0) << found.err;
    EXPECT_THAT(found.out, HasSubstr("31.50 pounds"));
  }
  void expect_no_process() {
    EXPECT_TRUE(find(json({"ps", "-a", "--json"}), "processes")->as_array().empty()) << "nothing was begun";
  }

  // Makes "script" a model that does what a goal of scripted_goal() says, and "silent" one that never answers.
  void configure_stub_models() {
    stdfs::create_directories(folder.path / "config/daimon");
    JsonObject remotes;
    for (const char* name : {"script", "silent"})
      remotes[name] = JsonObject{{"url", hub_.url(std::string("/") + name)}, {"may_see_personal", true}};
    std::ofstream(folder.path / "config/daimon/config.json") << to_text(JsonObject{{"remotes", std::move(remotes)}});
  }
  static std::string scripted_goal(const std::string& call, const JsonObject& with, const std::string& quote = "") {
    return "script:\n" + call + "\n" + to_text(with) + (quote.empty() ? "" : "\n" + quote);
  }
  // The process when `holds`, or as it is after a long while.
  Json until(const std::string& id, const std::function<bool(const Json&)>& holds) {
    Json process;
    for (int i = 0; i < 400; ++i) {
      process = json({"show", id, "--json"});
      if (holds(process)) return process;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    ADD_FAILURE() << "never came: " << to_text(process);
    return process;
  }
  Json until_state(const std::string& id, std::string_view state) {
    return until(id, [&](const Json& process) { return find_string(process, "state") == state; });
  }

  StubHub hub_;
};

// ---------------------------------------------------------------------------------------------------------- models

class BadModel : public BadInput {
 protected:
  void SetUp() override {
    BadInput::SetUp();
    std::ifstream file(DAIMON_SOURCE_DIR "/firmware/daimon-firmware.gguf", std::ios::binary);
    whole_.assign(std::istreambuf_iterator<char>(file), {});
    ASSERT_GT(whole_.size(), 1'000'000U);
  }
  std::string write(const std::string& name, std::string_view bytes) {
    std::ofstream(folder.path / name, std::ios::binary) << bytes;
    return folder.path / name;
  }
  std::string patched(std::size_t at, std::uint64_t value) {
    std::string bytes = whole_;
    std::memcpy(bytes.data() + at, &value, sizeof value);
    return write("patched.gguf", bytes);
  }
  void expect_refused(const std::string& model, int code, std::string_view what, std::string_view remedy) {
    expect_error(daimon({"run", "What does the kettle cost?", "-m", docs(), "--model", model}), code, what, remedy);
  }
  std::string whole_;
};

TEST_F(BadModel, IsRefusedBeforeAnythingIsBegun) {
  constexpr std::string_view kAgain = "download it again";
  expect_refused(write("cut.gguf", whole_.substr(0, whole_.size() / 2)), 1, "is cut short", kAgain);
  expect_refused(write("head.gguf", whole_.substr(0, 300)), 1, "head.gguf", kAgain);
  expect_refused(write("empty.gguf", ""), 2, "is empty", kAgain);
  expect_refused(write("text.gguf", "no model at all\n"), 2, "is not a GGUF model", "give a .gguf file");
  expect_refused(patched(8, 1ULL << 60U), 1, "1152921504606846976 tensors", kAgain);
  expect_refused(patched(16, 1ULL << 60U), 1, "1152921504606846976 keys", kAgain);
  constexpr std::string_view kTensor = "token_embd.weight";
  const std::size_t tensor = whole_.find(kTensor) + kTensor.size();  // its dimensions, their sizes, type, offset
  std::uint32_t dimensions = 0;
  std::memcpy(&dimensions, whole_.data() + tensor, sizeof dimensions);
  expect_refused(patched(tensor + 4, 1ULL << 40U), 1, "is cut short", kAgain);
  expect_refused(patched(tensor + 4 + 8ULL * dimensions + 4, 1ULL << 50U), 1, "begins at 1125899906842624", kAgain);
  expect_refused(docs(), 2, "is a folder, not a model file", "name the .gguf file in it");
  expect_refused(folder.path / "missing.gguf", 4, "there is no model file", "daimon pull");
  expect_refused("owner/repo:Q4_K_M", 4, "is not on this machine", "daimon pull owner/repo:Q4_K_M");
  expect_refused("nosuch", 2, "nosuch is no name of a model", "owner/repo:Q4_K_M");
  expect_no_process();
  expect_kettle_found();
}

TEST_F(BadModel, PathIsOfTheFolderWhereTheCommandIsGiven) {
  write("half.gguf", whole_.substr(0, whole_.size() / 2));
  write("good.gguf", whole_);
  before_execute = [&] { static_cast<void>(!::chdir(folder.path.c_str())); };
  expect_refused("./half.gguf", 1, "half.gguf is cut short", "download it again");
  expect_refused("half.gguf", 1, "half.gguf is cut short", "download it again");
  EXPECT_EQ(daimon({"chat", "hello", "--model", "good.gguf", "--max-tokens", "1"}).code, 0);
  EXPECT_EQ(daimon({"chat", "hello", "--model", "half.gguf"}).code, 1);
}

// ----------------------------------------------------------------------------------------------------------- files

TEST_F(BadInput, PdfThatDoesNotParseIsNamedByEveryMountAndTheRestIsFound) {
  put("broken\x1b[5m\n.pdf", "%PDF-1.4\nnothing\x1b[2J that parses\n");
  for (int i = 0; i < 2; ++i) {
    const Ended mounted = daimon({"mount", docs()});
    EXPECT_EQ(mounted.code, 0);
    EXPECT_THAT(mounted.err, AllOf(HasSubstr("1 of the files"), HasSubstr("broken\\x1b[5m\\n.pdf: ")));
    EXPECT_EQ(std::ranges::count(mounted.err, '\n'), 2) << mounted.err;
    EXPECT_TRUE(is_safe(mounted.err)) << printable(mounted.err);
  }
  // Who runs a goal after that has seen it before.
  const Ended ran = daimon({"ask", "Where is the kettle?", "-m", docs()});
  EXPECT_THAT(ran.err, AllOf(HasSubstr("1 of the files"), HasSubstr("lists them"), Not(HasSubstr("broken"))));
  expect_kettle_found();
}

TEST_F(BadInput, FilesWithoutTextAreCountedInOneLine) {
  const std::string_view binary("\x89PNG\0\0\0", 7);
  for (const char* name : {"a.png", "b.PNG", "c.\x1b[2J"}) put(name, binary);
  for (int i = 0; i < 2; ++i) {
    const Ended mounted = daimon({"mount", docs()});
    EXPECT_EQ(mounted.code, 0);
    EXPECT_THAT(mounted.out, StartsWith("docs: 1 file, 1 passage, from "));
    EXPECT_EQ(mounted.err, "3 files without text are left out: 2 .png, 1 .\\x1b[2j\n");
  }
  EXPECT_EQ(find_integer(json({"mount", docs(), "--json"}), "skipped"), 3);
  EXPECT_EQ(find_integer(json({"mount", docs(), "--json"}), "problems"), 0);
  expect_kettle_found();
}

TEST_F(BadInput, RootOfTheMachineIsNotMounted) {
  expect_error(daimon({"mount", "/"}), 2, "/ holds the machine's files", "daimon mount ~/Documents");
  expect_error(daimon({"mount", "/proc"}), 2, "/proc holds the machine's files", "daimon mount ~/Documents");
  EXPECT_EQ(daimon({"mounts"}).out, "");
}

TEST_F(BadInput, FolderThatIsGoneIsSaidToBeGoneWhereverItMatters) {
  const auto gone = folder.path / "gone";
  std::filesystem::create_directories(gone);
  std::ofstream(gone / "yacht.md") << "The yacht is called Albatross.\n";
  EXPECT_EQ(daimon({"mount", docs()}).code, 0);
  EXPECT_EQ(daimon({"mount", gone}).code, 0);
  EXPECT_THAT(daimon({"mounts"}).out, Not(HasSubstr("gone    gone")));
  std::filesystem::rename(gone, folder.path / "elsewhere");
  const Ended listed = daimon({"mounts"});
  EXPECT_THAT(listed.out, HasSubstr("gone  gone"));
  EXPECT_THAT(listed.err, HasSubstr("the folder of gone is gone: bring it back, or daimon unmount gone"));
  const Ended checked = daimon({"doctor"});
  EXPECT_EQ(checked.code, 1);
  EXPECT_THAT(checked.out, HasSubstr("the folder of 'gone' is gone"));
  EXPECT_THAT(daimon({"find", "albatrosses"}).err, HasSubstr("gone is being read, or could not be"));
  EXPECT_THAT(daimon({"ask", "What is the yacht called?"}).out,
              HasSubstr("It may be there all the same: gone was being read, or could not be"));
}

TEST_F(BadInput, FilesThatCannotBeReadThisTimeAreCountedByEveryList) {
  put("b\xff.md", "x");
  const Ended mounted = daimon({"mount", docs()});
  EXPECT_THAT(mounted.err, AllOf(HasSubstr("1 of the files"), HasSubstr("not valid UTF-8")));
  EXPECT_EQ(find_integer(find(json({"mounts", "--json"}), "mounts")->as_array().front(), "problems"), 1);
  std::filesystem::remove(docs() / "b\xff.md");
  EXPECT_EQ(daimon({"mount", docs()}).err, "");
  EXPECT_EQ(find_integer(find(json({"mounts", "--json"}), "mounts")->as_array().front(), "problems"), 0);
}

TEST_F(BadInput, OfALargeFolderItIsSaidWhatIsStillBeingRead) {
  for (int i = 0; i < 300; ++i) put(std::to_string(i) + ".txt", "The tulips by the pond need water.\n");
  const Ended mounted = daimon({"mount", docs()});
  EXPECT_EQ(mounted.code, 0);
  EXPECT_THAT(mounted.err, HasSubstr("passages of docs mean is being read in the background"));
  EXPECT_THAT(daimon({"find", "pond"}).out, HasSubstr("tulips")) << "by its words";
  const auto unread = [&] {
    return find_integer(find(json({"mounts", "--json"}), "mounts")->as_array().front(), "unread").value_or(-1);
  };
  for (int i = 0; i < 600 && unread() != 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(unread(), 0);
  EXPECT_THAT(daimon({"mounts"}).out, HasSubstr("complete"));
}

TEST_F(BadInput, NameThatATerminalWouldObeyIsFoundCitedAndShownSafely) {
  const std::string name = "new\nline \U0001F4DA \x1b[2J\x1b]0;owned\x07 \u009b31m\u202e.txt";
  put(name, "The lighthouse key is under the third flowerpot.\n");
  put("bad\xff\x1b.txt", "a name that is no UTF-8\n");
  configure_stub_models();
  const Ended ran =
      daimon({"run", "--model", "script", "-m", docs(),
              scripted_goal("search", JsonObject{{"query", "lighthouse key"}}, "under the third flowerpot")});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("new\\nline \U0001F4DA \\x1b[2J\\x1b]0;owned\\x07 \\x9b31m\\u{202e}.txt"));
  EXPECT_THAT(ran.out, HasSubstr("✓ verified"));
  EXPECT_THAT(ran.err, HasSubstr("bad\\xff\\x1b.txt: the file's name is not valid UTF-8"));
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"find", "lighthouse"},
                                             {"find", "lighthouse", "--json"},
                                             {"logs", "p1"},
                                             {"logs", "p1", "--json"},
                                             {"show", "p1"},
                                             {"show", "p1", "--json"},
                                             {"attach", "p1", "--output-format", "stream-json"},
                                             {"ps", "-a"}}) {
    const Ended ended = daimon(words);
    EXPECT_EQ(ended.code, 0) << words[0];
    EXPECT_TRUE(is_safe(ended.out + ended.err)) << words[0] << printable(ended.out + ended.err);
  }
  const Json found = json({"find", "lighthouse", "--json"});
  EXPECT_EQ(find_string(find(found, "passages")->as_array().front(), "path"), name);
}

TEST_F(BadInput, GigabyteOfTextIsIndexedInPartAndSaysSo) {
  constexpr std::uintmax_t kGigabyte = 1ULL << 30U;
  std::string text;
  while (text.size() < 1U << 20U) text += "the barometer stands at 1013 today, as it did yesterday\n";
  put("huge.txt", text);
  put("zeros.txt", "begins as text\n");
  for (const char* name : {"huge.txt", "zeros.txt"}) stdfs::resize_file(docs() / name, kGigabyte);
  for (int i = 0; i < 2; ++i) {
    const Ended mounted = daimon({"mount", docs()});
    EXPECT_EQ(mounted.code, 0);
    EXPECT_THAT(mounted.err, AllOf(HasSubstr("huge.txt: only its beginning is indexed"), HasSubstr("zeros.txt: ")));
  }
  expect_kettle_found();
  EXPECT_EQ(daimon({"find", "barometer"}).code, 0);
#if !defined(__SANITIZE_ADDRESS__)
  std::ifstream lock(state() / "daemon.lock");
  const auto told = parse_json(std::string(std::istreambuf_iterator<char>(lock), {}));
  std::ifstream status("/proc/" + std::to_string(find_integer(*told, "pid").value_or(0)) + "/status");
  std::uintmax_t peak_kib = 0;
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) peak_kib = std::stoull(line.substr(6));
  EXPECT_GT(peak_kib, 0U);
  EXPECT_LT(peak_kib, kGigabyte / 1024);
#endif
}

// ------------------------------------------------------------------------------------------------------------ text

TEST_F(BadInput, ArgumentThatIsNoUtf8IsSaidToBeThat) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"run", "wh\xff\x1b"},
                                             {"ask", "wh\xff\x1b"},
                                             {"run", "x", "--model", "wh\xff\x1b"},
                                             {"find", "wh\xff\x1b"},
                                             {"mount", "wh\xff\x1b"},
                                             {"kill", "wh\xff\x1b"},
                                             {"chat", "wh\xff\x1b"}})
    expect_error(daimon(words), 2, "'wh\\xff\\x1b' is not valid UTF-8 text", "check the encoding");
  stdfs::create_directories(docs() / "fol\xff");
  before_execute = [&] { static_cast<void>(!::chdir((docs() / "fol\xff").c_str())); };
  expect_error(daimon({"mount", "."}), 1, "fol\\xff is not valid UTF-8", "mount the folder above it");
  before_execute = {};
  expect_no_process();
}

TEST_F(BadInput, PipedBytesAndFilesThatAreNoUtf8AreRepaired) {
  put("latin.txt", "Le caf\xe9 co\xfbte 4 euros.\n");
  put("mixed.txt", "The ferry \xff\xfe leaves at 9.40. \xc3\xa9t\xc3\xa9\n");
  EXPECT_EQ(daimon({"run", "-d", "-m", docs(), "-"}, "when \xff does it leave?").code, 0);
  EXPECT_EQ(find_string(json({"show", "p1", "--json"}), "goal"), "when \uFFFD does it leave?");
  EXPECT_THAT(daimon({"find", "café"}).out, HasSubstr("Le café coûte 4 euros."));
  EXPECT_THAT(daimon({"find", "ferry"}).out, HasSubstr("The ferry \uFFFD\uFFFD leaves at 9.40. été"));
}

TEST_F(BadInput, GoalOf100000CharactersIsTakenWholeByArgumentAndByPipe) {
  std::string goal;
  while (goal.size() < 100'000) goal += "What does the kettle cost? ";
  goal.resize(100'000, '?');
  EXPECT_EQ(daimon({"run", "-d", "-m", docs(), goal}).code, 0);
  EXPECT_EQ(daimon({"run", "-d", "-"}, goal).code, 0);
  for (const char* id : {"p1", "p2"}) {
    EXPECT_EQ(find_string(json({"show", id, "--json"}), "goal"), goal);
    EXPECT_LT(daimon({"ps", "-a"}).out.size(), 4000U) << "shown by its beginning";
    until(id, [](const Json& process) {
      const auto state = find_string(process, "state");
      return state == "done" || state == "failed";
    });
  }
  const Ended watched = daimon({"attach", "p1"});
  EXPECT_LT(watched.err.size(), 10'000U);
}

TEST_F(BadInput, SchemaThatNothingSatisfiesIsAnErrorOfTheRequest) {
  daimon({"ps"});
  const auto ask = [&](const std::string& schema) {
    RawClient client(folder.path / "run/daimon/daimon.sock");
    return client
        .send(post(
            "/v1/chat/completions",
            R"({"model":"firmware","messages":[{"role":"user","content":"hi"}],"max_tokens":20,"response_format":{"type":)"
            R"("json_schema","json_schema":{"name":"x","schema":)" +
                schema + "}}}"))
        .read_all(60'000);
  };
  for (const auto& [schema, why] : std::map<std::string, std::string>{
           {R"({"type":"integer","minimum":5,"maximum":2})", "minimum is above maximum"},
           {R"({"enum":[]})", "an empty enum admits nothing"},
           {R"({"type":"string","minLength":5,"maxLength":3})", "minLength is above maxLength"},
           {R"({"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]})", "refers to itself without an end"},
           {R"({"type":"object","properties":{"a":false},"required":["a"]})", "false admits nothing"}}) {
    const std::string answer = ask(schema);
    EXPECT_THAT(answer, AllOf(HasSubstr("400 Bad Request"), HasSubstr(why), HasSubstr("invalid_request_error")));
  }
  EXPECT_THAT(ask(R"({"type":"string","enum":["ok"]})"), AllOf(HasSubstr("200 OK"), HasSubstr(R"(\"ok\")")));
}

// ------------------------------------------------------------------------------------------------------- full disk

// A disk of a few MiB in place of a folder, for the programs that enter its namespace.
class SmallDisk {
 public:
  explicit SmallDisk(const stdfs::path& folder) : folder_(folder) {
    int ready[2];
    if (::pipe2(ready, O_CLOEXEC) != 0) return;
    const std::string id = std::to_string(::geteuid());
    holder_ = ::fork();
    if (holder_ == 0) {
      if (mount_it(id)) static_cast<void>(!::write(ready[1], "y", 1));
      ::close(ready[1]);
      for (;;) ::pause();
    }
    ::close(ready[1]);
    char byte = 0;
    mounted = ::read(ready[0], &byte, 1) == 1;
    ::close(ready[0]);
    inside_ = stdfs::path("/proc") / std::to_string(holder_) / "root" / folder_.relative_path();
  }
  ~SmallDisk() {
    if (holder_ <= 0) return;
    ::kill(holder_, SIGKILL);
    ::waitpid(holder_, nullptr, 0);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  void enter() const {
    for (const char* kind : {"user", "mnt"}) {
      const int space = ::open(("/proc/" + std::to_string(holder_) + "/ns/" + kind).c_str(), O_RDONLY | O_CLOEXEC);
      const bool entered = space >= 0 && ::setns(space, 0) == 0;
      // Root's is no other user namespace, and one's own cannot be entered.
      if (!entered && std::string_view(kind) == "mnt") ::_exit(125);
    }
  }
  void fill() const {
    std::ofstream ballast(inside_ / "ballast", std::ios::binary | std::ios::app);
    const std::string page(4096, 'x');
    while (ballast << page << std::flush) {
    }
  }
  void make_room() const { stdfs::remove(inside_ / "ballast"); }

  bool mounted = false;

 private:
  [[nodiscard]] bool mount_it(const std::string& id) const {
    const int spaces = CLONE_NEWNS | (id == "0" ? 0 : CLONE_NEWUSER);
    if (::unshare(spaces) != 0) return false;
    if (id != "0") std::ofstream("/proc/self/uid_map") << id << ' ' << id << " 1";
    return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=16m,mode=0777") == 0;
  }
  stdfs::path folder_, inside_;
  pid_t holder_ = -1;
};

TEST_F(BadInput, FullDiskIsSaidAndLosesNothing) {
  const SmallDisk disk(folder.path / "state");
  if (!disk.mounted) GTEST_SKIP() << "nothing can be mounted here";
  configure_stub_models();
  before_execute = [&] { disk.enter(); };
  disk.fill();
  expect_error(daimon({"ps"}), 3, "is full", "free some disk space");
  disk.make_room();
  const Ended begun = daimon({"run", "-d", "--autonomy", "1", "--model", "script", "-m", docs(),
                              scripted_goal("write", JsonObject{{"path", "note.txt"}, {"content", "kept\n"}})});
  ASSERT_EQ(begun.out, "p1\n") << begun.err;
  until_state("p1", "waiting");
  disk.fill();
  const Ended refused = daimon({"approve", "p1", "p1.r1"});  // after the change that it would approve
  EXPECT_EQ(refused.code, 6);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("daimon: "), HasSubstr("full"), HasSubstr("free some disk space")));
  expect_error(daimon({"run", "another", "--model", "script"}), 6, "full", "free some disk space");
  put("late.txt", "the barometer stands at 1013\n");
  expect_kettle_found();
  EXPECT_FALSE(stdfs::exists(docs() / "note.txt")) << "nothing happens that is not on the record";
  disk.make_room();
  EXPECT_EQ(daimon({"approve", "p1", "p1.r1"}).code, 0);
  until_state("p1", "done");
  std::ifstream note(docs() / "note.txt");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(note), {}), "kept\n");
  EXPECT_EQ(daimon({"mount", docs()}).code, 0);
  EXPECT_EQ(daimon({"find", "barometer"}).code, 0);
  EXPECT_EQ(daimon({"replay", "p1"}).code, 0);
  EXPECT_THAT(daimon({"doctor"}).out, HasSubstr("the chain of hashes holds"));
  daimon({"stop"});
}

// -------------------------------------------------------------------------------------------------- no permission

class NoPermission : public BadInput {
 protected:
  void SetUp() override {
    BadInput::SetUp();
    // Root may do what it likes with files, unless its power to is taken away.
    before_execute = [] {
      if (::geteuid() != 0) return;
      for (const int power : {CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH})
        if (::prctl(PR_CAPBSET_DROP, power, 0, 0, 0) != 0) ::_exit(125);
    };
    if (daimon({"--version"}).code == 125) GTEST_SKIP() << "root cannot be made to obey here";
  }
  void TearDown() override {
    for (const stdfs::path& path : {docs(), docs() / "shut", folder.path / "state", state()}) allow(path);
    BadInput::TearDown();
  }
  static void forbid(const stdfs::path& path, stdfs::perms left = stdfs::perms::none) {
    stdfs::permissions(path, left);
  }
  static void allow(const stdfs::path& path) {
    std::error_code missing;
    stdfs::permissions(path, stdfs::perms::owner_all, missing);
  }
};

TEST_F(NoPermission, ToReadIsSaidByNameAndTheRestIsFound) {
  put("shut/secret.txt", "behind a door\n");
  put("locked.txt", "under a lock\n");
  forbid(docs() / "shut");
  forbid(docs() / "locked.txt");
  for (int i = 0; i < 2; ++i) {
    const Ended mounted = daimon({"mount", docs()});
    EXPECT_EQ(mounted.code, 0);
    EXPECT_THAT(mounted.err, AllOf(HasSubstr("2 of the files"), HasSubstr("shut: Permission denied"),
                                   HasSubstr("locked.txt: "), HasSubstr("Permission denied")));
  }
  expect_kettle_found();
  expect_error(daimon({"run", "x", "-m", docs() / "shut"}), 5, "Permission denied", "check the permissions");
  forbid(docs());
  expect_error(daimon({"mount", docs()}), 5, "Permission denied", "check the permissions");
  expect_error(daimon({"mount", folder.path / "nowhere"}), 4, "there is no folder", "check its name");
  allow(docs());
  expect_kettle_found();
  expect_no_process();
}

TEST_F(NoPermission, ToWriteTheStateIsSaidWithThePath) {
  using stdfs::perms;
  forbid(folder.path / "state", perms::owner_read | perms::owner_exec);
  expect_error(daimon({"ps"}), 5, (folder.path / "state/daimon").string(), "check the permissions");
  allow(folder.path / "state");
  ASSERT_EQ(daimon({"ps"}).code, 0);
  daimon({"stop"});
  for (const char* name : {"daemon.log", "start.lock"}) {
    forbid(state() / name);
    expect_error(daimon({"ps"}), 5, (state() / name).string() + ": Permission denied", "check the permissions");
    allow(state() / name);
  }
  forbid(state() / "journal.db", perms::owner_read);
  expect_error(daimon({"ps"}), 3, (state() / "journal.db").string(), "check the permissions");
  // What is made beside it has the permissions that it had.
  for (const char* name : {"journal.db", "journal.db-wal", "journal.db-shm"}) allow(state() / name);
  EXPECT_EQ(daimon({"ps"}).code, 0);
}

// ----------------------------------------------------------------------------------------------- daemons and hangs

TEST_F(BadInput, SecondDaemonOverTheSameStateIsRefusedWhereverItsSocketIs) {
  ASSERT_EQ(daimon({"ps"}).code, 0);
  stdfs::create_directories(folder.path / "elsewhere");
  environment["XDG_RUNTIME_DIR"] = folder.path / "elsewhere";
  expect_error(daimon({"serve", "--daemon"}), 1, "a daemon is already running (pid ", "`daimon stop` ends it");
  EXPECT_EQ(daimon({"ps"}).code, 0) << "the first goes on";
}

TEST_F(BadInput, ConfigurationWithPageOriginsIsTaken) {
  stdfs::create_directories(folder.path / "config/daimon");
  std::ofstream(folder.path / "config/daimon/config.json") << R"({"origins": ["http://127.0.0.1:5173"]})";
  EXPECT_EQ(daimon({"ps"}).code, 0);
}

TEST_F(BadInput, ProgramThatHangsIsEndedWithItsProcessAndTheDaemonGoesOn) {
  configure_stub_models();
  ASSERT_EQ(daimon({"run", "-d", "--model", "script", "-m", docs(),
                    scripted_goal("python", JsonObject{{"code", "import time\nwhile True: time.sleep(1)"}})})
                .out,
            "p1\n");
  const Json hanging = until("p1", [](const Json& process) {
    const auto& calls = find(process, "calls")->as_array();
    return !calls.empty() && find_string(calls.back(), "name") == "python";
  });
  EXPECT_EQ(find_string(find(hanging, "calls")->as_array().back(), "outcome"), "running") << to_text(hanging);
  EXPECT_EQ(daimon({"kill", "p1"}).code, 0);
  EXPECT_EQ(find_string(json({"show", "p1", "--json"}), "state"), "stopped");
  EXPECT_EQ(daimon({"attach", "p1"}).code, 1);
  expect_kettle_found();
}

TEST_F(BadInput, ModelServerThatNeverAnswersIsPausedResumedAndKilled) {
  configure_stub_models();
  ASSERT_EQ(daimon({"run", "-d", "--model", "silent", "-m", docs(), "What does the kettle cost?"}).out, "p1\n");
  std::vector<std::string> asked;
  for (int i = 0; i < 100 && asked.empty(); ++i) asked = hub_.requests();
  ASSERT_THAT(asked, testing::SizeIs(1));
  EXPECT_EQ(daimon({"pause", "p1"}).code, 0);
  EXPECT_EQ(find_string(until_state("p1", "paused"), "stop_reason"), "paused by the person");
  EXPECT_EQ(daimon({"resume", "p1"}).code, 0);
  until_state("p1", "running");
  expect_kettle_found();
  EXPECT_EQ(daimon({"stop"}).code, 0) << "the daemon does not wait for it";
  until_state("p1", "running");
  EXPECT_EQ(daimon({"kill", "p1"}).code, 0);
  until_state("p1", "stopped");
}

TEST_F(BadInput, OutputThatCannotBeWrittenIsNoSuccess) {
  before_execute = [] { ::dup2(::open("/dev/full", O_WRONLY), 1); };
  expect_error(daimon({"--version"}), 1, "could not be written: No space left", "a place with room");
  before_execute = [] { ::close(1); };
  expect_error(daimon({"mounts", "--json"}), 1, "could not be written", "");
}

}  // namespace
}  // namespace daimon::test
