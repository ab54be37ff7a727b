// Requests from submit to done; what happens in one step is in batch_step.cpp.
#include "processor/batch_engine.h"

#include <llama.h>

#include <algorithm>
#include <format>

#include "base/text.h"
#include "processor/backend.h"

namespace daimon::processor {
namespace {

constexpr std::size_t kGrammarsMax = 128;
constexpr std::size_t kGrammarStatesMax = 1'000'000;  // of all that are kept, about 100 bytes each
constexpr std::size_t kRequestsMax = 65'536;
// An answer needs some cells beyond its prompt, or it would be admitted only to be preempted.
constexpr int kCellsAhead = 32;
// A prefix that another request is computing is waited for when it saves more than this.
constexpr int kTokensWorthWaiting = 32;

ggml_type ggml_type_of(KvType type) {
  switch (type) {
    case KvType::kQ8:
      return GGML_TYPE_Q8_0;
    case KvType::kQ4:
      return GGML_TYPE_Q4_0;
    case KvType::kF16:
      break;
  }
  return GGML_TYPE_F16;
}

bool before(int priority_a, std::uint64_t arrival_a, int priority_b, std::uint64_t arrival_b) {
  return priority_a != priority_b ? priority_a > priority_b : arrival_a < arrival_b;
}

}  // namespace

Result<std::unique_ptr<BatchEngine>> BatchEngine::create(const Model& model, const ChatFormat& format,
                                                         const BatchOptions& options) {
  static_cast<void>(take_llama_complaints());
  llama_context_params params = llama_context_default_params();
  params.n_ctx = static_cast<std::uint32_t>(options.cells);
  params.n_batch = static_cast<std::uint32_t>(std::max(options.batch_tokens, options.sequences));
  params.n_ubatch = params.n_batch;
  params.n_seq_max = static_cast<std::uint32_t>(options.sequences);
  params.n_threads = options.threads;
  params.n_threads_batch = options.threads;
  params.n_outputs_max = params.n_seq_max;
  params.type_k = params.type_v = ggml_type_of(options.kv_type);
  if (options.kv_type != KvType::kF16) params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_ENABLED;
  params.kv_unified = true;
  params.swa_full = true;  // or prefixes of sliding-window models could not be shared
  params.no_perf = true;
  llama_context* context = nullptr;
  try {
    context = llama_init_from_model(model.handle(), params);
  } catch (const std::exception& exception) {
    return fail(ErrorCode::kUnsupported, std::format("libllama cannot run the model: {}", exception.what()));
  }
  if (context == nullptr)
    return fail(ErrorCode::kUnavailable,
                std::format("libllama cannot make a context of {} cells: {}", options.cells, take_llama_complaints()),
                "make the context smaller or its cache f16, or use a smaller model");
  BatchOptions actual = options;
  actual.cells = static_cast<int>(llama_n_ctx(context));
  actual.context_tokens = std::min(options.context_tokens, actual.cells);
  actual.share_prefixes = options.share_prefixes && model.can_share_prefixes();
  return std::unique_ptr<BatchEngine>(new BatchEngine(model, format, actual, context));
}

BatchEngine::BatchEngine(const Model& model, const ChatFormat& format, const BatchOptions& options,
                         llama_context* context)
    : model_(model),
      format_(format),
      options_(options),
      context_(context),
      table_({.sequences = options.sequences,
              .cells = options.cells,
              .cells_kept_max = options.cells_kept_max,
              .can_share = options.share_prefixes},
             *this) {
  llama_set_abort_callback(
      context_, [](void* abort) { return static_cast<std::atomic<bool>*>(abort)->load(std::memory_order_relaxed); },
      &abort_);
  thread_ = std::thread([this] { run(); });
}

BatchEngine::~BatchEngine() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    abort_ = true;
  }
  wake_.notify_one();
  thread_.join();
  llama_free(context_);
}

void BatchEngine::copy(int from, int to, int count) {
  llama_memory_seq_cp(llama_get_memory(context_), from, to, 0, count);
}

