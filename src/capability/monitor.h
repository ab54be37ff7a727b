// The monitor: a deterministic decision before every effect. Default deny; no model has a say.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/hash.h"
#include "capability/constitution.h"
#include "capability/table.h"

namespace daimon::capability {

// What the monitor knows of a call. Arguments are canonical text (validated, then serialised by to_text).
struct CallFacts {
  std::string name;
  std::string arguments;
  std::span<const Access> accesses;
  Label label;              // the join of everything the arguments were made from
  bool has_effect = false;  // it changes the world, or leaves the machine
  bool risky = false;       // its specification asks for approval at L2
  Places places = {};       // what is mounted
};

enum class Verdict : std::uint8_t { kAllow, kAsk, kDeny };

struct Decision {
  Verdict verdict = Verdict::kDeny;
  std::string reason;           // for people and for the model: never a private value
  std::vector<Handle> handles;  // one for each access, when not denied
};

struct MonitorOptions {
  int autonomy = 2;      // 0 suggests only ... 4 acts within standing grants
  bool planned = false;  // at L3: the plan that the person approved showed this call and what it is done to
};

Decision decide(const CallFacts& facts, const Table& table, const Constitution& constitution,
                const MonitorOptions& options, WallTime now);

// Whether what it reads or writes holds credentials, wherever that is mounted.
bool touches_credentials(const Access& access, const Places& places);

// What an approval is for: call name, argument bytes, targets and label. Any change gives another. Who asks binds it to
// the version of the tools, to what is shown and to its expiry as well (process/process.cpp).
std::string approval_digest(const CallFacts& facts);

}  // namespace daimon::capability
