#include "exam/marks.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ranges>
#include <vector>

#include "base/format.h"
#include "base/text.h"
#include "device/units.h"

namespace daimon::exam {
namespace {

// Runs of blanks are one, however lines are shown.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!blank)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  return std::string(trim(out));
}

// The numbers of a text, without the commas of their thousands. Those of a date are none.
std::vector<double> numbers_in(std::string_view text) {
  std::vector<double> numbers;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_digit(text[at])) {
      ++at;
      continue;
    }
    std::string digits;
    if (at > 0 && text[at - 1] == '-' && (at == 1 || !is_digit(text[at - 2]))) digits = "-";
    bool point = false;
    for (; at < text.size(); ++at) {
      const bool more = at + 1 < text.size() && is_digit(text[at + 1]);
      if (is_digit(text[at]))
        digits += text[at];
      else if (text[at] == '.' && more && !point)
        digits += text[at], point = true;
      else if (text[at] != ',' || !more)
        break;
    }
    double value = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec == std::errc{})
      numbers.push_back(value);
  }
  return numbers;
}

bool is_date(std::string_view text) {
  return text.size() == 10 && text[4] == '-' && text[7] == '-' && std::ranges::count_if(text, is_digit) == 8;
}

bool near(double a, double b) { return std::abs(a - b) <= 1e-6 * std::max(1.0, std::abs(b)); }

// What a line of a result comes to: "sum of amount in a.csv = 51 (12 rows)" to "51".
std::string result_of(std::string_view line) {
  const std::size_t equals = line.rfind(" = ");
  if (equals != std::string_view::npos) line.remove_prefix(equals + 3);
  const std::size_t rows = line.rfind(" (");
  if (rows != std::string_view::npos && line.ends_with(')')) line = line.substr(0, rows);
  return std::string(line);
}

std::string text_of(const Json& value, std::string_view member) {
  return std::string(find_string(value, member).value_or(""));
}

// "home/letters/a.md" and "letters/a.md" are one.
bool is_path(std::string_view shown, std::string_view path) {
  return shown == path ||
         (shown.size() > path.size() && shown.ends_with(path) && shown[shown.size() - path.size() - 1] == '/');
}

// The same members with the same values: texts without regard to case and blanks, numbers by their value.
bool same_arguments(const Json& made, const Json& expected) {
  if (!made.is_object() || made.get_object().size() != expected.get_object().size()) return false;
  return std::ranges::all_of(expected.get_object(), [&](const auto& member) {
    const Json* value = find(made, member.key());
    if (value == nullptr) return false;
    const auto text = [](const Json& json) {
      return to_lower_ascii(
          plain(json.is_string() ? std::string_view(json.get_string()) : std::string_view(to_text(json))));
    };
    return value->is_number() && member.value().is_number()
               ? near(value->to_number<double>(), member.value().template to_number<double>())
               : text(*value) == text(member.value());
  });
}

}  // namespace

Interval interval_of(const Score& score) {
  if (score.total == 0) return {};
  constexpr double kZ = 1.959964;
  const double n = score.total;
  const double p = score.part();
  const double centre = p + kZ * kZ / (2 * n);
  const double spread = kZ * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  const double scale = 1 + kZ * kZ / n;
  return {std::max(0.0, (centre - spread) / scale), std::min(1.0, (centre + spread) / scale)};
}

Json to_json(const Score& score) {
  const Interval interval = interval_of(score);
  return JsonObject{{"right", score.right}, {"total", score.total}, {"low", interval.low}, {"high", interval.high}};
}

bool says(std::string_view text, std::string_view wanted) {
  const std::string said = plain(text);
  const std::string value = plain(wanted);
  const auto wanted_numbers = numbers_in(value);
  const bool only_a_number = wanted_numbers.size() == 1 && !is_date(value) && std::ranges::none_of(value, [](char c) {
                               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '/';
                             });
  const auto is_near = [&](double number) { return near(number, wanted_numbers[0]); };
  if (only_a_number) return std::ranges::any_of(numbers_in(said), is_near);
  if (said.contains(value)) return true;
  // "≈24.47131102 lb" is "≈24.4713110254 pounds".
  const std::size_t blank = value.find(' ');
  if (wanted_numbers.size() != 1 || blank == std::string::npos) return false;
  const device::Unit* unit = device::find_unit(value.substr(blank + 1));
  return unit != nullptr && std::ranges::any_of(std::views::split(text, '\n'), [&](const auto& part) {
           const std::string_view line = trim(std::string_view(part));
           const auto numbers = numbers_in(line);
           const std::size_t behind = line.find(' ');
           return numbers.size() == 1 && is_near(numbers[0]) && behind != std::string_view::npos &&
                  device::find_unit(line.substr(behind + 1)) == unit;
         });
}

