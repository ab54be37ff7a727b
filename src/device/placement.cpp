#include "device/placement.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>

#include "base/format.h"
#include "base/hash.h"
#include "base/text.h"
#include "device/beneath.h"

namespace daimon::device {
namespace {

constexpr int kReturnsMax = 4;  // how often a version is brought back to a name where the person saves again and again
constexpr int kKeptMax = 100;

// Finds out whether somebody has the file open for writing. Where the file system grants leases, nobody begins to until
// the descriptor is closed; where it does not, nobody can tell. Of a file of somebody else's it could tell, but not us.
void hold_off_writers(SeenVersion& version) {
  // Who wants to write makes the kernel send a signal, by default one that ends a process.
  ::fcntl(version.file.get(), F_SETSIG, SIGURG);
  version.held_off = ::fcntl(version.file.get(), F_SETLEASE, F_RDLCK) == 0;
  if (version.held_off) return;
  version.writers_unknown = errno == EACCES || errno == EPERM;
  version.open_for_writing = errno == EAGAIN || version.writers_unknown;
}

// A sum of the content that the system itself keeps, and what would let new content do what the old was trusted with.
bool is_of_the_content(std::string_view attribute) {
  return attribute == "security.ima" || attribute == "security.evm" || attribute == "security.capability";
}

// Nothing, and errno, where they cannot be read.
std::optional<std::map<std::string, std::string, std::less<>>> attributes_of(int file) {
  std::map<std::string, std::string, std::less<>> attributes;
  const ssize_t size = ::flistxattr(file, nullptr, 0);
  if (size < 0 && (errno == ENOTSUP || errno == ENOSYS)) return attributes;
  if (size < 0) return std::nullopt;
  if (size == 0) return attributes;
  std::string names(XATTR_LIST_MAX, '\0');
  std::string value(XATTR_SIZE_MAX, '\0');
  const ssize_t listed = ::flistxattr(file, names.data(), names.size());
  if (listed < 0) return std::nullopt;
  names.resize(static_cast<std::size_t>(listed));
  for (std::size_t at = 0; at < names.size(); at = names.find('\0', at) + 1) {
    const std::string name = names.c_str() + at;
    if (is_of_the_content(name)) continue;
    const ssize_t bytes = ::fgetxattr(file, name.c_str(), value.data(), value.size());
    if (bytes < 0 && errno == ENODATA) continue;
    if (bytes < 0) return std::nullopt;
    attributes.emplace(name, value.substr(0, static_cast<std::size_t>(bytes)));
  }
  return attributes;
}

// Whether what gave way is to others what it was when it was seen.
bool has_rights_of(const SeenVersion& gone, const SeenVersion& seen) {
  return gone.mode == seen.mode && gone.user == seen.user && gone.group == seen.group && gone.names == seen.names &&
         gone.attributes == seen.attributes;
}

bool is_unsupported(int error) { return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP; }

}  // namespace

bool SeenVersion::is_wanted_for_writing() const { return held_off && ::fcntl(file.get(), F_GETLEASE) != F_RDLCK; }

void Placement::step(std::string_view name) const {
  if (steps_.before) steps_.before(name);
}

std::string Placement::ours(std::string_view ending) const {
  return daimon::format(".daimon-{}.{}", place_.tag, ending);
}

std::unexpected<Error> Placement::failed(int error) const {
  return std::unexpected(os_error(error, daimon::format("cannot put '{}' in place", printable(place_.shown))));
}

Result<std::optional<SeenVersion>> Placement::look(int folder, const std::string& name, std::size_t bytes_max,
                                                   std::string_view shown) {
  SeenVersion version;
  struct stat status{};
  if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return std::nullopt;
    return std::unexpected(os_error(errno, daimon::format("cannot look at '{}'", printable(shown))));
  }
  const auto take = [&] {
    version.mode = status.st_mode;
    version.user = status.st_uid;
    version.group = status.st_gid;
    version.names = status.st_nlink;
    version.device = status.st_dev;
    version.number = status.st_ino;
  };
  take();
  if (!S_ISREG(status.st_mode)) return version;
  version.file =
      FileDescriptor(::openat(folder, name.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC));
  if (!version.file.is_open()) {
    if (errno == ENOENT) return std::nullopt;
    return version;
  }
  if (::fstat(version.file.get(), &status) != 0) return version;
  take();
  if (!S_ISREG(status.st_mode)) return version;
  hold_off_writers(version);
  auto attributes = attributes_of(version.file.get());
  if (!attributes) return version;
  version.attributes = std::move(*attributes);
  const auto content = read_all(version.file.get(), bytes_max, shown);
  if (!content || content->more) return version;
  version.bytes = content->bytes;
  version.hash = to_hex(sha256(version.bytes));
  return version;
}

