// A thread that tidies up in small steps.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

namespace daimon::fs {

class Sweeper {
 public:
  // `step` does a little and says whether there is more to do; it is called until there is not, after opening and after
  // each wake(). Between two steps there is a pause, in which others get the locks that a step needs.
  // A gentle one takes of the processors what nobody else wants.
  enum class Pace : std::uint8_t { kQuick, kGentle };
  explicit Sweeper(std::function<bool()> step, Pace pace = Pace::kQuick);
  void wake();

 private:
  void run(const std::stop_token& stop);

  std::function<bool()> step_;
  Pace pace_;
  std::mutex mutex_;
  std::condition_variable_any woken_;
  bool wanted_ = true;
  std::jthread thread_;  // last: it uses all of the above, and its end is waited for first
};

}  // namespace daimon::fs
