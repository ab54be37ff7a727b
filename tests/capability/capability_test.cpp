#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "capability/credentials.h"
#include "capability/monitor.h"

namespace daimon::capability {
namespace {

const WallTime kNow = wall_time_from(1'000'000);

Capability files(std::string object, std::vector<std::string> verbs = {"list", "read", "write"}) {
  return {"file", std::move(verbs), std::move(object), Confidentiality::kSecret, {}, {}};
}

TEST(CapabilityTest, a_folder_covers_what_is_below_it_and_nothing_beside_it) {
  const Capability letters = files("letters");
  EXPECT_TRUE(letters.covers({"file", "read", "letters/fence.md"}));
  EXPECT_TRUE(letters.covers({"file", "read", "letters"}));
  EXPECT_FALSE(letters.covers({"file", "read", "letters-private/x"}));
  EXPECT_FALSE(letters.covers({"file", "read", ""}));
  EXPECT_FALSE(letters.covers({"file", "delete", "letters/fence.md"}));
  EXPECT_FALSE(letters.covers({"net", "read", "letters/fence.md"}));
  EXPECT_TRUE(files("").covers({"file", "write", "anything/at/all"}));
}

TEST(CapabilityTest, hosts_match_exactly_or_below_a_dot) {
  const auto net = [](std::string host) {
    return Capability{"net", {"get"}, std::move(host), Confidentiality::kPublic, {}, {}};
  };
  EXPECT_TRUE(net("example.org").covers({"net", "get", "example.org"}));
  EXPECT_FALSE(net("example.org").covers({"net", "get", "evil-example.org"}));
  EXPECT_FALSE(net("example.org").covers({"net", "get", "a.example.org"}));
  EXPECT_TRUE(net(".example.org").covers({"net", "get", "a.example.org"}));
  EXPECT_FALSE(net(".example.org").covers({"net", "get", "notexample.org"}));
  EXPECT_FALSE(net(".example.org").covers({"net", "get", ".example.org"}));
}

Capability random_capability(Random& random) {
  const std::vector<std::string> verbs = {"list", "read", "write"};
  const std::vector<std::string> objects = {"", "a", "a/b", "a/b/c", "ab", "b"};
  Capability made;
  made.kind = random.next() % 8 == 0 ? "index" : "file";
  for (const std::string& verb : verbs)
    if (random.next() % 3 != 0) made.verbs.push_back(verb);
  made.object = objects[random.next() % objects.size()];
  made.ceiling = static_cast<Confidentiality>(random.next() % 3);
  if (random.next() % 2 == 0) made.uses_left = static_cast<std::int64_t>(random.next() % 4);
  if (random.next() % 2 == 0)
    made.expires = kNow + std::chrono::milliseconds(static_cast<std::int64_t>(random.next() % 5) - 2);
  return made;
}

Access random_access(Random& random) {
  const std::vector<std::string> verbs = {"list", "read", "write", "delete"};
  const std::vector<std::string> objects = {"", "a", "a/b", "a/b/c", "a/bc", "ab", "b", "b/a"};
  return {random.next() % 8 == 0 ? "index" : "file", verbs[random.next() % verbs.size()],
          objects[random.next() % objects.size()]};
}

TEST(TableTest, delegation_never_widens) {
  int delegated = 0;
  for (std::uint64_t seed = 0; seed < 20000; ++seed) {
    SeededRandom random(seed);
    Table table;
    const Capability wide = random_capability(random);
    const Capability narrow = random_capability(random);
    const auto child = table.delegate(table.grant(wide), narrow);
    if (!child) continue;
    ++delegated;
    for (int i = 0; i < 30; ++i) {
      const Access access = random_access(random);
      // The oracle: what the child allows, its parent must allow.
      ASSERT_TRUE(!narrow.covers(access) || wide.covers(access)) << seed << " " << access.verb << " " << access.object;
    }
    EXPECT_LE(narrow.ceiling, wide.ceiling);
    EXPECT_TRUE(!wide.uses_left || narrow.uses_left.value_or(INT64_MAX) <= *wide.uses_left);
  }
  EXPECT_GT(delegated, 500);
}

TEST(TableTest, revoking_takes_back_all_that_came_from_it) {
  Table table;
  const Handle root = table.grant(files(""));
  const Handle child = table.delegate(root, files("a")).value();
  const Handle grandchild = table.delegate(child, files("a/b")).value();
  const Handle other = table.grant(files("z"));
  table.revoke(root);
  EXPECT_EQ(table.find(child), nullptr);
  EXPECT_EQ(table.find(grandchild), nullptr);
  EXPECT_NE(table.find(other), nullptr);
  EXPECT_FALSE(table.lookup({"file", "read", "a/b/c"}, kNow));
  EXPECT_FALSE(table.delegate(child, files("a/b")));
}

TEST(TableTest, a_handle_kept_after_a_revocation_names_nothing) {
  Table table;
  const Handle old = table.grant(files("a"));
  table.revoke(old);
  const Handle fresh = table.grant(files("b"));
  EXPECT_EQ(fresh.index, old.index) << "the slot is used again";
  EXPECT_EQ(table.find(old), nullptr);
  EXPECT_NE(table.find(fresh), nullptr);
}

TEST(TableTest, a_counted_right_is_used_up_together_with_its_parents) {
  Table table;
  Capability counted = files("");
  counted.uses_left = 2;
  const Handle root = table.grant(counted);
  Capability child = files("a");
  child.uses_left = 2;
  const Handle below = table.delegate(root, child).value();
  table.use(root);
  table.use(below);
  EXPECT_EQ(table.find(below)->uses_left, 1);
  EXPECT_EQ(table.find(root)->uses_left, 0);
  EXPECT_FALSE(table.lookup({"file", "read", "a/x"}, kNow)) << "the parent is used up";
}

TEST(TableTest, an_expired_right_is_none) {
  Table table;
  Capability brief = files("");
  brief.expires = kNow;
  table.grant(brief);
  EXPECT_TRUE(table.lookup({"file", "read", "x"}, kNow - std::chrono::milliseconds(1)));
  EXPECT_FALSE(table.lookup({"file", "read", "x"}, kNow));
}

TEST(ConstitutionTest, never_wins_over_ask_and_is_silent_about_the_rest) {
  const auto made =
      Constitution::parse("# mine\nask write file *\nnever write file taxes/*\nnever any net *.evil.example\n").value();
  EXPECT_EQ(made.judge({"file", "write", "taxes/2026.csv"}).ruling, Constitution::Ruling::kNever);
  EXPECT_EQ(made.judge({"file", "write", "notes/a"}).ruling, Constitution::Ruling::kAsk);
  EXPECT_EQ(made.judge({"file", "read", "taxes/2026.csv"}).ruling, Constitution::Ruling::kSilent);
  EXPECT_EQ(made.judge({"net", "get", "a.evil.example"}).ruling, Constitution::Ruling::kNever);
}

TEST(ConstitutionTest, a_rule_about_hosts_holds_in_any_spelling_of_their_names) {
  const std::vector<std::string> spellings{
      "b\xC3\xBC"
      "cher.example",
      "B\xC3\x9C"
      "CHER.EXAMPLE.",
      "xn--bcher-kva.example", "XN--Bcher-KVA.Example",
      "b\xC3\xBC"
      "cher.*"};
  for (const std::string& pattern : spellings)
    for (const std::string& host : spellings) {
      if (host.contains('*')) continue;
      EXPECT_EQ(Constitution::parse("never any net " + pattern)->judge({"net", "get", host}).ruling,
                Constitution::Ruling::kNever)
          << pattern << " " << host;
      EXPECT_EQ(Constitution::parse("never get any " + pattern)->judge({"net", "get", "shop." + host}).ruling,
                Constitution::Ruling::kSilent)
          << pattern << " " << host;
    }
  const auto below = Constitution::parse("never any net *.Evil.Example").value();
  EXPECT_EQ(below.judge({"net", "get", "a.evil.example."}).ruling, Constitution::Ruling::kNever);
  for (const std::string pattern : {"b\xC3\xBC*.example", "https://evil.example/*", "evil.example:443"})
    EXPECT_FALSE(Constitution::parse("never any net " + pattern)) << "it would forbid nothing: " << pattern;
  EXPECT_TRUE(Constitution::parse("never any any tmp/*"));
}

TEST(CapabilityTest, a_right_to_a_host_is_one_to_all_its_spellings) {
  const auto right = [](std::string object) { return Capability{"net", {"get"}, std::move(object), {}, {}, {}}; };
  EXPECT_TRUE(right("B\xC3\xBC"
                    "cher.example")
                  .covers({"net", "get", "xn--bcher-kva.example"}));
  EXPECT_TRUE(right("*.Example.org").covers({"net", "get", "a.example.org"}));
  EXPECT_FALSE(right(".example.org").covers({"net", "get", ".example.org"}));
  EXPECT_FALSE(right("example.org").covers({"net", "get", "a.example.org"}));
}

TEST(ConstitutionTest, a_rule_means_a_file_whatever_is_mounted_beside_its_folder) {
  const Places one{{{"home", "/h/me"}}};
  const Places two{{{"home", "/h/me"}, {"work", "/h/work"}}};
  const Access short_path{"file", "read", "taxes/2026.csv"};
  const Access long_path{"file", "read", "home/taxes/2026.csv"};
  for (const std::string pattern : {"taxes/*", "home/taxes/*", "taxes/**", "me/taxes", "/h/me/taxes/*", "./taxes/"}) {
    const auto made = Constitution::parse("never read file " + pattern).value();
    EXPECT_EQ(made.judge(short_path, one).ruling, Constitution::Ruling::kNever) << pattern;
    EXPECT_EQ(made.judge(long_path, two).ruling, Constitution::Ruling::kNever) << pattern;
    EXPECT_EQ(made.judge({"file", "read", "notes/2026.csv"}, one).ruling, Constitution::Ruling::kSilent) << pattern;
    EXPECT_EQ(made.judge({"file", "read", "work/2026.csv"}, two).ruling, Constitution::Ruling::kSilent) << pattern;
    EXPECT_EQ(made.judge({"file", "read", "my-taxes/2026.csv"}, one).ruling, Constitution::Ruling::kSilent) << pattern;
  }
}

TEST(ConstitutionTest, a_rule_holds_without_regard_to_case_in_any_alphabet) {
  const auto made = Constitution::parse("never read file Ärzte/ΣΟΦΟΣ*").value();
  for (const std::string path : {"Ärzte/ΣΟΦΟΣ.txt", "ärzte/σοφος.txt", "ÄRZTE/σοφοσ", "ärztE/Σοφος/\xff"})
    EXPECT_EQ(made.judge({"file", "read", path}).ruling, Constitution::Ruling::kNever) << path;
  EXPECT_EQ(made.judge({"file", "read", "arzte/σοφος"}).ruling, Constitution::Ruling::kSilent);
}

TEST(ConstitutionTest, a_rule_holds_however_its_letters_are_composed) {
  for (const std::string pattern : {"caf\u00e9.txt", "cafe\u0301.txt", "CAF\u00c9.*", "caf?.txt"}) {
    const auto made = Constitution::parse("never write file " + pattern).value();
    for (const std::string path : {"caf\u00e9.txt", "cafe\u0301.txt", "CAFE\u0301.TXT"})
      EXPECT_EQ(made.judge({"file", "write", path}).ruling, Constitution::Ruling::kNever) << pattern << " " << path;
    EXPECT_EQ(made.judge({"file", "write", "caf.txt"}).ruling, Constitution::Ruling::kSilent) << pattern;
  }
  const auto marks = Constitution::parse("never write file \u1e69/\uac01").value();
  EXPECT_EQ(marks.judge({"file", "write", "S\u0307\u0323/\u1100\u1161\u11a8"}).ruling, Constitution::Ruling::kNever);
}

TEST(ConstitutionTest, a_question_mark_is_one_character_of_every_alphabet) {
  const auto made = Constitution::parse("never write file caf?.txt").value();
  for (const std::string path : {"cafe.txt", "café.txt", "CAFÉ.TXT", "caf語.txt", "caf\U0001F600.txt", "caf\xe9.txt"})
    EXPECT_EQ(made.judge({"file", "write", path}).ruling, Constitution::Ruling::kNever) << path;
  for (const std::string path : {"caf.txt", "caféé.txt", "cafee.txt", "caf\xe9\xe9.txt"})
    EXPECT_EQ(made.judge({"file", "write", path}).ruling, Constitution::Ruling::kSilent) << path;
}

TEST(ConstitutionTest, a_pattern_from_the_root_of_the_machine_is_of_one_place) {
  const auto made = Constitution::parse("never read file /h/me/taxes").value();
  EXPECT_EQ(made.judge({"file", "read", "me/taxes/a"}, {{{"all", "/h"}}}).ruling, Constitution::Ruling::kNever);
  EXPECT_EQ(made.judge({"file", "read", "a"}, {{{"x", "/h/me/taxes"}}}).ruling, Constitution::Ruling::kNever);
  EXPECT_EQ(made.judge({"file", "read", "taxes/a"}, {{{"me", "/other/h/me"}}}).ruling, Constitution::Ruling::kSilent);
  EXPECT_EQ(made.judge({"index", "search", ""}, {{{"all", "/h"}, {"b", "/b"}}}).ruling, Constitution::Ruling::kSilent);
  EXPECT_EQ(made.judge({"file", "read", "taxes/a"}).ruling, Constitution::Ruling::kNever) << "nobody knows where it is";
  const auto all = Constitution::parse("never read file /").value();
  EXPECT_EQ(all.judge({"file", "read", "a"}, {{{"x", "/x"}}}).ruling, Constitution::Ruling::kNever);
  EXPECT_FALSE(Constitution::parse("never read file a/../b")) << "it would forbid nothing";
}

// However mounts lie in one another and whatever they are called: a rule that somebody wrote for a file by one of its
// names forbids it by all of them, and a rule about what lies elsewhere does not.
TEST(ConstitutionTest, a_file_is_forbidden_by_all_its_names_where_it_is_by_one) {
  SeededRandom random(11);
  const auto pick = [&](const auto& list) { return list[random.next() % list.size()]; };
  const std::vector<std::string> words{"a", "b", "Finance", "notes", "ünter", "x y"};
  const std::vector<std::string> names{"home", "b", "finance", "papers", "alles", "q"};
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::string> parts{"", "data"};
    for (std::size_t depth = 2 + random.next() % 5; depth > 0; --depth) parts.push_back(pick(words));
    parts.emplace_back("file.csv");
    const auto joined = [&](std::size_t begin, std::size_t end) {
      std::string path;
      for (std::size_t i = begin; i < end; ++i) path += (i == begin ? "" : "/") + parts[i];
      return path;
    };
    // Mounts of some of the folders that it is in; each name once.
    std::vector<Place> mounts;
    for (std::size_t end = 2; end < parts.size(); ++end)
      if (random.next() % 2 == 0 || end == 2) {
        const std::string name = pick(names);
        if (std::ranges::find(mounts, name, &Place::name) == mounts.end()) mounts.push_back({name, joined(0, end)});
      }
    const auto below = [&](const Place& mount) {
      return std::filesystem::path(joined(0, parts.size())).lexically_relative(mount.root).string();
    };
    std::vector<std::string> patterns;
    for (const Place& mount : mounts) {
      patterns.push_back(below(mount));
      patterns.push_back(mount.name + "/" + below(mount));
      patterns.push_back(mount.name + "/*");
    }
    const std::size_t folder = 2 + random.next() % (parts.size() - 2);
    patterns.push_back(joined(0, folder));
    patterns.push_back(joined(folder - 1, folder) + "/**");
    patterns.push_back(joined(folder, parts.size()));
    const std::string pattern = pick(patterns);
    const auto made = Constitution::parse("never any any " + pattern).value();
    const auto far = Constitution::parse("never any any elsewhere/" + pattern).value();
    for (const Place& mount : mounts)
      for (const bool alone : {true, false}) {
        const Places places{alone ? std::vector{mount} : mounts, mounts};
        const bool named = places.own.size() > 1;
        const std::string path = named ? mount.name + "/" + below(mount) : below(mount);
        for (const std::string kind : {"file", "index"}) {
          ASSERT_EQ(made.judge({kind, "read", path}, places).ruling, Constitution::Ruling::kNever)
              << pattern << " as " << path << " of " << mount.root;
          ASSERT_EQ(far.judge({kind, "read", path}, places).ruling, Constitution::Ruling::kSilent)
              << pattern << " as " << path << " of " << mount.root;
        }
      }
  }
}

TEST(ConstitutionTest, an_access_to_all_files_falls_under_the_rules_of_each) {
  const auto made = Constitution::parse("never read file taxes/*\nask list file letters/*").value();
  EXPECT_EQ(made.judge({"file", "read", ""}).ruling, Constitution::Ruling::kNever);
  EXPECT_EQ(made.judge({"file", "list", ""}).ruling, Constitution::Ruling::kAsk);
  EXPECT_EQ(made.judge({"file", "write", ""}).ruling, Constitution::Ruling::kSilent);
  EXPECT_EQ(made.judge({"python", "run", ""}).ruling, Constitution::Ruling::kSilent);
  EXPECT_EQ(made.judge({"file", "list", "."}).ruling, Constitution::Ruling::kSilent) << "the root is one folder";
  EXPECT_EQ(made.judge({"file", "list", "letters"}).ruling, Constitution::Ruling::kAsk) << "its names are in letters/*";
}

TEST(ConstitutionTest, one_that_cannot_be_read_is_refused_with_its_line) {
  const auto made = Constitution::parse("never write file *\nplease be nice\n");
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().what, testing::HasSubstr("line 2"));
}

