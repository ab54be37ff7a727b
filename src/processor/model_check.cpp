#include "processor/model_check.h"

#include <fcntl.h>
#include <llama.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <format>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>

#include "base/text.h"
#include "processor/backend.h"
#include "processor/model.h"

extern char** environ;

namespace daimon::processor {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kOutputBytesMax = 64U << 10;

fs::path folder_of(const ModelCheckOptions& options) {
  if (!options.remembered_folder.empty()) return options.remembered_folder;
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache != '\0')
    return fs::path(cache) / "daimon/models-checked";
  const char* home = std::getenv("HOME");
  return fs::path(home != nullptr && *home != '\0' ? home : "/tmp") / ".cache/daimon/models-checked";
}

// A file under this name says that the same file loaded before, with the same libllama.
std::optional<std::string> name_of_file(const fs::path& path) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) return std::nullopt;
  return std::format("{}-{}-{}-{}.{}-{}", info.st_dev, info.st_ino, info.st_size, info.st_mtim.tv_sec,
                     info.st_mtim.tv_nsec, llama_version());
}

// Beside the running program, as installed, or where the build put it.
fs::path find_checker() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& candidate : {self / "daimon-model-check", self / "../libexec/daimon/daimon-model-check",
                                    self / "../lib/daimon/daimon-model-check", fs::path(DAIMON_MODEL_CHECK_PATH)})
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  return {};
}

struct Outcome {
  int status = 0;
  bool timed_out = false;
  std::string output;
};

Result<Outcome> run_child(const fs::path& checker, const fs::path& model, std::chrono::seconds time_max) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return std::unexpected(os_error(errno, "making a pipe"));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
  const std::string program = checker.string();
  const std::string argument = fs::absolute(model).string();
  std::array<char*, 3> arguments = {const_cast<char*>(program.c_str()), const_cast<char*>(argument.c_str()), nullptr};
  pid_t child = 0;
  const int spawned = posix_spawn(&child, program.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (spawned != 0) {
    close(ends[0]);
    return std::unexpected(os_error(spawned, std::format("starting {}", program)));
  }
  Outcome outcome;
  const auto deadline = std::chrono::steady_clock::now() + time_max;
  for (std::array<char, 4096> buffer{};;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd wait{ends[0], POLLIN, 0};
    const int ready = left.count() <= 0 ? 0 : poll(&wait, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) {
      outcome.timed_out = true;
      kill(child, SIGKILL);
      break;
    }
    const ssize_t count = read(ends[0], buffer.data(), buffer.size());
    if (count <= 0) break;
    outcome.output.append(buffer.data(), static_cast<std::size_t>(count));
    if (outcome.output.size() > kOutputBytesMax) outcome.output.erase(0, outcome.output.size() - kOutputBytesMax);
  }
  close(ends[0]);
  while (waitpid(child, &outcome.status, 0) < 0 && errno == EINTR) {
  }
  return outcome;
}

// The line of an assertion, if there is one, else the last line.
std::string last_words(const std::string& output) {
  std::string_view text = trim(output);
  if (const auto at = text.find("GGML_ASSERT"); at != std::string_view::npos) {
    text = text.substr(text.rfind('\n', at) + 1);
    return printable(cut_utf8(text.substr(0, text.find('\n')), 300));
  }
  const auto line = text.rfind('\n');
  return printable(cut_utf8(line == std::string_view::npos ? text : text.substr(line + 1), 300));
}

}  // namespace

Status check_model_in_child(const fs::path& path, const ModelCheckOptions& options) {
  const auto name = name_of_file(path);
  if (!name) return std::unexpected(os_error(errno, std::format("reading {}", printable(path.string()))));
  const fs::path mark = folder_of(options) / *name;
  std::error_code error;
  if (fs::exists(mark, error)) return {};
  const fs::path checker = find_checker();
  if (checker.empty())
    return fail(ErrorCode::kUnavailable,
                "the program daimon-model-check, which tries an unknown model file first, is missing",
                "install Daimon again, or build all of it");
  DAIMON_TRY(const Outcome outcome, run_child(checker, path, options.time_max));
  const std::string shown = printable(path.string());
  if (outcome.timed_out)
    return fail(ErrorCode::kTimeout, std::format("{} could not be loaded in {} s", shown, options.time_max.count()),
                "try a smaller model or quantisation, or look whether the disk is slow");
  if (WIFSIGNALED(outcome.status)) {
    const int number = WTERMSIG(outcome.status);
    if (number == SIGKILL)
      return fail(ErrorCode::kLimit,
                  std::format("loading {} was ended by the system, most likely for want of memory", shown),
                  "try a smaller model or quantisation, or free memory");
    return fail(ErrorCode::kCorrupt,
                std::format("the file made the loader crash ({}): {}: {}", strsignal(number), shown,
                            last_words(outcome.output)),
                "the file is damaged or hostile: do not use it; download the model again from a source you trust");
  }
  if (WEXITSTATUS(outcome.status) != 0)
    return fail(ErrorCode::kUnsupported, std::format("{} cannot be used: {}", shown, last_words(outcome.output)),
                "the model may need a newer llama.cpp, or the file is damaged: try another model or quantisation");
  // Not being able to remember costs time at the next start, nothing else.
  fs::create_directories(mark.parent_path(), error);
  std::ofstream(mark) << shown << '\n';
  return {};
}

int check_model_here(const fs::path& path) {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  // Only this child may write a backtrace; gdb, which ggml would start for one, would hang without a terminal.
  setenv("GGML_NO_BACKTRACE", "1", 1);
  const auto refuse = [](const std::string& why) {
    std::printf("%s\n", why.c_str());
    std::fflush(stdout);
    std::_Exit(kModelRefused);
  };
  try {
    auto files = ModelFiles::look(path);
    if (!files) refuse(files.error().what);
    const bool mapped = files->bytes() > read_bytes_max();
    auto model = Model::load({.files = std::move(*files), .gpu_layers = 0, .mapped = mapped});
    if (!model) refuse(model.error().what);
    llama_context_params params = llama_context_default_params();
    params.n_ctx = 256;
    params.n_batch = params.n_ubatch = 32;
    params.n_seq_max = 2;
    params.kv_unified = true;
    llama_context* context = llama_init_from_model((*model)->handle(), params);
    if (context == nullptr) refuse("no context: " + take_llama_complaints());
    auto tokens = (*model)->tokenize("Hello", false);
    if (tokens.empty()) tokens.push_back(0);
    const int decoded = llama_decode(context, llama_batch_get_one(tokens.data(), 1));
    if (decoded != 0) refuse(std::format("decoding failed ({}): {}", decoded, take_llama_complaints()));
    if (llama_get_logits_ith(context, 0) == nullptr) refuse("decoding gave no logits");
  } catch (const std::exception& exception) {
    refuse(std::format("loading failed: {}", exception.what()));
  }
  // Without freeing: the process ends, and what it came for is known.
  std::_Exit(0);
}

}  // namespace daimon::processor
