// Files of an embedding from anywhere are read or refused; what is read gives a vector for any text.
//
// Input: tokenizer.json, a NUL, model.safetensors; the text is the first of them.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "embedding/static_embedding.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace daimon::embedding;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::string_view tokenizer = all.substr(0, all.find('\0'));
  for (const std::string& word : words_of(all))
    if (word.empty()) std::abort();
  const auto made = StaticEmbedding::parse(tokenizer, all.substr(std::min(tokenizer.size() + 1, all.size())));
  if (!made) {
    if (made.error().what.empty()) std::abort();
    return 0;
  }
  if (made->embed(all).size() != made->width()) std::abort();
  return 0;
}
