#include "journal/journal.h"

#include <algorithm>

#include "base/format.h"

namespace daimon::journal {
namespace {

constexpr std::string_view kSchema = R"sql(
CREATE TABLE IF NOT EXISTS lease (one INTEGER PRIMARY KEY CHECK (one = 1), epoch INTEGER NOT NULL);
INSERT OR IGNORE INTO lease VALUES (1, 0);
CREATE TABLE IF NOT EXISTS records (
  sequence INTEGER PRIMARY KEY, version INTEGER NOT NULL, time INTEGER NOT NULL, process TEXT NOT NULL,
  type TEXT NOT NULL, input INTEGER NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS records_of_process ON records (process, sequence);
CREATE INDEX IF NOT EXISTS records_that_mark ON records (type, process, sequence)
  WHERE type IN ('created', 'finished', 'undoing', 'undone');
CREATE TABLE IF NOT EXISTS processes (
  process TEXT PRIMARY KEY, number INTEGER NOT NULL, parent TEXT NOT NULL, ended INTEGER NOT NULL, view TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS processes_running ON processes (ended, number);
CREATE TABLE IF NOT EXISTS head (one INTEGER PRIMARY KEY CHECK (one = 1), sequence INTEGER NOT NULL, hash TEXT NOT NULL);
)sql";

// Once for a file: afterwards, a head that is not there is one that was taken away. It follows the records by a
// trigger, so that it follows those of an older build too; and only from where it stands, so that what was cut off
// stays missed when more is written.
constexpr std::string_view kHead = R"sql(
INSERT OR IGNORE INTO head SELECT 1, coalesce(max(sequence), 0), coalesce((SELECT hash FROM records ORDER BY sequence
  DESC LIMIT 1), '') FROM records;
UPDATE head SET (sequence, hash) = (SELECT sequence, hash FROM records ORDER BY sequence DESC LIMIT 1)
  WHERE sequence < (SELECT max(sequence) FROM records)
  AND hash = coalesce((SELECT hash FROM records WHERE records.sequence = head.sequence), '');
CREATE TRIGGER IF NOT EXISTS head_follows AFTER INSERT ON records BEGIN
  UPDATE head SET sequence = NEW.sequence, hash = NEW.hash WHERE sequence = NEW.sequence - 1
    AND hash = coalesce((SELECT hash FROM records WHERE sequence = NEW.sequence - 1), '');
END;
PRAGMA user_version = 1;
)sql";

// The index of records_that_mark serves a query that repeats its condition.
constexpr std::string_view kMarks = "type IN ('created', 'finished', 'undoing', 'undone')";

// What a record holds came from outside at most kJsonDepthMax deep; records and views put it deeper by a few levels.
constexpr std::size_t kDepthMax = kJsonDepthMax + 16;

std::string chain(std::string_view previous, std::int64_t sequence, std::int64_t time, std::string_view process,
                  std::string_view type, bool input, std::string_view body) {
  return to_hex(sha256(daimon::format("{}\n{} {} {} {} {} {}\n{}", previous, kRecordVersion, sequence, time, process,
                                      type, input ? 1 : 0, body)));
}

// "p12" -> 12, "p12.3" (a child) -> 0: only roots carry the counter.
std::int64_t number_of(std::string_view process) {
  std::int64_t number = 0;
  for (const char c : process.substr(process.empty() ? 0 : 1)) {
    if (c < '0' || c > '9') return 0;
    number = number * 10 + (c - '0');
  }
  return number;
}

Record record_of(const sqlite::Statement& query) {
  Record record{query.integer(0), wall_time_from(query.integer(1)), query.text(2), query.text(3), query.integer(4) != 0,
                JsonObject{}};
  auto body = parse_json(query.text(5), kDepthMax);
  record.damaged = !body || !body->is_object();
  if (!record.damaged) record.body = std::move(*body);
  return record;
}

// Of "process, parent, ended, view".
ProcessRow row_of(const sqlite::Statement& query) {
  ProcessRow row{query.text(0), query.text(1), query.integer(2) != 0, JsonObject{{"process", query.text(0)}}};
  auto view = parse_json(query.text(3), kDepthMax);
  row.damaged = !view || !view->is_object();
  if (!row.damaged) row.view = std::move(*view);
  return row;
}

Result<sqlite::Database> open_database(const std::filesystem::path& file) {
  DAIMON_TRY(auto database, sqlite::Database::open(file));
  {
    DAIMON_TRY(auto transaction, sqlite::Transaction::begin(database));
    DAIMON_CHECK(database.execute(kSchema));
    DAIMON_TRY(auto version, database.prepare("PRAGMA user_version"));
    DAIMON_CHECK(version.step());
    const bool has_head = version.integer(0) > 0;
    version.reset();
    if (!has_head) DAIMON_CHECK(database.execute(kHead));
    DAIMON_CHECK(transaction.commit());
  }
  return database;
}

}  // namespace

Error damaged(std::int64_t sequence) {
  return {ErrorCode::kCorrupt, daimon::format("record {} of the journal is damaged", sequence),
          std::string(kRestoreRemedy)};
}

Result<Journal> Journal::open(const std::filesystem::path& file) {
  auto opened = open_database(file);
  if (!opened && opened.error().code == ErrorCode::kCorrupt) opened.error().remedy = kRestoreRemedy;
  DAIMON_TRY(auto database, std::move(opened));
  std::int64_t epoch = 0;
  {
    DAIMON_TRY(auto transaction, sqlite::Transaction::begin(database));
    DAIMON_TRY(auto take, database.prepare("UPDATE lease SET epoch = epoch + 1 RETURNING epoch"));
    DAIMON_TRY(const bool row, take.step());
    DAIMON_ASSERT(row);
    epoch = take.integer(0);
    DAIMON_CHECK(take.run());
    DAIMON_CHECK(transaction.commit());
  }
  Journal journal(file, std::move(database), epoch);
  DAIMON_TRY(auto last,
             journal.database_.prepare("SELECT sequence, hash, version FROM records ORDER BY sequence DESC LIMIT 1"));
  DAIMON_TRY(const bool any, last.step());
  if (any) {
    journal.last_sequence_ = last.integer(0);
    journal.last_hash_ = last.text(1);
    if (last.integer(2) > kRecordVersion)
      return fail(ErrorCode::kUnsupported,
                  daimon::format("the journal {} was written by a newer Daimon (record version {})", file.string(),
                                 last.integer(2)),
                  "start the newer Daimon, or give this one another state folder (XDG_STATE_HOME)");
  }
  return journal;
}

Status Journal::check_lease() {
  DAIMON_TRY(auto query, database_.prepare("SELECT epoch FROM lease"));
  DAIMON_TRY(const bool row, query.step());
  if (!row || query.integer(0) != epoch_)
    return fail(ErrorCode::kConflict, "another daemon has taken over the journal",
                "stop one of the two; the newer one goes on");
  return {};
}

Result<std::vector<Record>> Journal::append(WallTime now, std::span<const NewRecord> records,
                                            std::span<const ProcessRow> rows) {
  const std::int64_t time = to_milliseconds(now);
  std::int64_t sequence = last_sequence_;
  std::string hash = last_hash_;
  std::vector<Record> written;
  written.reserve(records.size());

  DAIMON_TRY(auto transaction, sqlite::Transaction::begin(database_));
  DAIMON_CHECK(check_lease());
  DAIMON_TRY(auto insert, database_.prepare("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?)"));
  for (const NewRecord& record : records) {
    const std::string body = to_text(record.body);
    ++sequence;
    hash = chain(hash, sequence, time, record.process, record.type, record.input, body);
    insert.bind(1, sequence).bind(2, std::int64_t{kRecordVersion}).bind(3, time).bind(4, record.process);
    insert.bind(5, record.type).bind(6, std::int64_t{record.input}).bind(7, body).bind(8, hash);
    DAIMON_CHECK(insert.run());
    written.push_back({sequence, now, record.process, record.type, record.input, record.body});
  }
  DAIMON_CHECK(write_rows(rows));
  DAIMON_CHECK(transaction.commit());
  // Only now: a failed transaction leaves the chain where it was.
  last_sequence_ = sequence;
  last_hash_ = std::move(hash);
  return written;
}

Status Journal::write_rows(std::span<const ProcessRow> rows) {
  DAIMON_TRY(auto upsert,
             database_.prepare("INSERT INTO processes VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (process) DO "
                               "UPDATE SET number = ?2, parent = ?3, ended = ?4, view = ?5"));
  for (const ProcessRow& row : rows) {
    upsert.bind(1, row.process).bind(2, number_of(row.process)).bind(3, row.parent).bind(4, std::int64_t{row.ended});
    upsert.bind(5, to_text(row.view));
    DAIMON_CHECK(upsert.run());
  }
  return {};
}

Status Journal::restore_rows(std::span<const std::string> processes) {
  DAIMON_TRY(auto transaction, sqlite::Transaction::begin(database_));
  DAIMON_CHECK(check_lease());
  DAIMON_TRY(auto records, database_.prepare(daimon::format(
                               "SELECT type, body FROM records WHERE process = ? AND type IN ('created', 'finished') "
                               "AND {} ORDER BY sequence",
                               kMarks)));
  DAIMON_TRY(auto remove, database_.prepare("DELETE FROM processes WHERE process = ?"));
  for (const std::string& process : processes) {
    std::string parent;
    bool created = false;
    std::optional<Json> view;
    records.bind(1, process);
    for (;;) {
      DAIMON_TRY(const bool row, records.step());
      if (!row) break;
      DAIMON_TRY(Json body, parse_json(records.text(1), kDepthMax));
      if (records.text(0) == "finished") {
        view = std::move(body);
      } else {
        created = true;
        parent = find_string(body, "parent").value_or("");
      }
    }
    records.reset();
    if (!created) {
      remove.bind(1, process);
      DAIMON_CHECK(remove.run());
    } else if (view) {
      const ProcessRow row{process, parent, true, std::move(*view)};
      DAIMON_CHECK(write_rows(std::span(&row, 1)));
    }
  }
  return transaction.commit();
}

Result<std::vector<std::string>> Journal::unfinished() {
  DAIMON_TRY(auto query,
             database_.prepare(daimon::format("SELECT process FROM records AS made WHERE type = 'created' AND {0} AND "
                                              "NOT EXISTS (SELECT 1 FROM records AS ended WHERE type = 'finished' AND "
                                              "{0} AND ended.process = made.process) ORDER BY sequence",
                                              kMarks)));
  std::vector<std::string> processes;
  for (;;) {
    DAIMON_TRY(const bool row, query.step());
    if (!row) return processes;
    // A record that was put in twice makes no second process.
    if (std::string process = query.text(0); !std::ranges::contains(processes, process))
      processes.push_back(std::move(process));
  }
}

Result<std::vector<Record>> Journal::marks(std::string_view type) {
  DAIMON_TRY(auto query,
             database_.prepare(daimon::format("SELECT sequence, time, process, type, input, body FROM records WHERE "
                                              "type = ? AND {} ORDER BY sequence",
                                              kMarks)));
  query.bind(1, type);
  std::vector<Record> records;
  for (;;) {
    DAIMON_TRY(const bool row, query.step());
    if (!row) return records;
    records.push_back(record_of(query));
  }
}

Result<std::vector<Record>> Journal::read(std::string_view process, std::int64_t after, std::int64_t limit) {
  DAIMON_TRY(auto query,
             database_.prepare(process.empty() ? "SELECT sequence, time, process, type, input, body FROM records WHERE "
                                                 "sequence > ?1 ORDER BY sequence LIMIT ?2"
                                               : "SELECT sequence, time, process, type, input, body FROM records WHERE "
                                                 "sequence > ?1 AND process = ?3 ORDER BY sequence LIMIT ?2"));
  query.bind(1, after).bind(2, limit);
  if (!process.empty()) query.bind(3, process);
  std::vector<Record> records;
  for (;;) {
    DAIMON_TRY(const bool row, query.step());
    if (!row) return records;
    records.push_back(record_of(query));
  }
}

Result<std::vector<ProcessRow>> Journal::rows(bool ended_too) {
  DAIMON_TRY(auto query,
             database_.prepare(ended_too ? "SELECT process, parent, ended, view FROM processes ORDER BY rowid"
                                         : "SELECT process, parent, ended, view FROM processes WHERE ended = 0 "
                                           "ORDER BY rowid"));
  std::vector<ProcessRow> rows;
  for (;;) {
    DAIMON_TRY(const bool row, query.step());
    if (!row) return rows;
    rows.push_back(row_of(query));
  }
}

Result<std::optional<ProcessRow>> Journal::row(std::string_view process) {
  DAIMON_TRY(auto query, database_.prepare("SELECT process, parent, ended, view FROM processes WHERE process = ?"));
  query.bind(1, process);
  DAIMON_TRY(const bool found, query.step());
  if (!found) return std::optional<ProcessRow>();
  return row_of(query);
}

Result<std::int64_t> Journal::next_process_number() {
  DAIMON_TRY(auto rows, database_.prepare("SELECT coalesce(max(number), 0) FROM processes"));
  DAIMON_CHECK(rows.step());
  std::int64_t highest = rows.integer(0);
  DAIMON_TRY(auto records,
             database_.prepare(daimon::format("SELECT process FROM records WHERE type = 'created' AND {}", kMarks)));
  for (;;) {
    DAIMON_TRY(const bool row, records.step());
    if (!row) return highest + 1;
    highest = std::max(highest, number_of(records.text(0)));
  }
}

Result<Journal::Verification> Journal::verify_file(const std::filesystem::path& file, const std::stop_token& stop) {
  sqlite::Database::Options options;
  options.read_only = true;
  DAIMON_TRY(auto database, sqlite::Database::open(file, options));
  return verify(database, stop);
}

Result<Journal::Verification> Journal::verify(sqlite::Database& database, const std::stop_token& stop) {
  constexpr std::int64_t kLookUpEvery = 256;
  // One moment's view of all tables, whoever writes meanwhile.
  DAIMON_CHECK(database.execute("BEGIN"));
  struct End {
    sqlite::Database& database;
    ~End() { static_cast<void>(database.execute("COMMIT")); }
  } const end{database};
  Verification report;
  const auto broken = [&](Verification::Fault fault, std::int64_t at) {
    report.fault = fault;
    report.broken_at = at;
    return report;
  };
  std::optional<std::int64_t> known;  // where the head says that the records end
  std::string known_hash;
  {
    DAIMON_TRY(auto table, database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'head'"));
    DAIMON_TRY(const bool is_there, table.step());
    if (is_there) {
      DAIMON_TRY(auto head, database.prepare("SELECT sequence, hash FROM head"));
      DAIMON_TRY(const bool row, head.step());
      if (row) {
        known = head.integer(0);
        known_hash = head.text(1);
      }
    }
  }
  std::string hash, hash_at_known;
  {
    DAIMON_TRY(
        auto query,
        database.prepare("SELECT sequence, time, process, type, input, body, hash FROM records ORDER BY sequence"));
    for (;;) {
      DAIMON_TRY(const bool row, query.step());
      if (!row) break;
      ++report.records;
      if (report.records % kLookUpEvery == 0 && stop.stop_requested())
        return fail(ErrorCode::kCancelled, "the verification of the journal was stopped");
      hash = chain(hash, query.integer(0), query.integer(1), query.text(2), query.text(3), query.integer(4) != 0,
                   query.text(5));
      if (query.integer(0) != report.records || hash != query.text(6))
        return broken(Verification::Fault::kChain, report.records);
      if (report.records == known) hash_at_known = hash;
    }
  }
  if (!known) return broken(Verification::Fault::kNoHead, report.records + 1);
  if (*known > report.records) return broken(Verification::Fault::kMissing, report.records + 1);
  if (known_hash != hash_at_known) return broken(Verification::Fault::kReplaced, *known);
  if (*known < report.records) return broken(Verification::Fault::kMore, *known + 1);
  // Which there are, whose they are, which have ended; and of these, how.
  DAIMON_TRY(
      auto rows,
      database.prepare(daimon::format(
          "SELECT process FROM (SELECT made.process, made.sequence FROM records AS made LEFT JOIN processes AS "
          "listed ON listed.process = made.process WHERE made.type = 'created' AND made.{0} AND (listed.process IS "
          "NULL OR listed.parent IS NOT coalesce(json_extract(made.body, '$.parent'), '') OR listed.ended <> EXISTS "
          "(SELECT 1 FROM records WHERE type = 'finished' AND {0} AND process = made.process) OR (listed.ended AND "
          "listed.view IS NOT (SELECT body FROM records WHERE type = 'finished' AND {0} AND process = made.process "
          "ORDER BY "
          "sequence DESC LIMIT 1))) UNION SELECT process, 0 FROM processes WHERE process NOT IN (SELECT process "
          "FROM records WHERE type = 'created' AND {0})) ORDER BY sequence",
          kMarks)));
  for (;;) {
    DAIMON_TRY(const bool row, rows.step());
    if (!row) return report;
    report.wrong_rows.push_back(rows.text(0));
  }
}

}  // namespace daimon::journal
