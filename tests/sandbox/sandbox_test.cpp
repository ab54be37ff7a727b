// Ways out of the sandbox, each tried by a raw system call: with every layer in force, and with layers left out to show
// what each is for.
#include "sandbox/sandbox.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "sandbox/child.h"

namespace daimon::sandbox {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// Where a test keeps what the sandbox must not reach. Not below /tmp, which a sandbox has of its own.
struct World {
  World() {
    // The sandbox has a /tmp of its own, which Landlock opens: what stands below the real one would be no test of it.
    std::string pattern = DAIMON_BINARY_DIR "/sandbox-test-XXXXXX";
    if (pattern.starts_with("/tmp/")) pattern = "/var/tmp/sandbox-test-XXXXXX";
    folder = ::mkdtemp(pattern.data());
    ::chmod(folder.c_str(), 0755);
    std::filesystem::create_directories(folder / "scratch");
    std::ofstream(folder / "secret.txt") << "secret";
    std::ofstream(folder / "private.txt") << "private";
    ::chmod((folder / "private.txt").c_str(), 0600);
    std::filesystem::create_directories(folder / "mounted");
    std::ofstream(folder / "mounted/lockable") << "mine";
  }
  ~World() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  World(const World&) = delete;
  std::filesystem::path folder;
};

Command attempt(const World& world, std::string what, std::string argument = {}) {
  Command command;
  const std::filesystem::path program = SANDBOX_ATTEMPTS;
  command.argv = {program.string(), std::move(what), std::move(argument)};
  command.read_only = {{program.parent_path(), program.parent_path().string()}, {world.folder / "mounted", "/mounted"}};
  command.writable = {{world.folder / "scratch", "/scratch"}};
  return command;
}

std::string shown(const Result<RunResult>& ran) {
  if (!ran) return "error: " + ran.error().what;
  return "exit " + std::to_string(ran->exit_code) + " signal " + std::to_string(ran->signal) + " stopped " +
         std::string(name_of(ran->stopped)) + " out " + ran->out.substr(0, 200) + " err " + ran->error.substr(0, 400);
}

bool landlock_here() {
  return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 6;
}

struct Sandbox : ::testing::Test {
  Result<RunResult> run_attempt(std::string what, std::string argument = {}) {
    return run(profile, attempt(world, std::move(what), std::move(argument)));
  }
  World world;
  Profile profile;
};

TEST_F(Sandbox, ACommandRunsWithItsInputAndGivesItsOutput) {
  Command command;
  command.argv = {"/usr/bin/sh", "-c", "cat; echo \"$NAME\" >&2; exit 7"};
  command.input = "in\n";
  command.environment = {{"NAME", "given"}};
  const auto ran = run(profile, command);
  ASSERT_TRUE(ran) << shown(ran);
  EXPECT_EQ(ran->exit_code, 7);
  EXPECT_EQ(ran->out, "in\n");
  EXPECT_EQ(ran->error, "given\n");
  EXPECT_EQ(ran->stopped, Stopped::kNot);
}

TEST_F(Sandbox, AFileIsGivenAsInputWithoutBeingReachable) {
  Command command;
  command.argv = {"/usr/bin/cat"};
  command.input_file = world.folder / "private.txt";
  const auto ran = run(profile, command);
  ASSERT_TRUE(ran) << shown(ran);
  EXPECT_EQ(ran->out, "private") << shown(ran);
}

TEST_F(Sandbox, OnlyWritableFoldersKeepWhatIsWritten) {
  Command command;
  command.argv = {"/usr/bin/sh", "-c", "echo kept > /scratch/file; echo no > /ro/file; cat /ro/secret.txt"};
  command.read_only = {{world.folder, "/ro"}};
  command.writable = {{world.folder / "scratch", "/scratch"}};
  const auto ran = run(profile, command);
  ASSERT_TRUE(ran) << shown(ran);
  EXPECT_EQ(ran->out, "secret") << shown(ran);
  EXPECT_TRUE(std::filesystem::exists(world.folder / "scratch/file"));
  EXPECT_FALSE(std::filesystem::exists(world.folder / "file"));
}

TEST_F(Sandbox, AHiddenFolderIsEmptyThoughWhatItLiesInIsNot) {
  std::filesystem::create_directories(world.folder / "mounted/config/own");
  std::ofstream(world.folder / "mounted/config/own/secret.txt") << "secret";
  std::ofstream(world.folder / "mounted/config/other.txt") << "other";
  std::filesystem::create_directories(world.folder / "mounted/closed/own");
  ::chmod((world.folder / "mounted/closed").c_str(), 0700);
  std::filesystem::create_symlink("config", world.folder / "mounted/link");
  Command command;
  command.argv = {
      "/usr/bin/sh", "-c",
      "ls /m/config/own /m/link/own; cat /m/config/other.txt; echo x > /m/config/own/new; cat /m/link/own/*"};
  command.read_only = {{world.folder / "mounted", "/m", {"config/own", "closed/own", "not/there", "link/own"}}};
  const auto ran = run(profile, command);
  ASSERT_TRUE(ran) << shown(ran);
  EXPECT_EQ(ran->out, "/m/config/own:\n\n/m/link/own:\nother") << shown(ran);
  EXPECT_THAT(ran->error, HasSubstr("Read-only file system"));
}

TEST_F(Sandbox, NothingOfTheCallerLeaksIn) {
  ::setenv("DAIMON_TEST_SECRET", "leak", 1);
  const int open_file = ::open((world.folder / "private.txt").c_str(), O_RDONLY);  // without close-on-exec
  const auto descriptors = run_attempt("descriptors");
  EXPECT_EQ(descriptors->out, "0 1 2 ") << shown(descriptors);
  const auto environment = run_attempt("environment");
  EXPECT_EQ(environment->out, "PATH=/usr/bin\n");
  const auto users = run_attempt("uid");
  EXPECT_EQ(users->out, "65534 65534\n");
  ::close(open_file);
}

TEST_F(Sandbox, SymbolicLinksAndSpecialFilesAreNoInput) {
  Command command;
  command.argv = {"/usr/bin/cat"};
  command.input_file = "/dev/zero";
  EXPECT_EQ(run(profile, command).error().code, ErrorCode::kInvalidArgument);
  command.argv = {"cat"};
  EXPECT_EQ(run(profile, command).error().code, ErrorCode::kInvalidArgument);
  command.input_file.reset();
  command.argv = {"/usr/bin/there-is-no-such-program"};
  EXPECT_EQ(run(profile, command).error().code, ErrorCode::kNotFound);
  command.argv = {"/usr/bin/true"};
  command.read_only = {{"/etc", "/usr/lib"}};
  EXPECT_EQ(run(profile, command).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(Sandbox, MemoryIsLimited) {
  profile.memory_bytes = 64 << 20;
  const auto one = run_attempt("memory", "500");
  ASSERT_TRUE(one) << shown(one);
  EXPECT_TRUE(one->exit_code == 42 || one->stopped == Stopped::kMemory) << shown(one);
  EXPECT_LT(one->usage.peak_memory_bytes, 80U << 20);
  const auto tree = run_attempt("memory-tree");
  ASSERT_TRUE(tree) << shown(tree);
  EXPECT_EQ(tree->stopped, Stopped::kMemory) << shown(tree);
}

TEST_F(Sandbox, MemoryOfTheTreeIsWatchedWithoutAControlGroup) {
  profile.memory_bytes = 64 << 20;
  const auto tree = run_with_layers(kEveryLayer & ~bit_of(Layer::kCgroup), profile, attempt(world, "memory-tree"));
  ASSERT_TRUE(tree) << shown(tree);
  EXPECT_EQ(tree->stopped, Stopped::kMemory) << shown(tree);
}

TEST_F(Sandbox, MemoryOfWhatAThreadStartedIsWatchedToo) {
  profile.memory_bytes = 128ULL << 20;
  const auto tree =
      run_with_layers(kEveryLayer & ~bit_of(Layer::kCgroup), profile, attempt(world, "memory-of-a-thread"));
  ASSERT_TRUE(tree) << shown(tree);
  EXPECT_EQ(tree->stopped, Stopped::kMemory) << shown(tree);
  EXPECT_LT(tree->usage.wall, 10s);
}

TEST_F(Sandbox, APipeBelowAMountedFolderIsNeitherReadNorWritten) {
  const auto pipe = world.folder / "mounted/in/pipe\n";
  std::filesystem::create_directories(pipe.parent_path());
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0666), 0);
  ::chmod(pipe.c_str(), 0666);
  const FileDescriptor mine(::open(pipe.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  ASSERT_EQ(::write(mine.get(), "mine", 4), 4);
  for (const std::uint32_t layers : {kEveryLayer, kEveryLayer & ~bit_of(Layer::kLandlock)})
    for (const char* what : {"take", "give"}) {
      const auto ran = run_with_layers(layers, profile, attempt(world, what, "/mounted/in/pipe\n"));
      ASSERT_TRUE(ran) << shown(ran);
      EXPECT_FALSE(ran->succeeded()) << what << " " << shown(ran);
    }
  std::string left(8, '\0');
  EXPECT_EQ(::read(mine.get(), left.data(), left.size()), 4) << "all of it is still there, and nothing more";
}

TEST_F(Sandbox, AHiddenFileCannotBeOpened) {
  std::ofstream(world.folder / "mounted/key.pem") << "secret";
  std::ofstream(world.folder / "mounted/other.txt") << "other";
  Command command;
  command.argv = {"/usr/bin/sh", "-c", "cat /m/key.pem; cat /m/other.txt"};
  command.read_only = {{world.folder / "mounted", "/m", {"key.pem", "not-there.pem"}}};
  const auto ran = run(profile, command);
  ASSERT_TRUE(ran) << shown(ran);
  EXPECT_EQ(ran->out, "other") << shown(ran);
  EXPECT_THAT(ran->error, HasSubstr("ermission denied"));
}

Command printer_of(const World& world, const std::string& script) {
  Command command;
  command.argv = {"/usr/bin/sh", "-c", script};
  command.read_only = {
      {world.folder / "mounted", "/m", {}, [](std::string_view, std::string_view name) { return name == ".env"; }}};
  return command;
}

TEST_F(Sandbox, WhatIsPutInThePlaceOfAHiddenFileIsNotSeen) {
  std::ofstream(world.folder / "mounted/.env") << "old";
  for (const char* what : {"replaced", "new"}) {
    const auto place = world.folder / "mounted" / (what == std::string("new") ? "folder/.env" : ".env");
    std::filesystem::create_directories(place.parent_path());
    std::jthread other([&] {
      while (!std::filesystem::exists(world.folder / "scratch/ready")) std::this_thread::sleep_for(5ms);
      std::ofstream(world.folder / "mounted/written") << "Rosebud";
      std::filesystem::rename(world.folder / "mounted/written", place);
    });
    Command command = printer_of(world, "echo > /scratch/ready; sleep 1; cat /m/.env /m/folder/.env");
    command.writable = {{world.folder / "scratch", "/scratch"}};
    const auto ran = run(profile, command);
    ASSERT_FALSE(ran) << what << " " << shown(ran);
    EXPECT_EQ(ran.error().code, ErrorCode::kConflict) << ran.error().what;
    std::filesystem::remove(world.folder / "scratch/ready");
  }
}

TEST_F(Sandbox, AFolderThatCannotBeLookedThroughIsHidden) {
  if (can_change_user()) GTEST_SKIP() << "root looks through any";
  std::filesystem::create_directories(world.folder / "mounted/shut");
  std::ofstream(world.folder / "mounted/shut/.env") << "Rosebud";
  ::chmod((world.folder / "mounted/shut").c_str(), 0311);
  const auto ran = run(profile, printer_of(world, "cat /m/shut/.env"));
  ASSERT_TRUE(ran) << shown(ran);
  EXPECT_EQ(ran->out, "") << shown(ran);
  ::chmod((world.folder / "mounted/shut").c_str(), 0755);
}

TEST_F(Sandbox, AFolderThatNobodyCanLookThroughStopsTheCommand) {
  const int root = ::open((world.folder / "mounted").c_str(), O_PATH | O_CLOEXEC);
  int at = root;
  const std::string name(250, 'n');
  for (int i = 0; i < 18; ++i) {  // longer than a path may be
    ASSERT_EQ(::mkdirat(at, name.c_str(), 0755), 0);
    at = ::openat(at, name.c_str(), O_PATH | O_CLOEXEC);
  }
  const auto ran = run(profile, printer_of(world, "echo ran"));
  EXPECT_FALSE(ran) << shown(ran);
}

TEST_F(Sandbox, WhereTooMuchIsToBeHiddenWholeFoldersAreAndQuickly) {
  for (int i = 0; i < 3000; ++i) {
    const auto folder = world.folder / "mounted/projects" / std::to_string(i);
    std::filesystem::create_directories(folder);
    std::ofstream(folder / ".env") << "Rosebud";
  }
  std::filesystem::create_directories(world.folder / "mounted/one");
  std::ofstream(world.folder / "mounted/one/.env") << "Rosebud";
  std::ofstream(world.folder / "mounted/one/text") << "text";
  const auto ran = run(profile, printer_of(world, "ls /m/projects; cat /m/one/text; cat /m/one/.env"));
  ASSERT_TRUE(ran) << shown(ran);
  EXPECT_EQ(ran->out, "text") << shown(ran);
  EXPECT_EQ(ran->folders_hidden, 1U);
  for (int i = 0; i < 3000; ++i)
    std::filesystem::rename(world.folder / "mounted/projects" / std::to_string(i),
                            world.folder / "mounted" / std::to_string(i));
  const auto refused = run(profile, printer_of(world, "echo ran"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kLimit);
}

TEST_F(Sandbox, TimeIsLimited) {
  profile.cpu = 1s;
  const auto spin = run_attempt("spin");
  EXPECT_EQ(spin->stopped, Stopped::kCpu) << shown(spin);
  EXPECT_LT(spin->usage.wall, 5s);
  const auto tree = run_attempt("spin-tree");
  EXPECT_EQ(tree->stopped, Stopped::kCpu) << shown(tree);
  profile.wall = 300ms;
  const auto sleeping = run_attempt("sleep");
  EXPECT_EQ(sleeping->stopped, Stopped::kWall) << shown(sleeping);
  EXPECT_LT(sleeping->usage.wall, 2s);
}

TEST_F(Sandbox, OutputFilesAndProcessesAreLimited) {
  profile.output_bytes = 100'000;
  const auto flood = run_attempt("flood");
  EXPECT_EQ(flood->stopped, Stopped::kOutput) << shown(flood);
  EXPECT_EQ(flood->out.size(), 100'000U);
  EXPECT_TRUE(flood->out_truncated);
  profile.file_bytes = 1 << 20;
  const auto big = run_attempt("big-file");
  EXPECT_EQ(big->stopped, Stopped::kFileSize) << shown(big);
  profile.file_bytes = 1 << 30;
  profile.scratch_bytes = 1 << 20;
  const auto full = run_attempt("big-file");
  EXPECT_EQ(full->exit_code, 10 + ENOSPC) << shown(full);
  profile.processes = 20;
  profile.wall = 5s;
  const auto bomb = run_attempt("fork-bomb");
  ASSERT_TRUE(bomb) << shown(bomb);
  EXPECT_LE(std::stoi("0" + bomb->out), 20) << shown(bomb);
}

TEST_F(Sandbox, AStopEndsItAtOnce) {
  std::stop_source stop;
  Command command = attempt(world, "sleep");
  command.stop = stop.get_token();
  std::jthread later([&] {
    std::this_thread::sleep_for(200ms);
    stop.request_stop();
  });
  const auto ran = run(profile, command);
  EXPECT_EQ(ran->stopped, Stopped::kCancelled) << shown(ran);
  EXPECT_LT(ran->usage.wall, 2s);
  EXPECT_EQ(run(profile, command).error().code, ErrorCode::kCancelled);
}

std::uintmax_t size_of(const std::filesystem::path& file) {
  std::error_code missing;
  const auto size = std::filesystem::file_size(file, missing);
  return missing ? 0 : size;
}

TEST_F(Sandbox, ADaemonDoesNotSurviveItsCommand) {
  const auto ran = run_attempt("daemon", "/scratch/alive");
  ASSERT_TRUE(ran) << shown(ran);
  const auto size = size_of(world.folder / "scratch/alive");
  EXPECT_GT(size, 0U) << "it did run";
  std::this_thread::sleep_for(200ms);
  EXPECT_EQ(size_of(world.folder / "scratch/alive"), size);
}

TEST_F(Sandbox, NothingSurvivesTheDeathOfTheParent) {
  const pid_t parent = ::fork();
  if (parent == 0) {
    Command command = attempt(world, "daemon", "/scratch/alive");
    command.argv = {"/usr/bin/sh", "-c", "while true; do echo x >> /scratch/alive; sleep 0.02; done"};
    static_cast<void>(run(profile, command));
    ::_exit(0);
  }
  for (int i = 0; i < 200 && size_of(world.folder / "scratch/alive") == 0; ++i) std::this_thread::sleep_for(20ms);
  EXPECT_GT(size_of(world.folder / "scratch/alive"), 0U);
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  std::this_thread::sleep_for(200ms);
  const auto size = size_of(world.folder / "scratch/alive");
  std::this_thread::sleep_for(200ms);
  EXPECT_EQ(size_of(world.folder / "scratch/alive"), size);
}

TEST_F(Sandbox, SeveralRunAtOnce) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 6; ++i)
    threads.emplace_back([this, i] {
      Command command;
      command.argv = {"/usr/bin/echo", std::to_string(i)};
      for (int round = 0; round < 5; ++round) {
        const auto ran = run(profile, command);
        ASSERT_TRUE(ran) << shown(ran);
        EXPECT_EQ(ran->out, std::to_string(i) + "\n");
      }
    });
}

TEST_F(Sandbox, WithoutALayerNothingRuns) {
  Options options;
  options.bubblewrap = "/nowhere/bwrap";
  auto ran = run(profile, attempt(world, "uid"), options);
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(ran.error().what, HasSubstr("bubblewrap"));
  EXPECT_THAT(ran.error().remedy, HasSubstr("install bubblewrap"));
  options.bubblewrap = "/usr/bin/false";  // fails before it makes anything
  ran = run(profile, attempt(world, "uid"), options);
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, ErrorCode::kUnavailable);
  options = {};
  options.launcher = "/nowhere/daimon-sandbox";
  EXPECT_EQ(run(profile, attempt(world, "uid"), options).error().code, ErrorCode::kUnavailable);
  options = {};
  options.bubblewrap = "/usr/bin/false";
  const auto report = probe(options);
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->usable);
  EXPECT_FALSE(report->layers[static_cast<std::size_t>(Layer::kNamespaces)].works);
}

TEST_F(Sandbox, AProbeReportsEveryLayer) {
  const auto report = probe();
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->usable);
  ASSERT_EQ(report->layers.size(), 6U);
  for (const LayerReport& layer : report->layers) {
    std::printf("%-11s %-3s %s\n", std::string(name_of(layer.layer)).c_str(), layer.works ? "yes" : "no",
                layer.detail.c_str());
    EXPECT_TRUE(layer.works || !layer.required) << name_of(layer.layer);
  }
}

