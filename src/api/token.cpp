#include "api/token.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "api/socket.h"

namespace daimon::api {
namespace {

constexpr std::size_t kTokenBytes = 32;

bool equal_in_constant_time(const Digest& a, const Digest& b) {
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

}  // namespace

Tokens::Tokens(std::filesystem::path file) : file_(std::move(file)) {
  std::ifstream stream(file_, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  const auto json = parse_json(text);
  const Json* list = json ? find(*json, "tokens") : nullptr;
  if (list == nullptr || !list->is_array()) return;
  for (const Json& item : list->get_array()) {
    const auto hash = digest_from_hex(find_string(item, "sha256").value_or(""));
    const auto scope = find_string(item, "scope");
    if (hash && (scope == "all" || scope == "models"))
      entries_.push_back(
          {scope == "all" ? Scope::kAll : Scope::kModels, *hash, std::string(find_string(item, "made").value_or(""))});
  }
}

Result<std::string> Tokens::make(Scope scope, Random& random, const Clock& clock) {
  const std::scoped_lock lock(mutex_);
  std::string token = random_hex(random, kTokenBytes);
  std::vector<Entry> entries = entries_;
  std::erase_if(entries, [&](const Entry& entry) { return entry.scope == scope; });
  entries.push_back({scope, sha256(token), to_iso8601(clock.now())});
  DAIMON_CHECK(write(entries));
  entries_ = std::move(entries);
  return token;
}

std::optional<std::string> Tokens::made(Scope scope) const {
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find(entries_, scope, &Entry::scope);
  if (found == entries_.end()) return std::nullopt;
  return found->made;
}

std::optional<Scope> Tokens::scope_of(std::string_view token) const {
  const Digest hash = sha256(token);
  const std::scoped_lock lock(mutex_);
  std::optional<Scope> scope;
  for (const Entry& entry : entries_)
    if (equal_in_constant_time(entry.hash, hash)) scope = entry.scope;
  return scope;
}

Status Tokens::write(const std::vector<Entry>& entries) const {
  JsonArray list;
  for (const Entry& entry : entries)
    list.push_back(JsonObject{{"scope", name_of(entry.scope)}, {"sha256", to_hex(entry.hash)}, {"made", entry.made}});
  const std::string text = to_pretty_text(JsonObject{{"tokens", std::move(list)}}) + "\n";
  const std::string temporary = file_.native() + ".new";
  const FileDescriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return std::unexpected(os_error(errno, "writing the tokens of the API"));
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) || ::fsync(file.get()) != 0 ||
      std::rename(temporary.c_str(), file_.c_str()) != 0)
    return std::unexpected(os_error(errno, "writing the tokens of the API"));
  return {};
}

}  // namespace daimon::api
