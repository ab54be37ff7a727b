#include "fs/index.h"

#include <algorithm>

#include "base/format.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"

namespace daimon::fs {
namespace {

constexpr std::string_view kSchema = R"sql(
CREATE TABLE IF NOT EXISTS mounts (name TEXT PRIMARY KEY, root TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS unfinished (mount TEXT PRIMARY KEY REFERENCES mounts (name) ON DELETE CASCADE);
CREATE TABLE IF NOT EXISTS passing (mount TEXT NOT NULL REFERENCES mounts (name) ON DELETE CASCADE, path TEXT NOT NULL, problem TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS files (
  id INTEGER PRIMARY KEY, mount TEXT NOT NULL REFERENCES mounts (name) ON DELETE CASCADE, path TEXT NOT NULL, bytes INTEGER NOT NULL,
  modified INTEGER NOT NULL, inode INTEGER NOT NULL, type TEXT NOT NULL, version TEXT NOT NULL, columns TEXT NOT NULL, problem TEXT NOT NULL,
  UNIQUE (mount, path));
CREATE TABLE IF NOT EXISTS texts (version TEXT PRIMARY KEY, text BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS versions (
  mount TEXT NOT NULL, path TEXT NOT NULL, version TEXT NOT NULL, given INTEGER NOT NULL, PRIMARY KEY (mount, path, version)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS versions_of_text ON versions (version);
CREATE TABLE IF NOT EXISTS chunks (
  id INTEGER PRIMARY KEY, file INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE, begin INTEGER NOT NULL, end INTEGER NOT NULL, page INTEGER);
CREATE INDEX IF NOT EXISTS chunks_of_file ON chunks (file);
CREATE TABLE IF NOT EXISTS vectors (chunk INTEGER PRIMARY KEY REFERENCES chunks (id) ON DELETE CASCADE, vector BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS meanings (chunk INTEGER PRIMARY KEY REFERENCES chunks (id) ON DELETE CASCADE, vectors BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(path, heading, text, tokenize = 'porter unicode61 remove_diacritics 2');
)sql";

// Counts up with each change of what is extracted from a file or kept of it. An index of an earlier one is taken over:
// what its files have now is noted as theirs, and the next scan reads each of them again.
constexpr std::int64_t kGeneration = 2;

// Space that is free can be given back to the disk. One from before this was asked for learns it in its first sweep,
// which writes all of it anew.
Status begin_small(sqlite::Database& database) {
  DAIMON_CHECK(database.execute(daimon::format("PRAGMA journal_size_limit = {}", kLogBytesMax)));
  DAIMON_TRY(auto tables, database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1"));
  DAIMON_TRY(const bool any, tables.step());
  if (any) return {};
  tables.reset();
  return database.execute("PRAGMA auto_vacuum = INCREMENTAL; VACUUM;");
}

Status take_over(sqlite::Database& database) {
  DAIMON_TRY(auto query, database.prepare("PRAGMA user_version"));
  DAIMON_TRY(const bool row, query.step());
  if (row && query.integer(0) >= kGeneration) return {};
  query.reset();
  DAIMON_TRY(auto transaction, sqlite::Transaction::begin(database));
  DAIMON_CHECK(
      database.execute("INSERT OR IGNORE INTO versions SELECT mount, path, version, 1 FROM files WHERE version <> '';"
                       "DELETE FROM texts WHERE version NOT IN (SELECT version FROM versions);"
                       "UPDATE files SET modified = -1;" +
                       daimon::format("PRAGMA user_version = {};", kGeneration)));
  return transaction.commit();
}

// Vectors are of one embedding, meanings of one network. True where it is another one now than `name` was.
Result<bool> is_new(sqlite::Database& database, std::string_view name, std::string_view id) {
  DAIMON_TRY(auto known, database.prepare("SELECT value FROM settings WHERE name = ?"));
  known.bind(1, name);
  DAIMON_TRY(const bool row, known.step());
  if (row ? known.text(0) == id : id.empty()) return false;
  known.reset();
  DAIMON_TRY(auto set, database.prepare("INSERT OR REPLACE INTO settings VALUES (?, ?)"));
  set.bind(1, name).bind(2, id);
  DAIMON_CHECK(set.run());
  return true;
}

Status adopt(sqlite::Database& database, const embedding::StaticEmbedding* embedding, std::string_view meaning_id) {
  const std::string id = embedding != nullptr ? embedding->id() : "";
  DAIMON_TRY(auto transaction, sqlite::Transaction::begin(database));
  DAIMON_TRY(const bool other_vectors, is_new(database, "embedding", id));
  if (other_vectors) DAIMON_CHECK(database.execute("DELETE FROM vectors"));
  if (other_vectors && !id.empty()) DAIMON_CHECK(database.execute("UPDATE files SET modified = -1"));
  if (!meaning_id.empty()) {
    DAIMON_TRY(const bool other_meanings, is_new(database, "meaning", meaning_id));
    if (other_meanings) DAIMON_CHECK(database.execute("DELETE FROM meanings"));
  }
  return transaction.commit();
}

std::string placeholders(const std::vector<std::string>& mounts) {
  if (mounts.empty()) return " AND files.mount NOT LIKE '/%'";  // those are unmounted (index_sweep.cpp)
  std::string text = " AND files.mount IN (";
  for (std::size_t i = 0; i < mounts.size(); ++i) text += i == 0 ? "?" : ", ?";
  return text + ")";
}

// A path as words: separators and underscores part them, as the tokenizer would not.
std::string path_words(std::string_view path) {
  std::string words(path);
  for (char& c : words)
    if (c == '_' || c == '-' || c == '/' || c == '.') c = ' ';
  return words;
}

}  // namespace

Result<Index> Index::open(const std::filesystem::path& path,
                          std::shared_ptr<const embedding::StaticEmbedding> embedding, std::string_view meaning_id) {
  const auto begin = [&]() -> Result<Index> {
    DAIMON_TRY(auto database, sqlite::Database::open(path, {.durable = false}));
    DAIMON_CHECK(begin_small(database));
    DAIMON_CHECK(database.execute(kSchema));
    DAIMON_CHECK(take_over(database));
    DAIMON_CHECK(adopt(database, embedding.get(), meaning_id));
    return Index(path, std::move(database), embedding);
  };
  auto index = begin();
  if (index || index.error().code != ErrorCode::kCorrupt) return index;
  std::error_code error;
  std::filesystem::rename(path, path.string() + ".damaged", error);
  for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(path.string() + suffix, error);
  return begin();
}

Status Index::add_mount(const std::string& name, const std::filesystem::path& root) {
  DAIMON_TRY(auto find, database_.prepare("SELECT root FROM mounts WHERE name = ?"));
  find.bind(1, std::string_view(name));
  DAIMON_TRY(const bool known, find.step());
  if (known) {
    if (find.text(0) == root.string()) return {};
    return fail(ErrorCode::kConflict,
                daimon::format("'{}' is already the name of {}", printable(name), printable(find.text(0))),
                "give another name: daimon mount PATH --name NAME");
  }
  DAIMON_TRY(auto transaction, sqlite::Transaction::begin(database_));
  DAIMON_TRY(auto insert, database_.prepare("INSERT INTO mounts VALUES (?, ?)"));
  insert.bind(1, std::string_view(name)).bind(2, std::string_view(root.string()));
  DAIMON_CHECK(insert.run());
  DAIMON_TRY(auto unfinished, database_.prepare("INSERT INTO unfinished VALUES (?)"));
  unfinished.bind(1, std::string_view(name));
  DAIMON_CHECK(unfinished.run());
  return transaction.commit();
}

Status Index::finish_mount(const std::string& name, std::span<const Problem> passing) {
  constexpr std::size_t kKept = 1000;
  DAIMON_TRY(auto transaction, sqlite::Transaction::begin(database_));
  for (const std::string_view sql : {"DELETE FROM unfinished WHERE mount = ?", "DELETE FROM passing WHERE mount = ?"}) {
    DAIMON_TRY(auto forget, database_.prepare(sql));
    forget.bind(1, std::string_view(name));
    DAIMON_CHECK(forget.run());
  }
  for (const Problem& problem : passing.first(std::min(kKept, passing.size()))) {
    DAIMON_TRY(auto keep, database_.prepare("INSERT INTO passing VALUES (?, ?, ?)"));
    keep.bind(1, std::string_view(name))
        .bind(2, std::string_view(problem.path))
        .bind(3, std::string_view(problem.what));
    DAIMON_CHECK(keep.run());
  }
  return transaction.commit();
}

Result<std::vector<MountStatus>> Index::mounts() {
  DAIMON_TRY(
      auto query,
      database_.prepare(
          "SELECT name, root, (SELECT count(*) FROM files WHERE mount = name AND version <> ''), "
          "(SELECT count(*) FROM chunks JOIN files ON files.id = chunks.file WHERE mount = name), "
          "(SELECT count(*) FROM files WHERE mount = name AND problem <> '' AND type <> "
          "'skipped') + (SELECT count(*) FROM passing WHERE mount = name), "
          "(SELECT count(*) FROM files WHERE mount = name AND type = 'skipped'), "
          "(SELECT count(*) FROM chunks JOIN files ON files.id = chunks.file LEFT JOIN meanings ON meanings.chunk = "
          "chunks.id WHERE mount = name AND meanings.chunk IS NULL), "
          "NOT EXISTS (SELECT 1 FROM unfinished WHERE mount = name) "
          "FROM mounts WHERE name NOT LIKE '/%' ORDER BY name"));
  std::vector<MountStatus> list;
  for (;;) {
    DAIMON_TRY(const bool row, query.step());
    if (!row) return list;
    list.push_back({query.text(0), query.text(1), query.integer(2), query.integer(3), query.integer(4),
                    query.integer(5), query.integer(6), query.integer(7) != 0});
  }
}

Result<std::map<std::string, std::filesystem::path>> Index::roots() {
  DAIMON_TRY(auto query, database_.prepare("SELECT name, root FROM mounts WHERE name NOT LIKE '/%'"));
  std::map<std::string, std::filesystem::path> roots;
  for (;;) {
    DAIMON_TRY(const bool row, query.step());
    if (!row) return roots;
    roots.emplace(query.text(0), query.text(1));
  }
}

Result<std::vector<std::string>> Index::incomplete() {
  DAIMON_TRY(auto query, database_.prepare("SELECT mount FROM unfinished"));
  std::vector<std::string> names;
  for (;;) {
    DAIMON_TRY(const bool row, query.step());
    if (!row) return names;
    names.push_back(query.text(0));
  }
}

Result<std::vector<std::string>> Index::paths(const std::string& mount) {
  DAIMON_TRY(auto query, database_.prepare("SELECT path FROM files WHERE mount = ?"));
  query.bind(1, std::string_view(mount));
  std::vector<std::string> list;
  for (;;) {
    DAIMON_TRY(const bool row, query.step());
    if (!row) return list;
    list.push_back(query.text(0));
  }
}

Result<std::optional<Stamp>> Index::stamp(const std::string& mount, const std::string& path) {
  DAIMON_TRY(auto query, database_.prepare("SELECT bytes, modified, inode FROM files WHERE mount = ? AND path = ?"));
  query.bind(1, std::string_view(mount)).bind(2, std::string_view(path));
  DAIMON_TRY(const bool row, query.step());
  if (!row) return std::optional<Stamp>();
  return Stamp{query.integer(0), query.integer(1), query.integer(2)};
}

Status Index::forget_chunks(const std::string& mount, const std::string& path) {
  vectors_.current = meanings_.current = all_meanings_ = false;
  DAIMON_TRY(auto words,
             database_.prepare(
                 "DELETE FROM words WHERE rowid IN (SELECT chunks.id FROM chunks JOIN files ON files.id = chunks.file "
                 "WHERE files.mount = ? AND files.path = ?)"));
  words.bind(1, std::string_view(mount)).bind(2, std::string_view(path));
  DAIMON_CHECK(words.run());
  DAIMON_TRY(auto file, database_.prepare("DELETE FROM files WHERE mount = ? AND path = ?"));
  file.bind(1, std::string_view(mount)).bind(2, std::string_view(path));
  return file.run();
}

// A text that changed or went away before anybody was given a passage of it can be cited by nobody. Without this a log
// that is always written would be kept whole once for each scan.
Status Index::forget_version(const std::string& mount, const std::string& path, const std::string& version) {
  DAIMON_TRY(auto had,
             database_.prepare(
                 "DELETE FROM versions WHERE mount = ? AND path = ? AND version = ? AND given = 0 AND NOT EXISTS "
                 "(SELECT 1 FROM files WHERE files.mount = versions.mount AND files.path = versions.path AND "
                 "files.version = versions.version)"));
  had.bind(1, std::string_view(mount)).bind(2, std::string_view(path)).bind(3, std::string_view(version));
  DAIMON_CHECK(had.run());
  return forget_text(version);
}

Status Index::forget_text(const std::string& version) {
  DAIMON_TRY(auto text,
             database_.prepare(
                 "DELETE FROM texts WHERE version = ?1 AND NOT EXISTS (SELECT 1 FROM versions WHERE version = ?1)"));
  text.bind(1, std::string_view(version));
  return text.run();
}

Status Index::give(const std::vector<Passage>& passages) {
  DAIMON_TRY(
      auto update,
      database_.prepare("UPDATE versions SET given = 1 WHERE mount = ? AND path = ? AND version = ? AND given = 0"));
  for (const Passage& passage : passages) {
    update.bind(1, std::string_view(passage.mount))
        .bind(2, std::string_view(passage.path))
        .bind(3, std::string_view(passage.version));
    DAIMON_CHECK(update.run());
  }
  return {};
}

Status Index::put(const std::string& mount, const std::string& path, const Stamp& stamp, const Document& document,
                  std::string_view problem) {
  const std::string version = to_hex(sha256(document.text));
  DAIMON_TRY(auto transaction, sqlite::Transaction::begin(database_));
  DAIMON_TRY(const auto before, current_version(mount, path));
  DAIMON_TRY(const auto meanings, meanings_of(mount, path));
  DAIMON_CHECK(forget_chunks(mount, path));
  DAIMON_TRY(auto text, database_.prepare("INSERT OR IGNORE INTO texts VALUES (?, ?)"));
  text.bind(1, std::string_view(version)).bind_blob(2, document.text);
  DAIMON_CHECK(text.run());
  DAIMON_TRY(auto had, database_.prepare("INSERT OR IGNORE INTO versions VALUES (?, ?, ?, 0)"));
  had.bind(1, std::string_view(mount)).bind(2, std::string_view(path)).bind(3, std::string_view(version));
  DAIMON_CHECK(had.run());
  DAIMON_TRY(auto file, database_.prepare(
                            "INSERT INTO files (mount, path, bytes, modified, inode, type, version, columns, problem) "
                            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  const std::string columns = to_text(JsonArray(document.columns.begin(), document.columns.end()));
  file.bind(1, std::string_view(mount))
      .bind(2, std::string_view(path))
      .bind(3, stamp.bytes)
      .bind(4, stamp.modified_ns)
      .bind(5, stamp.inode);
  file.bind(6, std::string_view(document.type)).bind(7, std::string_view(version)).bind(8, std::string_view(columns));
  file.bind(9, problem);
  DAIMON_CHECK(file.run());
  const std::int64_t id = database_.last_row_id();
  DAIMON_TRY(auto chunk, database_.prepare("INSERT INTO chunks (file, begin, end, page) VALUES (?, ?, ?, ?)"));
  DAIMON_TRY(auto words, database_.prepare("INSERT INTO words (rowid, path, heading, text) VALUES (?, ?, ?, ?)"));
  DAIMON_TRY(auto vector, database_.prepare("INSERT INTO vectors VALUES (?, ?)"));
  DAIMON_TRY(auto known, database_.prepare("INSERT INTO meanings VALUES (?, ?)"));
  const std::string path_text = path_words(path);
  for (const Chunk& piece : chunks_of(document)) {
    const std::string_view bytes = std::string_view(document.text).substr(piece.begin, piece.end - piece.begin);
    if (trim(bytes).empty()) continue;
    chunk.bind(1, id).bind(2, static_cast<std::int64_t>(piece.begin)).bind(3, static_cast<std::int64_t>(piece.end));
    if (piece.page)
      chunk.bind(4, std::int64_t{*piece.page});
    else
      chunk.bind_null(4);
    DAIMON_CHECK(chunk.run());
    const std::int64_t chunk_id = database_.last_row_id();
    if (embedding_ != nullptr) {
      const auto meaning = embedding_->embed(daimon::format("{} {} {}", path_text, piece.heading, bytes));
      vector.bind(1, chunk_id)
          .bind_blob(2, std::string_view(reinterpret_cast<const char*>(meaning.data()), meaning.size()));
      DAIMON_CHECK(vector.run());
    }
    words.bind(1, chunk_id)
        .bind(2, std::string_view(path_text))
        .bind(3, std::string_view(piece.heading))
        .bind(4, bytes);
    DAIMON_CHECK(words.run());
    if (const auto meaning = meanings.find(std::string(bytes)); meaning != meanings.end()) {
      known.bind(1, chunk_id).bind_blob(2, meaning->second);
      DAIMON_CHECK(known.run());
    }
  }
  if (before) DAIMON_CHECK(forget_version(mount, path, *before));
  return transaction.commit();
}

Status Index::put_problem(const std::string& mount, const std::string& path, const Stamp& stamp, std::string_view what,
                          bool skipped) {
  DAIMON_TRY(auto transaction, sqlite::Transaction::begin(database_));
  DAIMON_TRY(const auto before, current_version(mount, path));
  DAIMON_CHECK(forget_chunks(mount, path));
  DAIMON_TRY(auto file, database_.prepare(
                            "INSERT INTO files (mount, path, bytes, modified, inode, type, version, columns, problem) "
                            "VALUES (?, ?, ?, ?, ?, ?, '', '[]', ?)"));
  file.bind(1, std::string_view(mount))
      .bind(2, std::string_view(path))
      .bind(3, stamp.bytes)
      .bind(4, stamp.modified_ns)
      .bind(5, stamp.inode);
  file.bind(6, std::string_view(skipped ? "skipped" : "problem")).bind(7, what);
  DAIMON_CHECK(file.run());
  if (before) DAIMON_CHECK(forget_version(mount, path, *before));
  return transaction.commit();
}

Status Index::remove(const std::string& mount, const std::string& path) {
  DAIMON_TRY(auto transaction, sqlite::Transaction::begin(database_));
  DAIMON_TRY(const auto before, current_version(mount, path));
  DAIMON_CHECK(forget_chunks(mount, path));
  if (before) DAIMON_CHECK(forget_version(mount, path, *before));
  return transaction.commit();
}

Result<std::vector<Problem>> Index::problems(const std::string& mount, std::size_t limit) {
  DAIMON_TRY(auto query, database_.prepare("SELECT path, problem FROM files WHERE mount = ?1 AND problem <> '' AND "
                                           "type <> 'skipped' UNION ALL SELECT path, problem FROM passing WHERE "
                                           "mount = ?1 ORDER BY path LIMIT ?2"));
  query.bind(1, std::string_view(mount)).bind(2, static_cast<std::int64_t>(limit));
  std::vector<Problem> list;
  for (;;) {
    DAIMON_TRY(const bool row, query.step());
    if (!row) return list;
    list.push_back({query.text(0), query.text(1)});
  }
}

Result<std::vector<SkippedKind>> Index::skipped_kinds(const std::string& mount) {
  // What is longer says nothing of a kind: "notes.of the last meeting".
  constexpr std::size_t kEndingBytesMax = 12;
  DAIMON_TRY(auto query, database_.prepare("SELECT path FROM files WHERE mount = ? AND type = 'skipped'"));
  query.bind(1, std::string_view(mount));
  std::map<std::string, std::int64_t> counts;
  for (;;) {
    DAIMON_TRY(const bool row, query.step());
    if (!row) break;
    const std::string ending = to_lower_ascii(std::filesystem::path(query.text(0)).extension().string());
    ++counts[ending.size() > kEndingBytesMax ? "" : ending];
  }
  std::vector<SkippedKind> kinds;
  for (const auto& [ending, files] : counts) kinds.push_back({ending, files});
  std::ranges::stable_sort(kinds, std::ranges::greater(), &SkippedKind::files);
  return kinds;
}

namespace {

// A row of the columns below, and its score.
constexpr std::string_view kPassageColumns =
    "files.mount, files.path, files.version, chunks.begin, chunks.end, chunks.page, words.heading, words.text";

Passage passage_of(sqlite::Statement& query, double score) {
  Passage passage{query.text(0),
                  query.text(1),
                  query.text(2),
                  static_cast<std::uint64_t>(query.integer(3)),
                  static_cast<std::uint64_t>(query.integer(4)),
                  {},
                  query.text(6),
                  query.text(7),
                  score,
                  {}};
  if (!query.is_null(5)) passage.page = static_cast<int>(query.integer(5));
  passage.label = capability::untrusted_label("file:" + passage.path);
  return passage;
}

}  // namespace

Result<std::vector<Passage>> Index::match(std::string_view fts, const std::vector<std::string>& mounts, int limit) {
  if (fts.empty()) return std::vector<Passage>();
  // The path and the heading say what a chunk is about, so their words weigh more.
  DAIMON_TRY(auto query,
             database_.prepare(daimon::format(
                 "SELECT {}, bm25(words, 2.0, 2.0, 1.0) AS rank FROM words JOIN chunks ON chunks.id = words.rowid "
                 "JOIN files ON files.id = chunks.file WHERE words MATCH ?{} ORDER BY rank LIMIT ?",
                 kPassageColumns, placeholders(mounts))));
  int index = 1;
  query.bind(index++, fts);
  for (const std::string& mount : mounts) query.bind(index++, std::string_view(mount));
  query.bind(index, std::int64_t{limit});
  std::vector<Passage> passages;
  for (;;) {
    DAIMON_TRY(const bool row, query.step());
    if (!row) return passages;
    passages.push_back(passage_of(query, -query.real(8)));
  }
}

Result<std::optional<Passage>> Index::passage_at(std::int64_t chunk) {
  DAIMON_TRY(auto find, database_.prepare(daimon::format(
                            "SELECT {} FROM words JOIN chunks ON chunks.id = words.rowid JOIN files ON files.id = "
                            "chunks.file WHERE words.rowid = ?",
                            kPassageColumns)));
  find.bind(1, chunk);
  DAIMON_TRY(const bool row, find.step());
  return row ? std::optional(passage_of(find, 0)) : std::nullopt;
}

Result<std::vector<FileSummary>> Index::files(const std::vector<std::string>& mounts) {
  DAIMON_TRY(auto query, database_.prepare("SELECT mount, path, type, bytes, columns FROM files WHERE version <> ''" +
                                           placeholders(mounts) + " ORDER BY path"));
  int index = 1;
  for (const std::string& mount : mounts) query.bind(index++, std::string_view(mount));
  std::vector<FileSummary> list;
  for (;;) {
    DAIMON_TRY(const bool row, query.step());
    if (!row) return list;
    FileSummary file{query.text(0), query.text(1), query.text(2), static_cast<std::uint64_t>(query.integer(3)), {}, 0};
    if (const auto columns = parse_json(query.text(4)); columns && columns->is_array())
      for (const Json& column : columns->get_array())
        if (column.is_string()) file.columns.emplace_back(column.get_string());
    list.push_back(std::move(file));
  }
}

Result<std::optional<std::string>> Index::text_of_version(std::string_view version) {
  DAIMON_TRY(auto query, database_.prepare("SELECT text FROM texts WHERE version = ?"));
  query.bind(1, version);
  DAIMON_TRY(const bool row, query.step());
  return row ? std::optional(query.blob(0)) : std::nullopt;
}

Result<bool> Index::had_version(const std::string& mount, const std::string& path, std::string_view version) {
  DAIMON_TRY(auto query, database_.prepare("SELECT 1 FROM versions WHERE mount = ? AND path = ? AND version = ?"));
  query.bind(1, std::string_view(mount)).bind(2, std::string_view(path)).bind(3, version);
  return query.step();
}

Result<std::optional<std::string>> Index::current_version(const std::string& mount, const std::string& path) {
  DAIMON_TRY(auto query, database_.prepare("SELECT version FROM files WHERE mount = ? AND path = ? AND version <> ''"));
  query.bind(1, std::string_view(mount)).bind(2, std::string_view(path));
  DAIMON_TRY(const bool row, query.step());
  return row ? std::optional(query.text(0)) : std::nullopt;
}

}  // namespace daimon::fs
