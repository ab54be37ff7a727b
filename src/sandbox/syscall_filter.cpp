#include "sandbox/syscall_filter.h"

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <initializer_list>

#include "base/format.h"

namespace daimon::sandbox {
namespace {

constexpr auto kDenied = SCMP_ACT_ERRNO(EPERM);
constexpr auto kAbsent = SCMP_ACT_ERRNO(ENOSYS);

// The bits of a socket's type beside its flags, as the kernel masks them.
constexpr std::uint64_t kSocketTypes = 0xF;

// Names, so that a call newer than the headers is known too; one that libseccomp does not know is skipped.
constexpr std::initializer_list<const char*> kDeniedCalls = {
    // the sandbox itself: mounts, namespaces, roots
    "mount", "umount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "open_tree_attr", "fsopen",
    "fsconfig", "fsmount", "fspick", "mount_setattr", "setns", "unshare", "open_by_handle_at", "name_to_handle_at",
    "fanotify_init",
    // other processes
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd",
    // large, often exploited parts of the kernel
    "bpf", "perf_event_open", "userfaultfd", "add_key", "request_key", "keyctl", "lookup_dcookie", "vm86", "vm86old",
    "modify_ldt", "uselib", "nfsservctl", "remap_file_pages", "move_pages", "migrate_pages", "mbind", "set_mempolicy",
    // the machine
    "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "create_module", "reboot",
    "swapon", "swapoff", "acct", "quotactl", "quotactl_fd", "iopl", "ioperm", "syslog", "vhangup", "settimeofday",
    "clock_settime", "clock_settime64", "clock_adjtime", "clock_adjtime64", "adjtimex", "stime", "sethostname",
    "setdomainname", "mlock", "mlock2", "mlockall",
    // a lock on a file of a read-only mount keeps its owner's programs from it; locks of ranges stay (see below)
    "flock",
    // memory that nobody's resident size shows
    "shmget", "shmat", "semget", "msgget", "mq_open"};
constexpr std::initializer_list<const char*> kAbsentCalls = {
    "io_uring_setup", "io_uring_enter", "io_uring_register",
    "clone3",  // its flags are behind a pointer; the C library falls back to clone
    "memfd_create",   "memfd_secret"};

class Filter {
 public:
  Filter() : context_(::seccomp_init(SCMP_ACT_ALLOW)) {
    if (context_ == nullptr) error_ = ENOMEM;
  }
  ~Filter() {
    if (context_ != nullptr) ::seccomp_release(context_);
  }
  Filter(const Filter&) = delete;

  template <class... Comparisons>
  void refuse(std::uint32_t action, const char* name, Comparisons... comparisons) {
    const int number = ::seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR || error_ != 0) return;
    const std::initializer_list<scmp_arg_cmp> list = {comparisons...};
    const int result =
        ::seccomp_rule_add_array(context_, action, number, static_cast<unsigned>(list.size()), list.begin());
    // EDOM: the call does not exist on this architecture.
    if (result != 0 && result != -EDOM && result != -EEXIST) error_ = -result;
  }

  Result<std::string> bytes() {
    // A tree, so that a call costs some ten instructions, not one for each rule.
    if (error_ == 0) error_ = -::seccomp_attr_set(context_, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    std::size_t size = 0;
    if (error_ == 0) error_ = -::seccomp_export_bpf_mem(context_, nullptr, &size);
    std::string program(size, '\0');
    if (error_ == 0) error_ = -::seccomp_export_bpf_mem(context_, program.data(), &size);
    if (error_ != 0)
      return fail(ErrorCode::kUnavailable, daimon::format("the filter of system calls could not be made ({})", error_));
    return program;
  }

 private:
  scmp_filter_ctx context_;
  int error_ = 0;
};

Result<std::string> make_filter() {
  Filter filter;
  for (const char* name : kDeniedCalls) filter.refuse(kDenied, name);
  for (const char* name : kAbsentCalls) filter.refuse(kAbsent, name);
  for (const auto flag : std::to_array<std::uint64_t>(
           {CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET}))
    filter.refuse(kDenied, "clone", scmp_arg_cmp{0, SCMP_CMP_MASKED_EQ, flag, flag});
  // No socket of any family: one of AF_UNIX reaches whoever listens below a mounted folder, read-only or not, and that
  // can be Daimon itself. Pairs of connected streams, which name nobody, stay: asyncio and multiprocessing need them.
  // A datagram of a pair could still be sent to a name.
  filter.refuse(kDenied, "socket");
  filter.refuse(kDenied, "socketpair", scmp_arg_cmp{0, SCMP_CMP_NE, AF_UNIX, 0});
  for (std::uint64_t type = 0; type <= kSocketTypes; ++type)
    if (type != SOCK_STREAM)
      filter.refuse(kDenied, "socketpair", scmp_arg_cmp{1, SCMP_CMP_MASKED_EQ, kSocketTypes, type});
  // Leases and notices of changes on other people's files. A range of a file that is open for reading can be locked for
  // reading: databases are read that way, and it holds back a writer for no longer than the command lives.
  for (const auto command : std::to_array<std::uint64_t>({F_SETLEASE, F_NOTIFY}))
    filter.refuse(kDenied, "fcntl", scmp_arg_cmp{1, SCMP_CMP_MASKED_EQ, 0xFFFFFFFF, command});
  for (const auto bit : std::to_array<std::uint64_t>({S_ISUID, S_ISGID})) {
    const auto has = [bit](unsigned argument) { return scmp_arg_cmp{argument, SCMP_CMP_MASKED_EQ, bit, bit}; };
    filter.refuse(kDenied, "chmod", has(1));
    filter.refuse(kDenied, "fchmod", has(1));
    filter.refuse(kDenied, "fchmodat", has(2));
    filter.refuse(kDenied, "fchmodat2", has(2));
    filter.refuse(kDenied, "creat", has(1));
    filter.refuse(kDenied, "mkdir", has(1));
    filter.refuse(kDenied, "mkdirat", has(2));
    filter.refuse(kDenied, "mknod", has(1));
    filter.refuse(kDenied, "mknodat", has(2));
    // The mode of open counts only when it creates; a stray one is harmless to refuse.
    filter.refuse(kDenied, "open", has(2));
    filter.refuse(kDenied, "openat", has(3));
  }
  for (const auto type : std::to_array<std::uint64_t>({S_IFCHR, S_IFBLK})) {
    filter.refuse(kDenied, "mknod", scmp_arg_cmp{1, SCMP_CMP_MASKED_EQ, S_IFMT, type});
    filter.refuse(kDenied, "mknodat", scmp_arg_cmp{2, SCMP_CMP_MASKED_EQ, S_IFMT, type});
  }
  // Typing into a terminal: the command has none, so this is a second lock.
  filter.refuse(kDenied, "ioctl", scmp_arg_cmp{1, SCMP_CMP_MASKED_EQ, 0xFFFFFFFF, TIOCSTI});
  filter.refuse(kDenied, "ioctl", scmp_arg_cmp{1, SCMP_CMP_MASKED_EQ, 0xFFFFFFFF, 0x541C /* TIOCLINUX */});
  filter.refuse(kDenied, "personality", scmp_arg_cmp{0, SCMP_CMP_MASKED_EQ, 0x00FF, 0x0008 /* PER_LINUX32 */});
  return filter.bytes();
}

}  // namespace

Result<std::string> syscall_filter() {
  static const Result<std::string> kFilter = make_filter();
  return kFilter;
}

}  // namespace daimon::sandbox
