#include "cli/progress_bar.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"

namespace daimon::cli {

void ProgressBar::show(double part, std::string_view left, std::string_view right) {
  if (!terminal_.moves) return;
  const Symbols& symbols = *terminal_.symbols;
  const int columns = terminal_.columns - 1;
  const std::string tail = fit(right, columns / 2, symbols.ellipsis);
  const int bar = part < 0 ? 0 : std::clamp(columns / 4, 6, 24);
  const int room = columns - bar - static_cast<int>(display_width(tail)) - 3;
  std::string line = pad(fit(left, room, symbols.ellipsis), room) + " ";
  const int full = static_cast<int>(std::clamp(part, 0.0, 1.0) * bar);
  std::string done, rest;
  for (int i = 0; i < bar; ++i) (i < full ? done : rest) += i < full ? symbols.bar : symbols.no_bar;
  line += terminal_.err.paint(Style::kCyan, done) + terminal_.err.paint(Style::kDim, rest) + " " + tail;
  terminal_.err.write(daimon::format("\r\x1b[K{}", line));
  shown_ = true;
}

void ProgressBar::clear() {
  if (shown_) terminal_.err.write("\r\x1b[K");
  shown_ = false;
}

}  // namespace daimon::cli
