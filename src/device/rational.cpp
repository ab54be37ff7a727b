#include "device/rational.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace daimon::device {
namespace {

struct Integer {
  Integer() { mpz_init(value); }
  explicit Integer(mpz_srcptr other) { mpz_init_set(value, other); }
  ~Integer() { mpz_clear(value); }
  Integer(const Integer&) = delete;
  mpz_t value;
};

void set(mpz_ptr to, std::int64_t value) {
  const bool negative = value < 0;
  const std::uint64_t magnitude = negative ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  mpz_import(to, 1, -1, sizeof magnitude, 0, 0, &magnitude);
  if (negative) mpz_neg(to, to);
}

std::string text_of(mpz_srcptr value) {
  std::string text(mpz_sizeinbase(value, 10) + 2, '\0');
  mpz_get_str(text.data(), 10, value);
  text.resize(text.find('\0'));
  return text;
}

unsigned long factor_count(mpz_ptr number, unsigned long prime) {
  Integer factor;
  mpz_set_ui(factor.value, prime);
  return mpz_remove(number, number, factor.value);
}

}  // namespace

Rational::Rational(std::int64_t integer) {
  mpq_init(value_);
  set(mpq_numref(value_), integer);
}
Rational::Rational(std::int64_t numerator, std::int64_t denominator) {
  mpq_init(value_);
  set(mpq_numref(value_), numerator);
  set(mpq_denref(value_), denominator);
  mpq_canonicalize(value_);
}
Rational::Rational(const Rational& other) {
  mpq_init(value_);
  mpq_set(value_, other.value_);
}
Rational::Rational(Rational&& other) noexcept {
  mpq_init(value_);
  mpq_swap(value_, other.value_);
}
Rational& Rational::operator=(const Rational& other) {
  if (this != &other) mpq_set(value_, other.value_);
  return *this;
}
Rational& Rational::operator=(Rational&& other) noexcept {
  mpq_swap(value_, other.value_);
  return *this;
}

Rational Rational::from_digits(std::string_view digits) {
  std::string plain(digits);
  const std::size_t point = plain.find('.');
  std::size_t after = 0;
  if (point != std::string::npos) {
    after = plain.size() - point - 1;
    plain.erase(point, 1);
  }
  Rational made;
  mpz_set_str(mpq_numref(made.value_), plain.empty() ? "0" : plain.c_str(), 10);
  mpz_ui_pow_ui(mpq_denref(made.value_), 10, after);
  mpq_canonicalize(made.value_);
  return made;
}

Rational Rational::power_of_ten(std::int64_t exponent) {
  Rational made;
  mpz_ui_pow_ui(mpq_numref(made.value_), 10, static_cast<unsigned long>(std::llabs(exponent)));
  return exponent < 0 ? made.inverse() : made;
}

std::size_t Rational::bits() const {
  return mpz_sizeinbase(mpq_numref(value_), 2) + mpz_sizeinbase(mpq_denref(value_), 2);
}

std::optional<std::int64_t> Rational::to_integer() const {
  if (!is_integer() || mpz_fits_slong_p(mpq_numref(value_)) == 0) return std::nullopt;
  return mpz_get_si(mpq_numref(value_));
}

Rational Rational::absolute() const {
  Rational made;
  mpq_abs(made.value_, value_);
  return made;
}
Rational Rational::inverse() const {
  Rational made;
  mpq_inv(made.value_, value_);
  return made;
}
Rational Rational::floor() const {
  Rational made;
  mpz_fdiv_q(mpq_numref(made.value_), mpq_numref(value_), mpq_denref(value_));
  return made;
}
Rational Rational::ceiling() const {
  Rational made;
  mpz_cdiv_q(mpq_numref(made.value_), mpq_numref(value_), mpq_denref(value_));
  return made;
}
Rational Rational::rounded(std::int64_t digits) const {
  const Rational scale = power_of_ten(digits);
  const Rational moved = (absolute() * scale + Rational(1, 2)).floor() / scale;
  return sign() < 0 ? -moved : moved;
}
Rational Rational::power(std::uint64_t exponent) const {
  Rational made;
  mpz_pow_ui(mpq_numref(made.value_), mpq_numref(value_), exponent);
  mpz_pow_ui(mpq_denref(made.value_), mpq_denref(value_), exponent);
  return made;
}

