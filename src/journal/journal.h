// The journal: an append-only chain of records, durable when append returns.
//
// Every record's hash covers the one before it (hash = SHA-256 of previous hash, newline, canonical text), so a record
// cannot be changed, dropped or moved without `verify` noticing. One writer: opening takes a new lease epoch, and an
// older holder's next append fails with kConflict (a stale daemon is fenced).
//
// Thread: one at a time; the kernel's.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/result.h"
#include "base/sqlite.h"

namespace daimon::journal {

// The version of a record's text. Readers refuse a newer one and keep reading the older ones.
inline constexpr int kRecordVersion = 1;

struct NewRecord {
  std::string process;
  std::string type;    // "created", "called", ... (docs/api.md, Events)
  bool input = false;  // came from outside, fed to the process by replay; otherwise the process's own output
  Json body;           // an object
};

struct Record {
  std::int64_t sequence = 0;  // from 1, no gaps, over all processes
  WallTime time;
  std::string process;
  std::string type;
  bool input = false;
  Json body;
};

// One row a process, kept in the same transaction as the records that changed it, so that listing and boot need not
// read the whole chain.
struct ProcessRow {
  std::string process;
  std::string parent;
  bool ended = false;
  Json view;  // what `daimon ps` shows
};

class Journal {
 public:
  static Result<Journal> open(const std::filesystem::path& file);

  // `now` is the time the records carry: the one the process was stepped with. All or nothing, in one durable
  // transaction together with the rows. Returns the records with their sequences.
  Result<std::vector<Record>> append(WallTime now, std::span<const NewRecord> records,
                                     std::span<const ProcessRow> rows);

  // In order; `process` empty for all. At most `limit` records with a sequence above `after`.
  Result<std::vector<Record>> read(std::string_view process, std::int64_t after, std::int64_t limit);
  // Of all processes, in order: the records that mark what a whole journal need not be read for. `type` is "created",
  // "finished", "undoing" or "undone".
  Result<std::vector<Record>> marks(std::string_view type);
  Result<std::vector<ProcessRow>> rows(bool ended_too);
  Result<std::optional<ProcessRow>> row(std::string_view process);
  // One more than the highest process number ever used.
  Result<std::int64_t> next_process_number();

  struct Verification {
    std::int64_t records = 0;
    std::optional<std::int64_t> broken_at;  // the first sequence whose hash does not follow from the one before
  };
  Result<Verification> verify();

  [[nodiscard]] std::int64_t epoch() const { return epoch_; }

 private:
  Journal(sqlite::Database database, std::int64_t epoch) : database_(std::move(database)), epoch_(epoch) {}
  Status check_lease();

  sqlite::Database database_;
  std::int64_t epoch_;
  std::int64_t last_sequence_ = 0;
  std::string last_hash_;  // hexadecimal; empty before the first record
};

}  // namespace daimon::journal
