// The OpenAI chat API as bytes: a request's body, the events of a streamed answer, an error's body.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "processor/processor.h"

namespace daimon::processor {

// Server-sent events (WHATWG HTML 9.2): bytes in any pieces to the data of whole events.
class EventParser {
 public:
  using OnEvent = std::function<Status(std::string_view data)>;
  // The first error of `on_event`, or kCorrupt for an event beyond 4 MiB.
  Status feed(std::string_view bytes, const OnEvent& on_event);

 private:
  std::string line_;
  std::string data_;
  bool has_data_ = false;
  bool after_return_ = false;  // the last byte was \r: a \n that follows belongs to it
  Status end_line(const OnEvent& on_event);
};

// What the chunks of one answer add up to.
class ChatStream {
 public:
  // One event's data: a chunk, an error, or [DONE]. kCorrupt for what is neither; the server's own error as it says.
  Status feed(std::string_view data);
  // Text that came since the last call.
  std::string take_text();
  [[nodiscard]] bool is_done() const { return done_; }
  [[nodiscard]] bool has_begun() const { return begun_; }
  // What has come so far.
  [[nodiscard]] const Reply& reply() const { return reply_; }
  // Of text, calls and thoughts.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  Status feed_choice(const Json& choice);
  Reply reply_;
  std::size_t taken_ = 0;
  std::size_t bytes_ = 0;
  bool begun_ = false;
  bool done_ = false;
};

enum class SchemaBy : std::uint8_t { kResponseFormat, kPrompt };  // how a schema is told to the server

// The body of POST /chat/completions, streamed, with usage at its end.
std::string chat_body(const Request& request, std::string_view model, SchemaBy schema_by);
// The answer in the one canonical spelling (members in the order of the schema, no white space), when it satisfies the
// schema; kCorrupt otherwise. A fence of Markdown around it is taken off.
Result<std::string> satisfying(const Json& schema, std::string_view answer);
// An HTTP status of 400 or more with its body as an Error. `key_env` is the name of the variable that holds the key.
Error http_error(long status, std::string_view body, std::string_view url, std::string_view key_env);

}  // namespace daimon::processor
