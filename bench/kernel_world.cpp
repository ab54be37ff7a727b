#include "kernel_world.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <random>

#include "base/format.h"
#include "device/ask.h"
#include "device/calculator_device.h"
#include "device/files_device.h"
#include "device/python_device.h"
#include "device/table_device.h"
#include "device/web_device.h"
#include "kernel/index_device.h"

namespace daimon::bench {
namespace {

namespace stdfs = std::filesystem;

constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 6> kThings = {"electricity", "water", "gas", "telephone", "insurance", "rent"};

double cpu_us(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

// A device with a clock at its door.
class TimedDevice final : public device::Device {
 public:
  TimedDevice(std::unique_ptr<device::Device> device, Edge& edge) : device_(std::move(device)), edge_(edge) {}
  [[nodiscard]] std::string_view name() const override { return device_->name(); }
  [[nodiscard]] std::span<const device::CallSpecification> calls() const override { return device_->calls(); }
  Result<device::Outcome> run(const device::Call& call, const device::CallContext& context) override {
    edge_.leave();
    const double begin = cpu_us(CLOCK_THREAD_CPUTIME_ID);
    auto outcome = device_->run(call, context);
    edge_.device_used(cpu_us(CLOCK_THREAD_CPUTIME_ID) - begin);
    edge_.arrive();
    return outcome;
  }
  Result<std::optional<device::Outcome>> query(const device::Call& call, const device::CallContext& context) override {
    return device_->query(call, context);
  }

 private:
  std::unique_ptr<device::Device> device_;
  Edge& edge_;
};

}  // namespace

void give_up(std::string_view what) {
  std::fputs(daimon::format("{}\n", what).c_str(), stderr);
  std::exit(1);
}

double process_cpu_us() { return cpu_us(CLOCK_PROCESS_CPUTIME_ID); }

double quantile(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[std::min(values.size() - 1, static_cast<std::size_t>(part * static_cast<double>(values.size())))];
}

std::string spread(const std::vector<double>& values, int digits) {
  if (values.empty()) return "-";
  return daimon::format("{:.{}f} ({:.{}f}-{:.{}f})", quantile(values, 0.5), digits, std::ranges::min(values), digits,
                        std::ranges::max(values), digits);
}

Folder::Folder() {
  std::string pattern = (stdfs::temp_directory_path() / "daimon-bench-kernel-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) give_up("cannot make a temporary folder");
  path = pattern;
}
Folder::~Folder() {
  std::error_code ignored;
  stdfs::remove_all(path, ignored);
}

void write_home(const stdfs::path& home, int notes) {
  stdfs::create_directories(home / "bills");
  stdfs::create_directories(home / "notes");
  std::mt19937 random(7);
  for (std::size_t month = 0; month < kMonths.size(); ++month)
    for (const std::string_view thing : kThings)
      std::ofstream(home / "bills" / daimon::format("{}-{}.md", thing, kMonths[month])) << daimon::format(
          "# Bill for {}, {} 2026\n\nDear Ms Hale,\n\nTotal due for {} in {}: £{}.{:02}, payable by {} "
          "of the next month.\n",
          thing, kMonths[month], thing, kMonths[month], 20 + random() % 200, random() % 100, 1 + random() % 28);
  for (int note = 0; note < notes; ++note) {
    std::ofstream file(home / "notes" / daimon::format("note{}.md", note));
    for (int line = 0; line < 60; ++line) {
      for (int word = 0; word < 10; ++word) {
        std::string text;
        for (auto rest = random() % 20'000 + 30; rest != 0; rest /= 21) text += "bcdfghjklmnprstaeiouy"[rest % 21];
        file << text << ' ';
      }
      file << (line % 6 == 5 ? "\n\n" : "\n");
    }
  }
}

std::string bill_goal(int number) {
  const auto at = static_cast<std::size_t>(number);
  return daimon::format("What did I pay for {} in {}?", kThings[at % kThings.size()],
                        kMonths[at / kThings.size() % kMonths.size()]);
}

// ---------------------------------------------------------------------------------------------------- processor

ScriptedProcessor::ScriptedProcessor(std::string profile, std::vector<std::string> texts, Edge& edge)
    : texts_(std::move(texts)), edge_(edge), thread_([this](std::stop_token stop) { answer(std::move(stop)); }) {
  info_.id = "firmware";
  info_.description = "a script";
  info_.prompt_profile = std::move(profile);
  info_.context_tokens = 2048;
}

void ScriptedProcessor::submit(processor::Request request, OnText, OnDone on_done) {
  edge_.leave();
  const std::size_t thought = std::stoul(request.id.substr(request.id.rfind('t') + 1));
  {
    const std::scoped_lock lock(mutex_);
    queue_.emplace_back(std::min(thought, texts_.size()) - 1, std::move(on_done));
  }
  changed_.notify_one();
}

void ScriptedProcessor::answer(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return !queue_.empty(); })) {
    auto [index, on_done] = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    processor::Reply reply;
    reply.text = texts_[index];
    reply.model = info_.id;
    reply.prompt_tokens = 300;
    reply.cached_tokens = 290;
    reply.generated_tokens = 10;
    edge_.arrive();
    on_done(std::move(reply));
    lock.lock();
  }
}

// ------------------------------------------------------------------------------------------------------ machine

std::vector<std::unique_ptr<device::Device>> make_devices(fs::FileSystem& files, device::DocumentReader& reader) {
  static const capability::Constitution kNoRules;
  std::vector<std::unique_ptr<device::Device>> devices;
  devices.push_back(kernel::make_index_device(files, kNoRules));
  devices.push_back(device::make_files_device(&reader));
  devices.push_back(device::make_table_device());
  devices.push_back(device::make_calculator_device());
  devices.push_back(device::make_python_device());
  devices.push_back(device::make_web_device());
  return devices;
}

Watcher::Watcher(kernel::System& system, Edge* edge) : system_(system) {
  subscription_ = must(system.follow("", INT64_MAX, [this, edge](const Json& event) {
    const auto type = find_string(event, "type").value_or("");
    const bool paused = type == "state" && find_string(event, "state") == "paused";
    if (type != "finished" && type != "asked" && type != "approval_asked" && !paused) return true;
    if (edge != nullptr) edge->leave();
    {
      const std::scoped_lock lock(mutex_);
      ++ended_;
    }
    changed_.notify_all();
    return true;
  }));
}

void Watcher::wait_for(int ended) {
  {
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, std::chrono::minutes(2), [&] { return ended_ >= ended; })) return;
  }
  give_up("a process did not end within two minutes: " + to_pretty_text(must(system_.processes(false))));
}

