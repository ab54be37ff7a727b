#include "constraint/text_pattern.h"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <optional>

#include "base/format.h"
#include "base/text.h"

namespace daimon::constraint {
namespace {

void link(Automaton& automaton, StateId from, StateId to) { automaton.states[from].epsilon.push_back(to); }

StateId add_bytes(Automaton& automaton, StateId from, std::string_view bytes) {
  for (const char c : bytes) {
    const StateId next = automaton.add();
    automaton.states[from].bytes.push_back({static_cast<std::uint8_t>(c), static_cast<std::uint8_t>(c), next});
    from = next;
  }
  return from;
}

std::size_t encode(char32_t c, std::array<std::uint8_t, 4>& out) {
  std::string bytes;
  append_utf8(bytes, c);
  std::ranges::transform(bytes, out.begin(), [](char byte) { return static_cast<std::uint8_t>(byte); });
  return bytes.size();
}

// Splits a range so that each part is a product of byte ranges (after RE2's and Go's utf8 range compilers).
void add_range(Automaton& automaton, StateId from, StateId to, char32_t low, char32_t high) {
  if (low > high) return;
  for (const char32_t edge : {char32_t{0x7F}, char32_t{0x7FF}, char32_t{0xFFFF}})
    if (low <= edge && edge < high) {
      add_range(automaton, from, to, low, edge);
      return add_range(automaton, from, to, edge + 1, high);
    }
  for (int i = 1; i < 4 && high > 0x7F; ++i) {
    const char32_t mask = (char32_t{1} << (6 * i)) - 1;
    if ((low & ~mask) == (high & ~mask)) continue;
    if ((low & mask) != 0) {
      add_range(automaton, from, to, low, low | mask);
      return add_range(automaton, from, to, (low | mask) + 1, high);
    }
    if ((high & mask) != mask) {
      add_range(automaton, from, to, low, (high & ~mask) - 1);
      return add_range(automaton, from, to, high & ~mask, high);
    }
  }
  std::array<std::uint8_t, 4> first{};
  std::array<std::uint8_t, 4> last{};
  const std::size_t length = encode(low, first);
  encode(high, last);
  for (std::size_t i = 0; i < length; ++i) {
    const StateId next = i + 1 == length ? to : automaton.add();
    automaton.states[from].bytes.push_back({first[i], last[i], next});
    from = next;
  }
}

bool is_plain(char32_t c) { return c >= 0x20 && c != '"' && c != '\\'; }

CodePoints normalised(CodePoints set) {
  std::ranges::sort(set);
  CodePoints out;
  for (const auto& [low, high] : set) {
    if (!out.empty() && low <= out.back().second + 1)
      out.back().second = std::max(out.back().second, high);
    else
      out.emplace_back(low, high);
  }
  return out;
}

CodePoints inverted(const CodePoints& set) {
  CodePoints out;
  char32_t next = 0;
  for (const auto& [low, high] : normalised(set)) {
    if (low > next) out.emplace_back(next, low - 1);
    next = high + 1;
  }
  if (next <= kCodePointMax) out.emplace_back(next, kCodePointMax);
  return out;
}

// Letters and digits; of what is not ASCII, everything but the blocks of signs and punctuation.
bool is_word(std::string_view character) {
  const auto byte = static_cast<unsigned char>(character[0]);
  if (byte < 0x80) return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
  if (byte == 0xC2) return false;  // U+0080 to U+00BF: £, ©, °, «
  if (byte == 0xE2 && character.size() > 1)
    return static_cast<unsigned char>(character[1]) > 0xAF;  // U+2000 to U+2BFF: – “ € →
  return true;
}

class PatternParser {
 public:
  PatternParser(Automaton& automaton, std::string_view pattern) : automaton_(automaton), pattern_(pattern) {}

  Result<Fragment> parse() {
    DAIMON_TRY(Fragment whole, alternatives(0, true));
    if (at_ < pattern_.size()) return error("an unmatched ')'");
    return whole;
  }

