// Mends a slip of the fingers: a word that the embedding does not know, one letter away from one that is meant.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "embedding/static_embedding.h"

namespace daimon::embedding {

// Whether one letter more, less or other, or two neighbours exchanged, makes `b` of `a`.
bool is_one_slip(std::string_view a, std::string_view b);

// The text with other words for those of four letters and more, all in lower case, that `meanings` does not know as a
// whole: what `there` says stands for one in the texts that are asked (the word itself where it stands there), or where
// that is empty the commonest word that is one slip away. Names, which have capitals, stay as they are, and so does a
// text of which most words are unknown.
std::string respelt(std::string_view text, const StaticEmbedding& meanings,
                    const std::function<std::string(std::string_view)>& there);

}  // namespace daimon::embedding
