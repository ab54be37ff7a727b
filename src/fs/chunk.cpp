#include "fs/chunk.h"

#include <algorithm>

#include "base/text.h"

namespace daimon::fs {
namespace {

// The level of a Markdown heading line, or 0.
std::size_t heading_level(std::string_view line) {
  std::size_t level = 0;
  while (level < line.size() && line[level] == '#') ++level;
  return level >= 1 && level <= 6 && level < line.size() && line[level] == ' ' ? level : 0;
}

// A heading is shown and indexed with each chunk below it, however long its line is.
constexpr std::size_t kHeadingBytes = 120;
constexpr std::size_t kColumnsBytes = 400;

// Opens a heading of that level below those above it.
void open_heading(std::vector<std::string>& path, std::string_view line, std::size_t level) {
  path.resize(std::min(path.size(), level - 1));
  path.emplace_back(cut_utf8(trim(line.substr(level)), kHeadingBytes));
}

// What the columns are called, for chunks that do not hold the header: "date, payee, amount".
std::string columns_of(const Document& document) {
  std::string line;
  for (const std::string& column : document.columns) {
    line += (line.empty() ? "" : ", ") + std::string(cut_utf8(column, kHeadingBytes));
    if (line.size() >= kColumnsBytes) break;
  }
  return std::string(cut_utf8(line, kColumnsBytes));
}

// A line that begins a definition: at the margin, a word first, and not a continuation or a closing bracket.
bool begins_definition(std::string_view line) {
  if (line.empty()) return false;
  const char c = line[0];
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '@';
}

class Cutter {
 public:
  explicit Cutter(const Document& document) : document_(document), text_(document.text) {}

  std::vector<Chunk> cut() {
    std::uint64_t at = 0;
    bool after_blank = false;
    while (at < text_.size()) {
      const std::size_t newline = text_.find('\n', at);
      const std::uint64_t line_end = newline == std::string::npos ? text_.size() : newline + 1;
      const std::string_view line = trim(std::string_view(text_).substr(at, line_end - at));
      const std::uint64_t size = at - begin_;
      const bool page_break = next_page_ < document_.page_begin.size() && at >= document_.page_begin[next_page_];
      const std::size_t level = document_.type == "markdown" || document_.type == "html" ? heading_level(line) : 0;
      const bool definition =
          document_.type == "code" && begins_definition(std::string_view(text_).substr(at, line_end - at));
      if (page_break || (level != 0 && size > 0) || ((after_blank || definition) && size >= kChunkBytes / 2) ||
          (size > 0 && size + line.size() > kChunkBytes))
        finish(at);
      if (page_break) ++next_page_;
      if (definition) definition_ = cut_utf8(line, kHeadingBytes);
      // A line longer than a chunk is cut at blanks, or between code points.
      while (line_end - begin_ > kChunkBytesMax) {
        const std::string_view room = cut_utf8(std::string_view(text_).substr(begin_), kChunkBytesMax);
        const std::size_t blank = room.find_last_of(" \t");
        finish(begin_ + (blank == std::string_view::npos || blank < kChunkBytes / 2
                             ? std::max<std::size_t>(room.size(), 1)
                             : blank + 1));
      }
      after_blank = line.empty();
      at = line_end;
    }
    finish(text_.size());
    return std::move(chunks_);
  }

 private:
  void finish(std::uint64_t end) {
    if (end <= begin_) return;
    Chunk chunk{begin_, end, std::nullopt, {}};
    if (!document_.page_begin.empty()) {
      const auto after = std::ranges::upper_bound(document_.page_begin, begin_);
      chunk.page = static_cast<int>(after - document_.page_begin.begin());
    }
    if (document_.type == "code") chunk.heading = definition_;
    chunks_.push_back(std::move(chunk));
    begin_ = end;
  }

  const Document& document_;
  const std::string& text_;
  std::vector<Chunk> chunks_;
  std::uint64_t begin_ = 0;
  std::size_t next_page_ = 1;
  std::string definition_;
};

}  // namespace

std::vector<Chunk> chunks_of(const Document& document) {
  std::vector<Chunk> chunks = Cutter(document).cut();
  // A heading belongs to the chunk that it begins.
  if (document.type == "markdown" || document.type == "html") {
    std::vector<std::string> path;
    for (Chunk& chunk : chunks) {
      const std::string_view text = std::string_view(document.text).substr(chunk.begin, chunk.end - chunk.begin);
      const std::string_view first = trim(text.substr(0, text.find('\n')));
      const bool whole_line = chunk.begin == 0 || document.text[chunk.begin - 1] == '\n';
      if (const std::size_t level = heading_level(first); level != 0 && whole_line) open_heading(path, first, level);
      for (const std::string& part : path) chunk.heading += (chunk.heading.empty() ? "" : " > ") + part;
    }
  }
  if (document.type == "table")
    for (const std::string columns = columns_of(document); Chunk& chunk : chunks) chunk.heading = columns;
  return chunks;
}

std::vector<std::string_view> parts_of(std::string_view text, std::size_t bytes_max) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    std::size_t size = text.size();
    if (size > bytes_max) {
      const std::string_view most = text.substr(0, bytes_max + 1);
      size = most.rfind('\n');
      if (size == std::string_view::npos || size == 0) size = most.rfind(' ');
      if (size == std::string_view::npos || size == 0) size = cut_utf8(text, bytes_max).size();
      if (size == 0) size = std::min(bytes_max, text.size());
    }
    if (const auto part = trim(text.substr(0, size)); !part.empty()) parts.push_back(part);
    text.remove_prefix(size);
    // The blank at which it was cut.
    if (text.starts_with('\n') || text.starts_with(' ')) text.remove_prefix(1);
  }
  return parts;
}

}  // namespace daimon::fs
