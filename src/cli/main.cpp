// daimon: the command line, and, as `daimon serve --daemon`, the daemon.
#include <cstdlib>
#include <string>
#include <vector>

#include "cli/command.h"

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  return daimon::cli::run_command_line(words, [](const char* name) { return std::getenv(name); }, daimon::kernel::boot);
}
