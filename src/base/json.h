// JSON values (Boost.JSON: keeps the order of members, integers stay integers, compiles fast).
//
// Typed structures are read and written with glaze, only inside .cpp files (src/device/typed_call.h
// says how); this is for values whose shape is known at run time only.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace daimon {

using Json = boost::json::value;
using JsonObject = boost::json::object;
using JsonArray = boost::json::array;

// Deepest nesting that parse_json accepts; deeper input is an error, never a stack overflow.
inline constexpr std::size_t kJsonDepthMax = 64;

// Parses one JSON text (RFC 8259, no comments, no trailing text, valid UTF-8). kInvalidArgument with the place of
// the error otherwise. Numbers come back exactly as to_text wrote them: replay compares texts.
Result<Json> parse_json(std::string_view text, std::size_t depth_max = kJsonDepthMax);

// One line, members in their order, no spaces: what the journal hashes.
std::string to_text(const Json& value);
// Indented by two spaces, for people.
std::string to_pretty_text(const Json& value);

// What members are looked up in: an object itself, or a value that may be one. Never a copy, so that what is found
// lives as long as what it was found in.
class Members {
 public:
  Members(const Json& value) noexcept : object_(value.if_object()) {}  // NOLINT(google-explicit-constructor)
  Members(const JsonObject& object) noexcept : object_(&object) {}     // NOLINT(google-explicit-constructor)
  [[nodiscard]] const JsonObject* object() const { return object_; }

 private:
  const JsonObject* object_;
};

// Look-ups that never throw: nothing when there is no object, the member is missing or has another type.
const Json* find(Members members, std::string_view member);
std::optional<std::string_view> find_string(Members members, std::string_view member);
std::optional<std::int64_t> find_integer(Members members, std::string_view member);
std::optional<double> find_number(Members members, std::string_view member);
std::optional<bool> find_bool(Members members, std::string_view member);
// The texts of an array; what is no text is left out.
std::vector<std::string> find_texts(Members members, std::string_view member);

// {"code": ..., "what": ..., "remedy": ...}
Json to_json(const Error& error);
Error error_from_json(const Json& value);

}  // namespace daimon
