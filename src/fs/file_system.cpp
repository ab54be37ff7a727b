#include "fs/file_system.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <tuple>

#include "base/format.h"
#include "base/text.h"
#include "base/within.h"
#include "embedding/spelling.h"
#include "fs/chunk.h"
#include "fs/index.h"
#include "fs/rank.h"
#include "fs/sweeper.h"
#include "fs/walk.h"
#include "fs/watcher.h"

namespace daimon::fs {
namespace {

constexpr int kPerFileMax = 2;  // passages of one file in one search

// The whole machine, or what the kernel makes up: files without end, and some that do something when they are read.
// Below /dev there is /dev/shm, which may hold a person's.
bool is_the_machines(const std::filesystem::path& root) {
  return root == "/" || root == "/dev" || is_within("/proc", root) || is_within("/sys", root);
}

bool is_gone(const std::filesystem::path& root) {
  std::error_code failed;
  return !std::filesystem::is_directory(root, failed);
}

std::string spaced(std::string_view path) {
  std::string words(path);
  for (char& c : words)
    if (c == '_' || c == '-' || c == '/' || c == '.') c = ' ';
  return words;
}

// The same file may be below several mounts: what it is in all of them. Roots are canonical and no link is followed
// below them, so a file has one path.
template <typename Item>
std::string file_of(const std::map<std::string, std::filesystem::path>& roots, const Item& item) {
  const auto root = roots.find(item.mount);
  return root == roots.end() ? item.mount + "/" + item.path : (root->second / item.path).native();
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

constexpr double kNear = 0.1;  // cosine

// Passages that hold words of a query and those that are near it in meaning, by both: the score of its words and the
// cosine, which what is not among the nearest has no more of than the last of them. What holds no word and is not near
// either is left out.
std::vector<Passage> weighed(std::vector<Passage> by_words, std::vector<Passage> by_meaning) {
  constexpr double kOfMeaning = 12;  // bench_answers: the same from 8 to 12, less below
  using Place = std::tuple<std::string, std::string, std::uint64_t>;
  const auto place_of = [](const Passage& passage) { return Place(passage.mount, passage.path, passage.byte_begin); };
  const double least = by_meaning.empty() ? 0 : by_meaning.back().score;
  std::map<Place, Passage> near;
  for (Passage& passage : by_meaning) near.emplace(place_of(passage), std::move(passage));
  for (Passage& passage : by_words) {
    const auto known = near.extract(place_of(passage));
    passage.score += kOfMeaning * (known.empty() ? least : known.mapped().score);
  }
  for (auto& [place, passage] : near) {
    if (passage.score < kNear) continue;
    passage.score *= kOfMeaning;
    by_words.push_back(std::move(passage));
  }
  std::ranges::stable_sort(by_words, std::ranges::greater(), &Passage::score);
  return by_words;
}

// Every third place is what is nearest in meaning and no other has: it is for questions in other words than the
// documents', and nearly every passage shares some word with a question. Mixing both lists by all of their places made
// held-out questions worse (docs/decisions/0005).
std::vector<Passage> mixed(std::vector<Passage> by_words, std::vector<Passage> by_meaning) {
  constexpr std::size_t kEach = 3;
  std::set<std::tuple<std::string, std::string, std::uint64_t>> known;
  std::vector<Passage> all;
  auto word = by_words.begin();
  auto near = by_meaning.begin();
  const auto take = [&](Passage& passage) {
    if (!known.emplace(passage.mount, passage.path, passage.byte_begin).second) return;
    // Cosines and scores of words cannot be compared: what comes later counts no more than what is before it.
    if (!all.empty()) passage.score = std::min(passage.score, all.back().score);
    all.push_back(std::move(passage));
  };
  while (word != by_words.end() || near != by_meaning.end()) {
    const bool is_turn = (all.size() + 1) % kEach == 0 || word == by_words.end();
    if (near != by_meaning.end() && near->score < kNear) near = by_meaning.end();
    if (is_turn && near != by_meaning.end())
      take(*near++);
    else if (word != by_words.end())
      take(*word++);
  }
  return all;
}

}  // namespace

struct FileSystem::State {
  explicit State(Index opened, Options chosen) : index(std::move(opened)), options(std::move(chosen)) {}
  // Indexes what changed below a mount; the lock of scans is held.
  Result<MountReport> scan(const std::string& name, const std::filesystem::path& root,
                           const std::function<void(const Progress&)>& progress, const std::stop_token& stop);
  [[nodiscard]] bool is_material(const std::filesystem::path& root) const {
    return !options.material_folder.empty() && root.parent_path() == options.material_folder;
  }
  // Those that are named, or all of the person's when none are; the lock of the index is held.
  Result<std::vector<std::string>> chosen(const std::vector<std::string>& mounts);
  // As the watcher asks for it: of what is still mounted. False when not all of it could be read.
  bool rescan(const std::string& name);
  // The query with words that stand nowhere as they are probably meant; the lock of the index is held.
  Result<std::string> meant(const SearchRequest& request);
  // `meaning` is that of the query; empty where its words and the embedding alone count. The lock of the index is held.
  Result<std::vector<Passage>> find(const SearchRequest& request, const std::string& query,
                                    std::span<const std::int8_t> meaning);
  // Empty for what says nothing that anybody knows.
  [[nodiscard]] std::vector<std::int8_t> meaning_of(const std::string& query) const;
  // With words that stand nowhere as they are probably meant.
  std::string respelt(std::string_view query, const std::function<bool(std::string_view)>& stands);
  // The lock of the index is held. An unmount does not wait for a scan, so a scan looks for it.
  Status check_mounted(const std::string& name);

