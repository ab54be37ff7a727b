#include "capability/capability.h"

#include <algorithm>
#include <array>

#include "base/host_name.h"

namespace daimon::capability {
namespace {

bool is_below(std::string_view prefix, std::string_view path) {
  return prefix.empty() || (path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/'));
}

bool object_covers(std::string_view kind, std::string_view wide, std::string_view narrow) {
  if (kind == "net") return host_is_meant(wide, narrow);
  if (kind == "file" || kind == "index") return is_below(wide, narrow);
  return wide.empty() || wide == narrow;
}

}  // namespace

bool Capability::covers(const Access& access) const {
  return kind == access.kind && std::ranges::binary_search(verbs, access.verb) &&
         object_covers(kind, object, access.object);
}

bool Capability::contains(const Capability& narrower) const {
  const auto within = [](const auto& wide, const auto& narrow) { return !wide || (narrow && *narrow <= *wide); };
  return kind == narrower.kind && std::ranges::includes(verbs, narrower.verbs) &&
         (object == narrower.object || object_covers(kind, object, narrower.object)) && narrower.ceiling <= ceiling &&
         within(uses_left, narrower.uses_left) && within(expires, narrower.expires);
}

Json to_json(const Capability& capability) {
  JsonObject object{{"kind", capability.kind},
                    {"verbs", JsonArray(capability.verbs.begin(), capability.verbs.end())},
                    {"object", capability.object},
                    {"ceiling", name_of(capability.ceiling)}};
  if (capability.uses_left) object["uses_left"] = *capability.uses_left;
  if (capability.expires) object["expires"] = to_milliseconds(*capability.expires);
  return object;
}

Result<Capability> capability_from_json(const Json& value) {
  Capability capability;
  const auto kind = find_string(value, "kind");
  const Json* verbs = find(value, "verbs");
  if (!kind || verbs == nullptr || !verbs->is_array())
    return fail(ErrorCode::kCorrupt, "a capability needs a kind and verbs");
  capability.kind = *kind;
  for (const Json& verb : verbs->get_array()) {
    if (!verb.is_string()) return fail(ErrorCode::kCorrupt, "a verb of a capability is not text");
    capability.verbs.emplace_back(verb.get_string());
  }
  std::ranges::sort(capability.verbs);
  // A limit that is missing or cannot be read is no reason to do without it.
  const auto object = find_string(value, "object");
  const auto ceiling = find_string(value, "ceiling");
  if (!object || !ceiling) return fail(ErrorCode::kCorrupt, "a capability needs an object and a ceiling");
  capability.object = *object;
  constexpr std::array kCeilings = {Confidentiality::kPublic, Confidentiality::kPersonal, Confidentiality::kSecret};
  const auto* const known = std::ranges::find(kCeilings, *ceiling, [](Confidentiality c) { return name_of(c); });
  if (known == kCeilings.end()) return fail(ErrorCode::kCorrupt, "the ceiling of a capability is none that is known");
  capability.ceiling = *known;
  const auto expires = find_integer(value, "expires");
  capability.uses_left = find_integer(value, "uses_left");
  if (expires.has_value() != (find(value, "expires") != nullptr) ||
      capability.uses_left.has_value() != (find(value, "uses_left") != nullptr))
    return fail(ErrorCode::kCorrupt, "a limit of a capability is no whole number");
  if (expires) capability.expires = wall_time_from(*expires);
  return capability;
}

}  // namespace daimon::capability
