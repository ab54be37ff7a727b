#include "sandbox/sandbox.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/format.h"
#include "base/text.h"
#include "sandbox/child.h"
#include "sandbox/control_group.h"
#include "sandbox/launch_plan.h"
#include "sandbox/process_tree.h"

namespace daimon::sandbox {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr milliseconds kWatchEvery{25};
constexpr std::size_t kCoversMax = 250;  // each is a mount
constexpr int kHighFd = 64;              // above every number that a descriptor gets in the child

struct Pipe {
  FileDescriptor read, write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::unexpected(os_error(errno, "cannot make a pipe for a command"));
  Pipe made{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
  ::fcntl(made.read.get(), F_SETFL, O_NONBLOCK);
  return made;
}

// Reads what is there; false at the end. Stops keeping at `bytes_max` and says so.
bool drain(FileDescriptor& from, std::string& to, std::uint64_t bytes_max, bool& more) {
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t got = ::read(from.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno == EAGAIN;
    if (got == 0) return false;
    const std::size_t room = bytes_max - to.size();
    to.append(buffer.data(), std::min(static_cast<std::size_t>(got), room));
    if (static_cast<std::size_t>(got) > room) {
      more = true;
      return true;
    }
  }
}

class Child {
 public:
  Child(const Profile& profile, const Command& command) : profile_(profile), command_(command) {}

  Result<RunResult> run(std::uint32_t layers, const Options& options) {
    if (command_.stop.stop_requested()) return fail(ErrorCode::kCancelled, "the command was stopped before it began");
    begin_ = Steady::now();
    DAIMON_TRY(covers_, look_for_covers(begin_ + profile_.wall));
    const auto looked = Steady::now() - begin_;
    auto thinned = covers_;
    std::size_t left = kCoversMax;
    for (auto& covers : thinned) {
      DAIMON_TRY(const std::size_t folders, thin_out(covers, left));
      left -= covers.size();
      result_.folders_hidden += folders;
    }
    DAIMON_CHECK(open_all(layers, thinned, options));
    DAIMON_CHECK(spawn());
    watch();
    finish();
    // A cover lies on a file, and a name can come to mean another: what a command may have seen so stays in here.
    if (result_.stopped == Stopped::kCancelled) return judge();
    DAIMON_TRY(const CoverLists now, look_for_covers(Steady::now() + 3 * looked + std::chrono::seconds(1)));
    overtaken_ = now != covers_;
    if (overtaken_)
      return fail(
          ErrorCode::kConflict,
          "a file with keys or a pipe came, went or was replaced in a mounted folder while the program ran, and it "
          "might have seen it: what it printed was thrown away",
          "run it again");
    return judge();
  }

  // Whether it never began because what was to be hidden had gone by then.
  [[nodiscard]] bool was_overtaken() const { return overtaken_ && !said_.contains(kStatusStarted); }

 private:
  Result<CoverLists> look_for_covers(Steady::time_point until) const {
    CoverLists lists;
    for (const Bind& bind : command_.read_only) {
      DAIMON_TRY(auto covers, find_covers(bind, until, command_.stop));
      lists.push_back(std::move(covers));
    }
    return lists;
  }

