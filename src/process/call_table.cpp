#include "process/call_table.h"

#include "base/format.h"
#include "base/hash.h"

namespace daimon::process {
namespace {

std::string signature_of(const device::CallSpecification& specification) {
  std::string text = specification.name + "(";
  const Json* properties = find(specification.arguments_schema, "properties");
  const Json* required = find(specification.arguments_schema, "required");
  if (properties != nullptr && properties->is_object()) {
    bool first = true;
    for (const auto& property : properties->get_object()) {
      if (!first) text += ", ";
      first = false;
      text += property.key();
      bool needed = false;
      if (required != nullptr && required->is_array())
        for (const Json& name : required->get_array())
          needed = needed || (name.is_string() && name.get_string() == property.key());
      if (!needed) text += '?';
    }
  }
  return text + ")";
}

}  // namespace

Status CallTable::add(device::CallSpecification specification, device::Device* device) {
  const std::string name = specification.name;
  if (entries_.contains(name)) return fail(ErrorCode::kConflict, daimon::format("two devices offer a call '{}'", name));
  std::string signature = signature_of(specification);
  entries_.emplace(name, Entry{std::move(specification), std::move(signature), device});
  order_.push_back(name);
  return {};
}

Status CallTable::add_device(device::Device& device) {
  for (const device::CallSpecification& specification : device.calls()) DAIMON_CHECK(add(specification, &device));
  return {};
}

const CallTable::Entry* CallTable::find(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

std::vector<const CallTable::Entry*> CallTable::visible() const {
  std::vector<const Entry*> entries;
  for (const std::string& name : order_)
    if (const Entry* entry = find(name); !entry->specification.hidden) entries.push_back(entry);
  return entries;
}

std::string CallTable::version(std::string_view build) const {
  Sha256 hash;
  hash.update(daimon::format("{}:{}\n", build.size(), build));
  for (const auto& [name, entry] : entries_) {
    const device::CallSpecification& call = entry.specification;
    const std::string schema = to_text(call.arguments_schema);
    hash.update(daimon::format("{} {} {} {} {}:{}\n", name, device::name_of(call.effect), call.needs_approval_at_l2,
                               call.hidden, schema.size(), schema));
  }
  return to_hex(hash.finish()).substr(0, 32);
}

}  // namespace daimon::process
