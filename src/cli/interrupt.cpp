#include "cli/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

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

}  // namespace daimon::cli
