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
#include <memory>
#include <mutex>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "constraint/automaton.h"
#include "constraint/vocabulary.h"

namespace daimon::constraint {

class Machine;

// Immutable but for its machine, which is synchronised; any thread.
class Grammar {
 public:
  // kUnsupported names a keyword that restricts and is not known; kInvalidArgument a schema that no text satisfies,
  // both with the JSON pointer of the place.
  static Result<std::shared_ptr<const Grammar>> from_json_schema(const Json& schema);

  [[nodiscard]] const Automaton& automaton() const { return automaton_; }
  // False for a state from which no text can be completed.
  [[nodiscard]] const std::vector<bool>& productive() const { return productive_; }

  // What runs it over this vocabulary, and remembers what it found; the grammar outlives it. One is kept: a grammar is
  // used with one model.
  [[nodiscard]] std::shared_ptr<Machine> machine(const std::shared_ptr<const Vocabulary>& vocabulary) const;

 private:
  Automaton automaton_;
  std::vector<bool> productive_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<Machine> machine_;
};

}  // namespace daimon::constraint
