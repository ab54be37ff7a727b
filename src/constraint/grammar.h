// A JSON Schema compiled to an automaton over bytes: what a model may answer.
//
// The subset that tools use: object (properties in their order, required, no others), array (items, minItems,
// maxItems), enum, const, string (minLength, maxLength in code points, pattern), integer, number, boolean, null, type
// lists, anyOf, oneOf (taken as anyOf) and $ref with recursion. Two keywords of ours: on a string, "x-span-of": [texts]
// admits exactly the contiguous whole-word substrings of one of the texts, and "x-begins-with": text stands before what
// the string's other keywords admit. Text is compact JSON: no white space outside strings, members in the order of the
// schema, strings escaped the one canonical way.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "constraint/automaton.h"

namespace daimon::constraint {

// One bit a token, lowest bit first; bit i set: token i may come next.
using TokenMask = std::vector<std::uint32_t>;

// Immutable but for its mask cache, which is synchronised; any thread.
class Grammar {
 public:
  // kUnsupported names a keyword that restricts and is not known; kInvalidArgument a schema that no text satisfies,
  // both with the JSON pointer of the place.
  static Result<std::shared_ptr<const Grammar>> from_json_schema(const Json& schema);

  [[nodiscard]] const Automaton& automaton() const { return automaton_; }
  // False for a state from which no text can be completed.
  [[nodiscard]] bool is_productive(StateId state) const { return productive_[state]; }

  // Masks by what the matcher's threads are, for one vocabulary after another (a grammar is used with few).
  [[nodiscard]] std::shared_ptr<const TokenMask> cached(const void* vocabulary, const std::string& key) const;
  void remember(const void* vocabulary, const std::string& key, std::shared_ptr<const TokenMask> mask) const;

 private:
  Automaton automaton_;
  std::vector<bool> productive_;
  mutable std::mutex mutex_;
  mutable std::map<std::pair<const void*, std::string>, std::shared_ptr<const TokenMask>> cache_;
};

}  // namespace daimon::constraint
