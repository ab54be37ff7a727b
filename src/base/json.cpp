#include "base/json.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/parser.hpp>

#include "base/format.h"

namespace daimon {
namespace {

void write_pretty(const Json& value, std::string& out, std::size_t indent) {
  const auto list = [&](char open, char close, const auto& items, auto&& write_item) {
    if (items.empty()) {
      out += open;
      out += close;
      return;
    }
    out += open;
    bool first = true;
    for (const auto& item : items) {
      out += first ? "\n" : ",\n";
      first = false;
      out.append(indent + 2, ' ');
      write_item(item);
    }
    out += '\n';
    out.append(indent, ' ');
    out += close;
  };
  if (value.is_object()) {
    list('{', '}', value.get_object(), [&](const auto& member) {
      out += boost::json::serialize(boost::json::string(member.key()));
      out += ": ";
      write_pretty(member.value(), out, indent + 2);
    });
  } else if (value.is_array()) {
    list('[', ']', value.get_array(), [&](const Json& item) { write_pretty(item, out, indent + 2); });
  } else {
    out += boost::json::serialize(value);
  }
}

// " at line 3, column 12": where a text stops being JSON.
std::string place_of_error(std::string_view text, const boost::json::parse_options& options) {
  boost::json::parser parser({}, options);
  boost::system::error_code error;
  const std::string_view before = text.substr(0, parser.write_some(text.data(), text.size(), error));
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is the beginning
  return daimon::format(" at line {}, column {}", 1 + std::ranges::count(before, '\n'), 1 + before.size() - line_begin);
}

}  // namespace

Result<Json> parse_json(std::string_view text, std::size_t depth_max) {
  boost::json::parse_options options;
  options.max_depth = depth_max;
  options.numbers = boost::json::number_precision::precise;
  boost::system::error_code error;
  Json value = boost::json::parse(text, error, {}, options);
  if (error)
    return fail(ErrorCode::kInvalidArgument,
                daimon::format("not valid JSON: {}{}", error.message(), place_of_error(text, options)));
  return value;
}

std::string to_text(const Json& value) { return boost::json::serialize(value); }

std::string to_pretty_text(const Json& value) {
  std::string out;
  write_pretty(value, out, 0);
  return out;
}

const Json* find(Members members, std::string_view member) {
  return members.object() != nullptr ? members.object()->if_contains(member) : nullptr;
}

std::vector<std::string> find_texts(Members members, std::string_view member) {
  std::vector<std::string> texts;
  if (const Json* list = find(members, member); list != nullptr && list->is_array())
    for (const Json& item : list->get_array())
      if (item.is_string()) texts.emplace_back(item.get_string());
  return texts;
}

std::optional<std::string_view> find_string(Members members, std::string_view member) {
  const Json* found = find(members, member);
  if (found == nullptr || !found->is_string()) return std::nullopt;
  return std::string_view(found->get_string());
}

std::optional<std::int64_t> find_integer(Members members, std::string_view member) {
  const Json* found = find(members, member);
  if (found == nullptr) return std::nullopt;
  boost::system::error_code error;
  const auto number = found->to_number<std::int64_t>(error);
  if (error) return std::nullopt;
  return number;
}

std::optional<double> find_number(Members members, std::string_view member) {
  const Json* found = find(members, member);
  if (found == nullptr) return std::nullopt;
  boost::system::error_code error;
  const auto number = found->to_number<double>(error);
  if (error) return std::nullopt;
  return number;
}

std::optional<bool> find_bool(Members members, std::string_view member) {
  const Json* found = find(members, member);
  if (found == nullptr || !found->is_bool()) return std::nullopt;
  return found->get_bool();
}

Json to_json(const Error& error) {
  JsonObject object{{"code", name_of(error.code)}, {"what", error.what}};
  if (!error.remedy.empty()) object["remedy"] = error.remedy;
  return object;
}

Error error_from_json(const Json& value) {
  return Error{error_code_named(find_string(value, "code").value_or("internal")),
               std::string(find_string(value, "what").value_or("unknown error")),
               std::string(find_string(value, "remedy").value_or(""))};
}

}  // namespace daimon
