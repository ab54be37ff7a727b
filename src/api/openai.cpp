#include "api/openai.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "base/text.h"

namespace daimon::api {
namespace {

using processor::Message;
using processor::Role;

constexpr std::size_t kMessagesMax = 4096;
constexpr std::size_t kStopsMax = 4;
constexpr int kTokensDefault = 1024;
constexpr int kTokensMax = 1 << 20;

std::unexpected<Error> wrong(std::string_view name, std::string_view wanted) {
  return fail(ErrorCode::kInvalidArgument, daimon::format("\"{}\" must be {}", name, wanted));
}

const Json* given(const Json& body, std::string_view name) {
  const Json* member = find(body, name);
  return member == nullptr || member->is_null() ? nullptr : member;
}

Result<Role> role_from(std::string_view name) {
  if (name == "system" || name == "developer") return Role::kSystem;
  if (name == "user") return Role::kUser;
  if (name == "assistant") return Role::kAssistant;
  if (name == "tool" || name == "function") return Role::kTool;
  return wrong("role", "system, developer, user, assistant or tool");
}

Result<std::string> content_from(const Json* content) {
  if (content == nullptr || content->is_null()) return std::string();
  if (content->is_string()) return std::string(content->get_string());
  if (!content->is_array()) return wrong("content", "a string or a list of parts");
  std::string text;
  for (const Json& part : content->get_array()) {
    const auto type = find_string(part, "type");
    if (type != "text")
      return fail(ErrorCode::kUnsupported, "only text parts of a message can be read",
                  "leave out images, audio and files");
    const auto piece = find_string(part, "text");
    if (!piece) return wrong("text", "a string");
    if (!text.empty()) text += '\n';
    text += *piece;
  }
  return text;
}

Result<std::vector<Message>> messages_from(const Json& body) {
  const Json* list = given(body, "messages");
  if (list == nullptr || !list->is_array() || list->get_array().empty())
    return wrong("messages", "a list of at least one message");
  if (list->get_array().size() > kMessagesMax)
    return fail(ErrorCode::kLimit, daimon::format("there are more than {} messages", kMessagesMax));
  std::vector<Message> messages;
  for (const Json& item : list->get_array()) {
    DAIMON_TRY(const Role role, role_from(find_string(item, "role").value_or("")));
    if (given(item, "tool_calls") != nullptr)
      return fail(ErrorCode::kUnsupported, "calls of tools are not served here",
                  "`daimon run` is where tools are called");
    DAIMON_TRY(std::string content, content_from(find(item, "content")));
    messages.push_back({role, std::move(content)});
  }
  return messages;
}

Status read_number(const Json& body, const char* name, double least, double most, float& to) {
  const Json* member = given(body, name);
  if (member == nullptr) return {};
  const auto number = find_number(body, name);
  if (!number || !(*number >= least && *number <= most))
    return wrong(name, daimon::format("a number from {} to {}", least, most));
  to = static_cast<float>(*number);
  return {};
}

Status read_schema(const Json& body, processor::Request& request) {
  const Json* format = given(body, "response_format");
  if (format == nullptr) return {};
  const auto type = find_string(*format, "type");
  if (type == "text") return {};
  if (type == "json_object") {
    request.schema = JsonObject{{"type", "object"}};
    return {};
  }
  if (type != "json_schema") return wrong("response_format.type", "text, json_object or json_schema");
  const Json* named = given(*format, "json_schema");
  const Json* schema = named == nullptr ? nullptr : given(*named, "schema");
  if (schema == nullptr || !schema->is_object()) return wrong("response_format.json_schema.schema", "a JSON Schema");
  request.schema = *schema;
  return {};
}

Status read_stops(const Json& body, std::vector<std::string>& stops) {
  const Json* member = given(body, "stop");
  if (member == nullptr) return {};
  if (member->is_string()) {
    stops.emplace_back(member->get_string());
  } else if (member->is_array()) {
    for (const Json& item : member->get_array()) {
      if (!item.is_string()) return wrong("stop", "a string or a list of strings");
      stops.emplace_back(item.get_string());
    }
  } else {
    return wrong("stop", "a string or a list of strings");
  }
  std::erase(stops, std::string());
  if (stops.size() > kStopsMax)
    return fail(ErrorCode::kInvalidArgument, daimon::format("at most {} stop sequences are taken", kStopsMax));
  return {};
}

Status refuse_unsupported(const Json& body) {
  if (const Json* tools = given(body, "tools"); tools != nullptr &&
                                                !(tools->is_array() && tools->get_array().empty()) &&
                                                find_string(body, "tool_choice") != "none")
    return fail(ErrorCode::kUnsupported, "tools are not served here",
                "use response_format with a JSON Schema, or `daimon run`");
  if (find_integer(body, "n").value_or(1) != 1)
    return fail(ErrorCode::kUnsupported, "only one choice is made (\"n\": 1)");
  if (find_bool(body, "logprobs").value_or(false))
    return fail(ErrorCode::kUnsupported, "log probabilities are not served");
  return {};
}

Json usage_of(const processor::Reply& reply) {
  const int completion = reply.generated_tokens + reply.forced_tokens;
  return JsonObject{{"prompt_tokens", reply.prompt_tokens},
                    {"completion_tokens", completion},
                    {"total_tokens", reply.prompt_tokens + completion},
                    {"prompt_tokens_details", JsonObject{{"cached_tokens", reply.cached_tokens}}}};
}

}  // namespace

Result<ChatRequest> chat_request_from(const Json& body, Random& random) {
  if (!body.is_object()) return fail(ErrorCode::kInvalidArgument, "the body must be a JSON object");
  ChatRequest chat;
  processor::Request& request = chat.request;
  DAIMON_CHECK(refuse_unsupported(body));
  if (const Json* model = given(body, "model")) {
    if (!model->is_string()) return wrong("model", "a string");
    chat.model = model->get_string();
  }
  DAIMON_TRY(request.messages, messages_from(body));
  DAIMON_CHECK(read_number(body, "temperature", 0, 2, request.sampling.temperature));
  DAIMON_CHECK(read_number(body, "top_p", 0, 1, request.sampling.top_p));
  DAIMON_CHECK(read_number(body, "min_p", 0, 1, request.sampling.min_p));
  request.tokens_max = kTokensDefault;
  for (const char* name : {"max_tokens", "max_completion_tokens"}) {
    if (given(body, name) == nullptr) continue;
    const auto tokens = find_integer(body, name);
    if (!tokens || *tokens < 1 || *tokens > kTokensMax)
      return wrong(name, daimon::format("a whole number from 1 to {}", kTokensMax));
    request.tokens_max = static_cast<int>(*tokens);
  }
  if (given(body, "seed") != nullptr) {
    const auto seed = find_integer(body, "seed");
    if (!seed) return wrong("seed", "a whole number");
    request.sampling.seed = static_cast<std::uint64_t>(*seed);
  } else if (request.sampling.temperature > 0) {
    request.sampling.seed = random.next() >> 11U;  // below 2^53: every JSON reader keeps it exactly
  }
  DAIMON_CHECK(read_schema(body, request));
  DAIMON_CHECK(read_stops(body, chat.stop));
  if (const Json* stream = given(body, "stream")) {
    if (!stream->is_bool()) return wrong("stream", "true or false");
    chat.stream = stream->get_bool();
  }
  if (const Json* options = given(body, "stream_options"))
    chat.include_usage = find_bool(*options, "include_usage").value_or(false);
  return chat;
}

std::string StopFilter::feed(std::string_view piece) {
  if (stopped_) return {};
  held_ += piece;
  std::size_t end = std::string::npos;
  for (const std::string& stop : stops_) end = std::min(end, held_.find(stop));
  if (end != std::string::npos) {
    stopped_ = true;
    std::string out = held_.substr(0, end);
    held_.clear();
    return out;
  }
  // The longest end of the text that begins a stop sequence stays here.
  std::size_t keep = 0;
  for (const std::string& stop : stops_)
    for (std::size_t length = std::min(stop.size() - 1, held_.size()); length > keep; --length)
      if (held_.ends_with(std::string_view(stop).substr(0, length))) keep = length;
  std::string out = held_.substr(0, held_.size() - keep);
  held_.erase(0, out.size());
  return out;
}

std::string StopFilter::finish() { return std::exchange(held_, {}); }

const char* finish_reason_of(const processor::Reply& reply) noexcept {
  return reply.finish == processor::FinishReason::kLength ? "length" : "stop";
}

Json chat_completion(const ChatIdentity& identity, const processor::Reply& reply) {
  return JsonObject{
      {"id", identity.id},
      {"object", "chat.completion"},
      {"created", identity.created},
      {"model", identity.model},
      {"choices", JsonArray{JsonObject{{"index", 0},
                                       {"message", JsonObject{{"role", "assistant"}, {"content", reply.text}}},
                                       {"logprobs", nullptr},
                                       {"finish_reason", finish_reason_of(reply)}}}},
      {"usage", usage_of(reply)}};
}

Json chat_chunk(const ChatIdentity& identity, JsonObject delta, const char* finish_reason, bool usage_follows) {
  JsonObject choice{{"index", 0}, {"delta", std::move(delta)}, {"logprobs", nullptr}, {"finish_reason", nullptr}};
  if (finish_reason != nullptr) choice["finish_reason"] = finish_reason;
  JsonObject chunk{{"id", identity.id},
                   {"object", "chat.completion.chunk"},
                   {"created", identity.created},
                   {"model", identity.model},
                   {"choices", JsonArray{std::move(choice)}}};
  if (usage_follows) chunk["usage"] = nullptr;
  return chunk;
}

Json chat_usage_chunk(const ChatIdentity& identity, const processor::Reply& reply) {
  return JsonObject{{"id", identity.id},           {"object", "chat.completion.chunk"},
                    {"created", identity.created}, {"model", identity.model},
                    {"choices", JsonArray{}},      {"usage", usage_of(reply)}};
}

Json model_list(const Json& models) {
  JsonArray data;
  if (const Json* loaded = find(models, "loaded"); loaded != nullptr && loaded->is_array())
    for (const Json& model : loaded->get_array())
      data.push_back(JsonObject{{"id", find_string(model, "id").value_or("")},
                                {"object", "model"},
                                {"created", 0},
                                {"owned_by", find_bool(model, "remote").value_or(false) ? "remote" : "daimon"}});
  return JsonObject{{"object", "list"}, {"data", std::move(data)}};
}

Json openai_error(const Error& error) {
  const bool callers = error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kUnsupported ||
                       error.code == ErrorCode::kNotFound;
  std::string message = error.what;
  if (!error.remedy.empty()) message += daimon::format(" ({})", error.remedy);
  return JsonObject{{"error", JsonObject{{"message", std::move(message)},
                                         {"type", callers                           ? "invalid_request_error"
                                                  : error.code == ErrorCode::kLimit ? "rate_limit_error"
                                                                                    : "server_error"},
                                         {"param", nullptr},
                                         {"code", name_of(error.code)}}}};
}

}  // namespace daimon::api
