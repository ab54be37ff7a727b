// Tells which mounted folders have changed (inotify). What it misses a rescan finds.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>

namespace daimon::fs {

class Watcher {
 public:
  // `on_change` is called on the watcher's own thread, some 300 ms after a burst of changes below a folder, with its
  // name; while the changes do not end, every few seconds. Calls that take long are given longer rests between them.
  explicit Watcher(std::function<void(const std::string& name)> on_change);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // Watches one folder (not those below it) on behalf of a mount; several mounts may watch the same. Does nothing when
  // the kernel has no more watches.
  void add(const std::string& name, const std::filesystem::path& folder);
  void forget(const std::string& name);
  // As if something had changed below the mount.
  void notice(const std::string& name);
  // Sees to everything that changed before this call, without waiting for the end of a burst, for at most `patience`.
  // The names of what it could not see to by then.
  std::set<std::string> settle(std::chrono::milliseconds patience);
  // Waits for a call of on_change that is under way; none begins after that.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;
  void run();
  // What on_change is due for now; else how long to wait at most, in ms as of poll(). Under the mutex.
  std::set<std::string> due(int& wait_ms);
  void note(const std::string& name);  // under the mutex
  // Takes what inotify has; false when there is nothing.
  bool read_events();
  void wake() const;

  std::function<void(const std::string&)> on_change_;
  int inotify_ = -1;
  int wake_ = -1;
  std::mutex mutex_;
  bool stopping_ = false;
  std::map<int, std::set<std::string>> names_;  // by watch
  std::set<std::string> changed_;
  Clock::time_point first_change_, last_change_;  // of changed_
  Clock::time_point rest_until_;
  std::set<std::string> busy_;              // what on_change is called for now
  std::uint64_t asked_ = 0, answered_ = 0;  // calls of settle, and which of them was answered last
  std::condition_variable settled_;
  std::jthread thread_;
};

}  // namespace daimon::fs
