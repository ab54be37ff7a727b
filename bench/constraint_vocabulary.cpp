#include "constraint_vocabulary.h"

#include <gguf.h>
#include <llama.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "base/format.h"
#include "base/random.h"

namespace daimon::bench {
namespace {

constexpr std::size_t kSpecial = 3;  // unknown, begin, end

std::string utf8(char32_t c) {
  const auto byte = [](char32_t value) { return static_cast<char>(static_cast<unsigned char>(value)); };
  if (c < 0x800) return {byte(0xC0 | (c >> 6U)), byte(0x80 | (c & 0x3FU))};
  return {byte(0xE0 | (c >> 12U)), byte(0x80 | ((c >> 6U) & 0x3FU)), byte(0x80 | (c & 0x3FU))};
}

// A word of a language that does not exist, of one to four syllables, the short ones more often.
std::string word(Random& random) {
  static constexpr const char* kOnsets[] = {"b", "c", "d",  "f",  "g",  "h",  "l",  "m",  "n",  "p",  "r",   "s",  "t",
                                            "v", "w", "st", "tr", "pr", "ch", "sh", "th", "re", "in", "con", "de", ""};
  static constexpr const char* kVowels[] = {"a", "e", "i", "o", "u", "ea", "ou", "io", "er", "an", "ar", "or"};
  static constexpr const char* kCodas[] = {"",   "",   "n",  "t",    "s",    "r",   "l",  "d",  "ng",
                                           "nt", "st", "ck", "ment", "tion", "ing", "ed", "ly", "able"};
  const auto pick = [&](const auto& list) { return list[random.next() % std::size(list)]; };
  std::string made;
  const std::size_t syllables = 1 + random.next() % 2 + random.next() % 2 + (random.next() % 4 == 0 ? 1 : 0);
  for (std::size_t i = 0; i < syllables; ++i)
    made.append(pick(kOnsets)).append(pick(kVowels)).append(i + 1 == syllables ? pick(kCodas) : "");
  return made;
}

std::string piece_of(const llama_vocab* vocabulary, llama_token token) {
  std::string text(64, '\0');
  int length = llama_token_to_piece(vocabulary, token, text.data(), static_cast<int>(text.size()), 0, false);
  if (length < 0) {
    text.resize(static_cast<std::size_t>(-length));
    length = llama_token_to_piece(vocabulary, token, text.data(), static_cast<int>(text.size()), 0, false);
  }
  text.resize(static_cast<std::size_t>(std::max(length, 0)));
  return text;
}

}  // namespace

std::vector<std::string> made_tokens(std::size_t count) {
  SeededRandom random(1);
  std::vector<std::string> tokens;
  std::set<std::string> seen;
  const auto add = [&](const std::string& text) {
    if (tokens.size() + 256 + kSpecial < count && seen.insert(text).second) tokens.push_back(text);
  };
  const std::string signs = " \"{}[](),.:;'/\\-_=<>+*&|!?#$%@^~`";
  for (char c = ' '; c <= '~'; ++c) add({c});
  for (const char* run : {"\":\"", "\",\"", "\"},{\"", "\":{\"", "\"}", "{\"", "\":[", "\":[\"", "\"],\"", "\"}}",
                          "true", "false", "null", "},{\""})
    add(run);
  for (const char a : signs)
    for (const char b : signs) add({a, b});
  for (int i = 0; i < 1000; ++i) add(std::to_string(i));
  for (std::size_t length = 2; length <= 64; ++length) add(std::string(length, ' '));
  // As in trained vocabularies, a good part is other scripts and runs of signs; more of it in a large one.
  const std::size_t other = count / 5;
  for (std::size_t i = 0; i < other / 10; ++i)
    add({signs[random.next() % signs.size()], signs[random.next() % signs.size()],
         signs[random.next() % signs.size()]});
  for (std::size_t i = 0; i < other; ++i) {
    const bool ideographs = random.next() % 2 == 0;
    std::string text;
    for (std::size_t length = 1 + random.next() % 3; length > 0; --length)
      text += ideographs ? utf8(static_cast<char32_t>(0x4E00 + random.next() % 5000))
                         : utf8(static_cast<char32_t>(0x430 + random.next() % 32));
    add(text);
  }
  while (tokens.size() + 256 + kSpecial < count) {
    std::string text = word(random);
    const std::uint64_t form = random.next() % 8;
    if (form >= 6) text[0] = static_cast<char>(text[0] - 'a' + 'A');
    add(form % 2 == 0 ? " " + text : text);
  }
  return tokens;
}

void write_vocabulary(const std::filesystem::path& path, const std::vector<std::string>& tokens) {
  std::vector<std::string> texts{"<unk>", "<s>", "</s>"};
  std::vector<std::int32_t> types{LLAMA_TOKEN_TYPE_UNKNOWN, LLAMA_TOKEN_TYPE_CONTROL, LLAMA_TOKEN_TYPE_CONTROL};
  for (int byte = 0; byte < 256; ++byte) {
    texts.push_back(daimon::format("<0x{:02X}>", byte));
    types.push_back(LLAMA_TOKEN_TYPE_BYTE);
  }
  for (const std::string& token : tokens) {
    std::string text;
    for (const char c : token) text += c == ' ' ? utf8(0x2581) : std::string(1, c);
    texts.push_back(std::move(text));
    types.push_back(LLAMA_TOKEN_TYPE_NORMAL);
  }
  std::vector<const char*> pointers;
  std::vector<float> scores;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    pointers.push_back(texts[i].c_str());
    scores.push_back(-static_cast<float>(i));
  }
  gguf_context* file = gguf_init_empty();
  gguf_set_val_str(file, "general.architecture", "llama");
  gguf_set_val_str(file, "tokenizer.ggml.model", "llama");
  gguf_set_arr_str(file, "tokenizer.ggml.tokens", pointers.data(), pointers.size());
  gguf_set_arr_data(file, "tokenizer.ggml.scores", GGUF_TYPE_FLOAT32, scores.data(), scores.size());
  gguf_set_arr_data(file, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types.data(), types.size());
  gguf_set_val_u32(file, "tokenizer.ggml.unknown_token_id", 0);
  gguf_set_val_u32(file, "tokenizer.ggml.bos_token_id", 1);
  gguf_set_val_u32(file, "tokenizer.ggml.eos_token_id", 2);
  const bool written = gguf_write_to_file(file, path.c_str(), true);
  gguf_free(file);
  if (!written) {
    std::fprintf(stderr, "cannot write %s\n", path.c_str());
    std::exit(1);
  }
}

