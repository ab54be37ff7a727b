#include "exam/tools.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/format.h"
#include "device/typed_call.h"

namespace daimon::exam {
namespace {

class ToolsDevice final : public device::Device {
 public:
  explicit ToolsDevice(std::vector<device::CallSpecification> calls) : calls_(std::move(calls)) {}
  [[nodiscard]] std::string_view name() const override { return "exam"; }
  [[nodiscard]] std::span<const device::CallSpecification> calls() const override { return calls_; }
  Result<device::Outcome> run(const device::Call& call, const device::CallContext& /*context*/) override {
    return device::Outcome{JsonObject{{"called", call.name}}, daimon::format("{} was called", call.name), call.label};
  }

 private:
  std::vector<device::CallSpecification> calls_;
};

}  // namespace

std::vector<std::unique_ptr<device::Device>> tools_of(const Paper& paper) {
  std::vector<device::CallSpecification> calls;
  for (const Home& home : paper.homes)
    for (const Json& tool : home.tools) {
      device::CallSpecification call;
      call.name = find_string(tool, "name").value_or("");
      call.summary = find_string(tool, "description").value_or("");
      call.arguments_schema = tool.at("parameters");
      call.effect = device::EffectClass::kPure;
      call.accesses = [name = call.name,
                       schema = call.arguments_schema](const Json& arguments) -> Result<std::vector<device::Access>> {
        DAIMON_CHECK(device::check_arguments(schema, arguments));
        return std::vector{device::Access{"tool", "use", name}};
      };
      if (!std::ranges::contains(calls, call.name, &device::CallSpecification::name)) calls.push_back(std::move(call));
    }
  std::vector<std::unique_ptr<device::Device>> devices;
  if (!calls.empty()) devices.push_back(std::make_unique<ToolsDevice>(std::move(calls)));
  return devices;
}

}  // namespace daimon::exam
