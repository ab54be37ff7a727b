// Which build this program is: a daemon of another one is replaced.
#pragma once

#include <string>

namespace daimon::cli {

// "0.1.0+3f2a9c01d4e5": the version and the first digits of the linker's build id.
std::string version();

}  // namespace daimon::cli
