// daimon-tool-features: what firmware/training/tools.py learns from. Reads a line of JSON a goal, {"goal", "tools":
// [{"name", "description", "parameters"}], "right": number of its tool from 0, -1 for none, "arguments": {name: value},
// "unknown": [names of arguments of which nobody knows]}, and writes readings (reading_record.h): with the argument
// `arguments` one for each argument of the right tool that is known of, with `tools` one for each goal.
#include <set>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/text.h"
#include "memory/reading_record.h"
#include "memory/tool_arguments.h"
#include "memory/tool_rank.h"

namespace {

using namespace daimon;

std::string plain(const Json& value) {
  return to_lower_ascii(value.is_string() ? std::string_view(value.get_string()) : std::string_view(to_text(value)));
}

void put_tools(memory::ReadingRecorder& recorder, std::string_view goal, const std::vector<memory::Offer>& tools,
               std::int64_t right, const embedding::StaticEmbedding& meanings) {
  std::vector<memory::Labelled> pieces;
  const memory::ToolReading read(goal, tools, &meanings);
  for (const memory::ReadPiece& piece : read.pieces)
    pieces.push_back({piece, std::cmp_equal(piece.source, right), std::cmp_equal(piece.source, right) ? 2 : 0});
  recorder.put(read.reading, pieces, right < 0);
}

void put_arguments(memory::ReadingRecorder& recorder, std::string_view goal, const memory::Offer& tool,
                   const Json& said, const std::set<std::string>& unknown, const embedding::StaticEmbedding& meanings) {
  const auto arguments = memory::arguments_of(tool.arguments_schema);
  const auto all = memory::argument_ways(goal, tool, arguments, &meanings);
  const memory::AnswerSource source = memory::goal_source(goal, tool);
  for (std::size_t a = 0; a < arguments.size(); ++a) {
    if (unknown.contains(arguments[a].name)) continue;
    const Json* wanted = find(said, arguments[a].name);
    std::vector<memory::Labelled> pieces;
    for (const auto& way : all[a].ways) {
      const bool right = wanted != nullptr && plain(way.value) == plain(*wanted);
      pieces.push_back({way.read, right, right ? 2 : 0});
    }
    recorder.put(memory::Reading(memory::argument_question(arguments[a]), std::span(&source, 1), &meanings,
                                 memory::kGoalTokensMax),
                 pieces, wanted == nullptr);
  }
}

void put(const Json& line, bool only_tools, memory::ReadingRecorder& recorder,
         const embedding::StaticEmbedding& meanings) {
  const std::string goal(find_string(line, "goal").value_or(""));
  std::vector<memory::Offer> tools;
  for (const Json& tool : line.at("tools").as_array())
    tools.push_back({std::string(find_string(tool, "name").value_or("")), "",
                     std::string(find_string(tool, "description").value_or("")), tool.at("parameters")});
  const auto right = find_integer(line, "right").value_or(-1);
  if (only_tools) {
    put_tools(recorder, goal, tools, right, meanings);
  } else if (right >= 0) {
    std::set<std::string> unknown;
    for (const Json& name : line.at("unknown").as_array()) unknown.emplace(name.as_string());
    put_arguments(recorder, goal, tools[static_cast<std::size_t>(right)], line.at("arguments"), unknown, meanings);
  }
}

}  // namespace

int main(int count, char** words) {
  const bool only_tools = count > 1 && std::string_view(words[1]) == "tools";
  return memory::record_lines([&](const Json& line, memory::ReadingRecorder& recorder, const auto& meanings) {
    put(line, only_tools, recorder, meanings);
  });
}
