#include "memory/answer_type.h"

#include <algorithm>
#include <array>
#include <regex>

#include "base/text.h"
#include "memory/answer_rank.h"

namespace daimon::memory {
namespace {

// std::regex recurses once a character.
constexpr std::size_t kLineBytesMax = 2000;

#define DAIMON_MONTH                                                                                                   \
  "(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?" \
  ":ember)?|Dec(?:ember)?)"
#define DAIMON_DAY "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
#define DAIMON_NUMBER R"(\d[\d,]*(?:\.\d+)?)"

struct Form {
  AnswerType type;
  std::regex pattern;
};

const std::vector<Form>& forms() {
  const auto compiled = [](const char* text) {
    return std::regex(text, std::regex::ECMAScript | std::regex::optimize);
  };
  static const std::vector<Form> kForms = {
      {AnswerType::kMoney, compiled("(?:\xC2\xA3|\xE2\x82\xAC|\\$)\\s?" DAIMON_NUMBER "(?:p\\b)?")},
      {AnswerType::kMoney, compiled(DAIMON_NUMBER R"(\s?(?:GBP|EUR|USD|pounds?|euros?|dollars?|pence|p)\b)")},
      {AnswerType::kNumber, compiled(DAIMON_NUMBER R"((?:\s?%)?)")},
      // With its unit, which may be two words: "40 square metres".
      {AnswerType::kNumber, compiled(DAIMON_NUMBER R"( ?[A-Za-z]+(?: [a-z]+)?)")},
      {AnswerType::kNumber, compiled(DAIMON_NUMBER R"( ?[A-Za-z]+)")},
      {AnswerType::kNumber,
       compiled(
           R"(\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twice|once|half)\b(?: [a-z]+)?)")},
      {AnswerType::kDate,
       compiled("(?:" DAIMON_DAY ",? )?\\d{1,2}(?:st|nd|rd|th)?(?: of)? " DAIMON_MONTH "\\b(?:,? \\d{4})?")},
      {AnswerType::kDate, compiled("\\d{1,2}(?:st|nd|rd|th)?(?: of)? " DAIMON_MONTH "\\b(?:,? \\d{4})?")},
      {AnswerType::kDate, compiled("\\b" DAIMON_MONTH " \\d{1,2}(?:st|nd|rd|th)?\\b(?:,? \\d{4})?")},
      {AnswerType::kDate, compiled("\\b" DAIMON_MONTH " \\d{4}\\b")},
      {AnswerType::kDate, compiled("\\b" DAIMON_DAY "s?\\b")},
      {AnswerType::kWeekday, compiled("\\b" DAIMON_DAY "s?\\b")},
      {AnswerType::kDate, compiled(R"(\b\d{4}-\d{2}-\d{2}\b)")},
      {AnswerType::kDate, compiled(R"(\b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b)")},
      {AnswerType::kDate, compiled(R"(\b(?:19|20)\d{2}\b)")},
      {AnswerType::kTime, compiled(R"(\b\d{1,2}[:.]\d{2}(?:\s?[ap]m\b)?)")},
      {AnswerType::kTime, compiled(R"(\b\d{1,2}\s?(?:[ap]m|o'clock)\b)")},
      {AnswerType::kTime, compiled(R"(\b(?:noon|midday|midnight)\b)")},
      {AnswerType::kIdentifier,
       compiled(R"(\b(?=[A-Z0-9/-]*[A-Z])(?=[A-Z0-9/-]{4})[A-Z0-9][A-Za-z0-9/-]*\d[A-Za-z0-9/-]*\b)")},
      {AnswerType::kIdentifier, compiled(R"(\b\d{5,}\b)")},
      {AnswerType::kIdentifier, compiled(R"(\b(?:[A-Z]{1,4} )?\d{2,}(?: \d{2,})+\b)")},
      {AnswerType::kIdentifier, compiled(R"(\b[A-Z]{1,4} \d{3,}\b)")},
      {AnswerType::kPhone, compiled(R"(\+?\d[\d ]{7,}\d)")},
      {AnswerType::kName,
       compiled(R"((?:[A-Z]\. ?){0,3}[A-Z][A-Za-z'\x80-\xFF-]+(?:\.? (?:& )?[A-Z][A-Za-z'\x80-\xFF-]*)*)")},
      {AnswerType::kName,
       compiled(R"((?:Mr|Mrs|Ms|Miss|Dr|Prof)\.? [A-Z][A-Za-z'\x80-\xFF-]*(?:\.? [A-Z][A-Za-z'\x80-\xFF-]*)*)")}};
  return kForms;
}

#undef DAIMON_MONTH
#undef DAIMON_DAY
#undef DAIMON_NUMBER

struct Sign {
  std::string_view words;  // as they stand in the goal, in lower case between single blanks
  std::array<AnswerType, 2> types;
};
constexpr std::array kSigns = {
    Sign{"how much", {AnswerType::kMoney, AnswerType::kNumber}},
    Sign{"how many", {AnswerType::kNumber, AnswerType::kNumber}},
    Sign{"how long", {AnswerType::kNumber, AnswerType::kNumber}},
    Sign{"how often", {AnswerType::kNumber, AnswerType::kNumber}},
    Sign{"how old", {AnswerType::kNumber, AnswerType::kNumber}},
    Sign{"how far", {AnswerType::kNumber, AnswerType::kNumber}},
    Sign{"did i pay", {AnswerType::kMoney, AnswerType::kMoney}},
    Sign{"did we pay", {AnswerType::kMoney, AnswerType::kMoney}},
    Sign{"paying", {AnswerType::kMoney, AnswerType::kMoney}},
    Sign{"cost", {AnswerType::kMoney, AnswerType::kMoney}},
    Sign{"costs", {AnswerType::kMoney, AnswerType::kMoney}},
    Sign{"price of", {AnswerType::kMoney, AnswerType::kMoney}},
    Sign{"owe", {AnswerType::kMoney, AnswerType::kMoney}},
    Sign{"fee", {AnswerType::kMoney, AnswerType::kMoney}},
    Sign{"premium", {AnswerType::kMoney, AnswerType::kMoney}},
    Sign{"bill for", {AnswerType::kMoney, AnswerType::kMoney}},
    Sign{"bills for", {AnswerType::kMoney, AnswerType::kMoney}},
    Sign{"when", {AnswerType::kDate, AnswerType::kTime}},
    Sign{"whens", {AnswerType::kDate, AnswerType::kTime}},
    Sign{"which day", {AnswerType::kWeekday, AnswerType::kWeekday}},
    Sign{"what day", {AnswerType::kWeekday, AnswerType::kWeekday}},
    Sign{"which date", {AnswerType::kDate, AnswerType::kDate}},
    Sign{"what date", {AnswerType::kDate, AnswerType::kDate}},
    Sign{"the date", {AnswerType::kDate, AnswerType::kDate}},
    Sign{"expire", {AnswerType::kDate, AnswerType::kDate}},
    Sign{"run out", {AnswerType::kDate, AnswerType::kDate}},
    Sign{"what time", {AnswerType::kTime, AnswerType::kTime}},
    Sign{"which time", {AnswerType::kTime, AnswerType::kTime}},
    Sign{"phone number", {AnswerType::kPhone, AnswerType::kPhone}},
    Sign{"telephone", {AnswerType::kPhone, AnswerType::kPhone}},
    Sign{"policy number", {AnswerType::kIdentifier, AnswerType::kIdentifier}},
    Sign{"account number", {AnswerType::kIdentifier, AnswerType::kIdentifier}},
    Sign{"reference", {AnswerType::kIdentifier, AnswerType::kIdentifier}},
    Sign{"licence number", {AnswerType::kIdentifier, AnswerType::kIdentifier}},
    Sign{"license number", {AnswerType::kIdentifier, AnswerType::kIdentifier}},
    Sign{"serial number", {AnswerType::kIdentifier, AnswerType::kIdentifier}},
    Sign{"order number", {AnswerType::kIdentifier, AnswerType::kIdentifier}},
    Sign{"passport number", {AnswerType::kIdentifier, AnswerType::kIdentifier}},
    Sign{"booking number", {AnswerType::kIdentifier, AnswerType::kIdentifier}},
    Sign{"who", {AnswerType::kName, AnswerType::kName}},
    Sign{"whose", {AnswerType::kName, AnswerType::kName}},
};

std::string words_between_blanks(std::string_view text) {
  std::string words = " ";
  for (const char c : to_lower_ascii(text)) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
    if (letter)
      words += c;
    else if (c != '\'' && words.back() != ' ')
      words += ' ';
  }
  return words + " ";
}

bool is_word_byte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Neither end cuts a word or a number in two.
bool stands_whole(std::string_view line, std::size_t at, std::size_t size) {
  const std::size_t end = at + size;
  if (at > 0 && is_word_byte(line[at - 1]) && is_word_byte(line[at])) return false;
  if (end < line.size() && is_word_byte(line[end - 1]) && is_word_byte(line[end])) return false;
  const auto digit = [&](std::size_t i) { return i < line.size() && is_digit(line[i]); };
  if (at > 1 && digit(at) && (line[at - 1] == '.' || line[at - 1] == ',') && digit(at - 2)) return false;
  return !(end + 1 < line.size() && digit(end - 1) && (line[end] == '.' || line[end] == ',') && digit(end + 1));
}

}  // namespace

