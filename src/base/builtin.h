// What comes with Daimon as files of its own: the firmware, the embedding, the exam.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace daimon {

struct Builtin {
  std::string_view name;            // below share/daimon of an installation
  const char* variable;             // of the environment: names another one
  std::filesystem::path installed;  // where this build is installed to
  std::filesystem::path source;     // where it lies in the source tree
  std::string_view what;            // "the built-in model"
  std::string_view remedy;          // when there is none
};

// The one that the environment names, else beside the program, installed, or of the source tree. kNotFound.
Result<std::filesystem::path> find_builtin(const Builtin& builtin);

}  // namespace daimon