TEST(ConstitutionTest, globs_match_as_a_shell_would_without_slashes_being_special) {
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("a*c", "a/b/c"));
  EXPECT_TRUE(glob_matches("?b*", "ab"));
  EXPECT_FALSE(glob_matches("a?c", "ac"));
  EXPECT_FALSE(glob_matches("", "a"));
  EXPECT_TRUE(glob_matches("*?", "é"));
  EXPECT_TRUE(glob_matches("*?b*", "語\U0001F600b"));
  EXPECT_TRUE(glob_matches("??", "é語"));
  EXPECT_FALSE(glob_matches("?", "éé"));
  EXPECT_FALSE(glob_matches("*??", "é"));
  EXPECT_FALSE(glob_matches("*??", "\U0001F600"));
  EXPECT_FALSE(glob_matches("a*???", "a\U0001F600"));
  EXPECT_TRUE(glob_matches("*??", "\xc3\xff")) << "bytes where it is not UTF-8";
  EXPECT_TRUE(glob_matches("a?", "a\xe2"));
  EXPECT_TRUE(glob_matches("*a*a*a*b", std::string(2000, 'a') + "b"));
}

struct Scene {
  Table table;
  Constitution constitution;
  std::vector<Access> accesses{{"file", "write", "a.txt"}};
  CallFacts facts{"apply", "{}", accesses, user_label(), true, true};
  Scene() { table.grant(files("")); }
  [[nodiscard]] Decision decide(int autonomy, bool planned = false) {
    facts.accesses = accesses;
    return capability::decide(facts, table, constitution, {autonomy, planned}, kNow);
  }
};

