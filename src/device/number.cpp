#include "device/number.h"

#include <algorithm>
#include <utility>

#include "base/format.h"
#include "base/text.h"

namespace daimon::device {
namespace {

constexpr std::size_t kDigitsMax = 1'000'000;

std::string to_string(const mpz_t value) {
  std::string text(mpz_sizeinbase(value, 10) + 2, '\0');
  mpz_get_str(text.data(), 10, value);
  text.resize(text.find('\0'));
  return text;
}

}  // namespace

Number::Number() { mpq_init(value_); }
Number::Number(long value) : Number() { mpq_set_si(value_, value, 1); }
Number::Number(const Number& other) : Number() { mpq_set(value_, other.value_); }
Number::Number(Number&& other) noexcept : Number() { mpq_swap(value_, other.value_); }
Number& Number::operator=(Number other) noexcept {
  mpq_swap(value_, other.value_);
  return *this;
}
Number::~Number() { mpq_clear(value_); }

std::optional<Number> Number::from_decimal(std::string_view text) {
  std::string digits;
  std::size_t places = 0;
  bool point = false;
  for (const char c : text) {
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      digits += c;
      places += point ? 1 : 0;
    } else {
      return std::nullopt;
    }
  }
  if (digits.empty() || digits.size() > kDigitsMax) return std::nullopt;
  Number number;
  mpz_set_str(mpq_numref(number.value_), digits.c_str(), 10);
  mpz_ui_pow_ui(mpq_denref(number.value_), 10, places);
  mpq_canonicalize(number.value_);
  return number;
}

std::optional<Number> Number::from_amount(std::string_view text) {
  text = trim(text);
  bool negative = false;
  if (text.starts_with('(') && text.ends_with(')')) {
    negative = true;
    text = trim(text.substr(1, text.size() - 2));
  }
  const auto strip = [&](std::string_view sign) {
    if (text.starts_with(sign)) text.remove_prefix(sign.size());
    if (text.ends_with(sign)) text.remove_suffix(sign.size());
    text = trim(text);
  };
  const auto take_sign = [&] {
    if (text.starts_with('-')) negative = !negative, text.remove_prefix(1);
    else if (text.starts_with("\u2212")) negative = !negative, text.remove_prefix(3);
    else if (text.starts_with('+')) text.remove_prefix(1);
    text = trim(text);
  };
  take_sign();
  for (const std::string_view currency : {"£", "€", "$", "GBP", "EUR", "USD"}) strip(currency);
  take_sign();
  // Separators of thousands stand before groups of exactly three digits, and never after the point.
  std::string plain;
  const std::size_t point = std::min(text.find('.'), text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != ',') {
      plain += text[i];
      continue;
    }
    const std::size_t next = std::min(text.find(',', i + 1), point);
    if (i == 0 || i > point || next - i != 4) return std::nullopt;
  }
  auto number = from_decimal(plain);
  if (number && negative) mpq_neg(number->value_, number->value_);
  return number;
}

Number Number::operator+(const Number& other) const {
  Number sum;
  mpq_add(sum.value_, value_, other.value_);
  return sum;
}
Number Number::operator-(const Number& other) const {
  Number difference;
  mpq_sub(difference.value_, value_, other.value_);
  return difference;
}
Number Number::operator*(const Number& other) const {
  Number product;
  mpq_mul(product.value_, value_, other.value_);
  return product;
}
Result<Number> Number::divided_by(const Number& other) const {
  if (other.sign() == 0) return fail(ErrorCode::kInvalidArgument, "division by zero");
  Number quotient;
  mpq_div(quotient.value_, value_, other.value_);
  return quotient;
}

Result<Number> Number::power(const Number& exponent) const {
  const auto whole = exponent.to_long();
  if (!whole) return fail(ErrorCode::kInvalidArgument, "an exponent must be a whole number", "use sqrt() for roots");
  const auto size = static_cast<unsigned long>(*whole < 0 ? -*whole : *whole);
  if (size != 0 && digits() > kDigitsMax / size) return fail(ErrorCode::kLimit, "the power would have more than a million digits");
  if (*whole < 0 && sign() == 0) return fail(ErrorCode::kInvalidArgument, "division by zero");
  Number result;
  mpz_pow_ui(mpq_numref(result.value_), mpq_numref(value_), size);
  mpz_pow_ui(mpq_denref(result.value_), mpq_denref(value_), size);
  if (*whole < 0) mpq_inv(result.value_, result.value_);
  return result;
}

