// The semantic file system: mounted folders, their index, searches and citations.
//
// Thread: any; calls are serialised inside, and a mount in progress lets searches through between files.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "capability/label.h"
#include "embedding/static_embedding.h"
#include "embedding/text_meaning.h"

namespace daimon::fs {

// A piece of a document. The byte range is of the extracted text of that version (for plain files, of the file).
struct Passage {
  std::string mount;
  std::string path;     // below the mount
  std::string version;  // SHA-256 of the extracted text, hexadecimal
  std::uint64_t byte_begin = 0;
  std::uint64_t byte_end = 0;
  std::optional<int> page;
  std::string heading;
  std::string text;
  double score = 0;  // higher is better; comparable within one search
  capability::Label label;
};

// Files that the asker must not see are as if they were not there. Empty: all are seen.
using Admits = std::function<bool(const std::string& mount, const std::string& path)>;

struct SearchRequest {
  std::string query;
  std::vector<std::string> mounts;  // empty: all
  int limit = 8;
  Admits admits = {};
};

// A file that a goal may be about.
struct FileSummary {
  std::string mount;
  std::string path;
  std::string type;
  std::uint64_t bytes = 0;
  std::vector<std::string> columns;  // of a table
  double score = 0;
};

struct MountStatus {
  std::string name;
  std::filesystem::path root;
  std::int64_t files = 0;
  std::int64_t chunks = 0;
  std::int64_t problems = 0;
  std::int64_t skipped = 0;  // files without text: no problem, but not there for a search either
  std::int64_t unread = 0;   // passages of which it is not known yet what they mean (FileSystem::understand)
  bool complete = true;      // false: its first mount was stopped, so files may be missing
  bool gone = false;         // there is no such folder at this time; what is indexed of it is kept
};

// Files without text whose names end alike.
struct SkippedKind {
  std::string ending;  // ".png", in lower case; "" for names without one
  std::int64_t files = 0;
};

struct Problem {
  std::string path;
  std::string what;
};

struct MountReport {
  MountStatus mount;
  std::int64_t indexed = 0;  // parsed anew
  std::int64_t unchanged = 0;
  std::int64_t forgotten = 0;  // no longer there
  std::uint64_t bytes = 0;     // of what was parsed
  // What is left out or not whole, whether found now or by an earlier scan: the first kProblemsShown. `mount` counts
  // them all.
  std::vector<Problem> problems;
  std::vector<SkippedKind> skipped_kinds;  // of all that are skipped, the most frequent first
};
inline constexpr std::size_t kProblemsShown = 20;

struct Progress {
  std::int64_t files_done = 0;
  std::int64_t files_total = 0;
  std::uint64_t bytes_done = 0;
  std::string path;
};

struct Verification {
  bool verified = false;       // the quotation stands in that version of that file, byte for byte
  bool changed_since = false;  // the file has another version now, or is gone
  std::uint64_t byte_begin = 0;
};

class FileSystem {
 public:
  struct Options {
    std::filesystem::path database;  // index.db; rebuilt from the files when it is damaged
    std::uint64_t file_bytes_max = 2ULL << 30;
    std::int64_t files_max = 200'000;
    std::vector<std::filesystem::path> own_folders = {};  // Daimon's: canonical, never indexed and never mounted
    // Canonical. A folder in it, though in one of the above, is mounted like a person's, but for whoever names it
    // alone: no list of mounts and no search of all has it, nobody watches it, and nothing of it is kept when it is
    // unmounted.
    std::filesystem::path material_folder = {};
    bool watch = true;                                                      // keeps the mounts fresh by itself
    std::chrono::milliseconds patience{1000};                               // of settle()
    std::shared_ptr<const embedding::StaticEmbedding> embedding = nullptr;  // without it words alone are looked for
    // What passages mean as a whole is read once they are there, in the background, of a small folder when it is
    // mounted. Without it, and until then, the embedding says what is near.
    std::shared_ptr<const embedding::TextMeaning> meaning = nullptr;
  };
  // With `watch`, what changed meanwhile is indexed soon afterwards: open() itself does not wait for that.
  static Result<std::unique_ptr<FileSystem>> open(const Options& options);
  ~FileSystem();

  // Scans and indexes what is new or changed; the second time only looks. `name` empty: that of the
  // mount that this folder has already, else the folder's own. Stopped (kCancelled), it keeps each file that it is done
  // with and forgets none; the next mount goes on from there, and until
  // it gets to the end the mount is not complete. The root of the machine, /dev, /proc and /sys are refused.
  Result<MountReport> mount(const std::filesystem::path& folder, std::string name,
                            const std::function<void(const Progress&)>& progress, const std::stop_token& stop);
  // Gone at once; what the index holds of it is deleted afterwards, in the background, and by the next process where
  // this one ends before.
  Status unmount(const std::string& name);
  Result<std::vector<MountStatus>> mounts();
  // As mounts(), without counting: their folders by name.
  Result<std::map<std::string, std::filesystem::path>> roots();

  // Sees to it that what was saved below these mounts, or all of the person's when none are named, before this call is
  // in the index, as far as Options::patience lets it. Returns those that may have more than the index holds all the
  // same: they are being read, that was interrupted, or it failed, as it does where the folder is gone.
  Result<std::vector<std::string>> settle(std::vector<std::string> mounts, const std::stop_token& stop = {});

  // Reads what the passages that are there mean, until it is known of all, or `stop`, or nothing more comes of it. It
  // goes on in the background anyway; this is for who would rather wait than search without it.
  Status understand(const std::stop_token& stop = {});

  // Best first, a file below several mounts by one of them. No query can break it; one without words finds nothing.
  // What it gives out can be verified from then on, whatever becomes of the file.
  Result<std::vector<Passage>> search(const SearchRequest& request);
  // The lines of each passage that answer the query best, at most `bytes_max` of them: in their order, but not always
  // neighbours, so that only a line of such a text is a quotation. `gap` is a line that stands where some were left
  // out; a byte-order mark and the carriage returns at ends of lines are left out too.
  Result<std::vector<Passage>> windows(std::string_view query, const std::vector<Passage>& passages,
                                       std::size_t bytes_max, std::string_view gap = {});
  // The files that a goal may be about, best match first.
  Result<std::vector<FileSummary>> rank_files(std::string_view goal, const std::vector<std::string>& mounts, int limit,
                                              const Admits& admits = {});
  // The extracted text of the version that is indexed now, at most `bytes_max` of it.
  Result<std::string> read(const std::string& mount, const std::string& path, std::size_t bytes_max);
  Result<Verification> verify(const std::string& mount, const std::string& path, const std::string& version,
                              std::string_view quote);

 private:
  struct State;
  explicit FileSystem(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace daimon::fs
