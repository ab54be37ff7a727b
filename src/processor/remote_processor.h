// A model behind an HTTP server that speaks the OpenAI chat API.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/result.h"
#include "processor/processor.h"

namespace daimon::processor {

// Of a million tokens, in the person's currency.
struct Price {
  double input = 0;
  double cached = 0;  // of input tokens that the server had from before
  double output = 0;
};

struct RemoteOptions {
  std::string url = {};      // of the API, such as http://127.0.0.1:8080/v1
  std::string model = {};    // as the server names it
  std::string id = {};       // what --model names; "" for `model`
  std::string key_env = {};  // the environment variable that holds the key; "" for none. The key is never logged
  Price price = {};
  int context_tokens = 32'768;
  int requests_max = 32;                              // at once; more are queued
  int retries_max = 3;                                // after 429, 5xx and lost connections, before the first text came
  std::chrono::milliseconds backoff{500};             // doubles with each retry
  std::chrono::milliseconds retry_after_max{30'000};  // a server that asks for more is not waited for
  std::chrono::seconds connect_timeout{10};
  std::chrono::seconds idle_timeout{120};  // without a byte
};

// kInvalidArgument for a URL that is none, or that a key would go to without encryption: over http only to this
// machine.
Status check_remote(const RemoteOptions& options);

class RemoteProcessor final : public Processor {
 public:
  // Opens no connection. Refuses what check_remote refuses.
  static Result<std::unique_ptr<Processor>> create(const RemoteOptions& options);
  ~RemoteProcessor() override;

  [[nodiscard]] const ModelInfo& model() const override { return info_; }
  // With a schema the answer is streamed as one piece, once it is known to satisfy it.
  void submit(Request request, OnText on_text, OnDone on_done) override;
  void cancel(std::string_view request_id) override;
  [[nodiscard]] Usage usage() const override;
  [[nodiscard]] int count_tokens(std::string_view text) const override { return static_cast<int>(text.size() / 4) + 1; }

 private:
  class Transfers;
  RemoteProcessor();

  ModelInfo info_;
  std::unique_ptr<Transfers> transfers_;
};

}  // namespace daimon::processor
