// A model server's stream: any bytes, cut anywhere, give text that is counted once, or an error.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "processor/chat_wire.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace daimon::processor;
  if (size == 0) return 0;
  const std::size_t step = data[0] + 1U;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto run = [&](std::size_t piece, std::string& text) {
    EventParser events;
    ChatStream stream;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      if (!events.feed(bytes.substr(at, piece), [&](std::string_view event) { return stream.feed(event); }))
        return false;
      text += stream.take_text();
    }
    if (text != stream.reply().text) std::abort();
    return true;
  };
  std::string in_pieces, at_once;
  const bool pieces_fine = run(step, in_pieces);
  const bool once_fine = run(bytes.size() + 1, at_once);
  if (pieces_fine != once_fine || (once_fine && in_pieces != at_once)) std::abort();
  return 0;
}
