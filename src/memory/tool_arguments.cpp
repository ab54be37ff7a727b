#include "memory/tool_arguments.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <optional>
#include <utility>

#include "base/text.h"
#include "memory/answer_rank.h"
#include "memory/answer_type.h"
#include "memory/goal_facts.h"
#include "memory/lexicon.h"
#include "memory/network_layer.h"
#include "memory/schema_parts.h"

namespace daimon::memory {
namespace {

constexpr std::size_t kArgumentsMax = 24;
constexpr std::size_t kSpanWordsMax = 7;
constexpr std::size_t kWaysMax = 400;
constexpr std::size_t kValuesMax = 64;  // of an enumeration
constexpr std::size_t kSaid = 21;       // of its evidence: whether the value stands in the goal as it is
// Forms of a piece.
enum Form : std::size_t { kPlain, kDigits, kNumberWord, kDay, kClock, kMoneyForm, kAddress, kCapital, kQuoted };

constexpr std::array<std::pair<std::string_view, int>, 26> kNumberWords = {
    {{"one", 1},       {"two", 2},       {"three", 3},    {"four", 4},     {"five", 5},       {"six", 6},
     {"seven", 7},     {"eight", 8},     {"nine", 9},     {"ten", 10},     {"eleven", 11},    {"twelve", 12},
     {"thirteen", 13}, {"fourteen", 14}, {"fifteen", 15}, {"sixteen", 16}, {"seventeen", 17}, {"eighteen", 18},
     {"nineteen", 19}, {"twenty", 20},   {"thirty", 30},  {"forty", 40},   {"fifty", 50},     {"sixty", 60},
     {"ninety", 90},   {"zero", 0}}};

std::optional<double> number_word(std::string_view text) {
  for (const auto& [word, value] : kNumberWords)
    if (text == word) return value;
  return std::nullopt;
}

// What a number word or numeral beside another makes of it is not known: "twenty five", "2 million".
bool is_scale(std::string_view text) {
  constexpr std::array<std::string_view, 6> kScales = {"hundred", "thousand", "million", "billion", "dozen", "half"};
  return number_word(text).has_value() || std::ranges::contains(kScales, text);
}

// A numeral that begins at `begin` in the text: "84.20", "1,130.50", "-5"; its end. None where it is a part of
// something else ("10:30", "2026-05-03", "A-12") or cannot be told ("1.130,50", "3,4").
struct Numeral {
  double value = 0;
  std::size_t begin = 0, end = 0;
};
std::optional<Numeral> numeral_at(std::string_view text, std::size_t begin) {
  std::size_t at = begin;
  std::string digits;
  const auto run = [&] {
    std::size_t count = 0;
    while (at < text.size() && is_digit(text[at])) digits += text[at++], ++count;
    return count;
  };
  const bool grouped = run() <= 3 && at + 3 < text.size() && text[at] == ',' && is_digit(text[at + 1]);
  while (grouped && at < text.size() && text[at] == ',') {
    ++at;
    if (run() != 3) return std::nullopt;
  }
  if (at + 1 < text.size() && text[at] == '.' && is_digit(text[at + 1])) {
    digits += text[at++];
    run();
  }
  const auto joins = [&](std::size_t i) {
    return i < text.size() && (std::string_view("-/:@_.,").contains(text[i]) && i + 1 < text.size() &&
                               text[i + 1] != ' ' && text[i + 1] != '\n');
  };
  if (joins(at)) return std::nullopt;
  const bool is_negative = begin > 0 && text[begin - 1] == '-' && (begin == 1 || text[begin - 2] == ' ');
  if (begin > 0 && !is_negative && std::string_view("-/:@_.,").contains(text[begin - 1])) return std::nullopt;
  Numeral made{0, begin - (is_negative ? 1 : 0), at};
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), made.value);
  constexpr double kMost = 1e15;  // whole numbers above are not all exact
  if (read.ec != std::errc{} || read.ptr != digits.data() + digits.size() || made.value > kMost) return std::nullopt;
  if (is_negative) made.value = -made.value;
  return made;
}

