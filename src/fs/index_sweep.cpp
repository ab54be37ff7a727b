// What an unmount leaves in the index, and how it goes away.
//
// The passages of a large folder take seconds to delete, in which nobody could search. So an unmounted folder is only
// renamed: its name then begins with '/', which no mount's can, and whatever asks for mounts or passages leaves such
// ones out. What is under that name is deleted bit by bit, by this process or the next.
#include <utility>

#include "base/format.h"
#include "base/text.h"
#include "fs/index.h"

namespace daimon::fs {
namespace {

// At most this much is deleted in one step: some 20 ms.
constexpr std::int64_t kChunksAStep = 256;
constexpr std::int64_t kTextsAStep = 64;
constexpr std::int64_t kFilesAStep = 1024;
constexpr int kPagesAStep = 512;
// Free pages (of 4 KiB) that are not worth moving others for: the next files use them.
constexpr std::int64_t kFreePages = 256;
// The words of deleted passages go only when their part of the word index is next merged with others. That is asked for
// when they are more than this part of those that are left, for it writes the whole word index anew.
constexpr std::int64_t kMergeAbovePart = 4;

}  // namespace

Status Index::remove_mount(const std::string& name, bool with_given) {
  vectors_ = meanings_ = {};
  DAIMON_TRY(auto transaction, sqlite::Transaction::begin(database_));
  // Random, for a folder may be mounted and unmounted again before the first is forgotten.
  DAIMON_TRY(auto gone, database_.prepare("INSERT INTO mounts SELECT '/' || hex(randomblob(8)), root FROM mounts WHERE "
                                          "name = ? AND name NOT LIKE '/%' RETURNING name"));
  gone.bind(1, std::string_view(name));
  DAIMON_TRY(const bool mounted, gone.step());
  if (!mounted)
    return fail(ErrorCode::kNotFound, daimon::format("no folder is mounted as '{}'", printable(name)),
                "`daimon mounts` lists them");
  const std::string gone_name = gone.text(0);
  gone.reset();
  // Texts that somebody was given a passage of are verified under the name that they were given out with.
  for (const std::string_view sql :
       {std::string_view("UPDATE files SET mount = ?2 WHERE mount = ?1"),
        with_given ? std::string_view("UPDATE versions SET mount = ?2, given = 0 WHERE mount = ?1")
                   : std::string_view("UPDATE versions SET mount = ?2 WHERE mount = ?1 AND given = 0")}) {
    DAIMON_TRY(auto rename, database_.prepare(sql));
    rename.bind(1, std::string_view(name)).bind(2, std::string_view(gone_name));
    DAIMON_CHECK(rename.run());
  }
  DAIMON_TRY(auto mount, database_.prepare("DELETE FROM mounts WHERE name = ?"));
  mount.bind(1, std::string_view(name));
  DAIMON_CHECK(mount.run());
  return transaction.commit();
}

Result<bool> Index::sweep() {
  DAIMON_TRY(auto gone, database_.prepare("SELECT name FROM mounts WHERE name LIKE '/%' LIMIT 1"));
  DAIMON_TRY(const bool any, gone.step());
  if (!any) {
    DAIMON_TRY(const bool merging, merge_words());
    return merging ? Result<bool>(true) : give_space_back();
  }
  const std::string mount = gone.text(0);
  gone.reset();
  DAIMON_TRY(auto transaction, sqlite::Transaction::begin(database_));
  DAIMON_TRY(bool more, sweep_chunks(mount));
  if (!more) {
    DAIMON_TRY(more, sweep_texts(mount));
  }
  if (!more) {
    DAIMON_TRY(auto files,
               database_.prepare("DELETE FROM files WHERE id IN (SELECT id FROM files WHERE mount = ? LIMIT ?)"));
    files.bind(1, std::string_view(mount)).bind(2, kFilesAStep);
    DAIMON_CHECK(files.run());
    more = database_.changes() > 0;
  }
  // The name of the mount goes last: by it the next step, or the next process, goes on.
  if (!more) {
    DAIMON_TRY(auto last, database_.prepare("DELETE FROM mounts WHERE name = ?"));
    last.bind(1, std::string_view(mount));
    DAIMON_CHECK(last.run());
  }
  DAIMON_CHECK(transaction.commit());
  return true;
}

Result<bool> Index::sweep_chunks(const std::string& mount) {
  DAIMON_TRY(auto find, database_.prepare("SELECT chunks.id FROM chunks JOIN files ON files.id = chunks.file WHERE "
                                          "files.mount = ? LIMIT ?"));
  find.bind(1, std::string_view(mount)).bind(2, kChunksAStep);
  std::vector<std::int64_t> chunks;
  for (;;) {
    DAIMON_TRY(const bool row, find.step());
    if (!row) break;
    chunks.push_back(find.integer(0));
  }
  DAIMON_TRY(auto words, database_.prepare("DELETE FROM words WHERE rowid = ?"));
  DAIMON_TRY(auto chunk, database_.prepare("DELETE FROM chunks WHERE id = ?"));
  for (const std::int64_t id : chunks) {
    words.bind(1, id);
    DAIMON_CHECK(words.run());
    chunk.bind(1, id);
    DAIMON_CHECK(chunk.run());
  }
  chunks_swept_ += std::ssize(chunks);
  return !chunks.empty();
}

Result<bool> Index::sweep_texts(const std::string& mount) {
  DAIMON_TRY(auto find, database_.prepare("SELECT path, version FROM versions WHERE mount = ? LIMIT ?"));
  find.bind(1, std::string_view(mount)).bind(2, kTextsAStep);
  std::vector<std::pair<std::string, std::string>> had;
  for (;;) {
    DAIMON_TRY(const bool row, find.step());
    if (!row) break;
    had.emplace_back(find.text(0), find.text(1));
  }
  DAIMON_TRY(auto versions, database_.prepare("DELETE FROM versions WHERE mount = ? AND path = ? AND version = ?"));
  for (const auto& [path, version] : had) {
    versions.bind(1, std::string_view(mount)).bind(2, std::string_view(path)).bind(3, std::string_view(version));
    DAIMON_CHECK(versions.run());
    DAIMON_CHECK(forget_text(version));
  }
  return !had.empty();
}

Result<std::int64_t> Index::number_of(std::string_view sql) {
  DAIMON_TRY(auto query, database_.prepare(sql));
  DAIMON_TRY(const bool row, query.step());
  return row ? query.integer(0) : 0;
}

Result<bool> Index::merge_words() {
  if (const std::int64_t swept = std::exchange(chunks_swept_, 0); swept > 0) {
    DAIMON_TRY(const std::int64_t left, number_of("SELECT count(*) FROM chunks"));
    if (swept > left / kMergeAbovePart) merge_ = Merge::kWanted;
  }
  if (merge_ == Merge::kNone) return false;
  // FTS5's own recipe: a negative number begins a merge of everything, positive ones carry it on, and one that changes
  // fewer than two rows finds nothing left to do.
  DAIMON_TRY(auto merge, database_.prepare("INSERT INTO words (words, rank) VALUES ('merge', ?)"));
  merge.bind(1, std::int64_t{merge_ == Merge::kWanted ? -kPagesAStep : kPagesAStep});
  const std::int64_t before = database_.total_changes();
  DAIMON_CHECK(merge.run());
  merge_ = database_.total_changes() - before < 2 ? Merge::kNone : Merge::kBegun;
  return true;
}

Result<bool> Index::give_space_back() {
  DAIMON_TRY(const std::int64_t can_shrink, number_of("PRAGMA auto_vacuum"));
  // Once: where there is no room for a copy, trying again at each change would hold up all searches.
  if (can_shrink == 0 && !std::exchange(vacuum_tried_, true))
    DAIMON_CHECK(database_.execute("PRAGMA auto_vacuum = INCREMENTAL; VACUUM;"));
  DAIMON_TRY(const std::int64_t free, number_of("PRAGMA freelist_count"));
  if (free > kFreePages) {
    DAIMON_CHECK(database_.execute(daimon::format("PRAGMA incremental_vacuum({})", kPagesAStep)));
    DAIMON_TRY(const std::int64_t left, number_of("PRAGMA freelist_count"));
    if (left < free) return true;
  }
  // The file is cut, as the log is, when all of the log has been written into it.
  DAIMON_TRY(const std::int64_t bytes,
             number_of("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"));
  std::error_code failed;
  const auto size = [&](const std::filesystem::path& path) {
    const auto bytes_of = std::filesystem::file_size(path, failed);
    return failed ? 0 : static_cast<std::int64_t>(bytes_of);
  };
  if (size(path_) > bytes || size(path_.string() + "-wal") > kLogBytesMax)
    DAIMON_CHECK(database_.execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  return false;
}

}  // namespace daimon::fs
