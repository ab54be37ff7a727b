#include "processor/remote_processor.h"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <format>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "base/host_name.h"
#include "base/text.h"
#include "base/url.h"
#include "processor/chat_wire.h"

namespace daimon::processor {
namespace {

using Time = std::chrono::steady_clock::time_point;
constexpr std::size_t kErrorBodyBytesMax = 64U << 10;

struct CurlSlist {
  curl_slist* list = nullptr;
  CurlSlist() = default;
  CurlSlist(const CurlSlist&) = delete;
  CurlSlist& operator=(const CurlSlist&) = delete;
  ~CurlSlist() { curl_slist_free_all(list); }
  void add(const std::string& line) { list = curl_slist_append(list, line.c_str()); }
};

// Where a server does not count: more than they are in most languages, so that no budget is passed unseen.
constexpr std::size_t kBytesOfToken = 3;

// One request and the transfer that carries it out, which may be made several times.
struct Transfer {
  Request request;
  Processor::OnText on_text;
  Processor::OnDone on_done;
  CURL* easy = nullptr;
  std::unique_ptr<CurlSlist> headers;
  std::string body;
  SchemaBy schema_by = SchemaBy::kResponseFormat;
  EventParser events;
  ChatStream stream;
  std::string error_body;
  Status damage;
  bool streamed = false;
  bool asked_again = false;  // once, for an answer that does not satisfy its schema
  int retries = 0;
  Spent spent;  // of all attempts that have ended
  Time submitted, began, answered, retry_at;
};

std::size_t on_bytes(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::string_view bytes(data, size * count);
  long status = 0;
  curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
  if (status >= 300) {
    transfer.error_body +=
        bytes.substr(0, kErrorBodyBytesMax - std::min(kErrorBodyBytesMax, transfer.error_body.size()));
    return bytes.size();
  }
  if (transfer.error_body.size() < 512) transfer.error_body += bytes.substr(0, 512);
  transfer.damage = transfer.events.feed(bytes, [&](std::string_view event) { return transfer.stream.feed(event); });
  if (!transfer.damage) return 0;
  if (transfer.stream.has_begun() && transfer.answered == Time{}) transfer.answered = std::chrono::steady_clock::now();
  if (!transfer.request.schema)
    if (const std::string piece = transfer.stream.take_text(); !piece.empty()) {
      transfer.streamed = true;
      if (transfer.on_text) transfer.on_text(piece);
    }
  return bytes.size();
}

int tokens_of(std::size_t bytes) {
  return static_cast<int>(std::min<std::size_t>((bytes + kBytesOfToken - 1) / kBytesOfToken, INT32_MAX));
}

int sum(int a, int b) { return static_cast<int>(std::min<std::int64_t>(std::int64_t{a} + b, INT32_MAX)); }

// What one attempt cost, whatever became of it: an answer that does not satisfy its schema, or was broken off, costs as
// much. As the server counted, and where it did not, by the bytes.
void account(Transfer& transfer, const Price& price) {
  const ChatStream& stream = transfer.stream;
  int prompt = stream.reply().prompt_tokens;
  int generated = stream.reply().generated_tokens;
  if (stream.bytes() == 0 && !stream.is_done() && prompt == 0 && generated == 0) return;  // it never began
  if (prompt == 0) prompt = tokens_of(transfer.body.size());
  if (generated == 0) generated = tokens_of(stream.bytes());
  const int cached = std::min(prompt, stream.reply().cached_tokens);
  Spent& spent = transfer.spent;
  spent.prompt_tokens = sum(spent.prompt_tokens, prompt);
  spent.cached_tokens = sum(spent.cached_tokens, cached);
  spent.generated_tokens = sum(spent.generated_tokens, generated);
  spent.money += ((prompt - cached) * price.input + cached * price.cached + generated * price.output) / 1e6;
}

// Written out: what libcurl would guess of an address without a scheme is not asked for.
std::optional<Url> parse(const std::string& text) {
  if (!text.starts_with("http://") && !text.starts_with("https://")) return std::nullopt;
  return Url::parse(text);
}

bool is_on_this_machine(const std::string& url) {
  const auto parsed = parse(url);
  return parsed && is_loopback_host(parsed->host());
}

}  // namespace

class RemoteProcessor::Transfers {
 public:
  Transfers(const RemoteOptions& options, std::string name)
      : options_(options),
        name_(std::move(name)),
        on_this_machine_(is_on_this_machine(options.url)),
        multi_(curl_multi_init()),
        thread_([this] { run(); }) {}
  ~Transfers() {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    curl_multi_wakeup(multi_);
    thread_.join();
    curl_multi_cleanup(multi_);
  }

