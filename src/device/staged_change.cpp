#include "device/staged_change.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "base/format.h"
#include "base/hash.h"
#include "base/text.h"
#include "device/beneath.h"

namespace daimon::device {
namespace {

std::filesystem::path staged(const std::filesystem::path& state_folder, std::string_view id, std::string_view ending) {
  return state_folder / "staged" / (std::string(id) + std::string(ending));
}

// Nothing when there is no such file.
Result<std::optional<SeenVersion>> read_target(int root, const std::filesystem::path& relative,
                                               std::string_view shown) {
  // Errors that say what it is instead of a file.
  if (const auto file = open_file_beneath(root, relative, shown); !file) {
    if (file.error().code == ErrorCode::kNotFound) return std::nullopt;
    return std::unexpected(file.error());
  }
  DAIMON_TRY(const FileDescriptor folder, open_beneath(root, relative.parent_path(), O_RDONLY | O_DIRECTORY, shown));
  DAIMON_TRY(auto target, Placement::look(folder.get(), relative.filename().string(), kChangedBytesMax, shown));
  if (!target) return std::nullopt;
  target->file.close();
  if (target->hash.empty())
    return fail(ErrorCode::kLimit,
                daimon::format("'{}' cannot be read, or is larger than {} MiB, and cannot be changed as a whole",
                               printable(shown), kChangedBytesMax >> 20));
  return target;
}

// Whether a new version may take its place, as far as can be told before.
Status check_replaceable(const SeenVersion& target, std::string_view shown) {
  if (target.names > 1)
    return fail(
        ErrorCode::kUnsupported,
        daimon::format("'{}' has {} names (hard links), of which the others would keep the old text; it was left "
                       "as it is",
                       printable(shown), target.names),
        "change it yourself, or make it a file of its own: `cp -p FILE COPY && mv COPY FILE`");
  if (target.writers_unknown)
    return fail(ErrorCode::kUnsupported,
                daimon::format("'{}' belongs to another user, so that nobody but that one can tell whether it is being "
                               "written to at this moment; it was left as it is",
                               printable(shown)),
                "have its owner change it, or make it yours (`chown`, or a copy of your own in its place)");
  return {};
}

std::string hash_of(const std::optional<SeenVersion>& target) { return target ? target->hash : std::string(); }

Error conflict(std::string_view path) {
  return {ErrorCode::kConflict,
          daimon::format("'{}' changed after this change to it was prepared; it was left as it is", printable(path)),
          "look at the file, and give the goal again if the change is still wanted"};
}

// What stands in the way of undoing, and what the person can do instead.
Error edited(const std::filesystem::path& state_folder, const StagedChange& change) {
  const std::string kept = staged(state_folder, change.id, ".old").string();
  return {
      ErrorCode::kConflict,
      daimon::format("'{}' was changed again after this change; it was left as it is", printable(change.path)),
      change.creates()
          ? "this change made the file: remove it yourself if it is not wanted; if it was a process that changed it "
            "again, undo that first"
          : daimon::format("if it was a process that changed it again, undo that first; else take what you want "
                           "from the version before, which is kept as {}",
                           printable(kept))};
}

// One thread at a time works on a change: another may still be at it after it was given up.
Result<FileDescriptor> lock_change(const std::filesystem::path& state_folder, std::string_view id) {
  FileDescriptor file(::open(staged(state_folder, id, ".json").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.is_open()) return std::unexpected(os_error(errno, "cannot open the record of the change"));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(ErrorCode::kUnavailable, "this change is being carried out at this moment", "try again in a while");
  return file;
}

// The content of a version that is kept in Daimon's own folder: ".new" or ".old".
Result<std::string> kept_content(const std::filesystem::path& state_folder, const StagedChange& change,
                                 std::string_view ending) {
  DAIMON_TRY(std::string content, read_private_file(staged(state_folder, change.id, ending), kChangedBytesMax));
  if (to_hex(sha256(content)) != (ending == ".new" ? change.new_hash : change.base_hash))
    return fail(ErrorCode::kCorrupt, "the content that was kept is damaged; nothing was changed",
                "give the goal again");
  return content;
}

Placement placement(const std::filesystem::path& state_folder, const StagedChange& change, int folder, bool undo,
                    const PlacementSteps& steps) {
  Placement::Place place;
  place.folder = folder;
  place.name = std::filesystem::path(change.relative).filename().string();
  place.tag = change.id + (undo ? ".undo" : "");
  place.shown = change.path;
  place.kept_tag = change.id.substr(0, 8);
  place.before = undo ? change.new_hash : change.base_hash;
  place.after = undo ? change.base_hash : change.new_hash;
  place.bytes_max = kChangedBytesMax;
  place.changed = undo ? edited(state_folder, change) : conflict(change.path);
  place.keep = [&state_folder, &change](const SeenVersion& version) -> Status {
    const std::string_view ending = version.hash == change.new_hash ? ".new" : ".old";
    if (kept_content(state_folder, change, ending)) return {};
    return write_private_file(staged(state_folder, change.id, ending), version.bytes);
  };
  return {std::move(place), steps};
}

// The folder of the target, with what a run that was cut off left in it put right. Nothing when there is none.
Result<std::optional<FileDescriptor>> settled_folder(const std::filesystem::path& state_folder,
                                                     const StagedChange& change, int root, bool undo,
                                                     const PlacementSteps& steps) {
  auto folder =
      open_beneath(root, std::filesystem::path(change.relative).parent_path(), O_RDONLY | O_DIRECTORY, change.path);
  if (!folder && folder.error().code == ErrorCode::kNotFound) return std::nullopt;
  if (!folder) return std::unexpected(folder.error());
  DAIMON_CHECK(placement(state_folder, change, folder->get(), false, steps).settle());
  if (undo) DAIMON_CHECK(placement(state_folder, change, folder->get(), true, steps).settle());
  return std::optional<FileDescriptor>(std::move(*folder));
}

// With the folder gone there is neither version: it may come back with the one that is to be undone.
std::unexpected<Error> no_folder(const StagedChange& change) {
  return fail(ErrorCode::kConflict,
              daimon::format("the folder of '{}' is not there, so nothing can be undone in it", printable(change.path)),
              "put it back where it was (or mount it), and undo it then; if it was removed, so was the change");
}

Status make_durable(int folder, std::string_view shown) {
  if (::fsync(folder) != 0)
    return std::unexpected(os_error(errno, daimon::format("cannot write '{}'", printable(shown))));
  return {};
}

Status check_id(std::string_view id) {
  if (id.empty() || id.size() > 64 ||
      !std::ranges::all_of(id, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }))
    return fail(ErrorCode::kInvalidArgument, "there is no such change");
  return {};
}

}  // namespace

Result<StagedChange> stage_change(const std::filesystem::path& state_folder, const std::string& call_id,
                                  const ResolvedPath& target, std::string_view path, std::string_view content,
                                  mode_t umask) {
  if (!target.mount->writable)
    return fail(ErrorCode::kDenied,
                daimon::format("'{}' is not to be written to: it can only be read", printable(target.mount->name)),
                "name a folder to write to: -m FOLDER");
  if (target.relative.empty()) return fail(ErrorCode::kInvalidArgument, "the path names the mount itself, not a file");
  if (content.size() > kChangedBytesMax) return fail(ErrorCode::kLimit, "the content is larger than a file may be");
  if (!is_text(content))
    return fail(
        ErrorCode::kInvalidArgument,
        daimon::format("the content for '{}' is not text: it has NUL or other control characters", printable(path)),
        "write text; tabs and newlines may stand in it");
  DAIMON_TRY(const FileDescriptor root, open_root(target.mount->root));
  DAIMON_TRY(const auto before, read_target(root.get(), target.relative, path));
  if (before) DAIMON_CHECK(check_replaceable(*before, path));
  StagedChange change;
  change.path = path;
  change.mount = target.mount->root.string();
  change.relative = target.relative.string();
  change.base_hash = hash_of(before);
  change.new_hash = to_hex(sha256(content));
  change.bytes = content.size();
  change.umask = umask;
  change.id =
      to_hex(sha256(call_id + '\0' + change.mount + '\0' + change.relative + '\0' + change.new_hash)).substr(0, 24);
  change.diff = diff_lines(path, before ? std::string_view(before->bytes) : std::string_view(), content,
                           before ? DiffOf::kChange : DiffOf::kCreation);
  if (change.diff.cut)
    return fail(ErrorCode::kLimit,
                daimon::format("what would change in '{}' is more than can be shown ({} MiB)", printable(path),
                               kDiffBytesMax >> 20),
                "change less at once, or write a new file");
  DAIMON_CHECK(write_private_file(staged(state_folder, change.id, ".new"), content));
  const JsonObject record{{"path", change.path},           {"mount", change.mount},    {"relative", change.relative},
                          {"base", change.base_hash},      {"new", change.new_hash},   {"bytes", change.bytes},
                          {"umask", change.umask},         {"diff", change.diff.text}, {"added", change.diff.added},
                          {"removed", change.diff.removed}};
  DAIMON_CHECK(write_private_file(staged(state_folder, change.id, ".json"), to_text(record)));
  return change;
}

Result<StagedChange> load_change(const std::filesystem::path& state_folder, std::string_view id) {
  DAIMON_CHECK(check_id(id));
  auto text = read_private_file(staged(state_folder, id, ".json"), 16 << 20);
  if (!text && text.error().code == ErrorCode::kNotFound)
    return fail(ErrorCode::kNotFound, "there is no such change, or it was dropped");
  if (!text) return std::unexpected(text.error());
  DAIMON_TRY(const Json record, parse_json(*text));
  StagedChange change;
  change.id = id;
  change.path = find_string(record, "path").value_or("");
  change.mount = find_string(record, "mount").value_or("");
  change.relative = find_string(record, "relative").value_or("");
  change.base_hash = find_string(record, "base").value_or("");
  change.new_hash = find_string(record, "new").value_or("");
  change.bytes = static_cast<std::uint64_t>(find_integer(record, "bytes").value_or(0));
  change.umask = static_cast<mode_t>(find_integer(record, "umask").value_or(077)) & 0777;
  change.diff.text = find_string(record, "diff").value_or("");
  change.diff.added = static_cast<std::size_t>(find_integer(record, "added").value_or(0));
  change.diff.removed = static_cast<std::size_t>(find_integer(record, "removed").value_or(0));
  if (change.mount.empty() || change.relative.empty() || change.new_hash.empty())
    return fail(ErrorCode::kCorrupt, "the record of the change is damaged");
  return change;
}

Result<bool> is_applied(const std::filesystem::path& state_folder, const StagedChange& change) {
  DAIMON_TRY(const FileDescriptor root, open_root(change.mount));
  if (const auto lock = lock_change(state_folder, change.id)) {
    DAIMON_CHECK(settled_folder(state_folder, change, root.get(), false, {}));
  } else if (lock.error().code != ErrorCode::kUnavailable) {
    return std::unexpected(lock.error());
  }
  DAIMON_TRY(const auto target, read_target(root.get(), change.relative, change.path));
  const std::string hash = hash_of(target);
  if (hash == change.new_hash) return true;
  if (hash == change.base_hash) return false;
  return std::unexpected(conflict(change.path));
}

Status apply_change(const std::filesystem::path& state_folder, const StagedChange& change,
                    const PlacementSteps& steps) {
  DAIMON_TRY(const FileDescriptor lock, lock_change(state_folder, change.id));
  DAIMON_TRY(const FileDescriptor root, open_root(change.mount));
  DAIMON_TRY(auto folder, settled_folder(state_folder, change, root.get(), false, steps));
  DAIMON_TRY(const auto before, read_target(root.get(), change.relative, change.path));
  const std::string hash = hash_of(before);
  // Done before. Only what is durable is done: the first time this may be what failed.
  if (hash == change.new_hash && before && folder) return make_durable(folder->get(), change.path);
  if (hash != change.base_hash) return std::unexpected(conflict(change.path));
  if (before) DAIMON_CHECK(check_replaceable(*before, change.path));
  if (before && before->open_for_writing)
    return fail(
        ErrorCode::kConflict,
        daimon::format("'{}' is open for writing in another program; it was left as it is", printable(change.path)),
        "close it there, and give the goal again");
  DAIMON_TRY(const std::string content, kept_content(state_folder, change, ".new"));
  if (before) DAIMON_CHECK(write_private_file(staged(state_folder, change.id, ".old"), before->bytes));
  if (!folder) {
    DAIMON_TRY(folder, make_folders_beneath(root.get(), std::filesystem::path(change.relative).parent_path(),
                                            change.umask, change.path));
  }
  struct stat beside{};
  if (::fstat(folder->get(), &beside) != 0)
    return std::unexpected(os_error(errno, daimon::format("cannot write '{}'", printable(change.path))));
  return placement(state_folder, change, folder->get(), false, steps)
      .put(content, before ? &*before : nullptr, 0600 | (beside.st_mode & 0044 & ~change.umask));
}

Status undo_change(const std::filesystem::path& state_folder, const StagedChange& change, const PlacementSteps& steps) {
  DAIMON_TRY(const FileDescriptor lock, lock_change(state_folder, change.id));
  DAIMON_TRY(const FileDescriptor root, open_root(change.mount));
  DAIMON_TRY(const auto folder, settled_folder(state_folder, change, root.get(), true, steps));
  if (!folder) return no_folder(change);
  DAIMON_TRY(const auto now, read_target(root.get(), change.relative, change.path));
  const std::string hash = hash_of(now);
  if (hash == change.base_hash) return make_durable(folder->get(), change.path);
  if (hash != change.new_hash) return std::unexpected(edited(state_folder, change));
  Placement place = placement(state_folder, change, folder->get(), true, steps);
  if (change.creates()) return place.take_away();
  DAIMON_CHECK(check_replaceable(*now, change.path));
  DAIMON_TRY(const std::string content, kept_content(state_folder, change, ".old"));
  return place.put(content, &*now, 0600);
}

Result<StagedChange> load_change_in(const std::filesystem::path& state_folder, std::string_view id,
                                    std::string_view path, std::span<const MountReference> mounts) {
  DAIMON_TRY(StagedChange change, load_change(state_folder, id));
  if (change.path != path) return fail(ErrorCode::kDenied, "the change is not for the path that it is said to be for");
  DAIMON_TRY(const ResolvedPath target, resolve_path(mounts, change.path));
  if (target.mount->root != change.mount || target.relative != change.relative || !target.mount->writable)
    return fail(ErrorCode::kDenied,
                daimon::format("the mount of '{}' is not the one it was staged for", printable(change.path)));
  return change;
}

Status check_folder(const StagedChange& change) {
  DAIMON_TRY(const FileDescriptor root, open_root(change.mount));
  const auto folder =
      open_beneath(root.get(), std::filesystem::path(change.relative).parent_path(), O_PATH | O_DIRECTORY, change.path);
  if (folder) return {};
  if (folder.error().code == ErrorCode::kNotFound) return no_folder(change);
  return std::unexpected(folder.error());
}

Result<TargetState> target_state(const StagedChange& change) {
  DAIMON_CHECK(check_folder(change));
  DAIMON_TRY(const FileDescriptor root, open_root(change.mount));
  DAIMON_TRY(const auto target, read_target(root.get(), change.relative, change.path));
  const std::string hash = hash_of(target);
  return hash == change.new_hash    ? TargetState::kAsAfter
         : hash == change.base_hash ? TargetState::kAsBefore
                                    : TargetState::kOther;
}

Result<LineDiff> undo_diff(const std::filesystem::path& state_folder, const StagedChange& change) {
  DAIMON_TRY(const std::string now, kept_content(state_folder, change, ".new"));
  std::string before;
  if (!change.creates()) {
    DAIMON_TRY(before, kept_content(state_folder, change, ".old"));
  }
  return diff_lines(change.path, now, before, change.creates() ? DiffOf::kRemoval : DiffOf::kChange);
}

std::vector<KeptChange> kept_changes(const std::filesystem::path& state_folder) {
  std::map<std::string, KeptChange> found;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(state_folder / "staged", failed)) {
    std::error_code ignored;
    if (entry.path().extension() == ".tmp") {
      std::filesystem::remove(entry.path(), ignored);
      continue;
    }
    const std::string id = entry.path().stem().string();
    if (!check_id(id)) continue;
    KeptChange& change = found[id];
    change.id = id;
    if (const auto bytes = entry.file_size(ignored); !ignored) change.bytes += bytes;
    if (const auto time = entry.last_write_time(ignored); !ignored) change.time = std::max(change.time, time);
    change.has_old = change.has_old || entry.path().extension() == ".old";
  }
  std::vector<KeptChange> list;
  list.reserve(found.size());
  for (auto& [id, change] : found) list.push_back(std::move(change));
  return list;
}

void put_change_right(const std::filesystem::path& state_folder, const std::string& id) {
  const auto lock = lock_change(state_folder, id);
  if (!lock) return;
  if (const auto change = load_change(state_folder, id))
    if (const auto root = open_root(change->mount))
      static_cast<void>(settled_folder(state_folder, *change, root->get(), true, {}));
}

void forget_change(const std::filesystem::path& state_folder, const std::string& id) {
  const auto lock = lock_change(state_folder, id);
  if (!lock && lock.error().code == ErrorCode::kUnavailable) return;
  // The record last: what it is about is found again if this is cut off.
  std::error_code ignored;
  for (const std::string_view ending : {".new", ".old", ".json"})
    std::filesystem::remove(staged(state_folder, id, ending), ignored);
}

Status discard_change(const std::filesystem::path& state_folder, std::string_view id) {
  DAIMON_CHECK(check_id(id));
  std::error_code failed;
  for (const std::string_view ending : {".json", ".new"}) {
    std::filesystem::remove(staged(state_folder, id, ending), failed);
    if (failed) return std::unexpected(os_error(failed.value(), "cannot drop the change"));
  }
  return {};
}

}  // namespace daimon::device
