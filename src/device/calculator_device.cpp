#include "device/calculator_device.h"

#include <array>

#include "base/format.h"
#include "base/text.h"
#include "device/arguments.h"
#include "device/expression.h"
#include "device/typed_call.h"

namespace daimon::device {
namespace {

// Of a number of thousands of digits the model and the person see the ends; the value has all of it.
std::string shortened(const std::string& result) {
  constexpr std::size_t kShown = 400;
  if (result.size() <= kShown) return result;
  return daimon::format("{}...{} ({} characters)", cut_utf8(result, kShown / 2), result.substr(result.size() - 20),
                        result.size());
}

class CalculatorDevice final : public Device {
 public:
  [[nodiscard]] std::string_view name() const override { return "calculator"; }
  [[nodiscard]] std::span<const CallSpecification> calls() const override { return calls_; }

  Result<Outcome> run(const Call& call, const CallContext& context) override {
    DAIMON_TRY(const auto arguments, parse_arguments<CalculateArguments>(call.arguments));
    DAIMON_TRY(const Calculated made, calculate(arguments.expression, context.stop));
    const std::string shown = printable(trim(arguments.expression));
    return Outcome{
        JsonObject{
            {"expression", arguments.expression}, {"result", made.text}, {"exact", made.exact}, {"kind", made.kind}},
        daimon::format("{} = {}", cut_utf8(shown, 400), shortened(made.text)), call.label};
  }

 private:
  std::array<CallSpecification, 1> calls_{
      specify<CalculateArguments>("calculate", "exact arithmetic, dates and units", {.effect = EffectClass::kPure},
                                  [](const auto&) { return std::vector{Access{"calculator", "use", ""}}; })};
};

}  // namespace

std::unique_ptr<Device> make_calculator_device() { return std::make_unique<CalculatorDevice>(); }

}  // namespace daimon::device
