// The table of docs/api.md: from a request to the kernel's public interface and back.
#pragma once

#include <functional>

#include "api/exchange.h"
#include "api/server.h"
#include "kernel/system.h"

namespace daimon::api {

struct Services {
  kernel::System& system;
  const ServerOptions& options;
  // Listens over TCP until the exchange's client has gone (or for good); answers by itself.
  std::function<void(const HttpRequest&, Exchange&)> listen;
};

// Answers `request`, always.
void answer(const Services& services, const HttpRequest& request, Exchange& exchange);

// POST /v1/chat/completions and GET /v1/models (src/api/chat.cpp).
void answer_chat(const Services& services, const HttpRequest& request, Exchange& exchange);
void answer_models(const Services& services, Exchange& exchange);

// The body as a JSON value; an empty one is {}.
Result<Json> json_body(const HttpRequest& request);

}  // namespace daimon::api
