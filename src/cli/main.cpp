// daimon: the command line, and, as `daimon serve --daemon`, the daemon.
#include <fcntl.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "cli/command.h"

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  // A standard stream that was closed is taken, so that no file or socket gets its number; writing to it fails.
  for (int i = 0; i < 3; ++i)
    if (::fcntl(i, F_GETFD) < 0) static_cast<void>(::open("/dev/null", i == 0 ? O_WRONLY : O_RDONLY));
  return daimon::cli::run_command_line(words, [](const char* name) { return std::getenv(name); }, daimon::kernel::boot);
}
