#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <span>

#include "base/format.h"
#include "base/text.h"
#include "sandbox/child.h"
#include "sandbox/launch_plan.h"
#include "sandbox/syscall_filter.h"

namespace daimon::sandbox {
namespace {

constexpr std::string_view kLauncherInside = "/.daimon-sandbox";
// Of /etc, only what programs need to start and to write text; nothing that names people or machines.
constexpr std::array<std::string_view, 5> kEtc = {"/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts",
                                                  "/etc/localtime", "/etc/mime.types"};
constexpr std::array<std::string_view, 5> kOldFolders = {"/bin", "/sbin", "/lib", "/lib64", "/lib32"};
constexpr std::array<std::string_view, 5> kDevices = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random",
                                                      "/dev/urandom"};

using Texts = std::vector<std::string>;

void add(Texts& to, std::initializer_list<std::string_view> texts) {
  for (const std::string_view text : texts) to.emplace_back(text);
}

// A folder is covered by an empty one, a file by a device on a mount without devices: whoever opens it is refused.
void hide(Texts& arguments, const std::string& place, bool folder) {
  if (folder)
    add(arguments, {"--perms", "0555", "--size", "4096", "--tmpfs", place, "--remount-ro", place});
  else
    add(arguments, {"--ro-bind", "/dev/null", place});
}

Texts bubblewrap_arguments(const Profile& profile, const Command& command, const CoverLists& covers,
                           const Options& options) {
  Texts a{options.bubblewrap.string()};
  add(a, {"--unshare-user",
          "--unshare-ipc",
          "--unshare-pid",
          "--unshare-net",
          "--unshare-uts",
          "--unshare-cgroup-try",
          "--disable-userns",
          "--die-with-parent",
          "--new-session",
          "--cap-drop",
          "ALL",
          "--uid",
          "65534",
          "--gid",
          "65534",
          "--hostname",
          "sandbox",
          "--info-fd",
          std::to_string(kInfoFd),
          "--ro-bind",
          "/usr",
          "/usr"});
  for (const std::string_view folder : kOldFolders) {
    std::error_code failed;
    const std::filesystem::path path(folder);
    if (std::filesystem::is_symlink(path, failed))
      add(a, {"--symlink", std::filesystem::read_symlink(path, failed).string(), folder});
    else if (std::filesystem::is_directory(path, failed))
      add(a, {"--ro-bind", folder, folder});
  }
  for (const std::string_view file : kEtc) add(a, {"--ro-bind-try", file, file});
  add(a, {"--proc", "/proc", "--dev", "/dev"});
  const std::string scratch = std::to_string(profile.scratch_bytes);
  add(a, {"--size", scratch, "--tmpfs", "/tmp", "--size", scratch, "--tmpfs", "/dev/shm"});
  int fd = kFirstBindFd;
  for (std::size_t i = 0; i < command.read_only.size(); ++i) {
    const std::string& target = command.read_only[i].target;
    add(a, {"--ro-bind-fd", std::to_string(fd++), target});
    for (const Cover& cover : covers[i]) hide(a, target + "/" + cover.path.string(), cover.folder);
  }
  for (const Bind& bind : command.writable) add(a, {"--bind-fd", std::to_string(fd++), bind.target});
  add(a, {"--ro-bind-fd", std::to_string(kLauncherFd), kLauncherInside});
  // The folders that bubblewrap made for all this lie in memory and would be writable.
  add(a,
      {"--remount-ro", "/dev", "--remount-ro", "/", "--chdir", command.working_folder, "--", kLauncherInside, "inner"});
  return a;
}

bool is_clean_target(std::string_view target) {
  return target.starts_with('/') && target != "/" && !target.contains('\0') && !target.contains("/../") &&
         !target.ends_with("/..") && !target.starts_with("/usr/") && target != "/usr" && !target.starts_with("/proc") &&
         !target.starts_with("/dev");
}

Status check(const Command& command) {
  const auto refuse = [](std::string what) { return fail(ErrorCode::kInvalidArgument, std::move(what)); };
  if (command.argv.empty() || !command.argv[0].starts_with('/'))
    return refuse("a command for the sandbox must be an absolute path");
  for (const std::string& text : command.argv)
    if (text.contains('\0')) return refuse("an argument of the command contains a NUL byte");
  for (const auto& [name, value] : command.environment)
    if (name.empty() || name.contains('=') || name.contains('\0') || value.contains('\0'))
      return refuse(daimon::format("'{}' cannot be a variable of the environment", printable(name)));
  if (command.read_only.size() + command.writable.size() > 64) return refuse("too many folders for one sandbox");
  for (const auto* binds : {&command.read_only, &command.writable})
    for (const Bind& bind : *binds)
      if (!is_clean_target(bind.target))
        return refuse(daimon::format("'{}' cannot be a folder of the sandbox", printable(bind.target)));
  return {};
}

}  // namespace

bool can_change_user() {
  if (::geteuid() != 0) return false;
  // Lines of "inside outside count".
  std::ifstream map("/proc/self/uid_map");
  for (std::uint64_t inside = 0, outside = 0, count = 0; map >> inside >> outside >> count;)
    if (inside <= kNobody && kNobody < inside + count) return true;
  return false;
}