// What a word, in lower case, can be of a day that is said.
enum class DayPart : std::uint8_t { kNone, kMonth, kWeekday, kNumber, kBetween };
DayPart part_of_day(std::string_view word) {
  constexpr std::array<std::string_view, 7> kWeekdays = {"monday", "tuesday",  "wednesday", "thursday",
                                                         "friday", "saturday", "sunday"};
  constexpr std::array<std::string_view, 20> kOrdinals = {
      "first",     "second",    "third",       "fourth",     "fifth",      "sixth",      "seventh",
      "eighth",    "ninth",     "tenth",       "eleventh",   "twelfth",    "thirteenth", "fourteenth",
      "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth"};
  constexpr std::array<std::string_view, 5> kEndings = {"", "st", "nd", "rd", "th"};
  if (word == "the" || word == "of") return DayPart::kBetween;
  if (month_of(word) != 0 || word == "sept") return DayPart::kMonth;
  if (std::ranges::contains(kWeekdays, word)) return DayPart::kWeekday;
  if (std::ranges::contains(kOrdinals, word)) return DayPart::kNumber;
  const std::size_t digits = std::min(word.find_first_not_of("0123456789"), word.size());
  const bool is_day = digits == 1 || digits == 2;
  if (year_of(word) != 0 || (is_day && std::ranges::contains(kEndings, word.substr(digits)))) return DayPart::kNumber;
  return DayPart::kNone;
}

// A goal cut into what its words are, and what an argument is compared with.
class GoalReader {
 public:
  GoalReader(std::string_view goal, const Offer& tool, const embedding::StaticEmbedding* meanings)
      : goal_(goal), lexicon_(meanings), tokens_(lexicon_.tokens(goal, kReadGoalWordsMax)) {
    for (const auto& token : lexicon_.tokens_of_name(tool.name, 12)) tool_.push_back(token.word);
    for (const auto& token : lexicon_.tokens(tool.summary, 40))
      if (!is_silent(lexicon_.word(token.word))) tool_.push_back(token.word);
    for (const AnswerType type : {AnswerType::kDate, AnswerType::kWeekday})
      for (const std::string& text : candidates_in(goal, {type}, 24)) mark(text, kDay);
    for (const std::string& text : candidates_in(goal, {AnswerType::kTime}, 24)) mark(text, kClock);
    for (const std::string& text : candidates_in(goal, {AnswerType::kMoney}, 24)) mark(text, kMoneyForm);
    for (const std::string& text : candidates_in(goal, {AnswerType::kIdentifier, AnswerType::kPhone}, 24))
      mark(text, kAddress);
    mark_times();
    mark_days();
    for (std::size_t at = 0; at < goal.size(); ++at) {
      const char quote = goal[at];
      if (quote != '"' && quote != '\'') continue;
      if (at > 0 && goal[at - 1] != ' ' && goal[at - 1] != '(') continue;
      const std::size_t end = goal.find(quote, at + 1);
      if (end == std::string_view::npos || end == at + 1 || end - at > 300) continue;
      marked_.push_back({at + 1, end, kQuoted});
      at = end;
    }
    for (std::size_t begin = 0; begin < goal.size();) {
      const std::size_t end = std::min(goal.find_first_of(" \n\t", begin), goal.size());
      std::string_view word = goal.substr(begin, end - begin);
      while (!word.empty() && std::string_view(".,;:?!)").contains(word.back())) word.remove_suffix(1);
      if (word.contains('@') || word.contains("://") || word.contains('/') || word.starts_with("www."))
        marked_.push_back({begin, begin + word.size(), kAddress});
      begin = end + 1;
    }
  }

