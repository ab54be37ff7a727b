#include "base/text.h"

#include <algorithm>
#include <array>

#include "base/format.h"

namespace daimon {
namespace {

struct Decoded {
  char32_t code_point = 0;
  std::size_t length = 0;  // bytes; 0 when invalid
};

Decoded decode(std::string_view bytes) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return {lead, 1};
  std::size_t length = 0;
  char32_t code_point = 0;
  char32_t least = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2, code_point = lead & 0x1Fu, least = 0x80;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3, code_point = lead & 0x0Fu, least = 0x800;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4, code_point = lead & 0x07u, least = 0x10000;
  } else {
    return {};
  }
  if (bytes.size() < length) return {};
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xC0) != 0x80) return {};
    code_point = (code_point << 6) | (at(i) & 0x3Fu);
  }
  if (code_point < least || code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF)) return {};
  return {code_point, length};
}

struct Span {
  char32_t first, last;
};

// What a terminal obeys, what turns the order of text about, and what nobody sees, so that two texts look alike that
// are not, or one says to a model what its reader is not shown (Unicode 16, Default_Ignorable_Code_Point, and the
// blank of braille). Emoji are written with some of it: see belongs_to_emoji.
constexpr auto kUnsafe = std::to_array<Span>({
    {0x0000, 0x001F},    // C0
    {0x007F, 0x009F},    // DEL, C1
    {0x00AD, 0x00AD},    // soft hyphen
    {0x034F, 0x034F},    // grapheme joiner
    {0x061C, 0x061C},    // Arabic letter mark
    {0x115F, 0x1160},    // Hangul fillers
    {0x17B4, 0x17B5},    // Khmer vowels without a sign
    {0x180B, 0x180F},    // Mongolian selectors and vowel separator
    {0x200B, 0x200F},    // spaces without width, joiners, marks of direction
    {0x2028, 0x202E},    // line and paragraph separators, embeddings, overrides
    {0x2060, 0x206F},    // word joiner, signs without a mark, isolates
    {0x2800, 0x2800},    // braille without a dot
    {0x3164, 0x3164},    // Hangul filler
    {0xFE00, 0xFE0F},    // selectors
    {0xFEFF, 0xFEFF},    // byte order mark
    {0xFFA0, 0xFFA0},    // half-width Hangul filler
    {0xFFF0, 0xFFFB},    // interlinear annotation
    {0x1BCA0, 0x1BCA3},  // shorthand format
    {0x1D173, 0x1D17A},  // musical format
    {0xE0000, 0xE0FFF},  // tags, supplementary selectors
});

bool is_unsafe(char32_t c) noexcept {
  if (c >= 0x20 && c < 0x7F) return false;
  return std::ranges::any_of(kUnsafe, [c](const Span& span) { return c >= span.first && c <= span.last; });
}

constexpr char32_t kJoiner = 0x200D;
constexpr char32_t kAsText = 0xFE0E;
constexpr char32_t kAsEmoji = 0xFE0F;
constexpr char32_t kKeycap = 0x20E3;

bool is_emoji(char32_t c) noexcept {
  if (c >= 0x2800 && c <= 0x28FF) return false;  // braille
  return (c >= 0x1F000 && c <= 0x1FAFF) || (c >= 0x2190 && c <= 0x2BFF);
}

// Signs of other blocks that have two looks (Unicode 16, emoji-variation-sequences.txt).
bool has_two_looks(char32_t c) noexcept {
  constexpr std::u32string_view kSigns = U"\u00A9\u00AE\u203C\u2049\u2122\u2139\u3030\u303D\u3297\u3299";
  return is_emoji(c) || kSigns.contains(c);
}

// Of an emoji what may stand between it and the joiner: how it is shown, the colour of skin (which is an emoji too).
bool is_emoji_part(char32_t c) noexcept { return is_emoji(c) || c == kAsEmoji || c == kKeycap; }

// Whether what is unsafe elsewhere is here part of an emoji: `before` is what was shown directly before it.
bool belongs_to_emoji(char32_t before, char32_t c, std::string_view rest) noexcept {
  const char32_t after = rest.empty() ? 0 : decode(rest).code_point;
  // One emoji of several: both sides are to be seen, and nothing else is between.
  if (c == kJoiner) return is_emoji_part(before) && is_emoji(after);
  if (c != kAsText && c != kAsEmoji) return false;
  const bool is_key = (before >= '0' && before <= '9') || before == '#' || before == '*';
  return has_two_looks(before) || (is_key && c == kAsEmoji && after == kKeycap);
}