  void submit(std::unique_ptr<Transfer> transfer) {
    {
      std::unique_lock lock(mutex_);
      if (!in_flight_.insert(transfer->request.id).second) {
        lock.unlock();
        return transfer->on_done(fail(ErrorCode::kConflict, std::format("a request named {} is in flight already",
                                                                        printable(transfer->request.id))));
      }
      mail_.push_back(std::move(transfer));
    }
    curl_multi_wakeup(multi_);
  }
  void cancel(std::string_view id) {
    {
      const std::scoped_lock lock(mutex_);
      if (!in_flight_.contains(id)) return;
      cancels_.emplace_back(id);
    }
    curl_multi_wakeup(multi_);
  }
  Usage usage() const {
    const std::scoped_lock lock(mutex_);
    Usage usage = usage_;
    usage.sequences_max = options_.requests_max;
    usage.backend = std::format("remote ({})", options_.url);
    return usage;
  }

 private:
  void run();
  bool take_mail();
  void start(Transfer& transfer);
  void end(Transfer& transfer, CURLcode code);
  void again(Transfer& transfer, std::chrono::milliseconds wait);
  void stop(Transfer& transfer);
  void done(Transfer& transfer, Answered reply);
  void finish(Transfer& transfer);
  [[nodiscard]] Error unreachable(CURLcode code) const;

  const RemoteOptions options_;
  const std::string name_;
  const bool on_this_machine_;
  CURLM* multi_;
  std::vector<std::unique_ptr<Transfer>> transfers_;  // of the thread; done ones have no on_done

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Transfer>> mail_;
  std::vector<std::string> cancels_;
  std::set<std::string, std::less<>> in_flight_;
  Usage usage_;
  bool stopping_ = false;
  std::thread thread_;
};

bool RemoteProcessor::Transfers::take_mail() {
  std::vector<std::string> cancelled;
  bool stopping = false;
  {
    const std::scoped_lock lock(mutex_);
    for (auto& transfer : mail_) transfers_.push_back(std::move(transfer));
    mail_.clear();
    cancelled.swap(cancels_);
    stopping = stopping_;
  }
  for (auto& transfer : transfers_)
    if (transfer->on_done && (stopping || std::ranges::contains(cancelled, transfer->request.id)))
      done(*transfer,
           fail(ErrorCode::kCancelled, stopping ? "the processor is shutting down" : "the request was cancelled"));
  std::erase_if(transfers_, [](const auto& transfer) { return !transfer->on_done; });
  return !stopping;
}

void RemoteProcessor::Transfers::run() {
  while (take_mail()) {
    int running = 0;
    const auto now = std::chrono::steady_clock::now();
    auto wait = std::chrono::milliseconds(60'000);
    auto active = std::ranges::count_if(transfers_, [](const auto& t) { return t->easy != nullptr; });
    for (auto& transfer : transfers_) {
      if (transfer->easy != nullptr || !transfer->on_done) continue;
      if (transfer->retry_at <= now && active < options_.requests_max) {
        start(*transfer);
        ++active;
      } else if (transfer->retry_at > now) {
        wait = std::min(wait, std::chrono::ceil<std::chrono::milliseconds>(transfer->retry_at - now));
      }
    }
    curl_multi_perform(multi_, &running);
    bool ended = false;
    for (int left = 0; const CURLMsg* message = curl_multi_info_read(multi_, &left);) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      const auto found = std::ranges::find(transfers_, message->easy_handle, [](const auto& t) { return t->easy; });
      if (found != transfers_.end()) end(**found, code);
      ended = true;
    }
    {
      const std::scoped_lock lock(mutex_);
      usage_.sequences_active = running;
      usage_.requests_queued = static_cast<int>(transfers_.size()) - running;
    }
    if (!ended) curl_multi_poll(multi_, nullptr, 0, static_cast<int>(wait.count()), nullptr);
  }
}

void RemoteProcessor::Transfers::start(Transfer& transfer) {
  transfer.began = std::chrono::steady_clock::now();
  transfer.events = {};
  transfer.stream = {};
  transfer.error_body.clear();
  transfer.damage = {};
  transfer.body = chat_body(transfer.request, options_.model, transfer.schema_by);
  transfer.headers = std::make_unique<CurlSlist>();
  transfer.headers->add("Content-Type: application/json");
  transfer.headers->add("Accept: text/event-stream");
  if (!options_.key_env.empty()) {
    const char* key = std::getenv(options_.key_env.c_str());
    if (key == nullptr || *key == '\0' || std::string_view(key).find_first_of("\r\n") != std::string_view::npos) {
      done(transfer,
           fail(ErrorCode::kDenied,
                std::format("the environment variable {} holds no key for {}", options_.key_env, options_.url),
                "set it where the daemon is started"));
      return;
    }
    transfer.headers->add(std::format("Authorization: Bearer {}", key));
  }
  CURL* easy = transfer.easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, (options_.url + "/chat/completions").c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer.headers->list);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(transfer.body.size()));
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer.body.c_str());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, static_cast<long>(options_.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options_.idle_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "daimon");
  // What is on this machine is reached without anybody between, whatever http_proxy says.
  if (on_this_machine_) curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_multi_add_handle(multi_, easy);
}

