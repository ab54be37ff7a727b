// One step of the decode thread: plan a batch, decode it, let each answer advance.
#include <llama.h>

#include <algorithm>
#include <format>

#include "processor/backend.h"
#include "processor/batch_engine.h"

namespace daimon::processor {
namespace {

// A request with no more than this to compute is answering (a sampled token, or a few forced ones): it comes first.
constexpr int kDecodeTokensMax = 32;
// While others answer, a step with prompts in it should take no longer than this.
constexpr double kStepMs = 80;
constexpr int kPrefillTokensMin = 32;
// From this many tokens on, the time of a batch says how fast prompts are computed.
constexpr int kTokensToMeasure = 64;
// A batch with more than this of a request's tokens is thrown away when the request is cancelled.
constexpr int kLongChunk = 64;

}  // namespace

void BatchEngine::step() {
  if (active_.empty()) return;
  plan();
  if (batch_tokens_.empty()) return;
  switch (const int status = decode(); status) {
    case 0:
      for (auto& job : active_)
        if (job->chunk > 0)
          table_.append(job->sequence,
                        std::span(job->tokens)
                            .subspan(static_cast<std::size_t>(computed(*job)), static_cast<std::size_t>(job->chunk)));
      advance();
      break;
    case 1: {
      // The table says there is room; libllama sees it otherwise. Make more.
      if (table_.make_room(table_.cells_free() + 1)) break;
      Job& last = *active_.back();
      if (active_.size() > 1) {
        preempt(last);
        queue_.push_back(std::move(active_.back()));
        active_.pop_back();
      } else {
        fail_job(last, {ErrorCode::kLimit, "libllama found no room in the context memory for the request",
                        "raise the context size, or shorten the request"});
      }
      break;
    }
    case 2:
      read_back();
      break;
    default: {
      const std::string words = take_llama_complaints();
      const Error error{ErrorCode::kInternal,
                        std::format("libllama could not compute the batch ({}): {}", status, words),
                        "try again; if it happens again, use another model or a smaller context"};
      for (auto& job : active_)
        if (job->chunk > 0) {
          // What was computed of it is not known to be whole.
          table_.truncate(job->sequence, 0);
          fail_job(*job, error);
        }
    }
  }
  for (auto& job : active_) job->chunk = 0, job->row = -1;
}

void BatchEngine::plan() {
  batch_tokens_.clear();
  batch_positions_.clear();
  batch_sequences_.clear();
  batch_wants_.clear();
  batch_has_prompt_ = false;
  int room = options_.batch_tokens;
  int decoding = 0;
  // By index: planning one may preempt those at the end.
  for (std::size_t i = 0; i < active_.size(); ++i)
    if (pending(*active_[i]) <= kDecodeTokensMax && plan(*active_[i], room)) {
      room -= active_[i]->chunk;
      ++decoding;
    }
  room = std::min(room, prefill_room(decoding));
  for (std::size_t i = 0; i < active_.size() && room > 0; ++i)
    if (active_[i]->chunk == 0 && plan(*active_[i], room)) {
      room -= active_[i]->chunk;
      batch_has_prompt_ = true;
    }
  const std::scoped_lock lock(mutex_);
  for (const auto& job : active_)
    if (job->chunk > kLongChunk) in_long_batch_.insert(job->request.id);
  // A cancel that came since the mail was taken is seen now, not after the batch.
  for (const std::string& id : cancels_)
    if (in_long_batch_.contains(id)) abort_ = true;
}

// How many tokens of prompts fit, so that those that answer are not kept waiting.
int BatchEngine::prefill_room(int decoding) const {
  if (decoding == 0 || ms_per_token_ <= 0) return options_.batch_tokens;
  return std::clamp(static_cast<int>(kStepMs / ms_per_token_), kPrefillTokensMin, options_.batch_tokens);
}

bool BatchEngine::plan(Job& job, int room) {
  const int chunk = std::min(pending(job), room);
  if (chunk <= 0) return false;
  const int total = static_cast<int>(batch_tokens_.size()) + chunk;
  while (!table_.make_room(total)) {
    // The last in order gives way, unless it is in the batch already, or this one.
    Job& last = *active_.back();
    if (&last == &job || last.chunk > 0) return false;
    preempt(last);
    queue_.push_back(std::move(active_.back()));
    active_.pop_back();
  }
  const int begin = computed(job);
  for (int i = begin; i < begin + chunk; ++i) {
    batch_tokens_.push_back(job.tokens[static_cast<std::size_t>(i)]);
    batch_positions_.push_back(i);
    batch_sequences_.push_back(job.sequence);
    batch_wants_.push_back(0);
  }
  job.chunk = chunk;
  if (begin + chunk == static_cast<int>(job.tokens.size())) {
    batch_wants_.back() = 1;
    job.row = static_cast<int>(batch_tokens_.size()) - 1;
  }
  return true;
}

int BatchEngine::decode() {
  const auto count = batch_tokens_.size();
  batch_counts_.assign(count, 1);
  batch_sequence_pointers_.resize(count);
  for (std::size_t i = 0; i < count; ++i) batch_sequence_pointers_[i] = &batch_sequences_[i];
  llama_batch batch{};
  batch.n_tokens = static_cast<std::int32_t>(count);
  batch.token = batch_tokens_.data();
  batch.pos = batch_positions_.data();
  batch.n_seq_id = batch_counts_.data();
  batch.seq_id = batch_sequence_pointers_.data();
  batch.logits = batch_wants_.data();
  static_cast<void>(take_llama_complaints());
  const auto begin = std::chrono::steady_clock::now();
  int status = 0;
  try {
    status = llama_decode(context_, batch);
    if (status == 0) llama_synchronize(context_);
  } catch (const std::exception&) {
    return -100;
  }
  const double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  if (status == 0 && batch_has_prompt_ && count >= kTokensToMeasure) {
    const double now = ms / static_cast<double>(count);
    ms_per_token_ = ms_per_token_ <= 0 ? now : 0.7 * ms_per_token_ + 0.3 * now;
  }
  return status;
}

// After an abort some of the batch is in the memory: what libllama says is there counts.
void BatchEngine::read_back() {
  llama_memory_t memory = llama_get_memory(context_);
  for (auto& job : active_) {
    if (job->chunk == 0) continue;
    const int begin = computed(*job);
    const int there = std::clamp(llama_memory_seq_pos_max(memory, job->sequence) + 1 - begin, 0, job->chunk);
    table_.append(job->sequence,
                  std::span(job->tokens).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(there)));
    // The logits of the last token are lost; it is computed again.
    if (computed(*job) == static_cast<int>(job->tokens.size())) table_.truncate(job->sequence, computed(*job) - 1);
  }
}

