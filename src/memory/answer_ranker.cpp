#include "memory/answer_ranker.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "base/text.h"
#include "memory/answer_network.h"
#include "memory/answer_rank.h"
#include "memory/answer_type.h"
#include "memory/answer_weights.h"

namespace daimon::memory {
namespace {

constexpr std::size_t kWordsMax = 24;        // of a question
constexpr std::size_t kCandidatesMax = 160;  // of all passages together
constexpr std::size_t kOfLineMax = 24;

enum class Kind : std::uint8_t {
  kMoney,
  kNumber,
  kDate,
  kWeekday,
  kTime,
  kIdentifier,
  kPhone,
  kName,
  kField,
  kCell,
  kClause,
  kSentence,
  kNone,
};

static_assert(static_cast<std::size_t>(Kind::kNone) + 1 == kNetworkKinds);

// FNV-1a, mixed; what a feature is hashed from.
using Hash = std::uint64_t;
constexpr Hash hash_of(std::string_view text) {
  Hash hash = 0xCBF29CE484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return hash;
}
constexpr Hash mix(Hash a, Hash b) {
  Hash hash = a * 0x9E3779B97F4A7C15ULL ^ (b + 0x7F4A7C15ULL + (a << 6) + (a >> 2));
  hash ^= hash >> 29;
  hash *= 0xBF58476D1CE4E5B9ULL;
  return hash ^ (hash >> 32);
}

struct Word {
  Hash hash = 0;
  bool silent = false;
};

// Words in lower case, without a plural's ending; numbers are all alike.
std::vector<Word> words_in(std::string_view text, std::size_t most) {
  std::vector<Word> words;
  std::string word;
  const auto end = [&] {
    if (word.empty()) return;
    const bool silent = is_silent(word);
    if (std::ranges::any_of(word, is_digit)) {
      // A year tells years apart and no more than that.
      word = word.size() == 4 && (word.starts_with("20") || word.starts_with("19")) ? word : "#";
    } else if (word.size() > 4 && word.ends_with('s') && !word.ends_with("ss")) {
      word.pop_back();
    }
    words.push_back({hash_of(word), silent});
    word.clear();
  };
  for (const char c : text) {
    if (words.size() >= most) return words;
    const auto byte = static_cast<unsigned char>(c);
    if ((c >= 'a' && c <= 'z') || is_digit(c) || byte >= 0x80)
      word += c;
    else if (c >= 'A' && c <= 'Z')
      word += static_cast<char>(c - 'A' + 'a');
    else if (c != '\'')
      end();
  }
  if (words.size() < most) end();
  return words;
}

struct Piece {
  std::size_t begin = 0, size = 0;  // in its line
  Kind kind = Kind::kSentence;
};

// What could be an answer in a line.
std::vector<Piece> pieces_of(std::string_view line) {
  std::vector<Piece> pieces;
  const auto add = [&](std::size_t begin, std::size_t end, Kind kind) {
    while (begin < end && (line[begin] == ' ' || line[begin] == '\t')) ++begin;
    while (end > begin && std::string_view(" \t.,;").contains(line[end - 1])) --end;
    if (end <= begin || pieces.size() >= kOfLineMax) return;
    const bool known = std::ranges::any_of(
        pieces, [&](const Piece& other) { return other.begin == begin && other.size == end - begin; });
    if (!known) pieces.push_back({begin, end - begin, kind});
  };
  for (std::uint8_t type = 0; type <= static_cast<std::uint8_t>(AnswerType::kName); ++type)
    for (const std::string& text : candidates_in(line, {static_cast<AnswerType>(type)}, kOfLineMax))
      if (const std::size_t at = line.find(text); at != std::string_view::npos)
        add(at, at + text.size(), static_cast<Kind>(type));
  if (const std::size_t colon = line.find(": "); colon != std::string_view::npos && colon < 40)
    add(colon + 2, line.size(), Kind::kField);
  // Cells of a table, by its strokes or by wide gaps.
  const bool strokes = std::ranges::count(line, '|') >= 2;
  for (std::size_t begin = 0; begin < line.size();) {
    std::size_t end = line.find(strokes ? "|" : "  ", begin);
    if (end == std::string_view::npos) end = line.size();
    if (begin > 0 || end < line.size()) add(begin, end, Kind::kCell);
    begin = end + (strokes ? 1 : 2);
  }
  for (const std::string_view sentence : sentences_of(line)) {
    const auto at = static_cast<std::size_t>(sentence.data() - line.data());
    add(at, at + sentence.size(), Kind::kSentence);
    for (std::size_t begin = 0; begin < sentence.size();) {
      std::size_t end = sentence.find_first_of(",;()", begin);
      if (end == std::string_view::npos) end = sentence.size();
      if (end - begin > 2) add(at + begin, at + end, Kind::kClause);
      begin = end + 1;
    }
  }
  return pieces;
}

// A share in five steps: none, some, half, most, all.
std::uint8_t bucket(std::size_t part, std::size_t whole) {
  if (part == 0 || whole == 0) return 0;
  if (part >= whole) return 4;
  const double share = static_cast<double>(part) / static_cast<double>(whole);
  return share < 0.4 ? 1 : share < 0.6 ? 2 : 3;
}

struct Question {
  std::vector<Word> words;
  std::vector<Hash> told;  // that say what is asked for, each once
  explicit Question(std::string_view text) : words(words_in(text, kWordsMax)) {
    for (const Word& word : words)
      if (!word.silent && std::ranges::find(told, word.hash) == told.end()) told.push_back(word.hash);
  }
  [[nodiscard]] std::size_t held(std::span<const Word> others) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        told, [&](Hash hash) { return std::ranges::any_of(others, [&](const Word& w) { return w.hash == hash; }); }));
  }
};

