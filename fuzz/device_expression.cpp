// The calculator: a result or an error in words, the same each time; a result that is a number is read again as itself.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "device/expression.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace daimon;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto result = device::calculate(text);
  if (!result) return result.error().what.empty() ? (std::abort(), 0) : 0;
  if (result->kind != "text" && result->text.empty()) std::abort();
  if (result->kind != "number" || !result->exact || result->text.size() > 1000 || result->text.contains("≈")) return 0;
  const auto again = device::calculate(result->text);
  if (!again || again->text != result->text) std::abort();
  return 0;
}