  ArgumentWays ways_of(const Argument& argument) {
    ArgumentWays made;
    name_.clear();
    about_.clear();
    for (const auto& token : lexicon_.tokens_of_name(argument.name, 8)) name_.push_back(token.word);
    for (const auto& token : lexicon_.tokens(argument.description, 24))
      if (!is_silent(lexicon_.word(token.word))) about_.push_back(token.word);
    std::vector<std::size_t> all = name_;
    all.insert(all.end(), name_.begin(), name_.end());  // the name says more than a description
    all.insert(all.end(), about_.begin(), about_.end());
    meaning_ = lexicon_.mean(all);
    switch (argument.form) {
      case ArgumentForm::kBoolean:
        add_boolean(argument, made.ways);
        break;
      case ArgumentForm::kEnumeration:
        for (const std::string& value : argument.values)
          if (made.ways.size() < kValuesMax) add_value(argument, value, made);
        keep_said(made.ways);
        break;
      case ArgumentForm::kNumber:
      case ArgumentForm::kInteger:
        add_numbers(argument, made);
        break;
      case ArgumentForm::kString:
        add_spans(argument, made);
        break;
    }
    return made;
  }

 private:
  struct Marked {
    std::size_t begin = 0, end = 0;
    Form form = kPlain;
  };

  void mark(std::string_view text, Form form) {
    for (std::size_t at = goal_.find(text); at != std::string_view::npos; at = goal_.find(text, at + text.size()))
      marked_.push_back({at, at + text.size(), form});
  }

