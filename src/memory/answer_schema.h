// What `answer` may be: of the passages that were found, the piece that the reader thinks most of. That none
// answers is ranked among them.
#pragma once

#include "base/json.h"
#include "memory/prompt_profile.h"

namespace daimon::memory {

Json answer_schema(const Turn& turn);

}  // namespace daimon::memory
