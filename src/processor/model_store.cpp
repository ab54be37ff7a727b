#include "processor/model_store.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <format>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <system_error>

#include "base/text.h"
#include "processor/firmware.h"

namespace daimon::processor {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDefaultQuantisation = "Q4_K_M";

std::string upper(std::string_view text) {
  std::string made(text);
  for (char& c : made) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return made;
}

bool is_plain_name(std::string_view part) {
  return !part.empty() && part.size() <= 96 && part != "." && part != ".." && !part.contains("--") &&
         std::ranges::all_of(part, [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
         });
}

// NAME-00002-of-00005.gguf: the name without the part, the part, the number of parts.
bool split_part(const std::string& file, std::string& base, int& part, int& parts) {
  static const std::regex kPattern(R"((.*)-(\d{5})-of-(\d{5})\.gguf)", std::regex::icase);
  std::smatch match;
  if (!std::regex_match(file, match, kPattern)) return false;
  base = match[1];
  part = std::stoi(match[2]);
  parts = std::stoi(match[3]);
  return true;
}

// The commit that a repository's folder has under refs/main, or its only or newest one.
fs::path snapshot_of(const fs::path& repo) {
  std::error_code error;
  std::string commit;
  std::ifstream(repo / "refs/main") >> commit;
  if (!commit.empty() && !commit.contains('/') && fs::is_directory(repo / "snapshots" / commit, error))
    return repo / "snapshots" / commit;
  fs::path newest;
  fs::file_time_type time{};
  for (const auto& entry : fs::directory_iterator(repo / "snapshots", error))
    if (const auto changed = entry.last_write_time(error); newest.empty() || changed > time)
      newest = entry.path(), time = changed;
  return newest;
}

// Complete files below the snapshot, relative to it.
std::vector<std::string> files_of(const fs::path& snapshot) {
  std::vector<std::string> files;
  std::error_code error;
  for (auto it = fs::recursive_directory_iterator(snapshot, error); !error && it != fs::recursive_directory_iterator();
       it.increment(error)) {
    std::error_code missing;  // a link to a blob that is not there
    if (fs::is_regular_file(it->path(), missing)) files.push_back(it->path().lexically_relative(snapshot).string());
  }
  return files;
}

fs::path repo_folder(const fs::path& folder, const std::string& repo) {
  std::string name = "models--" + repo;
  name.replace(name.find('/', 8), 1, "--");
  return folder / name;
}

}  // namespace

Result<ModelName> parse_model_name(std::string_view name) {
  const auto wrong = [&] {
    return fail(ErrorCode::kInvalidArgument, std::format("{} is no name of a model", printable(cut_utf8(name, 200))),
                "give owner/repo, owner/repo:Q4_K_M or owner/repo/file.gguf as the hub has it; firmware is the "
                "built-in one, and "
                "--model also takes a path to a .gguf file");
  };
  ModelName made;
  const auto first = name.find('/');
  if (first == std::string_view::npos) return wrong();
  std::string_view rest = name.substr(first + 1);
  const std::string_view owner = name.substr(0, first);
  if (const auto second = rest.find('/'); second != std::string_view::npos) {
    made.file = rest.substr(second + 1);
    rest = rest.substr(0, second);
    const fs::path path(made.file);
    if (!to_lower_ascii(made.file).ends_with(".gguf") || path.is_absolute() || path.lexically_normal() != path ||
        std::ranges::contains(path, fs::path("..")))
      return wrong();
  } else if (const auto colon = rest.find(':'); colon != std::string_view::npos) {
    made.quantisation = upper(rest.substr(colon + 1));
    rest = rest.substr(0, colon);
    if (!is_plain_name(made.quantisation)) return wrong();
  }
  if (!is_plain_name(owner) || !is_plain_name(rest)) return wrong();
  made.repo = std::format("{}/{}", owner, rest);
  return made;
}

std::string quantisation_of(std::string_view file) {
  static const std::regex kPattern(
      R"((?:^|[-._/])((?:UD-)?(?:I?Q\d\w*|TQ\d\w*|BF16|F16|F32|FP16|FP32|MXFP4\w*|NVFP4\w*))$)", std::regex::icase);
  std::string base(file);
  int part = 0, parts = 0;
  if (!split_part(std::string(file), base, part, parts) && base.size() > 5) base.resize(base.size() - 5);
  std::smatch match;
  return std::regex_search(base, match, kPattern) ? upper(match[1].str()) : std::string();
}

std::vector<std::vector<std::string>> group_model_files(std::vector<std::string> files) {
  std::ranges::sort(files);
  std::map<std::string, std::vector<std::string>> groups;
  for (std::string& file : files) {
    const std::string lower = to_lower_ascii(file);
    // mmproj: the eye or ear of a model; imatrix: statistics for quantising.
    if (!lower.ends_with(".gguf") || lower.contains("mmproj") || lower.contains("imatrix")) continue;
    std::string base = file;
    int part = 0, parts = 0;
    split_part(file, base, part, parts);
    groups[base].push_back(std::move(file));
  }
  std::vector<std::vector<std::string>> whole;
  for (auto& [base, members] : groups) {
    std::string same;
    int part = 0, parts = 1;
    split_part(members.front(), same, part, parts);
    if (static_cast<int>(members.size()) == parts) whole.push_back(std::move(members));
  }
  return whole;
}

