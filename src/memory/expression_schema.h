// What `calculate` may be given: numbers and dates of the goal with what the calls before gave.
#pragma once

#include <string>

#include "memory/context.h"

namespace daimon::memory {

// A pattern for the calculator's expression.
std::string expression_pattern(const Context& context);

}  // namespace daimon::memory
