#include "memory/answer_evidence.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "memory/answer_rank.h"

namespace daimon::memory {
namespace {

constexpr std::size_t kToldMax = 16;
constexpr std::size_t kTokensOfLineMax = 160;
constexpr std::size_t kLineBytesMax = 1000;
constexpr int kLineBreak = 5;   // words that a line's end is worth
constexpr float kNear = 0.55F;  // cosine of words that are about the same
constexpr float kReach = 6.0F;  // words over which nearness falls to a third
constexpr std::size_t kNearWords = 6;

bool has_digit(std::string_view word) { return std::ranges::any_of(word, is_digit); }

// Where the cell of a table that `at` stands in begins, and which cell of its line it is; cells are parted by strokes
// or by wide gaps. A line of one cell has none.
struct Cell {
  std::size_t index = 0, begin = 0, end = 0;
  std::size_t count = 1;
};
Cell cell_at(std::string_view line, std::size_t at) {
  const bool strokes = std::ranges::count(line, '|') >= 2;
  Cell found;
  std::size_t index = 0;
  for (std::size_t begin = 0; begin <= line.size();) {
    std::size_t end = line.find(strokes ? "|" : "  ", begin);
    if (end == std::string_view::npos) end = line.size();
    if (!trim(line.substr(begin, end - begin)).empty()) {
      if (begin <= at && at <= end) found = {index, begin, end, 0};
      ++index;
    }
    begin = end + (strokes ? 1 : 2);
  }
  found.count = std::max<std::size_t>(index, 1);
  return found;
}

}  // namespace

std::vector<std::string_view> passage_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (const auto line = trim(text.substr(0, end)); !line.empty()) lines.push_back(cut_utf8(line, kLineBytesMax));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<AnswerEvidence::Token> AnswerEvidence::tokens_of(std::string_view text, int& place) {
  std::vector<Token> tokens;
  for (const Lexicon::Token& token : lexicon_.tokens(text, kTokensOfLineMax)) tokens.push_back({token, place++});
  place += kLineBreak;
  return tokens;
}

AnswerEvidence::AnswerEvidence(std::string_view question, std::span<const AnswerSource> sources,
                               const embedding::StaticEmbedding* meanings)
    : lexicon_(meanings) {
  int place = 0;
  const auto said = tokens_of(question, place);
  bool first = true;
  for (const Token& token : said) {
    const std::string& word = lexicon_.word(token.word);
    const bool known = std::ranges::contains(told_, token.word, &Asked::word);
    if (told_.size() < kToldMax && !known && !is_silent(word) && word.size() > 1) {
      const char initial = question[token.begin];
      told_.push_back({token.word, 1, !first && initial >= 'A' && initial <= 'Z', has_digit(word)});
    }
    first = false;
  }
  for (const AnswerSource& source : sources) {
    Source& made = sources_.emplace_back();
    place = 0;
    int unused = 0;
    made.path = tokens_of(source.path, unused);
    made.all = made.path;
    for (const std::string_view line : passage_lines(source.text)) {
      made.lines.push_back({line, tokens_of(line, place)});
      made.all.insert(made.all.end(), made.lines.back().tokens.begin(), made.lines.back().tokens.end());
    }
  }
  likeness_.resize(told_.size() * lexicon_.size());
  for (std::size_t q = 0; q < told_.size(); ++q)
    for (std::size_t w = 0; w < lexicon_.size(); ++w)
      likeness_[q * lexicon_.size() + w] = lexicon_.likeness(told_[q].word, w);
  // What stands in few lines tells more than what stands in all.
  std::size_t lines = 0;
  for (const Source& source : sources_) lines += source.lines.size();
  for (std::size_t q = 0; q < told_.size(); ++q) {
    std::size_t with = 0;
    for (const Source& source : sources_)
      for (const Line& line : source.lines)
        with += std::ranges::any_of(line.tokens, [&](const Token& t) { return likeness(q, t.word) > 0.7F; }) ? 1 : 0;
    told_[q].weight = std::log(1.0F + static_cast<float>(lines + 1) / static_cast<float>(with + 1));
  }
  for (const Source& source : sources_) {
    std::vector<Held>& of_lines = of_lines_.emplace_back();
    for (const Line& line : source.lines) {
      of_lines.push_back(held({line.tokens}));
      best_line_.same = std::max(best_line_.same, of_lines.back().same);
      best_line_.like = std::max(best_line_.like, of_lines.back().like);
    }
    of_passages_.push_back(held({source.all}));
    best_passage_.same = std::max(best_passage_.same, of_passages_.back().same);
    best_passage_.like = std::max(best_passage_.like, of_passages_.back().like);
  }
}

AnswerEvidence::Held AnswerEvidence::held(std::initializer_list<std::span<const Token>> zones) const {
  Held held;
  float total = 0;
  for (std::size_t q = 0; q < told_.size(); ++q) {
    float most = 0;
    for (const auto zone : zones)
      for (const Token& token : zone) most = std::max(most, likeness(q, token.word));
    const float weight = told_[q].weight;
    total += weight;
    held.same += most >= 1 ? weight : 0;
    held.like += weight * most;
    held.near += most >= kNear ? weight : 0;
  }
  if (total > 0) held.same /= total, held.like /= total, held.near /= total;
  return held;
}

// The first cell above that stands in the same column, of a block of lines with several cells each.
std::span<const AnswerEvidence::Token> AnswerEvidence::head_of_column(const Source& source, std::size_t line,
                                                                      std::size_t begin) const {
  const Cell cell = cell_at(source.lines[line].text, begin);
  if (cell.count < 2) return {};
  std::span<const Token> head;
  for (std::size_t above = line; above-- > 0;) {
    const Line& other = source.lines[above];
    Cell same;
    bool has = false;
    for (std::size_t at = 0; at < other.text.size(); ++at)
      if (const Cell here = cell_at(other.text, at); here.count == cell.count && here.index == cell.index) {
        same = here, has = true;
        break;
      }
    if (!has) break;
    const auto from = std::ranges::lower_bound(other.tokens, same.begin, {}, &Token::begin);
    const auto to = std::ranges::lower_bound(other.tokens, same.end, {}, &Token::begin);
    head = std::span(from, to);
  }
  return head;
}

Evidence AnswerEvidence::of(std::size_t source_index, std::size_t line_index, std::size_t begin,
                            std::size_t size) const {
  const Source& source = sources_[source_index];
  const Line& line = source.lines[line_index];
  const std::span<const Token> tokens = line.tokens;
  const auto at = [&](std::size_t byte) {
    return static_cast<std::size_t>(std::ranges::lower_bound(tokens, byte, {}, &Token::begin) - tokens.begin());
  };
  const std::size_t from = at(begin);
  const std::size_t to = std::max(at(begin + size), from);
  const std::span<const Token> before = tokens.first(from);
  const std::span<const Token> inside = tokens.subspan(from, to - from);
  const std::span<const Token> after = tokens.subspan(to);
  // The sentence around it, and the line's label: what stands before a colon, a stroke or a wide gap.
  std::span<const Token> sentence = tokens;
  for (const std::string_view part : sentences_of(line.text)) {
    const auto part_begin = static_cast<std::size_t>(part.data() - line.text.data());
    if (part_begin <= begin && begin < part_begin + part.size())
      sentence = tokens.subspan(at(part_begin), at(part_begin + part.size()) - at(part_begin));
  }
  const std::size_t label_end = std::min({line.text.find(':'), line.text.find("  "), line.text.find('|', 1), begin});
  const std::span<const Token> label = tokens.first(std::min(at(label_end), from));
  const std::span<const Token> none;
  const std::span<const Token> above =
      line_index > 0 ? std::span<const Token>(source.lines[line_index - 1].tokens) : none;
  const std::span<const Token> below =
      line_index + 1 < source.lines.size() ? std::span<const Token>(source.lines[line_index + 1].tokens) : none;
  const std::span<const Token> title = line_index > 0 ? std::span<const Token>(source.lines[0].tokens) : none;

  Evidence evidence{};
  std::size_t next = 0;
  const auto put = [&](float value) { evidence[next++] = value; };
  const auto put_held = [&](const Held& held) {
    put(held.same);
    put(held.like);
    put(held.near);
  };
  const Held in_sentence = held({sentence});
  const Held& in_line = of_lines_[source_index][line_index];
  const Held& in_passage = of_passages_[source_index];
  put_held(held({before.last(std::min(before.size(), kNearWords))}));
  put_held(held({after.first(std::min<std::size_t>(after.size(), 4))}));
  put_held(held({inside}));
  put_held(held({label}));
  put_held(in_sentence);
  put_held(in_line);
  put_held(held({above.last(std::min<std::size_t>(above.size(), 10))}));
  put_held(held({below.first(std::min<std::size_t>(below.size(), 10))}));
  put_held(held({title, source.path}));
  put_held(held({head_of_column(source, line_index, begin)}));
  put_held(held({tokens, title, source.path, above}));
  put_held(in_passage);  // 36

  // Nearness in words, of what is the same and of what is alike, before it and behind.
  float near_same = 0;
  float near_like = 0;
  float near_before = 0;
  float total = 0;
  const int here_begin = from < tokens.size() ? tokens[from].place : before.empty() ? 0 : before.back().place + 1;
  const int here_end = inside.empty() ? here_begin : inside.back().place;
  for (std::size_t q = 0; q < told_.size(); ++q) {
    float same = 0;
    float like = 0;
    float like_before = 0;
    for (const Line& other : source.lines)
      for (const Token& token : other.tokens) {
        const float value = likeness(q, token.word);
        if (value < 0.3F || (token.place >= here_begin && token.place <= here_end)) continue;
        const int distance = token.place < here_begin ? here_begin - token.place : token.place - here_end;
        const float worth = value * std::exp(-static_cast<float>(distance - 1) / kReach);
        like = std::max(like, worth);
        if (value >= 1) same = std::max(same, worth);
        if (token.place < here_begin) like_before = std::max(like_before, worth);
      }
    total += told_[q].weight;
    near_same += told_[q].weight * same;
    near_like += told_[q].weight * like;
    near_before += told_[q].weight * like_before;
  }
  if (total > 0) near_same /= total, near_like /= total, near_before /= total;
  put(near_same);
  put(near_like);
  put(near_before);  // 39
  put(in_line.same - best_line_.same);
  put(in_line.like - best_line_.like);
  put(in_passage.same - best_passage_.same);
  put(in_passage.like - best_passage_.like);
  put(best_line_.like);
  put(best_passage_.same);
  put(best_passage_.like);  // 46

  // Names and numbers of the question: another person's line, another year's letter.
  const auto share = [&](bool Asked::* kind, std::initializer_list<std::span<const Token>> zones) {
    int of = 0;
    int has = 0;
    for (std::size_t q = 0; q < told_.size(); ++q) {
      if (!(told_[q].*kind)) continue;
      ++of;
      bool found = false;
      for (const auto zone : zones)
        found = found || std::ranges::any_of(zone, [&](const Token& t) { return likeness(q, t.word) >= 1; });
      has += found ? 1 : 0;
    }
    return of == 0 ? -0.5F : static_cast<float>(has) / static_cast<float>(of);
  };
  put(share(&Asked::name, {sentence}));
  put(share(&Asked::name, {tokens, title, source.path}));
  put(share(&Asked::name, {source.all}));
  put(share(&Asked::number, {sentence}));
  put(share(&Asked::number, {tokens, title, source.path}));
  put(share(&Asked::number, {source.all}));  // 52
  put(static_cast<float>(inside.size()) / 12);
  put(static_cast<float>(tokens.size()) / 40);
  put(static_cast<float>(std::min<std::size_t>(told_.size(), 10)) / 10);
  put(static_cast<float>(std::min<std::size_t>(line_index, 8)) / 8);  // 56
  static_assert(kEvidenceWidth == 56);
  return evidence;
}

}  // namespace daimon::memory
