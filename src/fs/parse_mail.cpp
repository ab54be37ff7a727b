// Mail (RFC 5322, MIME) to text: the headers people read, then the body; several messages of an mbox one after another.
#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/charset.h"
#include "base/text.h"
#include "fs/document.h"
#include "fs/parse_html.h"

namespace daimon::fs {
namespace {

constexpr int kPartDepthMax = 8;

std::string decode_quoted_printable(std::string_view text, bool in_header) {
  std::string out;
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_' && in_header) {
      out += ' ';
    } else if (text[i] != '=') {
      out += text[i];
    } else if (i + 1 < text.size() && text[i + 1] == '\n') {
      i += 1;
    } else if (i + 2 < text.size() && text[i + 1] == '\r' && text[i + 2] == '\n') {
      i += 2;
    } else if (i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += '=';
    }
  }
  return out;
}

std::string decode_base64(std::string_view text) {
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                      : c >= 'a' && c <= 'z' ? c - 'a' + 26
                      : c >= '0' && c <= '9' ? c - '0' + 52
                      : c == '+'             ? 62
                      : c == '/'             ? 63
                                             : -1;
    if (value < 0) continue;
    bits = (bits << 6) | static_cast<unsigned>(value);
    if (++count == 4) {
      out += static_cast<char>(bits >> 16);
      out += static_cast<char>(bits >> 8);
      out += static_cast<char>(bits);
      bits = 0;
      count = 0;
    }
  }
  if (count >= 2) out += static_cast<char>(bits >> (count == 2 ? 4 : 10));
  if (count == 3) out += static_cast<char>(bits >> 2);
  return out;
}

std::string to_utf8(std::string_view bytes, std::string_view charset) {
  const std::string lower = to_lower_ascii(charset);
  if (lower.starts_with("iso-8859-1") || lower == "latin1" || lower == "windows-1252" || lower == "cp1252")
    return from_windows_1252(bytes);
  return lower.empty() || lower == "us-ascii" ? utf8_of(bytes) : repair_utf8(bytes);
}

// RFC 2047 words in a header: =?utf-8?Q?...?=
std::string decode_words(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t begin = text.find("=?");
    const std::size_t first = begin == std::string_view::npos ? begin : text.find('?', begin + 2);
    const std::size_t second = first == std::string_view::npos ? first : text.find('?', first + 1);
    const std::size_t end = second == std::string_view::npos ? second : text.find("?=", second + 1);
    if (end == std::string_view::npos) break;
    out += text.substr(0, begin);
    const std::string_view charset = text.substr(begin + 2, first - begin - 2);
    const std::string_view encoding = text.substr(first + 1, second - first - 1);
    const std::string_view data = text.substr(second + 1, end - second - 1);
    out += to_utf8(encoding == "B" || encoding == "b" ? decode_base64(data) : decode_quoted_printable(data, true),
                   charset);
    text.remove_prefix(end + 2);
  }
  return out + std::string(text);
}

struct Part {
  std::map<std::string, std::string, std::less<>> headers;  // names in lower case
  std::string_view body;
  [[nodiscard]] std::string_view header(std::string_view name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string_view() : std::string_view(found->second);
  }
};

Part split(std::string_view message) {
  Part part;
  std::string* last = nullptr;
  while (!message.empty()) {
    const std::size_t end = std::min(message.find('\n'), message.size());
    std::string_view line = message.substr(0, end);
    message.remove_prefix(std::min(end + 1, message.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) break;
    if ((line[0] == ' ' || line[0] == '\t') && last != nullptr) {
      *last += ' ' + std::string(trim(line));
    } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
      last = &part.headers[to_lower_ascii(line.substr(0, colon))];
      *last = trim(line.substr(colon + 1));
    }
  }
  part.body = message;
  return part;
}

std::string parameter(std::string_view header, std::string_view name) {
  const std::string lower = to_lower_ascii(header);
  std::size_t at = lower.find(std::string(name) + "=");
  if (at == std::string::npos) return {};
  std::string_view value = header.substr(at + name.size() + 1);
  if (value.starts_with('"')) return std::string(value.substr(1, value.find('"', 1) - 1));
  return std::string(trim(value.substr(0, value.find(';'))));
}

// Calls `each` with the parts between the lines of a boundary (RFC 2046, 5.1.1): whole lines, for "--b" does not end a
// part of "--b2".
void for_parts(std::string_view body, std::string_view boundary, const std::function<void(std::string_view)>& each) {
  std::optional<std::size_t> begin;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t line_end = std::min(body.find('\n', at), body.size() - 1) + 1;
    std::string_view line = body.substr(at, line_end - at);
    if (line.starts_with("--") && line.substr(2).starts_with(boundary)) {
      line.remove_prefix(2 + boundary.size());
      const bool last = line.starts_with("--");
      if (trim(last ? line.substr(2) : line).empty()) {
        if (begin) each(body.substr(*begin, at - *begin));
        if (last) return;
        begin = line_end;
      }
    }
    at = line_end;
  }
  // The end of a mail may be missing.
  if (begin) each(body.substr(*begin));
}

std::string body_of(const Part& part, int depth, HtmlWork& work) {
  const std::string type = to_lower_ascii(part.header("content-type"));
  if (type.starts_with("multipart/") && depth < kPartDepthMax) {
    const std::string boundary = parameter(part.header("content-type"), "boundary");
    if (boundary.empty()) return {};
    std::string plain;
    std::string html;
    for_parts(part.body, boundary, [&](std::string_view text) {
      const Part inner = split(text);
      const std::string kind = to_lower_ascii(inner.header("content-type"));
      (kind.starts_with("text/html") ? html : plain) += body_of(inner, depth + 1, work);
    });
    return plain.empty() ? html : plain;
  }
  if (!type.empty() && !type.starts_with("text/"))
    return "[attachment " + parameter(part.header("content-type"), "name") + "]\n";
  const std::string encoding = to_lower_ascii(trim(part.header("content-transfer-encoding")));
  const std::string bytes = encoding == "base64"             ? decode_base64(part.body)
                            : encoding == "quoted-printable" ? decode_quoted_printable(part.body, false)
                                                             : std::string(part.body);
  std::string text = to_utf8(bytes, parameter(part.header("content-type"), "charset"));
  std::erase(text, '\r');
  if (!type.starts_with("text/html")) return text;
  const auto html = text_of_html(text, work);
  return html ? *html : "[" + html.error().what + "; it is left out]\n";
}

std::string one_message(std::string_view message, HtmlWork& work) {
  const Part part = split(message);
  std::string out;
  for (const auto& [name, shown] :
       {std::pair("from", "From: "), {"to", "To: "}, {"date", "Date: "}, {"subject", "Subject: "}})
    if (const auto value = part.header(name); !value.empty()) out += shown + decode_words(utf8_of(value)) + "\n";
  out += "\n" + body_of(part, 0, work);
  if (!out.ends_with('\n')) out += '\n';
  return repair_utf8(out);
}

}  // namespace

std::string text_of_mail(std::string_view message) {
  HtmlWork work;
  if (!message.starts_with("From ")) return one_message(message, work);
  std::string out;
  while (!message.empty()) {
    const std::size_t line_end = message.find('\n');
    if (line_end == std::string_view::npos) break;
    message.remove_prefix(line_end + 1);  // the "From " line
    const std::size_t next = message.find("\nFrom ");
    out += one_message(message.substr(0, next == std::string_view::npos ? next : next + 1), work) + "\n";
    message.remove_prefix(next == std::string_view::npos ? message.size() : next + 1);
  }
  return out;
}

}  // namespace daimon::fs
