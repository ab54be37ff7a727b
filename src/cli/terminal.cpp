#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "base/format.h"
#include "base/text.h"

namespace daimon::cli {
namespace {

constexpr Symbols kUnicode{"✓", "✗", "⊘", "▸", "·", "→", " · ", "…", "“", "”", "─", "█", "░"};
constexpr Symbols kAscii{"+", "x", "!", ">", "-", "->", " | ", "...", "\"", "\"", "-", "#", "."};
constexpr int kColumnsLeast = 20;
constexpr int kColumnsMost = 160;  // longer lines are hard to read

bool names_utf8(const char* locale) {
  const std::string name = to_lower_ascii(locale);
  return name.contains("utf-8") || name.contains("utf8");
}

// Bytes of the first character of `text`.
std::size_t character(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) ++size;
  return size;
}

int width(std::string_view text) { return static_cast<int>(display_width(text)); }

// The longest prefix of whole characters that takes at most `columns`.
std::string_view prefix(std::string_view text, int columns) {
  std::size_t size = 0;
  int taken = 0;
  while (size < text.size()) {
    const std::size_t next = character(text.substr(size));
    const int more = width(text.substr(size, next));
    if (taken + more > columns) break;
    taken += more;
    size += next;
  }
  return text.substr(0, size);
}

}  // namespace

bool Stream::write(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor_, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      if (failure_ == 0) failure_ = count < 0 ? errno : EIO;
      return false;
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

std::string Stream::paint(Style style, std::string_view text) const {
  constexpr std::string_view kCodes[] = {"", "1", "2", "31", "32", "33", "36"};
  if (!colours_ || style == Style::kPlain || text.empty()) return std::string(text);
  return daimon::format("\x1b[{}m{}\x1b[0m", kCodes[static_cast<std::size_t>(style)], text);
}

Terminal Terminal::of_process(const Environment& environment) {
  const auto get = [&](const char* name) {
    const char* value = environment(name);
    return value == nullptr ? "" : value;
  };
  const std::string_view type = get("TERM");
  const bool capable = !type.empty() && type != "dumb";
  const bool colours = capable && *get("NO_COLOR") == '\0';
  const bool out = ::isatty(STDOUT_FILENO) == 1;
  const bool err = ::isatty(STDERR_FILENO) == 1;
  Terminal terminal{Stream(STDOUT_FILENO, out, out && colours), Stream(STDERR_FILENO, err, err && colours)};
  terminal.in_is_terminal = ::isatty(STDIN_FILENO) == 1;
  terminal.moves = err && capable;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"})
    if (const char* value = get(name); *value != '\0') {
      terminal.utf8 = names_utf8(value);
      break;
    }
  terminal.symbols = terminal.utf8 ? &kUnicode : &kAscii;
  winsize size{};
  int columns = 0;
  if ((err && ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0) ||
      (out && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0))
    columns = size.ws_col;
  const char* wanted = get("COLUMNS");
  std::from_chars(wanted, wanted + std::strlen(wanted), columns);
  terminal.columns = columns <= 0 ? 100 : std::clamp(columns, kColumnsLeast, kColumnsMost);
  return terminal;
}

std::vector<std::string> wrap(std::string_view text, int columns) {
  std::vector<std::string> lines;
  columns = std::max(columns, 1);
  while (true) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    do {
      std::string_view part = prefix(line, columns);
      if (part.empty()) part = line.substr(0, line.empty() ? 0 : character(line));  // wider than the whole line
      if (part.size() < line.size() && line[part.size()] != ' ') {
        const std::size_t space = part.rfind(' ');
        if (space != std::string_view::npos && space > part.size() / 3) part = part.substr(0, space);
      }
      line.remove_prefix(part.size());
      if (line.starts_with(' ')) line.remove_prefix(1);
      lines.emplace_back(part);
    } while (!line.empty());
    if (end == text.size()) return lines;
    text.remove_prefix(end + 1);
  }
}

std::string fit(std::string_view text, int columns, std::string_view ellipsis) {
  if (columns <= 0) return {};
  if (width(text) <= columns) return std::string(text);
  const int room = columns - width(ellipsis);
  if (room <= 0) return std::string(prefix(text, columns));
  return std::string(prefix(text, room)) + std::string(ellipsis);
}

std::string pad(std::string_view text, int columns) {
  return std::string(text) + std::string(static_cast<std::size_t>(std::max(0, columns - width(text))), ' ');
}

std::string show_duration(double milliseconds) {
  if (milliseconds < 1) return daimon::format("{:.1f} ms", milliseconds);
  if (milliseconds < 1000) return daimon::format("{:.0f} ms", milliseconds);
  if (milliseconds < 60'000) return daimon::format("{:.1f} s", milliseconds / 1000);
  const auto seconds = static_cast<std::int64_t>(milliseconds / 1000);
  if (seconds < 3600) return daimon::format("{} min {} s", seconds / 60, seconds % 60);
  if (seconds < 86'400) return daimon::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
  return daimon::format("{} d {} h", seconds / 86'400, seconds / 3600 % 24);
}

std::string show_bytes(double bytes) {
  constexpr std::string_view kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes >= 1024 && unit < 4) bytes /= 1024, ++unit;
  return unit == 0 ? daimon::format("{:.0f} B", bytes) : daimon::format("{:.1f} {}", bytes, kUnits[unit]);
}

std::string show_count(std::int64_t number) {
  std::string digits = daimon::format("{}", number < 0 ? -number : number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return number < 0 ? "-" + digits : digits;
}

}  // namespace daimon::cli
