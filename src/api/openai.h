// The chat completions of OpenAI's API, as far as a processor can answer them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/random.h"
#include "base/result.h"
#include "processor/processor.h"

namespace daimon::api {

struct ChatRequest {
  std::string model;  // "" for the default
  processor::Request request;
  std::vector<std::string> stop;
  bool stream = false;
  bool include_usage = false;
};

// Members that Daimon does not know are ignored; what it knows and cannot do, and what would change the meaning of the
// answer (tools, several choices, images), is kUnsupported. Without a temperature decoding is greedy; a temperature
// without a seed takes one from `random`.
Result<ChatRequest> chat_request_from(const Json& body, Random& random);

// Ends the text at the first stop sequence, and holds back what may still become one.
class StopFilter {
 public:
  explicit StopFilter(std::vector<std::string> stops) : stops_(std::move(stops)) {}
  // The part of the text that is certain after `piece`.
  std::string feed(std::string_view piece);
  // What was held back, at the end.
  std::string finish();
  [[nodiscard]] bool stopped() const { return stopped_; }

 private:
  std::vector<std::string> stops_;
  std::string held_;
  bool stopped_ = false;
};

struct ChatIdentity {
  std::string id;        // "chatcmpl-..."
  std::int64_t created;  // seconds since 1970
  std::string model;
};

Json chat_completion(const ChatIdentity& identity, const processor::Reply& reply);
Json chat_chunk(const ChatIdentity& identity, JsonObject delta, const char* finish_reason, bool usage_follows);
Json chat_usage_chunk(const ChatIdentity& identity, const processor::Reply& reply);
const char* finish_reason_of(const processor::Reply& reply) noexcept;
// {"object": "list", "data": [...]} of System::models.
Json model_list(const Json& models);
// {"error": {"message", "type", "code", "param"}}
Json openai_error(const Error& error);

}  // namespace daimon::api
