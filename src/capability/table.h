// The handles of one process: numbers that name capabilities, the only way to name one.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "capability/capability.h"

namespace daimon::capability {

// An index and the generation of its slot, so that a handle kept after a revocation names nothing.
struct Handle {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;
  bool operator==(const Handle&) const = default;
};

class Table {
 public:
  // A capability without a parent: granted by the kernel at the person's word.
  Handle grant(Capability capability);
  // A narrower one made from `parent`; kDenied when it would be wider in any respect, or the parent is gone.
  Result<Handle> delegate(Handle parent, Capability narrower);
  // Takes back a capability and all that came from it.
  void revoke(Handle handle);

  [[nodiscard]] const Capability* find(Handle handle) const;
  // The one function that turns what a call wants into a right to it: the first handle, in order of granting, that
  // covers the access, is not used up and has not expired at `now`.
  [[nodiscard]] std::optional<Handle> lookup(const Access& access, WallTime now) const;
  // Counts one use, on this capability and on all it came from.
  void use(Handle handle);
  [[nodiscard]] std::vector<Handle> handles() const;

 private:
  struct Slot {
    Capability capability;
    std::uint32_t generation = 0;
    bool live = false;
    std::optional<Handle> parent;
  };
  [[nodiscard]] const Slot* slot(Handle handle) const;

  std::vector<Slot> slots_;
};

}  // namespace daimon::capability