  // Times that count from now: "tonight", "next Friday", "in two weeks", "half past seven".
  void mark_times() {
    const auto is = [&](std::size_t i, std::initializer_list<std::string_view> words) {
      return i < tokens_.size() && std::ranges::contains(words, std::string_view(lexicon_.word(tokens_[i].word)));
    };
    const auto is_unit = [&](std::size_t i) {
      return is(i, {"minute", "minutes", "hour", "hours", "day", "days", "week", "weeks", "month", "months", "year",
                    "years"});
    };
    const auto put = [&](std::size_t first, std::size_t last, Form form) {
      marked_.push_back({tokens_[first].begin, tokens_[last].end, form});
    };
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (is(i, {"today", "tomorrow", "tonight", "yesterday", "weekend"})) put(i, i, kDay);
      if (is(i, {"next", "this", "last", "coming"}) && i + 1 < tokens_.size() &&
          (is_unit(i + 1) || is(i + 1, {"weekend", "evening", "morning", "afternoon"}) ||
           part_of_day(lexicon_.word(tokens_[i + 1].word)) == DayPart::kWeekday))
        put(i, i + 1, kDay);
      if (is(i, {"in"}) && i + 2 < tokens_.size() && is_number(i + 1) && is_unit(i + 2)) put(i, i + 2, kDay);
      if (is(i, {"half", "quarter"}) && is(i + 1, {"past", "to"}) && i + 2 < tokens_.size()) put(i, i + 2, kClock);
      if (is(i, {"now", "noon", "midnight", "midday"})) put(i, i, kClock);
    }
  }

  // Days as they are said in any case: "june the fourteenth, 2020", "Feb. 8, 2034", "the 3rd of march", "monday 9
  // june".
  void mark_days() {
    const auto word = [&](std::size_t i) { return std::string_view(lexicon_.word(tokens_[i].word)); };
    const auto follows = [&](std::size_t i) {  // in the same run as the token before
      const std::string_view between = goal_.substr(tokens_[i - 1].end, tokens_[i].begin - tokens_[i - 1].end);
      return between == " " || between == ", " || between == ". ";
    };
    const auto belongs = [&](std::size_t i) {
      return part_of_day(word(i)) != DayPart::kNone && (part_of_day(word(i)) != DayPart::kNumber || !is_joined(i));
    };
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (!belongs(i) || is_joined(i)) continue;
      std::size_t last = i;
      while (last + 1 < tokens_.size() && follows(last + 1) && belongs(last + 1) && !is_joined(last + 2)) ++last;
      const std::size_t next = last + 1;
      // "the" and "of" alone are no day, nor is a number, nor a month, which may be a name.
      std::size_t first = i;
      while (first < last && part_of_day(word(first)) == DayPart::kBetween && word(first) != "the") ++first;
      while (last > first && part_of_day(word(last)) == DayPart::kBetween) --last;
      bool has_month = false;
      bool has_weekday = false;
      bool has_number = false;
      for (std::size_t t = first; t <= last; ++t) {
        has_month = has_month || part_of_day(word(t)) == DayPart::kMonth;
        has_weekday = has_weekday || part_of_day(word(t)) == DayPart::kWeekday;
        has_number = has_number || part_of_day(word(t)) == DayPart::kNumber;
      }
      if ((has_month && has_number) || has_weekday) marked_.push_back({tokens_[first].begin, tokens_[last].end, kDay});
      i = next - 1;
    }
  }

  [[nodiscard]] std::string_view text(std::size_t first, std::size_t last) const {
    return goal_.substr(tokens_[first].begin, tokens_[last].end - tokens_[first].begin);
  }

  [[nodiscard]] float nearest(const std::vector<std::size_t>& of, const std::vector<std::size_t>& to) const {
    float most = 0;
    for (const std::size_t a : of)
      for (const std::size_t b : to) most = std::max(most, lexicon_.likeness(a, b));
    return most;
  }

  // A part of something written in one, as "login" of "fix-login", "md" of "README.md" and "B2" of "March!B2:E12".
  [[nodiscard]] bool is_joined(std::size_t second) const {
    return second > 0 && second < tokens_.size() && tokens_[second].begin == tokens_[second - 1].end + 1 &&
           std::string_view("-./@_'&+:!").contains(goal_[tokens_[second - 1].end]);
  }

  [[nodiscard]] bool is_capital(std::size_t i) const {
    return i < tokens_.size() && goal_[tokens_[i].begin] >= 'A' && goal_[tokens_[i].begin] <= 'Z';
  }
  // Whether a name goes on behind a word: "Ann Hale", "L. Kelly".
  [[nodiscard]] bool goes_on(std::size_t i) const {
    if (!is_capital(i) || !is_capital(i + 1)) return false;
    const std::string_view between = goal_.substr(tokens_[i].end, tokens_[i + 1].begin - tokens_[i].end);
    return between == " " || between == " & " || (between == ". " && tokens_[i].end == tokens_[i].begin + 1);
  }

  [[nodiscard]] bool is_number(std::size_t i) const {
    return std::ranges::all_of(lexicon_.word(tokens_[i].word), is_digit) ||
           number_word(lexicon_.word(tokens_[i].word)).has_value();
  }

  // Whether a word is none of a value's beside it: one that says nothing, what the tool and its argument are called,
  // the verb that a goal begins with, a number, or what is of another form.
  [[nodiscard]] bool is_edge(std::size_t i) const {
    const std::size_t word = tokens_[i].word;
    return i == 0 || is_silent(lexicon_.word(word)) || std::ranges::contains(tool_, word) ||
           std::ranges::contains(name_, word) || is_number(i) || std::ranges::any_of(marked_, [&](const Marked& m) {
             return tokens_[i].begin >= m.begin && tokens_[i].end <= m.end;
           });
  }

  // The evidence has what put_features says, then what form the argument has.
  static void put_form(const Argument& argument, ArgumentWay& way) {
    constexpr std::size_t kDense = 28;
    static_assert(kDense + 6 <= kEvidenceWidth);
    way.read.evidence[kDense + static_cast<std::size_t>(argument.form)] = 1;
    way.read.evidence[kDense + 5] = argument.required ? 1 : 0;
  }

  // The words [first, last] of the goal as the value.
  void add(const Argument& argument, ArgumentWays& made, Json value, std::size_t first, std::size_t last, Form form) {
    if (made.ways.size() >= kWaysMax) return;
    ArgumentWay way;
    way.value = std::move(value);
    way.begin = tokens_[first].begin;
    way.end = tokens_[last].end;
    way.read = {.begin = way.begin, .size = way.end - way.begin, .kind = form};
    put_features(way, first, last);
    put_form(argument, way);
    made.ways.push_back(std::move(way));
  }

  void put_features(ArgumentWay& way, std::size_t first, std::size_t last) {
    const auto words = [&](std::size_t from, std::size_t to) {
      std::vector<std::size_t> found;
      for (std::size_t i = from; i < to && i < tokens_.size(); ++i) found.push_back(tokens_[i].word);
      return found;
    };
    const auto telling = [&](std::vector<std::size_t> found) {
      std::erase_if(found, [&](std::size_t word) { return is_silent(lexicon_.word(word)); });
      return found;
    };
    const auto before = words(first - std::min<std::size_t>(first, 3), first);
    const auto before_all = words(first - std::min<std::size_t>(first, 6), first);
    const auto after = words(last + 1, last + 3);
    const auto inside = words(first, last + 1);
    const auto inside_told = telling(inside);
    std::size_t next = 0;
    const auto put = [&](float value) { way.read.evidence[next++] = value; };
    put(nearest(name_, telling(before)));
    put(nearest(about_, telling(before)));
    put(nearest(name_, telling(after)));
    put(nearest(about_, telling(after)));
    put(nearest(name_, inside_told));
    put(nearest(about_, inside_told));
    const auto mean = lexicon_.mean(inside_told);
    const float length = std::sqrt(dot(mean, mean)) * std::sqrt(dot(meaning_, meaning_));
    put(length > 0 ? dot(mean, meaning_) / length : 0);
    put(nearest(name_, telling(before_all)) >= 1 ? 1 : 0);
    put(nearest(name_, words(first - std::min<std::size_t>(first, 12), last + 8)));
    put(static_cast<float>(inside.size()) / 6);
    const auto share = [&](auto&& is) {
      return static_cast<float>(std::ranges::count_if(inside, is)) / static_cast<float>(inside.size());
    };
    std::size_t capitals = 0;
    for (std::size_t i = first; i <= last; ++i) capitals += is_capital(i) ? 1 : 0;
    put(static_cast<float>(capitals) / static_cast<float>(inside.size()));
    put(first == 0 ? 1 : 0);
    const std::size_t end = tokens_[last].end;
    put(end >= goal_.size() || std::string_view(".,;?!\"'\n").contains(goal_[end]) ? 1 : 0);
    put(first > 0 && is_silent(lexicon_.word(tokens_[first - 1].word)) ? 1 : 0);
    put(last + 1 < tokens_.size() && is_silent(lexicon_.word(tokens_[last + 1].word)) ? 1 : 0);
    put(share([&](std::size_t word) { return is_silent(lexicon_.word(word)); }));
    put(share([&](std::size_t word) { return std::ranges::contains(tool_, word); }));
    put(share([&](std::size_t word) { return std::ranges::contains(name_, word); }));
    put(static_cast<float>(first) / static_cast<float>(std::max<std::size_t>(tokens_.size(), 1)));
    put(first > 1 && goes_on(first - 1) ? 1 : 0);
    put(goes_on(last) ? 1 : 0);
    put(nearest(tool_, inside_told));
    // A whole group of words between others that say nothing, and how rare they are.
    const auto apart = [&](std::size_t i, std::size_t j) {
      return goal_.substr(tokens_[i].end, tokens_[j].begin - tokens_[i].end).find_first_of(".,;:?!\"()\n") !=
             std::string_view::npos;
    };
    const bool left = first == 0 || apart(first - 1, first) || is_edge(first - 1);
    const bool right = last + 1 >= tokens_.size() || apart(last, last + 1) || is_edge(last + 1);
    put(left ? 1 : 0);
    put(right ? 1 : 0);
    put(left && right ? 1 : 0);
    float sum = 0;
    for (const std::size_t word : inside) sum += std::sqrt(lexicon_.rarity(word));
    put(sum / static_cast<float>(inside.size()));
    put(std::sqrt(std::min(lexicon_.rarity(inside.front()), lexicon_.rarity(inside.back()))));
    // "Josie" of "Josie and the Pussycats".
    constexpr std::array<std::string_view, 8> kWithin = {"and", "of", "the", "a", "an", "who", "too", "much"};
    std::size_t further = last + 1;
    while (further < tokens_.size() && further < last + 3 && !is_capital(further) && !apart(further - 1, further) &&
           std::ranges::contains(kWithin, std::string_view(lexicon_.word(tokens_[further].word))))
      ++further;
    put(further > last + 1 && is_capital(last) && is_capital(further) && !apart(further - 1, further) ? 1 : 0);  // 28
  }

  void add_numbers(const Argument& argument, ArgumentWays& made) {
    const auto scales = [&](std::size_t i) { return i < tokens_.size() && is_scale(lexicon_.word(tokens_[i].word)); };
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      const bool digits = is_digit(goal_[tokens_[i].begin]);
      std::optional<double> number;
      std::size_t last = i;
      if (digits) {
        const auto numeral = numeral_at(goal_, tokens_[i].begin);
        if (numeral) number = numeral->value;
        while (numeral && last + 1 < tokens_.size() && tokens_[last + 1].end <= numeral->end) ++last;
      } else if (!is_joined(i) && !is_joined(i + 1)) {
        number = number_word(lexicon_.word(tokens_[i].word));
      }
      const bool alone = !scales(last + 1) && (digits || i == 0 || !scales(i - 1));
      const bool whole = number && *number == std::floor(*number);
      if (number && alone && (whole || argument.form == ArgumentForm::kNumber))
        add(argument, made, whole ? Json(static_cast<std::int64_t>(*number)) : Json(*number), i, last,
            digits ? kDigits : kNumberWord);
      i = last;
    }
  }

  // Whether its words are said, and whether they are denied.
  void add_boolean(const Argument& argument, std::vector<ArgumentWay>& ways) {
    float said = 0;
    std::size_t place = 0;
    for (std::size_t i = 0; i < tokens_.size(); ++i)
      for (const auto* words : {&name_, &about_})
        for (const std::size_t word : *words) {
          if (is_silent(lexicon_.word(word))) continue;
          const float value = lexicon_.likeness(word, tokens_[i].word);
          if (value > said) said = value, place = i;
        }
    bool denied = false;
    for (std::size_t i = place - std::min<std::size_t>(place, 4); i < place; ++i) {
      const std::string& word = lexicon_.word(tokens_[i].word);
      denied = denied || word == "no" || word == "not" || word == "without" || word == "don" || word == "t" ||
               word == "off" || word == "never";
    }
    constexpr float kHeard = 0.5F;
    if (said < kHeard) return;
    for (const bool value : {true, false}) {
      ArgumentWay way;
      way.value = value;
      way.read.evidence[0] = said;
      way.read.evidence[1] = denied == value ? 0 : 1;
      way.read.evidence[2] = value ? 1 : 0;
      put_form(argument, way);
      ways.push_back(std::move(way));
    }
  }

  // "East" is near to "west", but where one of them is said, the other is not.
  static void keep_said(std::vector<ArgumentWay>& ways) {
    const auto is_said = [](const ArgumentWay& way) { return way.read.evidence[kSaid] > 0; };
    if (std::ranges::any_of(ways, is_said)) std::erase_if(ways, std::not_fn(is_said));
  }

  // One value of an enumeration, where it fits best.
  void add_value(const Argument& argument, const std::string& value, ArgumentWays& made) {
    const auto words = lexicon_.tokens_of_name(value, 8);
    if (words.empty()) return;
    float most = -1;
    std::size_t first = 0;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      float sum = 0;
      for (std::size_t j = 0; j < words.size(); ++j)
        if (i + j < tokens_.size()) sum += lexicon_.likeness(words[j].word, tokens_[i + j].word);
      sum /= static_cast<float>(words.size());
      if (sum > most) most = sum, first = i;
    }
    // What is not said at all is nobody's choice.
    constexpr float kLeast = 0.6F;
    if (most < kLeast) return;
    ArgumentWay way;
    way.value = value;
    const std::size_t last = std::min(first + words.size(), tokens_.size()) - 1;
    way.read = {.begin = tokens_[first].begin, .size = tokens_[last].end - tokens_[first].begin};
    put_features(way, first, last);
    // What counts is how well it is said.
    way.read.evidence[kSaid - 1] = most;
    way.read.evidence[kSaid] = most >= 1 ? 1 : 0;
    put_form(argument, way);
    made.ways.push_back(std::move(way));
  }

  void add_spans(const Argument& argument, ArgumentWays& made) {
    std::vector<std::pair<std::size_t, std::size_t>> known;
    const auto span = [&](std::size_t first, std::size_t last, Form form, Json value) {
      if (std::ranges::contains(known, std::pair(first, last))) return;
      known.emplace_back(first, last);
      add(argument, made, std::move(value), first, last, form);
    };
    for (const Marked& marked : marked_) {
      const auto first = std::ranges::lower_bound(tokens_, marked.begin, {}, &Lexicon::Token::begin);
      auto last = first;
      while (last != tokens_.end() && last->end <= marked.end) ++last;
      if (first == last) continue;
      span(static_cast<std::size_t>(first - tokens_.begin()), static_cast<std::size_t>(last - tokens_.begin()) - 1,
           marked.form, Json(goal_.substr(marked.begin, marked.end - marked.begin)));
    }
    const auto is_marked = [&](std::size_t first, std::size_t last) {
      return std::ranges::any_of(marked_, [&](const Marked& m) {
        return (m.form == kQuoted || m.form == kAddress) && tokens_[first].begin < m.end && tokens_[last].end > m.begin;
      });
    };
    for (std::size_t first = 0; first < tokens_.size(); ++first) {
      for (std::size_t last = first; last < std::min(first + kSpanWordsMax, tokens_.size()); ++last) {
        if (last > first && !is_joined(last)) {
          const std::string_view between =
              goal_.substr(tokens_[last - 1].end, tokens_[last].begin - tokens_[last - 1].end);
          const bool initial = between != " " && goes_on(last - 1);
          if (between.find_first_of(".,?!;:\n\"") != std::string_view::npos && !initial) break;
        }
        if (is_marked(first, last) || is_joined(first)) break;
        // Half a name is none; but the goal's first word has its capital for nothing.
        if (first > 1 && goes_on(first - 1)) break;
        if (is_joined(last + 1) || goes_on(last)) continue;
        const auto silent = [&](std::size_t i) {
          return is_silent(lexicon_.word(tokens_[i].word)) && !(is_capital(i) && i > 0);
        };
        // "The party" and "a taxi" may be meant with their articles.
        const std::string& opening = lexicon_.word(tokens_[first].word);
        if (silent(first) && opening != "the" && opening != "a" && opening != "my") break;
        if (silent(last)) continue;
        const std::string_view value = text(first, last);
        span(first, last,
             first == last && is_number(first) ? (is_digit(value[0]) ? kDigits : kNumberWord)
             : is_capital(first)               ? kCapital
                                               : kPlain,
             Json(value));
      }
    }
  }

  std::string_view goal_;
  Lexicon lexicon_;
  std::vector<Lexicon::Token> tokens_;
  std::vector<std::size_t> tool_;          // words of the tool's name and summary
  std::vector<std::size_t> name_, about_;  // of the argument at hand
  std::vector<float> meaning_;
  std::vector<Marked> marked_;
};

}  // namespace

