// What `answer` may be: of the passages that were found, the piece that the ranker puts first, or that none answers.
#pragma once

#include "base/json.h"
#include "memory/prompt_profile.h"

namespace daimon::memory {

Json answer_schema(const Turn& turn);

}  // namespace daimon::memory
