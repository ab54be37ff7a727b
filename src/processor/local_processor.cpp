#include "processor/local_processor.h"

#include <llama.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "base/format.h"
#include "base/text.h"
#include "processor/backend.h"
#include "processor/gguf_check.h"
#include "processor/model_check.h"

namespace daimon::processor {
namespace {

constexpr int kContextDefaultMax = 8192;
constexpr int kCellsDefaultMax = 65'536;
constexpr int kCellsKeptMax = 8192;
constexpr int kRecurrentSequences = 16;

// Bits of one value of the cache, in eighths of f16's 16.
std::uint64_t kv_bytes_per_token(const Model& model, KvType type) {
  const std::uint64_t f16 = std::max<std::uint64_t>(model.kv_bytes_per_token(), 1);
  if (type == KvType::kQ8) return std::max<std::uint64_t>(f16 * 34 / 64, 1);
  if (type == KvType::kQ4) return std::max<std::uint64_t>(f16 * 18 / 64, 1);
  return f16;
}

BatchOptions batch_options(const LocalOptions& options, const Model& model) {
  BatchOptions batch;
  const int trained = std::max(llama_model_n_ctx_train(model.handle()), 32);
  batch.context_tokens = options.context_tokens > 0 ? options.context_tokens : std::min(trained, kContextDefaultMax);
  batch.sequences = options.sequences_max > 0    ? options.sequences_max
                    : model.can_share_prefixes() ? static_cast<int>(llama_max_parallel_sequences())
                                                 : kRecurrentSequences;
  batch.sequences = std::clamp(batch.sequences, 1, static_cast<int>(llama_max_parallel_sequences()));
  // libllama touches all of the cache when it is made, so it is kept in proportion.
  const std::uint64_t memory =
      options.kv_memory_max > 0 ? options.kv_memory_max
                                : std::clamp<std::uint64_t>(4 * llama_model_size(model.handle()), 64U << 20, 1U << 30);
  const auto fitting = memory / kv_bytes_per_token(model, options.kv_type);
  batch.cells =
      options.cells_max > 0 ? options.cells_max : static_cast<int>(std::min<std::uint64_t>(fitting, kCellsDefaultMax));
  // One process at least must fit.
  batch.cells = std::max(batch.cells, batch.context_tokens);
  batch.cells_kept_max = std::min(batch.cells / 2, kCellsKeptMax);
  batch.batch_tokens = std::clamp(options.batch_tokens, 1, 4096);
  batch.kv_type = options.kv_type;
  batch.threads =
      options.threads > 0 ? options.threads : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  batch.jump_forward = options.jump_forward;
  batch.share_prefixes = options.share_prefixes;
  return batch;
}

}  // namespace

Result<std::unique_ptr<Processor>> LocalProcessor::create(const LocalOptions& options) {
  auto files = ModelFiles::look(options.model_path);  // before anything of them is read; check_gguf says it better
  DAIMON_CHECK(check_gguf(options.model_path));
  if (!files) return std::unexpected(files.error());
  if (!options.trusted)
    DAIMON_CHECK(check_model_in_child(options.model_path, {.remembered_folder = options.checked_folder}));
  std::unique_ptr<LocalProcessor> processor(new LocalProcessor);
  const bool gpu = options.gpu_layers != 0 && has_gpu();
  try {
    const bool mapped = files->bytes() > options.read_bytes_max.value_or(read_bytes_max());
    DAIMON_TRY(processor->model_,
               Model::load({.files = *files, .gpu_layers = gpu ? options.gpu_layers : 0, .mapped = mapped}));
    const Model& model = *processor->model_;
    processor->format_ = std::make_unique<ChatFormat>(model);
    DAIMON_TRY(processor->engine_, BatchEngine::create(model, *processor->format_, batch_options(options, model)));
  } catch (const std::exception& exception) {
    return fail(ErrorCode::kUnsupported, std::string("libllama cannot use the model: ") + exception.what(),
                "try another model or quantisation");
  }
  const Model& model = *processor->model_;
  const BatchOptions& batch = processor->engine_->options();
  ModelInfo& info = processor->info_;
  info.id = options.id.empty() ? options.model_path.stem().string() : options.id;
  info.description = model.description();
  info.prompt_profile = model.meta("daimon.prompt");
  info.note = processor->format_->note();
  info.has_chat_template = info.note.empty();
  info.context_tokens = batch.context_tokens;
  info.parameters = llama_model_n_params(model.handle());
  info.file_bytes = files->bytes();
  processor->backend_ = describe_backends(gpu);
  processor->memory_bytes_ = llama_model_size(model.handle()) +
                             static_cast<std::uint64_t>(batch.cells) * kv_bytes_per_token(model, options.kv_type);
  return processor;
}

void LocalProcessor::submit(Request request, OnText on_text, OnDone on_done) {
  if (model_->is_spoilt()) return on_done(std::unexpected(spoilt()));
  engine_->submit(std::move(request), std::move(on_text), [this, done = std::move(on_done)](Answered reply) {
    // It may have changed while the answer was computed.
    if (model_->is_spoilt()) return done(std::unexpected(Failure(spoilt(), spent_of(reply))));
    if (reply) reply->model = info_.id;
    done(std::move(reply));
  });
}

Error LocalProcessor::spoilt() const {
  return {ErrorCode::kUnavailable,
          daimon::format("the file of the model {} changed since it was loaded", printable(info_.id)),
          "ask again: it is loaded anew; put a new model beside an old one rather than over it"};
}

bool LocalProcessor::is_outdated() const { return model_->is_outdated(); }

void LocalProcessor::cancel(std::string_view request_id) { engine_->cancel(request_id); }

Usage LocalProcessor::usage() const {
  Usage usage = engine_->usage();
  usage.backend = backend_;
  usage.memory_bytes = memory_bytes_;
  return usage;
}

int LocalProcessor::count_tokens(std::string_view text) const {
  return static_cast<int>(model_->tokenize(text, false).size());
}

}  // namespace daimon::processor