std::vector<Argument> arguments_of(const Json& schema) {
  std::vector<Argument> arguments;
  const Json* properties = find(schema, "properties");
  if (properties == nullptr || !properties->is_object()) return arguments;
  const Json* required = find(schema, "required");
  for (const auto& property : properties->get_object()) {
    if (arguments.size() == kArgumentsMax) break;
    const Json& said = property.value();
    Argument argument;
    argument.name = property.key();
    argument.description = find_string(said, "description").value_or("");
    const Json* declared = find(said, "type");
    const auto type = find_string(said, "type").value_or(declared == nullptr ? "" : "several");
    if (const Json* values = find(said, "enum"); values != nullptr && values->is_array()) {
      argument.form = ArgumentForm::kEnumeration;
      for (const Json& value : values->get_array())
        if (value.is_string()) argument.values.emplace_back(value.get_string());
      if (argument.values.empty()) continue;
    } else if (type == "integer") {
      argument.form = ArgumentForm::kInteger;
    } else if (type == "number") {
      argument.form = ArgumentForm::kNumber;
    } else if (type == "boolean") {
      argument.form = ArgumentForm::kBoolean;
    } else if (type != "string") {
      continue;
    }
    if (required != nullptr && required->is_array())
      argument.required = std::ranges::any_of(required->get_array(), [&](const Json& name) {
        return name.is_string() && name.get_string() == argument.name;
      });
    arguments.push_back(std::move(argument));
  }
  return arguments;
}

