// How the daemon comes and goes.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <future>
#include <iterator>
#include <thread>

#include "api/socket.h"
#include "cli/program.h"

namespace daimon::test {
namespace {

using testing::HasSubstr;

class Daemon : public Program {
 protected:
  std::string log() {
    std::ifstream file(folder.path / "state/daimon/daemon.log");
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  int starts() {
    int count = 0;
    const std::string text = log();
    for (std::size_t at = text.find(" ready at "); at != std::string::npos; at = text.find(" ready at ", at + 1))
      ++count;
    return count;
  }
  int pid() {
    const auto checks = json({"doctor", "--json"});
    const std::string text = to_text(checks);
    const auto at = text.find(", pid ");
    return at == std::string::npos ? -1 : std::atoi(text.c_str() + at + 6);
  }
};

TEST_F(Daemon, StartsByItselfAndStops) {
  EXPECT_EQ(daimon({"stop"}).code, 0);
  EXPECT_EQ(starts(), 0);
  EXPECT_EQ(daimon({"ps"}).code, 0);
  EXPECT_EQ(daimon({"ps"}).code, 0);
  EXPECT_EQ(starts(), 1);
  EXPECT_EQ(daimon({"stop"}).code, 0);
  EXPECT_THAT(log(), HasSubstr("ending"));
  struct stat status{};
  ASSERT_EQ(::stat((folder.path / "state/daimon").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  ASSERT_EQ(::stat((folder.path / "run/daimon").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST_F(Daemon, ManyAtOnceStartOne) {
  environment["FAKE_BOOT"] = "slow";
  std::vector<std::future<Ended>> running;
  for (int i = 0; i < 8; ++i) running.push_back(std::async(std::launch::async, [&] { return daimon({"ps"}); }));
  for (auto& ended : running) EXPECT_EQ(ended.get().code, 0);
  EXPECT_EQ(starts(), 1) << log();
}

TEST_F(Daemon, KilledOneIsReplacedAndItsSocketToo) {
  daimon({"ps"});
  const int first = pid();
  ASSERT_GT(first, 0);
  ::kill(first, SIGKILL);
  EXPECT_EQ(daimon({"ps"}).code, 0);
  EXPECT_NE(pid(), first);
}

// A process that is killed keeps its locks and sockets until all its memory is given back.
TEST_F(Daemon, OneThatStillDiesIsWaitedFor) {
  daimon({"ps"});
  daimon({"stop"});
  const int lock = ::open((folder.path / "state/daimon/daemon.lock").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::flock(lock, LOCK_EX | LOCK_NB), 0);
  auto listening = api::listen_unix(folder.path / "run/daimon/daimon.sock");
  ASSERT_TRUE(listening);
  auto serving = std::async(std::launch::async, [&] { return daimon({"serve", "--daemon"}); });
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  *listening = FileDescriptor();
  ::close(lock);
  for (int i = 0; i < 1000 && !api::connect_unix(folder.path / "run/daimon/daimon.sock"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(daimon({"stop"}).code, 0);
  const Ended served = serving.get();
  EXPECT_EQ(served.code, 0) << served.err;
}

// Nothing tells where to put sockets in a bare container: two states must still not share one.
TEST_F(Daemon, WithoutARuntimeFolderEachStateHasItsOwn) {
  environment.erase("XDG_RUNTIME_DIR");
  EXPECT_EQ(daimon({"ps"}).code, 0);
  const int first = pid();
  const std::string state = environment["XDG_STATE_HOME"];
  environment["XDG_STATE_HOME"] = folder.path / "home";
  EXPECT_EQ(daimon({"ps"}).code, 0);
  EXPECT_NE(pid(), first);
  EXPECT_EQ(daimon({"stop"}).code, 0);
  environment["XDG_STATE_HOME"] = state;
  EXPECT_EQ(pid(), first);
}

TEST_F(Daemon, SecondOneSaysThatOneRuns) {
  daimon({"ps"});
  const Ended second = daimon({"serve", "--daemon"});
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.err, HasSubstr(daimon::format("a daemon is already running (pid {})", pid())));
}

TEST_F(Daemon, FailureToStartShowsItsLog) {
  environment["FAKE_BOOT"] = "fail";
  const Ended ended = daimon({"ps"});
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, HasSubstr("the journal is damaged"));
  EXPECT_THAT(ended.err, HasSubstr("restore it from a copy"));
  const Ended checked = daimon({"doctor"});
  EXPECT_EQ(checked.code, 1);
  EXPECT_THAT(checked.out, HasSubstr("the journal is damaged"));
}

TEST_F(Daemon, OneOfAnotherBuildIsReplaced) {
  program = DAIMON_OVER_FAKE_OTHER;
  daimon({"ps"});
  const int first = pid();
  program = DAIMON_OVER_FAKE;
  const Ended ended = daimon({"ps"});
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.err, HasSubstr("replacing the daemon of another build"));
  EXPECT_NE(pid(), first);
}

TEST_F(Daemon, IsFoundWhereverItsSocketIs) {
  daimon({"run", "slow work", "-d"});
  std::filesystem::create_directories(folder.path / "elsewhere");
  environment["XDG_RUNTIME_DIR"] = folder.path / "elsewhere";
  EXPECT_THAT(daimon({"ps"}).out, HasSubstr("slow work"));
  EXPECT_EQ(starts(), 1);
}

TEST_F(Daemon, FolderOfSomebodyElseIsRefused) {
  std::filesystem::create_directories(folder.path / "run");
  std::filesystem::create_symlink(folder.path / "docs", folder.path / "run/daimon");
  const Ended ended = daimon({"ps"});
  EXPECT_EQ(ended.code, 5);
  EXPECT_THAT(ended.err, HasSubstr("not a folder of your own"));
  std::filesystem::remove(folder.path / "run/daimon");
}

TEST_F(Daemon, PageOriginsComeFromTheConfiguration) {
  std::filesystem::create_directories(folder.path / "config/daimon");
  std::ofstream(folder.path / "config/daimon/config.json") << R"({"origins": ["http://127.0.0.1:5173"]})";
  daimon({"ps"});
  RawClient allowed(folder.path / "run/daimon/daimon.sock");
  EXPECT_THAT(allowed.send(get("/v1/status", "Origin: http://127.0.0.1:5173\r\n")).read_all(), HasSubstr("200 OK"));
  RawClient refused(folder.path / "run/daimon/daimon.sock");
  EXPECT_THAT(refused.send(get("/v1/status", "Origin: http://127.0.0.1:5174\r\n")).read_all(), HasSubstr("403"));
}

}  // namespace
}  // namespace daimon::test
