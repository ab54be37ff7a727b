// The real kernel over real folders, files, index and journal; only the model is scripted.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/format.h"
#include "base/random.h"
#include "device/ask.h"
#include "device/calculator_device.h"
#include "device/files_device.h"
#include "device/table_device.h"
#include "kernel/index_device.h"
#include "kernel/kernel.h"
#include "scripted_model.h"

namespace daimon::kernel::test {

using std::chrono::milliseconds;

// The machine's clock, which can be sent ahead: by `each` whenever somebody looks.
class SkippingClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override {
    return system_.now() + milliseconds(ahead_.fetch_add(each.load()) + each.load());
  }
  [[nodiscard]] SteadyTime steady() const override { return system_.steady(); }

  std::atomic<std::int64_t> each = 0;  // milliseconds

 private:
  SystemClock system_;
  mutable std::atomic<std::int64_t> ahead_ = 0;
};

// A real device with somebody who looks on: before a call runs, and after.
class WatchedDevice final : public device::Device {
 public:
  using Look = std::function<void(std::string_view when, const device::Call& call)>;  // "before", "after", "query"

  WatchedDevice(std::unique_ptr<device::Device> device, const Look& look) : device_(std::move(device)), look_(look) {}
  [[nodiscard]] std::string_view name() const override { return device_->name(); }
  [[nodiscard]] std::span<const device::CallSpecification> calls() const override { return device_->calls(); }
  Result<device::Outcome> run(const device::Call& call, const device::CallContext& context) override {
    if (look_) look_("before", call);
    auto outcome = device_->run(call, context);
    if (look_) look_("after", call);
    return outcome;
  }
  Result<std::optional<device::Outcome>> query(const device::Call& call, const device::CallContext& context) override {
    if (look_) look_("query", call);
    return device_->query(call, context);
  }

 private:
  std::unique_ptr<device::Device> device_;
  const Look& look_;
};

// A device of one call, made by a test: what a plug-in could be. Every process may use it.
class MadeDevice final : public device::Device {
 public:
  using Run = std::function<Result<device::Outcome>(const device::Call&, const device::CallContext&)>;
  using Query = std::function<Result<std::optional<device::Outcome>>()>;

  MadeDevice(std::string name, device::EffectClass effect, milliseconds timeout, Run run, Query query = {})
      : run_(std::move(run)), query_(std::move(query)) {
    device::CallSpecification& made = calls_.emplace_back();
    made.name = std::move(name);
    made.summary = "a call";
    made.arguments_schema = JsonObject{
        {"type", "object"}, {"properties", JsonObject{}}, {"required", JsonArray{}}, {"additionalProperties", false}};
    made.effect = effect;
    made.timeout = timeout;
    made.accesses = [](const Json&) -> Result<std::vector<capability::Access>> {
      return std::vector{capability::Access{"calculator", "use", ""}};
    };
  }
  [[nodiscard]] std::string_view name() const override { return calls_[0].name; }
  [[nodiscard]] std::span<const device::CallSpecification> calls() const override { return calls_; }
  Result<device::Outcome> run(const device::Call& call, const device::CallContext& context) override {
    return run_(call, context);
  }
  Result<std::optional<device::Outcome>> query(const device::Call& call, const device::CallContext& context) override {
    return query_ ? query_() : Device::query(call, context);
  }

 private:
  std::vector<device::CallSpecification> calls_;
  Run run_;
  Query query_;
};

inline device::Outcome said(std::string text) { return {Json(), std::move(text), capability::system_label()}; }

inline std::string text_of(const Json& view, std::string_view member) {
  return std::string(find_string(view, member).value_or(""));
}
inline std::string state_of(const Json& view) { return text_of(view, "state"); }
inline bool has_ended(const Json& view) {
  const std::string state = state_of(view);
  return state == "done" || state == "failed" || state == "stopped" || state == "denied";
}
inline std::string request_of(const Json& view) { return text_of(view.at("waiting"), "request"); }
inline std::string digest_of(const Json& view) { return text_of(view.at("waiting"), "digest"); }

