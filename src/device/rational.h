// Exact rational numbers of any size (GMP), and how they are written.
#pragma once

#include <gmp.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace daimon::device {

class Rational {
 public:
  Rational() { mpq_init(value_); }
  Rational(std::int64_t integer);  // NOLINT: numbers are rationals
  Rational(std::int64_t numerator, std::int64_t denominator);
  Rational(const Rational& other);
  Rational(Rational&& other) noexcept;
  Rational& operator=(const Rational& other);
  Rational& operator=(Rational&& other) noexcept;
  ~Rational() { mpq_clear(value_); }

  // Digits with at most one point: "0012.50". The caller has checked them.
  static Rational from_digits(std::string_view digits);
  static Rational power_of_ten(std::int64_t exponent);

  [[nodiscard]] int sign() const { return mpq_sgn(value_); }
  [[nodiscard]] bool is_integer() const { return mpz_cmp_ui(mpq_denref(value_), 1) == 0; }
  // Bits of numerator and denominator together: what an operation costs.
  [[nodiscard]] std::size_t bits() const;
  [[nodiscard]] std::optional<std::int64_t> to_integer() const;  // nothing when it is none, or does not fit
  [[nodiscard]] Rational absolute() const;
  [[nodiscard]] Rational inverse() const;  // of a number that is not zero
  [[nodiscard]] Rational floor() const;
  [[nodiscard]] Rational ceiling() const;
  // Half away from zero, as money is rounded; `digits` after the point, negative ones before it.
  [[nodiscard]] Rational rounded(std::int64_t digits) const;
  [[nodiscard]] Rational power(std::uint64_t exponent) const;
  // The exact root, where there is one. Of a number that is not negative.
  [[nodiscard]] std::optional<Rational> exact_root(unsigned long degree) const;
  // To `digits` significant digits, downwards.
  [[nodiscard]] Rational approximate_root(unsigned long degree, std::size_t digits) const;

  // Digits after the point that it takes to write it exactly; nothing when there is no end to them.
  [[nodiscard]] std::optional<std::size_t> decimals() const;
  // With `decimals` digits after the point; exact when decimals() is not more.
  [[nodiscard]] std::string to_decimal(std::size_t decimals) const;
  [[nodiscard]] std::string to_significant(std::size_t digits) const;  // "0.333333333333", no zeros at the end
  [[nodiscard]] std::string to_fraction() const;                       // "1/3"

  friend Rational operator+(const Rational& a, const Rational& b);
  friend Rational operator-(const Rational& a, const Rational& b);
  friend Rational operator*(const Rational& a, const Rational& b);
  friend Rational operator/(const Rational& a, const Rational& b);  // b is not zero
  friend Rational operator-(const Rational& a);
  friend bool operator==(const Rational& a, const Rational& b) { return mpq_equal(a.value_, b.value_) != 0; }
  friend bool operator<(const Rational& a, const Rational& b) { return mpq_cmp(a.value_, b.value_) < 0; }

 private:
  mpq_t value_;
};

}  // namespace daimon::device
