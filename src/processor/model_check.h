// The first load of an unknown model file, in a child process: libllama asserts where a file lies about itself, and an
// assertion ends the process it happens in.
#pragma once

#include <chrono>
#include <filesystem>

#include "base/result.h"

namespace daimon::processor {

struct ModelCheckOptions {
  std::filesystem::path remembered_folder = {};  // of files known to load; empty: $XDG_CACHE_HOME/daimon/models-checked
  std::chrono::seconds time_max{300};
};

// Loads the file in a child, reads all of its vocabulary, and decodes one token. Nothing when all went well, now or
// before for the same file (device, inode, size and time of change); kCorrupt when the child crashed, kUnsupported when
// libllama refused, kTimeout when it did not come to an end. Blocks; any thread.
Status check_model_in_child(const std::filesystem::path& path, const ModelCheckOptions& options = {});

// What the child does. The exit status of the process: 0 or kModelRefused, with the reason on standard output.
inline constexpr int kModelRefused = 3;
int check_model_here(const std::filesystem::path& path);

}  // namespace daimon::processor
