// Fragments of the automaton for text inside JSON strings: character classes, regular expressions, spans.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "constraint/automaton.h"

namespace daimon::constraint {

// A piece of automaton with one way in and one way out.
struct Fragment {
  StateId begin = 0;
  StateId end = 0;
  bool nullable = false;  // can be passed without reading anything; known of pieces of patterns
};

// Inclusive ranges of code points, sorted, not touching.
using CodePoints = std::vector<std::pair<char32_t, char32_t>>;
inline constexpr char32_t kCodePointMax = 0x10FFFF;

// One code point of the set, as it stands in a JSON string: escaped the canonical way where JSON asks for it.
Fragment add_code_points(Automaton& automaton, const CodePoints& set);
// `piece`, nullable as it says, repeated. Limits become a counter, so they cost nothing; UINT32_MAX is no limit.
Fragment add_repeat(Automaton& automaton, Fragment piece, std::uint32_t minimum, std::uint32_t maximum);
// Any text of so many characters.
Fragment add_text(Automaton& automaton, std::uint32_t minimum, std::uint32_t maximum);
// A regular expression (ECMA 262: classes, groups, alternatives, quantifiers, \d \w \s, anchors at the ends). As in
// JSON Schema it matches anywhere unless anchored. kInvalidArgument or kUnsupported with the place.
Result<Fragment> add_pattern(Automaton& automaton, std::string_view pattern);
// Any contiguous piece of one of the texts that begins and ends at the edge of a word: where a letter or digit has no
// letter or digit beside it.
Fragment add_spans(Automaton& automaton, const std::vector<std::string_view>& texts);

// A character as JSON writes it inside a string: itself, or its escape.
std::string json_escaped(std::string_view text);

}  // namespace daimon::constraint
