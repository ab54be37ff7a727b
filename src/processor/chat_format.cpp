#include "processor/chat_format.h"

#include <llama.h>

#include <algorithm>
#include <format>

#include "base/random.h"
#include "base/text.h"

namespace daimon::processor {
namespace {

constexpr std::string_view kCompactPrompt = "compact-3";

// Templates of libllama know system, user and assistant; results of calls come as the user's.
Role templated(Role role) { return role == Role::kTool ? Role::kUser : role; }

}  // namespace

ChatFormat::ChatFormat(const Model& model) : model_(model) {
  SystemRandom random;
  secret_ = random_hex(random, 16);
  for (const std::string_view marker : model.marker_texts())
    markers_[static_cast<unsigned char>(marker[0])].push_back(marker);
  const auto find = [&](std::string_view text, Token& token) {
    const auto found = model.marker(text);
    if (found) token = *found;
    return found.has_value();
  };
  if (model.meta("daimon.prompt") == kCompactPrompt) {
    if (find("<|bos|>", bos_) && find("<|sys|>", system_) && find("<|user|>", user_) && find("<|res|>", result_) &&
        find("<|call|>", call_) && find("<|end|>", end_)) {
      kind_ = Kind::kCompact;
      return;
    }
    note_ = "the model asks for the compact prompt profile, but its vocabulary lacks the markers";
  }
  template_ = model.chat_template();
  const llama_chat_message probe{"user", "x"};
  if (!template_.empty() && llama_chat_apply_template(template_.c_str(), &probe, 1, true, nullptr, 0) > 0) return;
  if (note_.empty())
    note_ = template_.empty() ? "the model has no chat template; ChatML is used"
                              : "the model's chat template is not known to libllama; ChatML is used";
  template_ = "chatml";
  if (!model.marker("<|im_end|>")) stop_text_ = "<|im_end|>";
}

Result<std::vector<Token>> ChatFormat::prompt(std::span<const Message> messages) const {
  if (messages.empty()) return fail(ErrorCode::kInvalidArgument, "a request has no messages", "give at least one");
  if (kind_ == Kind::kCompact) return compact(messages);
  DAIMON_TRY(const std::vector<Part> parts, render(messages));
  return tokens_of(parts);
}

std::vector<Token> ChatFormat::compact(std::span<const Message> messages) const {
  std::vector<Token> tokens{bos_};
  for (const Message& message : messages) {
    switch (message.role) {
      case Role::kSystem:
        tokens.push_back(system_);
        break;
      case Role::kUser:
        tokens.push_back(user_);
        break;
      case Role::kTool:
        tokens.push_back(result_);
        break;
      case Role::kAssistant:
        tokens.push_back(call_);
        break;
    }
    if (message.role != Role::kAssistant) {
      append_content(message.content, tokens);
      continue;
    }
    // As the model would have said it itself: what frames a call is one token each. None of these is a marker.
    const auto said = model_.tokenize(repair_utf8(message.content), false);
    tokens.insert(tokens.end(), said.begin(), said.end());
    tokens.push_back(end_);
  }
  tokens.push_back(call_);
  return tokens;
}

// Renders with a stand-in for each content that nobody can guess, then cuts there.
Result<std::vector<ChatFormat::Part>> ChatFormat::render(std::span<const Message> messages) const {
  std::vector<std::string> contents;
  std::vector<Role> roles;
  for (const Message& message : messages) {
    const Role role = templated(message.role);
    // Many templates want turns to alternate.
    if (!roles.empty() && roles.back() == role && role != Role::kSystem) {
      contents.back() += "\n\n" + message.content;
    } else {
      roles.push_back(role);
      contents.push_back(message.content);
    }
  }
  std::vector<std::string> stand_ins;
  std::vector<llama_chat_message> chat;
  stand_ins.reserve(contents.size());
  for (std::size_t i = 0; i < contents.size(); ++i) {
    stand_ins.push_back(std::format("[{}-{}]", secret_, i));
    chat.push_back({name_of(roles[i]).data(), stand_ins.back().c_str()});
  }
  std::string text(4096, '\0');
  int length = 0;
  for (int attempt = 0; attempt < 2; ++attempt) {
    length = llama_chat_apply_template(template_.c_str(), chat.data(), chat.size(), true, text.data(),
                                       static_cast<std::int32_t>(text.size()));
    if (length < 0)
      return fail(ErrorCode::kUnsupported, "the model's chat template refuses these messages", "use another model");
    if (static_cast<std::size_t>(length) <= text.size()) break;
    text.resize(static_cast<std::size_t>(length));
  }
  text.resize(static_cast<std::size_t>(length));
  std::vector<Part> parts;
  std::size_t at = 0;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    // A template may leave a message out (some know no system role): then it goes before the next one.
    const auto found = text.find(stand_ins[i], at);
    if (found == std::string::npos) {
      if (i + 1 < contents.size()) {
        contents[i + 1] = contents[i] + "\n\n" + contents[i + 1];
        continue;
      }
      return fail(ErrorCode::kUnsupported, "the model's chat template leaves the last message out",
                  "use another model");
    }
    parts.push_back({text.substr(at, found - at), false});
    parts.push_back({repair_utf8(contents[i]), true});
    at = found + stand_ins[i].size();
  }
  parts.push_back({text.substr(at), false});
  return parts;
}

