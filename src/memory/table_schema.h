// What `table` may work on: the table, column and rows that the goal names, where it names any.
#pragma once

#include "base/json.h"
#include "memory/prompt_profile.h"

namespace daimon::memory {

// Whether the goal plainly asks for something of a table: it names an operation, and a table or what is in one.
bool asks_for_table(const Context& context);
Json table_schema(const Context& context, const Offer& offer);

}  // namespace daimon::memory
