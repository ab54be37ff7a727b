#include "kernel/boot.h"

#include <algorithm>
#include <thread>

#include "base/format.h"
#include "base/text.h"
#include "device/ask.h"
#include "device/calculator_device.h"
#include "device/files_device.h"
#include "device/python_device.h"
#include "device/table_device.h"
#include "device/web_device.h"
#include "kernel/configuration.h"
#include "kernel/document_reader.h"
#include "kernel/index_device.h"
#include "kernel/kernel.h"
#include "kernel/state_lock.h"
#include "kernel/views.h"
#include "memory/passage_meaning.h"
#include "processor/firmware.h"
#include "processor/local_processor.h"
#include "processor/model_store.h"
#include "processor/remote_processor.h"

namespace daimon::kernel {
namespace {

constexpr std::string_view kFirmware = "firmware";

Result<std::unique_ptr<processor::Processor>> load_model(const Configuration& configuration, const BootOptions& options,
                                                         const std::string& name) {
  if (const auto remote = configuration.remotes.find(name); remote != configuration.remotes.end())
    return processor::RemoteProcessor::create({.url = remote->second.url,
                                               .model = remote->second.model,
                                               .id = name,
                                               .key_env = remote->second.key_env,
                                               .price = remote->second.price});
  processor::LocalOptions local = name == kFirmware ? processor::LocalOptions{} : configuration.local;
  local.id = name;
  if (options.threads > 0) local.threads = options.threads;
  local.checked_folder = options.state_folder / "checked-models";
  if (name == kFirmware) {
    DAIMON_TRY(local.model_path, processor::firmware_path());
    local.trusted = true;
    local.context_tokens = 2048;
    local.cells_max = 16'384;
    local.sequences_max = 64;
  } else {
    DAIMON_TRY(local.model_path, processor::ModelStore(processor::ModelStore::default_folder()).resolve(name));
  }
  return processor::LocalProcessor::create(local);
}

// The folders that hold what rules over processes: no process may come near them, though their person mounts a home
// that has them inside. By the names they were given and by where those lead.
std::vector<std::filesystem::path> own_folders(const BootOptions& options) {
  std::vector<std::filesystem::path> own;
  for (const auto& folder : {options.state_folder, options.config_folder, options.runtime_folder}) {
    if (folder.empty()) continue;
    std::error_code failed;
    for (const auto& path : {std::filesystem::absolute(folder, failed).lexically_normal(),
                             std::filesystem::weakly_canonical(folder, failed)})
      if (!path.empty() && !std::ranges::contains(own, path)) own.push_back(path);
  }
  return own;
}

// Without it files are found by their words alone, and `doctor` says so.
std::shared_ptr<const embedding::StaticEmbedding> load_embedding() {
  const auto folder = embedding::builtin_embedding();
  if (!folder) return nullptr;
  auto loaded = embedding::StaticEmbedding::load(*folder);
  if (!loaded) return nullptr;
  return std::make_shared<const embedding::StaticEmbedding>(std::move(*loaded));
}

// The whole machine as one object: what the kernel refers to lives as long as the kernel.
class Machine final : public System {
 public:
  Machine(const BootOptions& options, Configuration configuration)
      : options_(options),
        configuration_(std::move(configuration)),
        models_(configuration_.model,
                [this](const std::string& name) { return load_model(configuration_, options_, name); }) {}

  Status start_up() {
    // Before the journal is opened: opening it takes it away from whoever had it.
    DAIMON_TRY(lock_, StateLock::take(options_.state_folder));
    const auto own = own_folders(options_);
    const auto materials = std::filesystem::weakly_canonical(options_.state_folder) / "piped";
    const auto meanings = load_embedding();
    DAIMON_TRY(files_, fs::FileSystem::open({.database = options_.state_folder / "index.db",
                                             .own_folders = own,
                                             .material_folder = materials,
                                             .embedding = meanings,
                                             .meaning = memory::passage_meaning()}));
    DAIMON_TRY(auto journal, journal::Journal::open(options_.state_folder / "journal.db"));
    Ports ports{clock_, random_, std::move(journal), {}, {}, models_, *files_, meanings};
    ports.devices.push_back(make_index_device(*files_, configuration_.constitution));
    ports.devices.push_back(device::make_files_device(&reader_, options_.umask));
    ports.devices.push_back(device::make_table_device());
    ports.devices.push_back(device::make_calculator_device());
    ports.devices.push_back(device::make_python_device({.sandbox = sandbox_options()}));
    ports.devices.push_back(device::make_web_device({.hosts = configuration_.web_hosts}));
    if (options_.more_devices)
      for (auto& device : options_.more_devices()) ports.devices.push_back(std::move(device));
    ports.kernel_calls.push_back(device::make_ask_specification());
    KernelOptions kernel;
    kernel.state_folder = options_.state_folder;
    kernel.has_tools = options_.more_devices != nullptr;
    kernel.own_folders = own;
    kernel.material_folder = materials;
    kernel.limits = configuration_.limits;
    kernel.build = options_.build;
    kernel.approval_lasts = configuration_.approval_lasts;
    kernel.undo = configuration_.undo;
    kernel.log = options_.log;
    kernel.web_hosts = configuration_.web_hosts;
    kernel.sandbox = sandbox_options();
    for (const auto& [name, remote] : configuration_.remotes)
      if (remote.may_see_personal) kernel.remote_may_see_personal.push_back(name);
    DAIMON_TRY(kernel_, make_kernel(std::move(kernel), configuration_.constitution, std::move(ports)));
    // The firmware is small and nearly always wanted: the first goal does not wait for it. A failure is said when a
    // goal needs it, and by doctor.
    if (configuration_.model == kFirmware)
      warming_ = std::jthread([this] { static_cast<void>(models_.get(kFirmware)); });
    return {};
  }