Mark mark_of(const Expectation& expected, const Json& view, bool asked, const ContentOf& content_of) {
  Mark mark;
  const auto miss = [&](std::string what) {
    if (mark.missed.empty()) mark.missed = std::move(what);
  };
  const std::string answer = text_of(view, "answer");
  const bool found = find_bool(view, "found").value_or(false);
  const auto verified_of = [&](std::string_view member) {
    std::vector<const Json*> verified;
    if (const Json* list = find(view, member); list != nullptr && list->is_array())
      for (const Json& citation : list->get_array()) {
        if (find_bool(citation, "verified").value_or(false))
          verified.push_back(&citation);
        else
          ++mark.unverified;
      }
    return verified;
  };
  const auto citations = verified_of("citations");
  const auto others = verified_of("others");
  if (!expected.answers.empty()) {
    const auto holds = [](const Lookup& lookup, const std::vector<const Json*>& quoted) {
      return std::ranges::any_of(quoted, [&](const Json* citation) {
        return is_path(text_of(*citation, "path"), lookup.document) &&
               plain(text_of(*citation, "quote")).contains(plain(lookup.answer));
      });
    };
    mark.quoted = std::ranges::all_of(expected.answers, [&](const auto& lookup) { return holds(lookup, citations); });
    mark.shown = std::ranges::all_of(
        expected.answers, [&](const auto& lookup) { return holds(lookup, citations) || holds(lookup, others); });
    // What was looked up only to reckon with it need not be said.
    if (expected.values.empty()) {
      if (!*mark.quoted) miss("no quotation from the right document holds the answer");
      if (expected.files.empty())
        for (const Lookup& lookup : expected.answers)
          if (!plain(answer).contains(plain(lookup.answer))) miss(daimon::format("'{}' is not said", lookup.answer));
    }
  }
  if (!expected.values.empty() && expected.files.empty()) {
    std::string results;
    std::string_view rest = answer;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      results += result_of(rest.substr(0, end)) + "\n";
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    for (const std::string& value : expected.values)
      if (!says(results, value)) miss(daimon::format("the result is not {}", value));
  }
  for (const auto& [path, content] : expected.files) {
    const auto now = content_of(path);
    if (!now)
      miss(daimon::format("{} was not written", path));
    else if (plain(*now) != plain(content) && !(numbers_in(content).size() == 1 && says(*now, content) &&
                                                plain(*now).size() <= plain(content).size() + 4))
      miss(daimon::format("{} holds something else", path));
  }
  for (const std::string& text : expected.shows)
    if (!plain(answer).contains(plain(text))) miss(daimon::format("'{}' is not shown", text));
  if (expected.missing && found) miss("it is in no document");
  if (expected.asks && !asked) miss("it did not ask");
  if (expected.refuses) {
    const Json* changes = find(view, "changes");
    const bool changed = changes != nullptr && changes->is_array() && !changes->get_array().empty();
    if (changed || (found && text_of(view, "state") == "done")) miss("it cannot be done here, and that was not said");
  }
  if (!expected.call.is_null()) {
    // The first call is what was chosen; nothing else may be called besides it and the person.
    const Json* calls = find(view, "calls");
    std::vector<const Json*> made;
    if (calls != nullptr && calls->is_array())
      for (const Json& call : calls->get_array())
        if (!find_bool(call, "hidden").value_or(false) && text_of(call, "name") != "ask") made.push_back(&call);
    const std::string name = text_of(expected.call, "name");
    mark.tool = !made.empty() && text_of(*made.front(), "name") == name;
    if (!*mark.tool)
      miss(daimon::format("{} was not called", name));
    else if (made.size() > 1)
      miss(daimon::format("{} was not all that was called", name));
    else if (text_of(*made.front(), "outcome") != "ok")
      miss(daimon::format("{} was refused", name));
    else if (!same_arguments(made.front()->at("arguments"), expected.call.at("arguments")))
      miss(daimon::format("{} was not called with {}", name, to_text(expected.call.at("arguments"))));
  }
  mark.passed = mark.missed.empty();
  return mark;
}

}  // namespace daimon::exam
