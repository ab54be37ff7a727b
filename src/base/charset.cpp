#include "base/charset.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/text.h"

namespace daimon {
namespace {

// 0x80 to 0x9F; the others are their own code points.
constexpr std::array<std::uint16_t, 32> kWindows1252 = {0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                                        0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D, 0x017D, 0x008F,
                                                        0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                                        0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

bool has_multibyte(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size(); ++at)
    if (!is_ascii(bytes[at]) && valid_utf8_prefix(bytes.substr(at, 4)) > 0) return true;
  return false;
}

}  // namespace

std::string from_windows_1252(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 8);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    const unsigned code = byte >= 0x80 && byte < 0xA0 ? kWindows1252[byte - 0x80U] : byte;
    append_utf8(out, code);
  }
  return out;
}

std::string utf8_of(std::string_view bytes) {
  if (is_utf8(bytes)) return std::string(bytes);
  return has_multibyte(bytes) ? repair_utf8(bytes) : from_windows_1252(bytes);
}

}  // namespace daimon
