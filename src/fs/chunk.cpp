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
      if (level != 0) {
        path_.resize(std::min(path_.size(), level - 1));
        path_.emplace_back(trim(line.substr(level)));
      }
      if (definition) definition_ = line.substr(0, 120);
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
    for (const std::string& part : heading_at_begin_) chunk.heading += (chunk.heading.empty() ? "" : " > ") + part;
    chunks_.push_back(std::move(chunk));
    begin_ = end;
    heading_at_begin_ = path_;
  }

  const Document& document_;
  const std::string& text_;
  std::vector<Chunk> chunks_;
  std::uint64_t begin_ = 0;
  std::size_t next_page_ = 1;
  std::vector<std::string> path_, heading_at_begin_;
  std::string definition_;
};

}  // namespace

std::vector<Chunk> chunks_of(const Document& document) {
  std::vector<Chunk> chunks = Cutter(document).cut();
  // A heading belongs to the chunk that it begins.
  if (document.type == "markdown" || document.type == "html") {
    std::vector<std::string> path;
    for (Chunk& chunk : chunks) {
      const std::string_view first =
          trim(std::string_view(document.text)
                   .substr(chunk.begin,
                           std::min<std::size_t>(document.text.find('\n', chunk.begin), chunk.end) - chunk.begin));
      if (const std::size_t level = heading_level(first); level != 0) {
        path.resize(std::min(path.size(), level - 1));
        path.emplace_back(trim(first.substr(level)));
      }
      chunk.heading.clear();
      for (const std::string& part : path) chunk.heading += (chunk.heading.empty() ? "" : " > ") + part;
    }
  }
  return chunks;
}

}  // namespace daimon::fs