TEST(MonitorTest, default_is_deny) {
  Scene scene;
  scene.table = Table();
  EXPECT_EQ(scene.decide(4).verdict, Verdict::kDeny);
  Scene nothing;
  nothing.accesses.clear();
  EXPECT_EQ(nothing.decide(4).verdict, Verdict::kDeny) << "a call that declares no access could touch anything";
}

TEST(MonitorTest, every_access_must_be_covered) {
  Scene scene;
  scene.accesses.push_back({"net", "get", "example.org"});
  EXPECT_EQ(scene.decide(4).verdict, Verdict::kDeny);
}

TEST(MonitorTest, autonomy_asks_and_never_grants) {
  Scene scene;
  EXPECT_EQ(scene.decide(0).verdict, Verdict::kDeny);
  EXPECT_EQ(scene.decide(1).verdict, Verdict::kAsk);
  EXPECT_EQ(scene.decide(2).verdict, Verdict::kAsk);
  EXPECT_EQ(scene.decide(3).verdict, Verdict::kAsk);
  EXPECT_EQ(scene.decide(3, true).verdict, Verdict::kAllow);
  EXPECT_EQ(scene.decide(4).verdict, Verdict::kAllow);
  scene.facts.risky = false;
  EXPECT_EQ(scene.decide(2).verdict, Verdict::kAllow);
  EXPECT_EQ(scene.decide(1).verdict, Verdict::kAsk);
  for (int level = 0; level <= 4; ++level) {
    Scene none;
    none.table = Table();
    EXPECT_EQ(none.decide(level, true).verdict, Verdict::kDeny) << "no level passes a capability";
  }
}