 private:
  std::unexpected<Error> error(std::string_view what, ErrorCode code = ErrorCode::kInvalidArgument) const {
    return fail(code, daimon::format("pattern '{}' at {}: {}", pattern_, at_, what));
  }
  [[nodiscard]] bool more() const { return at_ < pattern_.size(); }
  [[nodiscard]] char peek() const { return pattern_[at_]; }

  Fragment anything() {
    Fragment any = add_text(automaton_, 0, UINT32_MAX);
    any.nullable = true;
    return any;
  }
  Fragment nothing() {
    const StateId state = automaton_.add();
    return {state, state, true};
  }
  Fragment then(Fragment a, Fragment b) {
    link(automaton_, a.end, b.begin);
    return {a.begin, b.end, a.nullable && b.nullable};
  }

  Result<Fragment> alternatives(int depth, bool outermost) {
    if (depth > 50) return error("groups are nested too deeply");
    Fragment either{automaton_.add(), automaton_.add()};
    for (;;) {
      DAIMON_TRY(const Fragment one, sequence(depth, outermost));
      either.nullable = either.nullable || one.nullable;
      link(automaton_, either.begin, one.begin);
      link(automaton_, one.end, either.end);
      if (!more() || peek() != '|') return either;
      ++at_;
    }
  }

  Result<Fragment> sequence(int depth, bool outermost) {
    Fragment all = nothing();
    if (outermost) {
      if (more() && peek() == '^')
        ++at_;
      else
        all = then(all, anything());
    }
    bool anchored = false;
    while (more() && peek() != '|' && peek() != ')') {
      if (outermost && peek() == '$') {
        ++at_;
        if (more() && peek() != '|') return error("text after '$'", ErrorCode::kUnsupported);
        anchored = true;
        break;
      }
      DAIMON_TRY(Fragment piece, quantified(depth));
      all = then(all, piece);
    }
    if (outermost && !anchored) all = then(all, anything());
    return all;
  }

  Result<Fragment> quantified(int depth) {
    DAIMON_TRY(Fragment piece, atom(depth));
    while (more() && std::string_view("*+?{").contains(peek())) {
      std::uint32_t minimum = 0;
      std::uint32_t maximum = UINT32_MAX;
      const char quantifier = pattern_[at_++];
      if (quantifier == '+') minimum = 1;
      if (quantifier == '?') maximum = 1;
      if (quantifier == '{') {
        const auto low = number();
        if (!low) return error("a number should follow '{'");
        minimum = maximum = *low;
        if (more() && peek() == ',') {
          ++at_;
          maximum = number().value_or(UINT32_MAX);
        }
        if (!more() || pattern_[at_++] != '}') return error("'}' is missing");
        if (minimum > maximum) return error("the limits of {} are the wrong way round");
      }
      if (more() && peek() == '?') ++at_;  // lazy or greedy: the same set of texts
      const bool nullable = piece.nullable || minimum == 0;
      piece = add_repeat(automaton_, piece, minimum, maximum);
      piece.nullable = nullable;
    }
    return piece;
  }

  std::optional<std::uint32_t> number() {
    std::uint32_t value = 0;
    const std::size_t begin = at_;
    while (more() && peek() >= '0' && peek() <= '9' && value < 1'000'000)
      value = value * 10 + static_cast<std::uint32_t>(pattern_[at_++] - '0');
    return at_ == begin ? std::nullopt : std::optional(value);
  }

