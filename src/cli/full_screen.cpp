#include "cli/full_screen.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <string_view>

#include "cli/exit_code.h"

namespace daimon::cli {
namespace {

constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";
constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

// What a signal handler needs; set before the handlers are, and unchanged while they are.
bool has_keys = false;
termios cooked, raw;

// write and tcsetattr are what POSIX lets a handler call (signal-safety(7)).
void enter() {
  if (has_keys) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
  static_cast<void>(!::write(STDOUT_FILENO, kEnter.data(), kEnter.size()));
}
void leave() {
  static_cast<void>(!::write(STDOUT_FILENO, kLeave.data(), kLeave.size()));
  if (has_keys) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &cooked);
}

void on_signal(int signal) {
  const int saved = errno;
  leave();
  if (signal == SIGINT) ::_exit(kSuccess);
  if (signal == SIGTSTP) {
    ::kill(::getpid(), SIGSTOP);  // SIGTSTP itself is blocked in its handler
    enter();
  } else {
    ::signal(signal, SIG_DFL);
    ::raise(signal);
  }
  errno = saved;
}

}  // namespace

FullScreen::FullScreen(const Terminal& terminal)
    : keys_(terminal.in_is_terminal && ::tcgetattr(STDIN_FILENO, &cooked) == 0) {
  has_keys = keys_;
  raw = cooked;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  struct sigaction action{};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (const int signal : kSignals) sigaddset(&action.sa_mask, signal);
  for (const int signal : kSignals) ::sigaction(signal, &action, nullptr);
  enter();
}

FullScreen::~FullScreen() {
  leave();
  for (const int signal : kSignals) ::signal(signal, SIG_DFL);
}

bool FullScreen::quits_within(int milliseconds) const {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::milliseconds(milliseconds);
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) return false;
    pollfd polled{keys_ ? STDIN_FILENO : -1, POLLIN, 0};
    if (::poll(&polled, 1, static_cast<int>(left)) <= 0) continue;
    char key = 0;
    if (::read(STDIN_FILENO, &key, 1) <= 0) return true;  // the terminal is gone
    constexpr char kEndOfInput = 4;
    if (key == 'q' || key == 'Q' || key == kEndOfInput) return true;
  }
}

int FullScreen::rows() const {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
}

}  // namespace daimon::cli
