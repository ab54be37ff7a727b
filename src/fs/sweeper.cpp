#include "fs/sweeper.h"

#include <sys/resource.h>

#include <chrono>
#include <utility>

namespace daimon::fs {

Sweeper::Sweeper(std::function<bool()> step, Pace pace)
    : step_(std::move(step)), pace_(pace), thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Sweeper::wake() {
  {
    const std::scoped_lock lock(mutex_);
    wanted_ = true;
  }
  woken_.notify_one();
}

void Sweeper::run(const std::stop_token& stop) {
  // A mutex goes to whoever is there first, which without a pause would be the next step.
  constexpr std::chrono::milliseconds kPause{1};
  constexpr int kLeastPriority = 19;
  // Linux takes 0 for the calling thread. Where it is refused the thread is as urgent as the others.
  if (pace_ == Pace::kGentle) static_cast<void>(::setpriority(PRIO_PROCESS, 0, kLeastPriority));
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      woken_.wait(lock, stop, [this] { return wanted_; });
      wanted_ = false;
    }
    while (!stop.stop_requested() && step_()) std::this_thread::sleep_for(kPause);
  }
}

}  // namespace daimon::fs
