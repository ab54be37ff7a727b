#include "capability/label.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace daimon::capability {
namespace {
constexpr std::array<std::string_view, 4> kIntegrity = {"system", "user", "agent", "untrusted"};
constexpr std::array<std::string_view, 3> kConfidentiality = {"public", "personal", "secret"};
// A context may draw on thousands of files; past this the label says only that there are more.
constexpr std::size_t kSourcesMax = 64;
}  // namespace

Label system_label() { return {Integrity::kSystem, Confidentiality::kPublic, {}}; }
Label user_label() { return {Integrity::kUser, Confidentiality::kPersonal, {}}; }
Label agent_label() { return {Integrity::kAgent, Confidentiality::kPersonal, {}}; }
Label untrusted_label(std::string source, Confidentiality confidentiality) {
  Label label{Integrity::kUntrusted, confidentiality, {}};
  if (!source.empty()) label.sources.push_back(std::move(source));
  return label;
}

Label join(const Label& a, const Label& b) {
  Label joined{std::max(a.integrity, b.integrity), std::max(a.confidentiality, b.confidentiality), {}};
  std::ranges::set_union(a.sources, b.sources, std::back_inserter(joined.sources));
  if (joined.sources.size() > kSourcesMax) {
    joined.sources.resize(kSourcesMax - 1);
    joined.sources.emplace_back("~more");
    std::ranges::sort(joined.sources);
  }
  return joined;
}

std::string_view name_of(Integrity integrity) noexcept { return kIntegrity[static_cast<std::size_t>(integrity)]; }
std::string_view name_of(Confidentiality confidentiality) noexcept {
  return kConfidentiality[static_cast<std::size_t>(confidentiality)];
}

Json to_json(const Label& label) {
  JsonObject object{{"integrity", name_of(label.integrity)}, {"confidentiality", name_of(label.confidentiality)}};
  if (!label.sources.empty()) object["sources"] = JsonArray(label.sources.begin(), label.sources.end());
  return object;
}

Result<Label> label_from_json(const Json& value) {
  Label label;
  const auto integrity = std::ranges::find(kIntegrity, daimon::find_string(value, "integrity").value_or(""));
  const auto confidentiality =
      std::ranges::find(kConfidentiality, daimon::find_string(value, "confidentiality").value_or(""));
  if (integrity == kIntegrity.end() || confidentiality == kConfidentiality.end())
    return fail(ErrorCode::kCorrupt, "a label without a known integrity and confidentiality");
  label.integrity = static_cast<Integrity>(integrity - kIntegrity.begin());
  label.confidentiality = static_cast<Confidentiality>(confidentiality - kConfidentiality.begin());
  if (const Json* sources = daimon::find(value, "sources"); sources != nullptr && sources->is_array())
    for (const Json& source : sources->get_array())
      if (source.is_string()) label.sources.emplace_back(source.get_string());
  std::ranges::sort(label.sources);
  return label;
}

}  // namespace daimon::capability
