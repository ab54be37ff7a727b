// daimon-sandbox: the program between Daimon and a command that it runs in a sandbox.
//
// It runs twice. Outside ("outer"): become an unprivileged user, take limits, become bubblewrap. Inside ("inner"), as
// the first program that bubblewrap starts: Landlock, the filter of system calls, become the command. A small static
// program of its own, because a daemon with a model in memory must not fork, and because between these steps no library
// may open a file or start a thread. Any step that fails ends it before the command begins.
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "sandbox/launch_plan.h"

namespace {

using daimon::sandbox::LaunchPlan;
using daimon::sandbox::PathRight;

// As in sandbox.h, which is not included here to keep the C++ library out.
constexpr char kUser = '0';
constexpr char kLimits = '1';
constexpr char kNamespaces = '2';
constexpr char kLandlock = '3';
constexpr char kSeccomp = '4';
constexpr char kCgroup = '5';

bool wants(const LaunchPlan& plan, char layer) { return (plan.layers >> (layer - '0') & 1U) != 0; }

[[noreturn]] void give_up(char layer, const char* what, int error) {
  char text[256];
  const int length =
      std::snprintf(text, sizeof text, "%c%c%s: %s", daimon::sandbox::kStatusError, layer, what, std::strerror(error));
  const auto bytes = static_cast<std::size_t>(length < 0 ? 0 : length);
  if (::write(daimon::sandbox::kStatusFd, text, bytes < sizeof text ? bytes : sizeof text - 1) < 0) ::_exit(124);
  ::_exit(125);
}

struct Tail {
  char** bubblewrap;
  char** argv;
  char** environment;
  const char* paths;
  const char* filter;
};

char** take_texts(const char*& at, std::uint32_t count) {
  auto** list = static_cast<char**>(std::calloc(count + 1U, sizeof(char*)));
  if (list == nullptr) give_up(kLimits, "memory", errno);
  for (std::uint32_t i = 0; i < count; ++i) {
    list[i] = const_cast<char*>(at);
    at += std::strlen(at) + 1;
  }
  return list;
}

const LaunchPlan& read_plan(Tail& tail) {
  struct stat status{};
  if (::fstat(daimon::sandbox::kPlanFd, &status) != 0) give_up(kLimits, "the plan", errno);
  const auto size = static_cast<std::size_t>(status.st_size);
  void* memory = size < sizeof(LaunchPlan) ? MAP_FAILED
                                           : ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, daimon::sandbox::kPlanFd, 0);
  if (memory == MAP_FAILED) give_up(kLimits, "the plan", errno);
  const auto& plan = *static_cast<const LaunchPlan*>(memory);
  if (plan.magic != daimon::sandbox::kPlanMagic || size != sizeof plan + plan.tail_bytes)
    give_up(kLimits, "the plan", EINVAL);
  const char* at = static_cast<const char*>(memory) + sizeof plan;
  tail.bubblewrap = take_texts(at, plan.bubblewrap_count);
  tail.argv = take_texts(at, plan.argv_count);
  tail.environment = take_texts(at, plan.environment_count);
  tail.paths = at;
  for (std::uint32_t i = 0; i < plan.path_count; ++i) at += 1 + std::strlen(at + 1) + 1;
  tail.filter = at;
  return plan;
}

void limit(__rlimit_resource resource, std::uint64_t soft, std::uint64_t hard) {
  rlimit now{};
  ::getrlimit(resource, &now);
  const rlimit wanted{soft < now.rlim_max ? soft : now.rlim_max, hard < now.rlim_max ? hard : now.rlim_max};
  if (::setrlimit(resource, &wanted) != 0) give_up(kLimits, "setrlimit", errno);
}

void take_limits(const LaunchPlan& plan) {
  limit(RLIMIT_CORE, 0, 0);
  limit(RLIMIT_CPU, plan.cpu_seconds, plan.cpu_seconds + 1);
  limit(RLIMIT_FSIZE, plan.file_bytes, plan.file_bytes);
  limit(RLIMIT_DATA, plan.memory_bytes, plan.memory_bytes);
  limit(RLIMIT_AS, plan.address_bytes, plan.address_bytes);
  limit(RLIMIT_NOFILE, 256, 256);
  limit(RLIMIT_MSGQUEUE, 0, 0);
  limit(RLIMIT_MEMLOCK, 0, 0);
  limit(RLIMIT_NICE, 0, 0);
  limit(RLIMIT_RTPRIO, 0, 0);
}

constexpr int kBindsMax = 66;  // more than Command may have, and the launcher itself

