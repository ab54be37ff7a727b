#include "cli/daemon_start.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "api/socket.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/build_id.h"

namespace daimon::cli {
namespace {

using api::Client;
using namespace std::chrono_literals;

constexpr auto kStartTime = 120s;  // recovery of a long journal and loading of a large model are part of it
constexpr auto kStopTime = 30s;
constexpr auto kStep = 20ms;
constexpr std::size_t kLogShown = 1500;  // bytes
constexpr std::uintmax_t kLogBytesMax = 8U << 20U;

Result<std::string> version_of(const Client& client) {
  Client quick(client.socket());
  quick.set_timeout(10s);
  DAIMON_TRY(const Json status, quick.get("/v1/status"));
  return std::string(find_string(status, "version").value_or(""));
}

Result<FileDescriptor> lock_start(const Folders& folders) {
  FileDescriptor lock(::open(folders.start_lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.is_open())
    return std::unexpected(os_error(errno, daimon::format("opening {}", printable(folders.start_lock().native()))));
  const auto deadline = std::chrono::steady_clock::now() + kStartTime;
  while (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      return std::unexpected(os_error(errno, "locking the start of the daemon"));
    if (std::chrono::steady_clock::now() > deadline)
      return fail(ErrorCode::kUnavailable, "another program has been starting the daemon for too long",
                  "`daimon doctor` says what is wrong");
    std::this_thread::sleep_for(kStep);
  }
  return lock;
}

std::string end_of_log(const Folders& folders, std::uintmax_t from) {
  std::ifstream log(folders.log(), std::ios::binary);
  log.seekg(static_cast<std::streamoff>(from));
  std::string text((std::istreambuf_iterator<char>(log)), std::istreambuf_iterator<char>());
  if (text.size() > kLogShown) {
    text.erase(0, text.size() - kLogShown);
    text.erase(0, text.find('\n') + 1);
  }
  return printable_block(trim(text));
}

bool is_full(const std::filesystem::path& folder) {
  std::error_code failed;
  const auto space = std::filesystem::space(folder, failed);
  return !failed && space.available == 0;
}

// The daemon's process: a session of its own, no terminal, everything it says into the log.
[[noreturn]] void become_daemon(int log, const std::vector<char*>& words, const std::vector<char*>& environment) {
  ::setsid();
  const int nothing = ::open("/dev/null", O_RDONLY);
  if (nothing < 0 || ::chdir("/") != 0) ::_exit(127);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::execve("/proc/self/exe", words.data(), environment.data());
  ::_exit(127);
}

Result<Client> start_daemon(const Folders& folders) {
  std::error_code failed;
  std::uintmax_t log_size = std::filesystem::file_size(folders.log(), failed);
  if (failed) log_size = 0;
  if (log_size > kLogBytesMax) {
    std::filesystem::rename(folders.log(), folders.log().native() + ".1", failed);
    log_size = 0;
  }
  std::string program = "daimon", serve = "serve", daemon = "--daemon";
  const std::vector<char*> words{program.data(), serve.data(), daemon.data(), nullptr};
  // The context memory of a model is cleared when it is made: in pages of 4 KiB that is most of the time of its
  // loading.
  std::string large_pages = "GLIBC_TUNABLES=glibc.malloc.hugetlb=1";
  std::vector<char*> environment;
  for (char** variable = environ; *variable != nullptr; ++variable) environment.push_back(*variable);
  if (::getenv("GLIBC_TUNABLES") == nullptr) environment.push_back(large_pages.data());
  environment.push_back(nullptr);
  const FileDescriptor log(::open(folders.log().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!log.is_open())
    return std::unexpected(os_error(errno, daimon::format("opening {}", printable(folders.log().native()))));
  const pid_t pid = ::fork();
  if (pid < 0) return std::unexpected(os_error(errno, "starting the daemon"));
  if (pid == 0) become_daemon(log.get(), words, environment);
  Client client(folders.socket());
  const auto deadline = std::chrono::steady_clock::now() + kStartTime;
  while (std::chrono::steady_clock::now() < deadline) {
    if (api::connect_unix(folders.socket()) && version_of(client)) return client;
    int how = 0;
    if (::waitpid(pid, &how, WNOHANG) == pid) {
      const std::string said = end_of_log(folders, log_size);
      // Then it could not say why.
      if (is_full(folders.state))
        return fail(
            ErrorCode::kUnavailable,
            daimon::format("the daemon did not start: the disk of {} is full", printable(folders.state.native())),
            "free some disk space (df -h shows where), then try again; nothing was lost");
      return fail(ErrorCode::kUnavailable,
                  daimon::format("the daemon did not start{}{}", said.empty() ? "" : ":\n", said),
                  daimon::format("its log: {}", printable(folders.log().native())));
    }
    std::this_thread::sleep_for(kStep);
  }
  return fail(ErrorCode::kUnavailable, daimon::format("the daemon (pid {}) has not become ready in time", pid),
              daimon::format("its log: {}", printable(folders.log().native())));
}

}  // namespace

Result<Json> told_of_daemon(const Folders& folders) {
  std::ifstream file(folders.daemon_lock(), std::ios::binary);
  return parse_json(std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>()));
}

bool was_stopped(const Folders& folders) {
  const auto told = told_of_daemon(folders);
  return told && find_bool(*told, "stopped").value_or(false);
}

Result<Client> running_daemon(const Folders& folders) {
  if (const auto own = api::connect_unix(folders.socket()); own || own.error().code != ErrorCode::kUnavailable)
    return Client(folders.socket());
  // One that was started where XDG_RUNTIME_DIR is another serves the same state, so it is the one.
  const auto told = told_of_daemon(folders);
  if (told)
    if (const auto socket = find_string(*told, "socket"); socket && api::connect_unix(std::string(*socket)))
      return Client(std::string(*socket));
  return fail(ErrorCode::kUnavailable, "the daemon is not running",
              "any command that needs it starts it, such as `daimon ps`");
}

Status stop_daemon(const Folders& folders, const Client& client) {
  DAIMON_CHECK(client.post("/v1/shutdown", JsonObject{}));
  // Ended is when its lock is free: the socket goes first, the journal is closed after.
  const auto deadline = std::chrono::steady_clock::now() + kStopTime;
  while (std::chrono::steady_clock::now() < deadline) {
    const FileDescriptor lock(::open(folders.daemon_lock().c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (!lock.is_open() || ::flock(lock.get(), LOCK_SH | LOCK_NB) == 0) return {};
    std::this_thread::sleep_for(kStep);
  }
  return fail(ErrorCode::kTimeout, "the daemon does not end",
              daimon::format("its log: {}", printable(folders.log().native())));
}

Result<Client> reach_daemon(const Folders& folders, const Terminal& terminal) {
  const std::string ours = version();
  if (const auto client = running_daemon(folders))
    if (const auto theirs = version_of(*client); theirs && *theirs == ours) return *client;
  DAIMON_TRY(const FileDescriptor lock, lock_start(folders));
  if (const auto client = running_daemon(folders)) {
    const auto theirs = version_of(*client);
    if (theirs && *theirs == ours) return *client;
    if (!theirs && theirs.error().code != ErrorCode::kUnavailable) {
      Error error = theirs.error();
      error.what = daimon::format("the daemon does not answer: {}", error.what);
      if (error.remedy.empty()) error.remedy = daimon::format("its log: {}", printable(folders.log().native()));
      return std::unexpected(std::move(error));
    }
    if (theirs) {
      terminal.err.write(
          terminal.err.paint(Style::kDim,
                             daimon::format("daimon: replacing the daemon of another build ({})", printable(*theirs))) +
          "\n");
      DAIMON_CHECK(stop_daemon(folders, *client));
    }
  }
  return start_daemon(folders);
}

}  // namespace daimon::cli
