// POST /v1/chat/completions and GET /v1/models.
#include <chrono>
#include <thread>

#include "api/openai.h"
#include "api/routes.h"

namespace daimon::api {
namespace {

void reply_error(Exchange& exchange, const Error& error) { exchange.reply(status_of(error.code), openai_error(error)); }

// The model's answer on a thread of its own, so that a client that goes away ends it.
void chat(kernel::System& system, const ChatRequest& chat, ChatIdentity identity, Outbox& outbox) {
  StopFilter filter(chat.stop);
  std::string text;
  bool begun = false;
  const auto push = [&](JsonObject delta, const char* finish_reason) {
    return outbox.push(server_sent_event(chat_chunk(identity, std::move(delta), finish_reason, chat.include_usage)));
  };
  const auto say = [&](const std::string& piece) {
    text += piece;
    if (!chat.stream || piece.empty()) return true;
    if (!std::exchange(begun, true) && !push({{"role", "assistant"}, {"content", ""}}, nullptr)) return false;
    return push({{"content", piece}}, nullptr);
  };
  int pieces = 0;
  auto reply = system.chat(chat.model, chat.request, [&](std::string_view piece) {
    ++pieces;
    return say(filter.feed(piece)) && !filter.stopped() && !outbox.is_given_up();
  });
  if (!reply && filter.stopped()) {
    // Ended by us at a stop sequence: the processor reports no counts then, so the pieces stand for tokens.
    processor::Reply cut;
    cut.model = chat.model;
    cut.generated_tokens = pieces;
    reply = std::move(cut);
  }
  if (!reply) {
    if (outbox.pushed_any()) outbox.push(server_sent_event(openai_error(reply.error())));
    return outbox.close(std::pair(status_of(reply.error().code), openai_error(reply.error())));
  }
  say(filter.finish());
  if (!text.empty() || !chat.stop.empty()) reply->text = text;
  if (!reply->model.empty()) identity.model = reply->model;
  if (!chat.stream) return outbox.close(std::pair(200, chat_completion(identity, *reply)));
  if (!begun) push({{"role", "assistant"}, {"content", ""}}, nullptr);
  push({}, finish_reason_of(*reply));
  if (chat.include_usage) outbox.push(server_sent_event(chat_usage_chunk(identity, *reply)));
  outbox.push("data: [DONE]\n\n");
  outbox.close();
}

}  // namespace

void answer_chat(const Services& services, const HttpRequest& request, Exchange& exchange) {
  SystemRandom random;
  const auto body = json_body(request);
  const auto wanted = body ? chat_request_from(*body, random) : std::unexpected(body.error());
  if (!wanted) return reply_error(exchange, wanted.error());
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  ChatIdentity identity{"chatcmpl-" + random_hex(random, 12),
                        std::chrono::duration_cast<std::chrono::seconds>(now).count(), wanted->model};
  Outbox outbox;
  std::jthread work([&] { chat(services.system, *wanted, std::move(identity), outbox); });
  exchange.forward("text/event-stream", outbox);
}

void answer_models(const Services& services, Exchange& exchange) {
  const auto models = services.system.models();
  if (!models) return reply_error(exchange, models.error());
  exchange.reply(200, model_list(*models));
}

}  // namespace daimon::api
