// The journal: an append-only chain of records, durable when append returns.
//
// Every record's hash covers the one before it (hash = SHA-256 of previous hash, newline, canonical text), so a record
// cannot be changed, dropped or moved without `verify` noticing; the head, kept apart, tells when the last ones are
// missing. It is made once, and a trigger moves it with each record, whichever build writes that. The rows of processes
// are a cache of what the records say, and are compared with it. No key is in this: who may write the file and computes
// every hash anew is not found out. One writer: opening takes a new lease epoch, and an older holder's next append
// fails with kConflict (a stale daemon is fenced).
//
// Thread: one at a time; the kernel's.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <stop_token>
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

// What is beside journal.db belongs to it: to a copy that is put in its place it would be applied too, and destroy it.
inline constexpr std::string_view kRestoreRemedy =
    "`daimon stop`, then move journal.db, journal.db-wal and journal.db-shm away, all three; put a copy from before in "
    "journal.db's place, or leave them away to begin a new one";

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
  Json body;             // an object
  bool damaged = false;  // it could not be read; the body is empty
};

// What is said of it.
Error damaged(std::int64_t sequence);

// One row a process, kept in the same transaction as the records that changed it, so that listing need not read the
// whole chain. Who decides by it whether a process has ended, or exists, decides by the records instead.
struct ProcessRow {
  std::string process;
  std::string parent;
  bool ended = false;
  Json view;             // what `daimon ps` shows; an object
  bool damaged = false;  // it could not be read; the view says nothing but the process
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
  // The processes that were created and have not finished, by the records; in the order of their creation.
  Result<std::vector<std::string>> unfinished();
  // One more than the highest process number ever used, by the records and the rows.
  Result<std::int64_t> next_process_number();

  struct Verification {
    enum class Fault : std::uint8_t {
      kChain,     // the hash of the record does not follow from the one before
      kMissing,   // the record and those after it are missing
      kReplaced,  // another record stands where the journal ended
      kMore,      // the record came in behind the head's back
      kNoHead     // there is no head: whether records are missing from this one on, nobody can tell
    };
    std::int64_t records = 0;
    std::optional<std::int64_t> broken_at;  // a sequence
    Fault fault = Fault::kChain;            // where it is broken
    std::vector<std::string> wrong_rows;    // of processes whose row is missing or says something else than the records
  };
  Result<Verification> verify() { return verify(database_, {}); }
  // By a connection of its own, which only reads: on any thread, beside the one that writes. kCancelled when stopped.
  static Result<Verification> verify_file(const std::filesystem::path& file, const std::stop_token& stop);
  // Makes the rows of these processes anew from the records. Of those that have finished: what the others are takes a
  // replay. A row without records goes.
  Status restore_rows(std::span<const std::string> processes);

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }

  [[nodiscard]] std::int64_t epoch() const { return epoch_; }

 private:
  Journal(std::filesystem::path file, sqlite::Database database, std::int64_t epoch)
      : file_(std::move(file)), database_(std::move(database)), epoch_(epoch) {}
  Status check_lease();
  Status write_rows(std::span<const ProcessRow> rows);
  static Result<Verification> verify(sqlite::Database& database, const std::stop_token& stop);

  std::filesystem::path file_;

  sqlite::Database database_;
  std::int64_t epoch_;
  std::int64_t last_sequence_ = 0;
  std::string last_hash_;  // hexadecimal; empty before the first record
};

}  // namespace daimon::journal
