#include "processor/gguf_check.h"

#include <ggml.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <format>
#include <memory>
#include <set>
#include <system_error>
#include <vector>

#include "base/text.h"

namespace daimon::processor {
namespace {

// Bounds far above any real model; a header that asks for more is an attack or damage.
constexpr std::uint64_t kKeysMax = 65'536;
constexpr std::uint64_t kTensorsMax = 262'144;
constexpr std::uint64_t kKeyBytesMax = 65'535;
constexpr std::uint64_t kStringBytesMax = 16U << 20;
constexpr std::uint64_t kElementsMax = 16U << 20;
constexpr std::uint64_t kTensorNameBytesMax = GGML_MAX_NAME - 1;
constexpr std::uint64_t kAlignmentMax = 1U << 20;

constexpr std::string_view kDownloadAgain = "the file is damaged or not complete: download it again (`daimon pull`)";

enum Type : std::uint32_t { kU8, kI8, kU16, kI16, kU32, kI32, kF32, kBool, kString, kArray, kU64, kI64, kF64, kTypes };
constexpr std::array<std::uint64_t, kTypes> kTypeBytes = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

struct Tensor {
  std::string name;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

class Reader {
 public:
  Reader(std::FILE* file, std::uint64_t size, std::string_view name)
      : file_(file), size_(size), name_(printable(name)) {}

  Result<GgufSummary> read();

 private:
  [[nodiscard]] std::unexpected<Error> corrupt(std::string_view what) const {
    return fail(ErrorCode::kCorrupt, std::format("{}: {} (at byte {})", name_, what, at_), std::string(kDownloadAgain));
  }
  [[nodiscard]] std::uint64_t left() const { return size_ - at_; }

  Status bytes(void* to, std::uint64_t count) {
    if (count > left()) return corrupt("the file ends inside its header");
    if (std::fread(to, 1, count, file_) != count) return corrupt("the file could not be read to the end of its header");
    at_ += count;
    return {};
  }
  Status skip(std::uint64_t count) {
    if (count > left()) return corrupt("the file ends inside its header");
    // A seek is a system call, and a vocabulary is 100,000 short texts: those are read, out of the buffer.
    if (std::array<char, 256> passed; count <= passed.size()) return bytes(passed.data(), count);
    if (fseeko(file_, static_cast<off_t>(count), SEEK_CUR) != 0) return corrupt("the file could not be read");
    at_ += count;
    return {};
  }
  template <class T>
  Result<T> number() {
    T value{};
    DAIMON_CHECK(bytes(&value, sizeof value));
    return value;
  }
  Result<std::string> string(std::uint64_t bytes_max) {
    DAIMON_TRY(const std::uint64_t length, number<std::uint64_t>());
    if (length > left()) return corrupt(std::format("a text of {} bytes is longer than the file", length));
    if (length > bytes_max)
      return corrupt(std::format("a text of {} bytes, at most {} are allowed", length, bytes_max));
    std::string text(length, '\0');
    DAIMON_CHECK(bytes(text.data(), length));
    return text;
  }

  Status header();
  Status key_value();
  Status array(const std::string& key);
  Status scalar(const std::string& key, std::uint32_t type);
  Result<Tensor> tensor();
  Status place(const std::vector<Tensor>& tensors);