inline std::shared_ptr<const embedding::StaticEmbedding> builtin_meanings() {
  const auto folder = embedding::builtin_embedding().value();
  return std::make_shared<const embedding::StaticEmbedding>(embedding::StaticEmbedding::load(folder).value());
}

class KernelWorld {
 public:
  KernelWorld() {
    // In memory where that can be had: a killed process cannot tell, and hundreds of commits cost nothing.
    const std::filesystem::path memory = "/dev/shm";
    const bool usable = ::access(memory.c_str(), W_OK | X_OK) == 0;
    std::string pattern =
        ((usable ? memory : std::filesystem::temp_directory_path()) / "daimon-kernel-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    std::filesystem::create_directories(home());
    std::filesystem::create_directories(state());
    options.state_folder = state();
    options.own_folders = {state()};
    options.material_folder = state() / "piped";
  }
  // Over the folder of another world, which stays that one's: a kernel in a child process.
  explicit KernelWorld(std::filesystem::path other) : folder(std::move(other)), owner_(false) {
    options.state_folder = state();
    options.own_folders = {state()};
    options.material_folder = state() / "piped";
  }
  ~KernelWorld() {
    shut();
    std::error_code ignored;
    if (owner_) std::filesystem::remove_all(folder, ignored);
  }
  KernelWorld(const KernelWorld&) = delete;
  KernelWorld& operator=(const KernelWorld&) = delete;

  [[nodiscard]] std::filesystem::path home() const { return folder / "home"; }
  [[nodiscard]] std::filesystem::path state() const { return folder / "state"; }
  void put(const std::filesystem::path& name, std::string_view content) const {
    std::filesystem::create_directories((home() / name).parent_path());
    std::ofstream(home() / name, std::ios::binary) << content;
  }
  [[nodiscard]] std::string get(const std::filesystem::path& name) const {
    std::ifstream file(home() / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] bool has(const std::filesystem::path& name) const { return std::filesystem::exists(home() / name); }

  // A household's papers: one bill, one table, and a letter.
  void furnish() const {
    put("bills/march.md", "# Electricity, March 2026\n\nTotal due: £84.20, payable by 14 April.\n");
    put("accounts.csv", "date,payee,amount\n2026-03-01,Water Board,12.25\n2026-03-09,Grocer,30.50\n");
    put("letters/fence.md", "Dear neighbour, the fence was painted green in May.\n");
  }

  Status try_boot() {
    shut();
    DAIMON_TRY(files_, fs::FileSystem::open({.database = state() / "index.db",
                                             .own_folders = {state()},
                                             .material_folder = options.material_folder,
                                             .watch = false}));
    DAIMON_TRY(auto journal, journal::Journal::open(state() / "journal.db"));
    models_ = std::make_unique<ModelPool>(
        "clerk", [this](const std::string& name) -> Result<std::unique_ptr<processor::Processor>> {
          if (load) DAIMON_CHECK(load(name));
          return std::make_unique<ScriptedProcessor>(model, name);
        });
    Ports ports{clock, random, std::move(journal), {}, {}, *models_, *files_, meanings};
    ports.devices.push_back(std::make_unique<WatchedDevice>(make_index_device(*files_, constitution), look));
    for (auto* make :
         {+[] { return device::make_files_device(); }, &device::make_table_device, &device::make_calculator_device})
      ports.devices.push_back(std::make_unique<WatchedDevice>(make(), look));
    for (const auto& make : made_devices) ports.devices.push_back(std::make_unique<WatchedDevice>(make(), look));
    ports.kernel_calls.push_back(device::make_ask_specification());
    DAIMON_TRY(kernel_, make_kernel(options, constitution, std::move(ports)));
    return {};
  }
  System& boot() {
    const Status booted = try_boot();
    EXPECT_TRUE(booted) << booted.error().what;
    return *kernel_;
  }
  // Boots, and mounts the home folder.
  System& begin() {
    boot();
    const auto mounted = kernel_->mount(home().string(), "home", {}, {});
    EXPECT_TRUE(mounted) << mounted.error().what;
    return *kernel_;
  }
  void shut() {
    kernel_.reset();
    models_.reset();
    files_.reset();
  }
  [[nodiscard]] System& system() const { return *kernel_; }

  std::string start(std::string goal, const std::function<void(StartOptions&)>& set = {}) const {
    StartOptions wanted;
    wanted.goal = std::move(goal);
    wanted.seed = 7;
    if (set) set(wanted);
    auto started = kernel_->start(wanted);
    EXPECT_TRUE(started) << started.error().what;
    return started.value_or("");
  }
  [[nodiscard]] Json view(std::string_view id) const {
    auto view = kernel_->process(id);
    EXPECT_TRUE(view) << view.error().what;
    return view ? *view : Json(JsonObject{});
  }
  // The process as it is once `reached` holds, or as it was when patience ended.
  Json until(std::string_view id, const std::function<bool(const Json&)>& reached,
             milliseconds patience = milliseconds(20'000)) const {
    const auto end = std::chrono::steady_clock::now() + patience;
    for (;;) {
      Json now = view(id);
      if (reached(now) || std::chrono::steady_clock::now() > end) return now;
      std::this_thread::sleep_for(milliseconds(2));
    }
  }
  Json until_state(std::string_view id, std::string_view state) const {
    return until(id, [&](const Json& now) { return state_of(now) == state || has_ended(now); });
  }
  Json until_ended(std::string_view id) const { return until(id, has_ended); }
  // Yes or no to what the process asks in this view.
  [[nodiscard]] Status decide(std::string_view id, const Json& view, bool approve) const {
    return kernel_->decide(id, {request_of(view), digest_of(view), approve, {}});
  }
  // To its end, saying the same to whatever it asks.
  Json to_end(std::string_view id, bool approve = true) const {
    for (;;) {
      Json now = until(id, [](const Json& view) { return has_ended(view) || state_of(view) == "waiting"; });
      if (state_of(now) != "waiting") return now;
      static_cast<void>(decide(id, now, approve));
    }
  }

  [[nodiscard]] std::vector<journal::Record> records() const {
    auto journal = sqlite::Database::open(state() / "journal.db", {.read_only = true});
    EXPECT_TRUE(journal) << journal.error().what;
    std::vector<journal::Record> all;
    if (!journal) return all;
    auto query = journal->prepare("SELECT sequence, time, process, type, input, body FROM records ORDER BY sequence");
    while (query && query->step().value_or(false))
      all.push_back({query->integer(0), wall_time_from(query->integer(1)), query->text(2), query->text(3),
                     query->integer(4) != 0, parse_json(query->text(5)).value_or(Json())});
    return all;
  }
  // SQL on the journal from beside the kernel.
  void on_journal(std::string_view sql) const {
    auto journal = sqlite::Database::open(state() / "journal.db");
    ASSERT_TRUE(journal) << journal.error().what;
    const Status done = journal->execute(sql);
    ASSERT_TRUE(done) << done.error().what;
  }
  // Whether replay finds what was journaled; "" when it does.
  [[nodiscard]] std::string divergence(std::string_view id) const {
    const auto report = kernel_->replay(id);
    if (!report) return report.error().what;
    const Json& found = report->at("divergence");
    return found.is_null() ? std::string() : to_text(found);
  }

  std::filesystem::path folder;
  KernelOptions options;
  capability::Constitution constitution;
  SkippingClock clock;
  SystemRandom random;
  Model model;
  std::shared_ptr<const embedding::StaticEmbedding> meanings;
  std::function<Status(const std::string& name)> load;  // before a model is made; may refuse
  WatchedDevice::Look look;
  std::vector<std::function<std::unique_ptr<device::Device>()>> made_devices;

 private:
  bool owner_ = true;
  std::unique_ptr<fs::FileSystem> files_;
  std::unique_ptr<ModelPool> models_;
  std::unique_ptr<System> kernel_;
};

}  // namespace daimon::kernel::test