int Number::compare(const Number& other) const { return mpq_cmp(value_, other.value_); }
int Number::sign() const { return mpq_sgn(value_); }
bool Number::is_whole() const { return mpz_cmp_ui(mpq_denref(value_), 1) == 0; }
std::optional<long> Number::to_long() const {
  if (!is_whole() || mpz_fits_slong_p(mpq_numref(value_)) == 0) return std::nullopt;
  return mpz_get_si(mpq_numref(value_));
}
std::size_t Number::digits() const { return mpz_sizeinbase(mpq_numref(value_), 10) + mpz_sizeinbase(mpq_denref(value_), 10); }

Number Number::floor() const {
  Number down;
  mpz_fdiv_q(mpq_numref(down.value_), mpq_numref(value_), mpq_denref(value_));
  return down;
}

Number Number::rounded(long digits) const {
  Number scale;
  mpz_ui_pow_ui(mpq_numref(scale.value_), 10, static_cast<unsigned long>(digits < 0 ? -digits : digits));
  if (digits < 0) mpq_inv(scale.value_, scale.value_);
  Number half;
  mpq_set_ui(half.value_, 1, 2);
  const Number scaled = *this * scale;
  Number whole = scaled.sign() < 0 ? Number(0) - (Number(0) - scaled + half).floor() : (scaled + half).floor();
  Number result;
  mpq_div(result.value_, whole.value_, scale.value_);
  return result;
}

std::optional<Number> Number::square_root() const {
  if (sign() < 0 || mpz_perfect_square_p(mpq_numref(value_)) == 0 || mpz_perfect_square_p(mpq_denref(value_)) == 0) return std::nullopt;
  Number root;
  mpz_sqrt(mpq_numref(root.value_), mpq_numref(value_));
  mpz_sqrt(mpq_denref(root.value_), mpq_denref(value_));
  return root;
}

Number Number::square_root_to(long digits) const {
  Number scale;
  mpz_ui_pow_ui(mpq_numref(scale.value_), 10, static_cast<unsigned long>(digits));
  Number root = (*this * scale * scale).floor();
  mpz_sqrt(mpq_numref(root.value_), mpq_numref(root.value_));
  mpq_div(root.value_, root.value_, scale.value_);
  return root;
}

std::string Number::text(long decimals_min) const {
  // A finite decimal has only twos and fives below the line.
  mpz_t rest;
  mpz_init_set(rest, mpq_denref(value_));
  unsigned long twos = 0;
  unsigned long fives = 0;
  while (mpz_divisible_ui_p(rest, 2) != 0) mpz_divexact_ui(rest, rest, 2), ++twos;
  while (mpz_divisible_ui_p(rest, 5) != 0) mpz_divexact_ui(rest, rest, 5), ++fives;
  const bool finite = mpz_cmp_ui(rest, 1) == 0;
  mpz_clear(rest);
  constexpr long kAboutPlaces = 12;
  const Number shown = finite ? *this : rounded(kAboutPlaces);
  const auto places = static_cast<std::size_t>(std::max<long>(decimals_min, finite ? static_cast<long>(std::max(twos, fives)) : kAboutPlaces));
  mpz_t scaled;
  mpz_init(scaled);
  mpz_ui_pow_ui(scaled, 10, places);
  mpz_mul(scaled, scaled, mpq_numref(shown.value_));
  mpz_divexact(scaled, scaled, mpq_denref(shown.value_));
  std::string digits = to_string(scaled);
  mpz_clear(scaled);
  const bool negative = digits.starts_with('-');
  if (negative) digits.erase(0, 1);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  if (places > 0) digits.insert(digits.size() - places, 1, '.');
  if (negative) digits.insert(0, 1, '-');
  if (finite) return digits;
  return daimon::format("{}/{} (about {})", to_string(mpq_numref(value_)), to_string(mpq_denref(value_)), digits);
}

}  // namespace daimon::device
