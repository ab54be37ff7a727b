#include "processor/backend.h"

#include <dlfcn.h>
#include <ggml-backend.h>
#include <llama.h>

#include <format>
#include <mutex>
#include <string_view>

#include "base/text.h"

namespace daimon::processor {
namespace {

constexpr std::size_t kComplaintBytesMax = 2000;

// libllama logs on the thread that called it, so one thread's failure is not told with another's words.
thread_local std::string complaints;

void on_log(ggml_log_level level, const char* text, void*) {
  static thread_local bool wanted = false;
  if (level != GGML_LOG_LEVEL_CONT) wanted = level == GGML_LOG_LEVEL_ERROR || level == GGML_LOG_LEVEL_WARN;
  if (!wanted || text == nullptr) return;
  complaints += text;
  // The last words are the ones that explain.
  if (complaints.size() > 2 * kComplaintBytesMax) complaints.erase(0, complaints.size() - kComplaintBytesMax);
}

// The file libggml-cpu-VARIANT.so that a backend came from names the variant.
std::string variant_of(ggml_backend_reg_t reg) {
  void* address = ggml_backend_reg_get_proc_address(reg, "ggml_backend_get_features");
  Dl_info info{};
  if (address == nullptr || dladdr(address, &info) == 0 || info.dli_fname == nullptr) return {};
  const std::string_view file(info.dli_fname);
  const auto begin = file.rfind("ggml-cpu-");
  const auto end = file.rfind(".so");
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin + 9) return {};
  return std::string(file.substr(begin + 9, end - begin - 9));
}

bool is_gpu(ggml_backend_dev_t device) {
  const auto type = ggml_backend_dev_type(device);
  return type == GGML_BACKEND_DEVICE_TYPE_GPU || type == GGML_BACKEND_DEVICE_TYPE_IGPU;
}

}  // namespace

void load_backends() {
  static std::once_flag once;
  std::call_once(once, [] {
    llama_log_set(on_log, nullptr);
    ggml_backend_load_all();
    llama_backend_init();
    complaints.clear();
  });
}

bool has_gpu() {
  load_backends();
  for (std::size_t i = 0; i < ggml_backend_dev_count(); ++i)
    if (is_gpu(ggml_backend_dev_get(i))) return true;
  return false;
}

std::string describe_backends(bool gpu) {
  load_backends();
  std::string text;
  for (std::size_t i = 0; i < ggml_backend_dev_count(); ++i) {
    ggml_backend_dev_t device = ggml_backend_dev_get(i);
    if (!is_gpu(device) || !gpu) continue;
    text += std::format("{}{} ({})", text.empty() ? "" : ", ", ggml_backend_dev_name(device),
                        ggml_backend_dev_description(device));
  }
  if (ggml_backend_dev_t cpu = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU); cpu != nullptr) {
    const std::string variant = variant_of(ggml_backend_dev_backend_reg(cpu));
    text += std::format("{}CPU{}", text.empty() ? "" : " and ", variant.empty() ? "" : std::format(" ({})", variant));
  }
  return text;
}

std::string take_llama_complaints() {
  std::string taken = std::move(complaints);
  complaints.clear();
  return printable(trim(taken));
}

}  // namespace daimon::processor
