#include "fs/file_system.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <mutex>
#include <set>

#include "base/format.h"
#include "base/text.h"
#include "fs/index.h"
#include "fs/rank.h"
#include "fs/watcher.h"

namespace daimon::fs {
namespace {

constexpr int kDepthMax = 64;
constexpr int kPerFileMax = 2;  // passages of one file in one search

// Folders that hold no documents of the person's.
bool is_ignored(const std::filesystem::path& name) {
  static const std::set<std::string, std::less<>> kIgnored = {".git",   ".hg",   ".svn", "node_modules", "__pycache__",
                                                              ".cache", ".venv", "venv", ".daimon"};
  return kIgnored.contains(name.string());
}

struct Found {
  std::string path;  // below the mount
  Stamp stamp;
};

Result<Stamp> stamp_of(const std::filesystem::path& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0)
    return std::unexpected(os_error(errno, "cannot look at " + printable(path.string())));
  return Stamp{static_cast<std::int64_t>(status.st_size),
               status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec,
               static_cast<std::int64_t>(status.st_ino)};
}

std::string spaced(std::string_view path) {
  std::string words(path);
  for (char& c : words)
    if (c == '_' || c == '-' || c == '/' || c == '.') c = ' ';
  return words;
}

bool asks_for_table(std::string_view goal) {
  const std::string lower = to_lower_ascii(goal);
  for (const std::string_view word :
       {"sum",    "total", "average", "mean",       "count",   "how many", "column",  "csv",
        "spend",  "spent", "highest", "lowest",     "maximum", "minimum",  "largest", "smallest",
        "add up", "rows",  "entries", "altogether", "biggest", "distinct"})
    if (lower.contains(word)) return true;
  return false;
}

}  // namespace

struct FileSystem::State {
  explicit State(Index opened, Options chosen) : index(std::move(opened)), options(std::move(chosen)) {}
  // Walks a folder without following links; files of a kind that is no document are left out.
  void walk(const std::filesystem::path& root, const std::string& name, std::vector<Found>& found,
            std::vector<Problem>& problems, std::stop_token stop);

  std::mutex mutex;        // of the index
  std::mutex mount_mutex;  // one scan at a time
  Index index;
  Options options;
  std::stop_source stopping;
  std::unique_ptr<Watcher> watcher;
};

void FileSystem::State::walk(const std::filesystem::path& root, const std::string& name, std::vector<Found>& found,
                             std::vector<Problem>& problems, std::stop_token stop) {
  std::vector<std::pair<std::filesystem::path, int>> open{{"", 0}};
  while (!open.empty() && !stop.stop_requested()) {
    const auto [folder, depth] = open.back();
    open.pop_back();
    if (watcher) watcher->add(name, root / folder);
    std::error_code error;
    std::filesystem::directory_iterator entries(root / folder, error);
    if (error) {
      problems.push_back({folder.string(), error.message()});
      continue;
    }
    for (std::filesystem::directory_iterator end; entries != end; entries.increment(error)) {
      if (error) break;
      const auto relative = folder / entries->path().filename();
      const auto type = entries->symlink_status(error).type();
      if (type == std::filesystem::file_type::directory) {
        if (!is_ignored(relative.filename()) && depth < kDepthMax) open.emplace_back(relative, depth + 1);
        continue;
      }
      if (type != std::filesystem::file_type::regular) continue;
      if (!is_utf8(relative.string())) {
        problems.push_back({printable(relative.string()), "the file's name is not valid UTF-8"});
        continue;
      }
      if (static_cast<std::int64_t>(found.size()) >= options.files_max) {
        problems.push_back({"", daimon::format("more than {} files; the rest is left out", options.files_max)});
        return;
      }
      const auto stamp = stamp_of(root / relative);
      if (stamp) found.push_back({relative.string(), *stamp});
    }
  }
}

FileSystem::FileSystem(std::unique_ptr<State> state) : state_(std::move(state)) {}
FileSystem::~FileSystem() {
  state_->stopping.request_stop();
  state_->watcher.reset();
}

Result<std::unique_ptr<FileSystem>> FileSystem::open(const Options& options) {
  DAIMON_TRY(auto index, Index::open(options.database));
  auto files = std::unique_ptr<FileSystem>(new FileSystem(std::make_unique<State>(std::move(index), options)));
  if (options.watch) {
    FileSystem* self = files.get();
    files->state_->watcher = std::make_unique<Watcher>([self](const std::string& name) {
      const auto mounts = self->mounts();
      if (!mounts) return;
      for (const MountStatus& mount : *mounts)
        if (mount.name == name)
          static_cast<void>(self->mount(mount.root, name, {}, self->state_->stopping.get_token()));
    });
    // What changed while nobody watched is found by a scan of each mount, in the background.
    DAIMON_TRY(const auto mounts, files->mounts());
    for (const MountStatus& mount : mounts) files->state_->watcher->add(mount.name, mount.root);
  }
  return files;
}

