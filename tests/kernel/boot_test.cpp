// The whole machine from its folders, as the daemon boots it.
#include "kernel/boot.h"

#include "kernel/configuration.h"
#include "kernel_world.h"

namespace daimon::kernel::test {
namespace {

using testing::HasSubstr;

// A home that holds Daimon's own folders, as homes do, and a configuration that needs no model.
class Booted : public testing::Test {
 protected:
  Booted() {
    write("config/daimon/config.json", R"({"model":"away","remotes":{"away":{"url":"http://127.0.0.1:9/v1"}}})");
    write("notes.txt", "the meter of the boiler\n");
  }
  void write(const std::filesystem::path& name, std::string_view content) const { world_.put(name, content); }
  [[nodiscard]] Result<std::unique_ptr<System>> boot() const {
    return kernel::boot({.state_folder = world_.home() / "state/daimon",
                         .config_folder = world_.home() / "config/daimon",
                         .runtime_folder = world_.home() / "run/daimon"});
  }
  KernelWorld world_;
};

TEST_F(Booted, a_home_is_mounted_without_daimons_own_folders) {
  write("state/daimon/own.txt", "the meter of the boiler\n");
  write("run/daimon/own.txt", "the meter of the boiler\n");
  write("config/daimon/own.txt", "the meter of the boiler\n");
  const auto system = boot();
  ASSERT_TRUE(system) << system.error().what;
  const auto mounted = (*system)->mount(world_.home().string(), "home", {}, {});
  ASSERT_TRUE(mounted) << mounted.error().what;
  EXPECT_EQ(mounted->at("files").as_int64(), 1) << to_text(*mounted);
  for (const std::string folder : {"state/daimon", "run/daimon", "config/daimon"})
    EXPECT_EQ((*system)->mount((world_.home() / folder).string(), "own", {}, {}).error().code, ErrorCode::kDenied)
        << folder;
}

TEST_F(Booted, web_pages_that_may_call_are_named_in_the_configuration) {
  const auto configure = [&](std::string_view origins) {
    write("config/daimon/config.json",
          daimon::format(R"({{"model":"away","remotes":{{"away":{{"url":"http://127.0.0.1:9/v1"}}}},"origins":{}}})",
                         origins));
    return boot();
  };
  EXPECT_TRUE(configure(R"(["http://127.0.0.1:5173","https://[::1]"])"));
  EXPECT_EQ(read_configuration(world_.home() / "config/daimon")->origins.at(0), "http://127.0.0.1:5173");
  for (const std::string_view wrong :
       {R"(["http://127.0.0.1:5173/"])", R"(["null"])", R"(["*"])", R"([5173])", R"("http://127.0.0.1:5173")"}) {
    const auto refused = configure(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_THAT(refused.error().what, HasSubstr("origins")) << wrong;
  }
}

TEST_F(Booted, programs_run_without_landlock_only_where_the_person_says_so) {
  const auto read = [&](std::string_view text) {
    write("config/daimon/config.json", text);
    return read_configuration(world_.home() / "config/daimon");
  };
  EXPECT_FALSE(read("{}")->allow_missing_landlock);
  EXPECT_FALSE(read(R"({"sandbox":{}})")->allow_missing_landlock);
  EXPECT_TRUE(read(R"({"sandbox":{"allow_missing_landlock":true}})")->allow_missing_landlock);
  EXPECT_FALSE(read(R"({"sandbox":{"allow_missing_landlock":"yes"}})"));
  EXPECT_FALSE(read(R"({"sandbox":{"allow_missing_seccomp":true}})"));
}

TEST_F(Booted, rules_about_the_home_and_about_links_hold_for_where_they_lead) {
  std::filesystem::create_directories(world_.home() / "data/documents/taxes");
  std::filesystem::create_directory_symlink(world_.home() / "data/documents", world_.home() / "Documents");
  write("config/daimon/constitution.txt", "# mine\nnever write file ~/Documents/taxes/*\nask read file ~/*.pdf # o\n");
  const auto read = read_configuration(world_.home() / "config/daimon", world_.home());
  ASSERT_TRUE(read) << read.error().what;
  const auto& rules = read->constitution;
  const capability::Places data{{{"d", world_.home() / "data"}}};
  using Ruling = capability::Constitution::Ruling;
  EXPECT_EQ(rules.judge({"file", "write", "documents/taxes/a"}, data).ruling, Ruling::kNever) << rules.text();
  EXPECT_EQ(rules.judge({"file", "read", "b.pdf"}, data).ruling, Ruling::kAsk) << rules.text();
  EXPECT_EQ(rules.judge({"file", "write", "documents/a"}, data).ruling, Ruling::kSilent);
  write("config/daimon/constitution.txt", "never write file ~/taxes\nnever fly file /a\n");
  EXPECT_THAT(boot().error().what, HasSubstr("line 2"));
}

TEST_F(Booted, nothing_is_begun_under_rules_that_were_changed_since) {
  write("config/daimon/constitution.txt", "never write file taxes/*\n");
  const auto system = boot();
  ASSERT_TRUE(system) << system.error().what;
  const auto rules_hold = [&] {
    const Json report = (*system)->doctor().value();
    const auto& checks = report.at("checks").as_array();
    return find_bool(*std::ranges::find_if(checks, [](const Json& c) { return find_string(c, "name") == "rules"; }),
                     "ok");
  };
  EXPECT_EQ(rules_hold(), true);
  StartOptions goal;
  goal.goal = "x";
  EXPECT_TRUE((*system)->start(goal));
  write("config/daimon/constitution.txt", "never write file taxes/*\nnever write file money/*\n");
  EXPECT_EQ(rules_hold(), false);
  const auto refused = (*system)->start(goal);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_THAT(refused.error().remedy, HasSubstr("daimon stop"));
}

TEST_F(Booted, how_local_models_are_run_can_be_set) {
  const auto read = [&](std::string_view text) {
    write("config/daimon/config.json", text);
    return read_configuration(world_.home() / "config/daimon");
  };
  const auto set = read(R"({"local":{"context_tokens":4096,"kv_type":"q8_0","kv_memory_mib":512,"threads":3}})");
  ASSERT_TRUE(set) << set.error().what;
  EXPECT_EQ(set->local.context_tokens, 4096);
  EXPECT_EQ(set->local.kv_type, processor::KvType::kQ8);
  EXPECT_EQ(set->local.kv_memory_max, 512ULL << 20U);
  EXPECT_EQ(set->local.threads, 3);
  EXPECT_EQ(set->local.gpu_layers, -1);
  EXPECT_THAT(read(R"({"local":{"kv_type":"q3"}})").error().what, HasSubstr("f16, q8_0 and q4_0"));
  EXPECT_THAT(read(R"({"local":{"threads":0}})").error().what, HasSubstr("'threads'"));
  EXPECT_THAT(read(R"({"local":{"context":9}})").error().what, HasSubstr("unknown setting 'context'"));
}

TEST_F(Booted, a_setting_that_is_not_known_or_of_another_type_is_told_with_its_place) {
  const auto refused = [&](std::string_view text) {
    write("config/daimon/config.json", text);
    const auto read = read_configuration(world_.home() / "config/daimon");
    return read ? std::string("accepted") : read.error().what;
  };
  EXPECT_THAT(refused(R"({"modle":"x"})"), HasSubstr("unknown setting 'modle'"));
  EXPECT_THAT(refused(R"({"model":5})"), HasSubstr("'model' in the file should be text"));
  EXPECT_THAT(refused(R"({"budget":{"token":5}})"), HasSubstr("unknown setting 'token' in \"budget\""));
  EXPECT_THAT(refused(R"({"budget":{"tokens":"many"}})"), HasSubstr("'tokens'"));
  for (const char* minutes : {"0", "-1", "525601"})
    EXPECT_THAT(refused(daimon::format(R"({{"approval_minutes":{}}})", minutes)), HasSubstr("from 1 to 525600"));
  EXPECT_THAT(refused(R"({"remotes":{"away":{"url":"http://h/v1","may_see_personel":true}}})"),
              HasSubstr("'may_see_personel' in the remote model 'away'"));
  EXPECT_THAT(refused(R"({"remotes":{"away":{"url":"http://h/v1","key_env":"KEY"}}})"),
              AllOf(HasSubstr("'away'"), HasSubstr("unencrypted"), HasSubstr("https://")));
  EXPECT_THAT(refused(R"({"web_hosts":["https://example.org/"]})"), HasSubstr("not a host"));
  EXPECT_THAT(refused(R"({"remotes":{"away":{"url":"http://h/v1","price":{"output":-1}}}})"), HasSubstr("below zero"));
  EXPECT_EQ(
      refused(R"({"budget":{"money":1,"seconds":30},"remotes":{"away":{"url":"http://h/v1","price":{"input":3}}}})"),
      "accepted");
  EXPECT_EQ(read_configuration(world_.home() / "config/daimon")->remotes.at("away").price.cached, 3)
      << "what is kept costs what is new, unless it is said";
}

}  // namespace
}  // namespace daimon::kernel::test
