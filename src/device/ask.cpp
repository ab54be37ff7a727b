#include "device/ask.h"

#include "device/arguments.h"
#include "device/typed_call.h"

namespace daimon::device {

CallSpecification make_ask_specification() {
  return specify<AskArguments>("ask", "ask the person",
                               {.effect = EffectClass::kPure, .timeout = std::chrono::hours(24 * 365)},
                               [](const auto&) { return std::vector{Access{"person", "ask", ""}}; });
}

}  // namespace daimon::device
