#include "base/random.h"

#include <sys/random.h>

#include "base/result.h"

namespace daimon {

std::uint64_t SystemRandom::next() {
  std::uint64_t value = 0;
  DAIMON_ASSERT(::getrandom(&value, sizeof value, 0) == static_cast<ssize_t>(sizeof value));
  return value;
}

std::string random_hex(Random& random, std::size_t bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes * 2);
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    if (i % 8 == 0) word = random.next();
    text += kDigits[(word >> 4) & 15];
    text += kDigits[word & 15];
    word >>= 8;
  }
  return text;
}

}  // namespace daimon
