// What an unmount leaves in the index, and how it goes away.
//
// The passages of a large folder take seconds to delete, in which nobody could search. So an unmounted folder is only
// renamed: its name then begins with '/', which no mount's can, and whatever asks for mounts or passages leaves such
// ones out. What is under that name is deleted bit by bit, by this process or the next.
#include "base/format.h"
#include "base/text.h"
#include "fs/index.h"

namespace daimon::fs {
namespace {

// At most this much is deleted in one step: some 20 ms.
constexpr std::int64_t kChunksAStep = 256;
constexpr std::int64_t kTextsAStep = 64;
constexpr std::int64_t kFilesAStep = 1024;

}  // namespace

Status Index::remove_mount(const std::string& name) {
  vectors_ = {};
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
  for (const std::string_view sql : {"UPDATE files SET mount = ?2 WHERE mount = ?1",
                                     "UPDATE versions SET mount = ?2 WHERE mount = ?1 AND given = 0"}) {
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
  if (!any) return false;
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

}  // namespace daimon::fs