  // All of one mount where that is soon done.
  Status understand_few(const std::string& mount, const std::stop_token& stop);
  // Reads what a few passages mean of which that is not known yet, of that mount or of any (""); false when there are
  // none, or when nothing came of it: it is tried again at the next scan.
  Result<bool> understand(const std::string& mount);

  std::mutex meaning_mutex;  // one reads what passages mean at a time
  std::mutex mutex;          // of the index
  std::mutex mount_mutex;    // one scan at a time
  Index index;
  Options options;
  std::stop_source stopping;
  std::unique_ptr<Watcher> watcher;
  // What fails now, on a full disk, say, is tried again at the next unmount and when the index is opened again.
  Sweeper sweeper{[this] {
    const std::scoped_lock lock(mutex);
    return index.sweep().value_or(false);
  }};
  Sweeper reader{[this] { return understand("").value_or(false); }, Sweeper::Pace::kGentle};
};

Result<bool> FileSystem::State::understand(const std::string& mount) {
  constexpr int kPassagesAStep = 4;
  if (!options.meaning) return false;
  const std::scoped_lock one_reader(meaning_mutex);
  std::vector<Passage> passages;
  {
    const std::scoped_lock lock(mutex);
    DAIMON_TRY(passages, index.without_meaning(mount, kPassagesAStep));
  }
  bool any = false;
  for (const Passage& passage : passages) {
    // Reading takes long and needs no lock.
    std::vector<std::int8_t> vectors;
    for (const std::string_view part : parts_of(passage.text, options.meaning->bytes_max())) {
      const auto vector = options.meaning->of_passage(passage.path, part);
      vectors.insert(vectors.end(), vector.begin(), vector.end());
    }
    const std::scoped_lock lock(mutex);
    DAIMON_TRY(const bool stored, index.put_meaning(passage, vectors, options.meaning->width()));
    any = any || stored;
  }
  return any;
}

Status FileSystem::State::understand_few(const std::string& mount, const std::stop_token& stop) {
  constexpr std::int64_t kFew = 128;  // some four seconds
  constexpr std::chrono::seconds kLongest{10};
  if (!options.meaning) return {};
  {
    const std::scoped_lock lock(mutex);
    DAIMON_TRY(const std::int64_t unread, index.count_without_meaning(mount));
    if (unread > kFew) return {};
  }
  const auto end = std::chrono::steady_clock::now() + kLongest;
  for (bool more = true; more && !stop.stop_requested() && std::chrono::steady_clock::now() < end;) {
    DAIMON_TRY(more, understand(mount));
  }
  // Whether any is left: else the next search would look at the embedding too, until the background has looked.
  const std::scoped_lock lock(mutex);
  DAIMON_CHECK(index.without_meaning("", 1));
  return {};
}

Result<MountReport> FileSystem::State::scan(const std::string& name, const std::filesystem::path& root,
                                            const std::function<void(const Progress&)>& progress,
                                            const std::stop_token& stop) {
  MountReport report;
  DAIMON_TRY(const Listing listing, walk(
                                        root, options.files_max, options.own_folders,
                                        [&](const std::filesystem::path& folder) {
                                          if (watcher && !is_material(root)) watcher->add(name, folder);
                                        },
                                        stop));
  report.problems = listing.problems;
  Progress now;
  now.files_total = static_cast<std::int64_t>(listing.files.size());
  const auto stopped = [&] {
    return fail(ErrorCode::kCancelled, daimon::format("stopped after {} of {} files", now.files_done, now.files_total),
                "mount again to go on where it stopped");
  };
  std::set<std::string> there;
  for (const FoundFile& file : listing.files) {
    if (stop.stop_requested()) return stopped();
    there.insert(file.path);
    {
      const std::scoped_lock lock(mutex);
      DAIMON_TRY(const auto known, index.stamp(name, file.path));
      if (known && *known == file.stamp) {
        ++report.unchanged;
        ++now.files_done;
        continue;
      }
    }
    now.path = file.path;
    if (progress) progress(now);
    // Parsing takes long and needs no lock: searches go on meanwhile.
    auto document = static_cast<std::uint64_t>(file.stamp.bytes) > options.file_bytes_max
                        ? Result<Document>(fail(ErrorCode::kLimit,
                                                daimon::format("larger than {} MiB", options.file_bytes_max >> 20)))
                        : read_document(root, file.path, stop);
    const std::scoped_lock lock(mutex);
    DAIMON_CHECK(check_mounted(name));
    if (document) {
      const std::string problem =
          document->cut ? daimon::format("only its beginning is indexed ({} KiB of text)", document->text.size() >> 10)
                        : std::string();
      DAIMON_CHECK(index.put(name, file.path, file.stamp, *document, problem));
      ++report.indexed;
      report.bytes += document->text.size();
    } else if (document.error().code == ErrorCode::kUnsupported) {
      DAIMON_CHECK(index.put_problem(name, file.path, file.stamp, document.error().what, true));
    } else if (document.error().code == ErrorCode::kCancelled) {
      return stopped();
    } else {
      // What may work next time (no sandbox, no permission) is not remembered.
      if (document.error().code == ErrorCode::kCorrupt || document.error().code == ErrorCode::kLimit)
        DAIMON_CHECK(index.put_problem(name, file.path, file.stamp, document.error().what, false));
      else
        report.problems.push_back({file.path, document.error().what});
    }
    ++now.files_done;
    now.bytes_done += static_cast<std::uint64_t>(file.stamp.bytes);
  }
  const std::scoped_lock lock(mutex);
  DAIMON_CHECK(check_mounted(name));
  DAIMON_TRY(const auto known, index.paths(name));
  for (const std::string& path : known)
    if (!there.contains(path) && is_gone(listing, root, path)) {
      DAIMON_CHECK(index.remove(name, path));
      ++report.forgotten;
    }
  DAIMON_CHECK(index.finish_mount(name, report.problems));
  if (progress) progress(now);
  DAIMON_TRY(const auto mounts, index.mounts());
  report.mount = *std::ranges::find(mounts, name, &MountStatus::name);
  DAIMON_TRY(report.skipped_kinds, index.skipped_kinds(name));
  DAIMON_TRY(report.problems, index.problems(name, kProblemsShown));
  return report;
}

bool FileSystem::State::rescan(const std::string& name) {
  const std::scoped_lock one_scan(mount_mutex);
  std::filesystem::path root;
  {
    const std::scoped_lock lock(mutex);
    const auto roots = index.roots();
    if (!roots) return false;
    if (!roots->contains(name)) return true;
    root = roots->at(name);
  }
  // What fails now is tried again at the next change and by the next mount, which says so.
  const bool all = scan(name, root, {}, stopping.get_token()).has_value();
  sweeper.wake();
  reader.wake();
  return all;
}

Status FileSystem::State::check_mounted(const std::string& name) {
  DAIMON_TRY(const auto roots, index.roots());
  if (roots.contains(name)) return {};
  if (watcher) watcher->forget(name);
  return fail(ErrorCode::kConflict, daimon::format("'{}' was unmounted meanwhile", printable(name)));
}

FileSystem::FileSystem(std::unique_ptr<State> state) : state_(std::move(state)) {}
FileSystem::~FileSystem() {
  state_->stopping.request_stop();
  // Stopped before it is taken down: a scan under way still adds folders to it.
  if (state_->watcher) state_->watcher->stop();
}

Result<std::unique_ptr<FileSystem>> FileSystem::open(const Options& options) {
  DAIMON_TRY(auto index,
             Index::open(options.database, options.embedding, options.meaning ? options.meaning->id() : ""));
  auto files = std::unique_ptr<FileSystem>(new FileSystem(std::make_unique<State>(std::move(index), options)));
  if (options.watch) {
    State* state = files->state_.get();
    state->watcher = std::make_unique<Watcher>([state](const std::string& name) { return state->rescan(name); });
    // What changed while nobody watched is found by a scan of each mount, in the background.
    DAIMON_TRY(const auto roots, files->roots());
    for (const auto& [name, root] : roots)
      if (!state->is_material(root)) state->watcher->notice(name);
  }
  return files;
}

Result<MountReport> FileSystem::mount(const std::filesystem::path& folder, std::string name,
                                      const std::function<void(const Progress&)>& progress,
                                      const std::stop_token& stop) {
  std::error_code error;
  const auto root = std::filesystem::canonical(folder, error);
  if (error) return std::unexpected(os_error(error.value(), "cannot mount " + printable(folder.string())));
  if (!std::filesystem::is_directory(root, error))
    return fail(ErrorCode::kInvalidArgument, printable(folder.string()) + " is not a folder",
                "mount the folder that it is in");
  if (is_the_machines(root))
    return fail(ErrorCode::kInvalidArgument,
                daimon::format("{} holds the machine's files, not a person's", printable(root.string())),
                "mount the folders that your documents are in: daimon mount ~/Documents");
  const bool is_material = state_->is_material(root);
  for (const std::filesystem::path& own : state_->options.own_folders)
    if (is_within(own, root) && !is_material)
      return fail(ErrorCode::kDenied, printable(root.string()) + " is Daimon's own, which no process may touch",
                  "mount a folder of your own documents");
  if (const std::filesystem::directory_iterator readable(root, error); error)
    return std::unexpected(os_error(error.value(), "cannot mount " + printable(root.string())));
  if (name.empty()) {
    DAIMON_TRY(const auto roots, this->roots());
    const auto known = std::ranges::find(roots, root, [](const auto& mount) { return mount.second; });
    if (known != roots.end()) name = known->first;
  }
  if (name.empty()) name = root.filename().empty() ? "root" : root.filename().string();
  if (name.contains('/') || !is_utf8(name))
    return fail(ErrorCode::kInvalidArgument, "the name of a mount cannot contain '/'");
  // A document that somebody waits for does not wait for the scan of a large folder; nobody else scans its own.
  std::unique_lock one_scan(state_->mount_mutex, std::defer_lock);
  if (!is_material) one_scan.lock();
  {
    const std::scoped_lock lock(state_->mutex);
    DAIMON_CHECK(state_->index.add_mount(name, root));
  }
  auto report = state_->scan(name, root, progress, stop);
  if (one_scan) one_scan.unlock();
  state_->sweeper.wake();
  // Whatever becomes of that, the folder is mounted.
  if (report && !is_material) static_cast<void>(state_->understand_few(name, stop));
  state_->reader.wake();
  if (report && state_->options.meaning) {
    const std::scoped_lock lock(state_->mutex);
    DAIMON_TRY(report->mount.unread, state_->index.count_without_meaning(name));
  }
  return report;
}

Status FileSystem::understand(const std::stop_token& stop) {
  for (bool more = true; more && !stop.stop_requested();) {
    DAIMON_TRY(more, state_->understand(""));
  }
  return {};
}

Status FileSystem::unmount(const std::string& name) {
  {
    const std::scoped_lock lock(state_->mutex);
    DAIMON_TRY(const auto roots, state_->index.roots());
    const auto mount = roots.find(name);
    DAIMON_CHECK(state_->index.remove_mount(name, mount != roots.end() && state_->is_material(mount->second)));
  }
  state_->sweeper.wake();
  if (state_->watcher) state_->watcher->forget(name);
  return {};
}

Result<std::vector<MountStatus>> FileSystem::mounts() {
  std::vector<MountStatus> mounts;
  {
    const std::scoped_lock lock(state_->mutex);
    DAIMON_TRY(mounts, state_->index.mounts());
  }
  std::erase_if(mounts, [&](const MountStatus& mount) { return state_->is_material(mount.root); });
  for (MountStatus& mount : mounts) {
    mount.gone = is_gone(mount.root);
    if (!state_->options.meaning) mount.unread = 0;
  }
  return mounts;
}

Result<std::map<std::string, std::filesystem::path>> FileSystem::roots() {
  const std::scoped_lock lock(state_->mutex);
  return state_->index.roots();
}

Result<std::vector<std::string>> FileSystem::settle(std::vector<std::string> mounts, const std::stop_token& stop) {
  DAIMON_TRY(const auto roots, this->roots());
  if (mounts.empty())
    for (const auto& [name, root] : roots)
      if (!state_->is_material(root)) mounts.push_back(name);
  std::set<std::string> behind;
  if (state_->watcher) behind = state_->watcher->settle(mounts, state_->options.patience, stop);
  // Not under the lock of the index: a disk that does not answer holds up who asks for it, and nobody else.
  for (const std::string& name : mounts)
    if (const auto root = roots.find(name); root == roots.end() || is_gone(root->second)) behind.insert(name);
  const std::scoped_lock lock(state_->mutex);
  DAIMON_TRY(const auto incomplete, state_->index.incomplete());
  behind.insert(incomplete.begin(), incomplete.end());
  std::erase_if(mounts, [&](const std::string& name) { return !behind.contains(name); });
  return mounts;
}

Result<std::vector<Passage>> FileSystem::search(const SearchRequest& request) {
  std::string query;
  {
    const std::scoped_lock lock(state_->mutex);
    DAIMON_TRY(query, state_->meant(request));
  }
  const auto meaning = state_->meaning_of(query);  // takes long and needs no lock
  // In one piece: between finding a text and noting that it is given out, it must not be forgotten.
  const std::scoped_lock lock(state_->mutex);
  DAIMON_TRY(auto passages, state_->find(request, query, meaning));
  // A disk that is full, say, is no reason to find nothing: nothing can be forgotten then either.
  static_cast<void>(state_->index.give(passages));
  return passages;
}

Result<std::vector<std::string>> FileSystem::State::chosen(const std::vector<std::string>& mounts) {
  if (!mounts.empty()) return mounts;
  DAIMON_TRY(const auto known, index.roots());
  std::vector<std::string> names;
  for (const auto& [name, root] : known)
    if (!is_material(root)) names.push_back(name);
  if (names.size() == known.size()) return mounts;  // no names at all are quicker than the names of all
  if (names.empty()) names.emplace_back();          // which nothing is mounted as
  return names;
}

std::string FileSystem::State::respelt(std::string_view query, const std::function<bool(std::string_view)>& stands) {
  if (options.embedding == nullptr) return std::string(query);
  return embedding::respelt(query, *options.embedding, [&](std::string_view word) {
    return std::string(stands(word) ? word : std::string_view());
  });
}

namespace {

constexpr int kCandidates = 80;

bool is_admitted(const SearchRequest& request, const Passage& passage) {
  return !request.admits || request.admits(passage.mount, passage.path);
}

}  // namespace

Result<std::string> FileSystem::State::meant(const SearchRequest& request) {
  DAIMON_TRY(const auto mounts, chosen(request.mounts));
  // What nobody may see must not decide it either: else a search would tell whether a guess stands there.
  return respelt(request.query, [&](std::string_view word) {
    const auto holding = index.match(fts_query(word), mounts, kCandidates);
    return !holding ||
           std::ranges::any_of(*holding, [&](const Passage& passage) { return is_admitted(request, passage); });
  });
}

std::vector<std::int8_t> FileSystem::State::meaning_of(const std::string& query) const {
  if (!options.meaning) return {};
  // A network makes something of any letters.
  const auto terms = query_terms(query);
  const bool is_known = std::ranges::any_of(
      terms, [&](const std::string& term) { return options.embedding == nullptr || options.embedding->knows(term); });
  return is_known ? options.meaning->of_question(query) : std::vector<std::int8_t>();
}

Result<std::vector<Passage>> FileSystem::State::find(const SearchRequest& request, const std::string& query,
                                                     std::span<const std::int8_t> meaning) {
  DAIMON_TRY(const auto mounts, chosen(request.mounts));
  const auto terms = query_terms(query);
  DAIMON_TRY(auto candidates, index.match(fts_query(query), mounts, kCandidates));
  // A passage that holds all of what was asked for goes before one that holds a rare word often.
  std::erase_if(candidates, [&](Passage& passage) {
    if (!is_admitted(request, passage)) return true;
    const std::string said = spaced(passage.path) + " " + passage.heading + " " + passage.text;
    const auto held = static_cast<double>(terms_in(terms, said));
    passage.score *= 0.4 + held / static_cast<double>(std::max<std::size_t>(terms.size(), 1));
    return !is_about(terms, said);
  });
  std::ranges::stable_sort(candidates, std::ranges::greater(), &Passage::score);
  if (!meaning.empty()) {
    DAIMON_TRY(auto near, index.nearest_in_meaning(meaning, mounts, kCandidates, request.admits));
    candidates = weighed(std::move(candidates), std::move(near));
  }
  // What nobody has read yet is found by the words of its text.
  if (meaning.empty() || !index.knows_all_meanings()) {
    DAIMON_TRY(auto near, index.nearest(query, mounts, kCandidates, request.admits));
    candidates = mixed(std::move(candidates), std::move(near));
  }
  DAIMON_TRY(const auto roots, index.roots());
  // Each file by the mount in which it fits best, or every passage would come once for each mount.
  std::map<std::string, std::pair<std::string, int>> shown;
  std::vector<Passage> best;
  for (Passage& passage : candidates) {
    if (static_cast<int>(best.size()) >= request.limit) break;
    auto& [mount, count] = shown.try_emplace(file_of(roots, passage), passage.mount, 0).first->second;
    if (mount == passage.mount && ++count <= kPerFileMax) best.push_back(std::move(passage));
  }
  return best;
}

Result<std::vector<Passage>> FileSystem::windows(std::string_view query, const std::vector<Passage>& passages,
                                                 std::size_t bytes_max, std::string_view gap) {
  std::vector<Passage> cut;
  const std::string meant = state_->respelt(query, [&](std::string_view word) {
    return std::ranges::any_of(passages, [&](const Passage& passage) {
      return terms_in({std::string(word)}, spaced(passage.path) + " " + passage.text) > 0;
    });
  });
  for (const Passage& passage : passages) {
    const auto lines = best_lines(passage.text, meant, bytes_max);
    if (lines.empty()) continue;
    Passage window = passage;
    window.text.clear();
    const std::string_view whole = passage.text;
    std::size_t last = lines.front().first;
    for (const auto& [begin, end] : lines) {
      if (!gap.empty() && !trim(whole.substr(last, begin - last)).empty()) window.text += daimon::format("\n{}", gap);
      if (begin != lines.front().first) window.text += '\n';
      std::string_view line = whole.substr(begin, end - begin);
      if (line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
      while (line.ends_with('\r')) line.remove_suffix(1);
      window.text += line;
      last = end;
    }
    window.byte_begin = passage.byte_begin + lines.front().first;
    window.byte_end = passage.byte_begin + lines.back().second;
    cut.push_back(std::move(window));
  }
  return cut;
}

Result<std::vector<FileSummary>> FileSystem::rank_files(std::string_view goal, const std::vector<std::string>& mounts,
                                                        int limit, const Admits& admits) {
  std::vector<Passage> passages;
  std::vector<FileSummary> files;
  std::map<std::string, std::filesystem::path> roots;
  {
    const std::scoped_lock lock(state_->mutex);
    DAIMON_TRY(roots, state_->index.roots());
    // What a goal is about is for its words to say: some passage of any file is near it in meaning.
    const SearchRequest request{std::string(goal), mounts, 24, admits};
    DAIMON_TRY(const std::string query, state_->meant(request));
    DAIMON_TRY(passages, state_->find(request, query, {}));
    DAIMON_TRY(const auto chosen, state_->chosen(mounts));
    DAIMON_TRY(files, state_->index.files(chosen));
  }
  if (admits) std::erase_if(files, [&](const FileSummary& file) { return !admits(file.mount, file.path); });
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
  std::set<std::string> listed;
  std::erase_if(files, [&](const FileSummary& file) { return !listed.insert(file_of(roots, file)).second; });
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
