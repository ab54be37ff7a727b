// daimon-tool-features: what firmware/training/tools.py learns from. Reads a line of JSON a goal, {"goal", "tools":
// [{"name", "description", "parameters"}], "right": number of its tool from 0, -1 for none, "arguments": {name:
// value}}, and writes of each, as 32-bit little-endian numbers: how many tools, the features of each, which is right;
// then of the right tool's arguments how many, and of each: how many ways, numbers of its meaning, these, and of each
// way whether it is right, its form, the word before it, its features. With the argument `tools` the arguments are left
// out.
#include <bit>
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/text.h"
#include "memory/tool_arguments.h"
#include "memory/tool_rank.h"

namespace {

using namespace daimon;

std::string plain(const Json& value) {
  return to_lower_ascii(value.is_string() ? std::string_view(value.get_string()) : std::string_view(to_text(value)));
}

}  // namespace

int main(int count, char** words) {
  std::ios::sync_with_stdio(false);
  const bool only_tools = count > 1 && std::string_view(words[1]) == "tools";
  const auto put = [](std::uint32_t value) { std::fwrite(&value, sizeof value, 1, stdout); };
  const auto put_all = [&](std::span<const float> values) {
    for (const float value : values) put(std::bit_cast<std::uint32_t>(value));
  };
  const auto folder = embedding::builtin_embedding();
  const auto meanings = folder ? embedding::StaticEmbedding::load(*folder) : std::unexpected(folder.error());
  if (!meanings) return std::cerr << meanings.error().what << '\n', 1;
  for (std::string line; std::getline(std::cin, line);) {
    const auto value = parse_json(line);
    if (!value) return std::cerr << value.error().what << '\n', 1;
    const std::string goal(find_string(*value, "goal").value_or(""));
    std::vector<memory::Offer> tools;
    for (const Json& tool : value->at("tools").as_array())
      tools.push_back({std::string(find_string(tool, "name").value_or("")), "",
                       std::string(find_string(tool, "description").value_or("")), tool.at("parameters")});
    const auto right = find_integer(*value, "right").value_or(-1);
    put(static_cast<std::uint32_t>(tools.size()));
    for (const auto& features : memory::tool_features(goal, tools, &*meanings)) put_all(features);
    put(static_cast<std::uint32_t>(right));
    if (right < 0 || only_tools) {
      put(0);
      continue;
    }
    const memory::Offer& tool = tools[static_cast<std::size_t>(right)];
    const auto arguments = memory::arguments_of(tool.arguments_schema);
    const auto all = memory::argument_ways(goal, tool, arguments, &*meanings);
    put(static_cast<std::uint32_t>(arguments.size()));
    for (std::size_t a = 0; a < arguments.size(); ++a) {
      const Json* wanted = find(value->at("arguments"), arguments[a].name);
      put(static_cast<std::uint32_t>(all[a].ways.size()));
      put(static_cast<std::uint32_t>(all[a].meaning.size()));
      put_all(all[a].meaning);
      for (const auto& way : all[a].ways) {
        const bool none = way.value.is_null();
        put((wanted == nullptr ? none : !none && plain(way.value) == plain(*wanted)) ? 1 : 0);
        put(static_cast<std::uint32_t>(way.form));
        put(static_cast<std::uint32_t>(way.before));
        put_all(way.features);
      }
    }
  }
  return 0;
}
