#include "kernel/configuration.h"

#include <algorithm>
#include <boost/json/kind.hpp>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <system_error>
#include <utility>

#include "base/format.h"
#include "base/host_name.h"
#include "base/json.h"
#include "base/text.h"

namespace daimon::kernel {
namespace {

std::unexpected<Error> wrong(const std::filesystem::path& path, std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, daimon::format("{}: {}", path.string(), what),
              "correct the file, or move it away to use the defaults");
}

// Nothing when there is no such file; one that cannot be read is an error, because its rules would be gone.
Result<std::optional<std::string>> read_file(const std::filesystem::path& path) {
  std::error_code failed;
  if (std::filesystem::symlink_status(path, failed).type() == std::filesystem::file_type::not_found)
    return std::nullopt;
  // A link to nothing is no missing file: somebody wants rules to be there.
  if (!std::filesystem::is_regular_file(path, failed)) return wrong(path, failed ? failed.message() : "not a file");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(static_cast<std::size_t>(std::filesystem::file_size(path, failed)), '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (failed || !file.is_open() || file.gcount() != static_cast<std::streamsize>(text.size()))
    return wrong(path, errno != 0 ? std::generic_category().message(errno) : "it cannot be read to its end");
  return text;
}

std::string_view name_of(boost::json::kind kind) {
  switch (kind) {
    using enum boost::json::kind;
    case string:
      return "text";
    case int64:
      return "a whole number";
    case double_:
      return "a number";
    case bool_:
      return "true or false";
    case array:
      return "a list";
    default:
      return "an object";
  }
}

// A member that nobody reads is a mistake of its writer, and one of another type too.
Status check_members(const std::filesystem::path& path, std::string_view what, const Json& value,
                     std::initializer_list<std::pair<std::string_view, boost::json::kind>> known) {
  if (!value.is_object()) return wrong(path, daimon::format("{} is not an object", what));
  for (const auto& member : value.get_object()) {
    const auto found = std::ranges::find(known, std::string_view(member.key()),
                                         &std::pair<std::string_view, boost::json::kind>::first);
    if (found == known.end()) {
      std::string names;
      for (const auto& [name, kind] : known) names += (names.empty() ? "" : ", ") + std::string(name);
      return wrong(path,
                   daimon::format("unknown setting '{}' in {}; known are {}", printable(member.key()), what, names));
    }
    const bool fits = found->second == boost::json::kind::double_ ? member.value().is_number()
                                                                  : member.value().kind() == found->second;
    if (!fits)
      return wrong(path,
                   daimon::format("'{}' in {} should be {}", printable(member.key()), what, name_of(found->second)));
  }
  return {};
}

Result<RemoteModel> read_remote(const std::filesystem::path& path, std::string_view name, const Json& value) {
  using enum boost::json::kind;
  const std::string what = daimon::format("the remote model '{}'", printable(name));
  DAIMON_CHECK(check_members(
      path, what, value,
      {{"url", string}, {"model", string}, {"key_env", string}, {"may_see_personal", bool_}, {"price", object}}));
  RemoteModel remote;
  if (const Json* price = find(value, "price"); price != nullptr) {
    DAIMON_CHECK(check_members(path, "the price of " + what, *price,
                               {{"input", double_}, {"cached", double_}, {"output", double_}}));
    remote.price.input = find_number(*price, "input").value_or(0);
    remote.price.cached = find_number(*price, "cached").value_or(remote.price.input);
    remote.price.output = find_number(*price, "output").value_or(0);
    if (remote.price.input < 0 || remote.price.cached < 0 || remote.price.output < 0)
      return wrong(path, daimon::format("a price of {} is below zero", what));
  }
  remote.url = find_string(value, "url").value_or("");
  remote.model = find_string(value, "model").value_or(name);
  remote.key_env = find_string(value, "key_env").value_or("");
  remote.may_see_personal = find_bool(value, "may_see_personal").value_or(false);
  if (!remote.url.starts_with("http://") && !remote.url.starts_with("https://"))
    return wrong(path, daimon::format("the remote model '{}' needs a \"url\" that begins with http:// or https://",
                                      printable(name)));
  if (const Status safe = processor::check_remote({.url = remote.url, .key_env = remote.key_env}); !safe)
    return wrong(path, daimon::format("{}: {}; {}", what, safe.error().what, safe.error().remedy));
  return remote;
}

// How models in files are run.
Result<processor::LocalOptions> read_local(const std::filesystem::path& path, const Json& value) {
  using enum boost::json::kind;
  DAIMON_CHECK(check_members(path, "\"local\"", value,
                             {{"context_tokens", int64},
                              {"kv_type", string},
                              {"kv_memory_mib", int64},
                              {"threads", int64},
                              {"gpu_layers", int64}}));
  processor::LocalOptions local;
  std::optional<std::string_view> wrong_one;
  const auto read = [&](std::string_view name, std::int64_t least, std::int64_t most, auto otherwise) {
    const std::int64_t number = find_integer(value, name).value_or(otherwise);
    if (find(value, name) != nullptr && (number < least || number > most)) wrong_one = name;
    return number;
  };
  local.context_tokens = static_cast<int>(read("context_tokens", 256, 1 << 24, local.context_tokens));
  local.threads = static_cast<int>(read("threads", 1, 1024, local.threads));
  local.gpu_layers = static_cast<int>(read("gpu_layers", 0, 10'000, local.gpu_layers));
  local.kv_memory_max = static_cast<std::uint64_t>(read("kv_memory_mib", 16, 1 << 24, 0)) << 20U;
  if (wrong_one) return wrong(path, daimon::format("'{}' in \"local\" is out of its range", *wrong_one));
  const auto type = find_string(value, "kv_type").value_or("f16");
  if (type == "q8_0")
    local.kv_type = processor::KvType::kQ8;
  else if (type == "q4_0")
    local.kv_type = processor::KvType::kQ4;
  else if (type != "f16")
    return wrong(path, daimon::format("'kv_type' in \"local\" is '{}'; f16, q8_0 and q4_0 are known", printable(type)));
  return local;
}

// A list of texts, which may be missing.
Result<std::vector<std::string>> read_texts(const std::filesystem::path& path, const Json& value,
                                            std::string_view name) {
  std::vector<std::string> texts;
  const Json* list = find(value, name);
  if (list == nullptr) return texts;
  for (const Json& text : list->get_array()) {
    if (!text.is_string()) return wrong(path, daimon::format("an item of \"{}\" is not text", name));
    texts.emplace_back(text.get_string());
  }
  return texts;
}

// As a browser sends it, to be compared byte for byte: scheme, host and port, nothing after.
bool is_origin(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (text.starts_with(scheme)) return text.size() > scheme.size() && !text.substr(scheme.size()).contains('/');
  return false;
}

// As rules write a path: what begins a comment or a line, or ends with it, is any character.
std::string as_pattern(std::string path) {
  for (char& c : path)
    if (c == '#' || static_cast<unsigned char>(c) < ' ') c = '?';
  if (path.ends_with(' ')) path.back() = '?';
  return path;
}

// The rules that follow from those about "~" and about paths that lead through a link, up to their first wildcard: the
// process's journal then says what held, whatever becomes of the links and of the environment.
std::string rules_by_real_path(const capability::Constitution& constitution, const std::filesystem::path& home) {
  std::string more;
  for (const capability::Constitution::Line& rule : constitution.rules_from_root()) {
    std::filesystem::path pattern = rule.pattern;
    if (*pattern.begin() == "~") {
      if (home.empty()) continue;
      pattern = home / pattern.lexically_relative("~");
    }
    std::filesystem::path real;
    std::filesystem::path rest;
    for (const std::filesystem::path& part : pattern)
      (rest.empty() && part.native().find_first_of("*?") == std::string::npos ? real : rest) /= part;
    std::error_code failed;
    const auto led = std::filesystem::weakly_canonical(real, failed);
    for (const auto& start : {real, failed ? real : led}) {
      const std::string made = as_pattern(rest.empty() ? start.string() : (start / rest).string());
      if (made != rule.pattern) more += daimon::format("{} {}\n", rule.line, made);
    }
  }
  return more;
}

}  // namespace

std::filesystem::path home_folder() {
  const char* home = std::getenv("HOME");
  return home != nullptr && *home == '/' ? home : "";
}

Status check_rules_in_force(const std::filesystem::path& folder, const Configuration& configuration) {
  DAIMON_TRY(const auto now, read_file(folder / "constitution.txt"));
  if (now.value_or("") == configuration.written_rules) return {};
  return fail(ErrorCode::kConflict, "constitution.txt was changed after the daemon started: its rules are not in force",
              "`daimon stop`; the next command starts it with them, and what runs goes on");
}

Result<Configuration> read_configuration(const std::filesystem::path& folder, const std::filesystem::path& home) {
  Configuration made;
  const auto constitution_path = folder / "constitution.txt";
  DAIMON_TRY(const auto rules, read_file(constitution_path));
  if (rules) {
    auto constitution = capability::Constitution::parse(*rules);
    if (!constitution) return wrong(constitution_path, constitution.error().what);
    if (const std::string more = rules_by_real_path(*constitution, home); !more.empty())
      constitution = capability::Constitution::parse(*rules + "\n" + more);
    if (!constitution) return wrong(constitution_path, constitution.error().what);
    made.constitution = std::move(*constitution);
    made.written_rules = *rules;
  }
  const auto path = folder / "config.json";
  DAIMON_TRY(const auto text, read_file(path));
  if (!text) return made;
  const auto value = parse_json(*text);
  if (!value) return wrong(path, value.error().what);
  using enum boost::json::kind;
  DAIMON_CHECK(check_members(path, "the file", *value,
                             {{"model", string},
                              {"local", object},
                              {"remotes", object},
                              {"web_hosts", array},
                              {"origins", array},
                              {"sandbox", object},
                              {"budget", object},
                              {"undo", object},
                              {"approval_minutes", int64}}));
  constexpr std::int64_t kApprovalMinutesMax = 365L * 24 * 60;
  const std::int64_t minutes = find_integer(*value, "approval_minutes").value_or(made.approval_lasts.count());
  if (minutes < 1 || minutes > kApprovalMinutesMax)
    return wrong(path, daimon::format("\"approval_minutes\" is not from 1 to {}", kApprovalMinutesMax));
  made.approval_lasts = std::chrono::minutes(minutes);
  if (const Json* local = find(*value, "local")) {
    DAIMON_TRY(made.local, read_local(path, *local));
  }
  made.model = find_string(*value, "model").value_or(made.model);
  if (const Json* remotes = find(*value, "remotes"); remotes != nullptr) {
    for (const auto& member : remotes->get_object()) {
      DAIMON_TRY(auto remote, read_remote(path, member.key(), member.value()));
      made.remotes.emplace(std::string(member.key()), std::move(remote));
    }
  }
  DAIMON_TRY(made.web_hosts, read_texts(path, *value, "web_hosts"));
  for (const std::string_view host : made.web_hosts)
    if (const std::size_t start = host.starts_with("*.")  ? 2
                                  : host.starts_with('.') ? 1
                                                          : 0;
        host != "*" && !canonical_host(host.substr(start)))
      return wrong(path, daimon::format("'{}' of \"web_hosts\" is not a host, such as example.org or .example.org",
                                        printable(host)));
  DAIMON_TRY(made.origins, read_texts(path, *value, "origins"));
  for (const std::string& origin : made.origins)
    if (!is_origin(origin))
      return wrong(path, daimon::format("'{}' of \"origins\" is not like http://127.0.0.1:5173", printable(origin)));
  if (const Json* sandbox = find(*value, "sandbox"); sandbox != nullptr) {
    DAIMON_CHECK(check_members(path, "\"sandbox\"", *sandbox, {{"allow_missing_landlock", bool_}}));
    made.allow_missing_landlock = find_bool(*sandbox, "allow_missing_landlock").value_or(false);
  }
  if (const Json* undo = find(*value, "undo"); undo != nullptr) {
    DAIMON_CHECK(check_members(path, "\"undo\"", *undo, {{"days", int64}, {"mib", int64}}));
    const std::int64_t days = find_integer(*undo, "days").value_or(made.undo.days.count());
    const std::int64_t mib = find_integer(*undo, "mib").value_or(static_cast<std::int64_t>(made.undo.bytes >> 20U));
    if (days < 0 || days > 36'500 || mib < 0 || mib > (1 << 24))
      return wrong(path, "a number of \"undo\" is out of its range");
    made.undo = {std::chrono::days(days), static_cast<std::uint64_t>(mib) << 20U};
  }
  if (const Json* budget = find(*value, "budget"); budget != nullptr) {
    DAIMON_CHECK(check_members(path, "\"budget\"", *budget,
                               {{"tokens", int64}, {"seconds", double_}, {"effects", int64}, {"money", double_}}));
    made.limits.tokens = find_integer(*budget, "tokens").value_or(made.limits.tokens);
    made.limits.seconds = find_number(*budget, "seconds").value_or(made.limits.seconds);
    made.limits.effects = find_integer(*budget, "effects").value_or(made.limits.effects);
    made.limits.money = find_number(*budget, "money").value_or(made.limits.money);
    if (made.limits.tokens <= 0 || !(made.limits.seconds > 0) || !std::isfinite(made.limits.seconds) ||
        !std::isfinite(made.limits.money) || made.limits.effects < 0 || made.limits.money < 0)
      return wrong(path, "a limit of \"budget\" is not above zero");
  }
  return made;
}

}  // namespace daimon::kernel
