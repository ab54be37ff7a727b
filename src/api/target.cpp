#include "api/target.h"

#include <algorithm>
#include <optional>

#include "base/format.h"
#include "base/text.h"

namespace daimon::api {
namespace {

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

Result<std::string> decode(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
      const auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : std::nullopt;
      if (!high || !low)
        return fail(ErrorCode::kInvalidArgument, "a % in the address is not followed by two hexadecimal digits");
      c = static_cast<char>(*high * 16 + *low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    out += c;
  }
  if (!is_utf8(out)) return fail(ErrorCode::kInvalidArgument, "the address is not valid UTF-8");
  return out;
}

}  // namespace

std::string_view Target::parameter(std::string_view name) const {
  const auto found = std::ranges::find(query, name, &std::pair<std::string, std::string>::first);
  return found == query.end() ? std::string_view() : std::string_view(found->second);
}

bool Target::has(std::string_view name) const {
  return std::ranges::contains(query, name, &std::pair<std::string, std::string>::first);
}

Result<Target> parse_target(std::string_view text) {
  if (!text.starts_with('/')) return fail(ErrorCode::kInvalidArgument, "the address of a request must begin with /");
  if (text.contains('#')) return fail(ErrorCode::kInvalidArgument, "the address of a request has no fragment (#)");
  Target target;
  const std::size_t question = text.find('?');
  std::string_view path = text.substr(1, question == std::string_view::npos ? question : question - 1);
  while (true) {
    const std::size_t slash = path.find('/');
    DAIMON_TRY(std::string segment, decode(path.substr(0, slash), false));
    if (segment.empty() || segment == "." || segment == ".." || segment.contains('/') || segment.contains('\\') ||
        std::ranges::any_of(segment, is_control))
      return fail(ErrorCode::kInvalidArgument, "the address has an empty or unsafe part");
    target.segments.push_back(std::move(segment));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  std::string_view query = question == std::string_view::npos ? std::string_view() : text.substr(question + 1);
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (part.empty()) continue;
    const std::size_t equals = std::min(part.find('='), part.size());
    DAIMON_TRY(std::string name, decode(part.substr(0, equals), true));
    DAIMON_TRY(std::string value, decode(part.substr(std::min(equals + 1, part.size())), true));
    if (name != "mount" && target.has(name))
      return fail(ErrorCode::kInvalidArgument, daimon::format("the parameter {} is given twice", printable(name)));
    target.query.emplace_back(std::move(name), std::move(value));
  }
  return target;
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain)
      out += c;
    else
      out += daimon::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

Status LineSplitter::feed(std::string_view bytes, const std::function<bool(std::string_view)>& on_line) {
  while (true) {
    const std::size_t end = bytes.find('\n');
    if (rest_.size() + std::min(end, bytes.size()) > line_bytes_max_)
      return fail(ErrorCode::kLimit, daimon::format("a line of the stream is longer than {} bytes", line_bytes_max_));
    if (end == std::string_view::npos) {
      rest_ += bytes;
      return {};
    }
    std::string line = std::exchange(rest_, {});
    line += bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty() && !on_line(line)) return {};
  }
}

std::string server_sent_event(const Json& value) { return daimon::format("data: {}\n\n", to_text(value)); }

}  // namespace daimon::api
