#include "device/expression.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <vector>

#include "base/format.h"
#include "base/text.h"
#include "device/units.h"

namespace daimon::device {
namespace {

using Days = std::chrono::sys_days;

// One sentence, thrown through the recursion and caught in calculate().
struct Refusal {
  ErrorCode code;
  std::string what;
};

enum class Kind : std::uint8_t { kNumber, kQuantity, kDate, kText };

struct Value {
  Kind kind = Kind::kNumber;
  Rational number;             // in base units, for a quantity
  const Unit* unit = nullptr;  // of a quantity
  Days date{};
  std::string text;
  std::size_t places = 0;  // digits after the point to show at least: those of what went in
  bool exact = true;
  bool percent = false;  // written with %, so + and - take it of the other side
};

constexpr std::size_t kWorkBitsMax = 100'000'000;  // of all operations together: about a second
constexpr std::size_t kPlacesMax = 50;

class Evaluator {
 public:
  Evaluator(std::string_view text, const std::stop_token& stop) : text_(text), stop_(stop) {}

  Value evaluate() {
    Value value = expression();
    if (!at_end()) refuse("did not expect anything more");
    return value;
  }

 private:
  // Text.
  [[noreturn]] void refuse(std::string_view what, ErrorCode code = ErrorCode::kInvalidArgument) const {
    refuse_at(what, at_, code);
  }
  [[noreturn]] void refuse_at(std::string_view what, std::size_t at,
                              ErrorCode code = ErrorCode::kInvalidArgument) const {
    const std::string rest = printable(cut_utf8(text_.substr(std::min(at, text_.size())), 24));
    throw Refusal{code,
                  rest.empty() ? daimon::format("{} at the end", what) : daimon::format("{} at '{}'", what, rest)};
  }
  void skip_space() {
    while (at_ < text_.size()) {
      if (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')
        ++at_;
      else if (text_.substr(at_).starts_with("\xC2\xA0"))
        at_ += 2;  // no-break space
      else
        break;
    }
  }
  bool at_end() {
    skip_space();
    return at_ == text_.size();
  }
  char peek() {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(std::string_view token) {
    skip_space();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
  std::string_view word_here() {
    skip_space();
    std::size_t end = at_;
    while (end < text_.size() && (is_letter(text_[end]) || (end > at_ && is_digit(text_[end])))) ++end;
    return text_.substr(at_, end - at_);
  }
  bool take_word(std::string_view word) {
    if (to_lower_ascii(word_here()) != word) return false;
    at_ += word.size();
    return true;
  }

  // Limits.
  void charge(std::size_t bits) {
    if (stop_.stop_requested()) throw Refusal{ErrorCode::kCancelled, "the calculation was stopped"};
    if (bits > kNumberBitsMax) refuse("a number would have too many digits", ErrorCode::kLimit);
    work_ += bits;
    if (work_ > kWorkBitsMax) refuse("the calculation takes too long", ErrorCode::kLimit);
  }
  struct Depth {
    explicit Depth(Evaluator& evaluator) : of(evaluator) {
      if (++of.depth_ > kExpressionDepthMax) of.refuse("brackets or signs are nested too deeply", ErrorCode::kLimit);
    }
    ~Depth() { --of.depth_; }
    Depth(const Depth&) = delete;
    Evaluator& of;
  };

  // Grammar.
  Value expression() {
    const Depth depth(*this);
    Value value = sum();
    while (true) {
      const std::size_t before = at_;
      if (!take_word("in") && !take_word("to") && !take_word("as")) return value;
      skip_space();
      const std::size_t length = unit_prefix(text_.substr(at_));
      if (length == 0) refuse("expected a unit");
      const Unit* unit = find_unit(text_.substr(at_, length));
      if (value.kind != Kind::kQuantity) refuse_at("only a quantity with a unit can be converted", before);
      if (unit->dimension != value.unit->dimension)
        refuse_at(daimon::format("{} cannot be converted to {}", value.unit->name, unit->name), before);
      at_ += length;
      value.unit = unit;
      value.places = 0;
    }
  }
  Value sum() {
    Value value = product();
    while (true) {
      const std::size_t at = at_;
      if (take("+"))
        value = add(value, product(), 1, at);
      else if (take("-") || take("\xE2\x88\x92"))
        value = add(value, product(), -1, at);
      else
        return value;
    }
  }
  Value product() {
    Value value = sign();
    while (true) {
      const std::size_t at = at_;
      if (take("**")) refuse_at("write a power as ^", at);
      if (take("*") || take("\xC3\x97") || take("\xC2\xB7") || take_word("of"))
        value = multiply(value, sign(), at);
      else if (take("/") || take("\xC3\xB7"))
        value = divide(value, sign(), at);
      else if (take("%"))
        value = remainder(value, sign(), at);
      else
        return value;
    }
  }
  Value sign() {
    const Depth depth(*this);
    if (take("+")) return sign();
    if (take("-") || take("\xE2\x88\x92")) {
      Value value = sign();
      need_number_or_quantity(value, "cannot be negative");
      if (value.unit != nullptr && value.unit->offset.sign() != 0) {
        // -40 C is a temperature of its own, not the opposite of 40 C.
        value.number = -(value.number - value.unit->offset) + value.unit->offset;
        return value;
      }
      value.number = -value.number;
      return value;
    }
    return power();
  }
  Value power() {
    Value base = value();
    const std::size_t at = at_;
    if (!take("^")) return base;
    const Value exponent = sign();
    return raise(base, exponent, at);
  }
  Value value() {
    Value value = primary();
    const std::size_t at = at_;
    if (value.kind == Kind::kNumber && take("%")) {
      // A remainder, when a number follows; a percentage otherwise.
      const char next = peek();
      if (is_digit(next) || next == '(' || next == '.') {
        at_ = at;
        return value;
      }
      value.number = value.number / Rational(100);
      value.percent = true;
      value.places = 0;
      return value;
    }
    if (value.kind == Kind::kNumber) take_unit(value);
    return value;
  }
  void take_unit(Value& value) {
    skip_space();
    const std::string_view word = word_here();
    const std::string lower = to_lower_ascii(word);
    if (lower == "in" || lower == "to" || lower == "as" || lower == "of") return;
    const std::size_t length = unit_prefix(text_.substr(at_));
    if (length == 0) return;
    value.unit = find_unit(text_.substr(at_, length));
    value.kind = Kind::kQuantity;
    value.number = value.number * value.unit->factor + value.unit->offset;
    at_ += length;
  }
  bool take_currency() {
    for (const std::string_view sign : {"\xC2\xA3", "$", "\xE2\x82\xAC", "\xC2\xA5", "\xE2\x82\xB9"})
      if (take(sign)) return true;
    return false;
  }
  Value primary() {
    const std::size_t begin = at_;
    if (take("(")) {
      const int arguments = std::exchange(argument_depth_, 0);
      Value inside = expression();
      argument_depth_ = arguments;
      if (!take(")")) refuse("expected ')'");
      inside.percent = false;
      return inside;
    }
    if (take("\"") || take("'")) return quoted(text_[at_ - 1]);
    const bool currency = take_currency();
    const char next = peek();
    if (is_digit(next) || next == '.') {
      if (!currency)
        if (auto date = take_date()) return *date;
      Value number = take_number();
      take_currency();
      return number;
    }
    if (currency) refuse("expected a number after the currency sign");
    if (is_letter(next)) return call();
    at_ = begin;
    skip_space();
    refuse("expected a number");
  }
  Value quoted(char quote) {
    const std::size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) refuse_at("the quotation does not end", at_ - 1);
    Evaluator inside(text_.substr(at_, end - at_), stop_);
    auto date = inside.take_date();
    if (!date || !inside.at_end()) refuse("expected a date such as 2026-03-01");
    at_ = end + 1;
    return *date;
  }
  std::optional<Value> take_date() {
    skip_space();
    const std::string_view here = text_.substr(at_, 11);
    constexpr std::string_view kShape = "0000-00-00";
    if (here.size() < kShape.size() || (here.size() == 11 && is_digit(here[10]))) return std::nullopt;
    for (std::size_t i = 0; i < kShape.size(); ++i)
      if (kShape[i] == '-' ? here[i] != '-' : !is_digit(here[i])) return std::nullopt;
    const auto number = [&](std::size_t from, std::size_t count) {
      return std::stoi(std::string(here.substr(from, count)));
    };
    const std::chrono::year_month_day day{std::chrono::year(number(0, 4)),
                                          std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                          std::chrono::day(static_cast<unsigned>(number(8, 2)))};
    if (!day.ok()) refuse("there is no such date");
    at_ += kShape.size();
    Value value;
    value.kind = Kind::kDate;
    value.date = Days(day);
    return value;
  }
  Value take_number() {
    const std::size_t begin = at_;
    std::string digits;
    const auto digits_here = [&] {
      std::size_t count = 0;
      while (at_ < text_.size() && is_digit(text_[at_])) digits += text_[at_++], ++count;
      return count;
    };
    const std::size_t first = digits_here();
    // Groups of three, where a comma cannot be one between arguments.
    const auto group = [&] {
      if (argument_depth_ > 0 || at_ + 3 >= text_.size() || text_[at_] != ',') return false;
      for (std::size_t i = 1; i <= 3; ++i)
        if (!is_digit(text_[at_ + i])) return false;
      return at_ + 4 >= text_.size() || !is_digit(text_[at_ + 4]);
    };
    if (first >= 1 && first <= 3)
      while (group()) ++at_, digits_here();
    Value value;
    std::size_t decimals = 0;
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      digits += '.';
      decimals = digits_here();
    }
    if (first + decimals == 0) refuse_at("expected a number", begin);
    if (at_ < text_.size() && text_[at_] == '.') refuse_at("a number has one point", begin);
    charge(digits.size() * 4);
    value.number = Rational::from_digits(digits);
    value.places = std::min(decimals, kPlacesMax);
    take_exponent(value);
    return value;
  }
  void take_exponent(Value& value) {
    if (at_ >= text_.size() || (text_[at_] != 'e' && text_[at_] != 'E')) return;
    std::size_t at = at_ + 1;
    const bool negative = at < text_.size() && text_[at] == '-';
    if (at < text_.size() && (text_[at] == '-' || text_[at] == '+')) ++at;
    if (at >= text_.size() || !is_digit(text_[at])) return;
    std::int64_t exponent = 0;
    for (; at < text_.size() && is_digit(text_[at]); ++at)
      exponent = std::min<std::int64_t>(exponent * 10 + (text_[at] - '0'), 1'000'000);
    if (exponent > 10'000) refuse("the exponent is too large", ErrorCode::kLimit);
    at_ = at;
    charge(static_cast<std::size_t>(exponent) * 4 + value.number.bits());
    value.number = value.number * Rational::power_of_ten(negative ? -exponent : exponent);
    value.places = 0;
  }
  Value call() {
    const std::string name = to_lower_ascii(word_here());
    const std::size_t begin = at_;
    at_ += name.size();
    if (!take("(")) refuse_at("expected a number", begin);
    const int outer = std::exchange(argument_depth_, argument_depth_ + 1);
    std::vector<Value> arguments;
    if (!take(")")) {
      do {
        if (arguments.size() == 1000) refuse("too many arguments", ErrorCode::kLimit);
        arguments.push_back(expression());
      } while (take(",") || take(";"));
      if (!take(")")) refuse("expected ',' or ')'");
    }
    argument_depth_ = outer;
    return apply(name, std::move(arguments), begin);
  }

  // Meaning.
  void need_number(const Value& value, std::size_t at) const {
    if (value.kind != Kind::kNumber) refuse_at("this needs plain numbers", at);
  }
  void need_number_or_quantity(const Value& value, std::string_view what) const {
    if (value.kind == Kind::kDate) refuse(daimon::format("a date {}", what));
    if (value.kind == Kind::kText) refuse(daimon::format("a text {}", what));
  }
  static void join(Value& to, const Value& a, const Value& b) {
    to.exact = a.exact && b.exact;
    to.places = std::max(a.places, b.places);
    to.percent = false;
  }
  Value add(const Value& a, Value b, int direction, std::size_t at) {
    if (a.kind == Kind::kDate || b.kind == Kind::kDate) return add_dates(a, b, direction, at);
    if (a.kind == Kind::kText || b.kind == Kind::kText) refuse_at("texts cannot be added", at);
    if (b.percent && !a.percent) {
      charge(a.number.bits() + b.number.bits());
      b.number = a.number * b.number;
      b.unit = a.unit;
      b.kind = a.kind;
      b.places = 0;
    }
    const bool keep_percent = a.percent && b.percent;
    if ((a.unit == nullptr) != (b.unit == nullptr) && a.number.sign() != 0 && b.number.sign() != 0)
      refuse_at("a number and a quantity with a unit cannot be added", at);
    if (a.unit != nullptr && b.unit != nullptr && a.unit->dimension != b.unit->dimension)
      refuse_at(daimon::format("{} and {} cannot be added", a.unit->name, b.unit->name), at);
    if (a.unit != nullptr && a.unit->dimension == kTemperature) refuse_at("temperatures are converted, not added", at);
    charge(a.number.bits() + b.number.bits());
    Value made = a.unit != nullptr ? a : b;
    made.number = direction > 0 ? a.number + b.number : a.number - b.number;
    join(made, a, b);
    made.percent = keep_percent;
    return made;
  }
  Value add_dates(const Value& a, const Value& b, int direction, std::size_t at) {
    if (a.kind == Kind::kDate && b.kind == Kind::kDate) {
      if (direction > 0) refuse_at("two dates cannot be added; their difference is A - B", at);
      return quantity(Rational((a.date - b.date).count()) * Rational(86400), *find_unit("days"));
    }
    const Value& date = a.kind == Kind::kDate ? a : b;
    const Value& by = a.kind == Kind::kDate ? b : a;
    if (a.kind != Kind::kDate && direction < 0) refuse_at("a date cannot be taken from something", at);
    if (by.kind != Kind::kQuantity) refuse_at("to a date add days, weeks, months or years", at);
    Value made = date;
    if (by.unit->dimension == kCalendar) {
      const auto months = by.number.to_integer();
      if (!months || *months > 120'000 || *months < -120'000) refuse_at("expected a whole number of months", at);
      // The last day of the month where the day does not exist there: 31 January and one month is 28 February.
      const std::chrono::year_month_day from(date.date);
      const auto to = std::chrono::year_month(from.year(), from.month()) + std::chrono::months(direction * *months);
      const std::chrono::year_month_day_last last(to.year(), std::chrono::month_day_last(to.month()));
      made.date = Days(std::chrono::year_month_day(to.year(), to.month(), std::min(from.day(), last.day())));
      return in_range(made, to.year(), at);
    }
    if (by.unit->dimension != kTime) refuse_at("to a date add days, weeks, months or years", at);
    const auto days = (by.number / Rational(86400)).to_integer();
    if (!days || *days > 4'000'000 || *days < -4'000'000) refuse_at("expected a whole number of days", at);
    made.date += std::chrono::days(direction * *days);
    return in_range(made, std::chrono::year_month_day(made.date).year(), at);
  }
  Value in_range(const Value& date, std::chrono::year year, std::size_t at) const {
    if (int(year) < 1 || int(year) > 9999) refuse_at("the date is outside the years 1 to 9999", at);
    return date;
  }
  static Value quantity(Rational base, const Unit& unit) {
    Value made;
    made.kind = Kind::kQuantity;
    made.number = std::move(base);
    made.unit = &unit;
    return made;
  }
  // Number times quantity keeps the unit; two quantities make another, where it has a name.
  Value combine(const Value& a, const Value& b, const Rational& number, int direction, std::size_t at) {
    Value made = a.unit != nullptr ? a : b;
    made.number = number;
    made.kind = Kind::kQuantity;
    join(made, a, b);
    if (a.unit != nullptr && b.unit == nullptr) return made;
    Dimension dimension{};
    for (std::size_t i = 0; i < dimension.size(); ++i)
      dimension[i] =
          static_cast<std::int8_t>((a.unit != nullptr ? a.unit->dimension[i] : 0) + direction * b.unit->dimension[i]);
    if (a.unit == nullptr && direction > 0) return made;
    made.unit = unit_of(dimension);
    if (dimension == Dimension{}) {
      made.unit = nullptr;
      made.kind = Kind::kNumber;
    } else if (made.unit == nullptr) {
      refuse_at("there is no unit for the result", at);
    }
    return made;
  }
  void refuse_temperature(const Value& a, const Value& b, std::size_t at) const {
    for (const Value* value : {&a, &b}) {
      if (value->kind == Kind::kDate || value->kind == Kind::kText) refuse_at("this needs numbers", at);
      if (value->unit != nullptr && value->unit->dimension == kTemperature)
        refuse_at("temperatures are converted, not multiplied", at);
    }
  }
  Value multiply(const Value& a, const Value& b, std::size_t at) {
    refuse_temperature(a, b, at);
    charge(a.number.bits() + b.number.bits());
    const Rational number = a.number * b.number;
    if (a.unit != nullptr || b.unit != nullptr) return combine(a, b, number, 1, at);
    Value made = a;
    made.number = number;
    join(made, a, b);
    return made;
  }
  Value divide(const Value& a, const Value& b, std::size_t at) {
    refuse_temperature(a, b, at);
    if (b.number.sign() == 0) refuse_at("division by zero", at);
    charge(a.number.bits() + b.number.bits());
    const Rational number = a.number / b.number;
    if (a.unit != nullptr || b.unit != nullptr) return combine(a, b, number, -1, at);
    Value made = a;
    made.number = number;
    join(made, a, b);
    return made;
  }
  Value remainder(const Value& a, const Value& b, std::size_t at) {
    need_number(a, at);
    need_number(b, at);
    if (b.number.sign() == 0) refuse_at("division by zero", at);
    charge(a.number.bits() + b.number.bits());
    Value made = a;
    made.number = a.number - b.number * (a.number / b.number).floor();
    join(made, a, b);
    return made;
  }
  Value raise(const Value& base, const Value& exponent, std::size_t at) {
    need_number(exponent, at);
    if (base.kind == Kind::kQuantity) {
      const auto times = exponent.number.to_integer();
      if (!times || *times < 1 || *times > 3) refuse_at("a quantity is raised to 1, 2 or 3", at);
      Value made = base;
      for (std::int64_t i = 1; i < *times; ++i) made = multiply(made, base, at);
      return made;
    }
    need_number(base, at);
    // x^(p/q) is the q-th root of x^p.
    const std::string fraction = exponent.number.bits() < 64 ? exponent.number.to_fraction() : std::string();
    const std::size_t slash = fraction.find('/');
    if (fraction.empty() && base.number.absolute() == Rational(1) && exponent.number.is_integer()) {
      Value made = base;
      const bool odd = !(exponent.number / Rational(2)).is_integer();
      made.number = base.number.sign() < 0 && odd ? Rational(-1) : Rational(1);
      return made;
    }
    if (fraction.empty()) refuse_at("the exponent is too large", at, ErrorCode::kLimit);
    const std::int64_t times = std::stoll(fraction.substr(0, slash));
    const unsigned long degree = slash == std::string::npos ? 1 : std::stoul(fraction.substr(slash + 1));
    if (degree > 1000) refuse_at("the root is too deep", at, ErrorCode::kLimit);
    if (times < 0 && base.number.sign() == 0) refuse_at("division by zero", at);
    const auto magnitude = static_cast<std::uint64_t>(times < 0 ? -times : times);
    const bool unit_base = base.number.absolute() == Rational(1) || base.number.sign() == 0;
    if (!unit_base && magnitude > kNumberBitsMax)
      refuse_at("the result would have too many digits", at, ErrorCode::kLimit);
    if (!unit_base) charge(base.number.bits() * std::max<std::uint64_t>(magnitude, 1));
    Value made = base;
    made.percent = false;
    made.exact = base.exact && exponent.exact;
    made.number = base.number.power(unit_base ? (magnitude == 0 ? 0 : 2 - magnitude % 2) : magnitude);
    if (times < 0) made.number = made.number.inverse();
    made.places = times < 0 || degree > 1 ? 0 : std::min(base.places, kPlacesMax);
    return degree == 1 ? made : root(made, degree, at);
  }
  Value root(Value value, unsigned long degree, std::size_t at) {
    if (value.number.sign() < 0) refuse_at("there is no real root of a negative number", at);
    charge(value.number.bits());
    value.places = 0;
    if (auto exact = value.number.exact_root(degree)) {
      value.number = std::move(*exact);
      return value;
    }
    value.number = value.number.approximate_root(degree, 25);
    value.exact = false;
    return value;
  }
  bool less(const Value& a, const Value& b, std::size_t at) const {
    if (a.kind != b.kind || (a.unit != nullptr && a.unit->dimension != b.unit->dimension))
      refuse_at("these cannot be compared", at);
    return a.kind == Kind::kDate ? a.date < b.date : a.number < b.number;
  }
  Value apply(const std::string& name, std::vector<Value> arguments, std::size_t at) {
    const auto count = [&](std::size_t least, std::size_t most) {
      if (arguments.size() < least || arguments.size() > most)
        refuse_at(daimon::format("{} takes {} argument{}", name,
                                 most == least ? std::to_string(least) : daimon::format("{} or {}", least, most),
                                 most == 1 ? "" : "s"),
                  at);
    };
    if (name == "min" || name == "max" || name == "sum" || name == "average") {
      if (arguments.empty()) refuse_at(daimon::format("{} needs at least one argument", name), at);
      Value made = arguments[0];
      for (std::size_t i = 1; i < arguments.size(); ++i) {
        const std::size_t places = std::max(made.places, arguments[i].places);
        if (name == "min")
          made = less(arguments[i], made, at) ? arguments[i] : made;
        else if (name == "max")
          made = less(made, arguments[i], at) ? arguments[i] : made;
        else
          made = add(made, arguments[i], 1, at);
        made.places = places;
      }
      if (name != "average") return made;
      Value number;
      number.number = Rational(static_cast<std::int64_t>(arguments.size()));
      return divide(made, number, at);
    }
    if (name == "weekday") {
      count(1, 1);
      if (arguments[0].kind != Kind::kDate) refuse_at("weekday needs a date such as 2026-03-01", at);
      constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                         "Thursday", "Friday", "Saturday"};
      Value made;
      made.kind = Kind::kText;
      made.text = kDays[std::chrono::weekday(arguments[0].date).c_encoding()];
      return made;
    }
    if (name == "sqrt" || name == "cbrt") {
      count(1, 1);
      need_number(arguments[0], at);
      return root(arguments[0], name == "sqrt" ? 2 : 3, at);
    }
    if (name != "abs" && name != "floor" && name != "ceil" && name != "round")
      refuse_at(daimon::format("there is no function '{}'", printable(name)), at);
    count(1, name == "round" ? 2 : 1);
    Value made = arguments[0];
    need_number_or_quantity(made, "cannot be rounded");
    std::int64_t digits = 0;
    if (arguments.size() == 2) {
      need_number(arguments[1], at);
      const auto wanted = arguments[1].number.to_integer();
      if (!wanted || *wanted > 1000 || *wanted < -1000) refuse_at("expected a whole number of digits", at);
      digits = *wanted;
    }
    // In the unit that it is shown in.
    const Rational factor = made.unit != nullptr ? made.unit->factor : Rational(1);
    const Rational offset = made.unit != nullptr ? made.unit->offset : Rational(0);
    Rational shown = (made.number - offset) / factor;
    charge(shown.bits() + 4 * static_cast<std::size_t>(digits < 0 ? -digits : digits));
    if (name == "abs") shown = shown.absolute();
    if (name == "floor") shown = shown.floor();
    if (name == "ceil") shown = shown.ceiling();
    if (name == "round") shown = shown.rounded(digits);
    made.number = shown * factor + offset;
    made.percent = false;
    if (name != "abs") {
      made.places = std::min(static_cast<std::size_t>(std::max<std::int64_t>(digits, 0)), kPlacesMax);
      made.exact = true;  // the digits that rounding keeps are right
    }
    return made;
  }

  std::string_view text_;
  std::stop_token stop_;
  std::size_t at_ = 0;
  std::size_t work_ = 0;
  int depth_ = 0;
  int argument_depth_ = 0;
};

std::string shown_number(const Value& value, const Rational& number, bool quantity, bool& exact) {
  constexpr std::size_t kShownDecimalsMax = 60;
  if (!value.exact) {
    exact = false;
    return "≈" + number.to_significant(20);
  }
  if (const auto decimals = number.decimals(); decimals && *decimals <= kShownDecimalsMax)
    return number.to_decimal(std::max(*decimals, value.places));
  exact = quantity ? false : exact;
  const std::string rounded = number.to_significant(12);
  if (quantity) return "≈" + rounded;
  const std::string fraction = number.to_fraction();
  if (fraction.size() > 60) {
    exact = false;
    return "≈" + rounded;
  }
  return daimon::format("{} ≈ {}", fraction, rounded);
}

Calculated to_calculated(const Value& value) {
  constexpr std::array<std::string_view, 4> kKinds = {"number", "quantity", "date", "text"};
  Calculated made;
  made.kind = kKinds[static_cast<std::size_t>(value.kind)];
  switch (value.kind) {
    case Kind::kNumber:
      made.text = shown_number(value, value.number, false, made.exact);
      break;
    case Kind::kQuantity: {
      const Rational number = (value.number - value.unit->offset) / value.unit->factor;
      std::string_view name = value.unit->name;
      if (number == Rational(1))
        for (const auto& [plural, one] : {std::pair<std::string_view, std::string_view>{"days", "day"},
                                          {"weeks", "week"},
                                          {"months", "month"},
                                          {"years", "year"},
                                          {"hours", "hour"},
                                          {"minutes", "minute"},
                                          {"seconds", "second"},
                                          {"miles", "mile"},
                                          {"feet", "foot"},
                                          {"inches", "inch"},
                                          {"pounds", "pound"},
                                          {"bytes", "byte"}})
          if (name == plural) name = one;
      made.text = daimon::format("{} {}", shown_number(value, number, true, made.exact), name);
      break;
    }
    case Kind::kDate: {
      const std::chrono::year_month_day day(value.date);
      made.text = daimon::format("{:04}-{:02}-{:02}", int(day.year()), unsigned(day.month()), unsigned(day.day()));
      break;
    }
    case Kind::kText:
      made.text = value.text;
      break;
  }
  return made;
}

}  // namespace

Result<Calculated> calculate(std::string_view expression, const std::stop_token& stop) {
  if (expression.size() > kExpressionBytesMax) return fail(ErrorCode::kLimit, "the expression is too long");
  expression = trim(expression);
  while (expression.ends_with('=') || expression.ends_with('?'))
    expression = trim(expression.substr(0, expression.size() - 1));
  if (expression.empty()) return fail(ErrorCode::kInvalidArgument, "there is nothing to calculate");
  try {
    return to_calculated(Evaluator(expression, stop).evaluate());
  } catch (const Refusal& refusal) {
    return fail(refusal.code, refusal.what);
  }
}

}  // namespace daimon::device
