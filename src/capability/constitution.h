// The person's written rules, enforced at the system-call boundary: a rule can only forbid or ask, never grant.
//
// One rule a line: "never VERB KIND OBJECT-PATTERN" or "ask VERB KIND OBJECT-PATTERN", where VERB and KIND may be
// "any" and the pattern is a glob ("*" any characters, "?" one). "#" starts a comment. Paths are those of the mounted
// folder, with or without its name before them: a file that one rule forbids is not to be had by mounting another
// folder beside it.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "capability/access.h"

namespace daimon::capability {

class Constitution {
 public:
  enum class Ruling { kSilent, kAsk, kNever };
  struct Verdict {
    Ruling ruling = Ruling::kSilent;
    std::string rule;  // the line that decided
  };

  // kInvalidArgument names the line that is not a rule; a constitution that cannot be read is never ignored.
  static Result<Constitution> parse(std::string_view text);
  // "never" wins over "ask", whatever their order. `mounts` are the names of what the process has mounted. An access to
  // all files falls under the rules of every file.
  [[nodiscard]] Verdict judge(const Access& access, std::span<const std::string> mounts = {}) const;
  [[nodiscard]] const std::string& text() const { return text_; }
  // The rules whose verb and kind `exists` does not know: mistakes of their writer, which would forbid nothing.
  struct Line {
    int number;
    std::string line;
  };
  [[nodiscard]] std::vector<Line> rules_without(
      const std::function<bool(std::string_view verb, std::string_view kind)>& exists) const;

 private:
  struct Rule {
    Ruling ruling;
    std::string verb, kind, pattern, line;
    int number;  // of the line, from 1
  };
  std::vector<Rule> rules_;
  std::string text_;
};

// Glob match over bytes, linear in pattern times text.
bool glob_matches(std::string_view pattern, std::string_view text) noexcept;

}  // namespace daimon::capability
