// The header check of GGUF files reads any bytes without crashing, and accepts nothing that reaches beyond the file.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "processor/gguf_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::FILE* file = fmemopen(const_cast<std::uint8_t*>(data), size, "rb");
  if (file == nullptr) return 0;
  const auto summary = daimon::processor::check_gguf(file, size, "fuzz");
  std::fclose(file);
  if (summary && summary->data_offset > size) std::abort();
  return 0;
}
