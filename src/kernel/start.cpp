#include "kernel/start.h"

#include <algorithm>
#include <filesystem>
#include <span>

#include "base/format.h"
#include "base/text.h"
#include "capability/capability.h"
#include "capability/table.h"

namespace daimon::kernel {
namespace {

// What a process may do by default: read and search its mounts, stage and (by autonomy and approval) write below
// them, calculate, run programs in the sandbox, ask its person, and fetch from the hosts that the person allows.
// With tools of others, use these too.
std::vector<capability::Capability> default_grants(std::span<const std::string> web_hosts, bool has_mounts,
                                                   bool has_tools) {
  using capability::Confidentiality;
  std::vector<capability::Capability> grants;
  if (has_mounts) {
    grants.push_back({"file", {"list", "read", "write"}, "", Confidentiality::kSecret, {}, {}});
    grants.push_back({"index", {"cite", "search", "survey"}, "", Confidentiality::kSecret, {}, {}});
  }
  grants.push_back({"calculator", {"use"}, "", Confidentiality::kSecret, {}, {}});
  grants.push_back({"python", {"run"}, "", Confidentiality::kSecret, {}, {}});
  grants.push_back({"person", {"ask"}, "", Confidentiality::kSecret, {}, {}});
  if (has_tools) grants.push_back({"tool", {"use"}, "", Confidentiality::kSecret, {}, {}});
  for (const std::string& host : web_hosts)
    grants.push_back({"net", {"get"}, host, Confidentiality::kPersonal, {}, {}});
  return grants;
}

JsonArray to_json(std::span<const capability::Capability> grants) {
  JsonArray list;
  for (capability::Capability grant : grants) {
    std::ranges::sort(grant.verbs);
    list.push_back(capability::to_json(grant));
  }
  return list;
}

Json to_json(const device::MountReference& mount) {
  return JsonObject{{"name", mount.name}, {"root", mount.root.string()}, {"writable", mount.writable}};
}

template <class T>
T chosen(T wanted, T otherwise) {
  return wanted > 0 ? wanted : otherwise;
}

}  // namespace

Status check_constitution(const capability::Constitution& constitution) {
  const std::vector<std::string> any_host{"*"};
  const auto grants = default_grants(any_host, true, true);
  const auto idle = constitution.rules_without([&](std::string_view verb, std::string_view kind) {
    return std::ranges::any_of(grants, [&](const capability::Capability& grant) {
      return (kind.empty() || grant.kind == kind) && (verb.empty() || std::ranges::contains(grant.verbs, verb));
    });
  });
  if (idle.empty()) return {};
  return fail(
      ErrorCode::kInvalidArgument,
      daimon::format("line {} of the constitution (constitution.txt): '{}' is about nothing that a process can do",
                     idle[0].number, printable(idle[0].line)),
      "its second word is a verb and its third a kind: docs/configuration.md lists them");
}

Status check_start(const StartOptions& options, const KernelOptions& kernel) {
  if (trim(options.goal).empty())
    return fail(ErrorCode::kInvalidArgument, "the goal is empty",
                "say what you want, for example: daimon run \"what did I pay for water?\"");
  if (!is_utf8(options.goal))
    return fail(ErrorCode::kInvalidArgument, "the goal is not valid UTF-8 text",
                "check the encoding of what was typed or piped in");
  if (options.goal.size() > kernel.goal_bytes_max)
    return fail(
        ErrorCode::kLimit,
        daimon::format("the goal has {} bytes; at most {} are taken", options.goal.size(), kernel.goal_bytes_max),
        "put the long part into a file and mount its folder");
  if (options.material.size() > kernel.material_bytes_max)
    return fail(ErrorCode::kLimit,
                daimon::format("the material has {} bytes; at most {} are taken", options.material.size(),
                               kernel.material_bytes_max),
                "put it into a file and mount its folder");
  if (!is_utf8(options.material))
    return fail(ErrorCode::kInvalidArgument, "the material is not valid UTF-8 text",
                "mount the folder of a file that is not text");
  if (options.autonomy < 0 || options.autonomy > 4)
    return fail(
        ErrorCode::kInvalidArgument, daimon::format("there is no autonomy level {}", options.autonomy),
        "0 suggests, 1 asks before every effect, 2 before risky ones, 3 asks for its plan and for what that does not "
        "show, 4 acts alone");
  if (options.budget.tokens < 0 || options.budget.seconds < 0 || options.budget.effects < 0 || options.budget.money < 0)
    return fail(ErrorCode::kInvalidArgument, "a budget cannot be negative");
  return {};
}

Result<Json> created_body(const StartOptions& options, const KernelOptions& kernel, const processor::ModelInfo& model,
                          const std::vector<fs::MountStatus>& mounts, const device::MountReference* material,
                          Random& random) {
  JsonArray chosen_mounts;
  for (const std::string& name : options.mounts) {
    const auto found = std::ranges::find(mounts, name, &fs::MountStatus::name);
    if (found == mounts.end())
      return fail(ErrorCode::kNotFound, daimon::format("no folder is mounted as '{}'", printable(name)),
                  "`daimon mount PATH` mounts one; `daimon mounts` lists them");
    if (found->gone)
      return fail(ErrorCode::kNotFound,
                  daimon::format("the folder of '{}' is gone: {}", printable(name), printable(found->root.string())),
                  daimon::format("bring it back, or `daimon unmount {}` and mount where it is now", printable(name)));
    chosen_mounts.push_back(to_json({found->name, found->root, true, {}}));
  }
  // A goal without mounts and material of its own sees all that the person has mounted.
  // What the index remembers of a folder that is gone answers for nothing.
  JsonArray gone;
  if (options.mounts.empty() && options.material.empty()) {
    for (const fs::MountStatus& mount : mounts)
      if (mount.gone)
        gone.emplace_back(mount.name);
      else
        chosen_mounts.push_back(to_json({mount.name, mount.root, true, {}}));
  }
  if (material != nullptr) chosen_mounts.push_back(to_json(*material));
  JsonArray places;
  for (const fs::MountStatus& mount : mounts)
    places.push_back(JsonObject{{"name", mount.name}, {"root", mount.root.string()}});
  if (options.mode == Mode::kAsk && chosen_mounts.empty())
    return fail(ErrorCode::kInvalidArgument, "there are no files to ask: no folder is mounted",
                "mount one first: daimon mount ~/Documents");
  const bool has_mounts = !chosen_mounts.empty();
  JsonObject budget{{"tokens", chosen(options.budget.tokens, kernel.limits.tokens)},
                    {"seconds", chosen(options.budget.seconds, kernel.limits.seconds)},
                    {"effects", chosen(options.budget.effects, kernel.limits.effects)},
                    {"money", chosen(options.budget.money, kernel.limits.money)}};
  // Seeds stay below 2^53, so that every JSON reader keeps them exactly.
  const std::uint64_t seed = options.seed ? *options.seed : random.next() >> 11;
  JsonObject body{{"goal", std::string(trim(options.goal))},
                  {"mode", options.mode == Mode::kAsk ? "ask" : "run"},
                  {"model", model.id},
                  {"profile", model.prompt_profile},
                  {"parent", options.parent},
                  {"autonomy", options.autonomy},
                  {"seed", seed & ((std::uint64_t{1} << 53) - 1)},
                  {"mounts", std::move(chosen_mounts)},
                  {"gone", std::move(gone)},
                  {"places", std::move(places)},
                  {"grants", to_json(default_grants(kernel.web_hosts, has_mounts, kernel.has_tools))},
                  {"budget", std::move(budget)}};
  if (material == nullptr && !options.material.empty()) body["material"] = options.material;
  return Json(std::move(body));
}

Status narrow_to_parent(Json& created, const StartOptions& options, const device::MountReference* material,
                        const process::Process& parent) {
  JsonObject& body = created.as_object();
  const auto refuse = [&](std::string_view what, std::string_view remedy) {
    return fail(ErrorCode::kDenied, daimon::format("{} may not give {}", parent.id(), what), std::string(remedy));
  };
  if (parent.is_paused())
    return fail(ErrorCode::kConflict, daimon::format("{} is paused, and nothing is begun below it", parent.id()),
                daimon::format("`daimon resume {}` lets it go on", parent.id()));
  // Without mounts and material of its own it has its parent's.
  JsonArray mounts;
  for (const device::MountReference& mount : parent.mounts())
    if ((options.mounts.empty() && options.material.empty()) || std::ranges::contains(options.mounts, mount.name))
      mounts.push_back(to_json(mount));
  if (material != nullptr) mounts.push_back(to_json(*material));
  for (const std::string& name : options.mounts)
    if (!std::ranges::contains(parent.mounts(), name, &device::MountReference::name))
      return refuse(daimon::format("the mount '{}', which it does not see", printable(name)),
                    "start it without the parent, or give the parent that mount");
  body["mounts"] = std::move(mounts);
  body["autonomy"] = std::min(options.autonomy, parent.autonomy());
  // Only what a capability of the parent contains is handed on.
  JsonArray grants;
  capability::Table table = parent.capabilities();
  for (const Json& grant : body.at("grants").as_array()) {
    const auto wanted = capability::capability_from_json(grant);
    if (wanted && std::ranges::any_of(table.handles(), [&](const capability::Handle& handle) {
          return table.delegate(handle, *wanted).has_value();
        }))
      grants.push_back(grant);
  }
  body["grants"] = std::move(grants);
  const process::Limits left = parent.left();
  JsonObject budget;
  std::string missing;
  const auto lend = [&](std::string_view name, auto wanted, auto has) {
    if (wanted > has)
      missing += daimon::format("{}{} {}, of which it has {} left", missing.empty() ? "" : ", ", wanted, name, has);
    budget[name] = wanted > 0 ? wanted : has / 2;
  };
  lend("tokens", options.budget.tokens, left.tokens);
  lend("seconds", options.budget.seconds, left.seconds);
  lend("effects", options.budget.effects, left.effects);
  lend("money", options.budget.money, left.money);
  if (!missing.empty()) return refuse(missing, daimon::format("`daimon budget {}` raises what it has", parent.id()));
  body["budget"] = std::move(budget);
  return {};
}

}  // namespace daimon::kernel
