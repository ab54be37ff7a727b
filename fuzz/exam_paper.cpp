// Lines of an exam: what is taken has goals and stays inside its home, and what is refused says why.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "exam/paper.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto home = daimon::exam::parse_home({reinterpret_cast<const char*>(data), size});
  if (!home) return home.error().what.empty() ? (std::abort(), 0) : 0;
  for (const auto& [path, text] : home->files)
    if (path.starts_with('/') || path == ".." || path.starts_with("../") || path.contains("/../")) std::abort();
  for (const auto& question : home->questions)
    if (question.goal.empty()) std::abort();
  return 0;
}
