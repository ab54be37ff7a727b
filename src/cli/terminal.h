// What the person sees on: is it a terminal, how wide, may it have colours, does it know UTF-8.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace daimon::cli {

enum class Style : std::uint8_t { kPlain, kBold, kDim, kRed, kGreen, kYellow, kCyan };

// One of the two streams. What is written must be printable already (base/text.h).
class Stream {
 public:
  Stream(int descriptor, bool is_terminal, bool colours)
      : descriptor_(descriptor), is_terminal_(is_terminal), colours_(colours) {}
  // Flushed at once. False when nobody reads any more, or there is no room.
  bool write(std::string_view text) const;
  // The errno of the first write that failed; 0: none did.
  [[nodiscard]] int failure() const { return failure_; }
  [[nodiscard]] std::string paint(Style style, std::string_view text) const;
  [[nodiscard]] bool is_terminal() const { return is_terminal_; }

 private:
  int descriptor_;
  bool is_terminal_;
  bool colours_;
  mutable int failure_ = 0;
};

struct Symbols {
  std::string_view done, failed, denied, active, open, arrow, dot, ellipsis, open_quote, close_quote, line, bar, no_bar;
};

struct Terminal {
  using Environment = std::function<const char*(const char*)>;
  // Asks the machine. NO_COLOR, TERM, LC_ALL, LC_CTYPE, LANG and COLUMNS count.
  static Terminal of_process(const Environment& environment);

  Stream out;  // answers
  Stream err;  // progress, questions, errors
  bool in_is_terminal = false;
  bool moves = false;  // the cursor of `err` can be moved: lines may be drawn anew
  bool utf8 = false;
  int columns = 80;
  const Symbols* symbols = nullptr;

  // A person is there to be asked.
  [[nodiscard]] bool can_ask() const { return in_is_terminal && err.is_terminal(); }
};

// `text` in lines of at most `columns`, broken at spaces where there are some; line ends of the text are kept.
std::vector<std::string> wrap(std::string_view text, int columns);
// `text` cut to `columns`, with `ellipsis` in place of what is left out.
std::string fit(std::string_view text, int columns, std::string_view ellipsis);
// `text` and spaces up to `columns`.
std::string pad(std::string_view text, int columns);

// "3 ms", "1.4 s", "2 min 5 s"
std::string show_duration(double milliseconds);
// "812 B", "6.7 MiB"
std::string show_bytes(double bytes);
// "12,345"
std::string show_count(std::int64_t number);

}  // namespace daimon::cli
