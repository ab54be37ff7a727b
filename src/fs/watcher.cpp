#include "fs/watcher.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace daimon::fs {
namespace {

// A burst has ended after this long without a change ...
constexpr std::chrono::milliseconds kQuiet{300};
// ... and is not waited for longer than this: some logs are written all the time.
constexpr std::chrono::seconds kPatience{2};
// After a scan the watcher rests for this many times as long as it took, so that changes without end keep it busy for a
// fifth of the time, but for no longer than kRestMax.
constexpr int kRest = 4;
constexpr std::chrono::seconds kRestMax{30};
// More than the whole queue of inotify takes.
constexpr int kReadsMax = 256;

}  // namespace

Watcher::Watcher(std::function<void(const std::string&)> on_change)
    : on_change_(std::move(on_change)),
      inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_ >= 0) thread_ = std::jthread([this] { run(); });
}

Watcher::~Watcher() {
  stop();
  if (inotify_ >= 0) ::close(inotify_);
  if (wake_ >= 0) ::close(wake_);
}

void Watcher::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  settled_.notify_all();
  wake();
  if (thread_.joinable()) thread_.join();
}

void Watcher::wake() const {
  // Fails only when the counter is full, and then the thread is awake.
  const std::uint64_t one = 1;
  static_cast<void>(::write(wake_, &one, sizeof one) == ssize_t{sizeof one});
}

void Watcher::add(const std::string& name, const std::filesystem::path& folder) {
  // The lock is held from before the watch is there, so that its first event finds the name.
  const std::scoped_lock lock(mutex_);
  const int watch = ::inotify_add_watch(
      inotify_, folder.c_str(),
      IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR | IN_DONT_FOLLOW);
  if (watch >= 0) names_[watch].insert(name);
}

void Watcher::forget(const std::string& name) {
  const std::scoped_lock lock(mutex_);
  changed_.erase(name);
  std::erase_if(names_, [&](auto& entry) {
    entry.second.erase(name);
    if (entry.second.empty()) ::inotify_rm_watch(inotify_, entry.first);
    return entry.second.empty();
  });
}

void Watcher::notice(const std::string& name) {
  {
    const std::scoped_lock lock(mutex_);
    note(name);
  }
  wake();
}

std::set<std::string> Watcher::settle(std::chrono::milliseconds patience) {
  if (wake_ < 0) return {};
  std::unique_lock lock(mutex_);
  const std::uint64_t ticket = ++asked_;
  wake();
  if (settled_.wait_for(lock, patience, [&] { return answered_ >= ticket || stopping_; })) return {};
  std::set<std::string> names = changed_;
  names.insert(busy_.begin(), busy_.end());
  return names;
}

void Watcher::note(const std::string& name) {
  last_change_ = Clock::now();
  if (changed_.empty()) first_change_ = last_change_;
  changed_.insert(name);
}

std::set<std::string> Watcher::due(int& wait_ms) {
  wait_ms = -1;
  if (changed_.empty()) return {};
  // Somebody waits for it.
  if (asked_ != answered_) return std::exchange(changed_, {});
  const auto at = std::max(rest_until_, std::min(last_change_ + kQuiet, first_change_ + kPatience));
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(at - Clock::now());
  if (left.count() <= 0) return std::exchange(changed_, {});
  wait_ms = static_cast<int>(left.count());
  return {};
}

void Watcher::run() {
  for (;;) {
    std::set<std::string> names;
    int wait_ms = -1;
    std::uint64_t asked = 0;
    {
      const std::scoped_lock lock(mutex_);
      asked = asked_;
    }
    // What was saved before somebody asked is in the queue by now.
    for (int i = 0; i < kReadsMax && read_events(); ++i) {
    }
    {
      const std::scoped_lock lock(mutex_);
      if (stopping_) return;
      names = busy_ = due(wait_ms);
      if (names.empty() && answered_ != asked) {
        answered_ = asked;
        settled_.notify_all();
      }
    }
    if (!names.empty()) {
      const auto begin = Clock::now();
      for (const std::string& name : names) on_change_(name);
      const auto end = Clock::now();
      const std::scoped_lock lock(mutex_);
      busy_.clear();
      rest_until_ = end + std::min<Clock::duration>((end - begin) * kRest, kRestMax);
      answered_ = asked;
      settled_.notify_all();
      continue;
    }
    // Without inotify its descriptor is -1, which poll ignores.
    std::array<pollfd, 2> wait{pollfd{inotify_, POLLIN, 0}, pollfd{wake_, POLLIN, 0}};
    ::poll(wait.data(), wait.size(), wait_ms);
    std::uint64_t count = 0;
    while (::read(wake_, &count, sizeof count) > 0) {
    }
  }
}

bool Watcher::read_events() {
  alignas(inotify_event) std::array<char, 16384> buffer{};
  const ssize_t got = ::read(inotify_, buffer.data(), buffer.size());
  if (got <= 0) return false;
  const std::scoped_lock lock(mutex_);
  for (ssize_t at = 0; at < got;) {
    const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
    at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    if ((event->mask & IN_Q_OVERFLOW) != 0) {
      for (const auto& [watch, names] : names_)
        for (const std::string& name : names) note(name);
    } else if (const auto found = names_.find(event->wd); found != names_.end()) {
      for (const std::string& name : found->second) note(name);
      if ((event->mask & IN_IGNORED) != 0) names_.erase(found);  // the folder is gone, and its watch
    }
  }
  return true;
}

}  // namespace daimon::fs