// Bubblewrap finds what it binds by name, and the unprivileged user may not be able to go there: a home of mode 0700 on
// the way is enough. So each thing that was opened by Daimon's right gets a name in a folder that anybody can enter,
// in a mount namespace that ends with the command. What the user may do with the thing itself stays as it was.
void put_within_reach(const LaunchPlan& plan) {
  if (::unshare(CLONE_NEWNS) != 0) give_up(kNamespaces, "unshare", errno);
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) give_up(kNamespaces, "private mounts", errno);
  int numbers[kBindsMax] = {daimon::sandbox::kLauncherFd};
  int again[kBindsMax];
  int count = 1;
  for (std::uint32_t i = 0; i < plan.binds && count < kBindsMax; ++i)
    numbers[count++] = daimon::sandbox::kFirstBindFd + static_cast<int>(i);
  char link[32];
  struct stat status{};
  for (int i = 0; i < count; ++i) {
    // Opened again by name, since a thing of the old namespace cannot be bound in the new one; and the same thing.
    char name[PATH_MAX];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", numbers[i]);
    const ssize_t length = ::readlink(link, name, sizeof name - 1);
    if (length <= 0) give_up(kNamespaces, link, errno);
    name[length] = '\0';
    again[i] = ::open(name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat before{};
    if (again[i] < 0 || ::fstat(numbers[i], &before) != 0 || ::fstat(again[i], &status) != 0)
      give_up(kNamespaces, name, errno);
    if (before.st_dev != status.st_dev || before.st_ino != status.st_ino) give_up(kNamespaces, name, ESTALE);
  }
  // Only now: what is bound may lie below /tmp itself.
  if (::mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=64k") != 0)
    give_up(kNamespaces, "/tmp", errno);
  for (int i = 0; i < count; ++i) {
    char place[32];
    std::snprintf(place, sizeof place, "/tmp/%d", numbers[i]);
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", again[i]);
    if (::fstat(again[i], &status) != 0) give_up(kNamespaces, place, errno);
    const int made = S_ISDIR(status.st_mode) ? ::mkdir(place, 0755) : ::mknod(place, S_IFREG | 0644, 0);
    if (made != 0 || ::mount(link, place, nullptr, MS_BIND | MS_REC, nullptr) != 0) give_up(kNamespaces, place, errno);
    ::close(again[i]);
    const int reachable = ::open(place, O_PATH | O_NOFOLLOW);
    if (reachable < 0 || ::dup2(reachable, numbers[i]) < 0) give_up(kNamespaces, place, errno);
    ::close(reachable);
  }
}

void become_unprivileged(const LaunchPlan& plan) {
  if (::setgroups(0, nullptr) != 0) give_up(kUser, "setgroups", errno);
  if (::setresgid(plan.user, plan.user, plan.user) != 0) give_up(kUser, "setresgid", errno);
  if (::setresuid(plan.user, plan.user, plan.user) != 0) give_up(kUser, "setresuid", errno);
  if (::setresuid(0, 0, 0) == 0 || ::getuid() != plan.user) give_up(kUser, "it could be taken back", EPERM);
}

[[noreturn]] void inner(const LaunchPlan& plan, const Tail& tail);

[[noreturn]] void outer(const LaunchPlan& plan, const Tail& tail) {
  for (std::uint32_t i = 0; i < plan.cgroups; ++i)
    if (wants(plan, kCgroup) && ::write(daimon::sandbox::kCgroupFd + static_cast<int>(i), "0", 1) != 1)
      give_up(kCgroup, "cgroup.procs", errno);
  ::close(daimon::sandbox::kCgroupFd);
  ::close(daimon::sandbox::kCgroupFd + 1);
  if (::chdir("/") != 0) give_up(kUser, "chdir", errno);
  if (wants(plan, kUser) && plan.change_user != 0) {
    if (wants(plan, kNamespaces)) put_within_reach(plan);
    become_unprivileged(plan);
  }
  ::umask(022);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) give_up(kSeccomp, "no_new_privs", errno);
  // After the change of user, which clears it. The parent may have died before.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up(kLimits, "the parent's death signal", errno);
  if (::getppid() != plan.parent) ::_exit(125);
  if (wants(plan, kLimits)) take_limits(plan);
  if (!wants(plan, kNamespaces)) inner(plan, tail);
  if (tail.bubblewrap[0] == nullptr) give_up(kNamespaces, "no bubblewrap in the plan", EINVAL);
  ::execv(tail.bubblewrap[0], tail.bubblewrap);
  give_up(kNamespaces, tail.bubblewrap[0], errno);
}

std::uint64_t file_rights(int abi) {
  std::uint64_t rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;  // of the first ABI
  if (abi >= 2) rights |= LANDLOCK_ACCESS_FS_REFER;
  if (abi >= 3) rights |= LANDLOCK_ACCESS_FS_TRUNCATE;
  if (abi >= 5) rights |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
  return rights;
}

