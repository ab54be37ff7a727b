// The prompts of the firmware's profile are byte for byte what it is trained on (firmware/format_golden.json).
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "memory/prompt_profile.h"

namespace daimon::memory {
namespace {

std::string text_of(const Json& object, std::string_view member) {
  return std::string(find_string(object, member).value_or(""));
}

TEST(FormatGolden, TheCompactPromptIsWhatTheFirmwareIsTrainedOn) {
  std::ifstream file(DAIMON_SOURCE_DIR "/firmware/format_golden.json");
  const auto golden = parse_json(std::string{std::istreambuf_iterator<char>(file), {}});
  ASSERT_TRUE(golden) << golden.error().what;
  Context context;
  context.set_goal(text_of(*golden, "goal"), capability::user_label());
  std::vector<FileEntry> files;
  for (const Json& item : find(*golden, "files")->as_array()) {
    FileEntry entry{text_of(item, "path"), {}};
    if (const Json* columns = find(item, "columns"))
      for (const Json& column : columns->as_array()) entry.columns.emplace_back(column.as_string());
    files.push_back(std::move(entry));
  }
  context.set_files(std::move(files), capability::untrusted_label("names"));
  std::vector<std::string> calls;
  for (const Json& name : find(*golden, "calls")->as_array()) calls.emplace_back(name.as_string());
  std::vector<PlanStep> plan;
  for (const Json& name : find(*golden, "plan")->as_array()) plan.push_back({std::string(name.as_string()), {}, {}});
  std::vector<Passage> passages;
  for (const Json& item : find(*golden, "passages")->as_array()) {
    Passage passage;
    passage.path = text_of(item, "path");
    passage.text = text_of(item, "text");
    if (const auto page = find_integer(item, "page")) passage.page = static_cast<int>(*page);
    passages.push_back(std::move(passage));
  }
  const Json* answer = find(*golden, "answer");
  context.add({"search",
               to_text(JsonObject{{"call", "search"}, {"with", JsonObject{{"query", text_of(*golden, "query")}}}}),
               "2 passages",
               false,
               std::move(passages),
               {}});
  context.add({"answer",
               to_text(JsonObject{{"call", "answer"}, {"with", *answer}}),
               text_of(*answer, "answer") + " [" + std::to_string(*find_integer(*answer, "passage")) + "]",
               false,
               {},
               {}});
  const Prompt prompt = compact_profile().call({context, calls, {}, plan, 2});
  const JsonArray& messages = find(*golden, "messages")->as_array();
  ASSERT_EQ(prompt.messages.size(), messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    constexpr std::string_view kRoles[] = {"sys", "user", "call", "res"};  // as processor::Role
    EXPECT_EQ(kRoles[static_cast<std::size_t>(prompt.messages[i].role)], messages[i].as_array()[0].as_string());
    EXPECT_EQ(std::string_view(prompt.messages[i].content), messages[i].as_array()[1].as_string());
  }
}

}  // namespace
}  // namespace daimon::memory
