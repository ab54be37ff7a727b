// The person's written rules, enforced at the system-call boundary: a rule can only forbid or ask, never grant.
//
// One rule a line: "never VERB KIND OBJECT-PATTERN" or "ask VERB KIND OBJECT-PATTERN", where VERB and KIND may be
// "any" and the pattern is a glob ("*" any characters, "?" one). "#" starts a comment.
//
// A rule about files is about the file and not about a name of it: whatever is mounted, under whatever name, a path is
// judged by where it really is, from any folder of that on, and by what each mount that covers it would call it; with
// all that lies below, and without regard to case. A pattern that begins with "/" is matched from the root of the
// machine.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "capability/access.h"
#include "capability/places.h"

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
  // "never" wins over "ask", whatever their order. An access to all files falls under the rules of every file.
  [[nodiscard]] Verdict judge(const Access& access, const Places& places = {}) const;
  [[nodiscard]] const std::string& text() const { return text_; }
  // The rules whose verb and kind `exists` does not know: mistakes of their writer, which would forbid nothing.
  struct Line {
    int number;
    std::string line;
    std::string pattern = {};
  };
  [[nodiscard]] std::vector<Line> rules_without(
      const std::function<bool(std::string_view verb, std::string_view kind)>& exists) const;
  // Those about files whose pattern begins with "/" or "~"; `line` is what stands before it.
  [[nodiscard]] std::vector<Line> rules_from_root() const;

 private:
  struct Rule {
    Ruling ruling;
    std::string verb, kind, pattern, line;
    int number;                           // of the line, from 1
    std::vector<std::string> paths = {};  // globs that a path is matched against
    bool from_root = false;               // they are of the whole path alone
    std::string host = {};                // glob that a host is matched against
  };
  std::vector<Rule> rules_;
  std::string text_;
};

// Glob match: "?" is one character of UTF-8, or a byte that is none. Linear in pattern times text.
bool glob_matches(std::string_view pattern, std::string_view text) noexcept;

}  // namespace daimon::capability
