// std::format without its cost: instantiating it takes seconds in every file that uses it, so the formatting itself is
// compiled once, in format.cpp, and call sites only check their arguments.
#pragma once

#include <format>
#include <string>
#include <string_view>

namespace daimon {

std::string format_arguments(std::string_view text, std::format_args arguments);

template <class... Arguments>
[[nodiscard]] std::string format(std::format_string<Arguments...> text, Arguments&&... arguments) {
  return format_arguments(text.get(), std::make_format_args(arguments...));
}

}  // namespace daimon