std::optional<Rational> Rational::exact_root(unsigned long degree) const {
  Rational made;
  if (mpz_root(mpq_numref(made.value_), mpq_numref(value_), degree) == 0) return std::nullopt;
  if (mpz_root(mpq_denref(made.value_), mpq_denref(value_), degree) == 0) return std::nullopt;
  return made;
}

Rational Rational::approximate_root(unsigned long degree, std::size_t digits) const {
  // Scaled by 10^(degree * places), the root's integer part has at least `digits` digits.
  const auto size = static_cast<std::int64_t>(mpz_sizeinbase(mpq_numref(value_), 10)) -
                    static_cast<std::int64_t>(mpz_sizeinbase(mpq_denref(value_), 10));
  const std::int64_t places = static_cast<std::int64_t>(digits) + 1 - size / static_cast<std::int64_t>(degree);
  Rational scaled = (*this * power_of_ten(places * static_cast<std::int64_t>(degree))).floor();
  mpz_root(mpq_numref(scaled.value_), mpq_numref(scaled.value_), degree);
  return scaled * power_of_ten(-places);
}

std::optional<std::size_t> Rational::decimals() const {
  Integer rest(mpq_denref(value_));
  const unsigned long twos = factor_count(rest.value, 2);
  const unsigned long fives = factor_count(rest.value, 5);
  if (mpz_cmp_ui(rest.value, 1) != 0) return std::nullopt;
  return std::max(twos, fives);
}

std::string Rational::to_decimal(std::size_t decimals) const {
  Rational scaled = rounded(static_cast<std::int64_t>(decimals)) * power_of_ten(static_cast<std::int64_t>(decimals));
  const bool negative = scaled.sign() < 0;
  if (negative) scaled = -scaled;
  std::string text = text_of(mpq_numref(scaled.value_));
  if (text.size() <= decimals) text.insert(0, decimals + 1 - text.size(), '0');
  if (decimals > 0) text.insert(text.size() - decimals, ".");
  return negative ? "-" + text : text;
}

std::string Rational::to_significant(std::size_t digits) const {
  if (sign() == 0) return "0";
  // The place of the first digit: 10^place <= |x| < 10^(place + 1), found from sizes and then put right.
  std::int64_t place = static_cast<std::int64_t>(mpz_sizeinbase(mpq_numref(value_), 10)) -
                       static_cast<std::int64_t>(mpz_sizeinbase(mpq_denref(value_), 10));
  while (absolute() < power_of_ten(place)) --place;
  while (!(absolute() < power_of_ten(place + 1))) ++place;
  const std::int64_t after = static_cast<std::int64_t>(digits) - 1 - place;
  const Rational cut = rounded(after);
  const std::size_t needed = static_cast<std::size_t>(std::max<std::int64_t>(after, 0));
  std::string text = cut.to_decimal(needed);
  if (needed > 0) {
    while (text.ends_with('0')) text.pop_back();
    if (text.ends_with('.')) text.pop_back();
  }
  return text;
}

std::string Rational::to_fraction() const {
  const std::string numerator = text_of(mpq_numref(value_));
  return is_integer() ? numerator : numerator + "/" + text_of(mpq_denref(value_));
}

Rational operator+(const Rational& a, const Rational& b) {
  Rational made;
  mpq_add(made.value_, a.value_, b.value_);
  return made;
}
Rational operator-(const Rational& a, const Rational& b) {
  Rational made;
  mpq_sub(made.value_, a.value_, b.value_);
  return made;
}
Rational operator*(const Rational& a, const Rational& b) {
  Rational made;
  mpq_mul(made.value_, a.value_, b.value_);
  return made;
}
Rational operator/(const Rational& a, const Rational& b) {
  Rational made;
  mpq_div(made.value_, a.value_, b.value_);
  return made;
}
Rational operator-(const Rational& a) {
  Rational made;
  mpq_neg(made.value_, a.value_);
  return made;
}

}  // namespace daimon::device