Result<MountReport> FileSystem::mount(const std::filesystem::path& folder, std::string name,
                                      const std::function<void(const Progress&)>& progress, std::stop_token stop) {
  std::error_code error;
  const auto root = std::filesystem::canonical(folder, error);
  if (error) return std::unexpected(os_error(error.value(), "cannot mount " + printable(folder.string())));
  if (!std::filesystem::is_directory(root, error))
    return fail(ErrorCode::kInvalidArgument, printable(folder.string()) + " is not a folder",
                "mount the folder that it is in");
  if (name.empty()) name = root.filename().empty() ? "root" : root.filename().string();
  if (name.contains('/') || !is_utf8(name))
    return fail(ErrorCode::kInvalidArgument, "the name of a mount cannot contain '/'");
  const std::scoped_lock one_scan(state_->mount_mutex);
  {
    const std::scoped_lock lock(state_->mutex);
    DAIMON_CHECK(state_->index.add_mount(name, root));
  }
  MountReport report;
  std::vector<Found> found;
  state_->walk(root, name, found, report.problems, stop);
  Progress now;
  now.files_total = static_cast<std::int64_t>(found.size());
  const auto stopped = [&] {
    return fail(ErrorCode::kCancelled, daimon::format("stopped after {} of {} files", now.files_done, now.files_total),
                "mount again to go on where it stopped");
  };
  // A walk that was stopped names some of the files only: nothing follows for the others.
  if (stop.stop_requested()) return stopped();
  std::set<std::string> there;
  for (const Found& file : found) {
    if (stop.stop_requested()) return stopped();
    there.insert(file.path);
    {
      const std::scoped_lock lock(state_->mutex);
      DAIMON_TRY(const auto known, state_->index.stamp(name, file.path));
      if (known && *known == file.stamp) {
        ++report.unchanged;
        ++now.files_done;
        continue;
      }
    }
    now.path = file.path;
    if (progress) progress(now);
    // Parsing takes long and needs no lock: searches go on meanwhile.
    auto document =
        static_cast<std::uint64_t>(file.stamp.bytes) > state_->options.file_bytes_max
            ? Result<Document>(
                  fail(ErrorCode::kLimit, daimon::format("larger than {} MiB", state_->options.file_bytes_max >> 20)))
            : read_document(root / file.path, stop);
    const std::scoped_lock lock(state_->mutex);
    if (document) {
      DAIMON_CHECK(state_->index.put(name, file.path, file.stamp, *document));
      ++report.indexed;
      report.bytes += document->text.size();
      if (document->cut)
        report.problems.push_back(
            {file.path, daimon::format("only the first {} MiB are indexed", kTextBytesMax >> 20)});
    } else if (document.error().code == ErrorCode::kUnsupported) {
      DAIMON_CHECK(state_->index.put_problem(name, file.path, file.stamp, document.error().what, true));
      ++report.skipped;
    } else if (document.error().code == ErrorCode::kCancelled) {
      return stopped();
    } else {
      report.problems.push_back({file.path, document.error().what});
      // What may work next time (no sandbox) is not remembered.
      if (document.error().code == ErrorCode::kCorrupt || document.error().code == ErrorCode::kLimit)
        DAIMON_CHECK(state_->index.put_problem(name, file.path, file.stamp, document.error().what, false));
    }
    ++now.files_done;
    now.bytes_done += static_cast<std::uint64_t>(file.stamp.bytes);
  }
  const std::scoped_lock lock(state_->mutex);
  DAIMON_TRY(const auto known, state_->index.paths(name));
  for (const std::string& path : known)
    if (!there.contains(path)) {
      DAIMON_CHECK(state_->index.remove(name, path));
      ++report.forgotten;
    }
  if (progress) progress(now);
  DAIMON_TRY(const auto mounts, state_->index.mounts());
  report.mount = *std::ranges::find(mounts, name, &MountStatus::name);
  if (report.problems.size() > kProblemsShown) report.problems.resize(kProblemsShown);
  return report;
}

Status FileSystem::unmount(const std::string& name) {
  if (state_->watcher) state_->watcher->forget(name);
  const std::scoped_lock lock(state_->mutex);
  return state_->index.remove_mount(name);
}

Result<std::vector<MountStatus>> FileSystem::mounts() {
  const std::scoped_lock lock(state_->mutex);
  return state_->index.mounts();
}