bool can_be_filled(const Json& schema, const std::vector<Argument>& arguments) {
  const Json* required = find(schema, "required");
  if (required == nullptr || !required->is_array()) return true;
  return std::ranges::all_of(required->get_array(), [&](const Json& name) {
    return name.is_string() && std::ranges::contains(arguments, std::string(name.get_string()), &Argument::name);
  });
}

std::string argument_question(const Argument& argument) {
  return spaced_name(argument.name) + ": " + argument.description;
}

AnswerSource goal_source(std::string_view goal, const Offer& tool) {
  return {1, tool.name, cut_utf8(goal, kReadGoalBytesMax)};
}

std::vector<ArgumentWays> argument_ways(std::string_view goal, const Offer& tool,
                                        const std::vector<Argument>& arguments,
                                        const embedding::StaticEmbedding* meanings) {
  const AnswerSource source = goal_source(goal, tool);
  GoalReader reader(source.text, tool, meanings);
  std::vector<ArgumentWays> all;
  EncodedPassages encoded;
  for (const Argument& argument : arguments) {
    ArgumentWays& made = all.emplace_back(reader.ways_of(argument));
    std::vector<ReadPiece> pieces;
    for (const ArgumentWay& way : made.ways) pieces.push_back(way.read);
    if (made.ways.empty()) continue;
    const Reading reading(argument_question(argument), std::span(&source, 1), meanings, kGoalTokensMax);
    const ReadScores scores = read_pieces(ReaderFor::kArguments, reading, pieces, &encoded);
    for (std::size_t i = 0; i < made.ways.size(); ++i) made.ways[i].score = scores.pieces[i];
    made.none = scores.none;
  }
  return all;
}

