#include "capability/credentials.h"

#include <algorithm>
#include <array>
#include <set>
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
    // Tokens of services and package registries.
    ".aws",
    ".azure",
    ".oci",
    ".kube",
    ".docker/config.json",
    ".config/gcloud",
    ".config/gh",
    ".config/hub",
    ".config/glab-cli",
    ".config/rclone",
    ".config/doctl",
    ".s3cfg",
    ".boto",
    ".npmrc",
    ".pypirc",
    ".cargo/credentials*",
    ".gem/credentials",
    ".m2/settings*.xml",
    ".gradle/gradle.properties",
    ".terraformrc",
    "*.tfstate",
    "*.tfstate.backup",
    ".vault-token",
    ".vault_pass*",
    "huggingface/token",
    ".huggingface/token",
    // What projects keep beside their code.
    ".env",
    ".env.*",
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
    // What was typed to shells and databases.
    ".*_history",
});

// What the above take in and is for everybody to read.
constexpr auto kPublic = std::to_array<std::string_view>(
    {"*.pub", ".env.example", ".env.sample", ".env.template", ".env.dist", ".env.defaults"});

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

}  // namespace

bool is_name_of_credentials(std::string_view parent, std::string_view name) {
  const std::string lower = to_lower_ascii(name);
  const auto fits = [&](std::string_view glob) { return glob_matches(glob, lower); };
  if (std::ranges::any_of(kPublic, fits)) return false;
  if (list().exact.contains(lower) || std::ranges::any_of(list().globs, fits)) return true;
  const std::string above = to_lower_ascii(parent);
  return std::ranges::any_of(list().in_parent,
                             [&](const auto& pair) { return pair.first == above && fits(pair.second); });
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
