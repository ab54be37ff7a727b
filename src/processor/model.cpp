#include "processor/model.h"

#include <llama.h>

#include <algorithm>
#include <array>
#include <format>

#include "base/format.h"
#include "base/text.h"
#include "processor/backend.h"

namespace daimon::processor {
namespace {

std::string piece_of(const llama_vocab* vocab, Token token, bool special) {
  std::string piece(32, '\0');
  int length = llama_token_to_piece(vocab, token, piece.data(), static_cast<int>(piece.size()), 0, special);
  if (length < 0) {
    piece.resize(static_cast<std::size_t>(-length));
    length = llama_token_to_piece(vocab, token, piece.data(), static_cast<int>(piece.size()), 0, special);
  }
  piece.resize(static_cast<std::size_t>(std::max(length, 0)));
  return piece;
}

}  // namespace

Model::Model(llama_model* model, const ModelOptions& options)
    : model_(model),
      files_(options.files),
      mapped_(options.mapped),
      vocab_(llama_model_get_vocab(model)),
      vocabulary_size_(llama_vocab_n_tokens(vocab_)) {
  can_share_ = !llama_model_is_recurrent(model) && !llama_model_is_hybrid(model);
}

Model::~Model() {
  guard_.reset();  // before its addresses become somebody else's
  llama_model_free(model_);
}

Result<std::unique_ptr<Model>> Model::load(const ModelOptions& options) {
  load_backends();
  static_cast<void>(take_llama_complaints());
  llama_model_params params = llama_model_default_params();
  params.n_gpu_layers = options.gpu_layers;
  std::array<ggml_backend_dev_t, 1> no_devices = {nullptr};
  if (options.gpu_layers == 0) params.devices = no_devices.data();
  params.load_mode = options.mapped ? LLAMA_LOAD_MODE_MMAP : LLAMA_LOAD_MODE_NONE;
  params.lazy_mode = LLAMA_LAZY_MODE_OFF;
  // The first progress comes when the file is mapped and nothing of it is read yet.
  struct Watch {
    const ModelFiles& files;
    std::unique_ptr<MappingGuard> guard;
    bool whole = true;
  } watch{options.files, nullptr};
  params.progress_callback_user_data = &watch;
  if (options.mapped)
    params.progress_callback = [](float, void* user) {
      auto& [files, guard, whole] = *static_cast<Watch*>(user);
      if (guard == nullptr) whole = (guard = std::make_unique<MappingGuard>())->watch(files.mappings());
      return whole;  // false: the loading ends
    };
  llama_model* handle = llama_model_load_from_file(options.files.path().c_str(), params);
  const std::string shown = printable(options.files.path().string());
  if (handle == nullptr && !watch.whole)
    return fail(ErrorCode::kLimit, std::format("{} is one model too many: no more mapped files can be guarded", shown),
                "restart the daemon (`daimon stop`), and use fewer large models at once");
  if (handle == nullptr)
    return fail(ErrorCode::kUnsupported, std::format("libllama cannot load {}: {}", shown, take_llama_complaints()),
                "the model may need a newer llama.cpp, or the file is damaged: try another model or quantisation");
  std::unique_ptr<Model> model(new Model(handle, options));
  model->guard_ = std::move(watch.guard);
  // Some of the mapping is given back by now.
  if (model->guard_ != nullptr) static_cast<void>(model->guard_->watch(options.files.mappings()));
  if (model->vocabulary_size_ <= 0 || llama_vocab_type(model->vocab_) == LLAMA_VOCAB_TYPE_NONE)
    return fail(ErrorCode::kUnsupported, std::format("{} has no vocabulary", shown), "give a language model");
  if (llama_model_has_encoder(handle) || !llama_model_has_decoder(handle) || llama_model_is_diffusion(handle))
    return fail(ErrorCode::kUnsupported,
                std::format("{} does not generate text token by token (an encoder or diffusion "
                            "model)",
                            shown),
                "give a model for chat or text generation");
  std::vector<std::string> bytes(static_cast<std::size_t>(model->vocabulary_size_));
  std::vector<Token> ends;
  for (Token token = 0; token < model->vocabulary_size_; ++token) {
    const auto attributes = static_cast<unsigned>(llama_vocab_get_attr(model->vocab_, token));
    constexpr unsigned kMarkers = LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_UNKNOWN | LLAMA_TOKEN_ATTR_USER_DEFINED;
    bytes[static_cast<std::size_t>(token)] = piece_of(model->vocab_, token, false);
    if ((attributes & kMarkers) != 0)
      if (std::string text = piece_of(model->vocab_, token, true); trim(text).size() > 2)
        model->marker_texts_.push_back(std::move(text));
    if (llama_vocab_is_eog(model->vocab_, token)) ends.push_back(token);
  }
  // An end token never stands for text, whatever its piece.
  for (const Token token : ends) bytes[static_cast<std::size_t>(token)].clear();
  model->bytes_ = bytes;
  DAIMON_TRY(model->vocabulary_, constraint::Vocabulary::create(std::move(bytes), std::move(ends)));
  if (options.files.changed())
    return fail(ErrorCode::kUnavailable, std::format("somebody wrote to {} while it was loaded", shown),
                "try again when the file is complete");
  return model;
}

bool Model::is_end(Token token) const { return llama_vocab_is_eog(vocab_, token); }

std::vector<Token> Model::tokenize(std::string_view text, bool parse_special, bool add_special) const {
  if (text.empty() && !add_special) return {};
  std::vector<Token> tokens(text.size() / 3 + 16);
  const auto size = static_cast<std::int32_t>(text.size());
  int count = llama_tokenize(vocab_, text.data(), size, tokens.data(), static_cast<std::int32_t>(tokens.size()),
                             add_special, parse_special);
  if (count < 0) {
    tokens.resize(static_cast<std::size_t>(-count));
    count = llama_tokenize(vocab_, text.data(), size, tokens.data(), static_cast<std::int32_t>(tokens.size()),
                           add_special, parse_special);
  }
  tokens.resize(static_cast<std::size_t>(std::max(count, 0)));
  return tokens;
}

std::optional<Token> Model::marker(std::string_view text) const {
  const auto tokens = tokenize(text, true);
  if (tokens.size() != 1 || piece_of(vocab_, tokens[0], true) != text) return std::nullopt;
  return tokens[0];
}

std::string Model::meta(const char* key) const {
  const int length = llama_model_meta_val_str(model_, key, nullptr, 0);
  if (length < 0) return {};
  std::string value(static_cast<std::size_t>(length) + 1, '\0');
  llama_model_meta_val_str(model_, key, value.data(), value.size());
  value.pop_back();
  return value;
}

std::string Model::chat_template() const {
  const char* text = llama_model_chat_template(model_, nullptr);
  return text == nullptr ? std::string() : std::string(text);
}

std::string Model::description() const {
  std::array<char, 128> text{};
  llama_model_desc(model_, text.data(), text.size());
  std::string description = text.data();
  // libllama names sizes that it knows; of others it says "?B".
  if (const auto at = description.find("?B"); at != std::string::npos)
    description.replace(at, 2, daimon::format("{:.1f}M", static_cast<double>(llama_model_n_params(model_)) / 1e6));
  return description;
}

std::uint64_t Model::kv_bytes_per_token() const {
  const auto heads = static_cast<std::uint64_t>(std::max(llama_model_n_head(model_), 1));
  const auto width = static_cast<std::uint64_t>(llama_model_n_embd(model_)) / heads;
  return 4 * width * static_cast<std::uint64_t>(std::max(llama_model_n_head_kv(model_), 0)) *
         static_cast<std::uint64_t>(llama_model_n_layer(model_));
}

}  // namespace daimon::processor