  [[nodiscard]] sandbox::Options sandbox_options() const {
    return {.allow_missing_landlock = configuration_.allow_missing_landlock};
  }

  Result<std::string> start(const StartOptions& options) override {
    DAIMON_CHECK(check_rules_in_force(options_.config_folder, configuration_));
    return kernel_->start(options);
  }
  Result<Json> process(std::string_view id) override { return kernel_->process(id); }
  Result<Json> processes(bool ended_too) override { return kernel_->processes(ended_too); }
  Status signal(std::string_view id, Signal signal) override { return kernel_->signal(id, signal); }
  Status raise_budget(std::string_view id, const Budget& more) override { return kernel_->raise_budget(id, more); }
  Status decide(std::string_view id, const Decision& decision) override { return kernel_->decide(id, decision); }
  Status answer(std::string_view id, std::string_view request, std::string_view text) override {
    return kernel_->answer(id, request, text);
  }
  Result<std::unique_ptr<Subscription>> follow(std::string_view id, std::int64_t after, OnEvent on_event) override {
    return kernel_->follow(id, after, std::move(on_event));
  }
  Result<Json> changes(std::string_view id) override { return kernel_->changes(id); }
  Result<Json> undo(std::string_view id, std::string_view change) override { return kernel_->undo(id, change); }
  Result<Json> replay(std::string_view id) override { return kernel_->replay(id); }
  Result<Json> mount(const std::string& path, const std::string& name, const std::function<void(const Json&)>& progress,
                     std::stop_token stop) override {
    return kernel_->mount(path, name, progress, std::move(stop));
  }
  Status unmount(std::string_view name) override { return kernel_->unmount(name); }
  Result<Json> mounts() override { return kernel_->mounts(); }
  Result<Json> find(std::string_view query, const std::vector<std::string>& mounts, int limit) override {
    return kernel_->find(query, mounts, limit);
  }
  Result<Json> models() override { return kernel_->models(); }
  Result<Json> status() override { return kernel_->status(); }
  Result<Json> doctor() override {
    DAIMON_TRY(Json report, kernel_->doctor());
    const Status rules = check_rules_in_force(options_.config_folder, configuration_);
    report.at("checks").as_array().push_back(check_view("rules", rules.has_value(),
                                                        !rules ? rules.error().what
                                                        : configuration_.written_rules.empty()
                                                            ? "none of your own (constitution.txt)"
                                                            : "constitution.txt is in force",
                                                        rules ? "" : rules.error().remedy));
    return report;
  }
  Result<processor::Reply> chat(const std::string& model, processor::Request request,
                                const std::function<bool(std::string_view)>& on_text) override {
    return kernel_->chat(model, std::move(request), on_text);
  }

 private:
  StateLock lock_;
  BootOptions options_;
  Configuration configuration_;
  SystemClock clock_;
  SystemRandom random_;
  ParsedDocumentReader reader_;
  std::unique_ptr<fs::FileSystem> files_;
  // The kernel stops before the models that it uses: members end in reverse order.
  ModelPool models_;
  std::unique_ptr<System> kernel_;
  std::jthread warming_;
};

}  // namespace

Result<std::unique_ptr<System>> boot(const BootOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.state_folder, error);
  if (error)
    return std::unexpected(
        os_error(error.value(), "cannot make the state folder " + printable(options.state_folder.string())));
  std::filesystem::permissions(options.state_folder, std::filesystem::perms::owner_all, error);
  DAIMON_TRY(auto configuration, read_configuration(options.config_folder));
  auto machine = std::make_unique<Machine>(options, std::move(configuration));
  DAIMON_CHECK(machine->start_up());
  return machine;
}

}  // namespace daimon::kernel
