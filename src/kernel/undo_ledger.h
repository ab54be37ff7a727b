// Which changes of files are undone, or being undone: on the record before the file is touched, and after.
//
// Thread: the kernel's. The files themselves are put back elsewhere (kernel/changes.h).
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "journal/journal.h"
#include "kernel/changes.h"

namespace daimon::kernel {

// An undoing whose outcome is not on the record yet.
struct Undo {
  std::string name;  // "p3.u1"; empty: there is nothing to do
  ChangedProcess process;
  AppliedChange change;
  bool at_work = true;
  bool recovered = false;  // begun before this kernel
};

class UndoLedger {
 public:
  // Journals a record of a process that has ended, which steps nothing.
  using Note = std::function<Status(const std::string& process, std::string type, JsonObject body)>;
  using FindProcess = std::function<Result<ChangedProcess>(const std::string& id)>;

  UndoLedger(journal::Journal& journal, FindProcess find_process, Note note)
      : journal_(journal), find_process_(std::move(find_process)), note_(std::move(note)) {}

  // What was begun and has no end yet, from the journal. Again once its rows are what they should be: until then, one
  // of a process that is not listed cannot be gone on with.
  Status recover();
  [[nodiscard]] std::vector<Undo> recovered() const;

  // The intent. `possible`: whether there is a place to undo it in; nothing is on the record of what nobody could
  // begin. kNotFound, kConflict where it cannot be undone now.
  Result<Undo> begin(const std::string& id, const std::string& change, const Status& possible);
  // The outcome. While the journal cannot take it, the next try, or the next start, does it again: again is nothing.
  Status end(const std::string& name, const Status& done);

  // The changes of a process that are undone.
  [[nodiscard]] const std::set<std::string>& undone(std::string_view id) const;
  // Whether one of its changes is being undone, or is to be again.
  [[nodiscard]] bool has_open_undo(std::string_view id) const;

 private:
  journal::Journal& journal_;
  FindProcess find_process_;
  Note note_;
  std::map<std::string, std::set<std::string>, std::less<>> undone_;  // changes, by process
  std::map<std::string, Undo, std::less<>> undos_;                    // by name
};

}  // namespace daimon::kernel
