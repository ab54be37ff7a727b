#include "memory/answer_ranker.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <functional>
#include <utility>

#include "base/text.h"
#include "embedding/spelling.h"
#include "memory/answer_rank.h"
#include "memory/answer_type.h"
#include "memory/lexicon.h"
#include "memory/named_times.h"
#include "memory/reader.h"
#include "memory/reading.h"

namespace daimon::memory {
namespace {

// Candidates of all sources together, on average of each, and those that are left for each that comes later.
constexpr std::size_t kCandidatesMax = 192;
constexpr std::size_t kOfSource = 64;
constexpr std::size_t kLeftForOthers = 32;
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
};

static_assert(static_cast<std::size_t>(Kind::kSentence) + 1 == kPieceKinds);

struct Piece {
  std::size_t begin = 0, size = 0;  // in its line
  Kind kind = Kind::kSentence;
};

// "2F5D50" of "#2F5D50", which is written with its sign.
bool is_colour(std::string_view line, std::size_t at, std::size_t size) {
  return at > 0 && line[at - 1] == '#' && (size == 3 || size == 6) &&
         std::ranges::all_of(line.substr(at, size), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

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
        add(at - (is_colour(line, at, text.size()) ? 1 : 0), at + text.size(), static_cast<Kind>(type));
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

ReadScores read(std::string_view question, std::span<const AnswerSource> sources,
                const embedding::StaticEmbedding* meanings, const std::vector<RankedAnswer>& candidates) {
  std::vector<ReadPiece> pieces;
  for (const RankedAnswer& answer : candidates) pieces.push_back(answer.read);
  return read_pieces(ReaderFor::kAnswers, Reading(question, sources, meanings), pieces);
}

}  // namespace

std::string as_meant(std::string_view question, std::span<const AnswerSource> sources,
                     const embedding::StaticEmbedding* meanings) {
  if (meanings == nullptr) return std::string(question);
  Lexicon words(nullptr);
  for (const AnswerSource& source : sources) {
    words.tokens(source.path, source.path.size());
    words.tokens(source.text, source.text.size());
  }
  return embedding::respelt(question, *meanings, [&](std::string_view word) {
    std::string near;
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words.word(i) == word) return std::string(word);
      if (near.empty() && embedding::is_one_slip(word, words.word(i))) near = words.word(i);
    }
    return near;
  });
}

std::vector<RankedAnswer> answer_candidates(std::string_view question, std::span<const AnswerSource> sources,
                                            const embedding::StaticEmbedding* meanings) {
  std::vector<RankedAnswer> all;
  const AnswerEvidence evidence(question, sources, meanings);
  const auto types = answer_types_of(question);
  for (std::size_t p = 0; p < sources.size(); ++p) {
    const AnswerSource& source = sources[p];
    const auto lines = passage_lines(source.text);
    const std::size_t most =
        std::max(kCandidatesMax, kOfSource * sources.size()) - kLeftForOthers * (sources.size() - 1 - p);
    for (std::size_t i = 0; i < lines.size() && all.size() < most; ++i) {
      for (const Piece& piece : pieces_of(lines[i])) {
        if (all.size() >= most) break;
        const std::string_view text = lines[i].substr(piece.begin, piece.size);
        RankedAnswer answer{.passage = source.number,
                            .text = std::string(text),
                            .read = {.source = p,
                                     .begin = static_cast<std::size_t>(text.data() - source.text.data()),
                                     .size = text.size(),
                                     .kind = static_cast<std::size_t>(piece.kind),
                                     .evidence = evidence.of(p, i, piece.begin, piece.size)}};
        if (piece.kind <= Kind::kName) answer.type = static_cast<AnswerType>(piece.kind);
        answer.plain = answer.type && std::ranges::contains(types, *answer.type) &&
                       plainly_answers(question, source.path, source.text, lines[i], text);
        all.push_back(std::move(answer));
      }
    }
  }
  return all;
}

std::vector<RankedAnswer> rank_answers(std::string_view asked, std::span<const AnswerSource> sources,
                                       const embedding::StaticEmbedding* meanings) {
  const std::string question = as_meant(asked, sources, meanings);
  auto all = answer_candidates(question, sources, meanings);
  const ReadScores scores = read(question, sources, meanings, all);
  constexpr double kOfOtherTime = 2.5;  // less, as a logarithm
  const auto others = of_other_times(question, sources);
  for (std::size_t i = 0; i < all.size(); ++i)
    all[i].probability = scores.pieces[i] - (others[all[i].read.source] ? kOfOtherTime : 0);
  all.push_back({.probability = scores.none});
  const double most = std::ranges::max(all, {}, &RankedAnswer::probability).probability;
  double total = 0;
  for (RankedAnswer& answer : all) total += answer.probability = std::exp(answer.probability - most);
  for (RankedAnswer& answer : all) answer.probability /= total;
  std::ranges::stable_sort(all, std::greater(), &RankedAnswer::probability);
  return all;
}

std::vector<std::size_t> order_by_reading(std::string_view question, std::span<const AnswerSource> sources,
                                          const embedding::StaticEmbedding* meanings) {
  std::vector<std::size_t> order;
  const auto put = [&](std::size_t source) {
    if (!std::ranges::contains(order, source)) order.push_back(source);
  };
  for (const RankedAnswer& answer : rank_answers(question, sources, meanings))
    if (answer.passage != 0) put(answer.read.source);
  for (std::size_t source = 0; source < sources.size(); ++source) put(source);
  return order;
}

}  // namespace daimon::memory
