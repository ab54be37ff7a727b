// Bodies of requests: no JSON that parses makes reading them crash, and what is refused says why.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/openai.h"
#include "api/wire.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace daimon;
  const auto json = parse_json({reinterpret_cast<const char*>(data), size});
  if (!json) return 0;
  const auto check = [](const auto& result) {
    if (!result && (result.error().what.empty() || api::status_of(result.error().code) < 400)) std::abort();
  };
  SeededRandom random(1);
  const auto chat = api::chat_request_from(*json, random);
  check(chat);
  if (chat && (chat->request.messages.empty() || chat->request.tokens_max < 1)) std::abort();
  check(api::start_options_from(*json));
  check(api::budget_from(*json));
  check(api::signal_from(*json));
  check(api::decision_from(*json));
  check(api::answer_from(*json));
  check(api::mount_request_from(*json));
  check(api::listen_request_from(*json));
  return 0;
}
