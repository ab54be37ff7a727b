#include "kernel/configuration.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "base/format.h"
#include "base/json.h"
#include "base/text.h"

namespace daimon::kernel {
namespace {

std::optional<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::unexpected<Error> wrong(const std::filesystem::path& path, std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, daimon::format("{}: {}", path.string(), what),
              "correct the file, or move it away to use the defaults");
}

Result<RemoteModel> read_remote(const std::filesystem::path& path, std::string_view name, const Json& value) {
  RemoteModel remote;
  remote.url = find_string(value, "url").value_or("");
  remote.model = find_string(value, "model").value_or(name);
  remote.key_env = find_string(value, "key_env").value_or("");
  remote.may_see_personal = find_bool(value, "may_see_personal").value_or(false);
  if (!remote.url.starts_with("http://") && !remote.url.starts_with("https://"))
    return wrong(path, daimon::format("the remote model '{}' needs a \"url\" that begins with http:// or https://",
                                      printable(name)));
  return remote;
}

// A list of texts, which may be missing.
Result<std::vector<std::string>> read_texts(const std::filesystem::path& path, const Json& value,
                                            std::string_view name) {
  std::vector<std::string> texts;
  const Json* list = find(value, name);
  if (list == nullptr) return texts;
  if (!list->is_array()) return wrong(path, daimon::format("\"{}\" is not a list", name));
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

}  // namespace

Result<Configuration> read_configuration(const std::filesystem::path& folder) {
  Configuration made;
  const auto constitution_path = folder / "constitution.txt";
  if (const auto text = read_file(constitution_path)) {
    auto constitution = capability::Constitution::parse(*text);
    if (!constitution) return wrong(constitution_path, constitution.error().what);
    made.constitution = std::move(*constitution);
  }
  const auto path = folder / "config.json";
  const auto text = read_file(path);
  if (!text) return made;
  const auto value = parse_json(*text);
  if (!value) return wrong(path, value.error().what);
  if (!value->is_object()) return wrong(path, "not a JSON object");
  constexpr std::array<std::string_view, 5> kKnown = {"model", "remotes", "web_hosts", "origins", "budget"};
  for (const auto& member : value->get_object())
    if (std::ranges::find(kKnown, std::string_view(member.key())) == kKnown.end())
      return wrong(path, daimon::format("unknown setting '{}'; known are model, remotes, web_hosts, origins, budget",
                                        printable(member.key())));
  made.model = find_string(*value, "model").value_or(made.model);
  if (const Json* remotes = find(*value, "remotes"); remotes != nullptr) {
    if (!remotes->is_object()) return wrong(path, "\"remotes\" is not an object");
    for (const auto& member : remotes->get_object()) {
      DAIMON_TRY(auto remote, read_remote(path, member.key(), member.value()));
      made.remotes.emplace(std::string(member.key()), std::move(remote));
    }
  }
  DAIMON_TRY(made.web_hosts, read_texts(path, *value, "web_hosts"));
  DAIMON_TRY(made.origins, read_texts(path, *value, "origins"));
  for (const std::string& origin : made.origins)
    if (!is_origin(origin))
      return wrong(path, daimon::format("'{}' of \"origins\" is not like http://127.0.0.1:5173", printable(origin)));
  if (const Json* budget = find(*value, "budget"); budget != nullptr) {
    made.limits.tokens = find_integer(*budget, "tokens").value_or(made.limits.tokens);
    made.limits.seconds = find_number(*budget, "seconds").value_or(made.limits.seconds);
    made.limits.effects = find_integer(*budget, "effects").value_or(made.limits.effects);
    made.limits.money = find_number(*budget, "money").value_or(made.limits.money);
    if (made.limits.tokens <= 0 || made.limits.seconds <= 0 || made.limits.effects < 0 || made.limits.money < 0)
      return wrong(path, "a limit of \"budget\" is not above zero");
  }
  return made;
}

}  // namespace daimon::kernel
