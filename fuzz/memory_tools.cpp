// Tools that another program declares, and goals for them: whatever stands in either, what is filled has the type that
// is declared, and texts stand in the goal.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/text.h"
#include "memory/tool_arguments.h"
#include "memory/tool_rank.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace daimon;
  // The goal, a line break, the schema.
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = input.find('\n');
  if (end == std::string_view::npos || size > 4096) return 0;
  const std::string goal = repair_utf8(input.substr(0, end));
  const auto schema = parse_json(input.substr(end + 1));
  if (!schema) return 0;
  const memory::Offer tool{"make_thing", "", "Make a thing of a kind", *schema};
  const auto arguments = memory::arguments_of(*schema);
  const auto ways = memory::argument_ways(goal, tool, arguments, nullptr);
  if (ways.size() != arguments.size()) std::abort();
  const auto filled = memory::fill_arguments(arguments, ways);
  for (const memory::Argument& argument : arguments) {
    const Json* value = filled.values.if_contains(argument.name);
    if (value == nullptr) continue;
    switch (argument.form) {
      case memory::ArgumentForm::kBoolean:
        if (!value->is_bool()) std::abort();
        break;
      case memory::ArgumentForm::kInteger:
        if (!value->is_int64()) std::abort();
        break;
      case memory::ArgumentForm::kNumber:
        if (!value->is_number()) std::abort();
        break;
      case memory::ArgumentForm::kEnumeration:
        if (std::ranges::find(argument.values, std::string_view(value->get_string())) == argument.values.end())
          std::abort();
        break;
      case memory::ArgumentForm::kString:
        if (!std::string_view(goal).contains(std::string_view(value->get_string())) || !is_utf8(value->get_string()))
          std::abort();
        break;
    }
  }
  if (memory::rank_tools(goal, std::span(&tool, 1), nullptr).size() != 1) std::abort();
  return 0;
}
