// How far each stage of an answer gets before any model has a say: how well documents are ordered, by words alone
// (BM25), as the search finds them and once they are read; whether the right document is found, whether a
// window of it holds the answer, whether the reader puts a piece first that does, and whether it says "not there" where
// nothing answers.
//
//   bench_answers [--failures] [--dump FILE] [--window BYTES] [--passages N] [PAPER]
//
// PAPER is an exam (firmware/training/exam.py; by default the one that comes with Daimon); of its goals those that look
// up one thing count. The peer is the line of a window that holds the most words of the question,
// with the first passage's lines before the second's. --dump only writes what firmware/training/reader.py learns from:
// a line of JSON a goal with the windows that were really found for it.
#include <stdlib.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <utility>

#include "base/format.h"
#include "base/json.h"
#include "base/text.h"
#include "embedding/static_embedding.h"
#include "exam/paper.h"
#include "fs/file_system.h"
#include "fs/index.h"
#include "fs/rank.h"
#include "memory/answer_rank.h"
#include "memory/answer_ranker.h"
#include "memory/lexicon.h"
#include "memory/passage_meaning.h"

namespace daimon::bench {
namespace {

namespace stdfs = std::filesystem;

constexpr int kOrdered = 10;

struct Share {
  int hits = 0, of = 0;
  void add(bool hit) { hits += hit ? 1 : 0, ++of; }
  [[nodiscard]] std::string text() const {
    return daimon::format("{:>5} of {:<5} {:.1f} %", hits, of, of == 0 ? 0.0 : 100.0 * hits / of);
  }
};

struct Stages {
  Share document, window, offered, first, among_three, peer, absent, said_absent;
  std::vector<double> milliseconds;  // to rank the pieces of a question
  // nDCG@10 of the right document, a question each.
  std::vector<double> by_words, by_search, by_reading;
};

// One document is right: 1 where it is the first of all, 1 / log2(place + 1) further down, 0 beyond the tenth.
template <class Passages>
double gain_of(const Passages& passages, std::string_view document) {
  std::vector<std::string_view> seen;
  for (const auto& passage : passages) {
    if (std::ranges::contains(seen, std::string_view(passage.path))) continue;
    seen.emplace_back(passage.path);
    if (std::ssize(seen) > kOrdered) break;
    if (passage.path == document) return 1 / std::log2(static_cast<double>(seen.size()) + 1);
  }
  return 0;
}

// The line with the most words of the question, of the first passage that has it.
std::string peer_line(const std::string& question, const std::vector<memory::AnswerSource>& sources) {
  memory::Lexicon lexicon(nullptr);
  std::vector<std::size_t> asked;
  for (const std::string& word : memory::telling_words(question)) asked.push_back(lexicon.index_of(word));
  std::string best;
  std::ptrdiff_t most = -1;
  for (const memory::AnswerSource& source : sources)
    for (const std::string_view line : memory::sentences_of(source.text)) {
      const auto tokens = lexicon.tokens(line, line.size());
      const auto held = std::ranges::count_if(asked, [&](std::size_t word) {
        return std::ranges::any_of(tokens, [&](const auto& token) { return lexicon.likeness(word, token.word) >= 1; });
      });
      if (held > most) most = held, best = line;
    }
  return best;
}

struct Options {
  stdfs::path paper;
  std::string dump;
  bool failures = false;
  std::size_t window_bytes = 480;
  int passages = 6;
};

// As `daimon find` orders them (kernel/file_views.cpp).
Status order(fs::FileSystem& files, fs::Index& index, const embedding::StaticEmbedding& meanings,
             const exam::Question& question, Stages& stages) {
  const std::string& document = question.expected.answers.front().document;
  DAIMON_TRY(const auto matched, index.match(fs::fts_query(question.goal), {}, 8 * kOrdered));
  stages.by_words.push_back(gain_of(matched, document));
  DAIMON_TRY(const auto found, files.search({.query = question.goal, .mounts = {}, .limit = 2 * kOrdered}));
  stages.by_search.push_back(gain_of(found, document));
  DAIMON_TRY(const auto windows, files.windows(question.goal, found, 320, "…"));
  std::vector<memory::AnswerSource> sources;
  for (const fs::Passage& window : windows)
    sources.push_back({static_cast<int>(sources.size() + 1), window.path, window.text});
  std::vector<memory::AnswerSource> ordered;
  for (const std::size_t place : memory::order_by_reading(question.goal, sources, &meanings))
    ordered.push_back(sources[place]);
  stages.by_reading.push_back(gain_of(ordered, document));
  return {};
}

Status ask(fs::FileSystem& files, const embedding::StaticEmbedding& meanings, const exam::Question& question,
           Stages& stages, std::FILE* dump, const Options& options) {
  const auto& expected = question.expected;
  DAIMON_TRY(const auto passages, files.search({.query = question.goal, .mounts = {}, .limit = options.passages}));
  DAIMON_TRY(const auto windows, files.windows(question.goal, passages, options.window_bytes));
  std::vector<memory::AnswerSource> sources;
  const std::string answer = expected.answers.empty() ? "" : expected.answers.front().answer;
  const std::string document = expected.answers.empty() ? "" : expected.answers.front().document;
  int right = 0;
  bool found = false;
  JsonArray shown;
  for (const fs::Passage& window : windows) {
    sources.push_back({static_cast<int>(sources.size() + 1), window.path, window.text});
    found = found || window.path == document;
    if (right == 0 && window.path == document && window.text.contains(answer)) right = sources.back().number;
    shown.push_back(JsonObject{{"path", window.path}, {"text", window.text}});
  }
  if (dump != nullptr) {
    const auto line = to_text(
        JsonObject{{"question", question.goal}, {"passages", std::move(shown)}, {"right", right}, {"answer", answer}});
    std::fprintf(dump, "%s\n", line.c_str());
    return {};
  }
  const auto begin = std::chrono::steady_clock::now();
  const auto ranked = memory::rank_answers(question.goal, sources, &meanings);
  stages.milliseconds.push_back(
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  const auto holds = [&](const memory::RankedAnswer& candidate) {
    return candidate.passage != 0 && sources[static_cast<std::size_t>(candidate.passage - 1)].path == document &&
           candidate.text.contains(answer);
  };
  bool passed = false;
  if (expected.missing) {
    passed = ranked.front().passage == 0;
    stages.absent.add(passed);
  } else {
    stages.document.add(found);
    stages.window.add(right != 0);
    stages.offered.add(std::ranges::any_of(ranked, holds));
    passed = holds(ranked.front());
    stages.first.add(passed);
    stages.among_three.add(
        std::ranges::any_of(ranked.begin(), ranked.begin() + std::min<std::ptrdiff_t>(3, std::ssize(ranked)), holds));
    stages.said_absent.add(ranked.front().passage == 0);
    stages.peer.add(peer_line(question.goal, sources).contains(answer));
  }
  if (options.failures && !passed) {
    std::printf("\n%s\n  wanted '%s' in %s (%s)\n", printable(question.goal).c_str(), printable(answer).c_str(),
                printable(document).c_str(),
                !found       ? "not found"
                : right == 0 ? "not in its window"
                             : "in its window");
    for (std::size_t i = 0; i < ranked.size() && i < 4; ++i)
      std::printf("  %.2f [%d] %s\n", ranked[i].probability, ranked[i].passage, printable(ranked[i].text).c_str());
    for (const auto& source : sources)
      std::printf("    %s: %s\n", printable(source.path).c_str(), printable(source.text).c_str());
  }
  return {};
}

Status run(const Options& options) {
  DAIMON_TRY(const exam::Paper paper, exam::read_paper(options.paper));
  std::string pattern = (stdfs::temp_directory_path() / "daimon-answers-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) return fail(ErrorCode::kIo, "no temporary folder");
  const stdfs::path folder = pattern;
  DAIMON_TRY(const auto where, embedding::builtin_embedding());
  DAIMON_TRY(auto loaded, embedding::StaticEmbedding::load(where));
  const auto vectors = std::make_shared<const embedding::StaticEmbedding>(std::move(loaded));
  std::FILE* dump = options.dump.empty() ? nullptr : std::fopen(options.dump.c_str(), "w");
  if (dump == nullptr && !options.dump.empty()) return fail(ErrorCode::kIo, "cannot write " + options.dump);
  const auto meaning = memory::passage_meaning();
  Stages stages;
  std::size_t number = 0;
  for (const exam::Home& home : paper.homes) {
    const stdfs::path root = folder / daimon::format("home{}", number);
    for (const auto& [path, text] : home.files) {
      stdfs::create_directories((root / path).parent_path());
      std::ofstream(root / path, std::ios::binary) << text;
    }
    DAIMON_TRY(auto files, fs::FileSystem::open({.database = folder / daimon::format("index{}.db", number),
                                                 .watch = false,
                                                 .embedding = vectors,
                                                 .meaning = meaning}));
    DAIMON_TRY(const auto report, files->mount(root, "", {}, {}));
    static_cast<void>(report);
    DAIMON_CHECK(files->understand());
    DAIMON_TRY(auto index, fs::Index::open(folder / daimon::format("index{}.db", number), vectors, meaning->id()));
    for (const exam::Question& question : home.questions)
      if (question.expected.missing ||
          (question.kind == "look up" && question.expected.answers.size() == 1 && question.expected.files.empty())) {
        DAIMON_CHECK(ask(*files, *vectors, question, stages, dump, options));
        if (!question.expected.missing && dump == nullptr)
          DAIMON_CHECK(order(*files, index, *vectors, question, stages));
      }
    ++number;
  }
  std::error_code ignored;
  stdfs::remove_all(folder, ignored);
  if (dump != nullptr) {
    std::fclose(dump);
    return {};
  }
  const std::array<std::pair<const char*, const Share*>, 8> rows = {{{"right document found", &stages.document},
                                                                     {"answer in its window", &stages.window},
                                                                     {"answer among candidates", &stages.offered},
                                                                     {"first holds the answer", &stages.first},
                                                                     {"one of three holds it", &stages.among_three},
                                                                     {"most words (peer)", &stages.peer},
                                                                     {"wrongly not there", &stages.said_absent},
                                                                     {"rightly not there", &stages.absent}}};
  for (const auto& [name, share] : rows) std::printf("%-24s %s\n", name, share->text().c_str());
  const auto mean = [](const std::vector<double>& of) {
    return std::accumulate(of.begin(), of.end(), 0.0) / static_cast<double>(std::max<std::size_t>(of.size(), 1));
  };
  const double words = mean(stages.by_words);
  for (const auto& [name, gains] : {std::pair{"nDCG@10 by words (peer)", &stages.by_words},
                                    {"nDCG@10 by the search", &stages.by_search},
                                    {"nDCG@10 once read", &stages.by_reading}})
    std::printf("%-24s %.3f, %.2f times the peer's\n", name, mean(*gains), mean(*gains) / std::max(words, 1e-9));
  std::ranges::sort(stages.milliseconds);
  const auto at = [&](double share) {
    const auto last = static_cast<double>(stages.milliseconds.size()) - 1;
    return stages.milliseconds.empty() ? 0.0 : stages.milliseconds[static_cast<std::size_t>(share * last)];
  };
  std::printf("ms to rank               %.1f median, %.1f at 95 %%\n", at(0.5), at(0.95));
  std::printf("ratio to the peer        %.2f\n",
              stages.peer.hits == 0 ? 0.0 : static_cast<double>(stages.first.hits) / stages.peer.hits);
  return {};
}

}  // namespace
}  // namespace daimon::bench

int main(int count, char** words) {
  using namespace daimon;
  bench::Options options;
  options.paper = exam::builtin_paper().value_or("");
  const auto number = [](const char* text) { return static_cast<std::size_t>(std::strtoul(text, nullptr, 10)); };
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--failures")
      options.failures = true;
    else if (word == "--dump" && i + 1 < count)
      options.dump = words[++i];
    else if (word == "--window" && i + 1 < count)
      options.window_bytes = number(words[++i]);
    else if (word == "--passages" && i + 1 < count)
      options.passages = static_cast<int>(number(words[++i]));
    else
      options.paper = word;
  }
  if (const auto done = bench::run(options); !done) return std::fprintf(stderr, "%s\n", done.error().what.c_str()), 1;
  return 0;
}
