// The schemas that the benchmark of constrained decoding runs, answers to them, and the same schemas as GBNF.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/json.h"

namespace daimon::bench {

struct Case {
  std::string name;
  Json schema;
  std::vector<std::string> answers;  // valid, compact JSON
  std::string gbnf;                  // empty where GBNF has no equivalent
};

// A call with free text, enums of 800 names, 40 tools, a schema over 100 KB, and spans of texts.
std::vector<Case> cases(std::size_t answers);

}  // namespace daimon::bench
