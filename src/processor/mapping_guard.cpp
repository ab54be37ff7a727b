#include "processor/mapping_guard.h"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <mutex>

namespace daimon::processor {
namespace {

struct Slot {
  std::atomic<const MappingGuard*> owner = nullptr;
  std::atomic<std::uintptr_t> begin = 0, end = 0;  // empty: not watched
};
std::array<Slot, 256> slots;  // read by the handler, so nothing is ever locked or freed
struct sigaction before_us;
std::uintptr_t page_bytes = 4096;

void on_bus_error(int number, siginfo_t* info, void*) {
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  for (const Slot& slot : slots) {
    const std::uintptr_t end = slot.end.load();
    if (info->si_code <= 0 || address < slot.begin.load() || address >= end) continue;
    // What follows is beyond the end of the file too.
    const std::uintptr_t page = address & ~(page_bytes - 1);
    if (mmap(reinterpret_cast<void*>(page), end - page, PROT_READ,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) != MAP_FAILED)
      return;
  }
  sigaction(number, &before_us, nullptr);
  // The instruction is tried again, and fails as it would have; a signal that was only sent is sent again.
  if (info->si_code <= 0) raise(number);
}

void set_handler() {
  static std::once_flag once;
  std::call_once(once, [] {
    page_bytes = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
    struct sigaction action{};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, &before_us);
  });
}

}  // namespace

bool MappingGuard::watch(std::span<const std::pair<std::uintptr_t, std::uintptr_t>> ranges) {
  if (!ranges.empty()) set_handler();
  static std::mutex mutex;
  const std::scoped_lock lock(mutex);
  std::size_t next = 0;
  for (Slot& slot : slots) {
    if (slot.owner != nullptr && slot.owner != this) continue;
    const bool used = next < ranges.size();
    slot.end = 0;
    slot.owner = used ? this : nullptr;
    if (!used) continue;
    slot.begin = ranges[next].first;
    slot.end = ranges[next++].second;
  }
  return next == ranges.size();
}

}  // namespace daimon::processor
