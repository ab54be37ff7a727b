#include "capability/table.h"

#include "base/format.h"

namespace daimon::capability {

const Table::Slot* Table::slot(Handle handle) const {
  if (handle.index >= slots_.size()) return nullptr;
  const Slot& slot = slots_[handle.index];
  return slot.live && slot.generation == handle.generation ? &slot : nullptr;
}

Handle Table::grant(Capability capability) {
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].live) continue;
    slots_[i] = {std::move(capability), slots_[i].generation + 1, true, std::nullopt};
    return {i, slots_[i].generation};
  }
  slots_.push_back({std::move(capability), 1, true, std::nullopt});
  return {static_cast<std::uint32_t>(slots_.size() - 1), 1};
}

Result<Handle> Table::delegate(Handle parent, Capability narrower) {
  const Slot* from = slot(parent);
  if (from == nullptr) return fail(ErrorCode::kDenied, "the capability to delegate from has been revoked");
  if (!from->capability.contains(narrower))
    return fail(ErrorCode::kDenied,
                daimon::format("delegation may only narrow, and {} on '{}' is wider than what is held", narrower.kind,
                               narrower.object));
  const Handle child = grant(std::move(narrower));
  slots_[child.index].parent = parent;
  return child;
}

void Table::revoke(Handle handle) {
  if (slot(handle) == nullptr) return;
  slots_[handle.index].live = false;
  for (std::uint32_t i = 0; i < slots_.size(); ++i)
    if (slots_[i].live && slots_[i].parent == handle) revoke({i, slots_[i].generation});
}

const Capability* Table::find(Handle handle) const {
  const Slot* found = slot(handle);
  return found != nullptr ? &found->capability : nullptr;
}

std::optional<Handle> Table::lookup(const Access& access, WallTime now) const {
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    const Slot& candidate = slots_[i];
    if (!candidate.live || !candidate.capability.covers(access)) continue;
    // A use is counted on every ancestor, so a used-up or expired ancestor ends the right as well.
    bool usable = true;
    for (std::optional<Handle> at = Handle{i, candidate.generation}; at && usable;) {
      const Slot* holder = slot(*at);
      usable = holder != nullptr && (!holder->capability.uses_left || *holder->capability.uses_left > 0) &&
               (!holder->capability.expires || now < *holder->capability.expires);
      at = holder != nullptr ? holder->parent : std::nullopt;
    }
    if (usable) return Handle{i, candidate.generation};
  }
  return std::nullopt;
}

void Table::use(Handle handle) {
  for (std::optional<Handle> at = handle; at;) {
    if (slot(*at) == nullptr) return;
    Slot& holder = slots_[at->index];
    if (holder.capability.uses_left) --*holder.capability.uses_left;
    at = holder.parent;
  }
}

std::vector<Handle> Table::handles() const {
  std::vector<Handle> all;
  for (std::uint32_t i = 0; i < slots_.size(); ++i)
    if (slots_[i].live) all.push_back({i, slots_[i].generation});
  return all;
}

}  // namespace daimon::capability