bool BatchEngine::remove(int sequence, int begin) {
  return llama_memory_seq_rm(llama_get_memory(context_), sequence, begin, -1);
}

void BatchEngine::submit(Request request, Processor::OnText on_text, Processor::OnDone on_done) {
  auto job = std::make_unique<Job>();
  job->submitted = std::chrono::steady_clock::now();
  job->request = std::move(request);
  job->on_text = std::move(on_text);
  job->on_done = std::move(on_done);
  const auto refused = [&]() -> std::optional<Error> {
    if (stopping_) return Error{ErrorCode::kCancelled, "the processor is shutting down", ""};
    if (in_flight_.size() >= kRequestsMax)
      return Error{ErrorCode::kLimit, std::format("{} requests are in flight already", kRequestsMax),
                   "try again later"};
    if (!in_flight_.insert(job->request.id).second)
      return Error{ErrorCode::kConflict,
                   std::format("a request named {} is in flight already", printable(job->request.id)), ""};
    return std::nullopt;
  };
  {
    std::unique_lock lock(mutex_);
    if (auto error = refused()) {
      lock.unlock();  // what is told may ask for more
      job->on_done(std::unexpected(std::move(*error)));
      return;
    }
    mail_.push_back(std::move(job));
  }
  wake_.notify_one();
}

void BatchEngine::cancel(std::string_view request_id) {
  {
    const std::scoped_lock lock(mutex_);
    if (!in_flight_.contains(request_id)) return;
    cancels_.emplace_back(request_id);
    if (in_long_batch_.contains(request_id)) abort_ = true;
  }
  wake_.notify_one();
}

Usage BatchEngine::usage() const {
  const std::scoped_lock lock(mutex_);
  Usage usage = published_;
  const auto now = std::chrono::steady_clock::now();
  int tokens = 0;
  constexpr std::chrono::seconds kWindow(3);
  for (const auto& [time, count] : produced_)
    if (now - time < kWindow) tokens += count;
  usage.tokens_per_second = tokens / 3.0;
  usage.requests_queued += static_cast<int>(mail_.size());
  return usage;
}

void BatchEngine::run() {
  while (take_mail()) {
    admit();
    step();
    sweep();
    publish();
  }
  for (Jobs* jobs : {&active_, &queue_})
    for (auto& job : *jobs)
      if (job->on_done) fail_job(*job, {ErrorCode::kCancelled, "the processor is shutting down", ""});
}

// False when it is time to stop.
bool BatchEngine::take_mail() {
  Jobs arrived;
  std::vector<std::string> cancelled;
  bool stopping = false;
  {
    std::unique_lock lock(mutex_);
    wake_.wait(lock,
               [&] { return stopping_ || !mail_.empty() || !cancels_.empty() || !active_.empty() || !queue_.empty(); });
    arrived.swap(mail_);
    cancelled.swap(cancels_);
    in_long_batch_.clear();
    stopping = stopping_;
    if (!stopping) abort_ = false;
  }
  for (auto& job : arrived) {
    job->arrival = ++arrivals_;
    queue_.push_back(std::move(job));
  }
  if (stopping) return false;
  cancel_named(cancelled);
  for (auto& job : queue_) {
    if (job->answer || !job->on_done) continue;
    Status prepared;
    try {
      prepared = prepare(*job);
    } catch (const std::exception& exception) {
      prepared = fail(ErrorCode::kInternal, std::format("tokenising failed: {}", exception.what()));
    }
    if (!prepared) fail_job(*job, prepared.error());
  }
  sweep();
  return true;
}

void BatchEngine::cancel_named(const std::vector<std::string>& ids) {
  for (const std::string& id : ids)
    for (Jobs* jobs : {&active_, &queue_})
      for (auto& job : *jobs)
        if (job->on_done && job->request.id == id)
          fail_job(*job, {ErrorCode::kCancelled, "the request was cancelled", ""});
}

