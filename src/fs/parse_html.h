// HTML that is part of something else: a mail.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "fs/html_tree.h"

namespace daimon::fs {

// As text_of_html in fs/document.h, with work that several pages share.
Result<std::string> text_of_html(std::string_view html, HtmlWork& work);

}  // namespace daimon::fs