Result<std::vector<Passage>> FileSystem::search(const SearchRequest& request) {
  const auto terms = query_terms(request.query);
  constexpr int kCandidates = 80;
  std::vector<Passage> candidates;
  {
    const std::scoped_lock lock(state_->mutex);
    DAIMON_TRY(candidates, state_->index.match(fts_query(request.query), request.mounts, kCandidates));
  }
  // A passage that holds all of what was asked for goes before one that holds a rare word often.
  for (Passage& passage : candidates) {
    const double held =
        static_cast<double>(terms_in(terms, spaced(passage.path) + " " + passage.heading + " " + passage.text));
    passage.score *= 0.4 + held / static_cast<double>(std::max<std::size_t>(terms.size(), 1));
  }
  std::ranges::stable_sort(candidates, std::ranges::greater(), &Passage::score);
  std::map<std::pair<std::string, std::string>, int> of_file;
  std::vector<Passage> best;
  for (Passage& passage : candidates) {
    if (static_cast<int>(best.size()) >= request.limit) break;
    if (++of_file[{passage.mount, passage.path}] <= kPerFileMax) best.push_back(std::move(passage));
  }
  return best;
}

Result<std::vector<Passage>> FileSystem::windows(std::string_view query, const std::vector<Passage>& passages,
                                                 std::size_t bytes_max) {
  std::vector<Passage> cut;
  for (const Passage& passage : passages) {
    const auto [begin, end] = best_window(passage.text, query, bytes_max);
    if (begin == end) continue;
    Passage window = passage;
    window.text = passage.text.substr(begin, end - begin);
    window.byte_begin = passage.byte_begin + begin;
    window.byte_end = passage.byte_begin + end;
    cut.push_back(std::move(window));
  }
  return cut;
}

Result<std::vector<FileSummary>> FileSystem::rank_files(std::string_view goal, const std::vector<std::string>& mounts,
                                                        int limit) {
  DAIMON_TRY(const auto passages, search({std::string(goal), mounts, 24}));
  std::vector<FileSummary> files;
  {
    const std::scoped_lock lock(state_->mutex);
    DAIMON_TRY(files, state_->index.files(mounts));
  }
  const auto terms = query_terms(goal);
  const std::string lower = to_lower_ascii(goal);
  const bool table = asks_for_table(goal);
  const double top = passages.empty() ? 1 : std::max(passages.front().score, 1e-9);
  for (FileSummary& file : files) {
    const std::filesystem::path path(file.path);
    file.score = static_cast<double>(terms_in(terms, spaced(file.path)));
    // A name that the goal spells out is what it is about.
    if (lower.contains(to_lower_ascii(file.path)))
      file.score += 20;
    else if (lower.contains(to_lower_ascii(path.filename().string())))
      file.score += 12;
    else if (path.stem().string().size() > 3 && lower.contains(to_lower_ascii(spaced(path.stem().string()))))
      file.score += 6;
    for (const Passage& passage : passages)
      if (passage.mount == file.mount && passage.path == file.path) {
        file.score += 3 * passage.score / top;
        break;
      }
    if (table && !file.columns.empty()) {
      std::string columns;
      for (const std::string& column : file.columns) columns += column + " ";
      file.score += 1.5 + static_cast<double>(terms_in(terms, columns));
    }
  }
  std::ranges::stable_sort(files, std::ranges::greater(), &FileSummary::score);
  if (static_cast<int>(files.size()) > limit) files.resize(static_cast<std::size_t>(std::max(limit, 0)));
  return files;
}

Result<std::string> FileSystem::read(const std::string& mount, const std::string& path, std::size_t bytes_max) {
  const std::scoped_lock lock(state_->mutex);
  DAIMON_TRY(const auto version, state_->index.current_version(mount, path));
  if (!version)
    return fail(ErrorCode::kNotFound, daimon::format("no document '{}'", printable(path)),
                "list the folder to see what there is");
  DAIMON_TRY(const auto text, state_->index.text_of_version(*version));
  if (!text)
    return fail(ErrorCode::kCorrupt, daimon::format("the text of '{}' is missing from the index", printable(path)),
                "unmount the folder and mount it again");
  return std::string(cut_utf8(*text, bytes_max));
}

Result<Verification> FileSystem::verify(const std::string& mount, const std::string& path, const std::string& version,
                                        std::string_view quote) {
  const std::scoped_lock lock(state_->mutex);
  Verification verification;
  DAIMON_TRY(const auto current, state_->index.current_version(mount, path));
  verification.changed_since = !current || *current != version;
  DAIMON_TRY(const bool had, state_->index.had_version(mount, path, version));
  if (!had || quote.empty()) return verification;
  DAIMON_TRY(const auto text, state_->index.text_of_version(version));
  if (!text) return verification;
  const std::size_t at = text->find(quote);
  verification.verified = at != std::string::npos;
  verification.byte_begin = verification.verified ? at : 0;
  return verification;
}

}  // namespace daimon::fs
