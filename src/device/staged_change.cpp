#include "device/staged_change.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/format.h"
#include "base/hash.h"
#include "base/text.h"
#include "device/beneath.h"

namespace daimon::device {
namespace {

std::filesystem::path staged(const std::filesystem::path& state_folder, std::string_view id, std::string_view ending) {
  return state_folder / "staged" / (std::string(id) + std::string(ending));
}

struct Target {
  std::string bytes;
  struct stat status{};
};

// Nothing when there is no such file.
Result<std::optional<Target>> read_target(int root, const std::filesystem::path& relative, std::string_view shown) {
  auto file = open_file_beneath(root, relative, shown);
  if (!file && file.error().code == ErrorCode::kNotFound) return std::nullopt;
  if (!file) return std::unexpected(file.error());
  Target target;
  if (::fstat(file->get(), &target.status) != 0) return std::unexpected(os_error(errno, "cannot look at the file"));
  DAIMON_TRY(Content content, read_all(file->get(), kChangedBytesMax, shown));
  if (content.more)
    return fail(ErrorCode::kLimit, daimon::format("'{}' is larger than {} MiB and cannot be changed as a whole",
                                                  printable(shown), kChangedBytesMax >> 20));
  target.bytes = std::move(content.bytes);
  return target;
}

std::string hash_of(const std::optional<Target>& target) {
  return target ? to_hex(sha256(target->bytes)) : std::string();
}

std::unexpected<Error> conflict(std::string_view path) {
  return fail(
      ErrorCode::kConflict,
      daimon::format("'{}' changed after this change to it was prepared; it was left as it is", printable(path)),
      "look at the file, and give the goal again if the change is still wanted");
}

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

int rename_at(int folder, const std::string& from, const std::string& to, unsigned flags) {
  return ::syscall(SYS_renameat2, folder, from.c_str(), folder, to.c_str(), flags) == 0 ? 0 : errno;
}

// The name `temporary` takes the place of `name`, which must still be what `before` saw.
Status take_place(int folder, const std::string& temporary, const std::string& name,
                  const std::optional<Target>& before, std::string_view shown) {
  const auto failed = [&](int error) {
    return std::unexpected(os_error(error, daimon::format("cannot put '{}' in place", printable(shown))));
  };
  if (!before) {
    const int error = rename_at(folder, temporary, name, RENAME_NOREPLACE);
    if (error == EEXIST) return conflict(shown);
    // A file system without the flag: looked at a moment ago, so little can have come between.
    if (error == EINVAL && ::renameat(folder, temporary.c_str(), folder, name.c_str()) == 0) return {};
    if (error != 0) return failed(error);
    return {};
  }
  const int error = rename_at(folder, temporary, name, RENAME_EXCHANGE);
  if (error == EINVAL) {
    if (::renameat(folder, temporary.c_str(), folder, name.c_str()) != 0) return failed(errno);
    return {};
  }
  if (error == ENOENT) return conflict(shown);
  if (error != 0) return failed(error);
  // Exchanged, not replaced: what was really there is at hand, and goes back if it is not what was looked at.
  struct stat displaced{};
  if (::fstatat(folder, temporary.c_str(), &displaced, AT_SYMLINK_NOFOLLOW) != 0 ||
      !same_file(displaced, before->status)) {
    static_cast<void>(rename_at(folder, temporary, name, RENAME_EXCHANGE));
    return conflict(shown);
  }
  ::unlinkat(folder, temporary.c_str(), 0);
  return {};
}

Status put(const StagedChange& change, std::string_view content, const std::optional<Target>& before, int root) {
  const std::filesystem::path relative = change.relative;
  DAIMON_TRY(const FileDescriptor folder,
             make_folders_beneath(root, relative.parent_path(), change.umask, change.path));
  const std::string name = relative.filename().string();
  const std::string temporary = ".daimon-" + change.id + ".tmp";
  // Of a run of this same change that was cut off.
  ::unlinkat(folder.get(), temporary.c_str(), 0);
  FileDescriptor file(
      ::openat(folder.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file.get() < 0)
    return std::unexpected(os_error(errno, daimon::format("cannot write beside '{}'", printable(change.path))));
  Status done = write_all(file.get(), content, change.path);
  const auto check = [&](int result) {
    if (done && result != 0)
      done = std::unexpected(os_error(errno, daimon::format("cannot write '{}'", printable(change.path))));
  };
  if (done && before) {
    // The owner may not be ours to give; the mode is, but for the bits that would run new content as somebody else.
    if (::fchown(file.get(), before->status.st_uid, before->status.st_gid) != 0) errno = 0;
    check(::fchmod(file.get(), before->status.st_mode & 0777));
  } else if (done) {
    struct stat beside{};
    check(::fstat(folder.get(), &beside));
    check(::fchmod(file.get(), 0600 | (beside.st_mode & 0044 & ~change.umask)));
  }
  if (done) check(::fsync(file.get()));
  if (done) done = take_place(folder.get(), temporary, name, before, change.path);
  if (!done) {
    ::unlinkat(folder.get(), temporary.c_str(), 0);
    return done;
  }
  check(::fsync(folder.get()));
  return done;
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
    return fail(ErrorCode::kDenied, daimon::format("the mount '{}' is read-only", printable(target.mount->name)));
  if (target.relative.empty()) return fail(ErrorCode::kInvalidArgument, "the path names the mount itself, not a file");
  if (content.size() > kChangedBytesMax) return fail(ErrorCode::kLimit, "the content is larger than a file may be");
  if (!is_text(content))
    return fail(
        ErrorCode::kInvalidArgument,
        daimon::format("the content for '{}' is not text: it has NUL or other control characters", printable(path)),
        "write text; tabs and newlines may stand in it");
  DAIMON_TRY(const FileDescriptor root, open_root(target.mount->root));
  DAIMON_TRY(const auto before, read_target(root.get(), target.relative, path));
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
  change.diff = diff_lines(path, before ? std::string_view(before->bytes) : std::string_view(), content, !before);
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

Result<bool> is_applied(const StagedChange& change) {
  DAIMON_TRY(const FileDescriptor root, open_root(change.mount));
  DAIMON_TRY(const auto target, read_target(root.get(), change.relative, change.path));
  const std::string hash = hash_of(target);
  if (hash == change.new_hash) return true;
  if (hash == change.base_hash) return false;
  return conflict(change.path);
}

Status apply_change(const std::filesystem::path& state_folder, const StagedChange& change) {
  DAIMON_TRY(const FileDescriptor root, open_root(change.mount));
  DAIMON_TRY(const auto before, read_target(root.get(), change.relative, change.path));
  const std::string hash = hash_of(before);
  if (hash == change.new_hash && before) {
    // Done before, perhaps cut off before the file that was displaced could be removed.
    const std::filesystem::path relative = change.relative;
    DAIMON_TRY(const FileDescriptor folder,
               make_folders_beneath(root.get(), relative.parent_path(), change.umask, change.path));
    ::unlinkat(folder.get(), (".daimon-" + change.id + ".tmp").c_str(), 0);
    // Only what is durable is done: the first time this may be what failed.
    if (::fsync(folder.get()) != 0)
      return std::unexpected(os_error(errno, daimon::format("cannot write '{}'", printable(change.path))));
    return {};
  }
  if (hash != change.base_hash) return conflict(change.path);
  DAIMON_TRY(const std::string content, read_private_file(staged(state_folder, change.id, ".new"), kChangedBytesMax));
  if (to_hex(sha256(content)) != change.new_hash)
    return fail(ErrorCode::kCorrupt, "the staged content is damaged; nothing was changed", "give the goal again");
  if (before) DAIMON_CHECK(write_private_file(staged(state_folder, change.id, ".old"), before->bytes));
  return put(change, content, before, root.get());
}

Status undo_change(const std::filesystem::path& state_folder, const StagedChange& change) {
  DAIMON_TRY(const FileDescriptor root, open_root(change.mount));
  DAIMON_TRY(const auto now, read_target(root.get(), change.relative, change.path));
  const std::string hash = hash_of(now);
  if (hash == change.base_hash) return {};
  if (hash != change.new_hash) return conflict(change.path);
  if (change.creates()) {
    const std::filesystem::path relative = change.relative;
    DAIMON_TRY(const FileDescriptor folder,
               make_folders_beneath(root.get(), relative.parent_path(), change.umask, change.path));
    if (::unlinkat(folder.get(), relative.filename().c_str(), 0) != 0 || ::fsync(folder.get()) != 0)
      return std::unexpected(os_error(errno, daimon::format("cannot remove '{}'", printable(change.path))));
    return {};
  }
  DAIMON_TRY(const std::string content, read_private_file(staged(state_folder, change.id, ".old"), kChangedBytesMax));
  if (to_hex(sha256(content)) != change.base_hash)
    return fail(ErrorCode::kCorrupt, "the content kept for undoing is damaged; nothing was changed");
  return put(change, content, now, root.get());
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