void take_landlock(const LaunchPlan& plan, const char* at) {
  const auto abi =
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION));
  if (abi < 1) {
    if (plan.allow_missing_landlock != 0 && (errno == ENOSYS || errno == EOPNOTSUPP)) return;
    give_up(kLandlock, "landlock_create_ruleset", errno);
  }
  const std::uint64_t all = file_rights(abi);
  landlock_ruleset_attr attributes{};
  attributes.handled_access_fs = all;
  if (abi >= 4) attributes.handled_access_net = LANDLOCK_ACCESS_NET_BIND_TCP | LANDLOCK_ACCESS_NET_CONNECT_TCP;
  if (abi >= 6) attributes.scoped = LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL;
  const std::size_t size = abi >= 6 ? sizeof attributes : abi >= 4 ? 16 : 8;
  const auto rules = static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, size, 0));
  if (rules < 0) give_up(kLandlock, "landlock_create_ruleset", errno);
  constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
  constexpr std::uint64_t kOfFiles = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                     LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_TRUNCATE |
                                     LANDLOCK_ACCESS_FS_IOCTL_DEV;
  constexpr std::uint64_t kNever =
      LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_IOCTL_DEV;
  for (std::uint32_t i = 0; i < plan.path_count; ++i) {
    const auto right = static_cast<PathRight>(*at);
    const char* path = at + 1;
    at = path + std::strlen(path) + 1;
    const int fd = ::open(path, O_PATH | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) continue;  // not every machine has every folder below /etc
    if (fd < 0) give_up(kLandlock, path, errno);
    landlock_path_beneath_attr rule{};
    rule.parent_fd = fd;
    switch (right) {
      case PathRight::kReadRun:
        rule.allowed_access = kRead | LANDLOCK_ACCESS_FS_EXECUTE;
        break;
      case PathRight::kRead:
        rule.allowed_access = kRead;
        break;
      case PathRight::kReadWrite:
        rule.allowed_access = all & ~kNever & ~LANDLOCK_ACCESS_FS_EXECUTE;
        break;
      case PathRight::kDevice:
        rule.allowed_access = kRead | LANDLOCK_ACCESS_FS_WRITE_FILE;
        break;
    }
    struct stat status{};
    if (::fstat(fd, &status) != 0) give_up(kLandlock, path, errno);
    if (!S_ISDIR(status.st_mode)) rule.allowed_access &= kOfFiles;
    rule.allowed_access &= all;
    if (::syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
      give_up(kLandlock, path, errno);
    ::close(fd);
  }
  if (::syscall(SYS_landlock_restrict_self, rules, 0) != 0) give_up(kLandlock, "landlock_restrict_self", errno);
  ::close(rules);
}

[[noreturn]] void inner(const LaunchPlan& plan, const Tail& tail) {
  // Here, in the new user namespace, the kernel counts the sandbox's processes alone.
  if (wants(plan, kLimits)) limit(RLIMIT_NPROC, plan.processes, plan.processes);
  if (wants(plan, kLandlock)) take_landlock(plan, tail.paths);
  if (wants(plan, kSeccomp)) {
    sock_fprog program{};
    program.len = static_cast<unsigned short>(plan.filter_bytes / sizeof(sock_filter));
    auto* filter = static_cast<sock_filter*>(std::malloc(plan.filter_bytes));
    if (filter == nullptr) give_up(kSeccomp, "memory", errno);
    std::memcpy(filter, tail.filter, plan.filter_bytes);
    program.filter = filter;
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) give_up(kSeccomp, "no_new_privs", errno);
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) give_up(kSeccomp, "seccomp", errno);
  }
  if (::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) != 0) give_up(kLimits, "close_range", errno);
  const char started = daimon::sandbox::kStatusStarted;
  if (::write(daimon::sandbox::kStatusFd, &started, 1) != 1) ::_exit(125);
  if (tail.argv[0] == nullptr) give_up(daimon::sandbox::kStatusExec, "no program in the plan", EINVAL);
  ::execve(tail.argv[0], tail.argv, tail.environment);
  give_up(daimon::sandbox::kStatusExec, tail.argv[0], errno);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2 || ::fcntl(daimon::sandbox::kStatusFd, F_GETFD) < 0) {
    std::fputs("daimon-sandbox is started by Daimon, not by hand.\n", stderr);
    return 2;
  }
  Tail tail{};
  const LaunchPlan& plan = read_plan(tail);
  if (std::strcmp(arguments[1], "inner") == 0) inner(plan, tail);
  outer(plan, tail);
}
