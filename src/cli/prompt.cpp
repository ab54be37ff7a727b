#include "cli/prompt.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <iostream>

#include "base/format.h"
#include "base/text.h"
#include "cli/interrupt.h"

namespace daimon::cli {

int ask_yes_or_no(const Session& session, std::string_view question) {
  const Stream& err = session.terminal.err;
  const Interrupts interrupts;
  while (true) {
    err.write(err.paint(Style::kYellow, daimon::format("{} [y]es / [n]o ", question)));
    std::string line;
    if (!interrupts.read_line(line)) {
      std::cin.clear();
      err.write("\n");
      return interrupts.count() > 0 ? kInterrupted : kDenied;
    }
    const std::string word = to_lower_ascii(trim(line));
    if (word == "y" || word == "yes") return kSuccess;
    if (word == "n" || word == "no") return kDenied;
  }
}

Result<std::string> read_piped(const Session& session, std::string_view command) {
  std::string text;
  std::array<char, 65'536> bytes;  // NOLINT: filled by read
  while (text.size() <= kPipedBytesMax) {
    const ssize_t count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected(os_error(errno, "reading standard input"));
    if (count == 0) break;
    text.append(bytes.data(), static_cast<std::size_t>(count));
  }
  if (text.starts_with("%PDF-"))
    return fail(ErrorCode::kInvalidArgument,
                daimon::format("this is a PDF: pdftotext FILE - | daimon {} ..., or mount its folder", command));
  if (text.size() > kPipedBytesMax)
    session.note(daimon::format("daimon: only the first {} of what was piped in are used; mount a folder for more",
                                show_bytes(static_cast<double>(kPipedBytesMax))));
  return repair_utf8(cut_utf8(text, kPipedBytesMax));
}

bool is_piped() {
  struct stat status{};
  if (::fstat(STDIN_FILENO, &status) != 0) return false;
  if (S_ISREG(status.st_mode)) return status.st_size > 0;
  if (!S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode)) return false;
  pollfd polled{STDIN_FILENO, POLLIN, 0};
  return ::poll(&polled, 1, 2000) > 0 && (polled.revents & (POLLIN | POLLHUP)) != 0;
}

}  // namespace daimon::cli
