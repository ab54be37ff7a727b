// Bytes of files and mails as UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace daimon {

// Windows-1252 as browsers read it (encoding.spec.whatwg.org). Who says ISO 8859-1 means this as well: the bytes that
// differ are control characters there.
std::string from_windows_1252(std::string_view bytes);

// Of bytes that do not say what they are: UTF-8 as it is; with invalid bytes, repaired when it has a character of
// several valid bytes, and else taken for Windows-1252, as older letters are.
std::string utf8_of(std::string_view bytes);

}  // namespace daimon