  std::FILE* file_;
  std::uint64_t size_;
  std::string name_;
  std::uint64_t at_ = 0;
  std::uint64_t alignment_ = 32;
  std::uint64_t token_types_ = 0, scores_ = 0;
  std::set<std::string, std::less<>> keys_;
  std::set<std::string, std::less<>> names_;
  GgufSummary summary_;
};

Status Reader::header() {
  if (size_ == 0)
    return fail(ErrorCode::kInvalidArgument, std::format("{} is empty", name_), std::string(kDownloadAgain));
  std::array<char, 4> magic{};
  if (size_ < 24 || !bytes(magic.data(), magic.size()) || std::memcmp(magic.data(), "GGUF", 4) != 0)
    return fail(ErrorCode::kInvalidArgument, std::format("{} is not a GGUF model (it does not begin with GGUF)", name_),
                "give a .gguf file, or a name such as owner/repo:Q4_K_M after `daimon pull`");
  DAIMON_TRY(summary_.version, number<std::uint32_t>());
  if (summary_.version != 2 && summary_.version != 3)
    return fail(ErrorCode::kUnsupported,
                std::format("{} is GGUF version {}{}; versions 2 and 3 are read", name_, summary_.version,
                            (summary_.version & 0xFFFFU) == 0 ? " (or in big-endian byte order)" : ""),
                "get a newer conversion of the model");
  DAIMON_TRY(summary_.tensors, number<std::uint64_t>());
  DAIMON_TRY(summary_.keys, number<std::uint64_t>());
  // The smallest tensor takes 33 bytes of header and the smallest key 14.
  if (summary_.tensors > kTensorsMax || summary_.tensors > size_ / 33)
    return corrupt(std::format("the header claims {} tensors", summary_.tensors));
  if (summary_.keys > kKeysMax || summary_.keys > size_ / 13)
    return corrupt(std::format("the header claims {} keys", summary_.keys));
  return {};
}

Status Reader::scalar(const std::string& key, std::uint32_t type) {
  if (type == kString) {
    DAIMON_TRY(std::string text, string(kStringBytesMax));
    if (key == "general.architecture")
      summary_.architecture = std::move(text);
    else if (key == "daimon.prompt")
      summary_.prompt_profile = std::move(text);
    return {};
  }
  if (key == "general.architecture") return corrupt("general.architecture is no text");
  if (key == "general.alignment") {
    if (type != kU32) return corrupt("general.alignment is no uint32");
    DAIMON_TRY(const std::uint32_t alignment, number<std::uint32_t>());
    if (!std::has_single_bit(alignment) || alignment < 8 || alignment > kAlignmentMax)
      return corrupt(std::format("general.alignment is {}", alignment));
    alignment_ = alignment;
    return {};
  }
  return skip(kTypeBytes[type]);
}

Status Reader::array(const std::string& key) {
  DAIMON_TRY(const std::uint32_t type, number<std::uint32_t>());
  DAIMON_TRY(const std::uint64_t count, number<std::uint64_t>());
  if (type >= kTypes || type == kArray) return corrupt(std::format("{} is an array of type {}", printable(key), type));
  if (count > kElementsMax) return corrupt(std::format("{} has {} elements", printable(key), count));
  if (key == "tokenizer.ggml.tokens") summary_.vocabulary = count;
  if (key == "tokenizer.ggml.token_type") token_types_ = count;
  if (key == "tokenizer.ggml.scores") scores_ = count;
  if (type != kString) return skip(count * kTypeBytes[type]);
  if (count > left() / 8) return corrupt(std::format("{} claims {} texts", printable(key), count));
  for (std::uint64_t i = 0; i < count; ++i) {
    DAIMON_TRY(const std::uint64_t length, number<std::uint64_t>());
    if (length > kStringBytesMax) return corrupt(std::format("a text of {} bytes in {}", length, printable(key)));
    DAIMON_CHECK(skip(length));
  }
  return {};
}

Status Reader::key_value() {
  DAIMON_TRY(std::string key, string(kKeyBytesMax));
  if (key.empty() || key.find('\0') != std::string::npos) return corrupt("a key is empty or holds a zero byte");
  if (!keys_.insert(key).second) return corrupt(std::format("the key {} stands there twice", printable(key)));
  DAIMON_TRY(const std::uint32_t type, number<std::uint32_t>());
  if (type >= kTypes) return corrupt(std::format("{} has the unknown type {}", printable(key), type));
  return type == kArray ? array(key) : scalar(key, type);
}

Result<Tensor> Reader::tensor() {
  Tensor tensor;
  DAIMON_TRY(tensor.name, string(kTensorNameBytesMax));
  const std::string shown = printable(tensor.name);
  if (tensor.name.empty() || tensor.name.find('\0') != std::string::npos) return corrupt("a tensor has no name");
  if (!names_.insert(tensor.name).second) return corrupt(std::format("the tensor {} stands there twice", shown));
  DAIMON_TRY(const std::uint32_t dimensions, number<std::uint32_t>());
  if (dimensions == 0 || dimensions > GGML_MAX_DIMS)
    return corrupt(std::format("the tensor {} has {} dimensions", shown, dimensions));
  std::uint64_t elements = 1;
  std::uint64_t row = 1;
  for (std::uint32_t i = 0; i < dimensions; ++i) {
    DAIMON_TRY(const std::uint64_t length, number<std::uint64_t>());
    if (length == 0 || length > INT64_MAX || __builtin_mul_overflow(elements, length, &elements) ||
        elements > INT64_MAX)
      return corrupt(std::format("the tensor {} has a dimension of {}", shown, length));
    if (i == 0) row = length;
  }
  DAIMON_TRY(const std::uint32_t type, number<std::uint32_t>());
  const ggml_type_traits* traits =
      type < GGML_TYPE_COUNT ? ggml_get_type_traits(static_cast<ggml_type>(type)) : nullptr;
  if (traits == nullptr || traits->blck_size <= 0 || traits->type_size == 0)
    return fail(ErrorCode::kUnsupported,
                std::format("{}: the tensor {} has the type {}, not known here", name_, shown, type),
                "get the model in another quantisation, such as Q4_K_M");
  const auto block = static_cast<std::uint64_t>(traits->blck_size);
  if (row % block != 0)
    return corrupt(std::format("the tensor {} has rows of {}, no multiple of {}", shown, row, block));
  if (__builtin_mul_overflow(elements / block, traits->type_size, &tensor.bytes))
    return corrupt(std::format("the tensor {} is larger than any memory", shown));
  DAIMON_TRY(tensor.offset, number<std::uint64_t>());
  if (tensor.offset % alignment_ != 0)
    return corrupt(std::format("the tensor {} begins at {}, no multiple of {}", shown, tensor.offset, alignment_));
  return tensor;
}

Status Reader::place(const std::vector<Tensor>& tensors) {
  if (tensors.empty()) return {};
  summary_.data_offset = (at_ + alignment_ - 1) / alignment_ * alignment_;
  // libllama wants the tensors one after the other, in the order of the header.
  std::uint64_t expected = 0;
  for (const Tensor& tensor : tensors) {
    if (tensor.offset != expected)
      return corrupt(std::format("the tensor {} begins at {} where {} was expected", printable(tensor.name),
                                 tensor.offset, expected));
    std::uint64_t end = 0;
    if (__builtin_add_overflow(tensor.offset, tensor.bytes, &end) || summary_.data_offset > size_ ||
        end > size_ - summary_.data_offset)
      return fail(ErrorCode::kCorrupt,
                  std::format("{} is cut short: the tensor {} needs {} bytes beyond its {} bytes", name_,
                              printable(tensor.name),
                              end + summary_.data_offset - std::min(size_, end + summary_.data_offset), size_),
                  std::string(kDownloadAgain));
    expected = (end + alignment_ - 1) / alignment_ * alignment_;
  }
  return {};
}

Result<GgufSummary> Reader::read() {
  static_assert(std::endian::native == std::endian::little, "GGUF is read as it stands, in little-endian order");
  DAIMON_CHECK(header());
  for (std::uint64_t i = 0; i < summary_.keys; ++i) DAIMON_CHECK(key_value());
  if (summary_.architecture.empty())
    return fail(ErrorCode::kUnsupported, std::format("{} names no model architecture (general.architecture)", name_),
                "give the file of a language model, not an adapter or another part of one");
  if ((token_types_ != 0 && token_types_ != summary_.vocabulary) || (scores_ != 0 && scores_ != summary_.vocabulary))
    return corrupt(std::format("{} tokens, but {} types and {} scores", summary_.vocabulary, token_types_, scores_));
  std::vector<Tensor> tensors;
  for (std::uint64_t i = 0; i < summary_.tensors; ++i) {
    DAIMON_TRY(Tensor next, tensor());
    tensors.push_back(std::move(next));
  }
  DAIMON_CHECK(place(tensors));
  return summary_;
}

}  // namespace

Result<GgufSummary> check_gguf(std::FILE* file, std::uint64_t size, std::string_view name) {
  return Reader(file, size, name).read();
}

Result<GgufSummary> check_gguf(const std::filesystem::path& path) {
  std::error_code error;
  const std::string shown = printable(path.string());
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found)
    return fail(ErrorCode::kNotFound, std::format("there is no model file {}", shown),
                "see `daimon ls` for the models that are here, or get one with `daimon pull owner/repo`");
  if (status.type() == std::filesystem::file_type::directory)
    return fail(ErrorCode::kInvalidArgument, std::format("{} is a folder, not a model file", shown),
                "name the .gguf file in it");
  if (!error && status.type() != std::filesystem::file_type::regular)
    return fail(ErrorCode::kInvalidArgument, std::format("{} is not a regular file", shown), "name a .gguf file");
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), &std::fclose);
  if (!file) return std::unexpected(os_error(errno, std::format("opening the model {}", shown)));
  const auto size = std::filesystem::file_size(path, error);
  if (error) return std::unexpected(os_error(error.value(), std::format("reading the model {}", shown)));
  return check_gguf(file.get(), size, path.string());
}

}  // namespace daimon::processor
