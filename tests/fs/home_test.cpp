// The example home: each goal that is answered by citing has a passage to cite among the first four.
#include "base/json.h"
#include "fs_world.h"

namespace daimon::fs {
namespace {

bool answers(const Passage& passage, const Json& check) {
  bool cited = false;
  for (const Json& cite : find(check, "cites")->get_array())
    cited |= find_string(cite, "path") == passage.path &&
             (!find_integer(cite, "page") || find_integer(cite, "page") == passage.page);
  if (const Json* quotes = find(check, "quote_contains"); quotes != nullptr)
    for (const Json& quote : quotes->get_array())
      cited &= quote.is_string() &&
               passage.text.contains(std::string_view(quote.get_string().data(), quote.get_string().size()));
  return cited;
}

TEST(ExampleHome, GoalsFindThePassageTheyAreAnsweredBy) {
  const std::filesystem::path examples = std::filesystem::path(DAIMON_SOURCE_DIR) / "examples";
  FsWorld world;
  world.open();
  const auto report = world.files->mount(examples / "home", "home", {}, {});
  ASSERT_TRUE(report) << report.error().what;
  for (const Problem& problem : report->problems) {
    if (problem.what.contains("sandbox") || problem.what.contains("bubblewrap")) GTEST_SKIP() << problem.what;
    EXPECT_TRUE(problem.path.contains("broken") || problem.path.contains("Scan"))
        << problem.path << ": " << problem.what;
  }
  std::ifstream goals(examples / "goals.jsonl");
  int asked = 0;
  int found = 0;
  for (std::string line; std::getline(goals, line);) {
    const auto goal = parse_json(line);
    ASSERT_TRUE(goal);
    const Json* check = find(*goal, "check");
    if (check == nullptr || find(*check, "cites") == nullptr) continue;
    ++asked;
    const std::string text(*find_string(*goal, "goal"));
    const auto windows = world.files->windows(text, world.search(text, 4), 320);
    ASSERT_TRUE(windows);
    const bool there = std::ranges::any_of(*windows, [&](const Passage& passage) { return answers(passage, *check); });
    found += there ? 1 : 0;
    if (!there)
      std::printf("not among the first four: %s: %s\n", std::string(*find_string(*goal, "id")).c_str(), text.c_str());
  }
  std::printf("%d of %d goals\n", found, asked);
  EXPECT_GT(asked, 5);
  EXPECT_GE(found * 10, asked * 6);
}

}  // namespace
}  // namespace daimon::fs
