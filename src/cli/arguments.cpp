#include "cli/arguments.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "base/format.h"
#include "base/text.h"

namespace daimon::cli {
namespace {

std::unexpected<Error> unknown(std::string_view word, std::span<const Option> options) {
  std::vector<std::string> names;
  for (const Option& option : options) names.push_back(daimon::format("--{}", option.name));
  names.emplace_back("--help");
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::string_view near = nearest(word, views);
  return fail(ErrorCode::kInvalidArgument, daimon::format("there is no option {}", printable(word)),
              near.empty() ? "" : daimon::format("did you mean {}?", near));
}

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  std::vector<std::size_t> before = row;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::vector<std::size_t> next(b.size() + 1, i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      next[j + 1] = std::min({row[j + 1] + 1, next[j] + 1, row[j] + (a[i] == b[j] ? 0U : 1U)});
      if (i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j])
        next[j + 1] = std::min(next[j + 1], before[j - 1] + 1);
    }
    before = std::exchange(row, std::move(next));
  }
  return row.back();
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best;
  std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    std::size_t far = distance(word, candidate);
    if (word.size() >= 2 && candidate.starts_with(word)) far = std::min<std::size_t>(far, 1);
    if (far < least) least = far, best = candidate;
  }
  return best;
}

Result<Arguments> Arguments::parse(std::span<const Option> options, std::span<const std::string> words) {
  Arguments arguments;
  const auto add = [&](const Option& option, std::string value) -> Status {
    auto& values = arguments.values_[std::string(option.name)];
    if (!values.empty() && !option.repeatable && !option.value.empty())
      return fail(ErrorCode::kInvalidArgument, daimon::format("--{} is given twice", option.name));
    values.push_back(std::move(value));
    return {};
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--") {
      arguments.positional.insert(arguments.positional.end(), words.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                  words.end());
      break;
    }
    if (word.size() < 2 || word[0] != '-') {
      arguments.positional.push_back(word);
      continue;
    }
    const auto value_after = [&](const Option& option) -> Result<std::string> {
      if (i + 1 >= words.size())
        return fail(ErrorCode::kInvalidArgument, daimon::format("--{} needs {}", option.name, option.value));
      return words[++i];
    };
    if (word[1] == '-') {
      const std::size_t equals = word.find('=');
      const std::string_view name = std::string_view(word).substr(2, equals == std::string::npos ? equals : equals - 2);
      const auto option = std::ranges::find(options, name, &Option::name);
      if (option == options.end()) return unknown(word.substr(0, equals), options);
      if (option->value.empty()) {
        if (equals != std::string::npos)
          return fail(ErrorCode::kInvalidArgument, daimon::format("--{} takes no value", name));
        DAIMON_CHECK(add(*option, ""));
      } else if (equals != std::string::npos) {
        DAIMON_CHECK(add(*option, word.substr(equals + 1)));
      } else {
        DAIMON_TRY(std::string value, value_after(*option));
        DAIMON_CHECK(add(*option, std::move(value)));
      }
      continue;
    }
    for (std::size_t letter = 1; letter < word.size(); ++letter) {
      const auto option = std::ranges::find(options, word[letter], &Option::letter);
      if (option == options.end()) return unknown(daimon::format("-{}", word[letter]), options);
      if (option->value.empty()) {
        DAIMON_CHECK(add(*option, ""));
        continue;
      }
      if (letter + 1 < word.size()) {
        DAIMON_CHECK(add(*option, word.substr(letter + 1)));
      } else {
        DAIMON_TRY(std::string value, value_after(*option));
        DAIMON_CHECK(add(*option, std::move(value)));
      }
      break;
    }
  }
  return arguments;
}

std::string Arguments::value(std::string_view option) const {
  const auto found = values_.find(option);
  return found == values_.end() ? std::string() : found->second.back();
}

std::vector<std::string> Arguments::values(std::string_view option) const {
  const auto found = values_.find(option);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

Result<std::int64_t> Arguments::integer(std::string_view option, std::int64_t otherwise, std::int64_t least,
                                        std::int64_t most) const {
  if (!has(option)) return otherwise;
  return parse_integer(value(option), daimon::format("--{}", option), least, most);
}

Result<std::int64_t> parse_integer(std::string_view text, std::string_view what, std::int64_t least,
                                   std::int64_t most) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most) {
    const std::string range =
        most == INT64_MAX ? daimon::format("of at least {}", least) : daimon::format("from {} to {}", least, most);
    return fail(ErrorCode::kInvalidArgument,
                daimon::format("{} must be a whole number {}, not '{}'", what, range, printable(text)));
  }
  return number;
}

Result<double> parse_amount(std::string_view text, std::string_view what) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number) || number < 0)
    return fail(ErrorCode::kInvalidArgument,
                daimon::format("{} must be a number of at least 0, not '{}'", what, printable(text)));
  return number;
}

}  // namespace daimon::cli
