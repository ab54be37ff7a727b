// Tells which mounted folders have changed (inotify), and sees to it that what changed is read again.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <thread>

namespace daimon::fs {

class Watcher {
 public:
  // `on_change` is called on the watcher's own thread, some 300 ms after a burst of changes below a folder, with its
  // name; while the changes do not end, every few seconds. Calls that take long are given longer rests between them.
  // It says whether it could read all that is there.
  explicit Watcher(std::function<bool(const std::string& name)> on_change);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // Watches one folder (not those below it) on behalf of a mount; several mounts may watch the same. A mount with a
  // folder that cannot be watched, because the kernel has no more watches, is read again whenever somebody settles.
  void add(const std::string& name, const std::filesystem::path& folder);
  void forget(const std::string& name);
  // As if something had changed below the mount.
  void notice(const std::string& name);
  // Sees to what changed below these mounts before this call, without waiting for the end of a burst, for at most
  // `patience` or until it is stopped. The names of those that on_change could not be called for by then, or failed.
  std::set<std::string> settle(std::span<const std::string> names, std::chrono::milliseconds patience,
                               const std::stop_token& stop);
  // Waits for a call of on_change that is under way; none begins after that.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;
  // Of a mount, in counts of what the watcher saw: its last change, and what the last call that began, the last that
  // ended and the last that went well had before them.
  struct Seen {
    std::uint64_t changed = 0, begun = 0, tried = 0, read = 0;
    bool unwatched = false;
    bool urgent = false;  // somebody waits for it
    [[nodiscard]] bool is_due() const { return changed > begun; }
  };
  void run();
  // What on_change is due for now; else how long to wait at most, in ms as of poll(). Under the mutex.
  std::set<std::string> due(int& wait_ms);
  void note(const std::string& name);  // under the mutex
  void read_events();                  // all that inotify has; under the mutex
  void wake() const;

  std::function<bool(const std::string&)> on_change_;
  int inotify_ = -1;
  int wake_ = -1;
  std::mutex mutex_;
  bool stopping_ = false;
  std::map<int, std::set<std::string>> names_;  // by watch
  std::map<std::string, Seen> mounts_;
  std::uint64_t count_ = 0;
  Clock::time_point first_change_, last_change_;  // of what is due
  Clock::time_point rest_until_, short_rest_until_;
  std::condition_variable_any tried_;
  std::jthread thread_;
};

}  // namespace daimon::fs
