// Tells which mounted folders have changed (inotify). What it misses a rescan finds.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace daimon::fs {

class Watcher {
 public:
  // `on_change` is called on the watcher's own thread, some 300 ms after a burst of changes below a folder, with its
  // name.
  explicit Watcher(std::function<void(const std::string& name)> on_change);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // Watches one folder (not those below it) on behalf of a mount. Does nothing when the kernel has no more watches.
  void add(const std::string& name, const std::filesystem::path& folder);
  void forget(const std::string& name);

 private:
  void run();
  std::function<void(const std::string&)> on_change_;
  int inotify_ = -1;
  int wake_ = -1;
  std::mutex mutex_;
  std::map<int, std::string> names_;  // by watch
  std::jthread thread_;
};

}  // namespace daimon::fs
