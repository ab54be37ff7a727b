// Puts a version of a file in the place of another, beside a person who may save it at any moment and a crash that may
// come at any: what the person saved last stands at the file's name afterwards, or beside it in a file that the error
// names.
//
// The rule behind it: bytes are removed from the folder only when a copy of them is kept elsewhere, nobody has them
// open for writing, and they stand at a name that is ours. The names that are ours, and what each may hold:
//   .daimon-TAG.writing   the new version, perhaps not all of it
//   .daimon-TAG.tmp       all of the new version; after the exchange, what stood at the file's name
//   .daimon-TAG.aside     what stood at the file's name, where a file system cannot exchange two names
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace daimon::device {

// For tests: who is told of each step before it is made, and a file system that cannot do what others can.
struct PlacementSteps {
  std::function<void(std::string_view step)> before = {};
  bool can_exchange = true;    // RENAME_EXCHANGE
  bool can_no_replace = true;  // RENAME_NOREPLACE
};

// A version of the file as it was seen: a regular file that could be read, or something else.
struct SeenVersion {
  std::string hash;               // hexadecimal SHA-256; empty for what is no file that can be read whole
  std::string bytes;              // only of a regular file
  bool open_for_writing = false;  // or may be
  bool writers_unknown = false;   // may be: only its owner may find out
  bool held_off = false;          // who wants to write to it waits until `file` is closed
  mode_t mode = 0;                // with the type of file
  uid_t user = 0;
  gid_t group = 0;
  nlink_t names = 0;
  // The extended ones, the access control list among them, but for those that a new version must not or cannot have.
  std::map<std::string, std::string, std::less<>> attributes;
  dev_t device = 0;
  ino_t number = 0;
  FileDescriptor file;

  // Whether somebody has begun to wait for `file` to be closed.
  [[nodiscard]] bool is_wanted_for_writing() const;
};

class Placement {
 public:
  struct Place {
    int folder = -1;       // open for reading; outlives the placement
    std::string name;      // of the file in it
    std::string tag;       // of the names that are ours: [a-z0-9.-]
    std::string shown;     // of the file, for error texts
    std::string kept_tag;  // of the name beside the file that a version of the person's may come to have
    // Hashes of the version that gives way and of the one that takes its place; empty: no file. Only these two are
    // known.
    std::string before, after;
    std::size_t bytes_max = 0;  // larger is not read
    Error changed;              // what is said where the file is not as it was seen
    // Makes sure that a copy of this known version is kept, before it goes from the folder.
    std::function<Status(const SeenVersion& version)> keep;
  };

  Placement(Place place, const PlacementSteps& steps) : place_(std::move(place)), steps_(steps) {}

  // What a run that was cut off has left. kConflict: a version of the person's was among it, and is in its place or
  // beside it now.
  Status settle();
  // `content` in place of the version `before`, or as a new file. `seen` is the version before, whose owner, mode
  // and attributes the new one has: kUnsupported, and nothing is changed, where it cannot. Without it `mode` is the
  // mode. kConflict, and the file as the person has it, when it is not what was seen any more. After `settle`.
  Status put(std::string_view content, const SeenVersion* seen, mode_t mode);
  // No file in place of the version `before`.
  Status take_away();

  // Nothing when there is no such name.
  static Result<std::optional<SeenVersion>> look(int folder, const std::string& name, std::size_t bytes_max,
                                                 std::string_view shown);

 private:
  void step(std::string_view name) const;
  [[nodiscard]] std::string ours(std::string_view ending) const;
  [[nodiscard]] Result<std::optional<SeenVersion>> look(const std::string& name) const;
  [[nodiscard]] bool is_known(const SeenVersion& version) const;
  [[nodiscard]] int no_replace(const std::string& from, const std::string& to) const;  // errno; 0: done
  [[nodiscard]] int set_aside() const;
  [[nodiscard]] int exchange(const std::string& a, const std::string& b) const;
  [[nodiscard]] Status keep_rights(int file, const SeenVersion& seen) const;
  [[nodiscard]] Status write(std::string_view content, const SeenVersion* seen, mode_t mode) const;
  [[nodiscard]] Status drop(const std::string& name) const;
  [[nodiscard]] Status make_durable() const;
  Status settle(const std::string& name, bool set_aside);
  Status put_aside(const SeenVersion* seen);
  Status give_back(const std::string& held);
  Status keep_beside(const std::string& held);
  [[nodiscard]] std::unexpected<Error> conflict() const { return std::unexpected(place_.changed); }
  [[nodiscard]] std::unexpected<Error> failed(int error) const;

  Place place_;
  const PlacementSteps& steps_;
};

}  // namespace daimon::device