TEST(MonitorTest, the_constitution_stands_above_autonomy) {
  Scene scene;
  scene.constitution = Constitution::parse("never write file a.*").value();
  EXPECT_EQ(scene.decide(4).verdict, Verdict::kDeny);
  scene.constitution = Constitution::parse("ask write file a.*").value();
  EXPECT_EQ(scene.decide(4).verdict, Verdict::kAsk);
}

TEST(CredentialsTest, are_known_by_their_names_and_those_of_their_folders) {
  for (const std::string path : {"/h/.ssh/config",
                                 "/h/.ssh",
                                 "/h/.gnupg/a/b",
                                 "/h/.aws/config",
                                 "/h/.netrc",
                                 "/h/p/.env",
                                 "/h/p/.ENV.local",
                                 "/h/.git-credentials",
                                 "/h/.config/git/credentials",
                                 "/h/.kube/config",
                                 "/h/.docker/config.json",
                                 "/h/.config/gh/hosts.yml",
                                 "/h/keys/server.pem",
                                 "/h/a.Key",
                                 "/h/id_rsa",
                                 "/h/backup/id_ed25519.old",
                                 "/h/.local/share/keyrings/login.keyring",
                                 "/h/.mozilla/firefox/x.default/places.sqlite",
                                 "/h/.config/google-chrome/Default/Login Data",
                                 "/h/.password-store/mail.gpg",
                                 "/h/passwords.kdbx",
                                 "/h/.bitcoin/wallet.dat",
                                 "/h/.bash_history",
                                 "/etc/shadow"})
    EXPECT_TRUE(holds_credentials(path)) << path;
  for (const std::string path :
       {"/h/ssh/notes.md", "/h/id_card.pdf", "/h/id_rsa.pub", "/h/server.pub", "/h/p/.env.example", "/h/config.json",
        "/h/docker/config.json", "/h/environment.md", "/h/keys.md", "/h/keynote.txt", "/h/share/letter.txt", "/"})
    EXPECT_FALSE(holds_credentials(path)) << path;
}

