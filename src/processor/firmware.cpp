#include "processor/firmware.h"

#include <cstdlib>
#include <format>
#include <system_error>

#include "base/text.h"

namespace daimon::processor {

Result<std::filesystem::path> firmware_path() {
  namespace fs = std::filesystem;
  std::error_code error;
  if (const char* named = std::getenv("DAIMON_FIRMWARE"); named != nullptr && *named != '\0') {
    if (fs::is_regular_file(named, error)) return fs::path(named);
    return fail(ErrorCode::kNotFound, std::format("DAIMON_FIRMWARE names {}, which is not there", printable(named)),
                "set it to a .gguf file, or unset it");
  }
  const fs::path self = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& candidate : {self / "../share/daimon/daimon-firmware.gguf", fs::path(DAIMON_FIRMWARE_INSTALLED),
                                    fs::path(DAIMON_FIRMWARE_SOURCE)})
    if (fs::is_regular_file(candidate, error)) return candidate.lexically_normal();
  return fail(ErrorCode::kNotFound, "the built-in model (daimon-firmware.gguf) is not installed",
              "install Daimon again, set DAIMON_FIRMWARE to a .gguf file, or name a model with --model");
}

}  // namespace daimon::processor
