// A processor: something that turns messages into text. Local (libllama) or remote (an OpenAI-compatible server).
//
// Thread: every method may be called from any thread. Callbacks come on the processor's own thread, must return
// quickly and must not call back into the processor except for submit and cancel.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace daimon::processor {

enum class Role : std::uint8_t { kSystem, kUser, kAssistant, kTool };
std::string_view name_of(Role role) noexcept;

// A call that a model asked for through the `tools` of its API.
struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;  // JSON text as the model wrote it: check it before use
  bool operator==(const ToolCall&) const = default;
};

struct Message {
  Role role = Role::kUser;
  std::string content;
  std::string tool_call_id = {};          // of a kTool message that answers a ToolCall
  std::vector<ToolCall> tool_calls = {};  // of a kAssistant message
  bool operator==(const Message&) const = default;
};

// A function offered through the `tools` of the API. Remote processors only; others refuse with kUnsupported.
struct Tool {
  std::string name;
  std::string description;
  Json parameters;  // JSON Schema
};

// temperature 0 is greedy and needs no seed.
//
// A local model gives the same text for the same request and seed, on one machine, when it has been asked the same
// before: the same requests one after the other since it was loaded, or, where it shares no prefixes, anything at all,
// as long as each was alone. Nothing more is promised, not even of greedy answers: a kept prefix, another request in
// the batch or another number of threads adds the same numbers up in another order, and where two tokens are about as
// likely that decides between them. (Of 64 free tokens of the firmware with a kept prompt, about one text in ten is
// another one at temperature 0, half of them at 0.7.)
// Nothing of Daimon relies on it: replay takes what the journal says a model answered. A remote model promises nothing.
struct Sampling {
  float temperature = 0.0F;
  float top_p = 1.0F;
  int top_k = 0;  // 0: off
  float min_p = 0.0F;
  std::uint64_t seed = 0;
};

struct Request {
  std::string id;  // the caller's, unique among requests in flight
  std::vector<Message> messages;
  std::optional<Json> schema;  // JSON Schema that the answer must satisfy (src/constraint); nothing: free text
  Sampling sampling;
  int tokens_max = 512;  // of the answer
  int priority = 0;      // higher first
  std::vector<Tool> tools = {};
};

enum class FinishReason : std::uint8_t { kStop, kLength, kToolCalls };

struct Reply {
  std::string text;
  FinishReason finish = FinishReason::kStop;
  std::string model;       // what answered
  std::uint64_t seed = 0;  // as used
  int prompt_tokens = 0;
  int cached_tokens = 0;     // of prompt_tokens: shared or kept from before, not computed
  int generated_tokens = 0;  // sampled
  int forced_tokens = 0;     // appended by jump-forward, not sampled
  double money = 0;          // what it cost, in the currency of the price list; 0 of a local model
  double queue_ms = 0;
  double prompt_ms = 0;
  double generate_ms = 0;
  double confidence = 1.0;  // geometric mean probability of the sampled tokens under the mask; 1 when unknown
  std::vector<ToolCall> tool_calls = {};  // with kToolCalls
};

// What a request used up.
struct Spent {
  int prompt_tokens = 0;
  int cached_tokens = 0;
  int generated_tokens = 0;
  int forced_tokens = 0;
  double money = 0;
  bool operator==(const Spent&) const = default;
};

// An error of a request, and what it cost all the same: an answer that is of no use was computed too.
struct Failure : Error {
  Failure(Error error, const Spent& used = {}) : Error(std::move(error)), spent(used) {}  // NOLINT: an error is one
  Spent spent;
};
using Answered = std::expected<Reply, Failure>;
Spent spent_of(const Answered& answered);

struct ModelInfo {
  std::string id;              // what --model names
  std::string description;     // "llama 4.3M Q8_0"
  std::string prompt_profile;  // "compact-3" for the firmware, otherwise ""
  bool remote = false;
  bool has_chat_template = true;
  std::string note = {};   // what a person should know, such as a template that is not known
  int context_tokens = 0;  // of one process
  std::uint64_t parameters = 0;
  std::uint64_t file_bytes = 0;
};

// What `daimon cpu` and `daimon free` show.
struct Usage {
  int sequences_max = 0;  // cores: how many processes can decode in one batch
  int sequences_active = 0;
  int requests_queued = 0;
  double tokens_per_second = 0;    // over the last seconds, all sequences: Hz times cores
  std::uint64_t tokens_total = 0;  // sampled or forced since start
  std::uint64_t tokens_prompt_total = 0;
  std::uint64_t tokens_cached_total = 0;
  int cells_used = 0;  // tokens of context memory in use, shared prefixes counted once
  int cells_max = 0;
  std::uint64_t memory_bytes = 0;  // weights and KV cache
  int threads = 0;
  std::string backend;  // "CPU (haswell)"
};

class Processor {
 public:
  using OnText = std::function<void(std::string_view piece)>;  // valid UTF-8 pieces of the answer, in order
  using OnDone = std::function<void(Answered)>;                // exactly once a request; kCancelled after cancel

  virtual ~Processor() = default;  // cancels what is in flight, then joins
  [[nodiscard]] virtual const ModelInfo& model() const = 0;
  virtual void submit(Request request, OnText on_text, OnDone on_done) = 0;
  virtual void cancel(std::string_view request_id) = 0;
  [[nodiscard]] virtual Usage usage() const = 0;
  // What it was loaded from has changed: another one should take its place.
  [[nodiscard]] virtual bool is_outdated() const { return false; }
  // How many tokens of context `text` takes; an estimate (bytes / 4) for a remote model.
  [[nodiscard]] virtual int count_tokens(std::string_view text) const = 0;
};

// Waits for the answer. For tests and tools; never on the kernel's thread.
Answered complete(Processor& processor, Request request);

}  // namespace daimon::processor
