// Killed with SIGKILL at numbered points, and again while it recovers: nothing is lost and nothing is done twice.
//
// A point is the begin or the end of a statement on the journal (a commit too), of a call in its device, or of a
// thought. The kernel runs in a child process; what it leaves is booted again over the same folder.
#include <signal.h>
#include <sqlite3.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <new>
#include <set>

#include "kernel_world.h"

namespace daimon::kernel::test {
namespace {

struct Points {
  std::atomic<int> passed = 0;
  std::atomic<int> kill_at = 0;  // 0: never
};
// Shared with the child, which counts; nobody counts where it is null.
Points* points = nullptr;

void point() {
  if (points != nullptr && ++points->passed == points->kill_at) ::kill(::getpid(), SIGKILL);
}
int on_statement(unsigned, void*, void*, void*) {
  point();
  return 0;
}
int on_open(sqlite3* database, const char**, const void*) {
  const char* name = sqlite3_db_filename(database, "main");
  if (name != nullptr && std::string_view(name).ends_with("journal.db"))
    sqlite3_trace_v2(database, SQLITE_TRACE_STMT | SQLITE_TRACE_PROFILE, on_statement, nullptr);
  return SQLITE_OK;
}

int lines_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return static_cast<int>(std::count(std::istreambuf_iterator<char>(file), {}, '\n'));
}
void add_line(const std::filesystem::path& path, std::string_view line) {
  std::ofstream(path, std::ios::app | std::ios::binary) << daimon::format("{}\n", line) << std::flush;
}

class KernelCrash : public testing::Test {
 protected:
  using Furnishing = std::function<void(KernelWorld&)>;
  using Person = std::function<bool(const Json& view)>;  // approves, or not

