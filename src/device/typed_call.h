// Calls as C++ structs: the JSON Schema that a model fills, the check of what it filled and the values that the code
// uses all come from one struct (device/arguments.h), so they cannot disagree.
//
// glaze, which reflects on the structs, is slow to compile and stays in arguments.cpp, where every struct is
// instantiated once with DAIMON_TYPED_CALL.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "device/device.h"

namespace daimon::device {

// The schema in the subset that src/constraint compiles: one object, its properties in the order of the struct's
// members, optional members not required, nothing else allowed.
template <class Arguments>
const Json& schema_of();

// Strict: an unknown key, a missing one, a wrong type, a text outside its limits or an unknown choice is
// kInvalidArgument, with the name of the argument.
template <class Arguments>
Result<Arguments> parse_arguments(const Json& arguments);

// "write(path, content)"; a "?" after the names that may be left out.
std::string signature(const CallSpecification& specification);

// What parse_arguments checks before it reads: arguments against a schema that schema_of made.
Status check_arguments(const Json& schema, const Json& arguments);

struct CallTraits {
  EffectClass effect = EffectClass::kPure;
  bool needs_approval_at_l2 = false;
  bool hidden = false;
  std::chrono::milliseconds timeout{30'000};
};

template <class Arguments>
CallSpecification specify(std::string name, std::string summary, CallTraits traits,
                          std::function<Result<std::vector<Access>>(const Arguments&)> accesses) {
  CallSpecification made;
  made.name = std::move(name);
  made.summary = std::move(summary);
  made.arguments_schema = schema_of<Arguments>();
  made.effect = traits.effect;
  made.needs_approval_at_l2 = traits.needs_approval_at_l2;
  made.hidden = traits.hidden;
  made.timeout = traits.timeout;
  made.accesses = [accesses = std::move(accesses)](const Json& arguments) -> Result<std::vector<Access>> {
    DAIMON_TRY(const Arguments parsed, parse_arguments<Arguments>(arguments));
    return accesses(parsed);
  };
  return made;
}

}  // namespace daimon::device
