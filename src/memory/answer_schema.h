// What `answer` may be: of the passages that were found, one of the few pieces that the ranker puts first. That none
// answers is ranked among them.
#pragma once

#include "base/json.h"
#include "memory/prompt_profile.h"

namespace daimon::memory {

Json answer_schema(const Turn& turn);

}  // namespace daimon::memory
