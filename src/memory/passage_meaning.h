// What passages and questions mean as a whole, by the text encoder that reads them for the reader too (text_encoder.h):
// some 7 ms for 400 bytes on a core with AVX-512 BF16, some 100 without AVX2.
#pragma once

#include <memory>

#include "embedding/text_meaning.h"

namespace daimon::memory {

std::shared_ptr<const embedding::TextMeaning> passage_meaning();

}  // namespace daimon::memory
