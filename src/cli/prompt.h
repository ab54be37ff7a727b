// Questions to the person at the terminal, and what was piped in instead of one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "cli/command.h"

namespace daimon::cli {

// Asks until the answer is y(es) or n(o): kSuccess is a yes, kDenied a no or the end of the input, kInterrupted Ctrl-C.
int ask_yes_or_no(const Session& session, std::string_view question);

inline constexpr std::size_t kPipedBytesMax = 2'000'000;

// All of standard input as UTF-8 text, of which kPipedBytesMax are kept; that there was more is noted. kInvalidArgument
// for a PDF, with what to do for `command`.
Result<std::string> read_piped(const Session& session, std::string_view command);

// Whether something was piped or redirected in. An open pipe that nobody writes to (cron, some editors) is none: it
// has to have something, or its end, soon.
bool is_piped();

}  // namespace daimon::cli
