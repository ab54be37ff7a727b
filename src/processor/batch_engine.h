// The decode thread: all requests of a local model in one batch after another (continuous batching).
//
// A request is queued, then active (it has a sequence), then done. Each step takes what every active request has not
// computed yet: one token of those that answer, and as much of the prompts as the batch has room for. Prefixes that
// another sequence holds are shared; one that another is just computing is waited for.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "processor/answer.h"
#include "processor/chat_format.h"
#include "processor/model.h"
#include "processor/processor.h"
#include "processor/sequence_table.h"

struct llama_context;

namespace daimon::processor {

enum class KvType : std::uint8_t { kF16, kQ8, kQ4 };

struct BatchOptions {
  int context_tokens = 0;  // of one request, prompt and answer
  int cells = 0;
  int sequences = 0;
  int batch_tokens = 512;  // of one step
  int cells_kept_max = 0;
  KvType kv_type = KvType::kF16;
  int threads = 1;
  bool jump_forward = true;
  bool share_prefixes = true;
};

class BatchEngine final : private KvMemory {
 public:
  // The model and the format outlive the engine.
  static Result<std::unique_ptr<BatchEngine>> create(const Model& model, const ChatFormat& format,
                                                     const BatchOptions& options);
  ~BatchEngine() override;  // cancels what is in flight

  // As Processor's.
  void submit(Request request, Processor::OnText on_text, Processor::OnDone on_done);
  void cancel(std::string_view request_id);
  [[nodiscard]] Usage usage() const;
  [[nodiscard]] const BatchOptions& options() const { return options_; }

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Job {
    Request request;
    Processor::OnText on_text;
    Processor::OnDone on_done;
    std::uint64_t arrival = 0;
    std::unique_ptr<Answer> answer;
    std::vector<Token> tokens;  // the prompt, then the answer
    int prompt_tokens = 0;
    int cached_tokens = -1;  // -1: never active yet
    int sequence = -1;       // -1: queued
    int chunk = 0;           // tokens in the current batch
    int row = -1;            // of the current batch, whose logits it wants
    Time submitted, began, answered;
  };
  using Jobs = std::vector<std::unique_ptr<Job>>;

  BatchEngine(const Model& model, const ChatFormat& format, const BatchOptions& options, llama_context* context);
  void copy(int from, int to, int count) override;
  bool remove(int sequence, int begin) override;

  void run();
  bool take_mail();
  void cancel_named(const std::vector<std::string>& ids);
  Status prepare(Job& job);
  Result<std::shared_ptr<const constraint::Grammar>> grammar_of(const Json& schema);

  void admit();
  bool admit(Job& job);
  [[nodiscard]] bool waits_for_prefix(const Job& job, int common) const;
  bool preempt_below(int priority);
  void preempt(Job& job);

  void step();
  void plan();
  bool plan(Job& job, int room);
  [[nodiscard]] int prefill_room(int decoding) const;
  int decode();
  void read_back();
  void advance();
  void advance(Job& job);
  bool apply(Job& job, Answer::Step step);
  void stream(Job& job);
  void finish(Job& job);
  void fail_job(Job& job, Error error);
  void sweep();
  void publish();

  [[nodiscard]] int computed(const Job& job) const { return job.sequence < 0 ? 0 : table_.size(job.sequence); }
  [[nodiscard]] int pending(const Job& job) const { return static_cast<int>(job.tokens.size()) - computed(job); }

  const Model& model_;
  const ChatFormat& format_;
  BatchOptions options_;
  llama_context* context_;
  SequenceTable table_;

  // Of the decode thread.
  Jobs queue_, active_;  // by priority, then arrival; null once done, until swept
  std::uint64_t arrivals_ = 0;
  std::map<std::string, std::shared_ptr<const constraint::Grammar>> grammars_;
  std::size_t grammar_states_ = 0;  // in all of them
  std::vector<Token> batch_tokens_;
  std::vector<std::int32_t> batch_positions_, batch_counts_;
  std::vector<std::int32_t> batch_sequences_;
  std::vector<std::int32_t*> batch_sequence_pointers_;
  std::vector<std::int8_t> batch_wants_;
  double ms_per_token_ = 0;  // of large batches, smoothed
  bool batch_has_prompt_ = false;
  Usage counts_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Jobs mail_;
  std::vector<std::string> cancels_;
  std::set<std::string, std::less<>> in_flight_;
  std::set<std::string, std::less<>> in_long_batch_;  // whose cancelling is worth throwing the batch away
  bool stopping_ = false;
  Usage published_;
  std::deque<std::pair<Time, int>> produced_;  // tokens of the last seconds

  std::atomic<bool> abort_ = false;
  std::thread thread_;
};

}  // namespace daimon::processor