  Status open_all(std::uint32_t layers, const CoverLists& covers, const Options& options) {
    DAIMON_TRY(launcher_path_, find_launcher(options));
    if (::access(options.bubblewrap.c_str(), X_OK) != 0)
      return layer_missing(Layer::kNamespaces, "bubblewrap is not installed");
    if ((layers & bit_of(Layer::kCgroup)) != 0) {
      group_ = ControlGroup::create(profile_.memory_bytes, profile_.processes);
      if (group_)
        for (const int fd : group_->open_members()) members_.emplace_back(fd);
    }
    DAIMON_TRY(const std::string plan, make_plan(layers, members_.size(), profile_, command_, covers, options));
    DAIMON_TRY(plan_, sealed_memory("daimon-plan", plan));
    launcher_ = FileDescriptor(::open(launcher_path_.c_str(), O_PATH | O_CLOEXEC));
    if (!launcher_.is_open()) return std::unexpected(os_error(errno, "cannot open daimon-sandbox"));
    if (command_.input_file) {
      input_ = FileDescriptor(::open(command_.input_file->c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
      struct stat status{};
      if (!input_.is_open() || ::fstat(input_.get(), &status) != 0)
        return std::unexpected(os_error(errno, "cannot open the file that a command is to read"));
      if (!S_ISREG(status.st_mode))
        return fail(ErrorCode::kInvalidArgument, "the file that a command is to read is not a regular file");
    } else {
      DAIMON_TRY(input_, sealed_memory("daimon-input", command_.input));
    }
    for (const Bind& bind : command_.read_only) DAIMON_CHECK(open_bind(bind, false));
    for (const Bind& bind : command_.writable) DAIMON_CHECK(open_bind(bind, true));
    DAIMON_TRY(out_, make_pipe());
    DAIMON_TRY(error_, make_pipe());
    DAIMON_TRY(status_, make_pipe());
    DAIMON_TRY(info_, make_pipe());
    return {};
  }

  Status open_bind(const Bind& bind, bool writable) {
    if (!bind.source.is_absolute())
      return fail(ErrorCode::kInvalidArgument, "a folder for the sandbox must be an absolute path");
    // Opened by Daimon's right; the unprivileged user need not be able to reach it by name.
    FileDescriptor folder(
        ::open(bind.source.c_str(), writable ? O_RDONLY | O_DIRECTORY | O_CLOEXEC : O_PATH | O_CLOEXEC));
    if (!folder.is_open())
      return std::unexpected(
          os_error(errno, daimon::format("cannot open {} for a sandbox", printable(bind.source.string()))));
    if (writable && can_change_user() && ::fchown(folder.get(), kNobody, kNobody) != 0)
      return std::unexpected(os_error(errno, "cannot give the scratch folder to the sandbox's user"));
    binds_.push_back(std::move(folder));
    return {};
  }

  Status spawn() {
    // Numbers that the child needs must not be in the way of each other, so all sources move above them first.
    std::vector<FileDescriptor> moved;
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    int highest = kFirstBindFd - 1;
    bool short_of_descriptors = false;
    const auto give = [&](const FileDescriptor& source, int number) {
      const int copy = ::fcntl(source.get(), F_DUPFD_CLOEXEC, kHighFd);
      short_of_descriptors = short_of_descriptors || copy < 0;
      moved.emplace_back(copy);
      if (copy >= 0) ::posix_spawn_file_actions_adddup2(&actions, copy, number);
      highest = std::max(highest, number);
    };
    give(input_, 0);
    give(out_.write, 1);
    give(error_.write, 2);
    give(plan_, kPlanFd);
    give(status_.write, kStatusFd);
    give(launcher_, kLauncherFd);
    give(info_.write, kInfoFd);
    int next = kCgroupFd;
    for (const FileDescriptor& member : members_) give(member, next++);
    for (; next < kFirstBindFd; ++next) give(plan_, next);
    for (const FileDescriptor& bind : binds_) give(bind, next++);
    ::posix_spawn_file_actions_addclosefrom_np(&actions, highest + 1);
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    std::string name = "daimon-sandbox";
    std::string stage = "outer";
    std::array<char*, 3> argv{name.data(), stage.data(), nullptr};
    std::array<char*, 1> environment{nullptr};
    const int failed = short_of_descriptors ? EMFILE
                                            : ::posix_spawn(&pid_, launcher_path_.c_str(), &actions, &attributes,
                                                            argv.data(), environment.data());
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    if (failed != 0) return std::unexpected(os_error(failed, "cannot start daimon-sandbox"));
    process_ = FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0U)));
    for (FileDescriptor* end : {&out_.write, &error_.write, &status_.write, &info_.write}) end->close();
    return {};
  }

