// What `answer` may be: of the passages that were found, the piece that the reader thinks most of. That none
// answers is ranked among them.
#pragma once

#include <cstddef>

#include "base/json.h"
#include "memory/prompt_profile.h"

namespace daimon::memory {

inline constexpr std::size_t kOthersMax = 2;  // that a doubtful answer may be instead

Json answer_schema(const Turn& turn);

}  // namespace daimon::memory
