#include "cli/interrupt.h"

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <iostream>

#include "cli/exit_code.h"

namespace daimon::cli {
namespace {

constexpr int kPatience = 3;
std::atomic<int> interrupts = 0;
std::atomic<int> descriptor_to_raise = -1;

void on_interrupt(int) {
  const int saved = errno;
  if (++interrupts >= kPatience) ::_exit(kInterrupted);
  const std::uint64_t one = 1;
  static_cast<void>(!::write(descriptor_to_raise, &one, sizeof one));
  errno = saved;
}

}  // namespace

Interrupts::Interrupts() {
  interrupts = 0;
  descriptor_to_raise = flag_.get();
  struct sigaction action{};
  action.sa_handler = on_interrupt;  // without SA_RESTART: a read of the terminal ends
  ::sigaction(SIGINT, &action, nullptr);
}

Interrupts::~Interrupts() {
  ::signal(SIGINT, SIG_DFL);
  descriptor_to_raise = -1;
}

int Interrupts::count() const { return interrupts; }

void Interrupts::reset() const {
  interrupts = 0;
  flag_.clear();
}

FileDescriptor Interrupts::line_or_interrupt() const {
  FileDescriptor either(::epoll_create1(EPOLL_CLOEXEC));
  for (const int descriptor : {STDIN_FILENO, flag_.get()}) {
    epoll_event event{};
    event.events = EPOLLIN;
    static_cast<void>(::epoll_ctl(either.get(), EPOLL_CTL_ADD, descriptor, &event));
  }
  return either;
}

bool Interrupts::read_line(std::string& line) const {
  // A terminal gives a line at a time, so nothing of the next one waits in the program's own buffer.
  while (::isatty(STDIN_FILENO) != 0) {
    std::array<pollfd, 2> polled{{{STDIN_FILENO, POLLIN, 0}, {flag_.get(), POLLIN, 0}}};
    const int ready = ::poll(polled.data(), polled.size(), -1);
    if (count() > 0) return false;
    if (ready > 0 && polled[0].revents != 0) break;
    if (ready < 0 && errno != EINTR) break;
  }
  return static_cast<bool>(std::getline(std::cin, line));
}

}  // namespace daimon::cli
