// Carries out what processes wait for, off the kernel's thread: thoughts on processors, calls on devices, and timers.
//
// Thread: the kernel's, which runs `io`; what comes back is told there too. Notices alone come from any thread.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "device/device.h"
#include "kernel/kernel.h"
#include "kernel/materials.h"
#include "kernel/model_pool.h"
#include "process/call_table.h"
#include "process/process.h"

namespace daimon::kernel {

class Dispatcher {
 public:
  // An input that the world sends to a process.
  struct Completion {
    std::string process, type;
    JsonObject body;
    std::uint64_t generation = 0;  // of the work that it completes; 0 when it completes none
  };
  struct Listener {
    std::function<void(Completion)> on_completion;
    // What is not on the record: text as it comes, progress. Of `process`.
    std::function<void(const std::string& process, const Json& event)> on_notice;
  };
  // All of it outlives the dispatcher.
  struct World {
    const KernelOptions& options;
    const Clock& clock;
    ModelPool& models;
    const process::CallTable& calls;
    const Materials& materials;
  };

  Dispatcher(boost::asio::io_context& io, const World& world, Listener listener);
  ~Dispatcher() { join(); }
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // Starts what the process waits for, unless it is already under way; stops what it no longer waits for. After a
  // restart (`recovered`) a call may have been made before: it is asked after, or its outcome is unknown.
  void carry_out(const process::Process& process, bool recovered);
  // The completion of this generation is on the record: what the process waits for next is other work.
  void settle(const std::string& process, std::uint64_t generation);
  // Stops the thoughts and timers that are under way. Calls come to their end, and their outcome is told.
  void halt();
  // Runs `work` on a thread of the devices.
  void run_aside(std::function<void()> work);

  // Stops what is in flight, and tells of nothing any more: its outcome is not journaled, so the next start does what
  // recovery does after a crash.
  void shut();
  // Waits for all threads, after the kernel's has ended.
  void join();

 private:
  // What is being carried out for one process. A late completion of an older generation is dropped.
  struct Work {
    std::uint64_t generation = 0;
    std::string id;
    std::stop_source stop;
    std::shared_ptr<processor::Processor> processor;
    std::string request;  // of the processor
    std::shared_ptr<boost::asio::steady_timer> timer;
    bool completed = false;  // but not yet journaled: it stays here, so that it is not begun again
  };
  // A call that a device has, from its begin until the device comes back: longer than anybody may wait for it.
  struct Running {
    std::shared_ptr<boost::asio::steady_timer> timer;
    bool lost = false;  // given up; its thread is not to be had
  };
  // A call on its way, and what it is made with.
  struct Order {
    device::Call call;
    const process::CallTable::Entry* entry;
    std::uint64_t generation;
    std::stop_source stop;
    std::vector<device::MountReference> mounts;
  };
  // Between a processor's threads and the kernel: shut before the kernel goes.
  struct Door {
    std::mutex mutex;
    bool open = true;
  };

  void stop(Work& work);
  void let_go(std::shared_ptr<processor::Processor> processor);
  void complete(const std::string& process, std::uint64_t generation, std::string type, JsonObject body);
  void begin_thought(const process::Process& process, const process::Think& thought, std::uint64_t generation);
  void submit(const std::string& process, std::uint64_t generation, const std::string& thought,
              std::shared_ptr<processor::Processor> processor, processor::Request request);
  void begin_call(const process::Process& process, const device::Call& call, const Work& work, bool recovered);
  void make_call(const std::shared_ptr<const Order>& order, bool recovered, SteadyTime deadline);
  void watch(const std::shared_ptr<const Order>& order, SteadyTime deadline);
  void give_up(const std::shared_ptr<const Order>& order);
  void ask_device(const std::shared_ptr<const Order>& order, const std::string& what);
  void came_back(std::uint64_t generation);
  void begin_timer(const std::string& process, WallTime at, Work& work);
  [[nodiscard]] std::filesystem::path folder_of(const std::string& process) const;

  boost::asio::io_context& io_;
  World world_;
  Listener listener_;
  boost::asio::thread_pool devices_pool_;
  boost::asio::thread_pool models_pool_{1};  // loads models and lets them go, one at a time
  bool closing_ = false;
  std::uint64_t generation_ = 0;
  std::map<std::string, Work, std::less<>> in_flight_;  // by process
  std::map<std::uint64_t, Running> running_;            // by generation
  std::vector<std::jthread> spare_threads_;             // of the devices' pool, for those that are lost
  std::shared_ptr<Door> door_ = std::make_shared<Door>();
};

}  // namespace daimon::kernel
