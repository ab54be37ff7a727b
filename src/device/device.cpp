#include "device/device.h"

#include <algorithm>
#include <array>

#include "base/format.h"
#include "base/text.h"
#include "base/within.h"
#include "capability/credentials.h"

namespace daimon::device {

std::string_view name_of(EffectClass effect) noexcept {
  constexpr std::array<std::string_view, 5> kNames = {"pure", "read", "idempotent", "queryable", "opaque"};
  return kNames[static_cast<std::size_t>(effect)];
}

Result<std::optional<Outcome>> Device::query(const Call& call, const CallContext&) {
  return fail(ErrorCode::kUnsupported, daimon::format("{} cannot tell whether it happened", call.name));
}

namespace {

std::unexpected<Error> refuse_path(std::string_view path, std::string_view why) {
  return fail(ErrorCode::kInvalidArgument, daimon::format("the path '{}' {}", printable(path), why),
              "give a path below a mounted folder, such as letters/fence.md");
}

}  // namespace

Result<std::string> canonical_path(std::string_view path) {
  const auto refuse = [given = path](std::string_view why) { return refuse_path(given, why); };
  if (path.contains('\0')) return refuse("contains a NUL byte");
  if (path.starts_with('/')) return refuse("is absolute");
  // A shell makes a home folder of it; a folder of that name nobody means.
  if (path == "~" || path.starts_with("~/")) return refuse("begins in a home folder");
  if (path == ".") path = "";
  while (path.starts_with("./")) path.remove_prefix(2);
  while (path.ends_with('/')) path.remove_suffix(1);
  for (std::string_view rest = path; !rest.empty();) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view component = rest.substr(0, end);
    if (component == "..") return refuse("leaves its folder");
    if (component.empty() || component == ".") return refuse("has an empty component");
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return std::string(path);
}

Result<std::vector<Access>> file_access(std::string_view verb, std::string_view path) {
  DAIMON_TRY(std::string object, canonical_path(path));
  if (object.empty()) object = ".";
  return std::vector{Access{"file", std::string(verb), std::move(object)}};
}

Result<ResolvedPath> resolve_path(std::span<const MountReference> mounts, std::string_view given) {
  if (mounts.empty())
    return fail(ErrorCode::kNotFound, "no folder is mounted", "mount one: daimon run ... --mount FOLDER");
  DAIMON_TRY(const std::string clean, canonical_path(given));
  const std::string_view path = clean;
  const auto resolved = [&](const MountReference& mount, std::filesystem::path relative) -> Result<ResolvedPath> {
    for (const std::filesystem::path& closed : mount.closed)
      if (is_within(closed, relative))
        return fail(ErrorCode::kDenied,
                    daimon::format("'{}' is Daimon's own, which no process may touch", printable(given)));
    return ResolvedPath{&mount, std::move(relative)};
  };
  if (mounts.size() == 1) return resolved(mounts.front(), path);
  const std::size_t end = std::min(path.find('/'), path.size());
  const auto mount = std::ranges::find(mounts, path.substr(0, end), &MountReference::name);
  if (mount == mounts.end()) {
    constexpr std::size_t kShown = 4;
    std::string choices;
    for (std::size_t i = 0; i < std::min(kShown, mounts.size()); ++i)
      choices += daimon::format("{}{}/{}", i == 0 ? "" : " or ", printable(mounts[i].name), printable(path));
    return fail(ErrorCode::kInvalidArgument,
                daimon::format("the path '{}' does not start with the name of a mount", printable(given)),
                daimon::format("say {}", choices));
  }
  return resolved(*mount, path.substr(std::min(end + 1, path.size())));
}

capability::Label label_of(const ResolvedPath& file, std::string_view path) {
  return capability::untrusted_label(daimon::format("file:{}", path),
                                     capability::holds_credentials(file.mount->root / file.relative)
                                         ? capability::Confidentiality::kSecret
                                         : capability::Confidentiality::kPersonal);
}

void close_folders(MountReference& mount, std::span<const std::filesystem::path> own) {
  for (const std::filesystem::path& folder : own) {
    if (is_within(folder, mount.root)) mount.closed = {""};
    if (is_within(mount.root, folder) && folder != mount.root)
      mount.closed.push_back(folder.lexically_relative(mount.root));
  }
}

}  // namespace daimon::device
