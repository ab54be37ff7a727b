// calculate(expression): exact arithmetic, dates and units (device/expression.h). Pure.
#pragma once

#include <memory>

#include "device/device.h"

namespace daimon::device {

// Value: {"expression", "result", "exact", "kind"}; text "EXPRESSION = RESULT". The outcome has the call's own label:
// the numbers came from there.
std::unique_ptr<Device> make_calculator_device();

}  // namespace daimon::device
