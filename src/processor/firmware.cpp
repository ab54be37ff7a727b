#include "processor/firmware.h"

#include "base/builtin.h"

namespace daimon::processor {

Result<std::filesystem::path> firmware_path() {
  return find_builtin({.name = "daimon-firmware.gguf",
                       .variable = "DAIMON_FIRMWARE",
                       .installed = DAIMON_FIRMWARE_INSTALLED,
                       .source = DAIMON_FIRMWARE_SOURCE,
                       .what = "the built-in model (daimon-firmware.gguf)",
                       .remedy = "install Daimon again, set DAIMON_FIRMWARE to a .gguf file, or name a model with "
                                 "--model"});
}

}  // namespace daimon::processor
