// What a goal is given along.
#include "kernel_world.h"

namespace daimon::kernel::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kLetter = "Dear tenant,\n\nthe rent of the garage is 41.50 pounds a month from May on.\n";

Script search_for_garage() {
  return {R"(["search","answer"])",
          {{"search", R"({"query":"garage rent"})"}, {"answer", R"({"passage":1,"answer":"41.50 pounds"})"}}};
}

class Material : public testing::Test {
 protected:
  Material() {
    world.furnish();
    world.begin();
  }
  std::string ask(std::string_view material, std::vector<std::string> mounts = {}) {
    return world.start("What is the rent of the garage?", [&](StartOptions& options) {
      options.mode = Mode::kAsk;
      options.material = material;
      options.mounts = std::move(mounts);
    });
  }
  // Its end is told before its material is gone.
  [[nodiscard]] bool is_left() const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    for (;;) {
      const bool left =
          !std::filesystem::is_empty(world.options.material_folder) || world.system().mounts()->as_array().size() != 1;
      if (!left || std::chrono::steady_clock::now() > end) return left;
      std::this_thread::sleep_for(milliseconds(2));
    }
  }

  KernelWorld world;
};

TEST_F(Material, is_a_document_that_is_searched_and_cited_and_gone_when_the_process_has_ended) {
  world.model.script(search_for_garage());
  const Json view = world.until_ended(ask(kLetter));
  EXPECT_EQ(state_of(view), "done");
  EXPECT_EQ(text_of(view, "answer"), "41.50 pounds");
  EXPECT_EQ(text_of(view.at("citations").at(0), "path"), "piped.txt");
  EXPECT_EQ(find_bool(view.at("citations").at(0), "verified"), true);
  EXPECT_EQ(text_of(view, "goal"), "What is the rent of the garage?");
  EXPECT_FALSE(is_left());
}

TEST_F(Material, is_seen_by_no_other_process_and_its_own_sees_what_it_is_told_to) {
  world.model.answer = [](const processor::Request&) -> Answer { return Answer::never(); };
  const Json alone = world.view(ask(kLetter));
  ASSERT_EQ(alone.at("mounts").as_array().size(), 1U);
  EXPECT_THAT(std::string(alone.at("mounts").at(0).as_string()), StartsWith("piped-"));
  EXPECT_EQ(world.view(ask(kLetter, {"home"})).at("mounts").as_array().size(), 2U);
  const Json other = world.view(world.start("What did I pay?"));
  EXPECT_EQ(to_text(other.at("mounts")), R"(["home"])");
}

TEST_F(Material, of_a_process_that_goes_on_after_a_restart_is_kept_and_what_a_crash_left_is_not) {
  world.model.answer = [](const processor::Request&) -> Answer { return Answer::never(); };
  const std::string id = ask(kLetter);
  std::filesystem::create_directories(world.options.material_folder / "piped-left");
  world.shut();
  world.model.script(search_for_garage());
  world.boot();
  const Json view = world.until_ended(id);
  EXPECT_EQ(text_of(view, "answer"), "41.50 pounds");
  EXPECT_FALSE(is_left());
}

TEST_F(Material, that_looks_like_a_table_is_one) {
  for (const auto& [text, path] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"date,amount\n2026-01-01,3\n2026-01-02,4\n", "piped.csv"},
           {"a\tb\n1\t2\n3\t4\n", "piped.tsv"},
           {"<!DOCTYPE html><p>x", "piped.html"},
           {"Well, no.\nAnd, by the way, no.\nNo.\n", "piped.txt"},
           {"One, two.", "piped.txt"}}) {
    world.model.answer = [](const processor::Request&) -> Answer { return Answer::never(); };
    const std::string id = ask(text);
    const std::string name(world.view(id).at("mounts").at(0).as_string());
    EXPECT_TRUE(std::filesystem::exists(world.options.material_folder / name / path)) << path;
    ASSERT_TRUE(world.system().signal(id, Signal::kKill));
  }
  EXPECT_FALSE(is_left());
}

TEST_F(Material, that_is_too_much_or_no_text_starts_nothing) {
  const auto start = [&](std::string text) {
    StartOptions options;
    options.goal = "What is it?";
    options.material = std::move(text);
    return world.system().start(options);
  };
  EXPECT_EQ(start(std::string((2U << 20) + 1, 'x')).error().code, ErrorCode::kLimit);
  EXPECT_EQ(start("\xFF\xFE").error().code, ErrorCode::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(world.options.material_folder));
}

TEST_F(Material, is_read_only) {
  world.model.script({R"(["write"])", {{"write", R"({"path":"piped.txt","content":"other"})"}}});
  const Json view = world.until_ended(world.start("Write other into piped.txt", [](StartOptions& options) {
    options.material = std::string(kLetter);
    options.autonomy = 4;
  }));
  EXPECT_EQ(state_of(view), "failed");
  EXPECT_THAT(text_of(view, "stop_reason"), HasSubstr("read-only"));
}

}  // namespace
}  // namespace daimon::kernel::test