// An attempt, the layers that stop it (any one of them is enough), and what it needs to be possible at all.
struct Escape {
  std::string what;
  std::string argument;  // "@x" is replaced by something of the world
  std::vector<Layer> stopped_by;
  bool root_only = false;
  // Without its layers some other thing of this machine still may stop it; then only "all layers" is judged.
  bool possible_without = true;
};

void PrintTo(const Escape& escape, std::ostream* out) { *out << escape.what << " " << escape.argument; }

struct Escapes : ::testing::TestWithParam<Escape> {
  Escapes() {
    listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::listen(listener, 4);
    socklen_t length = sizeof address;
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
    port = ntohs(address.sin_port);
    abstract = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    const std::string text = "daimon-test-" + std::to_string(::getpid());
    std::memcpy(name.sun_path + 1, text.data(), text.size());
    ::bind(abstract, reinterpret_cast<const sockaddr*>(&name),
           static_cast<socklen_t>(sizeof(sa_family_t) + 1 + text.size()));
    ::listen(abstract, 4);
    stream = listen_at(SOCK_STREAM, "stream");
    datagram = listen_at(SOCK_DGRAM, "datagram");
  }
  ~Escapes() override {
    ::close(listener);
    ::close(abstract);
    ::close(stream);
    ::close(datagram);
  }
  // A socket that anybody may connect to, in the folder that is mounted read-only.
  int listen_at(int type, const std::string& file) const {
    const int fd = ::socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    // By way of the folder's descriptor: the path of a build may be longer than a socket's name may be.
    const int folder = ::open((world.folder / "mounted").c_str(), O_PATH | O_CLOEXEC);
    const std::string path = "/proc/self/fd/" + std::to_string(folder) + "/" + file;
    std::memcpy(name.sun_path, path.data(), path.size());
    EXPECT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
    ::close(folder);
    ::chmod((world.folder / "mounted" / file).c_str(), 0777);
    if (type == SOCK_STREAM) ::listen(fd, 4);
    return fd;
  }
  std::string argument() const {
    const std::string& given = GetParam().argument;
    if (given == "@secret") return (world.folder / "secret.txt").string();
    if (given == "@private") return (world.folder / "private.txt").string();
    if (given == "@outside") return (world.folder / "new.txt").string();
    if (given == "@port") return std::to_string(port);
    if (given == "@abstract") return "daimon-test-" + std::to_string(::getpid());
    if (given == "@parent") return std::to_string(::getpid());
    return given;
  }
  Result<RunResult> without(std::uint32_t layers) {
    Profile profile;
    profile.wall = 5s;
    // Without a namespace of its own, the unprivileged user's processes of other tests count as well.
    profile.processes = 4096;
    return run_with_layers(kEveryLayer & ~layers, profile, attempt(world, GetParam().what, argument()));
  }
  World world;
  int listener = -1;
  int abstract = -1;
  int stream = -1;
  int datagram = -1;
  std::uint16_t port = 0;
};

