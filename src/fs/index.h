// The index database: files, versions of their text, chunks and their words. One thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/sqlite.h"
#include "embedding/static_embedding.h"
#include "fs/chunk.h"
#include "fs/document.h"
#include "fs/file_system.h"

namespace daimon::fs {

// What tells a file that may have changed from one that has not.
struct Stamp {
  std::int64_t bytes = 0;
  std::int64_t modified_ns = 0;
  std::int64_t inode = 0;
  bool operator==(const Stamp&) const = default;
};

// The write-ahead log may be as large while a large file is indexed; it is cut to this afterwards.
inline constexpr std::int64_t kLogBytesMax = 8 << 20;

class Index {
 public:
  // A damaged database is moved away and begun anew: all of it can be rebuilt from the files. One that an earlier
  // version of Daimon wrote is kept, and its files are read again by the next scan.
  // With an embedding each chunk has a vector; one that another embedding made is made anew by the next scan.
  // What passages mean as a whole (put_meaning) is kept while `meaning_id` is the same, or empty: then nobody asks.
  static Result<Index> open(const std::filesystem::path& path,
                            std::shared_ptr<const embedding::StaticEmbedding> embedding = nullptr,
                            std::string_view meaning_id = {});

  // A new one is not complete until finish_mount().
  Status add_mount(const std::string& name, const std::filesystem::path& root);
  // `passing`: what could not be read this time; what was said so of it by an earlier scan is forgotten.
  Status finish_mount(const std::string& name, std::span<const Problem> passing);
  // At once for all that look; what it held is deleted by sweep().
  // `with_given`: also texts of which a passage was given out, which cannot be verified any more then.
  Status remove_mount(const std::string& name, bool with_given);
  // Deletes a little of what is not needed any more, then gives a little of the free space back to the disk; false when
  // there is no more of it.
  Result<bool> sweep();
  Result<std::vector<MountStatus>> mounts();
  // As mounts(), without counting.
  Result<std::map<std::string, std::filesystem::path>> roots();
  // The names of those that are not complete.
  Result<std::vector<std::string>> incomplete();

  Result<std::vector<std::string>> paths(const std::string& mount);
  Result<std::optional<Stamp>> stamp(const std::string& mount, const std::string& path);
  // In one transaction each: a crash leaves the old or the new state of the file. The text that it had is kept when
  // somebody was given a passage of it.
  // `problem` says what is not whole of it; "" when it is.
  Status put(const std::string& mount, const std::string& path, const Stamp& stamp, const Document& document,
             std::string_view problem);
  // Remembers why a file has no text, so that it is not tried again until it changes.
  Status put_problem(const std::string& mount, const std::string& path, const Stamp& stamp, std::string_view what,
                     bool skipped);
  Status remove(const std::string& mount, const std::string& path);
  // What put and put_problem were told of the files as they are now, those that are no documents left out.
  Result<std::vector<Problem>> problems(const std::string& mount, std::size_t limit);
  Result<std::vector<SkippedKind>> skipped_kinds(const std::string& mount);

  // Passages by BM25, best first, of an FTS5 query made by fts_query.
  Result<std::vector<Passage>> match(std::string_view fts, const std::vector<std::string>& mounts, int limit);
  // Passages by the cosine of their vectors with the query's, best first: all of them are looked at (6 MB of vectors
  // for 60,000 chunks take some milliseconds), so nothing is missed and what is forgotten is gone. None without an
  // embedding. What is not admitted is as if it were not there.
  Result<std::vector<Passage>> nearest(std::string_view query, const std::vector<std::string>& mounts, int limit,
                                       const Admits& admits = {});
  // The same by what their parts mean as a whole, as far as put_meaning was told of them (two to four parts of 128
  // bytes a chunk); `meaning` is that of the query.
  Result<std::vector<Passage>> nearest_in_meaning(std::span<const std::int8_t> meaning,
                                                  const std::vector<std::string>& mounts, int limit,
                                                  const Admits& admits = {});
  // Passages of which put_meaning was told nothing, of that mount or of all ("") in turn, at most `limit`; empty when
  // there are none.
  Result<std::vector<Passage>> without_meaning(const std::string& mount, int limit);
  Result<std::int64_t> count_without_meaning(const std::string& mount);
  // False until without_meaning("", ...) has found nothing, and again when a file is put.
  [[nodiscard]] bool knows_all_meanings() const { return all_meanings_; }
  // Vectors as long as `width`, one behind the other, for the parts of a passage. False where its file has changed
  // meanwhile: then nothing happens. What a file had of the same text before it was put again is known.
  Result<bool> put_meaning(const Passage& passage, std::span<const std::int8_t> vectors, std::size_t width);
  // These leave the index, and what is quoted from them is to be verified later.
  Status give(const std::vector<Passage>& passages);
  Result<std::vector<FileSummary>> files(const std::vector<std::string>& mounts);
  Result<std::optional<std::string>> text_of_version(std::string_view version);
  // Whether that file has or had that text: the same text may be another file's.
  Result<bool> had_version(const std::string& mount, const std::string& path, std::string_view version);
  Result<std::optional<std::string>> current_version(const std::string& mount, const std::string& path);

 private:
  Index(std::filesystem::path path, sqlite::Database database,
        std::shared_ptr<const embedding::StaticEmbedding> embedding)
      : path_(std::move(path)), database_(std::move(database)), embedding_(std::move(embedding)) {}
  // Those of a chunk one behind the other; read again after a change.
  struct Vectors {
    bool current = false;
    std::vector<std::int64_t> chunks;  // of each vector
    std::vector<std::uint32_t> files;  // by their place in names
    std::vector<std::int8_t> values;
    std::vector<std::pair<std::string, std::string>> names;  // mount and path; one may be there twice
    void add(std::int64_t chunk, const std::string& mount, const std::string& path, std::span<const std::int8_t> more,
             std::size_t width);
  };
  Result<std::vector<Passage>> nearest(Vectors& vectors, std::string_view table, std::span<const std::int8_t> meaning,
                                       const std::vector<std::string>& mounts, int limit, const Admits& admits);
  Status load(Vectors& vectors, std::string_view table, std::size_t width);
  Result<std::optional<Passage>> passage_at(std::int64_t chunk);
  // What put_meaning was told of a file's passages, by their text.
  Result<std::map<std::string, std::string>> meanings_of(const std::string& mount, const std::string& path);
  Status forget_chunks(const std::string& mount, const std::string& path);
  Status forget_version(const std::string& mount, const std::string& path, const std::string& version);
  Status forget_text(const std::string& version);  // unless it is some file's still
  Result<bool> sweep_chunks(const std::string& mount);
  Result<bool> sweep_texts(const std::string& mount);
  Result<std::int64_t> number_of(std::string_view sql);
  Result<bool> merge_words();
  Result<bool> give_space_back();
  std::filesystem::path path_;
  sqlite::Database database_;
  std::shared_ptr<const embedding::StaticEmbedding> embedding_;
  Vectors vectors_;   // of the embedding, one a chunk
  Vectors meanings_;  // of parts of chunks
  bool all_meanings_ = false;
  std::int64_t meaning_after_ = 0;  // the chunk behind which without_meaning goes on
  std::int64_t chunks_swept_ = 0;
  bool vacuum_tried_ = false;
  enum class Merge : std::uint8_t { kNone, kWanted, kBegun };
  Merge merge_ = Merge::kNone;
};

}  // namespace daimon::fs
