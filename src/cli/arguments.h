// The words after `daimon COMMAND`, read by the command's own description of them.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace daimon::cli {

struct Option {
  std::string_view name;   // without the dashes
  char letter = 0;         // of the short form; 0: none
  std::string_view value;  // what stands for its value in the help; "": a switch
  std::string_view help;
  bool repeatable = false;
};

class Arguments {
 public:
  // Options may stand anywhere; `--` ends them; `--name=value`, `-n value` and `-abc` are understood. kInvalidArgument
  // names what is wrong, and the nearest option there is.
  static Result<Arguments> parse(std::span<const Option> options, std::span<const std::string> words);

  std::vector<std::string> positional;

  [[nodiscard]] bool has(std::string_view option) const { return values_.contains(option); }
  // The last value given; "" when there is none.
  [[nodiscard]] std::string value(std::string_view option) const;
  [[nodiscard]] std::vector<std::string> values(std::string_view option) const;
  // kInvalidArgument when there is a value and it is no whole number in the range.
  [[nodiscard]] Result<std::int64_t> integer(std::string_view option, std::int64_t otherwise, std::int64_t least,
                                             std::int64_t most) const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

Result<std::int64_t> parse_integer(std::string_view text, std::string_view what, std::int64_t least, std::int64_t most);
Result<double> parse_amount(std::string_view text, std::string_view what);

// The candidate most like `word`, for "did you mean"; "" when none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace daimon::cli
