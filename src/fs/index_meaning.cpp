// What passages mean, as vectors: of the static embedding one for each chunk, made with it; of a network that reads one
// for each part of a chunk, made afterwards, as it takes a thousand times as long.
#include <algorithm>
#include <utility>

#include "base/format.h"
#include "fs/index.h"

namespace daimon::fs {
namespace {

std::span<const std::int8_t> numbers_of(std::string_view bytes) {
  return {reinterpret_cast<const std::int8_t*>(bytes.data()), bytes.size()};
}

}  // namespace

void Index::Vectors::add(std::int64_t chunk, const std::string& mount, const std::string& path,
                         std::span<const std::int8_t> more, std::size_t width) {
  if (names.empty() || names.back().first != mount || names.back().second != path) names.emplace_back(mount, path);
  chunks.insert(chunks.end(), more.size() / width, chunk);
  files.insert(files.end(), more.size() / width, static_cast<std::uint32_t>(names.size() - 1));
  values.insert(values.end(), more.begin(), more.end());
}

Status Index::load(Vectors& vectors, std::string_view table, std::size_t width) {
  Vectors loaded;
  DAIMON_TRY(auto query, database_.prepare(daimon::format(
                             "SELECT chunks.id, files.mount, files.path, {0}.* FROM {0} JOIN chunks ON chunks.id = "
                             "{0}.chunk JOIN files ON files.id = chunks.file WHERE files.mount NOT LIKE '/%' ORDER BY "
                             "chunks.id",
                             table)));
  for (;;) {
    DAIMON_TRY(const bool row, query.step());
    if (!row) break;
    const std::string bytes = query.blob(4);
    if (bytes.size() % width == 0) loaded.add(query.integer(0), query.text(1), query.text(2), numbers_of(bytes), width);
  }
  loaded.current = true;
  vectors = std::move(loaded);
  return {};
}

Result<std::vector<Passage>> Index::nearest(Vectors& vectors, std::string_view table,
                                            std::span<const std::int8_t> meaning,
                                            const std::vector<std::string>& mounts, int limit, const Admits& admits) {
  if (std::ranges::all_of(meaning, [](std::int8_t value) { return value == 0; })) return std::vector<Passage>();
  const std::size_t width = meaning.size();
  if (!vectors.current) DAIMON_CHECK(load(vectors, table, width));
  std::vector<bool> wanted;
  for (const auto& [mount, path] : vectors.names)
    wanted.push_back(mounts.empty() || std::ranges::contains(mounts, mount));
  std::vector<std::pair<double, std::int64_t>> scored;
  for (std::size_t i = 0; i < vectors.chunks.size(); ++i) {
    if (!wanted[vectors.files[i]]) continue;
    const double near = embedding::cosine(meaning.data(), vectors.values.data() + i * width, width);
    // A chunk is as near as the nearest of its parts.
    if (!scored.empty() && scored.back().second == vectors.chunks[i])
      scored.back().first = std::max(scored.back().first, near);
    else
      scored.emplace_back(near, vectors.chunks[i]);
  }
  // One after the other, as what nobody may see takes no place of what they may; to ask of all of them would take long.
  std::ranges::make_heap(scored);
  std::vector<Passage> passages;
  while (!scored.empty() && std::ssize(passages) < limit) {
    std::ranges::pop_heap(scored);
    const auto [near, chunk] = scored.back();
    scored.pop_back();
    DAIMON_TRY(auto passage, passage_at(chunk));
    if (!passage || (admits && !admits(passage->mount, passage->path))) continue;
    passage->score = near;
    passages.push_back(std::move(*passage));
  }
  return passages;
}

Result<std::vector<Passage>> Index::nearest(std::string_view query, const std::vector<std::string>& mounts, int limit,
                                            const Admits& admits) {
  if (embedding_ == nullptr) return std::vector<Passage>();
  return nearest(vectors_, "vectors", embedding_->embed(query), mounts, limit, admits);
}

Result<std::vector<Passage>> Index::nearest_in_meaning(std::span<const std::int8_t> meaning,
                                                       const std::vector<std::string>& mounts, int limit,
                                                       const Admits& admits) {
  return nearest(meanings_, "meanings", meaning, mounts, limit, admits);
}

Result<std::vector<Passage>> Index::without_meaning(const std::string& mount, int limit) {
  std::vector<std::int64_t> chunks;
  const auto look_behind = [&](std::int64_t after) -> Status {
    DAIMON_TRY(
        auto query,
        database_.prepare("SELECT chunks.id FROM chunks JOIN files ON files.id = chunks.file LEFT JOIN meanings ON "
                          "meanings.chunk = chunks.id WHERE chunks.id > ?1 AND meanings.chunk IS NULL AND "
                          "files.mount NOT LIKE '/%' AND ?2 IN ('', files.mount) ORDER BY chunks.id LIMIT ?3"));
    query.bind(1, after).bind(2, std::string_view(mount)).bind(3, std::int64_t{limit});
    for (;;) {
      DAIMON_TRY(const bool row, query.step());
      if (!row) return {};
      chunks.push_back(query.integer(0));
    }
  };
  // From where it was left, then from the beginning: numbers that have become free are given again.
  DAIMON_CHECK(look_behind(mount.empty() ? meaning_after_ : 0));
  if (mount.empty()) {
    if (chunks.empty() && meaning_after_ > 0) DAIMON_CHECK(look_behind(0));
    all_meanings_ = chunks.empty();
    meaning_after_ = chunks.empty() ? 0 : chunks.back();
  }
  std::vector<Passage> passages;
  for (const std::int64_t chunk : chunks) {
    DAIMON_TRY(auto passage, passage_at(chunk));
    if (passage) passages.push_back(std::move(*passage));
  }
  return passages;
}

Result<std::int64_t> Index::count_without_meaning(const std::string& mount) {
  DAIMON_TRY(auto query,
             database_.prepare("SELECT count(*) FROM files JOIN chunks ON chunks.file = files.id LEFT JOIN meanings ON "
                               "meanings.chunk = chunks.id WHERE meanings.chunk IS NULL AND files.mount = ?"));
  query.bind(1, std::string_view(mount));
  DAIMON_TRY(const bool row, query.step());
  return row ? query.integer(0) : 0;
}

Result<bool> Index::put_meaning(const Passage& passage, std::span<const std::int8_t> vectors, std::size_t width) {
  DAIMON_TRY(auto transaction, sqlite::Transaction::begin(database_));
  DAIMON_TRY(auto insert, database_.prepare(
                              "INSERT OR IGNORE INTO meanings SELECT chunks.id, ? FROM chunks JOIN files ON files.id = "
                              "chunks.file WHERE files.mount = ? AND files.path = ? AND files.version = ? AND "
                              "chunks.begin = ? AND chunks.end = ? RETURNING chunk"));
  insert.bind_blob(1, std::string_view(reinterpret_cast<const char*>(vectors.data()), vectors.size()))
      .bind(2, std::string_view(passage.mount))
      .bind(3, std::string_view(passage.path))
      .bind(4, std::string_view(passage.version))
      .bind(5, static_cast<std::int64_t>(passage.byte_begin))
      .bind(6, static_cast<std::int64_t>(passage.byte_end));
  DAIMON_TRY(const bool stored, insert.step());
  const std::int64_t chunk = stored ? insert.integer(0) : 0;
  insert.reset();
  DAIMON_CHECK(transaction.commit());
  // Reading all of them again for each that is added would take longer than the search.
  if (stored && meanings_.current) meanings_.add(chunk, passage.mount, passage.path, vectors, width);
  return stored;
}

Result<std::map<std::string, std::string>> Index::meanings_of(const std::string& mount, const std::string& path) {
  DAIMON_TRY(auto query, database_.prepare(
                             "SELECT words.text, meanings.vectors FROM files JOIN chunks ON chunks.file = files.id "
                             "JOIN meanings ON meanings.chunk = chunks.id JOIN words ON words.rowid = chunks.id WHERE "
                             "files.mount = ? AND files.path = ?"));
  query.bind(1, std::string_view(mount)).bind(2, std::string_view(path));
  std::map<std::string, std::string> meanings;
  for (;;) {
    DAIMON_TRY(const bool row, query.step());
    if (!row) return meanings;
    meanings.emplace(query.blob(0), query.blob(1));
  }
}

}  // namespace daimon::fs