Words::Words(const std::filesystem::path& path) {
  llama_model_params parameters = llama_model_default_params();
  parameters.vocab_only = true;
  model_ = llama_model_load_from_file(path.c_str(), parameters);
  if (model_ == nullptr) {
    std::fprintf(stderr, "libllama cannot read the vocabulary of %s\n", path.c_str());
    std::exit(1);
  }
  std::vector<std::string> bytes(static_cast<std::size_t>(llama_vocab_n_tokens(theirs())));
  std::vector<constraint::Token> ends;
  for (llama_token token = 0; token < llama_vocab_n_tokens(theirs()); ++token) {
    if (llama_vocab_is_eog(theirs(), token))
      ends.push_back(token);
    else
      bytes[static_cast<std::size_t>(token)] = piece_of(theirs(), token);
  }
  ours_ = constraint::Vocabulary::create(std::move(bytes), std::move(ends)).value();
  for (constraint::Token token = 0; token < static_cast<constraint::Token>(ours_->size()); ++token) {
    known_.emplace(ours_->bytes(token), token);
    longest_ = std::max(longest_, ours_->bytes(token).size());
  }
}

Words::~Words() { llama_model_free(model_); }

const llama_vocab* Words::theirs() const { return llama_model_get_vocab(model_); }

std::vector<constraint::Token> Words::tokenize(std::string_view text) const {
  std::vector<constraint::Token> tokens;
  while (!text.empty()) {
    std::size_t length = std::min(longest_, text.size());
    while (length > 1 && !known_.contains(text.substr(0, length))) --length;
    tokens.push_back(known_.at(text.substr(0, length)));
    text.remove_prefix(length);
  }
  return tokens;
}

}  // namespace daimon::bench
