// A schema from anywhere compiles or is refused with its reason; a pattern too. What compiles can be walked: every mask
// allows something, what is forced is accepted, and an answer that ends is JSON.
//
// Input: the schema (or, after a first byte 'p', a pattern), a NUL, then bytes that choose the way of the walk.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "constraint/matcher.h"

namespace {

using namespace daimon;
using namespace daimon::constraint;

const std::shared_ptr<const Vocabulary>& vocabulary() {
  static const auto made = [] {
    std::vector<std::string> bytes{""};
    for (int i = 1; i < 256; ++i) bytes.emplace_back(1, static_cast<char>(i));
    for (const char* text : {"\":\"", "{\"", "\"}", "\",\"", "true", "null", "12", "ab", "\\u00", "\xC3\xA9", "]}"})
      bytes.emplace_back(text);
    return Vocabulary::create(std::move(bytes), {0}).value();
  }();
  return made;
}

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kBytesMax = 4096;
  if (size == 0 || size > kBytesMax) return 0;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::string_view text = all.substr(0, all.find('\0'));
  const std::string_view choices = all.substr(std::min(text.size() + 1, all.size()));
  Result<Json> schema =
      text.starts_with('p') ? Json(JsonObject{{"type", "string"}, {"pattern", text.substr(1)}}) : parse_json(text);
  if (!schema) return 0;
  const auto grammar = Grammar::from_json_schema(*schema);
  if (!grammar) {
    require(!grammar.error().what.empty());
    return 0;
  }
  Matcher matcher(*grammar, vocabulary());
  std::string answer;
  for (const char choice : choices.substr(0, std::min<std::size_t>(choices.size(), 64))) {
    const std::string forced = matcher.forced();
    require(matcher.accept_bytes(forced) || !matcher.status());
    answer += forced;
    if (matcher.must_end()) break;
    const auto made = matcher.mask();
    if (!made) {
      require(made.error().code == ErrorCode::kLimit);
      return 0;
    }
    const auto& mask = *made;
    std::vector<Token> possible;
    for (Token token = 0; token < static_cast<Token>(vocabulary()->size()); ++token)
      if ((((*mask)[static_cast<std::size_t>(token) / 32] >> (static_cast<std::uint32_t>(token) % 32U)) & 1U) != 0)
        possible.push_back(token);
    require(!possible.empty());
    const Token token = possible[static_cast<std::uint8_t>(choice) % possible.size()];
    if (token == 0) break;
    if (!matcher.accept(token)) {
      require(!matcher.status());
      return 0;
    }
    answer += vocabulary()->bytes(token);
  }
  if (matcher.is_complete()) require(parse_json(answer).has_value());
  return 0;
}