FilledArguments fill_arguments(const std::vector<Argument>& arguments, const std::vector<ArgumentWays>& ways) {
  constexpr double kForRequired = 1;  // what is required may be less sure
  constexpr std::size_t kStatesMax = 64;
  // A choice for the arguments so far: how many that are required it has, and how much likelier it is than that none of
  // them is said.
  struct State {
    std::vector<const ArgumentWay*> chosen;
    int required = 0;
    double gain = 0;
  };
  std::vector<State> states{{std::vector<const ArgumentWay*>(arguments.size())}};
  const auto gain_of = [&](std::size_t a, const ArgumentWay& way) {
    return way.score - ways[a].none + (arguments[a].required ? kForRequired : 0);
  };
  for (std::size_t a = 0; a < arguments.size(); ++a) {
    std::vector<State> next = states;
    for (const State& state : states)
      for (const ArgumentWay& way : ways[a].ways) {
        const double gain = gain_of(a, way);
        const bool taken = std::ranges::any_of(state.chosen, [&](const ArgumentWay* other) {
          return other != nullptr && way.end > way.begin && other->end > other->begin && way.begin < other->end &&
                 other->begin < way.end;
        });
        if (gain <= 0 || taken) continue;
        State& with = next.emplace_back(state);
        with.chosen[a] = &way;
        with.required += arguments[a].required ? 1 : 0;
        with.gain += gain;
      }
    std::ranges::stable_sort(next, std::greater(), [](const State& s) { return std::pair(s.required, s.gain); });
    if (next.size() > kStatesMax) next.resize(kStatesMax);
    states = std::move(next);
  }
  const auto& chosen = states.front().chosen;
  FilledArguments filled;
  for (std::size_t a = 0; a < arguments.size(); ++a) {
    if (chosen[a] != nullptr)
      filled.values[arguments[a].name] = chosen[a]->value;
    else if (arguments[a].required)
      filled.missing.push_back(arguments[a].name);
  }
  return filled;
}

}  // namespace daimon::memory
