// Labels: where a span of context or a value comes from, and who may read it.
//
// Integrity falls and confidentiality rises as values are joined: model output carries the join of everything in
// its context (Denning, "A lattice model of secure information flow", 1976).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace daimon::capability {

// From most to least trusted.
enum class Integrity : std::uint8_t {
  kSystem,     // Daimon itself
  kUser,       // the person, over a channel agents cannot reach
  kAgent,      // a model's own words
  kUntrusted,  // documents, web pages, program output: anything whose author may be hostile
};

// From least to most restricted.
enum class Confidentiality : std::uint8_t {
  kPublic,    // may go anywhere
  kPersonal,  // the person's own: may not leave this machine unless policy says so
  kSecret,    // never into a context that a remote model sees
};

struct Label {
  Integrity integrity = Integrity::kSystem;
  Confidentiality confidentiality = Confidentiality::kPublic;
  std::vector<std::string> sources;  // sorted, unique, such as "file:letters/fence.md" or "web:example.org"

  bool operator==(const Label&) const = default;
};

Label system_label();
Label user_label();
Label agent_label();
Label untrusted_label(std::string source, Confidentiality confidentiality = Confidentiality::kPersonal);

// The least label that is at least as restricted as both. Associative, commutative, idempotent.
Label join(const Label& a, const Label& b);

std::string_view name_of(Integrity integrity) noexcept;
std::string_view name_of(Confidentiality confidentiality) noexcept;
Json to_json(const Label& label);
Result<Label> label_from_json(const Json& value);

}  // namespace daimon::capability
