// What the schemas of the profile `compact-3` are put together from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "memory/context.h"

namespace daimon::memory {

using Names = std::vector<std::string>;

bool contains(const Names& names, std::string_view name);

Json text_schema(int length_max);
Json enum_schema(const Names& choices);
Json span_schema(JsonArray lines, int length_max);
// All of the properties are required, and there are no others.
Json object_schema(JsonObject properties);
Json any_of(JsonArray alternatives);

// The lines of a text that are not empty, without the blanks around them.
JsonArray lines_of(std::string_view text);

// In a pattern, the text itself.
std::string escaped_for_pattern(std::string_view text);
std::string any_of_texts(const Names& items);

// As much of a text as an answer has room for: what is not plain ASCII may take a token a byte.
std::string_view fitting(std::string_view text);

// What came out of a call: the value behind "EXPR = ", without the rows or the passage that it came from.
std::string_view value_of(const Result& result);
bool gives_value(const Result& result);

}  // namespace daimon::memory