TEST_P(Escapes, AreStoppedAndByTheLayersThatAreMeantTo) {
  const Escape& escape = GetParam();
  if (escape.root_only && !can_change_user()) GTEST_SKIP() << "needs root";
  const auto guarded = without(0);
  ASSERT_TRUE(guarded) << shown(guarded);
  EXPECT_FALSE(guarded->succeeded()) << shown(guarded);
  std::uint32_t all = 0;
  for (const Layer layer : escape.stopped_by) all |= bit_of(layer);
  if (escape.stopped_by.size() > 1)
    for (const Layer kept : escape.stopped_by) {
      if (kept == Layer::kLandlock && !landlock_here()) continue;
      const auto alone = without(all & ~bit_of(kept));
      ASSERT_TRUE(alone) << shown(alone);
      EXPECT_FALSE(alone->succeeded()) << name_of(kept) << " alone does not stop it: " << shown(alone);
    }
  if (!escape.possible_without || escape.stopped_by.empty()) return;
  const auto open = without(all);
  ASSERT_TRUE(open) << shown(open);
  EXPECT_TRUE(open->succeeded()) << "it would fail anyway, so this test shows nothing: " << shown(open);
}

using enum Layer;
INSTANTIATE_TEST_SUITE_P(
    , Escapes,
    ::testing::Values(
        Escape{"read", "@secret", {kNamespaces, kLandlock}},
        Escape{"read", "@private", {kNamespaces, kLandlock, kUser}, true},
        Escape{"read", "/etc/passwd", {kNamespaces, kLandlock}},
        Escape{"write", "@outside", {kNamespaces, kLandlock, kUser}, true}, Escape{"write", "/usr/bin/new-program", {}},
        Escape{"write", "/new-file", {}}, Escape{"write", "/dev/new", {}}, Escape{"socket", "", {kSeccomp}},
        Escape{"netlink", "", {kSeccomp}}, Escape{"vsock", "", {kSeccomp}, false, false},
        Escape{"connect-loopback", "@port", {kNamespaces, kLandlock, kSeccomp}},
        Escape{"connect", "", {kSeccomp, kNamespaces}, false, false},
        Escape{"abstract", "@abstract", {kNamespaces, kLandlock, kSeccomp}},
        Escape{"pathname", "/mounted/stream", {kSeccomp}}, Escape{"pair-datagram", "/mounted/datagram", {kSeccomp}},
        Escape{"kill-all", "@parent", {kNamespaces, kLandlock, kUser}, true},
        Escape{"mount", "", {kSeccomp, kNamespaces}, false, false}, Escape{"ptrace", "", {kSeccomp}},
        Escape{"io_uring", "", {kSeccomp}, false, false}, Escape{"unshare", "", {kSeccomp, kNamespaces}},
        Escape{"clone-user", "", {kSeccomp, kNamespaces}},
        Escape{"unshare-mount", "", {kSeccomp, kNamespaces}, false, false}, Escape{"bpf", "", {kSeccomp}, false, false},
        Escape{"keyctl", "", {kSeccomp}, false, false}, Escape{"memfd", "", {kSeccomp}},
        Escape{"shmget", "", {kSeccomp}}, Escape{"lock", "/mounted/lockable", {kSeccomp}},
        Escape{"lease", "/mounted/lockable", {kSeccomp}, false, false},
        Escape{"setuid", "", {kNamespaces, kUser}, true}, Escape{"setuid-1000", "", {kNamespaces, kUser}, true},
        Escape{"setgroups", "", {kNamespaces, kUser}, true}, Escape{"chmod-suid", "", {kSeccomp}},
        Escape{"mknod", "", {kSeccomp}, false, false}, Escape{"tiocsti", "", {kSeccomp}, false, false}));

}  // namespace
}  // namespace daimon::sandbox