  Result<Fragment> atom(int depth) {
    const char c = peek();
    if (c == '(') {
      ++at_;
      if (pattern_.substr(at_).starts_with("?:"))
        at_ += 2;
      else if (more() && peek() == '?')
        return error("only plain and (?:) groups are known", ErrorCode::kUnsupported);
      DAIMON_TRY(const Fragment group, alternatives(depth + 1, false));
      if (!more() || pattern_[at_++] != ')') return error("')' is missing");
      return group;
    }
    if (c == '[') return set();
    if (c == '.') {
      ++at_;
      return add_code_points(automaton_, inverted({{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}));
    }
    if (std::string_view("*+?{}^$)").contains(c))
      return error(daimon::format("'{}' stands where a character should", c));
    DAIMON_TRY(const CodePoints one, character());
    return add_code_points(automaton_, one);
  }

  // One character, or an escape, which may be a class.
  Result<CodePoints> character() {
    if (peek() != '\\') {
      const char32_t c = next_code_point(pattern_, at_);
      return CodePoints{{c, c}};
    }
    ++at_;
    if (!more()) return error("the pattern ends in a backslash");
    const char c = pattern_[at_++];
    const auto one = [](char32_t value) { return CodePoints{{value, value}}; };
    CodePoints digits{{'0', '9'}};
    CodePoints word{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
    CodePoints space{{'\t', '\r'}, {' ', ' '}, {0xA0, 0xA0}, {0x2028, 0x2029}, {0xFEFF, 0xFEFF}};
    switch (c) {
      case 'd':
        return digits;
      case 'D':
        return inverted(digits);
      case 'w':
        return word;
      case 'W':
        return inverted(word);
      case 's':
        return space;
      case 'S':
        return inverted(space);
      case 'n':
        return one('\n');
      case 'r':
        return one('\r');
      case 't':
        return one('\t');
      case 'f':
        return one('\f');
      case 'v':
        return one('\v');
      case '0':
        return one(0);
      case 'x':
        return hexadecimal(2);
      case 'u':
        return hexadecimal(4);
      default:
        break;
    }
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '1' && c <= '9'))
      return error(daimon::format("the escape \\{} is not known", c), ErrorCode::kUnsupported);
    return one(static_cast<unsigned char>(c));
  }

  Result<CodePoints> hexadecimal(int digits) {
    char32_t value = 0;
    for (int i = 0; i < digits; ++i) {
      if (!more()) return error("a hexadecimal escape is too short");
      const char c = pattern_[at_++];
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return error("not a hexadecimal digit");
      value = value * 16 + static_cast<char32_t>(digit);
    }
    return CodePoints{{value, value}};
  }

  Result<Fragment> set() {
    ++at_;
    const bool invert = more() && peek() == '^';
    if (invert) ++at_;
    CodePoints all;
    while (more() && peek() != ']') {
      DAIMON_TRY(const CodePoints low, character());
      const bool single = low.size() == 1 && low[0].first == low[0].second;
      if (single && at_ + 1 < pattern_.size() && peek() == '-' && pattern_[at_ + 1] != ']') {
        ++at_;
        DAIMON_TRY(const CodePoints high, character());
        if (high.size() != 1 || high[0].first != high[0].second || high[0].first < low[0].first)
          return error("a range of a class is the wrong way round");
        all.emplace_back(low[0].first, high[0].first);
      } else {
        all.insert(all.end(), low.begin(), low.end());
      }
    }
    if (!more()) return error("']' is missing");
    ++at_;
    return add_code_points(automaton_, invert ? inverted(all) : normalised(all));
  }

