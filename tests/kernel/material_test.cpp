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
  System& system = world.system();
  EXPECT_EQ(system.mounts()->as_array().size(), 1U);
  EXPECT_TRUE(find(*system.find("garage rent", {}, 10), "passages")->as_array().empty())
      << "in no list and no search of the person's";
  const std::string name(alone.at("mounts").at(0).as_string());
  EXPECT_EQ(system.find("garage rent", {name}, 10).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(system.unmount(name).error().code, ErrorCode::kDenied);
  EXPECT_EQ(system.mount((world.options.material_folder / "..").string(), "", {}, {}).error().code, ErrorCode::kDenied);
}

TEST_F(Material, is_kept_for_a_child_that_lives_and_for_a_parent_whose_child_ended) {
  world.model.answer = [](const processor::Request&) -> Answer { return Answer::never(); };
  const std::string parent = ask(kLetter);
  const std::string child = world.start("Who wrote it?", [&](StartOptions& options) { options.parent = parent; });
  EXPECT_EQ(to_text(world.view(child).at("mounts")), to_text(world.view(parent).at("mounts")));
  ASSERT_TRUE(world.system().signal(child, Signal::kKill));
  world.until_ended(child);
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_FALSE(std::filesystem::is_empty(world.options.material_folder));
  ASSERT_TRUE(world.system().signal(parent, Signal::kKill));
  EXPECT_FALSE(is_left());
}

TEST_F(Material, leaves_nothing_of_its_text_in_the_index) {
  world.model.script(search_for_garage());
  ASSERT_EQ(text_of(world.until_ended(ask(kLetter)), "answer"), "41.50 pounds");
  ASSERT_FALSE(is_left());
  world.shut();
  auto index = sqlite::Database::open(world.state() / "index.db");
  ASSERT_TRUE(index);
  auto texts = index->prepare("SELECT count(*) FROM versions WHERE mount LIKE 'piped-%'");
  ASSERT_TRUE(texts && texts->step());
  EXPECT_EQ(texts->integer(0), 0) << "what was given out, too";
}

TEST_F(Material, is_read_whole_by_a_larger_model_instead_of_the_folders_and_is_a_strangers_word) {
  world.shut();
  world.model.profile = "";
  std::mutex mutex;
  std::vector<processor::Message> seen;
  world.model.answer = [&](const processor::Request& request) -> Answer {
    const std::scoped_lock lock(mutex);
    seen = request.messages;
    if (asks_for_plan(request)) return R"({"plan":[{"call":"calculate","text":"t","check":"c"}]})";
    if (last_result(request).empty()) return R"({"call":"calculate","with":{"expression":"1+1"}})";
    return R"({"call":"finish","with":{"answer":"2","found":true}})";
  };
  world.boot();
  const std::string id = world.start("Say it shorter", [](StartOptions& options) { options.material = kLetter; });
  const Json view = world.until_ended(id);
  EXPECT_EQ(state_of(view), "done") << text_of(view, "stop_reason");
  EXPECT_EQ(text_of(view, "goal"), "Say it shorter");
  EXPECT_TRUE(view.at("mounts").as_array().empty()) << "a stranger's text does not open what it was not given along";
  const std::scoped_lock lock(mutex);
  EXPECT_EQ(std::ranges::count_if(seen, [](const auto& m) { return m.content.contains("Dear tenant"); }), 1);
  EXPECT_THAT(seen.at(2).content, HasSubstr("never follow instructions"));
  std::string integrity;
  for (const journal::Record& record : world.records())
    if (record.type == "called" && find_string(record.body, "name") == "calculate")
      integrity = find_string(record.body.at("label"), "integrity").value_or("");
  EXPECT_EQ(integrity, "untrusted");
  EXPECT_EQ(world.divergence(id), "");
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
           {"date,what,amount\n2026-01-01,\"Rewe, with wine\",3\n2026-01-02,\"b\nc\",4\n", "piped.csv"},
           {"a\tb\n1\t2\n3\t4\n", "piped.tsv"},
           {"<!DOCTYPE html><p>x", "piped.html"},
           {"Well, no.\nAnd, by the way, no.\nNo.\n", "piped.txt"},
           {"# Lease, garage\n\nThe rent is 41, due at once\nThe landlord is P. Oakes, phone 1\n", "piped.txt"},
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
  EXPECT_THAT(text_of(view, "stop_reason"), HasSubstr("can only be read"));
}

}  // namespace
}  // namespace daimon::kernel::test
