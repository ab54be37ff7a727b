#include "memory/passage_meaning.h"

#include <array>
#include <span>
#include <string>
#include <vector>

#include "base/format.h"
#include "embedding/static_embedding.h"
#include "memory/reader_weights.h"
#include "memory/reading.h"
#include "memory/text_encoder.h"

namespace daimon::memory {
namespace {

class PassageMeaning final : public embedding::TextMeaning {
 public:
  [[nodiscard]] const std::string& id() const override { return id_; }
  [[nodiscard]] std::size_t width() const override { return kMeaningWidth; }
  // Prose of as many bytes has some 90 tokens, of 160 that are read (reading.h).
  [[nodiscard]] std::size_t bytes_max() const override { return 400; }
  [[nodiscard]] std::vector<std::int8_t> of_question(std::string_view question) const override {
    const Reading reading(question, {}, nullptr);
    return vector_of(reading, reading.question());
  }
  [[nodiscard]] std::vector<std::int8_t> of_passage(std::string_view path, std::string_view text) const override {
    const std::array source{AnswerSource{1, path, text}};
    const Reading reading("", source, nullptr);
    return vector_of(reading, reading.passages().front());
  }

 private:
  static std::vector<std::int8_t> vector_of(const Reading& reading, std::span<const Reading::Token> tokens) {
    if (tokens.empty()) return std::vector<std::int8_t>(kMeaningWidth);
    const TextEncoder& encoder = text_encoder();
    const Rows whole = encoder.whole(encoder(reading, tokens));
    return embedding::as_bytes(whole[0]);
  }

  // Counts up with each change of what is read of a text: its parts, its tokens, its path.
  static constexpr int kGeneration = 1;
  std::string id_ = daimon::format("{}.{}", kMeaningId, kGeneration);
};

}  // namespace

std::shared_ptr<const embedding::TextMeaning> passage_meaning() { return std::make_shared<PassageMeaning>(); }

}  // namespace daimon::memory
