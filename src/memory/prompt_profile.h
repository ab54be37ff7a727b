// How a context is shown to a model and what the model may answer: one profile a kind of model.
//
// A profile is pure: the same context gives the same bytes, which is what lets replay run without a model.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "embedding/static_embedding.h"
#include "memory/context.h"
#include "processor/processor.h"

namespace daimon::memory {

// A call that the model may choose.
struct Offer {
  std::string name;
  std::string signature;  // "write(path, content)"
  std::string summary;
  Json arguments_schema;
};

// One step of a plan, as the model or the kernel made it.
struct PlanStep {
  std::string call;
  std::string text;   // what it is for
  std::string check;  // how its success is recognised
};

// Where a process stands when it asks for its next call.
struct Turn {
  const Context& context;
  std::span<const std::string> calls;  // all that the process may use, as the plan was made from
  std::span<const Offer> offers;       // those of them that may come now
  std::span<const PlanStep> plan;
  std::size_t step = 0;                                  // of the plan, the one that is next
  const embedding::StaticEmbedding* meanings = nullptr;  // of words; without it they count as they are spelt
  std::span<const Offer> tools = {};                     // that the plan calls and the profile was not made for
};

struct Prompt {
  std::vector<processor::Message> messages;
  Json schema;
  int tokens_max = 256;
};

struct ChosenCall {
  std::string name;
  Json arguments;
};

class PromptProfile {
 public:
  virtual ~PromptProfile() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  // Whether the plan alone decides which call comes next (the model fills it), or the model chooses at each step.
  [[nodiscard]] virtual bool plan_decides() const = 0;
  // Without `meanings` words count as they are spelt.
  [[nodiscard]] virtual Prompt plan(const Context& context, std::span<const Offer> offers,
                                    const embedding::StaticEmbedding* meanings) const = 0;
  [[nodiscard]] virtual Prompt call(const Turn& turn) const = 0;
  // The call that an answer to such a prompt names.
  [[nodiscard]] virtual daimon::Result<ChosenCall> chosen(std::string_view answer) const = 0;
};

// The firmware's profile, firmware/FORMAT.md.
const PromptProfile& compact_profile();
// For every other model: instructions in words, calls with their schemas, and a `finish` call.
const PromptProfile& full_profile();
// By the name that a model's file asks for; "" is full_profile, nullptr a profile of another version of Daimon.
const PromptProfile* profile_named(std::string_view name);

// The answers that every profile shares: {"plan": [...]} and {"call": ..., "with": {...}}.
daimon::Result<std::vector<PlanStep>> parse_plan(std::string_view text);
daimon::Result<ChosenCall> parse_call(std::string_view text);

// The line of a result and the block of files as models see them, from FORMAT.md and shared by the profiles.
std::string render_result(const Result& result);
std::string render_files(std::span<const FileEntry> files);
// Newlines as " / ", control characters as blanks.
std::string one_line(std::string_view text);

// {"anyOf": [{"call": const, "with": ...}, ...]}, or the one alternative alone.
Json call_schema(std::span<const Offer> offers, std::span<const Json> with_schemas);

}  // namespace daimon::memory
