#include <cstdio>
#include <fstream>

#include "device/calculator_device.h"
#include "device/expression.h"
#include "device_world.h"

namespace daimon::device {
namespace {

using ::testing::HasSubstr;

std::string calculated(std::string_view expression) {
  const auto made = calculate(expression);
  return made ? made->text : "error: " + made.error().what;
}

struct Example {
  std::string expression, result;
};
void PrintTo(const Example& example, std::ostream* out) { *out << example.expression; }
struct Calculator : ::testing::TestWithParam<Example> {};

TEST_P(Calculator, Gives) { EXPECT_EQ(calculated(GetParam().expression), GetParam().result); }

INSTANTIATE_TEST_SUITE_P(
    Numbers, Calculator,
    ::testing::Values(
        Example{"84.20 + 91.10", "175.30"}, Example{"£84.20 + £91.10", "175.30"},
        Example{"1,234,567.50 * 2", "2469135.00"}, Example{"0.1 + 0.2", "0.3"},
        Example{"2^100", "1267650600228229401496703205376"}, Example{"1/3", "1/3 ≈ 0.333333333333"},
        Example{"1/3 + 2/3", "1"}, Example{"10 / 4", "2.5"}, Example{"-7 / 2", "-3.5"}, Example{"20% of 85", "17"},
        Example{"17.5% of 240.00", "42.00"}, Example{"85 + 20%", "102"}, Example{"100 - 10%", "90"},
        Example{"50%", "0.5"}, Example{"10 % 3", "1"}, Example{"-10 % 3", "2"}, Example{"2 ^ 3 ^ 2", "512"},
        Example{"-2^2", "-4"}, Example{"2^-2", "0.25"}, Example{"(1 + 2) * 3 =", "9"}, Example{"sqrt(16)", "4"},
        Example{"sqrt(2)", "≈1.4142135623730950488"}, Example{"sqrt(1/4)", "0.5"}, Example{"27^(1/3)", "3"},
        Example{"round(2.345, 2)", "2.35"}, Example{"round(-2.5)", "-3"}, Example{"round(1234, -2)", "1200"},
        Example{"round(2/3, 4)", "0.6667"}, Example{"abs(-3.50)", "3.50"}, Example{"floor(-1.5)", "-2"},
        Example{"ceil(1.2)", "2"}, Example{"min(3, 1, 2)", "1"}, Example{"max(1,234)", "234"},
        Example{"sum(1.10, 2.20, 3.30)", "6.60"}, Example{"average(1, 2)", "1.5"}, Example{"1e3 + 1", "1001"},
        Example{"1.5E-3", "0.0015"}, Example{"2 × 3 ÷ 4", "1.5"}, Example{"1000 − 1", "999"}, Example{".5 + 1.", "1.5"},
        Example{"(-1)^100000000000", "1"}, Example{"0^0", "1"}, Example{"12 € + 3 €", "15"}));

INSTANTIATE_TEST_SUITE_P(
    DatesAndUnits, Calculator,
    ::testing::Values(Example{"2026-03-01 + 45 days", "2026-04-15"}, Example{"2026-04-15 - 2026-03-01", "45 days"},
                      Example{"2026-04-15 - 2026-03-04 in weeks", "6 weeks"},
                      Example{"2026-01-31 + 1 month", "2026-02-28"}, Example{"2024-02-29 + 1 year", "2025-02-28"},
                      Example{"2026-03-31 - 1 month", "2026-02-28"}, Example{"2026-03-01 + 2 weeks", "2026-03-15"},
                      Example{"weekday(\"2026-03-01\")", "Sunday"}, Example{"weekday(2026-03-01 + 1 day)", "Monday"},
                      Example{"2026-03-02 - 2026-03-01", "1 day"}, Example{"max(2026-03-01, 2025-12-31)", "2026-03-01"},
                      Example{"3 km in miles", "≈1.86411357671 miles"}, Example{"20 C in F", "68 F"},
                      Example{"-40 C in F", "-40 F"}, Example{"100 F in C", "≈37.7777777778 C"},
                      Example{"5 kg in lb", "≈11.0231131092 pounds"}, Example{"1 mile in km", "1.609344 km"},
                      Example{"2 GiB in MB", "2147.483648 MB"}, Example{"90 min in hours", "1.5 hours"},
                      Example{"100 km/h in mph", "≈62.1371192237 mph"}, Example{"2 ha in m^2", "20000 m^2"},
                      Example{"3 m * 4 m", "12 m^2"}, Example{"10 km / 2 km", "5"}, Example{"1 km + 500 m", "1.5 km"},
                      Example{"1 year in months", "12 months"}, Example{"3 * 2 kg", "6 kg"},
                      Example{"100 m / 10 s", "10 m/s"}, Example{"500 ml in l", "0.5 L"},
                      Example{"6 feet in cm", "182.88 cm"}));

INSTANTIATE_TEST_SUITE_P(
    Errors, Calculator,
    ::testing::Values(Example{"2 + * 3", "error: expected a number at '* 3'"},
                      Example{"2 +", "error: expected a number at the end"},
                      Example{"(1 + 2", "error: expected ')' at the end"},
                      Example{"1 / 0", "error: division by zero at '/ 0'"},
                      Example{"2 3", "error: did not expect anything more at '3'"},
                      Example{"foo(1)", "error: there is no function 'foo' at 'foo(1)'"},
                      Example{"3 km in kg", "error: km cannot be converted to kg at 'in kg'"},
                      Example{"3 km + 2", "error: a number and a quantity with a unit cannot be added at '+ 2'"},
                      Example{"2026-02-30", "error: there is no such date at '2026-02-30'"},
                      Example{"2026-03-01 + 2026-03-02",
                              "error: two dates cannot be added; their difference is A - B at '+ 2026-03-02'"},
                      Example{"", "error: there is nothing to calculate"},
                      Example{"1.2.3", "error: a number has one point at '1.2.3'"},
                      Example{"sqrt(-1)", "error: there is no real root of a negative number at 'sqrt(-1)'"},
                      Example{"20 C + 5 C", "error: temperatures are converted, not added at '+ 5 C'"},
                      Example{"3 months in days", "error: months cannot be converted to days at 'in days'"}));

TEST(CalculatorLimits, WhatWouldTakeForEverIsRefusedAtOnce) {
  const auto begin = std::chrono::steady_clock::now();
  for (const std::string& expression :
       {std::string("2^(2^40)"), std::string("9^9^9^9"), std::string("10^1000000000"), std::string("(2^100000)^100000"),
        std::string("1e10000000"), std::string("0.5^(10^12)"), std::string(4000, '('), std::string(4000, '-') + "1",
        "1" + std::string(5000, '0')}) {
    const auto made = calculate(expression);
    ASSERT_FALSE(made) << expression.substr(0, 40) << " = " << made->text.substr(0, 40);
    EXPECT_EQ(made.error().code, ErrorCode::kLimit) << expression.substr(0, 40) << ": " << made.error().what;
  }
  std::string heavy = "3^100000";
  while (heavy.size() < 4000) heavy += " * 3^9 / 7^9 + 1/3^9999";
  static_cast<void>(calculate(heavy));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(calculate("1+1", stop.get_token()).error().code, ErrorCode::kCancelled);
}

TEST(CalculatorDevice, GivesTheTextOfTheFormat) {
  DeviceWorld world;
  const auto device = make_calculator_device();
  EXPECT_EQ(text_or_error(world.run(*device, "calculate", JsonObject{{"expression", "84.20 + 91.10"}})),
            "84.20 + 91.10 = 175.30");
  EXPECT_FALSE(world.run(*device, "calculate", JsonObject{{"expression", "1"}, {"precision", 3}}));
  const auto large = world.run(*device, "calculate", JsonObject{{"expression", "7^10000"}});
  ASSERT_TRUE(large);
  EXPECT_LT(large->text.size(), 1000U);
  EXPECT_EQ(find_string(large->value, "result")->size(), 8451U);
}

// Random expressions, and what Python's fractions say of them.
struct Generator {
  std::uint32_t state;
  std::uint32_t below(std::uint32_t count) { return (state = state * 1664525 + 1013904223) / 65536 % count; }
  // The same expression twice: for us and for Python.
  std::pair<std::string, std::string> make(int depth) {
    if (depth == 0 || below(5) == 0) {
      std::string digits = std::to_string(below(100000));
      if (below(2) == 0) digits += "." + std::to_string(below(1000));
      return {digits, "F('" + digits + "')"};
    }
    const auto [a, pa] = make(depth - 1);
    const auto [b, pb] = make(depth - 1);
    switch (below(9)) {
      case 0:
        return {"(" + a + " + " + b + ")", "(" + pa + "+" + pb + ")"};
      case 1:
        return {"(" + a + " - " + b + ")", "(" + pa + "-" + pb + ")"};
      case 2:
        return {"(" + a + ")*(" + b + ")", "(" + pa + ")*(" + pb + ")"};
      case 3:
        return {"((" + a + ")/(" + b + "))", "((" + pa + ")/(" + pb + "))"};
      case 4:
        return {"(" + a + ")^2", "(" + pa + ")**2"};
      case 5:
        return {"floor(" + a + ")", "F(math.floor(" + pa + "))"};
      case 6:
        return {"max(" + a + ", " + b + ")", "max(" + pa + "," + pb + ")"};
      case 7:
        return {"-(" + a + ")", "-(" + pa + ")"};
      default:
        return {"(" + a + " % (" + b + "))", "((" + pa + ")%(" + pb + "))"};
    }
  }
};

TEST(CalculatorProperties, AgreesWithPythonsFractions) {
  DeviceWorld world;
  Generator generator{20260301};
  std::string program =
      "import math\nfrom fractions import Fraction as F\ndef show(f):\n  try: print(f())\n  except ZeroDivisionError: "
      "print('zero')\n";
  std::vector<std::string> expressions;
  for (int i = 0; i < 3000; ++i) {
    auto [ours, theirs] = generator.make(1 + i % 4);
    program += "show(lambda: " + theirs + ")\n";
    expressions.push_back(std::move(ours));
  }
  std::ofstream(world.folder / "oracle.py") << program;
  FILE* oracle = ::popen(("python3 " + (world.folder / "oracle.py").string()).c_str(), "r");
  ASSERT_NE(oracle, nullptr);
  std::string line(100'000, '\0');
  for (const std::string& expression : expressions) {
    ASSERT_NE(std::fgets(line.data(), static_cast<int>(line.size()), oracle), nullptr) << "python3 is needed";
    const std::string expected = line.substr(0, line.find('\n'));
    const auto made = calculate(expression);
    if (expected == "zero") {
      ASSERT_FALSE(made) << expression;
      EXPECT_THAT(made.error().what, HasSubstr("division by zero"));
      continue;
    }
    ASSERT_TRUE(made) << expression << ": " << made.error().what;
    // Ours minus theirs is nothing: the difference is exact, however each is shown.
    const auto difference = calculate("(" + expression + ") - (" + expected + ")");
    ASSERT_TRUE(difference) << expression << " against " << expected << ": " << difference.error().what;
    EXPECT_TRUE(difference->text == "0" || difference->text.find_first_not_of("0.") == std::string::npos)
        << expression << ": " << difference->text;
    if (const std::size_t mark = made->text.find(" ≈ "); mark != std::string::npos) {
      EXPECT_EQ(made->text.substr(0, mark), expected);
    }
  }
  ::pclose(oracle);
}

}  // namespace
}  // namespace daimon::device
