#include "fs/watcher.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <set>
#include <utility>

namespace daimon::fs {
namespace {
constexpr int kQuietMilliseconds = 300;
}

Watcher::Watcher(std::function<void(const std::string&)> on_change)
    : on_change_(std::move(on_change)),
      inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)),
      wake_(::eventfd(0, EFD_CLOEXEC)) {
  if (inotify_ >= 0) thread_ = std::jthread([this] { run(); });
}

Watcher::~Watcher() {
  const std::uint64_t one = 1;
  if (thread_.joinable() && ::write(wake_, &one, sizeof one) == ssize_t{sizeof one}) thread_.join();
  if (inotify_ >= 0) ::close(inotify_);
  if (wake_ >= 0) ::close(wake_);
}

void Watcher::add(const std::string& name, const std::filesystem::path& folder) {
  if (inotify_ < 0) return;
  const int watch = ::inotify_add_watch(
      inotify_, folder.c_str(),
      IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR | IN_DONT_FOLLOW);
  if (watch < 0) return;
  const std::scoped_lock lock(mutex_);
  names_[watch] = name;
}

void Watcher::forget(const std::string& name) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(names_, [&](const auto& entry) {
    if (entry.second != name) return false;
    ::inotify_rm_watch(inotify_, entry.first);
    return true;
  });
}

void Watcher::run() {
  std::set<std::string> changed;
  for (;;) {
    std::array<pollfd, 2> wait{pollfd{inotify_, POLLIN, 0}, pollfd{wake_, POLLIN, 0}};
    const int ready = ::poll(wait.data(), wait.size(), changed.empty() ? -1 : kQuietMilliseconds);
    if ((wait[1].revents & POLLIN) != 0) return;
    if (ready == 0) {
      for (const std::string& name : std::exchange(changed, {})) on_change_(name);
      continue;
    }
    alignas(inotify_event) std::array<char, 16384> buffer{};
    const ssize_t got = ::read(inotify_, buffer.data(), buffer.size());
    const std::scoped_lock lock(mutex_);
    for (ssize_t at = 0; at < got;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      if ((event->mask & IN_Q_OVERFLOW) != 0)
        for (const auto& [watch, name] : names_) changed.insert(name);
      else if (const auto found = names_.find(event->wd); found != names_.end())
        changed.insert(found->second);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  }
}

}  // namespace daimon::fs
