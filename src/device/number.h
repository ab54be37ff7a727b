// Exact numbers: rationals of any size (GMP), read and shown the way people write amounts.
#pragma once

#include <gmp.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace daimon::device {

class Number {
 public:
  Number();
  explicit Number(long value);
  Number(const Number& other);
  Number(Number&& other) noexcept;
  Number& operator=(Number other) noexcept;
  ~Number();

  // "1,234.50", "-3", "£84.20", "12 %" is no number; "(12.00)" is negative as accountants write it. Nothing for other text.
  static std::optional<Number> from_amount(std::string_view text);
  // Digits with at most one point; no sign, no separators.
  static std::optional<Number> from_decimal(std::string_view text);

  Number operator+(const Number& other) const;
  Number operator-(const Number& other) const;
  Number operator*(const Number& other) const;
  // kInvalidArgument for a division by zero.
  [[nodiscard]] Result<Number> divided_by(const Number& other) const;
  // A whole exponent; kLimit when the result would have more than a million digits.
  [[nodiscard]] Result<Number> power(const Number& exponent) const;
  [[nodiscard]] int compare(const Number& other) const;
  [[nodiscard]] int sign() const;
  [[nodiscard]] bool is_whole() const;
  [[nodiscard]] std::optional<long> to_long() const;
  // Towards minus infinity.
  [[nodiscard]] Number floor() const;
  // Half away from zero, as on an invoice.
  [[nodiscard]] Number rounded(long digits) const;
  // The root when it is rational; otherwise nothing.
  [[nodiscard]] std::optional<Number> square_root() const;
  [[nodiscard]] Number square_root_to(long digits) const;

  // A finite decimal as such ("1234.50" keeps at least `decimals_min` places); otherwise "1/3 (about 0.333333333333)".
  [[nodiscard]] std::string text(long decimals_min = 0) const;
  [[nodiscard]] std::size_t digits() const;  // about how many it has

 private:
  mpq_t value_;
};

}  // namespace daimon::device
