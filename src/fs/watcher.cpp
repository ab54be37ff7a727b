#include "fs/watcher.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

namespace daimon::fs {
namespace {

// A burst has ended after this long without a change ...
constexpr std::chrono::milliseconds kQuiet{300};
// ... and is not waited for longer than this: some logs are written all the time.
constexpr std::chrono::seconds kPatience{2};
// After a scan the watcher rests for this many times as long as it took, so that changes without end keep it busy for a
// fifth of the time, but for no longer than kRestMax. Where somebody waits it rests as long as it took: a mount that
// somebody asks for gets its turn.
constexpr int kRest = 4;
constexpr std::chrono::seconds kRestMax{30};

}  // namespace

Watcher::Watcher(std::function<bool(const std::string&)> on_change)
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
  tried_.notify_all();
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
  if (watch >= 0)
    names_[watch].insert(name);
  else if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)  // it is gone; nothing of it can be read
    mounts_[name].unwatched = true;
}

void Watcher::forget(const std::string& name) {
  const std::scoped_lock lock(mutex_);
  mounts_.erase(name);
  std::erase_if(names_, [&](auto& entry) {
    entry.second.erase(name);
    if (entry.second.empty()) ::inotify_rm_watch(inotify_, entry.first);
    return entry.second.empty();
  });
  tried_.notify_all();
}

void Watcher::notice(const std::string& name) {
  {
    const std::scoped_lock lock(mutex_);
    note(name);
  }
  wake();
}

std::set<std::string> Watcher::settle(std::span<const std::string> names, std::chrono::milliseconds patience,
                                      const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  // What was saved before this call is in the queue by now.
  read_events();
  std::map<std::string, std::uint64_t> wanted;
  for (const std::string& name : names) {
    const auto seen = mounts_.find(name);
    if (seen == mounts_.end()) continue;
    if (seen->second.unwatched) note(name);
    if (seen->second.changed > seen->second.read) {
      // What failed is tried again.
      if (seen->second.tried >= seen->second.changed) note(name);
      seen->second.urgent = seen->second.is_due();
      wanted.emplace(name, seen->second.changed);
    }
  }
  if (wanted.empty()) return {};
  wake();
  const auto at_least = [&](const auto& one, std::uint64_t Seen::* reached) {
    const auto seen = mounts_.find(one.first);
    return seen == mounts_.end() || seen->second.*reached >= one.second;
  };
  tried_.wait_for(lock, stop, patience, [&] {
    return stopping_ || wake_ < 0 ||
           std::ranges::all_of(wanted, [&](const auto& one) { return at_least(one, &Seen::tried); });
  });
  std::set<std::string> behind;
  for (const auto& one : wanted)
    if (!at_least(one, &Seen::read)) behind.insert(one.first);
  return behind;
}

void Watcher::note(const std::string& name) {
  const bool none = std::ranges::none_of(mounts_, [](const auto& mount) { return mount.second.is_due(); });
  last_change_ = Clock::now();
  if (none) first_change_ = last_change_;
  mounts_[name].changed = ++count_;
}

std::set<std::string> Watcher::due(int& wait_ms) {
  wait_ms = -1;
  bool any = false, urgent = false;
  for (const auto& [name, seen] : mounts_) {
    any = any || seen.is_due();
    urgent = urgent || (seen.is_due() && seen.urgent);
  }
  if (!any) return {};
  const auto now = Clock::now();
  const auto regular = std::max(rest_until_, std::min(last_change_ + kQuiet, first_change_ + kPatience));
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>((urgent ? std::min(regular, short_rest_until_) : regular) - now);
  if (left.count() > 0) {
    wait_ms = static_cast<int>(left.count());
    return {};
  }
  std::set<std::string> names;
  for (auto& [name, seen] : mounts_)
    if (seen.is_due() && (seen.urgent || regular <= now)) names.insert(name);
  return names;
}

void Watcher::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    read_events();
    if (stopping_) return;
    int wait_ms = -1;
    const auto names = due(wait_ms);
    const auto begin = Clock::now();
    bool only_urgent = true;
    for (const std::string& name : names) {
      const auto seen = mounts_.find(name);
      if (seen == mounts_.end() || stopping_) continue;
      only_urgent = only_urgent && seen->second.urgent;
      const std::uint64_t before = seen->second.begun = count_;
      seen->second.urgent = seen->second.unwatched = false;
      lock.unlock();
      const bool all = on_change_(name);
      lock.lock();
      if (const auto again = mounts_.find(name); again != mounts_.end()) {
        again->second.tried = before;
        if (all) again->second.read = before;
      }
      tried_.notify_all();
    }
    if (!names.empty()) {
      const auto end = Clock::now();
      if (!only_urgent) rest_until_ = end + std::min<Clock::duration>((end - begin) * kRest, kRestMax);
      short_rest_until_ = end + std::min<Clock::duration>(end - begin, kRestMax);
      continue;
    }
    lock.unlock();
    // Without inotify its descriptor is -1, which poll ignores.
    std::array<pollfd, 2> wait{pollfd{inotify_, POLLIN, 0}, pollfd{wake_, POLLIN, 0}};
    ::poll(wait.data(), wait.size(), wait_ms);
    std::uint64_t count = 0;
    // Neither this descriptor nor inotify's blocks.
    while (::read(wake_, &count, sizeof count) > 0) {  // NOLINT(clang-analyzer-unix.BlockInCriticalSection)
    }
    lock.lock();
  }
}

void Watcher::read_events() {
  alignas(inotify_event) std::array<char, 65536> buffer;  // NOLINT: filled by read
  for (;;) {
    const ssize_t got =
        ::read(inotify_, buffer.data(), buffer.size());  // NOLINT(clang-analyzer-unix.BlockInCriticalSection)
    if (got <= 0) return;
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
  }
}

}  // namespace daimon::fs