TEST(CredentialsTest, are_known_where_programs_keep_them) {
  for (const std::string path : {"/h/.claude/.credentials.json",
                                 "/h/.codex/auth.json",
                                 "/h/.gemini/oauth_creds.json",
                                 "/h/.config/github-copilot/apps.json",
                                 "/h/.config/containers/auth.json",
                                 "/h/.dockercfg",
                                 "/h/.databrickscfg",
                                 "/h/infra/prod.auto.tfvars",
                                 "/h/infra/prod.tfvars.json",
                                 "/h/.config/pip/pip.conf",
                                 "/h/.pip/pip.conf",
                                 "/etc/pip.conf",
                                 "/h/p/production.env",
                                 "/h/p/.env-production",
                                 "/h/p/.env~",
                                 "/etc/wireguard/wg0.conf",
                                 "/etc/NetworkManager/system-connections/Home.nmconnection",
                                 "/h/.config/Signal/config.json",
                                 "/h/.var/app/org.signal.Signal/config/Signal/config.json",
                                 "/h/.local/share/TelegramDesktop/tdata/key_datas",
                                 "/h/keys/deploy_rsa",
                                 "/h/github_ed25519",
                                 "/h/work_ecdsa",
                                 "/h/Passwords.csv",
                                 "/h/passwords.txt",
                                 "/h/.zsh_history",
                                 "/h/.histfile",
                                 "/h/.local/share/fish/fish_history",
                                 "/h/.python_history",
                                 "/h/.psql_history",
                                 "/h/.mysql_history"})
    EXPECT_TRUE(holds_credentials(path)) << path;
  for (const std::string path :
       {"/h/keys/deploy_rsa.pub", "/h/crypto/my_rsa.py", "/h/on_rsa.pdf", "/h/site/passwords.py", "/h/passwords",
        "/h/how-to-choose-passwords.md", "/h/p/example.env", "/h/p/.env-example", "/h/variables.tf",
        "/h/p/terraform.tfvars.example", "/h/wireguard/notes.md", "/h/signal/config.json", "/h/codex/auth.json",
        "/h/history.md", "/h/french_history", "/h/telegramdesktop/photo.jpg"})
    EXPECT_FALSE(holds_credentials(path)) << path;
}