Result<std::optional<SeenVersion>> Placement::look(const std::string& name) const {
  return look(place_.folder, name, place_.bytes_max, place_.shown);
}

// Of one of the two versions, and nobody is about to make another of it.
bool Placement::is_known(const SeenVersion& version) const {
  return !version.hash.empty() && !version.open_for_writing &&
         (version.hash == place_.before || version.hash == place_.after);
}

// From a name of ours.
int Placement::no_replace(const std::string& from, const std::string& to) const {
  const int folder = place_.folder;
  if (steps_.can_no_replace) {
    if (::syscall(SYS_renameat2, folder, from.c_str(), folder, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
    if (!is_unsupported(errno)) return errno;
  }
  // A second name refuses as well to stand where there is one; a crash in between leaves both.
  if (::linkat(folder, from.c_str(), folder, to.c_str(), 0) != 0)
    return errno == EPERM || is_unsupported(errno) ? EOPNOTSUPP : errno;
  step("drop the first of two names");
  return ::unlinkat(folder, from.c_str(), 0) == 0 ? 0 : errno;
}

// Nothing stands at our own name, so the plain call does. Two steps would not: what the second took away from the
// file's name could be another version by then.
int Placement::set_aside() const {
  return ::renameat(place_.folder, place_.name.c_str(), place_.folder, ours("aside").c_str()) == 0 ? 0 : errno;
}

int Placement::exchange(const std::string& a, const std::string& b) const {
  if (!steps_.can_exchange) return EINVAL;
  const int folder = place_.folder;
  return ::syscall(SYS_renameat2, folder, a.c_str(), folder, b.c_str(), RENAME_EXCHANGE) == 0 ? 0 : errno;
}

Status Placement::drop(const std::string& name) const {
  step("drop");
  if (::unlinkat(place_.folder, name.c_str(), 0) != 0 && errno != ENOENT) return failed(errno);
  return {};
}

Status Placement::make_durable() const {
  step("make durable");
  if (::fsync(place_.folder) != 0) return failed(errno);
  return {};
}

Status Placement::settle() {
  const std::string writing = ours("writing"), held = ours("tmp"), aside = ours("aside");
  struct stat status{};
  const auto is_there = [&](const std::string& name) {
    return ::fstatat(place_.folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  };
  if (is_there(writing)) DAIMON_CHECK(drop(writing));
  Status told;
  for (const std::string& name : {aside, held}) {
    Status done = settle(name, name == aside);
    if (!done && done.error().code != ErrorCode::kConflict) return done;
    if (told) told = std::move(done);
  }
  return told;
}

Status Placement::settle(const std::string& name, bool set_aside) {
  for (int i = 0; i < kReturnsMax; ++i) {
    DAIMON_TRY(const auto left, look(name));
    if (!left) return {};
    DAIMON_TRY(const auto target, look(place_.name));
    if (!target && set_aside) {
      step("bring back");
      const int error = no_replace(name, place_.name);
      if (error == EEXIST) continue;  // saved anew
      if (error != 0) return failed(error);
      return make_durable();
    }
    const bool same = target && target->device == left->device && target->number == left->number;
    if (!same && !is_known(*left)) return set_aside ? keep_beside(name) : give_back(name);
    if (!same) DAIMON_CHECK(place_.keep(*left));
    DAIMON_CHECK(drop(name));
    return make_durable();
  }
  return keep_beside(name);
}

// The new version is open to nobody it was not open to before, and to all of them: the mode comes after this.
Status Placement::keep_rights(int file, const SeenVersion& seen) const {
  const auto refused = [&](std::string_view what, std::string_view remedy) {
    const int error = errno;
    if (error == ENOSPC || error == EDQUOT || error == EIO)
      return std::unexpected(os_error(error, daimon::format("cannot write '{}'", printable(place_.shown))));
    return fail(
        ErrorCode::kUnsupported,
        daimon::format("a new version of '{}' cannot be given {}; nothing was changed", printable(place_.shown), what),
        std::string(remedy));
  };
  struct stat status{};
  if (::fstat(file, &status) != 0) return failed(errno);
  if ((status.st_uid != seen.user || status.st_gid != seen.group) && ::fchown(file, seen.user, seen.group) != 0)
    return refused(status.st_uid != seen.user ? "its owner, who is another user" : "its group, which you are not in",
                   "have somebody change it who may, or make it yours: `chown` gives it another owner and group");
  const auto has = attributes_of(file);
  if (!has) return failed(errno);
  for (const auto& [name, value] : seen.attributes) {
    const auto found = has->find(name);
    if (found != has->end() && found->second == value) continue;
    if (::fsetxattr(file, name.c_str(), value.data(), value.size(), 0) != 0)
      return refused(daimon::format("its attribute {}", printable(name)),
                     "change it yourself, or take the attribute away if nobody needs it (`setfattr -x`)");
  }
  // What it came to have from its folder opens it to others than the old one was open to.
  constexpr std::string_view kList = "system.posix_acl_access";
  if (has->contains(kList) && !seen.attributes.contains(kList) && ::fremovexattr(file, kList.data()) != 0)
    return refused("the rights that it had: those of its folder's list would be added", "change it yourself");
  return {};
}

Status Placement::write(std::string_view content, const SeenVersion* seen, mode_t mode) const {
  const std::string name = ours("writing");
  step("write");
  FileDescriptor file(
      ::openat(place_.folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.is_open())
    return std::unexpected(os_error(errno, daimon::format("cannot write beside '{}'", printable(place_.shown))));
  Status done = write_all(file.get(), content, place_.shown);
  step("give it its mode");
  const auto check = [&](int result) {
    if (done && result != 0)
      done = std::unexpected(os_error(errno, daimon::format("cannot write '{}'", printable(place_.shown))));
  };
  if (done && seen != nullptr) done = keep_rights(file.get(), *seen);
  // But for the bits that would run new content as somebody else.
  if (done) check(::fchmod(file.get(), seen != nullptr ? seen->mode & 0777 : mode));
  if (done) check(::fsync(file.get()));
  if (!done) ::unlinkat(place_.folder, name.c_str(), 0);
  return done;
}

Status Placement::put(std::string_view content, const SeenVersion* seen, mode_t mode) {
  const std::string writing = ours("writing"), held = ours("tmp");
  DAIMON_CHECK(write(content, seen, mode));
  // From here on the name says that it is whole. It also shows whether a name can be kept from replacing another here,
  // before anything of the person's is touched.
  step("name");
  if (const int error = no_replace(writing, held); error != 0) {
    ::unlinkat(place_.folder, writing.c_str(), 0);
    if (error != EOPNOTSUPP) return failed(error);
    return fail(ErrorCode::kUnsupported,
                daimon::format("the file system of '{}' cannot put a file in place without the risk that an edit of "
                               "yours is lost; nothing was changed",
                               printable(place_.shown)),
                "mount a folder on another file system");
  }
  if (seen == nullptr) {
    step("appear");
    if (const int error = no_replace(held, place_.name); error != 0) {
      DAIMON_CHECK(drop(held));
      return error == EEXIST ? conflict() : failed(error);
    }
    return make_durable();
  }
  step("exchange");
  if (const int error = exchange(held, place_.name); error != 0) {
    if (is_unsupported(error)) return put_aside(seen);
    DAIMON_CHECK(drop(held));
    return error == ENOENT ? conflict() : failed(error);
  }
  // Exchanged, not replaced: what was really there is at hand.
  step("look at what gave way");
  {
    DAIMON_TRY(const auto gone, look(held));
    if (!gone) return failed(ENOENT);
    if (gone->hash == place_.before && !gone->open_for_writing && has_rights_of(*gone, *seen)) {
      DAIMON_CHECK(make_durable());
      if (!gone->is_wanted_for_writing()) {
        DAIMON_CHECK(drop(held));
        return make_durable();
      }
    }
  }
  return give_back(held);
}

// Where two names cannot be exchanged: for a moment there is no file.
Status Placement::put_aside(const SeenVersion* seen) {
  const std::string held = ours("tmp"), aside = ours("aside");
  step("set aside");
  if (const int error = set_aside(); error != 0) {
    DAIMON_CHECK(drop(held));
    return error == ENOENT ? conflict() : failed(error);
  }
  step("look at what gave way");
  DAIMON_TRY(const auto gone, look(aside));
  if (!gone) return failed(ENOENT);
  const bool expected = gone->hash == place_.before && !gone->open_for_writing && has_rights_of(*gone, *seen);
  int error = 0;
  if (expected) {
    step("appear");
    error = no_replace(held, place_.name);
    if (error == 0) {
      DAIMON_CHECK(make_durable());
      if (gone->is_wanted_for_writing()) return keep_beside(aside);
      DAIMON_CHECK(drop(aside));
      return make_durable();
    }
    if (error == EEXIST) {  // saved anew
      DAIMON_CHECK(drop(held));
      DAIMON_CHECK(drop(aside));
      return conflict();
    }
  }
  step("bring back");
  const int back = no_replace(aside, place_.name);
  DAIMON_CHECK(drop(held));
  if (back == EEXIST) return keep_beside(aside);
  if (back != 0) return failed(back);
  DAIMON_CHECK(make_durable());
  return expected ? failed(error) : conflict();
}

Status Placement::take_away() {
  const std::string aside = ours("aside");
  step("set aside");
  if (const int error = set_aside(); error != 0) return error == ENOENT ? Status() : Status(failed(error));
  step("look at what gave way");
  DAIMON_TRY(const auto gone, look(aside));
  if (!gone) return failed(ENOENT);
  if (gone->hash == place_.before && !gone->open_for_writing) {
    DAIMON_CHECK(place_.keep(*gone));
    if (!gone->is_wanted_for_writing()) {
      DAIMON_CHECK(drop(aside));
      return make_durable();
    }
  }
  step("bring back");
  const int back = no_replace(aside, place_.name);
  if (back == EEXIST) return keep_beside(aside);
  if (back != 0) return failed(back);
  DAIMON_CHECK(make_durable());
  return conflict();
}

// `held` is a version of the person's that gave way: it goes back to its name, unless a newer one has come there.
Status Placement::give_back(const std::string& held) {
  for (int i = 0; i < kReturnsMax; ++i) {
    DAIMON_TRY(auto target, look(place_.name));
    if (!target) {
      step("bring back");
      const int error = no_replace(held, place_.name);
      if (error == EEXIST) continue;
      if (error != 0) return failed(error);
      DAIMON_CHECK(make_durable());
      return conflict();
    }
    if (target->hash != place_.after || target->open_for_writing) break;
    target.reset();  // who wants to write to it need not wait
    step("exchange back");
    const int error = exchange(held, place_.name);
    if (error == ENOENT) continue;
    if (error != 0) break;
    step("look at what came back");
    {
      DAIMON_TRY(const auto mine, look(held));
      if (mine && is_known(*mine)) {
        DAIMON_CHECK(place_.keep(*mine));
        if (!mine->is_wanted_for_writing()) {
          DAIMON_CHECK(drop(held));
          DAIMON_CHECK(make_durable());
          return conflict();
        }
      }
    }
    // Saved in that very moment: the newest goes back to the name, and the one before it beside.
    step("exchange once more");
    static_cast<void>(exchange(held, place_.name));
    break;
  }
  return keep_beside(held);
}

Status Placement::keep_beside(const std::string& held) {
  constexpr std::size_t kNameBytesMax = 255;
  for (int i = 0; i < kKeptMax; ++i) {
    const std::string ending =
        daimon::format(".kept-{}{}", place_.kept_tag, i == 0 ? std::string() : daimon::format("-{}", i + 1));
    const std::string kept = std::string(cut_utf8(place_.name, kNameBytesMax - ending.size())) + ending;
    step("keep beside");
    const int error = no_replace(held, kept);
    if (error == EEXIST) continue;
    if (error != 0) return failed(error);
    DAIMON_CHECK(make_durable());
    return fail(ErrorCode::kConflict,
                daimon::format("'{}' was saved while it was being changed: what stands there is left as it is, and "
                               "another version that was there stands beside it as '{}'",
                               printable(place_.shown), printable(kept)),
                "compare the two, and remove the one that is not wanted");
  }
  return fail(ErrorCode::kConflict,
              daimon::format("a version of '{}' stands beside it as '{}'", printable(place_.shown), printable(held)),
              "look at both");
}

}  // namespace daimon::device
