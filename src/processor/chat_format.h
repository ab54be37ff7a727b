// Messages to prompt tokens. Text from messages is never taken for a control token, whatever it says.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "processor/model.h"
#include "processor/processor.h"

namespace daimon::processor {

// Immutable; any thread.
class ChatFormat {
 public:
  explicit ChatFormat(const Model& model);  // outlives this

  // The prompt, to which the model's answer is appended.
  [[nodiscard]] Result<std::vector<Token>> prompt(std::span<const Message> messages) const;
  // "" or what a person should know: that the template is not known and another is used.
  [[nodiscard]] const std::string& note() const { return note_; }
  // An answer in free text ends before this text; "" for none. For a model whose vocabulary lacks the markers.
  [[nodiscard]] const std::string& stop_text() const { return stop_text_; }

 private:
  enum class Kind : std::uint8_t { kCompact, kTemplate };
  struct Part {
    std::string text;
    bool from_message = false;
  };
  [[nodiscard]] std::vector<Token> compact(std::span<const Message> messages) const;
  [[nodiscard]] Result<std::vector<Part>> render(std::span<const Message> messages) const;
  [[nodiscard]] std::vector<Token> tokens_of(const std::vector<Part>& parts) const;
  void append_content(std::string_view content, std::vector<Token>& tokens) const;
  // Where the first marker begins in `text` at or after `from`; npos when none does. Linear, whatever the text.
  [[nodiscard]] std::size_t find_marker(std::string_view text, std::size_t from) const;

  const Model& model_;
  Kind kind_ = Kind::kTemplate;
  std::string template_;
  std::string note_;
  std::string stop_text_;
  std::array<std::vector<std::string_view>, 256> markers_;  // of the model, by first byte
  std::string secret_;  // of this process: what stands for content while a template is rendered
  Token bos_ = 0, system_ = 0, user_ = 0, result_ = 0, call_ = 0, end_ = 0;  // of the compact profile
};

}  // namespace daimon::processor
