#include "journal/journal.h"

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
)sql";

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

Result<Record> record_of(const sqlite::Statement& query) {
  auto body = parse_json(query.text(5), kDepthMax);
  if (!body)
    return fail(ErrorCode::kCorrupt, daimon::format("record {} of the journal is damaged", query.integer(0)),
                "run `daimon doctor`; restore the journal from a copy");
  return Record{query.integer(0), wall_time_from(query.integer(1)), query.text(2), query.text(3), query.integer(4) != 0,
                std::move(*body)};
}

}  // namespace

Result<Journal> Journal::open(const std::filesystem::path& file) {
  DAIMON_TRY(auto database, sqlite::Database::open(file));
  DAIMON_CHECK(database.execute(kSchema));
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
  Journal journal(std::move(database), epoch);
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
  DAIMON_TRY(auto upsert,
             database_.prepare("INSERT INTO processes VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (process) DO "
                               "UPDATE SET ended = ?4, view = ?5"));
  for (const ProcessRow& row : rows) {
    upsert.bind(1, row.process).bind(2, number_of(row.process)).bind(3, row.parent).bind(4, std::int64_t{row.ended});
    upsert.bind(5, to_text(row.view));
    DAIMON_CHECK(upsert.run());
  }
  DAIMON_CHECK(transaction.commit());
  // Only now: a failed transaction leaves the chain where it was.
  last_sequence_ = sequence;
  last_hash_ = std::move(hash);
  return written;
}

Result<std::vector<Record>> Journal::marks(std::string_view type) {
  // The index serves a query that repeats its condition.
  DAIMON_TRY(auto query,
             database_.prepare("SELECT sequence, time, process, type, input, body FROM records WHERE type = ? AND "
                               "type IN ('created', 'finished', 'undoing', 'undone') ORDER BY sequence"));
  query.bind(1, type);
  std::vector<Record> records;
  for (;;) {
    DAIMON_TRY(const bool row, query.step());
    if (!row) return records;
    DAIMON_TRY(Record record, record_of(query));
    records.push_back(std::move(record));
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
    DAIMON_TRY(Record record, record_of(query));
    records.push_back(std::move(record));
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
    DAIMON_TRY(auto view, parse_json(query.text(3), kDepthMax));
    rows.push_back({query.text(0), query.text(1), query.integer(2) != 0, std::move(view)});
  }
}

Result<std::optional<ProcessRow>> Journal::row(std::string_view process) {
  DAIMON_TRY(auto query, database_.prepare("SELECT process, parent, ended, view FROM processes WHERE process = ?"));
  query.bind(1, process);
  DAIMON_TRY(const bool found, query.step());
  if (!found) return std::optional<ProcessRow>();
  DAIMON_TRY(auto view, parse_json(query.text(3), kDepthMax));
  return ProcessRow{query.text(0), query.text(1), query.integer(2) != 0, std::move(view)};
}

Result<std::int64_t> Journal::next_process_number() {
  DAIMON_TRY(auto query, database_.prepare("SELECT coalesce(max(number), 0) + 1 FROM processes"));
  DAIMON_CHECK(query.step());
  return query.integer(0);
}

Result<Journal::Verification> Journal::verify() {
  DAIMON_TRY(auto query, database_.prepare(
                             "SELECT sequence, time, process, type, input, body, hash FROM records ORDER BY sequence"));
  Verification report;
  std::string hash;
  for (;;) {
    DAIMON_TRY(const bool row, query.step());
    if (!row) return report;
    ++report.records;
    hash = chain(hash, query.integer(0), query.integer(1), query.text(2), query.text(3), query.integer(4) != 0,
                 query.text(5));
    if (query.integer(0) != report.records || hash != query.text(6)) {
      report.broken_at = report.records;
      return report;
    }
  }
}

}  // namespace daimon::journal
