#include "kernel/event_stream.h"

namespace daimon::kernel {
namespace {
constexpr std::size_t kTransientMax = 4096;
constexpr std::size_t kQueueMax = 65536;
}  // namespace

EventStream::EventStream(std::string process, OnEvent on_event)
    : process_(std::move(process)), on_event_(std::move(on_event)), thread_([this] { deliver(); }) {}

EventStream::~EventStream() {
  {
    const std::scoped_lock lock(mutex_);
    closing_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void EventStream::push(Json event, bool transient) {
  {
    const std::scoped_lock lock(mutex_);
    if (ended_ || closing_) return;
    if (transient && queue_.size() >= kTransientMax) return;
    if (queue_.size() >= kQueueMax) {
      queue_.clear();
      queue_.emplace_back(JsonObject{{"type", "lagged"}});
      closing_ = true;
    } else {
      queue_.push_back(std::move(event));
    }
  }
  changed_.notify_one();
}

bool EventStream::ended() const {
  const std::scoped_lock lock(mutex_);
  return ended_;
}

void EventStream::deliver() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return closing_ || !queue_.empty(); });
    if (queue_.empty()) break;
    const Json event = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    const bool more = on_event_(event);
    lock.lock();
    if (!more || closing_) break;
  }
  ended_ = true;
}

}  // namespace daimon::kernel
