#include "processor/chat_wire.h"

#include <algorithm>
#include <format>

#include "base/text.h"
#include "constraint/matcher.h"

namespace daimon::processor {
namespace {

constexpr std::size_t kEventBytesMax = 4U << 20;
constexpr std::size_t kTextBytesMax = 16U << 20;
constexpr std::size_t kToolCallsMax = 128;
constexpr std::string_view kServerRemedy = "look at the server's log, or use another server or model";

std::unexpected<Error> corrupt(std::string_view what, std::string_view data) {
  return fail(ErrorCode::kCorrupt,
              std::format("the model server's stream is damaged: {}: {}", what, printable(cut_utf8(data, 120))),
              std::string(kServerRemedy));
}

Json message_json(const Message& message) {
  JsonObject made;
  // Without the call's id an API takes no result of a tool: it comes as the user's then.
  const bool as_user = message.role == Role::kTool && message.tool_call_id.empty();
  made["role"] = as_user ? "user" : name_of(message.role);
  made["content"] = message.content;
  if (message.role == Role::kTool && !as_user) made["tool_call_id"] = message.tool_call_id;
  if (!message.tool_calls.empty()) {
    JsonArray calls;
    for (const ToolCall& call : message.tool_calls)
      calls.push_back(JsonObject{{"id", call.id},
                                 {"type", "function"},
                                 {"function", JsonObject{{"name", call.name}, {"arguments", call.arguments}}}});
    made["tool_calls"] = std::move(calls);
  }
  return made;
}

// Members such as x-span-of are ours; a server may refuse what it does not know.
Json without_own_keywords(const Json& schema) {
  if (const auto* object = schema.if_object()) {
    JsonObject made;
    for (const auto& [name, value] : *object)
      if (!name.starts_with("x-")) made[name] = without_own_keywords(value);
    return made;
  }
  if (const auto* array = schema.if_array()) {
    JsonArray made;
    for (const Json& value : *array) made.push_back(without_own_keywords(value));
    return made;
  }
  return schema;
}

// Members in the order of the schema's properties, where it is plain which schema a value follows.
Json ordered(const Json& value, const Json& schema) {
  if (const auto* array = value.if_array()) {
    const Json* items = find(schema, "items");
    JsonArray made;
    for (const Json& item : *array) made.push_back(items != nullptr ? ordered(item, *items) : item);
    return made;
  }
  const auto* object = value.if_object();
  const Json* properties = find(schema, "properties");
  if (object == nullptr || properties == nullptr || !properties->is_object()) return value;
  JsonObject made;
  for (const auto& [name, property] : properties->get_object())
    if (const Json* member = object->if_contains(name)) made[name] = ordered(*member, property);
  for (const auto& [name, member] : *object)
    if (!made.contains(name)) made[name] = member;
  return made;
}

// The bytes, one by one: enough to check a text, whatever model wrote it.
const std::shared_ptr<const constraint::Vocabulary>& byte_vocabulary() {
  static const auto kVocabulary = [] {
    std::vector<std::string> bytes;
    for (int b = 0; b < 256; ++b) bytes.emplace_back(1, static_cast<char>(b));
    bytes.emplace_back();
    return constraint::Vocabulary::create(std::move(bytes), {256}).value();
  }();
  return kVocabulary;
}

}  // namespace

Status EventParser::end_line(const OnEvent& on_event) {
  const std::string_view line = line_;
  Status status;
  if (line.empty()) {
    if (has_data_) status = on_event(data_);
    data_.clear();
    has_data_ = false;
  } else if (line.starts_with("data:")) {
    std::string_view value = line.substr(5);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (has_data_) data_ += '\n';
    data_ += value;
    has_data_ = true;
  }
  line_.clear();
  return status;
}

Status EventParser::feed(std::string_view bytes, const OnEvent& on_event) {
  for (const char byte : bytes) {
    const bool second_of_pair = after_return_ && byte == '\n';
    after_return_ = byte == '\r';
    if (second_of_pair) continue;
    if (byte == '\n' || byte == '\r') {
      DAIMON_CHECK(end_line(on_event));
    } else if (line_.size() + data_.size() >= kEventBytesMax) {
      return corrupt("an event is larger than 4 MiB", line_);
    } else {
      line_ += byte;
    }
  }
  return {};
}

Status ChatStream::feed(std::string_view data) {
  if (done_) return {};
  if (trim(data) == "[DONE]") {
    done_ = true;
    return {};
  }
  const auto chunk = parse_json(data);
  if (!chunk || !chunk->is_object()) return corrupt("an event is no JSON object", data);
  if (const Json* error = find(*chunk, "error"); error != nullptr && !error->is_null())
    return fail(ErrorCode::kUnavailable,
                std::format("the model server broke off: {}",
                            printable(cut_utf8(find_string(*error, "message").value_or(to_text(*error)), 300))),
                std::string(kServerRemedy));
  if (const auto model = find_string(*chunk, "model"); model && !model->empty()) reply_.model = *model;
  if (const Json* usage = find(*chunk, "usage"); usage != nullptr && usage->is_object()) {
    const auto count = [](std::optional<std::int64_t> n) {
      return static_cast<int>(std::clamp<std::int64_t>(n.value_or(0), 0, INT32_MAX));
    };
    reply_.prompt_tokens = count(find_integer(*usage, "prompt_tokens"));
    reply_.generated_tokens = count(find_integer(*usage, "completion_tokens"));
    if (const Json* details = find(*usage, "prompt_tokens_details"))
      reply_.cached_tokens = count(find_integer(*details, "cached_tokens"));
  }
  const Json* choices = find(*chunk, "choices");
  if (choices == nullptr || !choices->is_array() || choices->get_array().empty()) return {};
  return feed_choice(choices->get_array().front());
}

Status ChatStream::feed_choice(const Json& choice) {
  const Json* delta = find(choice, "delta");
  if (delta != nullptr) {
    if (const auto text = find_string(*delta, "content")) {
      begun_ = begun_ || !text->empty();
      reply_.text += *text;
      bytes_ += text->size();
      if (reply_.text.size() > kTextBytesMax) return corrupt("the answer is larger than 16 MiB", *text);
    }
    // Not part of the answer, but written and to be paid.
    for (const std::string_view name : {"reasoning_content", "reasoning"})
      if (const auto thought = find_string(*delta, name)) bytes_ += thought->size();
    if (const Json* calls = find(*delta, "tool_calls"); calls != nullptr && calls->is_array()) {
      for (const Json& part : calls->get_array()) {
        begun_ = true;
        const auto index = find_integer(part, "index").value_or(0);
        if (index < 0 || index >= static_cast<std::int64_t>(kToolCallsMax))
          return corrupt("a tool call's index", to_text(part));
        if (reply_.tool_calls.size() <= static_cast<std::size_t>(index))
          reply_.tool_calls.resize(static_cast<std::size_t>(index) + 1);
        ToolCall& call = reply_.tool_calls[static_cast<std::size_t>(index)];
        if (const auto id = find_string(part, "id")) call.id = *id;
        if (const Json* function = find(part, "function")) {
          if (const auto name = find_string(*function, "name")) call.name += *name, bytes_ += name->size();
          if (const auto arguments = find_string(*function, "arguments"))
            call.arguments += *arguments, bytes_ += arguments->size();
          if (call.arguments.size() > kTextBytesMax) return corrupt("a tool call is larger than 16 MiB", call.name);
        }
      }
    }
  }
  if (const auto reason = find_string(choice, "finish_reason")) {
    if (*reason == "length") reply_.finish = FinishReason::kLength;
    if (*reason == "tool_calls" || *reason == "function_call") reply_.finish = FinishReason::kToolCalls;
  }
  return {};
}

std::string ChatStream::take_text() {
  std::string piece = reply_.text.substr(taken_);
  taken_ = reply_.text.size();
  return piece;
}

std::string chat_body(const Request& request, std::string_view model, SchemaBy schema_by) {
  JsonArray messages;
  for (const Message& message : request.messages) messages.push_back(message_json(message));
  JsonObject body{{"model", model},
                  {"stream", true},
                  {"stream_options", JsonObject{{"include_usage", true}}},
                  {"max_tokens", request.tokens_max},
                  {"temperature", static_cast<double>(request.sampling.temperature)}};
  if (request.sampling.temperature > 0) {
    body["seed"] = request.sampling.seed & 0x7FFFFFFFU;
    if (request.sampling.top_p < 1.0F) body["top_p"] = static_cast<double>(request.sampling.top_p);
    if (request.sampling.top_k > 0) body["top_k"] = request.sampling.top_k;
    if (request.sampling.min_p > 0) body["min_p"] = static_cast<double>(request.sampling.min_p);
  }
  if (request.schema) {
    const Json schema = without_own_keywords(*request.schema);
    if (schema_by == SchemaBy::kResponseFormat) {
      body["response_format"] =
          JsonObject{{"type", "json_schema"},
                     {"json_schema", JsonObject{{"name", "answer"}, {"strict", true}, {"schema", schema}}}};
    } else {
      const std::string rule =
          "\n\nAnswer with one JSON value that satisfies this JSON Schema, and nothing else:\n" + to_text(schema);
      // At the end of the last message, where every model heeds it.
      if (!messages.empty())
        messages.back().as_object()["content"] =
            std::string(find_string(messages.back(), "content").value_or("")) + rule;
    }
  }
  if (!request.tools.empty()) {
    JsonArray tools;
    for (const Tool& tool : request.tools)
      tools.push_back(JsonObject{
          {"type", "function"},
          {"function",
           JsonObject{{"name", tool.name}, {"description", tool.description}, {"parameters", tool.parameters}}}});
    body["tools"] = std::move(tools);
  }
  body["messages"] = std::move(messages);
  return to_text(body);
}

Result<std::string> satisfying(const Json& schema, std::string_view answer) {
  std::string_view text = trim(answer);
  if (text.starts_with("```")) {
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    if (const auto end = text.rfind("```"); end != std::string_view::npos) text = trim(text.substr(0, end));
  }
  const auto unfit = [&](std::string_view why) {
    return fail(
        ErrorCode::kCorrupt,
        std::format("the model's answer does not satisfy its schema ({}): {}", why, printable(cut_utf8(answer, 200))),
        "try again, or use a model or server that supports structured output");
  };
  const auto value = parse_json(text);
  if (!value) return unfit("no JSON");
  DAIMON_TRY(const auto grammar, constraint::Grammar::from_json_schema(schema));
  std::string canonical = to_text(ordered(*value, schema));
  constraint::Matcher matcher(grammar, byte_vocabulary());
  const bool fits = matcher.accept_bytes(canonical) && matcher.is_complete();
  DAIMON_CHECK(matcher.status());
  if (!fits) return unfit("another shape or value");
  return canonical;
}

Error http_error(long status, std::string_view body, std::string_view url, std::string_view key_env) {
  std::string words(cut_utf8(body, 300));
  if (const auto json = parse_json(body)) {
    const Json* error = find(*json, "error");
    if (error != nullptr && error->is_object()) words = find_string(*error, "message").value_or(words);
    if (error != nullptr && error->is_string()) words = error->get_string();
  }
  words = printable(cut_utf8(trim(words), 300));
  Error made{ErrorCode::kInvalidArgument, std::format("{} answered {}: {}", url, status, words), ""};
  const bool too_long = words.contains("context") || words.contains("too long") || words.contains("maximum");
  if (status == 401 || status == 403) {
    made.code = ErrorCode::kDenied;
    made.remedy = key_env.empty() ? "the server wants a key: name its environment variable in the remote's `key_env`"
                                  : std::format("check the key in the environment variable {}", key_env);
  } else if (status == 404) {
    made.code = ErrorCode::kNotFound;
    made.remedy = "check the remote's URL (it ends in /v1 for most servers) and the model's name";
  } else if (status == 429) {
    made.code = ErrorCode::kLimit;
    made.remedy = "the server's rate limit or quota is reached: wait, or use another model";
  } else if (status == 413 || (status == 400 && too_long)) {
    made.code = ErrorCode::kLimit;
    made.remedy = "shorten the request, or use a model with a longer context";
  } else if (status >= 500) {
    made.code = ErrorCode::kUnavailable;
    made.remedy = "the server has a problem of its own: try again later, or use another";
  } else {
    made.remedy = "the server refuses the request as it is: check the model's name and abilities";
  }
  return made;
}

}  // namespace daimon::processor
