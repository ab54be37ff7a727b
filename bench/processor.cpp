// Tokens a second at 1, 8 and 32 sequences that share a prefix of about 300 tokens, beside llama-server of the same
// package with the same file, threads, context and cache type (its own continuous batching, prompt cache and unified
// cache on), asked over HTTP by our remote processor. Each point is the median of three runs after one that warms up;
// the spread is the least and the most. Then the time from nothing to a processor that is ready.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <format>
#include <future>
#include <print>
#include <string>
#include <thread>
#include <vector>

#include "processor/firmware.h"
#include "processor/local_processor.h"
#include "processor/remote_processor.h"
#include "processor/stub_hub.h"
#include "processor/tiny_gguf.h"

namespace {

using namespace daimon;
using namespace daimon::processor;
using Clock = std::chrono::steady_clock;

constexpr int kRuns = 3;
constexpr int kAnswerTokens = 32;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

struct Point {
  double least, median, most;
};

// Answers have the same length on both sides: what the model says is cut, never ended, by the schema.
Request request(int run, int i) {
  Request made;
  made.id = std::format("{}-{}", run, i);
  std::string shared = "call\nsearch(query): find passages in the mounted files";
  while (shared.size() < 900) shared += " and the answer of the table in the files";
  // Another prefix for each run, so that only what is shared within a run is saved.
  made.messages = {{Role::kSystem, std::format("{} {}", run, shared)}, {Role::kUser, std::format("goal {}", i)}};
  made.tokens_max = kAnswerTokens;
  made.sampling = {.temperature = 1.0F, .seed = static_cast<std::uint64_t>(i)};
  return made;
}

Point measure(Processor& processor, int sequences) {
  std::vector<double> rates;
  static int run = 0;
  for (int k = 0; k <= kRuns; ++k) {
    ++run;
    const auto begin = Clock::now();
    std::vector<std::promise<Result<Reply>>> promises(static_cast<std::size_t>(sequences));
    for (int i = 0; i < sequences; ++i)
      processor.submit(request(run, i), {}, [&promise = promises[static_cast<std::size_t>(i)]](Result<Reply> reply) {
        promise.set_value(std::move(reply));
      });
    int tokens = 0;
    for (auto& promise : promises) {
      const auto reply = promise.get_future().get();
      if (!reply) {
        std::println(stderr, "{}", reply.error().what);
        std::exit(1);
      }
      tokens += reply->generated_tokens;
    }
    if (k > 0) rates.push_back(tokens / seconds_since(begin));
  }
  std::ranges::sort(rates);
  return {rates.front(), rates[rates.size() / 2], rates.back()};
}

}  // namespace

int main(int count, char** arguments) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  std::filesystem::path model;
  if (count > 1) {
    model = arguments[1];
  } else if (auto firmware = firmware_path()) {
    model = *firmware;
  } else {
    model = std::filesystem::temp_directory_path() / std::format("bench-processor-{}.gguf", getpid());
    // A template that ends in our marker, so that both sides see prompts of the same length.
    test::write_tiny_gguf(model, {.chat_template = "{% for m in messages %}<|user|>{{ m.content }}{% endfor %}<|call|>",
                                  .layers = 6,
                                  .width = 256});
  }
  const int threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  LocalOptions options;
  options.model_path = model;
  options.threads = threads;
  options.context_tokens = 1024;
  options.cells_max = 32 * 1024;
  options.gpu_layers = 0;
  options.trusted = true;

  std::vector<double> ready_ms;
  for (int i = 0; i < kRuns; ++i) {
    const auto begin = Clock::now();
    if (auto made = LocalProcessor::create(options); !made) {
      std::println(stderr, "{}", made.error().what);
      return 1;
    }
    ready_ms.push_back(seconds_since(begin) * 1000);
  }
  std::println("ready in {:.0f} ms the first time (backends are loaded), {:.0f} to {:.0f} ms after that", ready_ms[0],
               *std::min_element(ready_ms.begin() + 1, ready_ms.end()),
               *std::max_element(ready_ms.begin() + 1, ready_ms.end()));

  const auto local = LocalProcessor::create(options);
  const std::string port = std::to_string(20'000 + getpid() % 20'000);
  test::Child server({"llama-server", "-m",           model.string(),
                      "--port",       port,           "--host",
                      "127.0.0.1",    "-t",           std::to_string(threads),
                      "-c",           "32768",        "-np",
                      "32",           "--kv-unified", "-b",
                      "512",          "-ub",          "512",
                      "--jinja",      "--no-webui"},
                     true);
  RemoteOptions peer;
  peer.url = std::format("http://127.0.0.1:{}/v1", port);
  peer.model = "peer";
  peer.requests_max = 64;
  peer.retries_max = 14;
  peer.backoff = std::chrono::milliseconds(5);
  const auto remote = RemoteProcessor::create(peer);
  if (const auto first = complete(**remote, request(-1, 0)); !first) std::println("no peer: {}", first.error().what);

  std::println("{} on {}, {} threads; sampled tokens a second, least / median / most", (*local)->model().description,
               (*local)->usage().backend, threads);
  for (const int sequences : {1, 8, 32}) {
    const Point ours = measure(**local, sequences);
    const Point theirs = measure(**remote, sequences);
    std::println(
        "{:2} sequences: daimon {:6.0f} /{:6.0f} /{:6.0f}   llama-server {:6.0f} /{:6.0f} /{:6.0f}   ratio {:.2f}",
        sequences, ours.least, ours.median, ours.most, theirs.least, theirs.median, theirs.most,
        ours.median / theirs.median);
  }
  return 0;
}
