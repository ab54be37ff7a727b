#include "device/python_device.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "base/format.h"
#include "base/text.h"
#include "capability/credentials.h"
#include "device/arguments.h"
#include "device/beneath.h"
#include "device/typed_call.h"

namespace daimon::device {
namespace {

constexpr std::size_t kShownBytes = 16 << 10;

// The last line of a traceback says what happened; the line number is that of the model's own program.
std::string exception_of(std::string_view error) {
  error = trim(error);
  const std::size_t last = error.rfind('\n');
  std::string what = printable(cut_utf8(last == std::string_view::npos ? error : error.substr(last + 1), 600));
  constexpr std::string_view kPlace = "File \"<stdin>\", line ";
  if (const std::size_t at = error.rfind(kPlace); at != std::string_view::npos) {
    const std::string_view rest = error.substr(at + kPlace.size());
    what += daimon::format(" (line {})", rest.substr(0, std::min(rest.find_first_not_of("0123456789"), rest.size())));
  }
  return what;
}

std::string limit_text(sandbox::Stopped why, const sandbox::Profile& profile) {
  switch (why) {
    case sandbox::Stopped::kMemory:
      return daimon::format("it used more than {} MiB of memory", profile.memory_bytes >> 20);
    case sandbox::Stopped::kCpu:
      return daimon::format("it used more than {} s of processor time", profile.cpu.count());
    case sandbox::Stopped::kWall:
      return daimon::format("it took longer than {} s", std::chrono::ceil<std::chrono::seconds>(profile.wall).count());
    case sandbox::Stopped::kOutput:
      return daimon::format("it printed more than {} KiB", profile.output_bytes >> 10);
    case sandbox::Stopped::kFileSize:
      return daimon::format("it wrote a file of more than {} MiB", profile.file_bytes >> 20);
    case sandbox::Stopped::kCancelled:
      return "it was asked to stop";
    case sandbox::Stopped::kNot:
      break;
  }
  return "it ended";
}

class PythonDevice final : public Device {
 public:
  explicit PythonDevice(PythonOptions options) : options_(std::move(options)) {}
  [[nodiscard]] std::string_view name() const override { return "python"; }
  [[nodiscard]] std::span<const CallSpecification> calls() const override { return calls_; }

  Result<Outcome> run(const Call& call, const CallContext& context) override {
    DAIMON_TRY(const auto arguments, parse_arguments<PythonArguments>(call.arguments));
    sandbox::Profile profile = options_.profile;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(context.deadline - context.clock.steady());
    if (left.count() <= 0) return fail(ErrorCode::kTimeout, "there was no time left to run the program");
    profile.wall = std::min(profile.wall, left);
    sandbox::Command command;
    // Isolated (-I: no site folders of a user, no PYTHON variables), no bytecode written, UTF-8, the program on stdin.
    command.argv = {options_.interpreter, "-I", "-B", "-X", "utf8", "-"};
    command.input = arguments.code;
    command.environment = {
        {"HOME", "/tmp"}, {"LANG", "C.UTF-8"}, {"TZ", "UTC"}, {"OPENBLAS_NUM_THREADS", "1"}, {"MPLBACKEND", "Agg"}};
    // In memory, of a bounded size as a whole, and gone with the program.
    command.working_folder = "/tmp";
    capability::Label label = capability::join(call.label, capability::untrusted_label("call:python"));
    for (const MountReference& mount : context.mounts) {
      if (std::ranges::contains(mount.closed, std::filesystem::path()) || capability::holds_credentials(mount.root))
        continue;
      DAIMON_CHECK(open_root(mount.root));
      command.read_only.push_back(
          {mount.root, "/mounts/" + mount.name, mount.closed, capability::is_name_of_credentials});
      label = capability::join(label, capability::untrusted_label("file:" + mount.name));
    }
    command.stop = context.stop;
    DAIMON_TRY(const sandbox::RunResult ran, sandbox::run(profile, command, options_.sandbox));
    if (ran.stopped == sandbox::Stopped::kCancelled) return fail(ErrorCode::kCancelled, "the program was stopped");
    if (ran.stopped == sandbox::Stopped::kWall)
      return fail(ErrorCode::kTimeout, "the program was stopped: " + limit_text(ran.stopped, profile));
    if (ran.stopped != sandbox::Stopped::kNot)
      return fail(ErrorCode::kLimit, "the program was stopped: " + limit_text(ran.stopped, profile));
    if (ran.signal != 0)
      return fail(ErrorCode::kInvalidArgument, daimon::format("the program crashed (signal {})", ran.signal));
    if (ran.exit_code != 0) {
      const std::string what = exception_of(ran.error);
      if (what.starts_with("MemoryError"))
        return fail(ErrorCode::kLimit, "the program was stopped: " + limit_text(sandbox::Stopped::kMemory, profile));
      return fail(ErrorCode::kInvalidArgument,
                  what.empty() ? daimon::format("the program ended with code {}", ran.exit_code) : what);
    }
    std::string output = repair_utf8(ran.out);
    std::string text(trim(cut_utf8(output, kShownBytes)));
    if (text.empty()) text = "it printed nothing";
    if (ran.folders_hidden > 0)
      text += daimon::format(
          "\n({} {} with too many keys or passwords to hide one by one looked empty to this program)",
          ran.folders_hidden, one_or_many(static_cast<std::ptrdiff_t>(ran.folders_hidden), "folder", "folders"));
    const auto cpu_ms = ran.usage.cpu.count();
    return Outcome{JsonObject{{"output", std::move(output)},
                              {"exit_code", ran.exit_code},
                              {"truncated", ran.out_truncated},
                              {"cpu_ms", cpu_ms},
                              {"peak_memory_bytes", ran.usage.peak_memory_bytes}},
                   std::move(text), std::move(label)};
  }

 private:
  PythonOptions options_;
  // Pure to the world: nothing outside its own sandbox changes. Nobody can tell before which files of the mounts a
  // program will look at, so it is judged as one that reads and lists them all.
  std::array<CallSpecification, 1> calls_{specify<PythonArguments>(
      "python", "run a Python program", {.effect = EffectClass::kRead, .timeout = std::chrono::seconds(60)},
      [](const auto&) {
        return std::vector{Access{"python", "run", ""}, Access{"file", "list", ""}, Access{"file", "read", ""}};
      })};
};

}  // namespace

std::unique_ptr<Device> make_python_device(PythonOptions options) {
  return std::make_unique<PythonDevice>(std::move(options));
}

}  // namespace daimon::device
