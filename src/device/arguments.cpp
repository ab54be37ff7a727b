#include "device/arguments.h"

#include <array>
#include <glaze/json.hpp>
#include <glaze/json/schema.hpp>

#include "base/format.h"
#include "device/typed_call.h"

// Limits are in code points, as in JSON Schema.
template <>
struct glz::json_schema<daimon::device::ListArguments> {
  schema path{.description = "a folder below a mount; left out for the mount itself", .maxLength = 4096};
};
template <>
struct glz::json_schema<daimon::device::ReadArguments> {
  schema path{.description = "a file below a mount", .minLength = 1, .maxLength = 4096};
};
template <>
struct glz::json_schema<daimon::device::WriteArguments> {
  schema path{.description = "the file to make or change, below a mount", .minLength = 1, .maxLength = 4096};
  schema content{.description = "the whole new content", .maxLength = 1'000'000};
};
template <>
struct glz::json_schema<daimon::device::ChangeArguments> {
  schema change{.description = "the change that write staged", .minLength = 1, .maxLength = 128};
  schema path{.description = "the file it changes", .minLength = 1, .maxLength = 4096};
};
template <>
struct glz::json_schema<daimon::device::CalculateArguments> {
  schema expression{.description = "numbers, dates and units", .minLength = 1, .maxLength = 4096};
};
template <>
struct glz::meta<daimon::device::TableOperation> {
  using enum daimon::device::TableOperation;
  static constexpr auto value = enumerate(sum, count, average, min, max, list, distinct);
};
template <>
struct glz::json_schema<daimon::device::TableArguments> {
  schema path{.description = "a CSV file below a mount", .minLength = 1, .maxLength = 4096};
  schema operation{.description = "what to do with the column"};
  schema column{.description = "the column's name", .minLength = 1, .maxLength = 200};
  schema where_column{.description = "only rows where this column", .minLength = 1, .maxLength = 200};
  schema where_value{.description = "has this value; 2026-03 matches dates in March", .maxLength = 400};
};
template <>
struct glz::json_schema<daimon::device::PythonArguments> {
  schema code{.description = "a Python 3 program; what it prints is the result", .minLength = 1, .maxLength = 100'000};
};
template <>
struct glz::json_schema<daimon::device::AskArguments> {
  schema question{.description = "one question for the person", .minLength = 1, .maxLength = 2000};
};
template <>
struct glz::json_schema<daimon::device::FetchArguments> {
  schema url{.description = "an http or https address", .minLength = 8, .maxLength = 2000};
};

namespace daimon::device {
namespace {

// The callers hold both.
const Json& resolve(const Json& property, const Json& document) {
  const auto reference = find_string(property, "$ref");
  constexpr std::string_view kPrefix = "#/$defs/";
  if (!reference || !reference->starts_with(kPrefix))
    return property;  // NOLINT(bugprone-return-const-ref-from-parameter)
  const Json* definitions = find(document, "$defs");
  const Json* found = definitions == nullptr ? nullptr : find(*definitions, reference->substr(kPrefix.size()));
  DAIMON_ASSERT(found != nullptr);
  return *found;
}

// What glaze writes for one member, in the keywords that the automaton knows.
Json simplified(const Json& property, const Json& document) {
  const Json& resolved = resolve(property, document);
  JsonObject made;
  if (const Json* choices = find(resolved, "oneOf"); choices != nullptr && choices->is_array()) {
    JsonArray names;
    for (const Json& choice : choices->get_array())
      if (const Json* name = find(choice, "const")) names.push_back(*name);
    made["type"] = "string";
    made["enum"] = std::move(names);
  } else if (const Json* type = find(resolved, "type")) {
    // A member that may be left out is ["string","null"]; here it is left out, never null.
    made["type"] = type->is_array() ? type->get_array().at(0) : *type;
  }
  for (const Json* source : {&resolved, &property})
    for (const std::string_view keyword : {"minLength", "maxLength", "description"})
      if (const Json* value = find(*source, keyword)) made[keyword] = *value;
  return made;
}

template <class Arguments>
Json make_schema() {
  const auto text = glz::write_json_schema<Arguments>();
  DAIMON_ASSERT(text.has_value());
  auto document = parse_json(*text);
  DAIMON_ASSERT(document.has_value());
  const Json* given = find(*document, "properties");
  DAIMON_ASSERT(given != nullptr && given->is_object());
  JsonObject properties;
  JsonArray required;
  for (const std::string_view key : glz::reflect<Arguments>::keys) {
    const Json& property = given->get_object().at(key);
    const Json* type = find(property, "type");
    if (type == nullptr || !type->is_array()) required.emplace_back(key);
    properties[key] = simplified(property, *document);
  }
  return JsonObject{{"type", "object"},
                    {"properties", std::move(properties)},
                    {"required", std::move(required)},
                    {"additionalProperties", false}};
}

}  // namespace

template <class Arguments>
const Json& schema_of() {
  static const Json kSchema = make_schema<Arguments>();
  return kSchema;
}

template <class Arguments>
Result<Arguments> parse_arguments(const Json& arguments) {
  DAIMON_CHECK(check_arguments(schema_of<Arguments>(), arguments));
  constexpr glz::opts kStrict{.error_on_unknown_keys = true, .error_on_missing_keys = true};
  Arguments parsed{};
  const std::string text = to_text(arguments);
  if (const auto error = glz::read<kStrict>(parsed, text))
    return fail(ErrorCode::kInvalidArgument,
                daimon::format("the arguments could not be read: {}", glz::format_error(error, text)));
  return parsed;
}

#define DAIMON_TYPED_CALL(Arguments)           \
  template const Json& schema_of<Arguments>(); \
  template Result<Arguments> parse_arguments<Arguments>(const Json&)
DAIMON_TYPED_CALL(ListArguments);
DAIMON_TYPED_CALL(ReadArguments);
DAIMON_TYPED_CALL(WriteArguments);
DAIMON_TYPED_CALL(ChangeArguments);
DAIMON_TYPED_CALL(CalculateArguments);
DAIMON_TYPED_CALL(TableArguments);
DAIMON_TYPED_CALL(PythonArguments);
DAIMON_TYPED_CALL(AskArguments);
DAIMON_TYPED_CALL(FetchArguments);

}  // namespace daimon::device
