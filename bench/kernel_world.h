// What the kernel's benchmarks share: a home full of files, a kernel with everything real but the model, and the times
// at its edge.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <expected>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "device/device.h"
#include "fs/file_system.h"
#include "kernel/document_reader.h"
#include "kernel/kernel.h"
#include "kernel/model_pool.h"
#include "processor/processor.h"

namespace daimon::bench {

inline constexpr std::string_view kBootOnce = "--boot-once";  // STATE
inline constexpr std::string_view kLoadOnce = "--load-once";

void bench_steps();
void bench_boot();
void bench_crowd();
int boot_once(const std::filesystem::path& state);  // one line: milliseconds of boot, status, first token
int load_once();                                    // one line: milliseconds of the load, first token

[[noreturn]] void give_up(std::string_view what);
template <class T, class E>
T must(std::expected<T, E> result) {
  if (!result) give_up(result.error().what + "; " + result.error().remedy);
  return std::move(*result);
}
inline void must(const Status& status) {
  if (!status) give_up(status.error().what + "; " + status.error().remedy);
}

using Steady = std::chrono::steady_clock;
double process_cpu_us();
inline double microseconds_since(Steady::time_point begin) {
  return std::chrono::duration<double, std::micro>(Steady::now() - begin).count();
}
template <class Work>
double microseconds(Work&& work) {
  const auto begin = Steady::now();
  work();
  return microseconds_since(begin);
}
double quantile(std::vector<double> values, double part);
// "1.25 (1.20-1.31)": the median, the least and the most.
std::string spread(const std::vector<double>& values, int digits);

struct Folder {
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path path;
};

// Bills of twelve months for six things, and notes of about 4 KB of made words.
void write_home(const std::filesystem::path& home, int notes);
std::string bill_goal(int number);  // which bill says what was paid; 0 to 71

// When an input reaches the kernel and when what it led to leaves it, of one process at a time: the hand-over from one
// thread to the next is what orders these calls.
class Edge {
 public:
  void arrive() { begin_ = Steady::now(); }
  void leave() { times_.push_back(microseconds_since(begin_)); }
  // CPU time of devices, which is none of the kernel's.
  void device_used(double microseconds) { device_us_ += microseconds; }
  std::vector<double> take() { return std::exchange(times_, {}); }
  double take_device_us() { return std::exchange(device_us_, 0); }

 private:
  Steady::time_point begin_;
  std::vector<double> times_;
  double device_us_ = 0;
};

// Answers at once, on a thread of its own as others do: the n-th thought of each process with the n-th text.
class ScriptedProcessor final : public processor::Processor {
 public:
  ScriptedProcessor(std::string profile, std::vector<std::string> texts, Edge& edge);
  [[nodiscard]] const processor::ModelInfo& model() const override { return info_; }
  void submit(processor::Request request, OnText on_text, OnDone on_done) override;
  void cancel(std::string_view) override {}
  [[nodiscard]] processor::Usage usage() const override { return {}; }
  [[nodiscard]] int count_tokens(std::string_view text) const override { return static_cast<int>(text.size() / 4); }

 private:
  void answer(std::stop_token stop);

  processor::ModelInfo info_;
  std::vector<std::string> texts_;
  Edge& edge_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::pair<std::size_t, OnDone>> queue_;
  std::jthread thread_;  // last: it uses the others
};

// The devices of kernel::boot, as they are.
std::vector<std::unique_ptr<device::Device>> make_devices(fs::FileSystem& files, device::DocumentReader& reader);

// Waits for processes to end, to pause or to wait for a person.
class Watcher {
 public:
  explicit Watcher(kernel::System& system, Edge* edge = nullptr);
  // Until so many have ended, or given up for now, since the watcher was made.
  void wait_for(int ended);

 private:
  kernel::System& system_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int ended_ = 0;
  std::unique_ptr<kernel::Subscription> subscription_;  // last: its thread uses the others
};

// A kernel with a processor of the caller's at one edge of its world and nothing else made up.
class Machine {
 public:
  // With an edge the times there are taken, of one process at a time.
  Machine(const std::filesystem::path& state, kernel::ModelPool::Load load, Edge* edge = nullptr);
  std::string start(const std::string& goal, kernel::Mode mode = kernel::Mode::kRun);
  void wait() { watcher_->wait_for(started_); }  // for all that were started
  Json view(const std::string& id) { return must(system_->process(id)); }
  Json run(const std::string& goal, kernel::Mode mode = kernel::Mode::kRun);

  fs::FileSystem& files() { return *files_; }

 private:
  SystemClock clock_;
  SeededRandom random_{1};
  kernel::ParsedDocumentReader reader_;
  Edge* edge_;
  std::unique_ptr<fs::FileSystem> files_;
  kernel::ModelPool models_;
  std::unique_ptr<kernel::System> system_;
  std::unique_ptr<Watcher> watcher_;
  int started_ = 0;
};

kernel::ModelPool::Load scripted(std::string profile, std::vector<std::string> texts, Edge& edge);

}  // namespace daimon::bench
