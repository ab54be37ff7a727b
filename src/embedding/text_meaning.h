// What a whole text means, as one vector: of a network that reads it, so that a passage is found by a question that
// shares no word with it. Some milliseconds a text, where a static embedding (static_embedding.h) takes microseconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace daimon::embedding {

// Any thread.
class TextMeaning {
 public:
  virtual ~TextMeaning() = default;

  // Of what has learned it: vectors of another are no use to this one.
  [[nodiscard]] virtual const std::string& id() const = 0;
  // How many numbers a vector has.
  [[nodiscard]] virtual std::size_t width() const = 0;
  // Bytes of prose that one vector can stand for; of more, or of a text that is mostly marks, only the beginning is
  // read.
  [[nodiscard]] virtual std::size_t bytes_max() const = 0;
  // Only the angle between two vectors means anything (cosine(), static_embedding.h): of a question and a passage how
  // likely the passage answers it.
  [[nodiscard]] virtual std::vector<std::int8_t> of_question(std::string_view question) const = 0;
  [[nodiscard]] virtual std::vector<std::int8_t> of_passage(std::string_view path, std::string_view text) const = 0;
};

}  // namespace daimon::embedding
