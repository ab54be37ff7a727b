// daimon serve --daemon: boots the kernel, serves it, and ends when it is told to.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <thread>

#include "api/server.h"
#include "api/socket.h"
#include "base/clock.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/build_id.h"
#include "cli/command.h"
#include "cli/daemon_start.h"
#include "kernel/configuration.h"

namespace daimon::cli {
namespace {

constexpr std::chrono::seconds kDyingTime{5};

// What others find in the lock (daemon_start.h).
Status tell(const Folders& folders, const FileDescriptor& lock, JsonObject more) {
  more["pid"] = static_cast<std::int64_t>(::getpid());
  more["socket"] = folders.socket().native();
  const std::string text = to_text(more) + "\n";
  // In this order there is always something in it.
  if (::pwrite(lock.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()) &&
      ::ftruncate(lock.get(), static_cast<off_t>(text.size())) == 0)
    return {};
  return std::unexpected(os_error(errno, daimon::format("writing {}", printable(folders.daemon_lock().native()))));
}

// Whether there is a daemon that says something: of one that is dying the socket is still there.
bool answers(const Folders& folders) {
  auto client = running_daemon(folders);
  if (!client) return false;
  client->set_timeout(std::chrono::seconds(1));
  return client->get("/v1/status").has_value();
}

// One daemon a state folder, whoever starts it and however it is found: two would write one journal.
Result<FileDescriptor> lock_state(const Folders& folders) {
  FileDescriptor lock(::open(folders.daemon_lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.is_open())
    return std::unexpected(os_error(errno, daimon::format("opening {}", printable(folders.daemon_lock().native()))));
  // One that was killed a moment ago has its lock until the machine has taken all its memory back; it does not answer.
  const auto deadline = std::chrono::steady_clock::now() + kDyingTime;
  bool locked = false;
  while (!(locked = ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) && !answers(folders) &&
         std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  if (!locked) {
    const auto told = told_of_daemon(folders);
    const auto pid = told ? find_integer(*told, "pid") : std::nullopt;
    return fail(ErrorCode::kConflict,
                pid ? daimon::format("a daemon is already running (pid {})", *pid) : "a daemon is already running",
                "commands use that one; `daimon stop` ends it");
  }
  DAIMON_CHECK(tell(folders, lock, {}));
  return lock;
}

void log(const Session& session, std::string_view line) {
  session.terminal.err.write(daimon::format("{} {}\n", to_iso8601(SystemClock().now()), line));
}

}  // namespace

int run_daemon(const Session& session) {
  // What the person's shell says is for the person's files; the daemon's own are nobody else's.
  const mode_t umask = ::umask(0077);
  // Signals come to this thread alone, when it waits for them; threads made from here on inherit the mask.
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);

  const auto lock = lock_state(session.folders);
  if (!lock) return session.failed(lock.error());
  log(session, daimon::format("daimon {} starts, pid {}", version(), ::getpid()));
  kernel::BootOptions boot;
  boot.state_folder = session.folders.state;
  boot.config_folder = session.folders.config;
  boot.umask = umask;
  boot.build = version();
  boot.log = [&session](std::string_view line) { log(session, line); };
  boot.runtime_folder = session.folders.runtime;
  const auto configuration = kernel::read_configuration(boot.config_folder);
  if (!configuration) return session.failed(configuration.error());
  const auto system = session.boot(boot);
  if (!system) return session.failed(system.error());
  api::ServerOptions options;
  options.socket = session.folders.socket();
  options.token_file = session.folders.tokens();
  options.version = version();
  options.allowed_origins = configuration->origins;
  options.on_shutdown = [] { ::kill(::getpid(), SIGTERM); };
  auto server = api::Server::start(**system, std::move(options));
  if (!server) return session.failed(server.error());
  log(session, daimon::format("ready at {}", printable(session.folders.socket().native())));
  int signal = 0;
  do {
    ::sigwait(&signals, &signal);
  } while (signal == SIGHUP);  // the terminal it was started from has gone; the daemon stays
  log(session, "ending; processes go on at the next start");
  // First, so that nobody takes the end for a crash. Where there is no room to say so, somebody does.
  static_cast<void>(tell(session.folders, *lock, {{"stopped", true}}));
  server->reset();
  return kSuccess;
}

}  // namespace daimon::cli
