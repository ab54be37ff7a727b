#include "device/python_device.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <utility>

#include "base/format.h"
#include "base/text.h"
#include "base/within.h"
#include "capability/credentials.h"
#include "device/arguments.h"
#include "device/beneath.h"
#include "device/typed_call.h"
#include "sandbox/child.h"

namespace daimon::device {
namespace {

constexpr std::size_t kShownBytes = 16 << 10;
constexpr std::size_t kMaskedFilesMax = 32;  // a sandbox has 64 things bound into it at most

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

// What below a mount holds credentials, and no program is to see.
struct Masked {
  std::vector<std::filesystem::path> folders;
  std::vector<std::filesystem::path> files;
};

// Whether the sandbox's user, where that is another one, could come to a file: nothing can be put over one to which it
// cannot, and nothing need be.
bool can_come_to(const std::filesystem::path& root, const std::filesystem::path& below) {
  if (!sandbox::can_change_user()) return true;
  std::filesystem::path at = root;
  for (const std::filesystem::path& part : below) {
    struct stat status{};
    if (::lstat(at.c_str(), &status) != 0) return false;
    const mode_t enter = status.st_uid == sandbox::kNobody   ? S_IXUSR
                         : status.st_gid == sandbox::kNobody ? S_IXGRP
                                                             : S_IXOTH;
    if ((status.st_mode & enter) == 0) return false;
    at /= part;
  }
  return true;
}

Result<Masked> find_credentials(const MountReference& mount, const CallContext& context) {
  namespace stdfs = std::filesystem;
  Masked masked;
  std::vector<stdfs::path> open{""};
  while (!open.empty()) {
    if (context.stop.stop_requested()) return fail(ErrorCode::kCancelled, "the program was stopped");
    if (context.clock.steady() >= context.deadline)
      return fail(
          ErrorCode::kTimeout,
          daimon::format("'{}' has too many files to look through for keys and passwords, which no program sees",
                         printable(mount.name)),
          "mount a smaller folder for this goal");
    const stdfs::path folder = std::move(open.back());
    open.pop_back();
    const stdfs::path name = (folder.empty() ? mount.root : folder).filename();
    std::error_code failed;
    stdfs::directory_iterator entries(mount.root / folder, failed);
    // What Daimon may not read, its sandbox may not either.
    for (const stdfs::directory_iterator end; !failed && entries != end; entries.increment(failed)) {
      const stdfs::path relative = folder / entries->path().filename();
      std::error_code unseen;
      const auto type = entries->symlink_status(unseen).type();
      const bool is_folder = type == stdfs::file_type::directory;
      if (std::ranges::contains(mount.closed, relative) || type == stdfs::file_type::symlink) continue;
      if (capability::is_name_of_credentials(name.native(), relative.filename().native()))
        (is_folder ? masked.folders : masked.files).push_back(relative);
      else if (is_folder)
        open.push_back(relative);
    }
    if (failed && failed != std::errc::permission_denied && failed != std::errc::no_such_file_or_directory)
      return std::unexpected(os_error(
          failed.value(), daimon::format("cannot look for keys and passwords in '{}'", printable(mount.name))));
  }
  return masked;
}

// Without what lies in another of them: that is hidden already, and nothing could be put there.
void keep_outermost(std::vector<std::filesystem::path>& folders) {
  std::ranges::sort(folders);
  std::vector<std::filesystem::path> kept;
  for (std::filesystem::path& folder : folders)
    if (kept.empty() || !is_within(kept.back(), folder)) kept.push_back(std::move(folder));
  folders = std::move(kept);
}

// Where more files have to be covered than can be one by one, the folders that hold the most of them are. False where
// that would be the mount itself.
bool cover_at_most(std::size_t files_max, Masked& masked) {
  while (masked.files.size() > files_max) {
    std::map<std::filesystem::path, std::size_t> held;
    for (const std::filesystem::path& file : masked.files) ++held[file.parent_path()];
    held.erase("");
    if (held.empty()) return false;
    const auto most = std::ranges::max_element(held, {}, &decltype(held)::value_type::second)->first;
    std::erase_if(masked.files, [&](const std::filesystem::path& file) { return is_within(most, file); });
    masked.folders.push_back(most);
  }
  return true;
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
    std::size_t files_left = kMaskedFilesMax;
    for (const MountReference& mount : context.mounts) {
      if (std::ranges::contains(mount.closed, std::filesystem::path()) || capability::holds_credentials(mount.root))
        continue;
      DAIMON_CHECK(open_root(mount.root));
      DAIMON_TRY(Masked masked, find_credentials(mount, context));
      std::erase_if(masked.files, [&](const auto& file) { return !can_come_to(mount.root, file); });
      if (!cover_at_most(files_left, masked)) continue;
      files_left -= masked.files.size();
      const std::string place = "/mounts/" + mount.name;
      masked.folders.insert(masked.folders.end(), mount.closed.begin(), mount.closed.end());
      keep_outermost(masked.folders);
      command.read_only.push_back({mount.root, place, std::move(masked.folders)});
      // A device in the sandbox cannot be opened.
      for (const std::filesystem::path& file : masked.files)
        command.read_only.push_back({"/dev/null", place + "/" + file.string()});
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
