// Ctrl-C as something that can be waited for.
#pragma once

#include <string>

#include "api/socket.h"

namespace daimon::cli {

// While one lives, SIGINT raises its flag instead of ending the program; the third one within it ends the program at
// once, whatever it is doing. One at a time.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  [[nodiscard]] int descriptor() const { return flag_.get(); }  // readable after a SIGINT, until `clear`
  [[nodiscard]] int count() const;
  void clear() const { flag_.clear(); }
  // As if none had come.
  void reset() const;
  // Readable when standard input, a terminal, has a line or its end, and after a SIGINT.
  [[nodiscard]] FileDescriptor line_or_interrupt() const;
  // The next line of standard input. False at its end, or when a SIGINT comes first: also one that came after the
  // prompt was shown and before this was called, which a blocking read would never hear of.
  bool read_line(std::string& line) const;

 private:
  api::Flag flag_;
};

}  // namespace daimon::cli