Machine::Machine(const stdfs::path& state, kernel::ModelPool::Load load, Edge* edge)
    : edge_(edge), models_("firmware", std::move(load)) {
  stdfs::create_directories(state);
  files_ = must(fs::FileSystem::open({.database = state / "index.db", .watch = false}));
  kernel::Ports ports{clock_, random_, must(journal::Journal::open(state / "journal.db")), {}, {}, models_, *files_};
  ports.devices = make_devices(*files_, reader_);
  if (edge_ != nullptr)
    for (auto& device : ports.devices) device = std::make_unique<TimedDevice>(std::move(device), *edge_);
  ports.kernel_calls.push_back(device::make_ask_specification());
  kernel::KernelOptions options;
  options.state_folder = state;
  system_ = must(kernel::make_kernel(std::move(options), {}, std::move(ports)));
  watcher_ = std::make_unique<Watcher>(*system_, edge_);
}

std::string Machine::start(const std::string& goal, kernel::Mode mode) {
  kernel::StartOptions options;
  options.goal = goal;
  options.autonomy = 4;
  options.seed = 7;
  options.mode = mode;
  if (edge_ != nullptr) edge_->arrive();
  ++started_;
  return must(system_->start(options));
}

Json Machine::run(const std::string& goal, kernel::Mode mode) {
  const std::string id = start(goal, mode);
  wait();
  return view(id);
}

kernel::ModelPool::Load scripted(std::string profile, std::vector<std::string> texts, Edge& edge) {
  return [profile = std::move(profile), texts = std::move(texts),
          &edge](const std::string&) -> Result<std::unique_ptr<processor::Processor>> {
    return std::make_unique<ScriptedProcessor>(profile, texts, edge);
  };
}

}  // namespace daimon::bench
