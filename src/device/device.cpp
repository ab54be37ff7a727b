#include "device/device.h"

#include <algorithm>
#include <array>

#include "base/format.h"
#include "base/text.h"

namespace daimon::device {

std::string_view name_of(EffectClass effect) noexcept {
  constexpr std::array<std::string_view, 5> kNames = {"pure", "read", "idempotent", "queryable", "opaque"};
  return kNames[static_cast<std::size_t>(effect)];
}

Result<std::optional<Outcome>> Device::query(const Call& call, const CallContext&) {
  return fail(ErrorCode::kUnsupported, daimon::format("{} cannot tell whether it happened", call.name));
}

Result<ResolvedPath> resolve_path(std::span<const MountReference> mounts, std::string_view path) {
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorCode::kInvalidArgument, daimon::format("the path '{}' {}", printable(path), why),
                "give a path below a mounted folder, such as letters/fence.md");
  };
  if (mounts.empty())
    return fail(ErrorCode::kNotFound, "no folder is mounted", "mount one: daimon run ... --mount FOLDER");
  if (path.contains('\0')) return refuse("contains a NUL byte");
  if (path.starts_with('/')) return refuse("is absolute");
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
  if (mounts.size() == 1) return ResolvedPath{&mounts.front(), std::filesystem::path(path)};
  const std::size_t end = std::min(path.find('/'), path.size());
  const auto mount = std::ranges::find(mounts, path.substr(0, end), &MountReference::name);
  if (mount == mounts.end()) return refuse("does not start with the name of a mount");
  return ResolvedPath{&*mount, std::filesystem::path(path.substr(std::min(end + 1, path.size())))};
}

}  // namespace daimon::device
