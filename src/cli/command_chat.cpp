// daimon chat: a conversation with a model, over the same API that other programs use.
#include <iostream>

#include "base/format.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/prompt.h"

namespace daimon::cli {
namespace {

class Conversation {
 public:
  Conversation(const Session& session, api::Client client, JsonObject options)
      : session_(session), client_(std::move(client)), options_(std::move(options)) {}

  void add(std::string_view role, std::string_view content) {
    messages_.push_back(JsonObject{{"role", role}, {"content", content}});
  }
  void clear() { messages_.clear(); }

  // Says `text`, and prints the answer as it comes. Returns the exit code; Ctrl-C keeps what has come so far.
  int say(const std::string& text, const Interrupts& interrupts) {
    add("user", text);
    JsonObject body = options_;
    body["messages"] = messages_;
    body["stream"] = true;
    std::string answer;
    std::optional<Error> error;
    interrupts.reset();
    const Status status = client_.stream("POST", "/v1/chat/completions", body,
                                         [&](const Json& value) {
                                           if (const Json* wrong = find(value, "error"))
                                             error = Error{error_code_named(find_string(*wrong, "code").value_or("")),
                                                           std::string(find_string(*wrong, "message").value_or("")),
                                                           {}};
                                           const std::string piece = piece_of(value);
                                           answer += piece;
                                           return session_.terminal.out.write(printable_block(piece));
                                         },
                                         {interrupts.descriptor(), [&] {
                                            interrupts.clear();
                                            return false;
                                          }});
    if (!answer.empty()) session_.terminal.out.write("\n");
    if (answer.empty())
      messages_.pop_back();
    else
      add("assistant", answer);
    if (interrupts.count() > 0) return session_.note("(stopped)"), kInterrupted;
    if (!status) return session_.failed(status.error());
    return error ? session_.failed(*error) : kSuccess;
  }

 private:
  static std::string piece_of(const Json& chunk) {
    const Json* choices = find(chunk, "choices");
    if (choices == nullptr || !choices->is_array() || choices->get_array().empty()) return {};
    const Json* delta = find(choices->get_array()[0], "delta");
    return delta == nullptr ? "" : std::string(find_string(*delta, "content").value_or(""));
  }

  const Session& session_;
  api::Client client_;
  JsonObject options_;
  JsonArray messages_;
};

// The profile of the model that will answer; "" when nobody knows before it is loaded.
std::string profile_of(const api::Client& client, const std::string& name) {
  const auto models = client.get("/v1/local/models");
  if (!models) return {};
  const std::string_view wanted = name.empty() ? find_string(*models, "default").value_or("") : name;
  if (const Json* loaded = find(*models, "loaded"); loaded != nullptr && loaded->is_array())
    for (const Json& model : loaded->get_array())
      if (find_string(model, "id") == wanted) return std::string(find_string(model, "profile").value_or(""));
  return wanted == "firmware" ? "compact-3" : "";
}

int converse(const Session& session, Conversation& conversation, const Interrupts& interrupts) {
  session.note("Ctrl-C stops an answer; /clear forgets what was said; /exit or Ctrl-D ends");
  std::string line;
  while (true) {
    session.terminal.err.write(session.terminal.err.paint(Style::kCyan, "> "));
    interrupts.reset();
    if (!interrupts.read_line(line)) {
      std::cin.clear();
      session.terminal.err.write("\n");
      return interrupts.count() > 0 ? kInterrupted : kSuccess;
    }
    const std::string_view text = trim(line);
    if (text.empty()) continue;
    if (text == "/exit" || text == "/quit") return kSuccess;
    if (text == "/clear") {
      conversation.clear();
      continue;
    }
    if (text.starts_with('/')) {
      session.note("/clear and /exit are known");
      continue;
    }
    if (conversation.say(repair_utf8(text), interrupts) == kUnreachable) return kUnreachable;
  }
}

}  // namespace

int chat(const Session& session, const Arguments& arguments) {
  JsonObject options;
  const auto tokens = arguments.integer("max-tokens", 1024, 1, 1 << 20);
  if (!tokens) return session.usage_error("chat", tokens.error());
  options["max_tokens"] = *tokens;
  options["model"] = model_from(arguments);
  if (arguments.has("temperature")) {
    const auto temperature = parse_amount(arguments.value("temperature"), "--temperature");
    if (!temperature) return session.usage_error("chat", temperature.error());
    options["temperature"] = *temperature;
  }
  if (arguments.has("seed")) {
    const auto seed = arguments.integer("seed", 0, 0, INT64_MAX);
    if (!seed) return session.usage_error("chat", seed.error());
    options["seed"] = *seed;
  }
  std::string message;
  for (const std::string& word : arguments.positional) message += (message.empty() ? "" : " ") + word;
  const bool once = !message.empty() || !session.terminal.in_is_terminal;
  if (message.empty() && !session.terminal.in_is_terminal) {
    auto piped = read_piped(session, "chat");
    if (!piped)
      return piped.error().code == ErrorCode::kInvalidArgument ? session.usage_error("chat", piped.error())
                                                               : session.failed(piped.error());
    message = std::move(*piped);
  }
  if (once && trim(message).empty())
    return session.usage_error("chat", {ErrorCode::kInvalidArgument, "there is no message", ""});
  auto client = session.client();
  if (!client) return session.failed(client.error());
  // Whoever wants to hear it all the same names it.
  if (!arguments.has("model") && !profile_of(*client, model_from(arguments)).empty())
    return session.failed({ErrorCode::kUnsupported,
                           "the built-in model plans, searches and quotes your files; it cannot hold a conversation",
                           "`daimon ask` uses what it can do; `daimon pull OWNER/REPO` and --model bring a model to "
                           "talk with"});
  Conversation conversation(session, std::move(*client), std::move(options));
  if (arguments.has("system")) conversation.add("system", arguments.value("system"));
  const Interrupts interrupts;
  return once ? conversation.say(repair_utf8(trim(message)), interrupts) : converse(session, conversation, interrupts);
}

}  // namespace daimon::cli