void RemoteProcessor::Transfers::stop(Transfer& transfer) {
  if (transfer.easy == nullptr) return;
  account(transfer, options_.price);
  curl_multi_remove_handle(multi_, transfer.easy);
  curl_easy_cleanup(transfer.easy);
  transfer.easy = nullptr;
}

void RemoteProcessor::Transfers::done(Transfer& transfer, Answered reply) {
  stop(transfer);
  const Spent& spent = transfer.spent;
  if (reply) {
    reply->prompt_tokens = spent.prompt_tokens;
    reply->cached_tokens = spent.cached_tokens;
    reply->generated_tokens = spent.generated_tokens;
    reply->money = spent.money;
  } else {
    reply.error().spent = spent;
  }
  {
    const std::scoped_lock lock(mutex_);
    in_flight_.erase(transfer.request.id);
    usage_.tokens_total += static_cast<std::uint64_t>(spent.generated_tokens);
    usage_.tokens_prompt_total += static_cast<std::uint64_t>(spent.prompt_tokens);
    usage_.tokens_cached_total += static_cast<std::uint64_t>(spent.cached_tokens);
  }
  std::exchange(transfer.on_done, {})(std::move(reply));
}

void RemoteProcessor::Transfers::again(Transfer& transfer, std::chrono::milliseconds wait) {
  stop(transfer);
  transfer.retry_at = std::chrono::steady_clock::now() + wait;
}

Error RemoteProcessor::Transfers::unreachable(CURLcode code) const {
  if (code == CURLE_OPERATION_TIMEDOUT)
    return {ErrorCode::kTimeout, std::format("the model server {} did not answer in time", options_.url),
            "look whether the server is busy or stopped, then try again"};
  return {ErrorCode::kUnavailable,
          std::format("the model server {} cannot be reached: {}", options_.url, curl_easy_strerror(code)),
          "start the server, or check the remote's URL in the configuration"};
}

void RemoteProcessor::Transfers::end(Transfer& transfer, CURLcode code) {
  long status = 0;
  curl_off_t retry_after = 0;
  curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(transfer.easy, CURLINFO_RETRY_AFTER, &retry_after);
  if (!transfer.damage) return done(transfer, std::unexpected(transfer.damage.error()));
  // Text that has gone out cannot be taken back, so only what has not begun is tried again.
  const bool lost = code != CURLE_OK && !transfer.stream.is_done();
  const bool busy = code == CURLE_OK && (status == 429 || status >= 500);
  // A server that said nothing for so long is not waited for as long again: whoever asked is told.
  const bool silent = code == CURLE_OPERATION_TIMEDOUT;
  const std::chrono::milliseconds asked = std::chrono::seconds(retry_after);
  if ((lost || busy) && !silent && !transfer.streamed && transfer.retries < options_.retries_max &&
      asked <= options_.retry_after_max) {
    const auto backoff = options_.backoff * (1 << transfer.retries++);
    return again(transfer, std::max(asked, std::chrono::milliseconds(backoff)));
  }
  if (lost) return done(transfer, std::unexpected(unreachable(code)));
  if (status == 400 && transfer.request.schema && transfer.schema_by == SchemaBy::kResponseFormat) {
    transfer.schema_by = SchemaBy::kPrompt;
    return again(transfer, {});
  }
  if (status >= 300)
    return done(transfer, std::unexpected(http_error(status, transfer.error_body, options_.url, options_.key_env)));
  if (!transfer.stream.is_done())
    return done(transfer,
                fail(ErrorCode::kCorrupt,
                     std::format("{} ended its answer without [DONE]: {}", options_.url,
                                 printable(cut_utf8(transfer.error_body, 200))),
                     "check that the URL is that of an OpenAI-compatible API (it ends in /v1 for most servers)"));
  finish(transfer);
}

