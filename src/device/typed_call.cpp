#include "device/typed_call.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"

namespace daimon::device {
namespace {

bool is_required(const Json& schema, std::string_view name) {
  const Json* required = find(schema, "required");
  return required != nullptr && required->is_array() &&
         std::ranges::any_of(required->get_array(),
                             [&](const Json& one) { return one.is_string() && one.get_string() == name; });
}

std::string names_of(const JsonObject& properties) {
  std::string names;
  for (const auto& property : properties) names += (names.empty() ? "" : ", ") + std::string(property.key());
  return names;
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

Status check_one(std::string_view name, const Json& schema, const Json& value) {
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorCode::kInvalidArgument, daimon::format("the argument '{}' {}", name, why));
  };
  const auto type = find_string(schema, "type").value_or("");
  if (type == "string" && !value.is_string()) return refuse("must be a text");
  if (type == "integer" && !value.is_int64() && !value.is_uint64()) return refuse("must be a whole number");
  if (type == "number" && !value.is_number()) return refuse("must be a number");
  if (type == "boolean" && !value.is_bool()) return refuse("must be true or false");
  if (!value.is_string()) return {};
  const std::string_view text = value.get_string();
  if (const Json* choices = find(schema, "enum"); choices != nullptr && choices->is_array()) {
    std::string list;
    for (const Json& choice : choices->get_array()) {
      if (choice == value) return {};
      list += (list.empty() ? "" : ", ") + std::string(choice.get_string());
    }
    return refuse("must be one of " + list);
  }
  const std::size_t length = code_points(text);
  if (const auto least = find_integer(schema, "minLength"); least && std::cmp_less(length, *least))
    return refuse("is empty or too short");
  if (const auto most = find_integer(schema, "maxLength"); most && std::cmp_greater(length, *most))
    return refuse(daimon::format("is longer than {} characters", *most));
  return {};
}

}  // namespace

Status check_arguments(const Json& schema, const Json& arguments) {
  if (!arguments.is_object()) return fail(ErrorCode::kInvalidArgument, "the arguments must be a JSON object");
  const Json* properties = find(schema, "properties");
  DAIMON_ASSERT(properties != nullptr && properties->is_object());
  for (const auto& given : arguments.get_object()) {
    const Json* known = find(*properties, given.key());
    if (known == nullptr)
      return fail(ErrorCode::kInvalidArgument,
                  daimon::format("there is no argument '{}'; arguments are {}", printable(given.key()),
                                 names_of(properties->get_object())));
    DAIMON_CHECK(check_one(given.key(), *known, given.value()));
  }
  for (const auto& property : properties->get_object())
    if (is_required(schema, property.key()) && !arguments.get_object().contains(property.key()))
      return fail(ErrorCode::kInvalidArgument,
                  daimon::format("the argument '{}' is missing", std::string_view(property.key())));
  return {};
}

std::string signature(const CallSpecification& specification) {
  std::string text = specification.name + "(";
  if (const Json* properties = find(specification.arguments_schema, "properties");
      properties != nullptr && properties->is_object())
    for (const auto& property : properties->get_object()) {
      if (!text.ends_with('(')) text += ", ";
      text += property.key();
      if (!is_required(specification.arguments_schema, property.key())) text += '?';
    }
  return text + ")";
}

}  // namespace daimon::device
