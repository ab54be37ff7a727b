// UTF-8 text from outside, and text made safe to show.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace daimon {

// The length in bytes of the longest prefix of `bytes` that is valid UTF-8 (RFC 3629: no surrogates, no overlong
// forms); bytes.size() when all of it is.
std::size_t valid_utf8_prefix(std::string_view bytes) noexcept;
inline bool is_utf8(std::string_view bytes) noexcept { return valid_utf8_prefix(bytes) == bytes.size(); }

// Every maximal invalid part replaced by U+FFFD.
std::string repair_utf8(std::string_view bytes);

// The code point of valid UTF-8 that begins at `at`, which moves behind it.
char32_t next_code_point(std::string_view text, std::size_t& at) noexcept;
void append_utf8(std::string& out, char32_t code_point);

// At most `bytes_max` bytes of `text`, cut between code points.
std::string_view cut_utf8(std::string_view text, std::size_t bytes_max) noexcept;

// One line that is safe in a terminal: control characters (escape sequences too), bidirectional overrides and
// invalid bytes become visible escapes (\n, \x1b, \u{202e}).
std::string printable(std::string_view text);
// As printable, but keeps newlines and tabs.
std::string printable_block(std::string_view text);
// The same JSON, safe in a terminal: what is unsafe beyond ASCII (U+009B begins an escape sequence) is written \uXXXX.
std::string printable_json(std::string_view json);

// Columns that `text` takes in a terminal (wide characters 2, combining 0).
std::size_t display_width(std::string_view text) noexcept;

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
std::string to_lower_ascii(std::string_view text);
std::string_view trim(std::string_view text) noexcept;

// The word that goes with a number: "1 file", "2 files".
constexpr std::string_view one_or_many(std::int64_t count, std::string_view one, std::string_view many) noexcept {
  return count == 1 ? one : many;
}

}  // namespace daimon