// What kind of evidence a feature is: each has its quarter of the table, so that training can trust each as far as it
// holds for texts that it has not seen.
enum class Group : std::uint32_t { kForm, kQuestion, kAround, kPair };

class Features {
 public:
  void add(std::string_view name, Hash value) { add(hash_of(name), value, Group::kForm); }
  void add(Hash name, Hash value, Group group) {
    constexpr std::size_t kOfEach = kAnswerWeights / 4;
    list_.push_back(
        static_cast<std::uint32_t>((mix(name, value) & (kOfEach - 1)) + static_cast<std::size_t>(group) * kOfEach));
  }
  std::vector<std::uint32_t> take() { return std::move(list_); }

 private:
  std::vector<std::uint32_t> list_;
};

void add_question(Features& features, const Question& question, Kind kind) {
  const auto of_kind = mix(hash_of("kind"), static_cast<Hash>(kind));
  features.add("k", of_kind);
  for (std::size_t i = 0; i < question.words.size(); ++i) {
    features.add(hash_of("q"), mix(question.words[i].hash, of_kind), Group::kQuestion);
    if (i + 1 < question.words.size())
      features.add(hash_of("qq"), mix(mix(question.words[i].hash, question.words[i + 1].hash), of_kind),
                   Group::kQuestion);
  }
}

struct Line {
  std::string_view text;
  std::vector<Word> words;
  std::size_t held = 0;
};

}  // namespace