std::vector<AnswerType> answer_types_of(std::string_view goal) {
  std::vector<AnswerType> types;
  const std::string words = words_between_blanks(goal);
  for (const Sign& sign : kSigns)
    if (words.contains(" " + std::string(sign.words) + " "))
      for (const AnswerType type : sign.types)
        if (std::ranges::find(types, type) == types.end()) types.push_back(type);
  return types;
}

std::vector<std::string> candidates_in(std::string_view line, const std::vector<AnswerType>& types, std::size_t most) {
  line = cut_utf8(line, kLineBytesMax);
  std::vector<std::pair<std::size_t, std::string>> found;
  for (const Form& form : forms()) {
    if (std::ranges::find(types, form.type) == types.end()) continue;
    for (std::cregex_iterator match(line.data(), line.data() + line.size(), form.pattern), end; match != end; ++match) {
      const auto at = static_cast<std::size_t>(match->position());
      const auto size = static_cast<std::size_t>(match->length());
      std::string text = match->str();
      // The first word of a run of capitals may only begin the sentence: "Call Amelia Hughes".
      if (const auto blank = text.find(' '); form.type == AnswerType::kName && blank != std::string::npos)
        found.emplace_back(at + blank + 1, text.substr(blank + 1));
      // A capital alone names nobody where every sentence begins with one: "The fee is due".
      if (form.type == AnswerType::kName && is_silent(to_lower_ascii(text))) continue;
      if (size > 0 && stands_whole(line, at, size) &&
          std::ranges::none_of(found, [&](const auto& other) { return other.second == text; }))
        found.emplace_back(at, std::move(text));
    }
  }
  // "2026" and "June 2026" within "9 June 2026" are not what was meant.
  std::erase_if(found, [&](const auto& part) {
    return std::ranges::all_of(part.second.substr(part.second.size() - std::min<std::size_t>(part.second.size(), 4)),
                               is_digit) &&
           std::ranges::any_of(found, [&](const auto& whole) {
             return whole.second.size() > part.second.size() + 1 && whole.first < part.first &&
                    whole.first + whole.second.size() == part.first + part.second.size() &&
                    (part.second.size() == 4 || !is_digit(part.second[0]));
           });
  });
  std::ranges::stable_sort(found, {}, &std::pair<std::size_t, std::string>::first);
  std::vector<std::string> candidates;
  for (auto& [at, text] : found)
    if (candidates.size() < most) candidates.push_back(std::move(text));
  return candidates;
}

}  // namespace daimon::memory
