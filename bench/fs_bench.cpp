// The semantic file system beside SQLite FTS5 alone: indexing in MB/s by type, search at p50 and p95 over 10,000
// chunks.
//
//   bench_fs [chunks]
//
// Text is made from a seed: words of a Zipf-like distribution over 20,000, in sentences and paragraphs. The peer is one
// FTS5 table with the same tokenizer, filled with the same chunks and asked the same queries (the words joined by OR,
// BM25, the first 8), which is the least that any search in SQLite does.
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <random>

#include "base/format.h"
#include "base/sqlite.h"
#include "embedding/static_embedding.h"
#include "fs/chunk.h"
#include "fs/document.h"
#include "fs/file_system.h"
#include "fs/rank.h"
#include "memory/passage_meaning.h"

namespace daimon::bench {
namespace {

namespace stdfs = std::filesystem;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

double quantile(std::vector<double> values, double q) {
  std::ranges::sort(values);
  return values[std::min(values.size() - 1, static_cast<std::size_t>(q * static_cast<double>(values.size())))];
}

class Writer {
 public:
  explicit Writer(unsigned seed) : random_(seed) {}
  std::string word() {
    const double u = std::uniform_real_distribution<double>(0, 1)(random_);
    const auto rank = static_cast<unsigned>(std::pow(20'000.0, u));  // density falls as 1/rank
    std::string text;
    for (unsigned i = rank * 2654435761U % 1'000'003U + 7; i != 0; i /= 21) text += "bcdfghjklmnprstaeiouy"[i % 21];
    return text;
  }
  std::string sentence() {
    std::string text;
    for (auto i = 5 + random_() % 12; i > 0; --i) text += word() + (i == 1 ? ". " : " ");
    return text;
  }
  std::string paragraph() {
    std::string text;
    for (auto i = 2 + random_() % 4; i > 0; --i) text += sentence();
    return text;
  }
  std::string file(const std::string& type, std::size_t bytes) {
    std::string text = type == "csv"   ? "date,payee,category,amount\n"
                       : type == "eml" ? "From: a@example.org\nSubject: " + sentence() +
                                             "\nContent-Type: text/plain; charset=utf-8\n\n"
                       : type == "html" ? "<html><body><nav>menu</nav>"
                                        : "";
    while (text.size() < bytes) {
      if (type == "md")
        text += (random_() % 8 == 0 ? "## " + word() + "\n\n" : "") + paragraph() + "\n\n";
      else if (type == "html")
        text += (random_() % 8 == 0 ? "<h2>" + word() + "</h2>" : "") + "<p>" + paragraph() + "</p>\n";
      else if (type == "py")
        text += "def " + word() + "(" + word() + "):\n    # " + sentence() + "\n    return " + word() + "\n\n";
      else if (type == "csv")
        text += daimon::format("2026-{:02}-{:02},{},{},{}.{:02}\n", 1 + random_() % 12, 1 + random_() % 28, word(),
                               word(), random_() % 500, random_() % 100);
      else
        text += paragraph() + "\n\n";
    }
    return text;
  }

 private:
  std::mt19937 random_;
};

struct Folder {
  Folder() {
    std::string pattern = (stdfs::temp_directory_path() / "daimon-bench-fs-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~Folder() {
    std::error_code ignored;
    stdfs::remove_all(path, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  stdfs::path path;
};

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fputs((result.error().what + "\n").c_str(), stderr);
    std::exit(1);
  }
  return std::move(*result);
}
void must(const Status& status) {
  if (status) return;
  std::fputs((status.error().what + "\n").c_str(), stderr);
  std::exit(1);
}

// The same chunks in one FTS5 table, one transaction.
class Peer {
 public:
  explicit Peer(const stdfs::path& path) : database_(must(sqlite::Database::open(path, {.durable = false}))) {
    must(database_.execute(
        "CREATE VIRTUAL TABLE words USING fts5(path, text, tokenize = 'porter unicode61 remove_diacritics 2')"));
  }
  void fill(const stdfs::path& root) {
    auto transaction = must(sqlite::Transaction::begin(database_));
    auto insert = must(database_.prepare("INSERT INTO words VALUES (?, ?)"));
    for (const auto& entry : stdfs::recursive_directory_iterator(root)) {
      if (!entry.is_regular_file()) continue;
      const fs::Document document = must(fs::read_document(entry.path(), {}));
      const std::string name = entry.path().filename().string();
      for (const fs::Chunk& chunk : fs::chunks_of(document)) {
        insert.bind(1, std::string_view(name))
            .bind(2, std::string_view(document.text).substr(chunk.begin, chunk.end - chunk.begin));
        must(insert.run());
      }
    }
    must(transaction.commit());
  }
  std::size_t search(std::string_view query) {
    auto select =
        must(database_.prepare("SELECT path, text FROM words WHERE words MATCH ? ORDER BY bm25(words) LIMIT 8"));
    select.bind(1, query);
    std::size_t bytes = 0;
    while (must(select.step())) bytes += select.text(1).size();
    return bytes;
  }

 private:
  sqlite::Database database_;
};

std::unique_ptr<fs::FileSystem> open(const stdfs::path& database,
                                     std::shared_ptr<const embedding::TextMeaning> meaning = nullptr) {
  fs::FileSystem::Options options;
  options.database = database;
  options.watch = false;
  // By words and by meaning, as the kernel has it.
  options.embedding = std::make_shared<const embedding::StaticEmbedding>(
      must(embedding::StaticEmbedding::load(must(embedding::builtin_embedding()))));
  options.meaning = std::move(meaning);
  return must(fs::FileSystem::open(options));
}

void indexing() {
  std::puts(daimon::format("{:<10}{:>8}{:>8}{:>12}{:>14}{:>10}{:>16}", "type", "files", "MB", "MB/s", "FTS5 MB/s",
                           "ratio", "rescan ms/1000")
                .c_str());
  for (const std::string type : {"txt", "md", "html", "eml", "py", "csv"}) {
    constexpr std::size_t kFiles = 100;
    const Folder folder;
    Writer writer(1);
    std::uint64_t bytes = 0;
    stdfs::create_directory(folder.path / "home");
    for (std::size_t i = 0; i < kFiles; ++i) {
      const std::string text = writer.file(type, 20'000);
      bytes += text.size();
      std::ofstream(folder.path / "home" / daimon::format("file{}.{}", i, type), std::ios::binary) << text;
    }
    const double megabytes = static_cast<double>(bytes) / 1e6;
    auto files = open(folder.path / "index.db");
    auto begin = Clock::now();
    static_cast<void>(must(files->mount(folder.path / "home", "home", {}, {})));
    const double ours = seconds_since(begin);
    begin = Clock::now();
    static_cast<void>(must(files->mount(folder.path / "home", "home", {}, {})));
    const double again = seconds_since(begin);
    Peer peer(folder.path / "peer.db");
    begin = Clock::now();
    peer.fill(folder.path / "home");
    const double theirs = seconds_since(begin);
    std::puts(daimon::format("{:<10}{:>8}{:>8.1f}{:>12.1f}{:>14.1f}{:>9.2f}x{:>16.1f}", type, kFiles, megabytes,
                             megabytes / ours, megabytes / theirs, theirs / ours, again * 1e6 / kFiles)
                  .c_str());
  }
}

// `meaning` is that of the kernel; what passages mean takes long to read, so it is measured over fewer.
void searching(std::int64_t chunks_wanted, const std::shared_ptr<const embedding::TextMeaning>& meaning) {
  const Folder folder;
  Writer writer(2);
  stdfs::create_directory(folder.path / "home");
  std::int64_t chunks = 0;
  for (int i = 0; chunks < chunks_wanted; ++i) {
    const stdfs::path path = folder.path / "home" / daimon::format("{}-{}.md", writer.word(), i);
    std::ofstream(path, std::ios::binary) << writer.file("md", 10'000);
    chunks += static_cast<std::int64_t>(fs::chunks_of(must(fs::read_document(path, {}))).size());
  }
  auto files = open(folder.path / "index.db", meaning);
  const auto mounted = Clock::now();
  const fs::MountReport report = must(files->mount(folder.path / "home", "home", {}, {}));
  if (meaning) {
    must(files->understand());
    std::puts(daimon::format("\n{:.1f} ms to index a passage and to read what it means",
                             seconds_since(mounted) * 1e3 / static_cast<double>(report.mount.chunks))
                  .c_str());
  }
  Peer peer(folder.path / "peer.db");
  peer.fill(folder.path / "home");
  const auto index_bytes = static_cast<double>(stdfs::file_size(folder.path / "index.db"));
  std::puts(daimon::format("\n{} files, {} chunks, {:.0f} bytes of index a chunk ({:.2f} of the text)",
                           report.mount.files, report.mount.chunks,
                           index_bytes / static_cast<double>(report.mount.chunks),
                           index_bytes / static_cast<double>(report.bytes))
                .c_str());
  std::vector<std::string> queries;
  for (int i = 0; i < 300; ++i) {
    std::string query = "what about ";
    for (int w = 0; w < 2 + i % 4; ++w) query += writer.word() + " ";
    queries.push_back(query);
  }
  const auto time = [&](const std::function<void(const std::string&)>& run) {
    std::vector<double> times;
    for (const std::string& query : queries) run(query);  // warm
    for (const std::string& query : queries) {
      const auto begin = Clock::now();
      run(query);
      times.push_back(seconds_since(begin) * 1e3);
    }
    return times;
  };
  const auto alone = time([&](const std::string& query) { static_cast<void>(peer.search(fs::fts_query(query))); });
  const auto show = [&](const char* name, const std::vector<double>& times) {
    std::puts(daimon::format("{:<34}p50 {:>8.2f} ms  p95 {:>8.2f} ms  {:>6.2f}x of FTS5 alone at p50, {:.2f}x at p95",
                             name, quantile(times, 0.5), quantile(times, 0.95),
                             quantile(times, 0.5) / quantile(alone, 0.5), quantile(times, 0.95) / quantile(alone, 0.95))
                  .c_str());
  };
  show("FTS5 alone, first 8", alone);
  show("search, first 8",
       time([&](const std::string& query) { static_cast<void>(must(files->search({query, {}, 8}))); }));
  show("search, and windows for a prompt", time([&](const std::string& query) {
         static_cast<void>(must(files->windows(query, must(files->search({query, {}, 4})), 320)));
       }));
  show("rank_files, first 6",
       time([&](const std::string& query) { static_cast<void>(must(files->rank_files(query, {}, 6))); }));
}

}  // namespace
}  // namespace daimon::bench

int main(int count, char** arguments) {
  daimon::bench::indexing();
  daimon::bench::searching(count > 1 ? std::max(1, std::atoi(arguments[1])) : 10'000, nullptr);
  daimon::bench::searching(1'000, nullptr);
  daimon::bench::searching(1'000, daimon::memory::passage_meaning());
  return 0;
}