std::vector<RankedAnswer> answer_candidates(std::string_view asked, std::span<const AnswerSource> sources,
                                            const AnswerEvidence& evidence) {
  const Question question(asked);
  std::vector<RankedAnswer> all;
  std::size_t best_passage = 0;
  std::size_t best_line = 0;
  std::vector<std::size_t> held_by;
  for (const AnswerSource& source : sources) {
    auto words = words_in(source.path, 40);
    const auto more = words_in(source.text, 400);
    words.insert(words.end(), more.begin(), more.end());
    held_by.push_back(question.held(words));
    best_passage = std::max(best_passage, held_by.back());
  }
  const std::size_t told = question.told.size();
  // What can be said by rule helps to learn the rest: the type that the question's words ask for, how well a line and
  // its neighbours fit, whether a piece plainly answers.
  const auto types = answer_types_of(asked);
  const auto telling = telling_words(asked);
  std::vector<std::vector<double>> scores;
  double best_score = 0;
  for (const AnswerSource& source : sources) {
    scores.push_back(line_scores(telling, source.path, passage_lines(source.text)));
    for (const double score : scores.back()) best_score = std::max(best_score, score);
  }
  for (std::size_t p = 0; p < sources.size(); ++p) {
    const AnswerSource& source = sources[p];
    std::vector<Line> lines;
    for (const std::string_view text : passage_lines(source.text)) {
      lines.push_back({text, words_in(text, 120), 0});
      lines.back().held = question.held(lines.back().words);
      best_line = std::max(best_line, lines.back().held);
    }
    const std::size_t most = std::ranges::empty(lines) ? 0 : std::ranges::max(lines, {}, &Line::held).held;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const Line& line = lines[i];
      std::array<int, 13> seen{};
      for (const Piece& piece : pieces_of(line.text)) {
        if (all.size() >= kCandidatesMax) break;
        const std::string_view text = line.text.substr(piece.begin, piece.size);
        const auto before = words_in(line.text.substr(0, piece.begin), 120);
        const auto after = words_in(line.text.substr(piece.begin + piece.size), 6);
        constexpr std::size_t kNear = 6;
        const std::span<const Word> near = std::span(before).last(std::min(before.size(), kNear));
        const auto inside = words_in(text, 24);
        const std::span<const Word> above = i > 0 ? std::span<const Word>(lines[i - 1].words) : std::span<const Word>();
        Features features;
        add_question(features, question, piece.kind);
        const auto kind = static_cast<Hash>(piece.kind);
        // Of the words that the question has, how many stand where.
        const Hash in_line = bucket(line.held, told);
        const Hash in_near = bucket(question.held(near), told);
        const Hash in_above = bucket(question.held(above), told);
        const Hash in_passage = bucket(held_by[p], told);
        const Hash in_after = bucket(question.held(after), told);
        const Hash in_piece = bucket(question.held(inside), told);
        features.add("line", mix(in_line, kind));
        features.add("near", mix(in_near, kind));
        features.add("above", mix(in_above, before.empty() ? 1 : 0));
        features.add("after", mix(in_after, kind));
        features.add("piece", mix(in_piece, kind));
        features.add("passage", in_passage);
        features.add("line passage", mix(in_line, in_passage));
        features.add("near above", mix(in_near, in_above));
        features.add("best passage", held_by[p] == best_passage ? 1 : 0);
        features.add("best line", mix(line.held == most ? 1 : 0, in_line));
        features.add("rank", mix(std::min<std::size_t>(p, 5), sources.size()));
        features.add("order", mix(static_cast<Hash>(std::min(seen[static_cast<std::size_t>(piece.kind)]++, 3)), kind));
        features.add("length", mix(std::min<std::size_t>(inside.size(), 12), kind));
        features.add("place", mix(i == 0 ? 0 : i + 1 == lines.size() ? 2 : 1, kind));
        features.add("begins", mix(before.empty() ? 1 : 0, kind));
        const bool of_type = piece.kind <= Kind::kName && std::ranges::contains(types, static_cast<AnswerType>(kind));
        features.add("type", mix(mix(types.empty() ? 2
                                     : of_type     ? 1
                                                   : 0,
                                     kind),
                                 types.empty() ? 99 : static_cast<Hash>(types.front())));
        const auto behind = static_cast<Hash>(std::min(8.0, (best_score - scores[p][i]) / 0.3));
        features.add("behind", behind);
        features.add("behind of type", mix(behind, of_type ? 1 : 0));
        const bool plain = of_type && plainly_answers(asked, source.path, source.text, line.text, text);
        if (of_type) features.add("plain", plain ? 1 : 0);
        // Which words stand around it, by themselves and with those of the question.
        const auto around = [&](std::string_view where, std::span<const Word> words) {
          const Hash at = hash_of(where);
          for (const Word& word : words) {
            features.add(at, mix(word.hash, kind), Group::kAround);
            if (word.silent) continue;
            for (const Hash hash : question.told) features.add(mix(at, 7), mix(word.hash, hash), Group::kPair);
          }
        };
        around("b", near);
        around("a", std::span(after).first(std::min<std::size_t>(after.size(), 3)));
        if (before.empty()) around("u", above.last(std::min(above.size(), kNear)));
        if (piece.kind >= Kind::kField) around("i", std::span(inside).first(std::min<std::size_t>(inside.size(), 10)));
        if (!before.empty()) features.add(hash_of("label"), mix(before.back().hash, kind), Group::kAround);
        all.push_back({source.number, std::string(text),
                       piece.kind <= Kind::kName ? std::optional(static_cast<AnswerType>(kind)) : std::nullopt, plain,
                       static_cast<int>(kind), features.take(), evidence.of(p, i, piece.begin, piece.size), 0});
      }
    }
  }
  Features none;
  add_question(none, question, Kind::kNone);
  none.add("none passage", bucket(best_passage, told));
  none.add("none line", bucket(best_line, told));
  none.add("none both", mix(bucket(best_passage, told), bucket(best_line, told)));
  none.add("none sources", sources.size());
  none.add("none type", types.empty() ? 99 : static_cast<Hash>(types.front()));
  none.add("none score", static_cast<Hash>(std::min(20.0, best_score * 2)));
  none.add("none share",
           static_cast<Hash>(telling.empty() ? 0 : 10 * best_score / static_cast<double>(telling.size())));
  none.add("none told", std::min<std::size_t>(told, 8));
  all.push_back({0, "", {}, false, static_cast<int>(Kind::kNone), none.take(), {}, 0});
  return all;
}

std::vector<RankedAnswer> rank_answers(std::string_view question, std::span<const AnswerSource> sources,
                                       const embedding::StaticEmbedding* meanings) {
  const AnswerEvidence evidence(question, sources, meanings);
  auto all = answer_candidates(question, sources, evidence);
  Evidence best_evidence{};
  std::vector<double> scores;
  for (RankedAnswer& answer : all) {
    std::int64_t sum = 0;
    for (const std::uint32_t feature : answer.features) sum += kAnswerWeightTable[feature];
    const auto kind = static_cast<std::size_t>(answer.kind);
    answer.probability =
        static_cast<double>(sum) * kAnswerWeightScale + kind_score(kind, evidence.asked(), evidence.opening());
    if (answer.passage == 0) continue;
    answer.probability += piece_score(answer.evidence, kind);
    scores.push_back(answer.probability);
    for (std::size_t i = 0; i < kEvidenceWidth; ++i)
      best_evidence[i] = scores.size() == 1 ? answer.evidence[i] : std::max(best_evidence[i], answer.evidence[i]);
  }
  if (!scores.empty()) all.back().probability += none_score(best_evidence, scores);
  const double most = std::ranges::max(all, {}, &RankedAnswer::probability).probability;
  double total = 0;
  for (RankedAnswer& answer : all) total += answer.probability = std::exp(answer.probability - most);
  for (RankedAnswer& answer : all) answer.probability /= total;
  std::ranges::stable_sort(all, std::greater(), &RankedAnswer::probability);
  return all;
}

}  // namespace daimon::memory