void BatchEngine::advance() {
  const int before = static_cast<int>(counts_.tokens_total);
  for (auto& job : active_)
    if (job->row >= 0) advance(*job);
  const int produced = static_cast<int>(counts_.tokens_total) - before;
  const auto now = std::chrono::steady_clock::now();
  const std::scoped_lock lock(mutex_);
  if (produced > 0) produced_.emplace_back(now, produced);
  while (!produced_.empty() && now - produced_.front().first > std::chrono::seconds(4)) produced_.pop_front();
}

void BatchEngine::advance(Job& job) {
  if (job.answered == Time{}) job.answered = std::chrono::steady_clock::now();
  const float* logits = llama_get_logits_ith(context_, job.row);
  if (logits == nullptr) {
    fail_job(job, {ErrorCode::kInternal, "libllama gave no logits for the request", "try again"});
    return;
  }
  const int before = job.answer->sampled() + job.answer->forced();
  auto next = job.answer->advance({logits, static_cast<std::size_t>(model_.vocabulary_size())});
  if (!next) {
    fail_job(job, next.error());
    return;
  }
  counts_.tokens_total += static_cast<std::uint64_t>(job.answer->sampled() + job.answer->forced() - before);
  if (!apply(job, std::move(*next))) {
    finish(job);
  } else {
    stream(job);
  }
}

// False when the answer has come to its end.
bool BatchEngine::apply(Job& job, Answer::Step step) {
  job.tokens.resize(job.tokens.size() - step.drop);
  if (job.sequence >= 0) table_.truncate(job.sequence, static_cast<int>(job.tokens.size()));
  job.tokens.insert(job.tokens.end(), step.append.begin(), step.append.end());
  return !job.answer->finished() && static_cast<int>(job.tokens.size()) < options_.context_tokens;
}

}  // namespace daimon::processor