TEST(CredentialsTest, a_copy_that_an_editor_or_a_person_left_beside_them_is_one) {
  for (const std::string path : {"/h/.netrc~", "/h/.netrc.bak", "/h/.pgpass.old", "/h/.npmrc.orig", "/h/.my.cnf.save",
                                 "/h/.netrc.gpg", "/h/secrets.yaml.asc", "/h/.netrc.swp", "/h/.credentials.json.swp",
                                 "/h/.secrets.toml.swp", "/h/a.pem.BAK~", "/h/infra/a.tfstate.backup", "/h/#.netrc#",
                                 "/h/.ssh.bak/config", "/h/.ssh~/known", "/h/.docker.old/config.json",
                                 "/h/.config/git/credentials.old", "/etc/NetworkManager/system-connections.bak/Home"})
    EXPECT_TRUE(holds_credentials(path)) << path;
  for (const std::string path : {"/h/letter.txt~", "/h/thesis.bak", "/h/server.pub.bak", "/h/.letter.txt.swp", "/h/~",
                                 "/h/.bak", "/h/.gpg", "/h/#", "/h/##", "/h/release.tar.gz.asc", "/h/config.json.old"})
    EXPECT_FALSE(holds_credentials(path)) << path;
}

TEST(MonitorTest, credentials_are_asked_for_at_every_level_by_every_name) {
  const std::vector<std::pair<Access, Places>> touched{
      {{"file", "read", ".ssh/config"}, {}},
      {{"file", "read", "me/.env"}, {{{"me", "/h/me"}, {"b", "/b"}}}},
      {{"file", "read", "config"}, {{{"s", "/h/me/.ssh"}}}},
      {{"file", "write", ".ssh/authorized_keys"}, {{{"me", "/h/me"}}}}};
  for (const auto& [access, places] : touched) {
    Scene scene;
    scene.accesses = {access};
    scene.facts.places = places;
    scene.facts.has_effect = false;
    for (int level = 0; level <= 4; ++level) {
      EXPECT_EQ(scene.decide(level, true).verdict, Verdict::kAsk) << access.object << " at " << level;
      EXPECT_THAT(scene.decide(level).reason, testing::HasSubstr("passwords or keys")) << access.object;
    }
    scene.accesses[0].verb = "list";
    EXPECT_EQ(scene.decide(4).verdict, Verdict::kAllow) << "names are no secret";
  }
}

