// The whole terminal for what is drawn again and again.
#pragma once

#include <termios.h>

#include "cli/terminal.h"

namespace daimon::cli {

// While one lives, the alternate screen is shown, which leaves what was on the terminal and its scrollback alone, and
// keys come one by one, unseen. The terminal is as it was before on every way out: at the end of its life; at Ctrl-C,
// which ends the program with code 0; at SIGTERM, SIGHUP and SIGQUIT, which end it as they would; and while it is
// stopped by Ctrl-Z. One at a time.
class FullScreen {
 public:
  explicit FullScreen(const Terminal& terminal);
  ~FullScreen();
  FullScreen(const FullScreen&) = delete;
  FullScreen& operator=(const FullScreen&) = delete;

  // Waits, and tells whether the person pressed `q` (or Ctrl-D) in this time.
  [[nodiscard]] bool quits_within(int milliseconds) const;
  [[nodiscard]] int rows() const;

 private:
  bool keys_;
};

}  // namespace daimon::cli
