#include "memory/schema_parts.h"

#include <algorithm>

#include "base/text.h"

namespace daimon::memory {

Json text_schema(int length_max) { return JsonObject{{"type", "string"}, {"minLength", 1}, {"maxLength", length_max}}; }

Json enum_schema(const Names& choices) { return JsonObject{{"enum", JsonArray(choices.begin(), choices.end())}}; }

Json span_schema(JsonArray lines, int length_max) {
  return JsonObject{{"type", "string"}, {"maxLength", length_max}, {"x-span-of", std::move(lines)}};
}

Json object_schema(JsonObject properties) {
  JsonArray required;
  for (const auto& property : properties) required.emplace_back(property.key());
  return JsonObject{{"type", "object"},
                    {"properties", std::move(properties)},
                    {"required", std::move(required)},
                    {"additionalProperties", false}};
}

Json any_of(JsonArray alternatives) {
  if (alternatives.size() == 1) return alternatives[0];
  return JsonObject{{"anyOf", std::move(alternatives)}};
}

JsonArray lines_of(std::string_view text) {
  JsonArray lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (const auto line = trim(text.substr(0, end)); !line.empty()) lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool contains(const Names& names, std::string_view name) { return std::ranges::find(names, name) != names.end(); }

std::string_view fitting(std::string_view text) {
  constexpr double kTokensMax = 180;
  double tokens = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    tokens += byte >= 0x80 ? 1 : byte < 0x20 ? 6 : 0.5;
    if (tokens > kTokensMax) return cut_utf8(text, i);
  }
  return text;
}

std::string_view value_of(const Result& result) {
  std::string_view text = result.text;
  if (result.call == "answer") return text == kNotThere ? "" : text.substr(0, text.rfind(" ["));
  if (const auto equals = text.rfind(" = "); equals != std::string_view::npos) text = text.substr(equals + 3);
  // A fraction is shown exactly and as a number: the number is what one works on with.
  if (const auto about = text.find(" ≈ "); about != std::string_view::npos) text = text.substr(about + 1);
  if (result.call == "table") text = text.substr(0, text.rfind(" ("));
  return trim(text);
}

bool gives_value(const Result& result) {
  return !result.error && (result.call == "answer" || result.call == "table" || result.call == "calculate") &&
         !value_of(result).empty();
}

std::string escaped_for_pattern(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (std::string_view("\\^$.|?*+()[]{}/-").contains(c)) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string any_of_texts(const Names& items) {
  std::string text = "(?:";
  for (const std::string& item : items) {
    if (text.size() > 3) text += '|';
    text += escaped_for_pattern(item);
  }
  return text + ")";
}

}  // namespace daimon::memory