Result<std::vector<std::string>> choose_model_files(const ModelName& name,
                                                    const std::vector<std::vector<std::string>>& groups) {
  std::vector<const std::vector<std::string>*> fitting;
  std::string_view wanted = name.quantisation;
  const auto collect = [&] {
    fitting.clear();
    for (const auto& group : groups) {
      const std::string quantisation = quantisation_of(group.front());
      if (!name.file.empty() ? std::ranges::contains(group, name.file)
                             : wanted.empty() || quantisation == wanted || quantisation == std::format("UD-{}", wanted))
        fitting.push_back(&group);
    }
  };
  collect();
  // Without a wish: the only one, or the usual compromise of size and quality.
  if (name.file.empty() && wanted.empty() && fitting.size() > 1) {
    wanted = kDefaultQuantisation;
    auto all = fitting;
    collect();
    if (fitting.empty()) fitting = std::move(all);
  }
  if (fitting.size() == 1) return *fitting.front();
  std::string offered;
  for (const auto& group : groups) {
    const std::string quantisation = quantisation_of(group.front());
    offered += std::format("{}{}", offered.empty() ? "" : ", ",
                           quantisation.empty() || !fitting.empty() ? printable(group.front()) : quantisation);
  }
  if (groups.empty())
    return fail(ErrorCode::kNotFound, std::format("{} holds no GGUF model", name.repo),
                "look for a repository with GGUF files; their names often end in -GGUF");
  if (fitting.empty())
    return fail(ErrorCode::kNotFound,
                std::format("{} has no {}; it has {}", name.repo,
                            name.file.empty() ? std::string(wanted) : printable(name.file), offered),
                std::format("name one of them, such as {}:{}", name.repo, quantisation_of(groups.front().front())));
  return fail(ErrorCode::kConflict, std::format("{} has several models: {}", name.repo, offered),
              std::format("name one of them, such as {}/{}", name.repo, printable(groups.front().front())));
}

fs::path huggingface_home() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return fs::path(value != nullptr ? value : "");
  };
  if (auto home = variable("HF_HOME"); !home.empty()) return home;
  if (const auto cache = variable("XDG_CACHE_HOME"); !cache.empty()) return cache / "huggingface";
  const auto home = variable("HOME");
  return (home.empty() ? fs::path("/tmp") : home) / ".cache/huggingface";
}

fs::path ModelStore::default_folder() {
  if (const char* hub = std::getenv("HF_HUB_CACHE"); hub != nullptr && *hub != '\0') return hub;
  return huggingface_home() / "hub";
}

std::vector<StoredModel> ModelStore::list() const {
  std::vector<StoredModel> models;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    std::string repo = entry.path().filename().string();
    if (!repo.starts_with("models--")) continue;
    repo.erase(0, 8);
    const auto dashes = repo.find("--");
    if (dashes == std::string::npos) continue;
    repo.replace(dashes, 2, "/");
    const fs::path snapshot = snapshot_of(entry.path());
    if (snapshot.empty()) continue;
    const auto groups = group_model_files(files_of(snapshot));
    std::map<std::string, int> with;
    for (const auto& group : groups) ++with[quantisation_of(group.front())];
    for (const auto& group : groups) {
      StoredModel model;
      model.quantisation = quantisation_of(group.front());
      model.name = model.quantisation.empty() || with[model.quantisation] > 1
                       ? std::format("{}/{}", repo, group.front())
                       : std::format("{}:{}", repo, model.quantisation);
      model.path = snapshot / group.front();
      for (const std::string& file : group) model.bytes += fs::file_size(snapshot / file, error);
      models.push_back(std::move(model));
    }
  }
  std::ranges::sort(models, {}, &StoredModel::name);
  return models;
}

Result<fs::path> ModelStore::resolve(std::string_view name) const {
  if (name == "firmware") return firmware_path();
  std::error_code error;
  const fs::path path{std::string(name)};
  if (fs::is_regular_file(path, error)) return fs::absolute(path);
  const bool is_path = name.starts_with('/') || name.starts_with("./") || name.starts_with("../");
  if (is_path && fs::exists(path, error)) return fs::absolute(path);  // check_gguf says what it is instead of a model
  auto parsed = parse_model_name(name);
  if (is_path || !parsed) {
    if (!is_path && !name.ends_with(".gguf")) return std::unexpected(parsed.error());
    return fail(ErrorCode::kNotFound, std::format("there is no model file {}", printable(name)),
                "see `daimon ls` for the models that are here, or get one with `daimon pull owner/repo`");
  }
  const fs::path snapshot = snapshot_of(repo_folder(folder_, parsed->repo));
  const auto groups =
      snapshot.empty() ? std::vector<std::vector<std::string>>{} : group_model_files(files_of(snapshot));
  auto chosen = choose_model_files(*parsed, groups);
  if (!chosen && chosen.error().code == ErrorCode::kNotFound)
    return fail(ErrorCode::kNotFound, std::format("the model {} is not on this machine", printable(name)),
                std::format("get it with `daimon pull {}`, or see `daimon ls`", printable(name)));
  if (!chosen) return std::unexpected(chosen.error());
  return snapshot / chosen->front();
}

}  // namespace daimon::processor
