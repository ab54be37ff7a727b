// A strict reading of a GGUF file's header before libllama sees it: the loader of libllama ends the process on some
// broken files, and a model is a file from outside.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace daimon::processor {

struct GgufSummary {
  std::uint32_t version = 0;
  std::uint64_t keys = 0;
  std::uint64_t tensors = 0;
  std::uint64_t data_offset = 0;  // of the tensors, in bytes from the file's begin
  std::string architecture;       // general.architecture
  std::string prompt_profile;     // daimon.prompt, or empty
  std::uint64_t vocabulary = 0;   // tokens
};

// kNotFound, kDenied or kIo when the file cannot be read; kInvalidArgument for what is no GGUF file; kCorrupt for a
// GGUF file that is cut short or contradicts itself; kUnsupported for another version or byte order. Any thread.
Result<GgufSummary> check_gguf(const std::filesystem::path& path);
// The same for an open file of `size` bytes; `name` is for the error.
Result<GgufSummary> check_gguf(std::FILE* file, std::uint64_t size, std::string_view name);

}  // namespace daimon::processor
