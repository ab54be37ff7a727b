#include "device/column_total.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace daimon::device {
namespace {

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}
bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

// Whether every group after a separator has three digits, and the first one to three.
bool is_grouped(std::string_view text, char separator) {
  std::size_t first = text.find(separator);
  if (first == 0 || first > 3) return false;
  while (first != std::string_view::npos) {
    const std::size_t next = text.find(separator, first + 1);
    if (std::min(next, text.size()) - first != 4) return false;
    first = next;
  }
  return true;
}

std::string without(std::string_view text, char separator) {
  std::string made(text);
  std::erase(made, separator);
  return made;
}

// Digits with at most one '.', or nothing.
std::optional<std::string> plain_digits(std::string_view text, bool decimal_comma) {
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_digit(text[i]) || text[i] == '.' || text[i] == ',')
      digits += text[i];
    else if (text[i] == ' ' || text[i] == '\'')
      continue;
    else if (text.substr(i).starts_with("\xC2\xA0"))
      ++i;  // no-break space
    else if (text.substr(i).starts_with("\xE2\x80\xAF") || text.substr(i).starts_with("\xE2\x80\x99"))
      i += 2;  // narrow one, ’
    else
      return std::nullopt;
  }
  const std::size_t point = digits.rfind('.');
  const std::size_t comma = digits.rfind(',');
  char decimal = '.';
  if (point != std::string::npos && comma != std::string::npos)
    decimal = point > comma ? '.' : ',';
  else if (comma != std::string::npos)
    decimal = is_grouped(digits, ',') && !decimal_comma ? '.' : ',';
  else if (point != std::string::npos && decimal_comma && is_grouped(digits, '.'))
    decimal = ',';
  const char group = decimal == '.' ? ',' : '.';
  const std::string_view whole = std::string_view(digits).substr(0, std::min(digits.find(decimal), digits.size()));
  const std::string_view rest = std::string_view(digits).substr(whole.size());
  if (rest.contains(group) || std::ranges::count(rest, decimal) > 1) return std::nullopt;
  if (whole.contains(group) && !is_grouped(whole, group)) return std::nullopt;
  std::string made = without(whole, group);
  if (!rest.empty()) made += "." + std::string(rest.substr(1));
  if (std::ranges::none_of(made, is_digit)) return std::nullopt;
  return made;
}

}  // namespace

Rational CellNumber::value() const {
  return large ? *large : Rational(mantissa) * Rational::power_of_ten(-static_cast<std::int64_t>(places));
}

bool is_empty_cell(std::string_view cell) {
  cell = trim(cell);
  if (cell.empty() || cell == "-" || cell == "\xE2\x80\x93" || cell == "\xE2\x80\x94") return true;
  if (cell.size() > 4) return false;
  const std::string lower = to_lower_ascii(cell);
  return lower == "n/a" || lower == "na" || lower == "null" || lower == "none" || lower == "nan";
}

std::optional<CellNumber> number_of_cell(std::string_view cell, bool decimal_comma) {
  cell = trim(cell);
  if (cell.size() > 400) return std::nullopt;
  bool negative = false;
  if (cell.starts_with('(') && cell.ends_with(')')) {
    negative = true;
    cell = trim(cell.substr(1, cell.size() - 2));
  }
  // Sign and currency in either order, once each.
  bool sign = false;
  bool currency = false;
  for (bool again = true; again;) {
    again = false;
    if (!sign && !negative && (take_prefix(cell, "-") || take_prefix(cell, "\xE2\x88\x92")))
      sign = again = negative = true;
    else if (!sign && take_prefix(cell, "+"))
      sign = again = true;
    for (const std::string_view name :
         {"\xC2\xA3", "$", "\xE2\x82\xAC", "\xC2\xA5", "\xE2\x82\xB9", "EUR", "GBP", "USD"})
      if (!currency && take_prefix(cell, name)) currency = again = true;
    for (const std::string_view name :
         {"\xC2\xA3", "$", "\xE2\x82\xAC", "\xC2\xA5", "\xE2\x82\xB9", "EUR", "GBP", "USD", "CHF", "kr"})
      if (!currency && take_suffix(cell, name)) currency = again = true;
    if (!sign && !negative && take_suffix(cell, "-")) sign = again = negative = true;
    cell = trim(cell);
  }
  const auto digits = plain_digits(cell, decimal_comma);
  if (!digits) return std::nullopt;
  CellNumber number;
  const std::size_t point = digits->find('.');
  number.places = point == std::string::npos ? 0 : digits->size() - point - 1;
  if (digits->size() <= 18 && number.places <= 9) {
    for (const char c : *digits)
      if (c != '.') number.mantissa = number.mantissa * 10 + (c - '0');
    if (negative) number.mantissa = -number.mantissa;
  } else {
    number.large = Rational::from_digits(*digits);
    if (negative) number.large = -*number.large;
  }
  return number;
}

void ColumnTotal::add(const CellNumber& number) {
  if (number.large) {
    rest_ = rest_ + *number.large;
    return;
  }
  std::int64_t& total = by_places_[number.places];
  std::int64_t next = 0;
  if (!__builtin_add_overflow(total, number.mantissa, &next)) {
    total = next;
    return;
  }
  rest_ = rest_ + Rational(total) * Rational::power_of_ten(-static_cast<std::int64_t>(number.places));
  total = number.mantissa;
}

Rational ColumnTotal::sum() const {
  Rational sum = rest_;
  for (std::size_t places = 0; places < by_places_.size(); ++places)
    sum = sum + Rational(by_places_[places]) * Rational::power_of_ten(-static_cast<std::int64_t>(places));
  return sum;
}

}  // namespace daimon::device