TEST(MonitorTest, what_was_read_of_credentials_goes_nowhere_unseen) {
  Scene scene;
  scene.facts.label = untrusted_label("file:.env", Confidentiality::kSecret);
  EXPECT_EQ(scene.decide(4, true).verdict, Verdict::kAsk) << "in a file nothing would say that it is secret";
  Table table;
  table.grant({"net", {"get"}, "example.org", Confidentiality::kPersonal, {}, {}});
  const std::vector<Access> accesses{{"net", "get", "example.org"}};
  CallFacts facts{"fetch", "{}", accesses, scene.facts.label, true, false};
  EXPECT_EQ(decide(facts, table, {}, {4, true}, kNow).verdict, Verdict::kDeny);
}

TEST(MonitorTest, personal_data_does_not_leave_through_a_public_right) {
  Table table;
  table.grant({"net", {"get"}, "example.org", Confidentiality::kPublic, {}, {}});
  const std::vector<Access> accesses{{"net", "get", "example.org"}};
  CallFacts facts{"fetch", "{}", accesses, user_label(), true, false};
  EXPECT_EQ(decide(facts, table, {}, {4, false}, kNow).verdict, Verdict::kDeny);
  facts.label.confidentiality = Confidentiality::kPublic;
  EXPECT_EQ(decide(facts, table, {}, {4, false}, kNow).verdict, Verdict::kAllow);
}

