// A file as text: what of it can be searched, quoted and cited.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace daimon::fs {

struct Document {
  std::string type;                       // "text", "markdown", "html", "pdf", "mail", "table", "code", "data"
  std::string text;                       // valid UTF-8; what byte ranges of passages refer to
  std::vector<std::uint64_t> page_begin;  // offset of each page in text; empty when there are no pages
  std::vector<std::string> columns;       // of a table: its header
  bool repaired = false;                  // invalid UTF-8 was replaced
  bool cut = false;  // of more than kTextBytesMax, or of a PDF that took too long, only the beginning
};

// More text of one file than this is not indexed; the rest of the file is said to be missing.
inline constexpr std::uint64_t kTextBytesMax = 64ULL << 20;

// The type by name, or by the first bytes; nothing for what is not text.
std::optional<std::string> type_of(const std::filesystem::path& path, std::string_view first_bytes);

// Reads and parses. kUnsupported for what is no document (binary), kCorrupt for one that does not parse, kCancelled
// when stopped: a document is whole or none. PDF is parsed by a program in the sandbox and fails closed when there is
// none.
Result<Document> read_document(const std::filesystem::path& path, const std::stop_token& stop);
// Of a file below a mounted folder: no step on the way to it may be a link.
Result<Document> read_document(const std::filesystem::path& root, const std::filesystem::path& relative,
                               const std::stop_token& stop);

// Parsers of one type each. HTML is UTF-8; kLimit when it nests or grows without end. HTML of a mail that does so is
// left out of its text, which says so.
Result<std::string> text_of_html(std::string_view html);
std::string text_of_mail(std::string_view message);
// Of a file, or, when the path is empty, of bytes.
Result<Document> parse_pdf(const std::filesystem::path& path, std::string bytes, std::stop_token stop);
// The fields of the first record of a CSV file (RFC 4180; separator , ; or tab).
std::vector<std::string> csv_header(std::string_view text);

}  // namespace daimon::fs
