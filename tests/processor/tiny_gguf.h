// A random Llama of two layers, written as a GGUF file when a test runs, so that tests need no download. Its vocabulary
// is byte-level BPE: the 256 bytes, a few hundred merges of common pieces, and the markers of firmware/FORMAT.md.
#pragma once

#include <ggml.h>
#include <gguf.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <format>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace daimon::processor::test {

struct TinyModel {
  bool compact_prompt = true;   // daimon.prompt = compact-3
  std::string chat_template;    // tokenizer.chat_template; "" for none
  bool chatml_markers = false;  // <|im_start|> and <|im_end|> instead of the compact profile's
  int context = 2048;
  int layers = 2;
  int width = 64;
  std::uint32_t seed = 1;
};

// GPT-2's printable stand-in of each byte, in UTF-8.
inline std::string stand_in(int byte) {
  const auto utf8 = [](int code) {
    if (code < 0x80) return std::string(1, static_cast<char>(code));
    return std::string{static_cast<char>(0xC0 | (code >> 6)), static_cast<char>(0x80 | (code & 0x3F))};
  };
  const auto printable = [](int b) {
    return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || (b >= 174 && b <= 255);
  };
  if (printable(byte)) return utf8(byte);
  int next = 256;
  for (int b = 0; b < byte; ++b)
    if (!printable(b)) ++next;
  return utf8(next);
}

inline void write_tiny_gguf(const std::filesystem::path& path, const TinyModel& tiny = {}) {
  std::vector<std::string> tokens, merges;
  std::vector<std::int32_t> types;
  std::set<std::string> known;
  const auto add = [&](const std::string& text, int type) {
    if (!known.insert(text).second) return;
    tokens.push_back(text);
    types.push_back(type);
  };
  std::vector<std::string> bytes(256);
  for (int b = 0; b < 256; ++b) add(bytes[static_cast<std::size_t>(b)] = stand_in(b), 1);
  const auto merge_word = [&](std::string_view word) {
    std::string left = bytes[static_cast<unsigned char>(word[0])];
    for (std::size_t i = 1; i < word.size(); ++i) {
      const std::string right = bytes[static_cast<unsigned char>(word[i])];
      if (!known.contains(left + right)) {
        merges.push_back(left + " " + right);
        add(left + right, 1);
      }
      left += right;
    }
  };
  for (const std::string_view word :
       {"the",    " the",   " of",  " and",    " to",     " in",       "ing",    "er",  "on",    "at",   "en",
        "search", "answer", "read", "list",    "table",   "calculate", "write",  "ask", "none",  "plan", "call",
        "with",   "query",  "path", "content", "passage", "files",     "{\"",    "\":", "\",\"", "\"}",  "\":\"",
        "\":[\"", "\"]}",   " is",  " a",      " for",    " invoice",  " march", "ity", "elec",  "tric"})
    merge_word(word);
  const std::vector<std::string> markers =
      tiny.chatml_markers
          ? std::vector<std::string>{"<|endoftext|>", "<|im_start|>", "<|im_end|>"}
          : std::vector<std::string>{"<|bos|>", "<|sys|>", "<|user|>", "<|res|>", "<|call|>", "<|end|>", "<|pad|>"};
  const auto first_marker = static_cast<std::uint32_t>(tokens.size());
  for (const std::string& marker : markers) add(marker, 3);
  const auto vocabulary = static_cast<std::int64_t>(tokens.size());

  gguf_context* gguf = gguf_init_empty();
  gguf_set_val_str(gguf, "general.architecture", "llama");
  gguf_set_val_str(gguf, "general.name", "tiny");
  const auto u32 = [&](const char* key, int value) { gguf_set_val_u32(gguf, key, static_cast<std::uint32_t>(value)); };
  const int heads = tiny.width / 16;
  u32("llama.context_length", tiny.context);
  u32("llama.embedding_length", tiny.width);
  u32("llama.block_count", tiny.layers);
  u32("llama.feed_forward_length", tiny.width * 2);
  u32("llama.attention.head_count", heads);
  u32("llama.attention.head_count_kv", heads / 2);
  u32("llama.rope.dimension_count", 16);
  u32("llama.vocab_size", static_cast<int>(vocabulary));
  gguf_set_val_f32(gguf, "llama.attention.layer_norm_rms_epsilon", 1e-5F);
  gguf_set_val_f32(gguf, "llama.rope.freq_base", 10000.0F);
  if (tiny.compact_prompt) gguf_set_val_str(gguf, "daimon.prompt", "compact-3");
  gguf_set_val_str(gguf, "tokenizer.ggml.model", "gpt2");
  gguf_set_val_str(gguf, "tokenizer.ggml.pre", "smollm");
  const auto strings = [&](const char* key, const std::vector<std::string>& values) {
    std::vector<const char*> pointers;
    for (const std::string& value : values) pointers.push_back(value.c_str());
    gguf_set_arr_str(gguf, key, pointers.data(), pointers.size());
  };
  strings("tokenizer.ggml.tokens", tokens);
  strings("tokenizer.ggml.merges", merges);
  gguf_set_arr_data(gguf, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types.data(), types.size());
  gguf_set_val_u32(gguf, "tokenizer.ggml.bos_token_id", first_marker);
  gguf_set_val_u32(gguf, "tokenizer.ggml.eos_token_id", first_marker + (tiny.chatml_markers ? 2U : 5U));
  gguf_set_val_bool(gguf, "tokenizer.ggml.add_bos_token", false);
  if (!tiny.chat_template.empty()) gguf_set_val_str(gguf, "tokenizer.chat_template", tiny.chat_template.c_str());

  ggml_init_params params{};
  params.mem_size = 64U << 20;
  ggml_context* context = ggml_init(params);
  std::mt19937 random(tiny.seed);
  const auto tensor = [&](const std::string& name, std::int64_t columns, std::int64_t rows, bool norm = false) {
    ggml_tensor* t = rows == 0 ? ggml_new_tensor_1d(context, GGML_TYPE_F32, columns)
                               : ggml_new_tensor_2d(context, GGML_TYPE_F32, columns, rows);
    ggml_set_name(t, name.c_str());
    auto* data = static_cast<float*>(t->data);
    const float scale = 1.5F / std::sqrt(static_cast<float>(columns));
    // Only the engine's own bits, so that the file is the same everywhere.
    for (std::int64_t i = 0; i < ggml_nelements(t); ++i)
      data[i] = norm ? 1.0F : scale * (static_cast<float>(random()) / 2147483648.0F - 1.0F);
    gguf_add_tensor(gguf, t);
  };
  const std::int64_t d = tiny.width;
  tensor("token_embd.weight", d, vocabulary);
  tensor("output_norm.weight", d, 0, true);
  tensor("output.weight", d, vocabulary);
  for (int layer = 0; layer < tiny.layers; ++layer) {
    const auto name = [&](const char* part) { return std::format("blk.{}.{}.weight", layer, part); };
    tensor(name("attn_norm"), d, 0, true);
    tensor(name("attn_q"), d, d);
    tensor(name("attn_k"), d, d / 2);
    tensor(name("attn_v"), d, d / 2);
    tensor(name("attn_output"), d, d);
    tensor(name("ffn_norm"), d, 0, true);
    tensor(name("ffn_gate"), d, d * 2);
    tensor(name("ffn_up"), d, d * 2);
    tensor(name("ffn_down"), d * 2, d);
  }
  gguf_write_to_file(gguf, path.c_str(), false);
  ggml_free(context);
  gguf_free(gguf);
}

}  // namespace daimon::processor::test
