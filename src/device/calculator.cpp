#include "device/calculator.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <variant>
#include <vector>

#include "base/format.h"
#include "base/text.h"
#include "device/number.h"

namespace daimon::device {
namespace {

using Date = std::chrono::year_month_day;

// What an expression comes to: a number with its decimals to show, a date, a span of days, or words.
struct Value {
  std::variant<Number, Date, std::string> is;
  long decimals = 0;
  bool days = false;  // a difference of dates
};

struct Unit {
  std::string_view name;
  std::string_view kind;
  std::string_view factor;  // to the base unit of its kind, as a decimal or a fraction
};
constexpr std::array kUnits = {
    Unit{"mm", "length", "0.001"}, Unit{"cm", "length", "0.01"}, Unit{"centimetres", "length", "0.01"}, Unit{"m", "length", "1"},
    Unit{"metres", "length", "1"}, Unit{"meters", "length", "1"}, Unit{"km", "length", "1000"}, Unit{"kilometres", "length", "1000"},
    Unit{"kilometers", "length", "1000"}, Unit{"inches", "length", "0.0254"}, Unit{"inch", "length", "0.0254"}, Unit{"feet", "length", "0.3048"},
    Unit{"foot", "length", "0.3048"}, Unit{"ft", "length", "0.3048"}, Unit{"yards", "length", "0.9144"}, Unit{"miles", "length", "1609.344"},
    Unit{"mile", "length", "1609.344"}, Unit{"mi", "length", "1609.344"},
    Unit{"mg", "mass", "0.000001"}, Unit{"g", "mass", "0.001"}, Unit{"grams", "mass", "0.001"}, Unit{"kg", "mass", "1"}, Unit{"kilos", "mass", "1"},
    Unit{"lb", "mass", "0.45359237"}, Unit{"lbs", "mass", "0.45359237"}, Unit{"pounds", "mass", "0.45359237"}, Unit{"oz", "mass", "0.028349523125"},
    Unit{"ounces", "mass", "0.028349523125"}, Unit{"stone", "mass", "6.35029318"}, Unit{"tonnes", "mass", "1000"},
    Unit{"ms", "time", "0.001"}, Unit{"s", "time", "1"}, Unit{"seconds", "time", "1"}, Unit{"minutes", "time", "60"}, Unit{"min", "time", "60"},
    Unit{"hours", "time", "3600"}, Unit{"h", "time", "3600"}, Unit{"days", "time", "86400"}, Unit{"weeks", "time", "604800"},
    Unit{"ml", "volume", "0.001"}, Unit{"l", "volume", "1"}, Unit{"litres", "volume", "1"}, Unit{"liters", "volume", "1"},
    Unit{"pints", "volume", "0.56826125"}, Unit{"gallons", "volume", "4.54609"}, Unit{"usgallons", "volume", "3.785411784"},
    Unit{"bytes", "data", "1"}, Unit{"kB", "data", "1000"}, Unit{"MB", "data", "1000000"}, Unit{"GB", "data", "1000000000"}, Unit{"KiB", "data", "1024"},
    Unit{"MiB", "data", "1048576"}, Unit{"GiB", "data", "1073741824"}, Unit{"hectares", "area", "10000"}, Unit{"acres", "area", "4046.8564224"},
    Unit{"m2", "area", "1"}, Unit{"km2", "area", "1000000"}, Unit{"mph", "speed", "0.44704"}, Unit{"kmh", "speed", "1/3.6"}, Unit{"knots", "speed", "1852/3600"},
};
constexpr std::array<std::string_view, 7> kWeekdays = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

Number ratio(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return *Number::from_decimal(text);
  return *Number::from_decimal(text.substr(0, slash))->divided_by(*Number::from_decimal(text.substr(slash + 1)));
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Value> parse() {
    DAIMON_TRY(Value value, sum(0));
    blanks();
    if (take_word("in") || take_word("to") || take_word("as")) return wrong("a unit must stand before 'in'");
    if (at_ < text_.size()) return wrong("this was not expected");
    return value;
  }

 private:
  std::unexpected<Error> wrong(std::string_view what) const {
    return fail(ErrorCode::kInvalidArgument, daimon::format("'{}' at {}: {}", printable(text_.substr(0, 200)), at_ + 1, what),
                "write numbers with + - * / ^ ( ), '20% of 85', dates as 2026-03-01, or '3 km in miles'");
  }
  void blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool take(std::string_view symbol) {
    blanks();
    if (!text_.substr(at_).starts_with(symbol)) return false;
    at_ += symbol.size();
    return true;
  }
  static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  std::string_view word() {
    blanks();
    std::size_t end = at_;
    while (end < text_.size() && (is_letter(text_[end]) || (end > at_ && is_digit(text_[end])))) ++end;
    return text_.substr(at_, end - at_);
  }
  bool take_word(std::string_view wanted) {
    if (word() != wanted) return false;
    at_ += wanted.size();
    return true;
  }

  Result<Number> number_of(const Value& value) {
    if (const auto* number = std::get_if<Number>(&value.is)) return *number;
    return wrong("a number is needed here, not a date");
  }

  Result<Value> sum(int depth) {
    if (depth > 100) return fail(ErrorCode::kLimit, "brackets are nested too deeply");
    DAIMON_TRY(Value left, product(depth));
    for (;;) {
      const bool plus = take("+");
      if (!plus && !take("-") && !take("\u2212")) return left;
      if (std::holds_alternative<Date>(left.is)) {
        DAIMON_TRY(left, with_date(std::get<Date>(left.is), plus, depth));
        continue;
      }
      DAIMON_TRY(const Value right, product(depth));
      DAIMON_TRY(const Number a, number_of(left));
      DAIMON_TRY(const Number b, number_of(right));
      left = {plus ? a + b : a - b, std::max(left.decimals, right.decimals), left.days};
    }
  }

  Result<Value> with_date(Date date, bool plus, int depth) {
    DAIMON_TRY(const Value right, product(depth));
    if (const auto* other = std::get_if<Date>(&right.is)) {
      if (plus) return wrong("two dates cannot be added");
      return Value{Number((std::chrono::sys_days(date) - std::chrono::sys_days(*other)).count()), 0, true};
    }
    DAIMON_TRY(const Number number, number_of(right));
    auto count = number.to_long();
    if (!count || *count > 4'000'000 || *count < -4'000'000) return wrong("a whole number of days, weeks, months or years is needed");
    if (!plus) *count = -*count;
    const std::string_view unit = word();
    at_ += unit.size();
    if (unit.empty() || unit.starts_with("day") || right.days) return Value{Date(std::chrono::sys_days(date) + std::chrono::days(*count)), 0, false};
    if (unit.starts_with("week")) return Value{Date(std::chrono::sys_days(date) + std::chrono::days(*count * 7)), 0, false};
    if (unit.starts_with("month")) date += std::chrono::months(static_cast<int>(*count));
    else if (unit.starts_with("year")) date += std::chrono::years(static_cast<int>(*count));
    else return wrong("days, weeks, months or years were expected");
    // 31 January and a month is the last day of February.
    if (!date.ok()) date = date.year() / date.month() / std::chrono::last;
    return Value{date, 0, false};
  }

  Result<Value> product(int depth) {
    DAIMON_TRY(Value left, power(depth));
    for (;;) {
      const bool times = take("*") || take("\u00d7");
      if (!times && !take("/") && !take("\u00f7")) return left;
      DAIMON_TRY(const Value right, power(depth));
      DAIMON_TRY(const Number a, number_of(left));
      DAIMON_TRY(const Number b, number_of(right));
      if (times) {
        left = {a * b, 0, false};
      } else {
        DAIMON_TRY(Number quotient, a.divided_by(b));
        left = {std::move(quotient), 0, false};
      }
    }
  }

  Result<Value> power(int depth) {
    DAIMON_TRY(Value base, signed_value(depth));
    if (!take("^") && !take("**")) return base;
    DAIMON_TRY(const Value exponent, power(depth + 1));
    DAIMON_TRY(const Number a, number_of(base));
    DAIMON_TRY(const Number b, number_of(exponent));
    DAIMON_TRY(Number result, a.power(b));
    return Value{std::move(result), 0, false};
  }

  Result<Value> signed_value(int depth) {
    if (depth > 100) return fail(ErrorCode::kLimit, "signs are nested too deeply");
    if (take("-")) {
      DAIMON_TRY(const Value value, power(depth + 1));
      DAIMON_TRY(const Number number, number_of(value));
      return Value{Number(0) - number, value.decimals, false};
    }
    if (take("+")) return signed_value(depth + 1);
    return postfix(depth);
  }

  // A percentage, or a quantity in a unit.
  Result<Value> postfix(int depth) {
    DAIMON_TRY(Value value, primary(depth));
    if (!std::holds_alternative<Number>(value.is)) return value;
    const Number number = std::get<Number>(value.is);
    if (take("%")) {
      DAIMON_TRY(const Number part, number.divided_by(Number(100)));
      if (!take_word("of")) return Value{part, 0, false};
      DAIMON_TRY(const Value whole, power(depth + 1));
      DAIMON_TRY(const Number of, number_of(whole));
      return Value{part * of, 0, false};
    }
    const std::size_t before = at_;
    const std::string_view from = word();
    at_ += from.size();
    if (from.empty() || (!take_word("in") && !take_word("to") && !take_word("as"))) {
      at_ = before;
      return value;
    }
    const std::string_view into = word();
    at_ += into.size();
    return convert(number, from, into);
  }

  Result<Value> convert(const Number& number, std::string_view from, std::string_view into) {
    const auto fahrenheit = [](std::string_view unit) { return unit == "F" || unit == "fahrenheit" || unit == "Fahrenheit"; };
    const auto celsius = [](std::string_view unit) { return unit == "C" || unit == "celsius" || unit == "Celsius"; };
    if (celsius(from) && fahrenheit(into)) return Value{number * ratio("9/5") + Number(32), 0, false};
    if (fahrenheit(from) && celsius(into)) return Value{(number - Number(32)) * ratio("5/9"), 0, false};
    const auto unit = [](std::string_view name) {
      return std::ranges::find_if(kUnits, [&](const Unit& one) { return one.name == name || (name.size() > 2 && one.name == std::string(name) + "s"); });
    };
    const auto* a = unit(from);
    const auto* b = unit(into);
    if (a == kUnits.end() || b == kUnits.end()) return wrong(daimon::format("the unit '{}' is not known", printable(a == kUnits.end() ? from : into)));
    if (a->kind != b->kind) return wrong(daimon::format("{} is a {}, {} is a {}", from, a->kind, into, b->kind));
    DAIMON_TRY(Number result, (number * ratio(a->factor)).divided_by(ratio(b->factor)));
    return Value{std::move(result), 0, false};
  }

  Result<Value> primary(int depth) {
    blanks();
    if (at_ >= text_.size()) return wrong("something is missing at the end");
    if (take("(")) {
      DAIMON_TRY(Value inner, sum(depth + 1));
      if (!take(")")) return wrong("a ')' is missing");
      return inner;
    }
    for (const std::string_view sign : {"£", "€", "$"}) take(sign);
    blanks();
    if (at_ < text_.size() && is_letter(text_[at_])) return function(depth);
    if (const auto date = take_date()) return Value{*date, 0, false};
    return number();
  }

  std::optional<Date> take_date() {
    const std::string_view rest = text_.substr(at_);
    if (rest.size() < 10 || rest[4] != '-' || rest[7] != '-') return std::nullopt;
    int parts[3] = {0, 0, 0};
    for (std::size_t i = 0; i < 10; ++i) {
      if (i == 4 || i == 7) continue;
      if (!is_digit(rest[i])) return std::nullopt;
      int& part = parts[i < 4 ? 0 : i < 7 ? 1 : 2];
      part = part * 10 + (rest[i] - '0');
    }
    const Date date{std::chrono::year(parts[0]), std::chrono::month(static_cast<unsigned>(parts[1])), std::chrono::day(static_cast<unsigned>(parts[2]))};
    if (!date.ok() || (rest.size() > 10 && is_digit(rest[10]))) return std::nullopt;
    at_ += 10;
    return date;
  }

  Result<Value> number() {
    std::size_t end = at_;
    std::string plain;
    long decimals = 0;
    bool point = false;
    while (end < text_.size()) {
      const char c = text_[end];
      const auto digits_at = [&](std::size_t i) { return i + 3 <= text_.size() && is_digit(text_[i]) && is_digit(text_[i + 1]) && is_digit(text_[i + 2]); };
      if (c == ',' && !point && !plain.empty() && digits_at(end + 1) && !(end + 4 < text_.size() && is_digit(text_[end + 4]))) {
        ++end;
        continue;
      }
      if (c == '.' && !point) point = true;
      else if (!is_digit(c)) break;
      else if (point) ++decimals;
      plain += c;
      ++end;
    }
    const auto value = Number::from_decimal(plain);
    if (!value) return wrong("a number was expected");
    at_ = end;
    return Value{*value, decimals, false};
  }

  Result<Value> function(int depth) {
    const std::string_view name = word();
    at_ += name.size();
    if (name == "pi") return Value{*Number::from_decimal("3.14159265358979323846"), 0, false};
    if (!take("(")) {
      at_ -= name.size();
      return wrong(daimon::format("'{}' is not known", printable(name)));
    }
    std::vector<Value> arguments;
    if (!take(")")) {
      for (;;) {
        DAIMON_TRY(Value argument, sum(depth + 1));
        arguments.push_back(std::move(argument));
        if (arguments.size() > 1000) return fail(ErrorCode::kLimit, "more than 1000 values in one function");
        if (take(")")) break;
        if (!take(",") && !take(";")) return wrong("',' or ')' was expected");
      }
    }
    if (arguments.empty()) return wrong(daimon::format("{} needs a value", name));
    if (name == "weekday") {
      if (const auto* date = std::get_if<Date>(&arguments[0].is))
        return Value{std::string(kWeekdays[std::chrono::weekday(std::chrono::sys_days(*date)).c_encoding()]), 0, false};
      return wrong("weekday needs a date");
    }
    if (name == "days" && arguments.size() == 2) {
      const auto* a = std::get_if<Date>(&arguments[0].is);
      const auto* b = std::get_if<Date>(&arguments[1].is);
      if (a == nullptr || b == nullptr) return wrong("days needs two dates");
      return Value{Number((std::chrono::sys_days(*b) - std::chrono::sys_days(*a)).count()), 0, true};
    }
    std::vector<Number> numbers;
    long decimals = 0;
    for (const Value& argument : arguments) {
      DAIMON_TRY(Number one, number_of(argument));
      numbers.push_back(std::move(one));
      decimals = std::max(decimals, argument.decimals);
    }
    const Number& first = numbers.front();
    if (name == "sqrt") {
      if (first.sign() < 0) return wrong("a negative number has no real root");
      if (auto exact = first.square_root()) return Value{std::move(*exact), 0, false};
      return Value{"about " + first.square_root_to(20).text(), 0, false};
    }
    if (name == "round") {
      const auto digits = numbers.size() > 1 ? numbers[1].to_long() : std::optional<long>(0);
      if (!digits || *digits > 1000 || *digits < -1000) return wrong("round needs a whole number of digits, at most 1000");
      return Value{first.rounded(*digits), std::max<long>(*digits, 0), false};
    }
    if (name == "abs") return Value{first.sign() < 0 ? Number(0) - first : first, decimals, false};
    if (name == "floor") return Value{first.floor(), 0, false};
    if (name == "ceil") return Value{Number(0) - (Number(0) - first).floor(), 0, false};
    if (name == "min" || name == "max") {
      Number best = first;
      for (const Number& one : numbers)
        if ((one.compare(best) < 0) == (name == "min") && one.compare(best) != 0) best = one;
      return Value{std::move(best), decimals, false};
    }
    if (name == "sum" || name == "average" || name == "mean") {
      Number total;
      for (const Number& one : numbers) total = total + one;
      if (name == "sum") return Value{std::move(total), decimals, false};
      DAIMON_TRY(Number mean, total.divided_by(Number(static_cast<long>(numbers.size()))));
      return Value{std::move(mean), 0, false};
    }
    return wrong(daimon::format("the function '{}' is not known", printable(name)));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::string> calculate(std::string_view expression) {
  constexpr std::size_t kExpressionMax = 100'000;
  if (expression.size() > kExpressionMax) return fail(ErrorCode::kLimit, "the expression is longer than 100,000 bytes");
  DAIMON_TRY(const Value value, Parser(expression).parse());
  if (const auto* words = std::get_if<std::string>(&value.is)) return *words;
  if (const auto* date = std::get_if<Date>(&value.is))
    return daimon::format("{:04}-{:02}-{:02}", static_cast<int>(date->year()), static_cast<unsigned>(date->month()), static_cast<unsigned>(date->day()));
  const std::string text = std::get<Number>(value.is).text(value.decimals);
  return value.days ? text + (text == "1" ? " day" : " days") : text;
}

}  // namespace daimon::device
