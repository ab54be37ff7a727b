#include "base/format.h"

namespace daimon {

std::string format_arguments(std::string_view text, std::format_args arguments) {
  return std::vformat(text, arguments);
}

}  // namespace daimon
