#include "fs/sweeper.h"

#include <chrono>
#include <utility>

namespace daimon::fs {

Sweeper::Sweeper(std::function<bool()> step)
    : step_(std::move(step)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

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
