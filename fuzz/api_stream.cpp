// Streams of lines and stop sequences: how the bytes are cut into pieces changes nothing.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "api/openai.h"
#include "api/target.h"

namespace {

std::vector<std::string> lines_of(std::string_view text, std::size_t piece) {
  daimon::api::LineSplitter splitter;
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size(); at += piece)
    if (!splitter.feed(text.substr(at, piece), [&](std::string_view line) { return lines.emplace_back(line), true; }))
      std::abort();
  lines.emplace_back(splitter.rest());
  return lines;
}

std::string filtered(std::string_view text, const std::string& stop, std::size_t piece) {
  daimon::api::StopFilter filter({stop});
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += piece) out += filter.feed(text.substr(at, piece));
  return out + filter.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::size_t piece = 1 + data[0] % 16;
  const std::size_t stop_size = 1 + data[1] % 4;
  std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  if (lines_of(text, piece) != lines_of(text, text.size())) std::abort();
  if (text.size() <= stop_size) return 0;
  const std::string stop(text.substr(0, stop_size));
  text.remove_prefix(stop_size);
  const std::string_view expected = text.substr(0, text.find(stop));
  if (filtered(text, stop, piece) != expected || filtered(text, stop, text.size()) != expected) std::abort();
  return 0;
}