Result<std::shared_ptr<const constraint::Grammar>> BatchEngine::grammar_of(const Json& schema) {
  std::string text = to_text(schema);
  if (const auto found = grammars_.find(text); found != grammars_.end()) return found->second;
  DAIMON_TRY(auto grammar, constraint::Grammar::from_json_schema(schema));
  const std::size_t states = grammar->automaton().states.size();
  if (grammars_.size() >= kGrammarsMax || grammar_states_ + states > kGrammarStatesMax) {
    grammars_.clear();  // those in use are held by their matchers
    grammar_states_ = 0;
  }
  grammar_states_ += states;
  grammars_.emplace(std::move(text), grammar);
  return grammar;
}

Status BatchEngine::prepare(Job& job) {
  if (!job.request.tools.empty())
    return fail(ErrorCode::kUnsupported, "a local model takes no `tools`", "give a schema for the answer instead");
  if (job.request.tokens_max <= 0)
    return fail(ErrorCode::kInvalidArgument, std::format("tokens_max is {}", job.request.tokens_max),
                "ask for at least 1");
  DAIMON_TRY(job.tokens, format_.prompt(job.request.messages));
  job.prompt_tokens = static_cast<int>(job.tokens.size());
  if (job.prompt_tokens >= options_.context_tokens)
    return fail(ErrorCode::kLimit,
                std::format("the prompt has {} tokens, but the context holds {} with the answer", job.prompt_tokens,
                            options_.context_tokens),
                "shorten the goal or mount less, raise the context size, or use a model with a longer one");
  std::shared_ptr<const constraint::Grammar> grammar;
  if (job.request.schema) {
    DAIMON_TRY(grammar, grammar_of(*job.request.schema));
  }
  job.answer =
      std::make_unique<Answer>(model_, format_, job.request.sampling, std::move(grammar),
                               Answer::Limits{.tokens_max = job.request.tokens_max,
                                              .jump_forward = options_.jump_forward,
                                              .can_drop = options_.share_prefixes || model_.can_share_prefixes()});
  const bool goes_on = apply(job, job.answer->begin());
  counts_.tokens_total += static_cast<std::uint64_t>(job.answer->forced());
  if (!goes_on) finish(job);
  return {};
}

void BatchEngine::admit() {
  const auto order = [](const auto& a, const auto& b) {
    return before(a->request.priority, a->arrival, b->request.priority, b->arrival);
  };
  std::sort(queue_.begin(), queue_.end(), order);
  for (std::size_t i = 0; i < queue_.size();) {
    Job& job = *queue_[i];
    if (waits_for_prefix(job, table_.longest_prefix(job.tokens).tokens)) {
      ++i;
      continue;
    }
    // In order: a large request is not overtaken for ever by small ones.
    if (!admit(job)) break;
    active_.push_back(std::move(queue_[i]));
    queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(i));
    std::sort(active_.begin(), active_.end(), order);
  }
}

bool BatchEngine::waits_for_prefix(const Job& job, int common) const {
  if (!options_.share_prefixes) return false;
  for (const auto& other : active_) {
    // Those that compute their prompt still, further than what could be copied now.
    if (pending(*other) <= 1) continue;
    const auto length = static_cast<std::ptrdiff_t>(std::min(other->tokens.size(), job.tokens.size()));
    const auto differs = std::mismatch(job.tokens.begin(), job.tokens.begin() + length, other->tokens.begin());
    if (differs.first - job.tokens.begin() > common + kTokensWorthWaiting) return true;
  }
  return false;
}

