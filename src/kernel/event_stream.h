// Delivers events to the people who watch, without ever holding up the kernel.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/json.h"
#include "kernel/system.h"

namespace daimon::kernel {

// One watcher: a bounded queue and a thread that empties it into the callback. A watcher that cannot keep up loses
// transient events (progress, text) first, and is ended, with a `lagged` event, when journaled ones no longer fit.
class EventStream final : public Subscription {
 public:
  EventStream(std::string process, OnEvent on_event);
  ~EventStream() override;
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  [[nodiscard]] bool wants(std::string_view process) const { return process_.empty() || process_ == process; }
  // Never blocks.
  void push(Json event, bool transient);
  [[nodiscard]] bool ended() const;

 private:
  void deliver();

  std::string process_;
  OnEvent on_event_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Json> queue_;
  bool closing_ = false;
  bool ended_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace daimon::kernel
