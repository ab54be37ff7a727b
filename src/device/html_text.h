// The text of a web page: what a reader would see, a line for each block, without scripts, styles and markup.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace daimon::device {

// `html` is UTF-8, well formed or not. The title stands first.
Result<std::string> text_of_html(std::string_view html);

}  // namespace daimon::device