bool BatchEngine::admit(Job& job) {
  const int size = static_cast<int>(job.tokens.size());
  for (;;) {
    SequenceTable::Common common = table_.longest_prefix(job.tokens);
    common.tokens = std::min(common.tokens, size - 1);  // the last token must be computed for its logits
    const bool fits = table_.sequences_available() > 0 &&
                      (active_.empty() || size - common.tokens + kCellsAhead <= table_.cells_available());
    if (!fits) {
      if (preempt_below(job.request.priority)) continue;
      return false;
    }
    // With one sequence left the donor itself may have to go.
    auto sequence = table_.acquire(common.sequence);
    if (!sequence) {
      common = {};
      sequence = table_.acquire();
    }
    DAIMON_ASSERT(sequence.has_value());
    if (common.tokens > 0) table_.share(common.sequence, *sequence, common.tokens);
    job.sequence = *sequence;
    if (job.cached_tokens < 0) {
      job.cached_tokens = std::min(common.tokens, job.prompt_tokens);
      job.began = std::chrono::steady_clock::now();
    }
    return true;
  }
}

bool BatchEngine::preempt_below(int priority) {
  if (active_.empty() || active_.back()->request.priority >= priority) return false;
  preempt(*active_.back());
  queue_.push_back(std::move(active_.back()));
  active_.pop_back();
  return true;
}

// Its tokens stay and are computed again when there is room.
void BatchEngine::preempt(Job& job) {
  table_.release(job.sequence, false);
  job.sequence = -1;
  job.chunk = 0;
  job.row = -1;
}

void BatchEngine::stream(Job& job) {
  const std::string piece = job.answer->take_piece();
  if (!piece.empty() && job.on_text) job.on_text(piece);
}

void BatchEngine::finish(Job& job) {
  const auto now = std::chrono::steady_clock::now();
  const auto ms = [](Time from, Time to) { return std::chrono::duration<double, std::milli>(to - from).count(); };
  if (job.began == Time{}) job.began = now;
  if (job.answered == Time{}) job.answered = now;
  stream(job);
  Reply reply;
  reply.text = job.answer->streamed();
  reply.finish = job.answer->finished().value_or(FinishReason::kLength);
  reply.seed = job.request.sampling.seed;
  reply.prompt_tokens = job.prompt_tokens;
  reply.cached_tokens = std::max(job.cached_tokens, 0);
  reply.generated_tokens = job.answer->sampled();
  reply.forced_tokens = job.answer->forced();
  reply.queue_ms = ms(job.submitted, job.began);
  reply.prompt_ms = ms(job.began, job.answered);
  reply.generate_ms = ms(job.answered, now);
  reply.confidence = job.answer->confidence();
  counts_.tokens_prompt_total += static_cast<std::uint64_t>(reply.prompt_tokens);
  counts_.tokens_cached_total += static_cast<std::uint64_t>(reply.cached_tokens);
  if (job.sequence >= 0) table_.release(job.sequence, true);
  job.sequence = -1;
  {
    const std::scoped_lock lock(mutex_);
    in_flight_.erase(job.request.id);
  }
  std::exchange(job.on_done, {})(std::move(reply));
}

void BatchEngine::fail_job(Job& job, Error error) {
  if (job.sequence >= 0) table_.release(job.sequence, true);
  job.sequence = -1;
  {
    const std::scoped_lock lock(mutex_);
    in_flight_.erase(job.request.id);
  }
  Failure failure(std::move(error));
  // What was computed before it is not undone.
  if (job.cached_tokens >= 0)
    failure.spent = {.prompt_tokens = job.prompt_tokens,
                     .cached_tokens = job.cached_tokens,
                     .generated_tokens = job.answer->sampled(),
                     .forced_tokens = job.answer->forced()};
  std::exchange(job.on_done, {})(std::unexpected(std::move(failure)));
}

void BatchEngine::sweep() {
  for (Jobs* jobs : {&active_, &queue_}) std::erase_if(*jobs, [](const auto& job) { return !job->on_done; });
}

void BatchEngine::publish() {
  counts_.sequences_max = options_.sequences;
  counts_.sequences_active = static_cast<int>(active_.size());
  counts_.requests_queued = static_cast<int>(queue_.size());
  counts_.cells_used = table_.cells_used();
  counts_.cells_max = options_.cells;
  counts_.threads = options_.threads;
  const std::scoped_lock lock(mutex_);
  published_ = counts_;
}

}  // namespace daimon::processor
