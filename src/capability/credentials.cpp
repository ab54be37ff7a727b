#include "capability/credentials.h"

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "capability/constitution.h"

namespace daimon::capability {
namespace {

// In lower case; "PARENT/NAME" is NAME in a folder PARENT. A folder stands for all in it.
constexpr auto kNames = std::to_array<std::string_view>({
    // Keys and certificates with keys.
    ".ssh",
    ".gnupg",
    ".pki",
    "id_rsa*",
    "id_dsa*",
    "id_ecdsa*",
    "id_ed25519*",
    "*_rsa",
    "*_ecdsa",
    "*_ed25519",
    "ssh_host_*_key",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.p8",
    "*.ppk",
    "*.jks",
    "*.keystore",
    "*.ovpn",
    ".config/sops",
    "etc/wireguard",
    // Passwords of programs.
    ".netrc",
    "_netrc",
    ".authinfo",
    ".authinfo.*",
    ".git-credentials",
    "git/credentials",
    ".pgpass",
    ".my.cnf",
    ".mylogin.cnf",
    ".htpasswd",
    ".rhosts",
    ".smbcredentials",
    ".fetchmailrc",
    ".msmtprc",
    "msmtp/config",
    ".subversion/auth",
    "etc/shadow*",
    "etc/gshadow*",
    "networkmanager/system-connections",
    "passwords.*",
    // Tokens of services and package registries.
    ".aws",
    ".azure",
    ".oci",
    ".kube",
    ".docker/config.json",
    ".dockercfg",
    "containers/auth.json",
    ".config/gcloud",
    ".config/gh",
    ".config/github-copilot",
    ".config/hub",
    ".config/glab-cli",
    ".config/rclone",
    ".config/doctl",
    ".databrickscfg",
    ".s3cfg",
    ".boto",
    ".npmrc",
    ".pypirc",
    "pip/pip.conf",
    ".pip/pip.conf",
    "etc/pip.conf",
    ".cargo/credentials*",
    ".gem/credentials",
    ".m2/settings*.xml",
    ".gradle/gradle.properties",
    ".terraformrc",
    "*.tfstate",
    "*.tfvars",
    "*.tfvars.json",
    ".vault-token",
    ".vault_pass*",
    "huggingface/token",
    ".huggingface/token",
    ".credentials.json",
    ".codex/auth.json",
    ".gemini/oauth_creds.json",
    // What projects keep beside their code.
    ".env",
    ".env.*",
    ".env-*",
    "*.env",
    ".envrc",
    "credentials.json",
    "client_secret*.json",
    "service-account*.json",
    "service_account*.json",
    "secrets.json",
    "secrets.toml",
    "secrets.yaml",
    "secrets.yml",
    // Password stores and wallets.
    ".password-store",
    "*.kdbx",
    "*.kdb",
    ".config/keepassxc",
    ".config/bitwarden*",
    ".config/1password",
    ".config/op",
    ".1password",
    "share/keyrings",
    "share/kwalletd*",
    "apps/kwallet",
    ".gnome2/keyrings",
    ".bitcoin",
    ".litecoin",
    ".dogecoin",
    ".ethereum",
    ".monero",
    ".electrum",
    ".config/solana",
    "wallet.dat",
    "*.wallet",
    // Profiles of browsers, and what mail programs keep in the same way.
    ".mozilla",
    ".config/google-chrome*",
    "config/google-chrome*",
    ".config/chromium*",
    "config/chromium*",
    "common/chromium",
    ".config/bravesoftware",
    "config/bravesoftware",
    ".config/microsoft-edge*",
    "config/microsoft-edge*",
    ".config/vivaldi*",
    ".config/opera*",
    "logins.json",
    "logins-backup.json",
    "key3.db",
    "key4.db",
    "signons.sqlite",
    "cookies.sqlite",
    "login data",
    // What messengers are signed in with.
    ".config/signal",
    "org.signal.signal",
    "telegramdesktop/tdata",
    // What was typed to shells and databases.
    ".*_history",
    "fish_history",
    ".histfile",
    ".zhistory",
});

// What the above take in and is for everybody to read: halves of keys, samples, programs about passwords and pages of
// them.
constexpr auto kPublic = std::to_array<std::string_view>({
    "*.pub",          ".env.example",    ".env.sample",   ".env.template",  ".env.dist",      ".env.defaults",
    ".env-example",   ".env-sample",     ".env-template", "example.env",    "sample.env",     "template.env",
    "passwords.c",    "passwords.cc",    "passwords.cpp", "passwords.cs",   "passwords.css",  "passwords.ex",
    "passwords.go",   "passwords.h",     "passwords.hpp", "passwords.html", "passwords.java", "passwords.js",
    "passwords.jsx",  "passwords.kt",    "passwords.php", "passwords.py",   "passwords.rb",   "passwords.rs",
    "passwords.scss", "passwords.swift", "passwords.ts",  "passwords.tsx",  "passwords.vue",
});

// What editors, programs and people put behind the name of a copy.
constexpr auto kEndings =
    std::to_array<std::string_view>({"~", ".bak", ".backup", ".old", ".orig", ".save", ".swp", ".swo", ".gpg", ".asc"});

// The name that this is a copy of; "" when it is none.
std::string_view copied(std::string_view name) {
  if (name.size() > 2 && name.starts_with('#') && name.ends_with('#')) return name.substr(1, name.size() - 2);
  for (const std::string_view ending : kEndings)
    if (name.size() > ending.size() && name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
  return {};
}

struct List {
  std::set<std::string_view> exact;
  std::vector<std::string_view> globs;
  std::vector<std::pair<std::string_view, std::string_view>> in_parent;
};

const List& list() {
  static const List kList = [] {
    List made;
    for (const std::string_view name : kNames)
      if (const std::size_t slash = name.find('/'); slash != std::string_view::npos)
        made.in_parent.emplace_back(name.substr(0, slash), name.substr(slash + 1));
      else if (name.contains('*'))
        made.globs.push_back(name);
      else
        made.exact.insert(name);
    return made;
  }();
  return kList;
}

// A name in lower case, in a folder that is called one of `parents`.
bool is_listed(std::span<const std::string_view> parents, std::string_view name) {
  const auto fits = [&](std::string_view glob) { return glob_matches(glob, name); };
  return list().exact.contains(name) || std::ranges::any_of(list().globs, fits) ||
         std::ranges::any_of(list().in_parent, [&](const auto& pair) {
           return std::ranges::contains(parents, pair.first) && fits(pair.second);
         });
}

}  // namespace

bool is_name_of_credentials(std::string_view parent, std::string_view name) {
  const std::string above = to_lower_ascii(parent);
  std::vector<std::string_view> parents;
  for (std::string_view of = above; !of.empty(); of = copied(of)) parents.push_back(of);
  const std::string lower = to_lower_ascii(name);
  for (std::string_view of = lower; !of.empty(); of = copied(of)) {
    if (std::ranges::any_of(kPublic, [&](std::string_view glob) { return glob_matches(glob, of); })) return false;
    if (is_listed(parents, of)) return true;
    // Vim hides what it writes beside a file: ".NAME.swp".
    if (of.size() < lower.size() && of.starts_with('.') && is_listed(parents, of.substr(1))) return true;
  }
  return false;
}

bool holds_credentials(const std::filesystem::path& path) {
  std::string parent;
  for (const std::filesystem::path& part : path) {
    if (is_name_of_credentials(parent, part.native())) return true;
    parent = part.native();
  }
  return false;
}

}  // namespace daimon::capability