  KernelCrash() {
    points_ = new (::mmap(nullptr, sizeof(Points), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Points;
    outer_.furnish();
    outer_.begin();
    outer_.shut();
    // So that the journal's making is among the points.
    for (const char* name : {"journal.db", "journal.db-wal", "journal.db-shm"})
      std::filesystem::remove(outer_.state() / name);
    std::filesystem::create_directories(template_);
    std::filesystem::copy(outer_.home(), template_ / "home", std::filesystem::copy_options::recursive);
    std::filesystem::copy(outer_.state(), template_ / "state", std::filesystem::copy_options::recursive);
  }
  ~KernelCrash() override { ::munmap(points_, sizeof(Points)); }

  void set_back() const {
    for (const char* part : {"home", "state"}) {
      std::filesystem::remove_all(outer_.folder / part);
      std::filesystem::copy(template_ / part, outer_.folder / part, std::filesystem::copy_options::recursive);
    }
    std::filesystem::remove(dispatched());
    std::filesystem::remove(outbox());
  }
  [[nodiscard]] std::filesystem::path dispatched() const { return outer_.folder / "dispatched"; }
  [[nodiscard]] std::filesystem::path outbox() const { return outer_.folder / "outbox"; }

  void furnish(KernelWorld& world) const {
    world.look = [this](std::string_view when, const device::Call& call) {
      add_line(dispatched(), call.id);
      point();
      if (when == "after") point();
    };
    world.model.at_point = [](std::string_view) { point(); };
    set_up_(world);
  }
  // Starts the goal unless it was started before, and does what its person would until it has ended.
  Json see_through(const KernelWorld& world) const {
    const auto all = world.system().processes(true);
    if (!all) return all.error().what.c_str();
    const std::string id = all->as_array().empty()
                               ? world.start(goal_, [](StartOptions& options) { options.autonomy = 2; })
                               : text_of(all->at(0), "process");
    for (;;) {
      Json now = world.until(id, [](const Json& view) { return has_ended(view) || state_of(view) == "waiting"; });
      if (state_of(now) != "waiting") return now;
      static_cast<void>(world.decide(id, now, person_(now)));
    }
  }
  // A kernel in a child process, from boot to the goal's end or to its death at point `kill_at`; whether it died.
  [[nodiscard]] bool live(int kill_at) const {
    points_->passed = 0;
    points_->kill_at = kill_at;
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(60);
      points = points_;
      sqlite3_auto_extension(reinterpret_cast<void (*)()>(on_open));
      KernelWorld world(outer_.folder);
      furnish(world);
      if (!world.try_boot()) ::_exit(3);
      ::_exit(has_ended(see_through(world)) ? 0 : 4);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    const bool died = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    EXPECT_TRUE(died || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) << status << " at point " << kill_at;
    return died;
  }
  // What lies there after a death, read from a copy, so that the next boot finds it as it was left.
  void inspect(int kill_at) const {
    const auto copy = outer_.folder / "copy";
    std::filesystem::remove_all(copy);
    std::filesystem::create_directories(copy);
    for (const char* name : {"journal.db", "journal.db-wal"})
      if (std::filesystem::exists(outer_.state() / name)) std::filesystem::copy(outer_.state() / name, copy / name);
    std::set<std::string> intended;
    if (auto journal = journal::Journal::open(copy / "journal.db"); journal) {
      const auto records = journal->read("", 0, INT64_MAX);
      ASSERT_TRUE(records) << records.error().what;
      for (const journal::Record& record : *records)
        if (record.type == "called") intended.insert(text_of(record.body, "call"));
      EXPECT_FALSE(journal->verify()->broken_at) << kill_at;
    }
    std::ifstream file(dispatched());
    for (std::string id; std::getline(file, id);)
      EXPECT_TRUE(intended.contains(id)) << id << " reached its device before its intent was durable, point "
                                         << kill_at;
  }
  // The last life, here.
  Json recover(KernelWorld& world) const {
    furnish(world);
    world.boot();
    Json view = see_through(world);
    EXPECT_EQ(world.divergence(text_of(view, "process")), "");
    const auto all = world.system().processes(true);
    EXPECT_EQ(all->as_array().size(), 1U) << "started once";
    return view;
  }
  // How many points a whole life has.
  [[nodiscard]] int count() const {
    set_back();
    EXPECT_FALSE(live(0));
    return points_->passed;
  }

  KernelWorld outer_;
  std::filesystem::path template_ = outer_.folder / "template";
  Points* points_ = nullptr;
  std::string goal_;
  Furnishing set_up_;
  Person person_ = [](const Json&) { return true; };
};

// What a file is and when it was made: another one, or one written anew, differs.
std::string identity_of(const std::filesystem::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return {};
  return daimon::format("{} {}.{}", status.st_ino, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

TEST_F(KernelCrash, a_goal_with_a_write_survives_being_killed_anywhere_and_again_while_it_recovers) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "forks";
#endif
  goal_ = "What did I pay for electricity in March? Sum the amounts into notes/total.txt";
  set_up_ = [](KernelWorld& world) {
    world.model.script({R"(["search","answer","table","write"])",
                        {{"search", R"({"query":"electricity"})"},
                         {"answer", R"({"passage":1,"answer":"£84.20"})"},
                         {"table", R"({"path":"accounts.csv","operation":"sum","column":"amount"})"},
                         {"write", R"({"path":"notes/total.txt","content":"42.75"})"}}});
  };
  const int all = count();
  ASSERT_GT(all, 100);
  std::string answer;
  {
    KernelWorld world(outer_.folder);
    answer = text_of(recover(world), "answer");
    ASSERT_THAT(answer, testing::HasSubstr("£84.20"));
    ASSERT_THAT(answer, testing::HasSubstr("Wrote notes/total.txt."));
  }
  const auto file = outer_.home() / "notes/total.txt";
  int deaths = 0, second_deaths = 0, with_file = 0;
  constexpr int kLives = 80;
  for (int life = 0; life < kLives; ++life) {
    const int kill_at = 1 + life * all / kLives;
    SCOPED_TRACE(daimon::format("point {} of {}", kill_at, all));
    set_back();
    if (!live(kill_at)) continue;
    ++deaths;
    inspect(kill_at);
    std::string written = identity_of(file);
    if (life % 3 == 0) {
      const int again = 1 + (life * 7) % 45;
      if (live(again)) {
        ++second_deaths;
        inspect(again);
      }
      if (written.empty()) written = identity_of(file);
    }
    if (!written.empty()) ++with_file;
    KernelWorld world(outer_.folder);
    const Json view = recover(world);
    EXPECT_EQ(state_of(view), "done") << to_text(view);
    EXPECT_EQ(text_of(view, "answer"), answer);
    EXPECT_EQ(outer_.get("notes/total.txt"), "42.75\n");
    if (!written.empty()) {
      EXPECT_EQ(identity_of(file), written) << "written a second time";
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(outer_.home()))
      EXPECT_FALSE(entry.path().filename().string().starts_with(".")) << entry.path() << " was left";
    int intents = 0, outcomes = 0;
    for (const journal::Record& record : world.records()) {
      intents += record.type == "called" && text_of(record.body, "name") == "apply";
      outcomes += record.type == "finished";
    }
    EXPECT_EQ(intents, 1);
    EXPECT_EQ(outcomes, 1);
    world.shut();
    EXPECT_FALSE(journal::Journal::open(outer_.state() / "journal.db")->verify()->broken_at);
    if (HasFailure()) break;
  }
  EXPECT_GE(deaths, 60);
  EXPECT_GE(second_deaths, 15);
  EXPECT_GE(with_file, 1) << "some of them after the write itself";
}

TEST_F(KernelCrash, an_effect_that_nobody_can_tell_about_is_never_repeated_without_the_persons_word) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "forks";
#endif
  goal_ = "send";
  set_up_ = [this](KernelWorld& world) {
    world.model.profile = "";
    world.model.answer = [](const processor::Request& request) { return call_once("send", request); };
    world.made_devices.push_back([this] {
      return std::make_unique<MadeDevice>("send", device::EffectClass::kOpaque, milliseconds(5000),
                                          [this](const device::Call& call, const auto&) -> Result<device::Outcome> {
                                            point();
                                            add_line(outbox(), call.id);
                                            point();
                                            return said("sent");
                                          });
    });
  };
  // The person looks into the outbox, and has it sent again where it was not.
  int asked = 0;
  person_ = [&](const Json& view) {
    EXPECT_EQ(text_of(view.at("waiting"), "title"), "Run send again");
    ++asked;
    return lines_of(outbox()) == 0;
  };
  const int all = count();
  int deaths = 0;
  constexpr int kLives = 30;
  for (int life = 0; life < kLives; ++life) {
    const int kill_at = 1 + life * all / kLives;
    SCOPED_TRACE(daimon::format("point {} of {}", kill_at, all));
    set_back();
    if (!live(kill_at)) continue;
    ++deaths;
    inspect(kill_at);
    KernelWorld world(outer_.folder);
    const Json view = recover(world);
    EXPECT_TRUE(state_of(view) == "done" || state_of(view) == "denied") << to_text(view);
    EXPECT_EQ(lines_of(outbox()), 1);
  }
  EXPECT_GE(deaths, 25);
  EXPECT_GE(asked, 2) << "between intent and outcome";
}

}  // namespace
}  // namespace daimon::kernel::test