  // Until the launcher's process, which is bubblewrap by then, has ended.
  void watch() {
    const FileDescriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    const std::stop_callback on_stop(command_.stop, [&wake] {
      const std::uint64_t one = 1;
      static_cast<void>(::write(wake.get(), &one, sizeof one));
    });
    auto next_look = begin_ + kWatchEvery;
    bool out_open = true;
    bool error_open = true;
    bool status_open = true;
    while (true) {
      const auto now = Steady::now();
      if (command_.stop.stop_requested()) return stop(Stopped::kCancelled);
      if (now >= begin_ + profile_.wall) return stop(Stopped::kWall);
      if (now >= next_look) {
        if (const Stopped why = look(); why != Stopped::kNot) return stop(why);
        next_look = now + kWatchEvery;
      }
      std::array<pollfd, 5> polled{{{process_.get(), POLLIN, 0},
                                    {out_open ? out_.read.get() : -1, POLLIN, 0},
                                    {error_open ? error_.read.get() : -1, POLLIN, 0},
                                    {status_open ? status_.read.get() : -1, POLLIN, 0},
                                    {wake.get(), POLLIN, 0}}};
      const auto wait = std::min<Steady::time_point>(next_look, begin_ + profile_.wall) - now;
      const auto wait_ms = std::chrono::ceil<milliseconds>(wait).count();
      if (::poll(polled.data(), polled.size(), static_cast<int>(std::max<std::int64_t>(wait_ms, 0))) < 0 &&
          errno != EINTR)
        return stop(Stopped::kCancelled);
      bool ignored = false;
      if (polled[3].revents != 0) status_open = drain(status_.read, said_, 4096, ignored);
      if (polled[1].revents != 0)
        out_open = drain(out_.read, result_.out, profile_.output_bytes, result_.out_truncated);
      if (polled[2].revents != 0)
        error_open = drain(error_.read, result_.error, profile_.output_bytes, result_.error_truncated);
      if (result_.out_truncated || result_.error_truncated) return stop(Stopped::kOutput);
      if (!first_.is_open() && said_.contains(kStatusStarted)) find_first();
      if (polled[0].revents != 0) return;
    }
  }

