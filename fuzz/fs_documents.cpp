// Documents from outside: HTML, mail and CSV of any bytes become UTF-8 text, or, HTML that nests or grows without end,
// an error that says what to do; the text is covered by its chunks, and a window of each fits. The first byte chooses
// the type.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/charset.h"
#include "base/text.h"
#include "fs/chunk.h"
#include "fs/document.h"
#include "fs/rank.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace daimon;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  fs::Document document;
  switch (data[0] % 5) {
    case 0:
      document.type = "html";
      if (auto text = fs::text_of_html(repair_utf8(bytes)))
        document.text = std::move(*text);
      else if (text.error().code != ErrorCode::kLimit || text.error().remedy.empty())
        std::abort();
      break;
    case 1:
      document.type = "mail", document.text = fs::text_of_mail(bytes);
      break;
    case 2:
      document.type = "table", document.text = utf8_of(bytes), document.columns = fs::csv_header(document.text);
      break;
    case 3:
      document.type = "markdown", document.text = repair_utf8(bytes);
      break;
    default:
      document.type = "code", document.text = repair_utf8(bytes);
      break;
  }
  if (!is_utf8(document.text) || document.columns.size() > 200) std::abort();
  std::uint64_t at = 0;
  for (const fs::Chunk& chunk : fs::chunks_of(document)) {
    if (chunk.heading.size() > 1000 || !is_utf8(chunk.heading)) std::abort();
    if (chunk.begin != at || chunk.end <= chunk.begin || chunk.end - chunk.begin > fs::kChunkBytesMax) std::abort();
    const std::string_view text = std::string_view(document.text).substr(chunk.begin, chunk.end - chunk.begin);
    std::size_t shown = 0;
    for (const auto& [begin, end] : fs::best_lines(text, "total due in March 2026", 320)) {
      if (begin >= end || end > text.size()) std::abort();
      shown += end - begin + (shown == 0 ? 0 : 1);
    }
    if (shown > 320) std::abort();
    at = chunk.end;
  }
  if (at != document.text.size()) std::abort();
  const std::string query = fs::fts_query(bytes);
  if (query.size() > 10'000) std::abort();
  return 0;
}
