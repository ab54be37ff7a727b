#include "kernel/index_device.h"

#include <algorithm>
#include <array>
#include <climits>
#include <filesystem>
#include <set>
#include <span>

#include "base/format.h"
#include "base/text.h"
#include "device/typed_call.h"
#include "kernel/table_facts.h"
#include "memory/goal_facts.h"

namespace daimon::kernel {
namespace {

using capability::Access;
using device::Call;
using device::CallContext;
using device::CallSpecification;
using device::EffectClass;
using device::Outcome;
using Ruling = capability::Constitution::Ruling;

constexpr int kPassagesMax = 6;
constexpr std::int64_t kSurveyedMax = 100;
constexpr std::size_t kNamedMax = 32;  // names of a goal that a survey tells of
constexpr std::size_t kWindowBytes = 480;

Json text_schema(int length_max, std::string_view description) {
  return JsonObject{{"type", "string"}, {"minLength", 1}, {"maxLength", length_max}, {"description", description}};
}

CallSpecification specification(std::string name, std::string summary, JsonObject properties, std::string verb,
                                bool hidden) {
  JsonArray required;
  for (const auto& property : properties) required.emplace_back(property.key());
  CallSpecification made;
  made.name = std::move(name);
  made.summary = std::move(summary);
  made.arguments_schema = JsonObject{{"type", "object"},
                                     {"properties", std::move(properties)},
                                     {"required", std::move(required)},
                                     {"additionalProperties", false}};
  made.effect = EffectClass::kRead;
  made.hidden = hidden;
  // What no device would take is refused before it is on the record.
  made.accesses = [verb = std::move(verb),
                   schema = made.arguments_schema](const Json& arguments) -> Result<std::vector<Access>> {
    DAIMON_CHECK(device::check_arguments(schema, arguments));
    return std::vector{Access{"index", verb, ""}};
  };
  return made;
}

class IndexDevice final : public device::Device {
 public:
  IndexDevice(fs::FileSystem& files, const capability::Constitution& constitution)
      : files_(files),
        constitution_(constitution),
        calls_{specification("search", "find passages in the mounted files",
                             {{"query", text_schema(400, "the words to look for")}}, "search", false),
               specification("survey", "which files the goal may be about",
                             {{"goal", text_schema(400'000, "the goal")}, {"limit", JsonObject{{"type", "integer"}}}},
                             "survey", true),
               specification("cite", "whether a quotation stands in a document",
                             {{"path", text_schema(4096, "the file")},
                              {"version", text_schema(64, "the version's hash")},
                              {"quote", text_schema(4000, "the quotation")}},
                             "cite", true)} {}

  [[nodiscard]] std::string_view name() const override { return "index"; }
  [[nodiscard]] std::span<const CallSpecification> calls() const override { return calls_; }

  Result<Outcome> run(const Call& call, const CallContext& context) override {
    if (call.name == "search") return search(call, context);
    if (call.name == "survey") return survey(call, context);
    if (call.name == "cite") return cite(call, context);
    return fail(ErrorCode::kInternal, daimon::format("the index has no call {}", call.name));
  }

 private:
  // The index knows mounts by their names, the process was granted folders: a name that another folder has now is not
  // what it was given. Never empty, which would mean all mounts.
  Result<std::vector<std::string>> granted(std::span<const device::MountReference> mounts) {
    DAIMON_TRY(const auto roots, files_.roots());
    std::vector<std::string> names;
    for (const device::MountReference& mount : mounts)
      if (const auto found = roots.find(mount.name); found != roots.end() && found->second == mount.root)
        names.push_back(mount.name);
    if (names.empty())
      return fail(ErrorCode::kNotFound, "the folders that this process was given are not mounted any more",
                  "mount them again under their names");
    return names;
  }
  Result<capability::Places> places(const CallContext& context) {
    capability::Places places;
    for (const device::MountReference& mount : context.mounts) places.own.push_back({mount.name, mount.root});
    DAIMON_TRY(const auto roots, files_.roots());
    for (const auto& [name, root] : roots) places.others.push_back({name, root});
    return places;
  }
  // A path as the process names it.
  static std::string shown(const CallContext& context, const std::string& mount, const std::string& path) {
    return context.mounts.size() == 1 ? path : mount + "/" + path;
  }

  // The strictest that the constitution says of using the file so, of reading it and of knowing that it is there.
  Ruling ruling(const CallContext& context, const capability::Places& places, const std::string& verb,
                const std::string& mount, const std::string& path) const {
    Ruling strictest = Ruling::kSilent;
    for (const Access& access :
         {Access{"index", verb, shown(context, mount, path)}, Access{"file", "read", shown(context, mount, path)},
          Access{"file", "list", shown(context, mount, path)}})
      strictest = std::max(strictest, constitution_.judge(access, places).ruling);
    return strictest;
  }

  Result<Outcome> search(const Call& call, const CallContext& context) {
    const auto query = find_string(call.arguments, "query");
    if (!query || query->empty()) return fail(ErrorCode::kInvalidArgument, "search needs a query");
    fs::SearchRequest request;
    request.query = *query;
    DAIMON_TRY(request.mounts, granted(context.mounts));
    request.limit = kPassagesMax;
    DAIMON_TRY(const auto places, this->places(context));
    request.admits = [&](const std::string& mount, const std::string& path) {
      return ruling(context, places, "search", mount, path) == Ruling::kSilent;
    };
    DAIMON_TRY(const auto behind, files_.settle(request.mounts, context.stop));
    DAIMON_TRY(const auto passages, files_.search(request));
    DAIMON_TRY(const auto windows, files_.windows(*query, passages, kWindowBytes));
    Outcome outcome;
    outcome.label = capability::system_label();
    JsonArray list;
    for (const fs::Passage& passage : windows) {
      JsonObject item{{"mount", passage.mount},     {"path", shown(context, passage.mount, passage.path)},
                      {"version", passage.version}, {"begin", passage.byte_begin},
                      {"end", passage.byte_end},    {"heading", passage.heading},
                      {"text", passage.text}};
      if (passage.page) item["page"] = *passage.page;
      list.push_back(std::move(item));
      outcome.label = join(outcome.label, passage.label);
    }
    outcome.text = windows.empty() ? "nothing found"
                                   : daimon::format("{} {}", windows.size(),
                                                    one_or_many(std::ssize(windows), "passage", "passages"));
    outcome.value = JsonObject{{"passages", std::move(list)}, {"incomplete", JsonArray(behind.begin(), behind.end())}};
    return outcome;
  }

  void add_table(JsonObject& item, const fs::FileSummary& file, std::string_view goal) {
    constexpr std::size_t kBytesMax = 2U << 20;
    item["columns"] = JsonArray(file.columns.begin(), file.columns.end());
    const auto text = files_.read(file.mount, file.path, kBytesMax);
    // What a file is called chooses no rows: "november-sciences.txt" is no row of science.
    const TableFacts facts = facts_of_table(text ? std::string_view(*text) : std::string_view(),
                                            memory::without_document_names(std::string(goal)));
    const auto& numbers = facts.numbers.empty() ? file.columns : facts.numbers;
    item["numbers"] = JsonArray(numbers.begin(), numbers.end());
    item["dates"] = JsonArray(facts.dates.begin(), facts.dates.end());
    item["years"] = JsonArray(facts.years.begin(), facts.years.end());
    JsonArray named;
    for (const auto& [column, value] : facts.named) named.push_back(JsonObject{{"column", column}, {"value", value}});
    item["named"] = std::move(named);
  }

  // The names in a goal that none of these files has, whole or at its end, nor any other that could be read.
  JsonArray missing_of(const CallContext& context, const capability::Places& places, std::string_view goal,
                       const std::vector<std::string>& paths) const {
    std::vector<std::string> lower;
    for (const std::string& path : paths) lower.push_back(to_lower_ascii(path));
    JsonArray missing;
    for (const std::string& name : memory::file_names_in(goal)) {
      if (missing.size() == kNamedMax) break;
      const std::string wanted = to_lower_ascii(name);
      if (std::ranges::none_of(lower, [&](const std::string& path) { return path.ends_with(wanted); }) &&
          !is_on_disk(context, places, name))
        missing.emplace_back(name);
    }
    return missing;
  }
  // What is not indexed (too large, below a folder that is left out) can be read all the same.
  bool is_on_disk(const CallContext& context, const capability::Places& places, const std::string& name) const {
    const auto resolved = device::resolve_path(context.mounts, name);
    if (!resolved ||
        ruling(context, places, "survey", resolved->mount->name, resolved->relative.string()) == Ruling::kNever)
      return false;
    std::error_code failed;
    return std::filesystem::is_regular_file(resolved->mount->root / resolved->relative, failed);
  }

  // The folders that a goal names, with or without their mount.
  static JsonArray folders_of(std::string_view goal, const std::vector<std::string>& paths) {
    std::set<std::string> there;
    for (const std::string& path : paths)
      for (std::size_t end = path.find('/'); end != std::string::npos; end = path.find('/', end + 1))
        there.insert(path.substr(0, end));
    JsonArray folders;
    for (const std::string& folder : there) {
      const std::size_t below = folder.find('/');
      const bool named =
          goal.contains(folder + "/") || (below != std::string::npos && goal.contains(folder.substr(below + 1) + "/"));
      if (named && folders.size() < kNamedMax) folders.emplace_back(folder);
    }
    return folders;
  }

  Result<Outcome> survey(const Call& call, const CallContext& context) {
    const std::string goal(find_string(call.arguments, "goal").value_or(""));
    const auto limit = static_cast<std::size_t>(
        std::clamp<std::int64_t>(find_integer(call.arguments, "limit").value_or(6), 0, kSurveyedMax));
    DAIMON_TRY(const auto mounts, granted(context.mounts));
    DAIMON_TRY(const auto behind, files_.settle(mounts, context.stop));
    DAIMON_TRY(const auto places, this->places(context));
    DAIMON_TRY(auto files, files_.rank_files(cut_utf8(goal, 4096), mounts, INT_MAX,
                                             [&](const std::string& mount, const std::string& path) {
                                               return ruling(context, places, "survey", mount, path) != Ruling::kNever;
                                             }));
    constexpr std::size_t kGoalBytesMax = 4096;
    const std::string_view named(cut_utf8(goal, kGoalBytesMax));
    std::vector<std::string> paths;
    for (const fs::FileSummary& file : files) paths.push_back(shown(context, file.mount, file.path));
    // What may not be read yet is not missing.
    JsonArray missing = behind.empty() ? missing_of(context, places, named, paths) : JsonArray();
    JsonArray folders = folders_of(named, paths);
    files.resize(std::min(files.size(), limit));
    JsonArray list;
    for (const fs::FileSummary& file : files) {
      JsonObject item{{"path", shown(context, file.mount, file.path)}};
      if (!file.columns.empty() && ruling(context, places, "survey", file.mount, file.path) == Ruling::kSilent)
        add_table(item, file, goal);
      list.push_back(std::move(item));
    }
    // File names are the work of whoever wrote them.
    return Outcome{
        JsonObject{{"files", std::move(list)}, {"missing", std::move(missing)}, {"folders", std::move(folders)}},
        daimon::format("{} {}", files.size(), one_or_many(std::ssize(files), "file", "files")),
        capability::untrusted_label("names of files")};
  }

  Result<Outcome> cite(const Call& call, const CallContext& context) {
    const auto path = find_string(call.arguments, "path");
    const auto version = find_string(call.arguments, "version");
    const auto quote = find_string(call.arguments, "quote");
    if (!path || !version || !quote)
      return fail(ErrorCode::kInvalidArgument, "cite needs a path, a version and a quotation");
    DAIMON_TRY(const auto resolved, device::resolve_path(context.mounts, *path));
    DAIMON_TRY(const auto places, this->places(context));
    // Else whether a guess stands in a file would be told to who may not read it.
    if (ruling(context, places, "cite", resolved.mount->name, resolved.relative.string()) != Ruling::kSilent)
      return fail(ErrorCode::kDenied,
                  daimon::format("a rule of the constitution stands against reading '{}'", printable(*path)));
    DAIMON_CHECK(granted(std::span(resolved.mount, 1)));
    DAIMON_TRY(const auto verification,
               files_.verify(resolved.mount->name, resolved.relative.string(), std::string(*version), *quote));
    return Outcome{
        JsonObject{{"verified", verification.verified}, {"changed_since", verification.changed_since}},
        verification.verified ? "the quotation stands in the document" : "the quotation does not stand in the document",
        capability::system_label()};
  }

  fs::FileSystem& files_;
  const capability::Constitution& constitution_;
  std::array<CallSpecification, 3> calls_;
};

}  // namespace

std::unique_ptr<device::Device> make_index_device(fs::FileSystem& files, const capability::Constitution& constitution) {
  return std::make_unique<IndexDevice>(files, constitution);
}

}  // namespace daimon::kernel
