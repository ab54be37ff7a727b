// What passages mean, as vectors: of the static embedding one for each chunk, made with it; of a network that reads one
// for each part of a chunk, made afterwards, as it takes a thousand times as long.
#include <algorithm>
#include <functional>
#include <utility>

#include "base/format.h"
#include "base/hash.h"
#include "fs/index.h"

namespace daimon::fs {

std::string words_key(std::string_view heading, std::string_view text) {
  return to_hex(sha256(daimon::format("{}\n{}", heading, text)));
}

Status Index::load(Vectors& vectors, std::string_view table, std::size_t width) {
  Vectors loaded;
  DAIMON_TRY(auto query, database_.prepare(daimon::format(
                             "SELECT chunks.id, files.mount, {0}.* FROM {0} JOIN chunks ON chunks.id = {0}.chunk JOIN "
                             "files ON files.id = chunks.file WHERE files.mount NOT LIKE '/%' ORDER BY chunks.id",
                             table)));
  std::map<std::string, std::uint32_t, std::less<>> known;
  for (;;) {
    DAIMON_TRY(const bool row, query.step());
    if (!row) break;
    const std::string bytes = query.blob(3);
    if (bytes.size() % width != 0) continue;
    const auto [mount, is_new] = known.try_emplace(query.text(1), static_cast<std::uint32_t>(known.size()));
    if (is_new) loaded.names.push_back(mount->first);
    loaded.chunks.insert(loaded.chunks.end(), bytes.size() / width, query.integer(0));
    loaded.mounts.insert(loaded.mounts.end(), bytes.size() / width, mount->second);
    const auto* values = reinterpret_cast<const std::int8_t*>(bytes.data());
    loaded.values.insert(loaded.values.end(), values, values + bytes.size());
  }
  loaded.current = true;
  vectors = std::move(loaded);
  return {};
}

Result<std::vector<Passage>> Index::nearest(Vectors& vectors, std::string_view table,
                                            std::span<const std::int8_t> meaning,
                                            const std::vector<std::string>& mounts, int limit) {
  if (std::ranges::all_of(meaning, [](std::int8_t value) { return value == 0; })) return std::vector<Passage>();
  const std::size_t width = meaning.size();
  if (!vectors.current) DAIMON_CHECK(load(vectors, table, width));
  std::vector<bool> wanted;
  for (const std::string& name : vectors.names) wanted.push_back(mounts.empty() || std::ranges::contains(mounts, name));
  std::vector<std::pair<double, std::int64_t>> scored;
  for (std::size_t i = 0; i < vectors.chunks.size(); ++i) {
    if (!wanted[vectors.mounts[i]]) continue;
    const double near = embedding::cosine(meaning.data(), vectors.values.data() + i * width, width);
    // A chunk is as near as the nearest of its parts.
    if (!scored.empty() && scored.back().second == vectors.chunks[i])
      scored.back().first = std::max(scored.back().first, near);
    else
      scored.emplace_back(near, vectors.chunks[i]);
  }
  const auto most = std::min(scored.size(), static_cast<std::size_t>(std::max(limit, 0)));
  std::ranges::partial_sort(scored, scored.begin() + static_cast<std::ptrdiff_t>(most), std::ranges::greater());
  std::vector<Passage> passages;
  for (const auto& [near, chunk] : std::span(scored).first(most)) {
    DAIMON_TRY(auto passage, passage_at(chunk));
    if (!passage) continue;
    passage->score = near;
    passages.push_back(std::move(*passage));
  }
  return passages;
}

Result<std::vector<Passage>> Index::nearest(std::string_view query, const std::vector<std::string>& mounts, int limit) {
  if (embedding_ == nullptr) return std::vector<Passage>();
  return nearest(vectors_, "vectors", embedding_->embed(query), mounts, limit);
}

Result<std::vector<Passage>> Index::nearest_in_meaning(std::span<const std::int8_t> meaning,
                                                       const std::vector<std::string>& mounts, int limit) {
  return nearest(meanings_, "meanings", meaning, mounts, limit);
}

Result<std::vector<Passage>> Index::without_meaning(int limit) {
  std::vector<std::int64_t> chunks;
  // From where it was left, then once from the beginning: numbers that have become free are given again.
  for (const bool again : {false, true}) {
    if (again) meaning_after_ = 0;
    DAIMON_TRY(
        auto query,
        database_.prepare("SELECT chunks.id FROM chunks JOIN files ON files.id = chunks.file LEFT JOIN meanings ON "
                          "meanings.chunk = chunks.id WHERE chunks.id > ? AND meanings.chunk IS NULL AND "
                          "files.mount NOT LIKE '/%' ORDER BY chunks.id LIMIT ?"));
    query.bind(1, meaning_after_).bind(2, std::int64_t{limit});
    for (;;) {
      DAIMON_TRY(const bool row, query.step());
      if (!row) break;
      chunks.push_back(query.integer(0));
    }
    if (!chunks.empty()) break;
  }
  if (!chunks.empty()) meaning_after_ = chunks.back();
  std::vector<Passage> passages;
  for (const std::int64_t chunk : chunks) {
    DAIMON_TRY(auto passage, passage_at(chunk));
    if (passage) passages.push_back(std::move(*passage));
  }
  return passages;
}

Result<std::int64_t> Index::count_without_meaning() {
  return number_of(
      "SELECT count(*) FROM chunks JOIN files ON files.id = chunks.file LEFT JOIN meanings ON meanings.chunk = "
      "chunks.id WHERE meanings.chunk IS NULL AND files.mount NOT LIKE '/%'");
}

Status Index::put_meaning(const Passage& passage, std::span<const std::int8_t> vectors, std::size_t width) {
  DAIMON_TRY(
      auto insert,
      database_.prepare("INSERT OR REPLACE INTO meanings SELECT chunks.id, ? FROM chunks JOIN files ON files.id = "
                        "chunks.file WHERE files.mount = ? AND files.path = ? AND files.version = ? AND "
                        "chunks.begin = ? AND chunks.end = ? RETURNING chunk"));
  insert.bind_blob(1, std::string_view(reinterpret_cast<const char*>(vectors.data()), vectors.size()))
      .bind(2, std::string_view(passage.mount))
      .bind(3, std::string_view(passage.path))
      .bind(4, std::string_view(passage.version))
      .bind(5, static_cast<std::int64_t>(passage.byte_begin))
      .bind(6, static_cast<std::int64_t>(passage.byte_end));
  DAIMON_TRY(const bool there, insert.step());
  if (!there) return {};
  const std::int64_t chunk = insert.integer(0);
  insert.reset();
  // Behind the others where it is the last of them, which spares reading all of them again while many are added.
  if (!meanings_.current || (!meanings_.chunks.empty() && meanings_.chunks.back() >= chunk)) {
    meanings_.current = false;
    return {};
  }
  auto mount = std::ranges::find(meanings_.names, passage.mount);
  if (mount == meanings_.names.end()) mount = meanings_.names.insert(mount, passage.mount);
  const auto place = static_cast<std::uint32_t>(mount - meanings_.names.begin());
  meanings_.chunks.insert(meanings_.chunks.end(), vectors.size() / width, chunk);
  meanings_.mounts.insert(meanings_.mounts.end(), vectors.size() / width, place);
  meanings_.values.insert(meanings_.values.end(), vectors.begin(), vectors.end());
  return {};
}

Result<std::map<std::string, std::string>> Index::meanings_of(const std::string& mount, const std::string& path) {
  DAIMON_TRY(
      auto query,
      database_.prepare("SELECT words.heading, words.text, meanings.vectors FROM files JOIN chunks ON chunks.file = "
                        "files.id JOIN meanings ON meanings.chunk = chunks.id JOIN words ON words.rowid = chunks.id "
                        "WHERE files.mount = ? AND files.path = ?"));
  query.bind(1, std::string_view(mount)).bind(2, std::string_view(path));
  std::map<std::string, std::string> meanings;
  for (;;) {
    DAIMON_TRY(const bool row, query.step());
    if (!row) return meanings;
    meanings.emplace(words_key(query.text(0), query.text(1)), query.blob(2));
  }
}

}  // namespace daimon::fs