  Automaton& automaton_;
  std::string_view pattern_;
  std::size_t at_ = 0;
};

}  // namespace

std::string json_escaped(std::string_view text) {
  const std::string quoted = boost::json::serialize(boost::json::string(text));
  return quoted.substr(1, quoted.size() - 2);
}

Fragment add_code_points(Automaton& automaton, const CodePoints& set) {
  const Fragment one{automaton.add(), automaton.add()};
  for (auto [low, high] : normalised(set)) {
    // What must be escaped comes one by one; the rest in ranges, without the surrogates, which are no characters.
    for (char32_t c = low; c <= high && c <= '\\'; ++c)
      if (!is_plain(c)) {
        const char byte = static_cast<char>(c);
        const StateId last = add_bytes(automaton, one.begin, json_escaped({&byte, 1}));
        link(automaton, last, one.end);
      }
    const auto plain = [&](char32_t a, char32_t b) {
      a = std::max(a, low);
      b = std::min(b, high);
      if (a <= b) add_range(automaton, one.begin, one.end, a, b);
    };
    plain(0x20, '"' - 1);
    plain('"' + 1, '\\' - 1);
    plain('\\' + 1, 0xD7FF);
    plain(0xE000, kCodePointMax);
  }
  return one;
}

Fragment add_repeat(Automaton& automaton, Fragment piece, std::uint32_t minimum, std::uint32_t maximum) {
  if (piece.nullable) minimum = 0;  // rounds of nothing make up the rest
  if (maximum == UINT32_MAX && minimum <= 1) {
    const Fragment loop{automaton.add(), automaton.add()};
    link(automaton, loop.begin, piece.begin);
    link(automaton, piece.end, piece.begin);
    link(automaton, piece.end, loop.end);
    if (minimum == 0) link(automaton, loop.begin, loop.end);
    return loop;
  }
  if (minimum == 0 && maximum == 1) {
    const Fragment maybe{automaton.add(), automaton.add()};
    link(automaton, maybe.begin, piece.begin);
    link(automaton, piece.end, maybe.end);
    link(automaton, maybe.begin, maybe.end);
    return maybe;
  }
  // push 0 -> head; head: step (count + 1, into the piece) or leave; the piece ends at the head.
  const StateId begin = automaton.add();
  const StateId head = automaton.add();
  const StateId step = automaton.add();
  const StateId leave = automaton.add();
  const StateId end = automaton.add();
  automaton.states[begin].counter = State::Counter::kPush;
  automaton.states[begin].counter_to = head;
  link(automaton, head, step);
  link(automaton, head, leave);
  State& stepping = automaton.states[step];
  stepping.counter = State::Counter::kStep;
  stepping.minimum = minimum;
  stepping.maximum = maximum;
  stepping.counter_to = piece.begin;
  stepping.empty_rounds = piece.nullable;
  State& leaving = automaton.states[leave];
  leaving.counter = State::Counter::kLeave;
  leaving.minimum = minimum;
  leaving.maximum = maximum;
  leaving.counter_to = end;
  link(automaton, piece.end, head);
  return {begin, end};
}

Fragment add_text(Automaton& automaton, std::uint32_t minimum, std::uint32_t maximum) {
  const Fragment one = add_code_points(automaton, {{0, kCodePointMax}});
  if (maximum > 1)
    automaton.states[one.begin].text =
        maximum == UINT32_MAX && minimum <= 1 ? State::Text::kEndless : State::Text::kCounted;
  return add_repeat(automaton, one, minimum, maximum);
}

Result<Fragment> add_pattern(Automaton& automaton, std::string_view pattern) {
  if (!is_utf8(pattern)) return fail(ErrorCode::kInvalidArgument, "a pattern is not valid UTF-8");
  return PatternParser(automaton, pattern).parse();
}

Fragment add_spans(Automaton& automaton, const std::vector<std::string_view>& texts) {
  const Fragment span{automaton.add(), automaton.add()};
  for (const std::string_view text : texts) {
    // The characters, and whether each belongs to a word.
    std::vector<std::string_view> characters;
    std::vector<bool> word;
    for (std::size_t i = 0; i < text.size();) {
      const auto lead = static_cast<unsigned char>(text[i]);
      const std::size_t length = std::min<std::size_t>(lead < 0x80   ? 1
                                                       : lead < 0xE0 ? 2
                                                       : lead < 0xF0 ? 3
                                                                     : 4,
                                                       text.size() - i);
      characters.push_back(text.substr(i, length));
      word.push_back(is_word(characters.back()));
      i += length;
    }
    const auto is_edge = [&](std::size_t i) { return i == 0 || i == characters.size() || !word[i - 1] || !word[i]; };
    const auto is_blank = [&](std::size_t i) { return characters[i] == " " || characters[i] == "\t"; };
    StateId at = automaton.add();
    for (std::size_t i = 0; i < characters.size(); ++i) {
      const std::string escaped = json_escaped(characters[i]);
      const StateId next = add_bytes(automaton, at, escaped);
      // A way in of its own, so that an end of a word is not taken for a span of nothing.
      if (!is_blank(i) && is_edge(i)) {
        const StateId way_in = automaton.add();
        link(automaton, span.begin, way_in);
        link(automaton, add_bytes(automaton, way_in, escaped), next);
      }
      if (!is_blank(i) && is_edge(i + 1)) link(automaton, next, span.end);
      at = next;
    }
  }
  return span;
}

}  // namespace daimon::constraint
