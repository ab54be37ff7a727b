// Where a document is cut: pieces of about a thousand bytes at the boundaries a reader would choose.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fs/document.h"

namespace daimon::fs {

struct Chunk {
  std::uint64_t begin = 0;  // bytes of Document::text, [begin, end)
  std::uint64_t end = 0;
  std::optional<int> page;  // from 1
  std::string heading;      // "House > Boiler" in Markdown and HTML, the definition's line in code, columns of a table
};

inline constexpr std::uint64_t kChunkBytes = 1000;     // aimed at
inline constexpr std::uint64_t kChunkBytesMax = 1600;  // never exceeded

// The chunks cover the text in order without gaps or overlap, and never cut a code point. Page breaks and headings
// begin a new one; so do empty lines and, in code, definitions, once the chunk is large enough.
std::vector<Chunk> chunks_of(const Document& document);

// A text in parts of whole lines, each at most `bytes_max` long, which is 4 at least; of a line that is longer, of
// whole words, or what does not cut a code point. Blank parts are left out.
std::vector<std::string_view> parts_of(std::string_view text, std::size_t bytes_max);

}  // namespace daimon::fs
