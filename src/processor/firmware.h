// Where the built-in model lies.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace daimon::processor {

// The first of: $DAIMON_FIRMWARE, the installed data folder (beside the program's prefix, then as configured), the
// source tree. kNotFound with what to do when there is none.
Result<std::filesystem::path> firmware_path();

}  // namespace daimon::processor