Result<std::filesystem::path> find_launcher(const Options& options) {
  std::error_code failed;
  std::vector<std::filesystem::path> places;
  if (!options.launcher.empty()) {
    places.push_back(options.launcher);
  } else {
    const auto folder = std::filesystem::read_symlink("/proc/self/exe", failed).parent_path();
    places = {folder / "daimon-sandbox", folder / "../libexec/daimon/daimon-sandbox", DAIMON_SANDBOX_LAUNCHER};
  }
  for (const auto& place : places)
    if (::access(place.c_str(), X_OK) == 0) return place;
  return fail(ErrorCode::kUnavailable, "no code can be run: Daimon's program daimon-sandbox is not where it should be",
              "build or install Daimon again");
}

Result<std::string> make_plan(std::uint32_t layers, std::size_t groups, const Profile& profile, const Command& command,
                              const CoverLists& covers, const Options& options) {
  DAIMON_CHECK(check(command));
  auto filter = syscall_filter();
  if (!filter) return layer_missing(Layer::kSeccomp, filter.error().what);
  LaunchPlan plan;
  plan.layers = layers;
  plan.cgroups = static_cast<std::uint32_t>(groups);
  plan.binds = static_cast<std::uint32_t>(command.read_only.size() + command.writable.size());
  plan.change_user = can_change_user() ? 1 : 0;
  plan.user = kNobody;
  plan.parent = ::getpid();
  plan.allow_missing_landlock = options.allow_missing_landlock ? 1 : 0;
  plan.processes = profile.processes;
  plan.memory_bytes = profile.memory_bytes;
  // Programs reserve more addresses than they use; what they use is in memory_bytes.
  plan.address_bytes = profile.memory_bytes * 4 + (4ULL << 30);
  plan.cpu_seconds = static_cast<std::uint64_t>(profile.cpu.count());
  plan.file_bytes = profile.file_bytes;

  std::string tail;
  const auto append = [&](const std::string& text) { tail += text, tail += '\0'; };
  const Texts bubblewrap = bubblewrap_arguments(profile, command, covers, options);
  for (const std::string& text : bubblewrap) append(text);
  for (const std::string& text : command.argv) append(text);
  auto environment = command.environment;
  environment.try_emplace("PATH", "/usr/bin");
  for (const auto& [name, value] : environment) append(daimon::format("{}={}", name, value));
  const auto path = [&](PathRight right, std::string_view text) {
    ++plan.path_count;
    tail += static_cast<char>(right);
    append(std::string(text));
  };
  path(PathRight::kReadRun, "/usr");
  for (const std::string_view folder : kOldFolders) path(PathRight::kReadRun, folder);
  for (const std::string_view file : kEtc) path(PathRight::kRead, file);
  path(PathRight::kRead, "/proc");
  for (const std::string_view device : kDevices) path(PathRight::kDevice, device);
  path(PathRight::kReadWrite, "/tmp");
  path(PathRight::kReadWrite, "/dev/shm");
  for (const Bind& bind : command.read_only) path(PathRight::kReadRun, bind.target);
  for (const Bind& bind : command.writable) path(PathRight::kReadWrite, bind.target);
  tail += *filter;

  plan.bubblewrap_count = static_cast<std::uint32_t>(bubblewrap.size());
  plan.argv_count = static_cast<std::uint32_t>(command.argv.size());
  plan.environment_count = static_cast<std::uint32_t>(environment.size());
  plan.filter_bytes = static_cast<std::uint32_t>(filter->size());
  plan.tail_bytes = static_cast<std::uint32_t>(tail.size());
  std::string bytes(sizeof plan, '\0');
  std::memcpy(bytes.data(), &plan, sizeof plan);
  return bytes + tail;
}

Result<FileDescriptor> sealed_memory(const char* name, const std::string& content) {
  FileDescriptor memory(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  const auto failed = [] { return std::unexpected(os_error(errno, "cannot keep the input of a command in memory")); };
  if (!memory.is_open()) return failed();
  for (std::size_t at = 0; at < content.size();) {
    const ssize_t wrote = ::write(memory.get(), content.data() + at, content.size() - at);
    if (wrote < 0 && errno != EINTR) return failed();
    if (wrote > 0) at += static_cast<std::size_t>(wrote);
  }
  ::lseek(memory.get(), 0, SEEK_SET);
  if (::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
    return failed();
  return memory;
}

std::unexpected<Error> layer_missing(Layer layer, const std::string& detail) {
  const auto say = [&](std::string_view what, std::string_view remedy) {
    return fail(ErrorCode::kUnavailable,
                daimon::format("no code can be run safely here: {} ({})", what, printable(detail)),
                std::string(remedy) + "; `daimon doctor` shows every layer");
  };
  switch (layer) {
    case Layer::kUser:
      return say("Daimon could not become an unprivileged user", "run Daimon as an ordinary user");
    case Layer::kLimits:
      return say("limits on memory and time could not be set", "raise the hard limits of Daimon's service");
    case Layer::kNamespaces:
      return say(
          "bubblewrap cannot make its sandbox",
          "install bubblewrap, allow user namespaces (sysctl user.max_user_namespaces, "
          "kernel.unprivileged_userns_clone=1, "
          "kernel.apparmor_restrict_unprivileged_userns=0), and in a container add --security-opt seccomp=unconfined "
          "--security-opt unmask=ALL");
    case Layer::kLandlock:
      return say("Landlock is not in force", "use a kernel from 5.13 with landlock in its lsm= list");
    case Layer::kSeccomp:
      return say("the filter of system calls is not in force", "use a kernel with CONFIG_SECCOMP_FILTER");
    case Layer::kCgroup:
      return say("the control group could not be joined", "give Daimon's service its own control group (Delegate=yes)");
  }
  return say("unknown layer", "");
}

}  // namespace daimon::sandbox
