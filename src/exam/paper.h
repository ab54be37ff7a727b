// The exam's questions: homes of files, goals over them, and what must come of each (firmware/training/exam.py writes
// it, and says what its members mean).
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace daimon::exam {

// A value that stands in a document.
struct Lookup {
  std::string answer;
  std::string document;
};

// What must come of a goal: all that is set.
struct Expectation {
  std::vector<Lookup> answers;
  std::vector<std::string> values;           // of a table or a calculation, in any order
  std::map<std::string, std::string> files;  // path: content, when it is done
  std::vector<std::string> shows;            // texts that the answer holds
  bool missing = false;                      // it is in none of the files, and that must be said
  bool asks = false;                         // it must ask first, and is told `reply`
  std::string reply;
  bool refuses = false;  // nothing that there is fits
  Json call;             // {"name", "arguments"}: it must be called so, and nothing else; null: whatever is called
};

struct Question {
  std::string goal;
  std::string kind;  // "look up", "table"
  int steps = 1;     // of the plan that it takes
  Expectation expected;
};

struct Home {
  std::map<std::string, std::string> files;  // path: text
  std::vector<Question> questions;
  JsonArray tools = {};  // {"name", "description", "parameters"}: calls that only the exam has
};

struct Paper {
  std::vector<Home> homes;
  std::string hash;  // SHA-256 of the file, hexadecimal
  [[nodiscard]] std::size_t questions() const;
};

// The one that comes with Daimon. kNotFound.
Result<std::filesystem::path> builtin_paper();
// kIo, or kCorrupt with the line that cannot be used.
Result<Paper> read_paper(const std::filesystem::path& path);
// One line of it.
Result<Home> parse_home(std::string_view line);

}  // namespace daimon::exam