std::vector<Token> ChatFormat::tokens_of(const std::vector<Part>& parts) const {
  std::string whole;
  for (const Part& part : parts) whole += part.text;
  // The usual case, and exactly what the model was trained on: nothing in the messages, nor at their edges, looks like
  // a marker, so the text can be tokenised as one.
  std::size_t longest = 1;
  for (const std::string& marker : model_.marker_texts()) longest = std::max(longest, marker.size());
  bool clean = true;
  std::size_t begin = 0;
  for (const Part& part : parts) {
    const std::size_t end = begin + part.text.size();
    // Every marker that has a byte in the content: one that begins before it may reach into it.
    for (std::size_t at = begin - std::min(begin, longest - 1); part.from_message && clean && at < end; ++at) {
      at = find_marker(whole, at);
      if (at >= end) break;
      std::size_t length = 0;
      for (const std::string_view marker : markers_[static_cast<unsigned char>(whole[at])])
        if (std::string_view(whole).substr(at).starts_with(marker)) length = std::max(length, marker.size());
      clean = at + length <= begin;
    }
    begin = end;
  }
  if (clean) return model_.tokenize(whole, true, true);
  std::vector<Token> tokens = model_.tokenize(parts.front().text, true, true);
  for (const Part& part : std::span(parts).subspan(1)) {
    if (part.from_message) {
      append_content(part.text, tokens);
    } else {
      const auto marker = model_.tokenize(part.text, true);
      tokens.insert(tokens.end(), marker.begin(), marker.end());
    }
  }
  return tokens;
}

// A marker in the text is cut in two, so that no tokeniser takes it for the token.
void ChatFormat::append_content(std::string_view content, std::vector<Token>& tokens) const {
  // A tokeniser of bytes that are no UTF-8 may do anything.
  const std::string repaired = is_utf8(content) ? std::string() : repair_utf8(content);
  if (!repaired.empty()) content = repaired;
  const auto append = [&](std::string_view text) {
    const auto piece = model_.tokenize(text, false);
    tokens.insert(tokens.end(), piece.begin(), piece.end());
  };
  for (std::size_t at = find_marker(content, 0); at != std::string_view::npos; at = find_marker(content, 0)) {
    append(content.substr(0, at + 1));
    content.remove_prefix(at + 1);
  }
  append(content);
}

std::size_t ChatFormat::find_marker(std::string_view text, std::size_t from) const {
  for (std::size_t at = from; at < text.size(); ++at)
    for (const std::string_view marker : markers_[static_cast<unsigned char>(text[at])])
      if (text.substr(at).starts_with(marker)) return at;
  return std::string_view::npos;
}

}  // namespace daimon::processor