TEST(MonitorTest, what_strangers_wrote_sends_personal_data_nowhere_unseen) {
  Table table;
  table.grant({"net", {"get"}, "site.example", Confidentiality::kPersonal, {}, {}});
  const Access access{"net", "get", "site.example"};
  CallFacts facts{"fetch", R"({"url":"https://site.example/?q=x"})", {&access, 1}, user_label()};
  EXPECT_EQ(decide(facts, table, {}, {4, false}, kNow).verdict, Verdict::kAllow);
  facts.label = join(user_label(), untrusted_label("file:letter.txt"));
  EXPECT_EQ(decide(facts, table, {}, {4, true}, kNow).verdict, Verdict::kAsk) << "at no level of autonomy";
  facts.label = untrusted_label("web:site.example", Confidentiality::kPublic);
  EXPECT_EQ(decide(facts, table, {}, {4, false}, kNow).verdict, Verdict::kAllow) << "nothing of the person's is in it";
}

TEST(MonitorTest, a_denial_says_nothing_of_private_values) {
  Scene scene;
  scene.table = Table();
  scene.facts.arguments = R"({"content":"my secret"})";
  EXPECT_THAT(scene.decide(4).reason, testing::Not(testing::HasSubstr("secret")));
}

TEST(MonitorTest, an_approval_is_for_these_bytes_and_targets_only) {
  Scene scene;
  scene.facts.accesses = scene.accesses;
  const std::string digest = approval_digest(scene.facts);
  const auto differs = [&](auto change) {
    Scene other;
    change(other);
    other.facts.accesses = other.accesses;
    return approval_digest(other.facts) != digest;
  };
  EXPECT_TRUE(differs([](Scene& s) { s.facts.name = "apply2"; }));
  EXPECT_TRUE(differs([](Scene& s) { s.facts.arguments = "{ }"; }));
  EXPECT_TRUE(differs([](Scene& s) { s.accesses[0].object = "b.txt"; }));
  EXPECT_TRUE(differs([](Scene& s) { s.facts.label = untrusted_label("file:x"); }));
  EXPECT_FALSE(differs([](Scene&) {}));
}

TEST(LabelTest, joining_is_associative_commutative_and_idempotent_and_never_loses_restriction) {
  SeededRandom random(5);
  const auto label = [&] {
    Label made{static_cast<Integrity>(random.next() % 4), static_cast<Confidentiality>(random.next() % 3), {}};
    for (int i = 0; i < 3; ++i)
      if (random.next() % 2 == 0) made.sources.push_back(std::string(1, static_cast<char>('a' + i)));
    return made;
  };
  for (int i = 0; i < 5000; ++i) {
    const Label a = label();
    const Label b = label();
    const Label c = label();
    ASSERT_EQ(join(a, b), join(b, a));
    ASSERT_EQ(join(a, join(b, c)), join(join(a, b), c));
    ASSERT_EQ(join(a, a), a);
    ASSERT_GE(join(a, b).integrity, a.integrity);
    ASSERT_GE(join(a, b).confidentiality, a.confidentiality);
    ASSERT_EQ(label_from_json(to_json(a)).value(), a);
  }
}

TEST(CapabilityTest, survives_the_journal) {
  SeededRandom random(6);
  for (int i = 0; i < 2000; ++i) {
    const Capability made = random_capability(random);
    EXPECT_EQ(capability_from_json(to_json(made)).value(), made);
  }
  EXPECT_FALSE(capability_from_json(JsonObject{{"kind", "file"}}));
  EXPECT_FALSE(capability_from_json(JsonObject{{"kind", "file"}, {"verbs", JsonArray{1}}}));
  const JsonObject whole =
      to_json(Capability{"net", {"get"}, "example.org", Confidentiality::kPublic, 3, {}}).as_object();
  ASSERT_TRUE(capability_from_json(whole));
  for (const auto& [member, wrong] : std::vector<std::pair<std::string, Json>>{
           {"object", 1}, {"ceiling", "lowest"}, {"ceiling", 0}, {"uses_left", "3"}, {"expires", "tomorrow"}}) {
    JsonObject less = whole;
    less[member] = wrong;
    EXPECT_FALSE(capability_from_json(less)) << member << ": a limit that cannot be read is not left out";
  }
}

}  // namespace
}  // namespace daimon::capability