void RemoteProcessor::Transfers::finish(Transfer& transfer) {
  const auto now = std::chrono::steady_clock::now();
  const auto ms = [](Time from, Time to) { return std::chrono::duration<double, std::milli>(to - from).count(); };
  if (transfer.answered == Time{}) transfer.answered = now;
  Reply reply = transfer.stream.reply();
  reply.text = repair_utf8(reply.text);
  if (transfer.request.schema && reply.finish == FinishReason::kStop) {
    auto text = satisfying(*transfer.request.schema, reply.text);
    if (!text) {
      if (text.error().code == ErrorCode::kCorrupt && !std::exchange(transfer.asked_again, true)) {
        transfer.schema_by = SchemaBy::kPrompt;
        return again(transfer, {});
      }
      return done(transfer, std::unexpected(text.error()));
    }
    reply.text = std::move(*text);
    if (transfer.on_text) transfer.on_text(reply.text);
  }
  if (!reply.tool_calls.empty()) reply.finish = FinishReason::kToolCalls;
  if (reply.model.empty()) reply.model = name_;
  reply.seed = transfer.request.sampling.seed;
  reply.queue_ms = ms(transfer.submitted, transfer.began);
  reply.prompt_ms = ms(transfer.began, transfer.answered);
  reply.generate_ms = ms(transfer.answered, now);
  done(transfer, std::move(reply));
}

Status check_remote(const RemoteOptions& options) {
  const auto url = parse(options.url);
  if (!url)
    return fail(ErrorCode::kInvalidArgument, std::format("{} is no URL of a model server", printable(options.url)),
                "give one such as http://127.0.0.1:8080/v1");
  const bool has_key = !options.key_env.empty() || !url->user().empty() || !url->password().empty();
  const std::string host = url->host();
  if (has_key && url->scheme() != "https" && !is_loopback_host(host))
    return fail(ErrorCode::kInvalidArgument,
                std::format("the key of the model server {} would go over the network unencrypted", printable(host)),
                "use its https:// address, or a tunnel to it on 127.0.0.1; without a key leave out key_env");
  return {};
}

RemoteProcessor::RemoteProcessor() = default;
RemoteProcessor::~RemoteProcessor() = default;

Result<std::unique_ptr<Processor>> RemoteProcessor::create(const RemoteOptions& options) {
  static const CURLcode kReady = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (kReady != CURLE_OK) return fail(ErrorCode::kInternal, "the HTTP client cannot start");
  RemoteOptions actual = options;
  while (actual.url.ends_with('/')) actual.url.pop_back();
  DAIMON_CHECK(check_remote(actual));
  std::unique_ptr<RemoteProcessor> processor(new RemoteProcessor);
  processor->info_.id = actual.id.empty() ? actual.model : actual.id;
  processor->info_.description = std::format("{} at {}", actual.model, actual.url);
  processor->info_.remote = true;
  processor->info_.context_tokens = actual.context_tokens;
  processor->transfers_ = std::make_unique<Transfers>(actual, processor->info_.id);
  return processor;
}

void RemoteProcessor::submit(Request request, OnText on_text, OnDone on_done) {
  auto transfer = std::make_unique<Transfer>();
  transfer->submitted = std::chrono::steady_clock::now();
  transfer->request = std::move(request);
  transfer->on_text = std::move(on_text);
  transfer->on_done = std::move(on_done);
  transfers_->submit(std::move(transfer));
}

void RemoteProcessor::cancel(std::string_view request_id) { transfers_->cancel(request_id); }

Usage RemoteProcessor::usage() const { return transfers_->usage(); }

}  // namespace daimon::processor