std::string make_printable(std::string_view text, bool keep_lines) {
  std::string out;
  out.reserve(text.size());
  char32_t before = 0;
  while (!text.empty()) {
    const Decoded c = decode(text);
    if (c.length == 0) {
      out += daimon::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
      before = 0;
      continue;
    }
    const bool escaped = is_unsafe(c.code_point) && !belongs_to_emoji(before, c.code_point, text.substr(c.length));
    before = escaped ? 0 : c.code_point;
    if (keep_lines && (c.code_point == '\n' || c.code_point == '\t')) {
      out += static_cast<char>(c.code_point);
    } else if (c.code_point == '\n') {
      out += "\\n";
    } else if (c.code_point == '\t') {
      out += "\\t";
    } else if (c.code_point == '\r') {
      out += "\\r";
    } else if (escaped) {
      out += c.code_point < 0x100 ? daimon::format("\\x{:02x}", static_cast<unsigned>(c.code_point))
                                  : daimon::format("\\u{{{:x}}}", static_cast<unsigned>(c.code_point));
    } else {
      out += text.substr(0, c.length);
    }
    text.remove_prefix(c.length);
  }
  return out;
}

}  // namespace

std::size_t valid_utf8_prefix(std::string_view bytes) noexcept {
  std::size_t position = 0;
  while (position < bytes.size()) {
    const std::size_t length = decode(bytes.substr(position)).length;
    if (length == 0) break;
    position += length;
  }
  return position;
}

std::string repair_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t valid = valid_utf8_prefix(bytes);
    out += bytes.substr(0, valid);
    bytes.remove_prefix(valid);
    if (bytes.empty()) break;
    out += "\xEF\xBF\xBD";
    do bytes.remove_prefix(1);
    while (!bytes.empty() && (static_cast<unsigned char>(bytes[0]) & 0xC0) == 0x80);
  }
  return out;
}

char32_t next_code_point(std::string_view text, std::size_t& at) noexcept {
  const auto lead = static_cast<unsigned char>(text[at++]);
  const int more = lead < 0x80 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
  char32_t value = more == 0 ? lead : lead & (0x3FU >> more);
  for (int i = 0; i < more && at < text.size(); ++i)
    value = (value << 6) | (static_cast<unsigned char>(text[at++]) & 0x3FU);
  return value;
}

void append_utf8(std::string& out, char32_t code_point) {
  const char32_t c = code_point;
  const auto byte = [&](char32_t value) { out += static_cast<char>(static_cast<unsigned char>(value)); };
  if (c < 0x80) return byte(c);
  if (c < 0x800) return byte(0xC0 | (c >> 6)), byte(0x80 | (c & 0x3F));
  if (c < 0x10000) return byte(0xE0 | (c >> 12)), byte(0x80 | ((c >> 6) & 0x3F)), byte(0x80 | (c & 0x3F));
  byte(0xF0 | (c >> 18)), byte(0x80 | ((c >> 12) & 0x3F)), byte(0x80 | ((c >> 6) & 0x3F)), byte(0x80 | (c & 0x3F));
}

std::string_view cut_utf8(std::string_view text, std::size_t bytes_max) noexcept {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

std::string printable(std::string_view text) { return make_printable(text, false); }
std::string printable_block(std::string_view text) { return make_printable(text, true); }

std::string printable_json(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  const auto escape = [&](unsigned unit) { out += daimon::format("\\u{:04x}", unit); };
  while (!json.empty()) {
    const Decoded c = decode(json);
    const std::size_t length = std::max<std::size_t>(c.length, 1);
    if (c.length == 0 || c.code_point < 0x7F || !is_unsafe(c.code_point)) {
      out += json.substr(0, length);
    } else if (c.code_point < 0x10000) {
      escape(c.code_point);
    } else {
      escape(0xD7C0U + (c.code_point >> 10U));  // 0xD800 less 0x10000 >> 10
      escape(0xDC00U + (c.code_point & 0x3FFU));
    }
    json.remove_prefix(length);
  }
  return out;
}

std::size_t display_width(std::string_view text) noexcept {
  std::size_t width = 0;
  while (!text.empty()) {
    const Decoded c = decode(text);
    if (c.length == 0) {
      ++width;
      text.remove_prefix(1);
      continue;
    }
    const char32_t p = c.code_point;
    const bool zero = (p >= 0x300 && p <= 0x36F) || (p >= 0x200B && p <= 0x200D) || (p >= 0xFE00 && p <= 0xFE0F) ||
                      (p >= 0x20D0 && p <= 0x20FF);
    const bool wide = (p >= 0x1100 && p <= 0x115F) || (p >= 0x2E80 && p <= 0xA4CF) || (p >= 0xAC00 && p <= 0xD7A3) ||
                      (p >= 0xF900 && p <= 0xFAFF) || (p >= 0xFE30 && p <= 0xFE6F) || (p >= 0xFF00 && p <= 0xFF60) ||
                      (p >= 0xFFE0 && p <= 0xFFE6) || (p >= 0x1F300 && p <= 0x1F64F) ||
                      (p >= 0x1F680 && p <= 0x1FAFF) || (p >= 0x20000 && p <= 0x3FFFD);
    width += zero ? 0 : wide ? 2 : 1;
    text.remove_prefix(c.length);
  }
  return width;
}

std::string to_lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view kBlank = " \t\r\n\f\v";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

}  // namespace daimon