  // The first process of the sandbox: when it is gone the kernel has ended all the others.
  void find_first() {
    std::string info;
    bool ignored = false;
    drain(info_.read, info, 4096, ignored);
    const std::size_t at = info.find("\"child-pid\":");
    if (at == std::string::npos) return;
    const long pid = std::strtol(info.c_str() + at + 12, nullptr, 10);
    if (pid > 1) first_ = FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U)));
  }

  Stopped look() {
    const TreeUse use = use_of_tree(pid_);
    result_.usage.cpu = std::max(result_.usage.cpu, use.cpu);
    result_.usage.peak_memory_bytes = std::max(result_.usage.peak_memory_bytes, use.memory_bytes);
    if (use.memory_bytes > profile_.memory_bytes) return Stopped::kMemory;
    if (use.cpu > profile_.cpu) return Stopped::kCpu;
    return Stopped::kNot;
  }

  void stop(Stopped why) { result_.stopped = why; }

  void finish() {
    if (!first_.is_open()) find_first();
    if (result_.stopped != Stopped::kNot) {
      if (first_.is_open()) ::syscall(SYS_pidfd_send_signal, first_.get(), SIGKILL, nullptr, 0U);
      // Whatever did not become bubblewrap yet, and bubblewrap, whose death ends the rest too.
      ::kill(pid_, SIGKILL);
    }
    rusage used{};
    int status = 0;
    while (::wait4(pid_, &status, 0, &used) < 0 && errno == EINTR) {
    }
    wait_status_ = status;
    if (first_.is_open()) {
      pollfd gone{first_.get(), POLLIN, 0};
      while (::poll(&gone, 1, 5000) < 0 && errno == EINTR) {
      }
    }
    bool ignored = false;
    static_cast<void>(drain(status_.read, said_, 4096, ignored));
    static_cast<void>(drain(out_.read, result_.out, profile_.output_bytes, result_.out_truncated));
    static_cast<void>(drain(error_.read, result_.error, profile_.output_bytes, result_.error_truncated));
    const auto to_ms = [](const timeval& time) { return milliseconds(time.tv_sec * 1000 + time.tv_usec / 1000); };
    result_.usage.cpu = std::max(result_.usage.cpu, to_ms(used.ru_utime) + to_ms(used.ru_stime));
    result_.usage.wall = std::chrono::duration_cast<milliseconds>(Steady::now() - begin_);
    result_.usage.peak_memory_bytes =
        std::max(result_.usage.peak_memory_bytes, static_cast<std::uint64_t>(used.ru_maxrss) * 1024);
    if (group_) {
      result_.usage.peak_memory_bytes = std::max(result_.usage.peak_memory_bytes, group_->peak_memory_bytes());
      if (group_->ran_out_of_memory() && result_.stopped == Stopped::kNot) result_.stopped = Stopped::kMemory;
    }
  }

  Result<RunResult> judge() {
    if (const std::size_t at = said_.find(kStatusError); at != std::string::npos) {
      const char layer = at + 1 < said_.size() ? said_[at + 1] : '0';
      const std::string what = said_.substr(std::min(at + 2, said_.size()));
      if (layer == kStatusExec)
        return fail(ErrorCode::kNotFound, daimon::format("cannot run {}", printable(what)), "install the program");
      return layer_missing(static_cast<Layer>(layer - '0'), what);
    }
    if (!said_.contains(kStatusStarted)) {
      if (result_.stopped != Stopped::kNot)
        return fail(ErrorCode::kCancelled, "the command was stopped before it began");
      return layer_missing(Layer::kNamespaces,
                           result_.error.empty() ? "it ended at once" : std::string(trim(result_.error)));
    }
    if (WIFSIGNALED(wait_status_)) result_.signal = WTERMSIG(wait_status_);
    const int code = WIFEXITED(wait_status_) ? WEXITSTATUS(wait_status_) : 0;
    // Bubblewrap reports a command that a signal ended the way a shell does.
    if (code > 128 && code < 128 + 65)
      result_.signal = code - 128;
    else
      result_.exit_code = code;
    if (result_.stopped == Stopped::kNot) {
      if (result_.signal == SIGXCPU) result_.stopped = Stopped::kCpu;
      if (result_.signal == SIGXFSZ) result_.stopped = Stopped::kFileSize;
    }
    return std::move(result_);
  }

  const Profile& profile_;
  const Command& command_;
  std::filesystem::path launcher_path_;
  FileDescriptor plan_, launcher_, input_, process_, first_;
  std::vector<FileDescriptor> binds_, members_;
  Pipe out_, error_, status_, info_;
  std::optional<ControlGroup> group_;
  pid_t pid_ = -1;
  int wait_status_ = 0;
  Steady::time_point begin_;
  std::string said_;  // on the status pipe
  CoverLists covers_;
  bool overtaken_ = false;
  RunResult result_;
};

}  // namespace

Result<RunResult> run(const Profile& profile, const Command& command, const Options& options) {
  constexpr int kTriesMax = 3;
  for (int tries = 1;; ++tries) {
    Child child(profile, command);
    auto ran = child.run(kEveryLayer, options);
    if (tries == kTriesMax || !child.was_overtaken()) return ran;
  }
}

#ifdef DAIMON_SANDBOX_TESTING
Result<RunResult> run_with_layers(std::uint32_t layers, const Profile& profile, const Command& command,
                                  const Options& options) {
  return Child(profile, command).run(layers, options);
}
#endif

}  // namespace daimon::sandbox
