// A change to a file that is prepared, shown, and carried out or dropped later.
//
// Below state_folder/staged: ID.json what it is, ID.new the content, and once it was applied ID.old with the content
// before, from which it can be undone. ID comes from the call, so that staging again after a crash is the same change.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "device/device.h"
#include "device/line_diff.h"
#include "device/placement.h"

namespace daimon::device {

struct StagedChange {
  std::string id;
  std::string path;       // as the process named it
  std::string mount;      // absolute folder
  std::string relative;   // below it
  std::string base_hash;  // of the content before; empty: there was no file
  std::string new_hash;
  std::uint64_t bytes = 0;
  LineDiff diff;

  mode_t umask = 022;  // of the person, for files and folders that this makes

  [[nodiscard]] bool creates() const { return base_hash.empty(); }
};

// Files above this are not read as a whole, nor written.
inline constexpr std::size_t kChangedBytesMax = 64 << 20;

Result<StagedChange> stage_change(const std::filesystem::path& state_folder, const std::string& call_id,
                                  const ResolvedPath& target, std::string_view path, std::string_view content,
                                  mode_t umask = 022);
Result<StagedChange> load_change(const std::filesystem::path& state_folder, std::string_view id);

// Puts the content in place of what was there when the change was staged, as device/placement.h does it. kConflict when
// the target is no longer that: then what the person has there stays, and what was saved in the very moment stands
// there or beside it, in a file that the error names. Doing it again is nothing, but for what a run that was cut off
// left, which is put right; so is doing it again after a crash. The file keeps its owner, its mode, but for
// set-user-ID and set-group-ID, its access control list and its other attributes; kUnsupported where it cannot, or has
// several names (hard links), or is somebody else's. Missing folders are made. What is new is as open as the folder
// that it is in, less the umask. kUnavailable while another thread is at it.
Status apply_change(const std::filesystem::path& state_folder, const StagedChange& change,
                    const PlacementSteps& steps = {});
// True: the target has the new content. False: it is as it was. kConflict: neither. What a run that was cut off left is
// put right, unless another thread is at it.
Result<bool> is_applied(const std::filesystem::path& state_folder, const StagedChange& change);
Status discard_change(const std::filesystem::path& state_folder, std::string_view id);
// The content before, back in place, under the same rules: kConflict when the file changed after. Of a file that the
// change made: no file, if it is unchanged.
Status undo_change(const std::filesystem::path& state_folder, const StagedChange& change,
                   const PlacementSteps& steps = {});

// The change `id`, if it is to the file that `path` names in one of the mounts, which lets it be written.
Result<StagedChange> load_change_in(const std::filesystem::path& state_folder, std::string_view id,
                                    std::string_view path, std::span<const MountReference> mounts);

// kConflict where the folder of the target is not there: nothing can be undone then.
Status check_folder(const StagedChange& change);
// What the target holds now, by nothing but looking; as check_folder.
enum class TargetState : std::uint8_t { kAsBefore, kAsAfter, kOther };
Result<TargetState> target_state(const StagedChange& change);
// What undoing it does to the file that it left.
Result<LineDiff> undo_diff(const std::filesystem::path& state_folder, const StagedChange& change);

// What is kept of one change.
struct KeptChange {
  std::string id;
  std::uint64_t bytes = 0;
  std::filesystem::file_time_type time = std::filesystem::file_time_type::min();  // of what was written last
  bool has_old = false;
};
// Of all changes that lie in a state folder; temporary files of writes that were cut off are removed on the way, so
// nobody may be staging there.
std::vector<KeptChange> kept_changes(const std::filesystem::path& state_folder);
// What applying or undoing it left beside its target, where that was cut off.
void put_change_right(const std::filesystem::path& state_folder, const std::string& id);
// All of it goes, unless somebody is at it.
void forget_change(const std::filesystem::path& state_folder, const std::string& id);

}  // namespace daimon::device
