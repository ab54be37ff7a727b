#include "base/sqlite.h"

#include <sqlite3.h>

#include <utility>

#include "base/format.h"

namespace daimon::sqlite {

namespace {

// The beginning of a statement, on one line.
std::string shown(std::string_view sql) {
  std::string line;
  for (const char c : sql) {
    const bool blank = c == ' ' || c == '\n';
    if (!blank) line += c;
    if (blank && !line.empty() && line.back() != ' ') line += ' ';
    if (line.size() >= 60) return line + "...";
  }
  return line;
}

}  // namespace

Error error_of(sqlite3* database, std::string_view what) {
  const int code = database != nullptr ? sqlite3_errcode(database) & 0xFF : SQLITE_NOMEM;
  Error error{ErrorCode::kIo,
              daimon::format("{}: {}", what, database != nullptr ? sqlite3_errmsg(database) : "out of memory"),
              {}};
  // Which file it is says where to look.
  const char* file = database != nullptr ? sqlite3_db_filename(database, "main") : nullptr;
  if (file != nullptr && *file != '\0' && !error.what.contains(file))
    error.what = daimon::format("{}: {}", file, error.what);
  switch (code) {
    case SQLITE_FULL:
      error.code = ErrorCode::kLimit;
      error.remedy = "free some disk space (df -h shows where), then try again; nothing was lost";
      break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      error.code = ErrorCode::kUnavailable;
      error.remedy = "another program holds the database; close it or try again";
      break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      error.code = ErrorCode::kCorrupt;
      error.remedy =
          "the file is damaged; stop Daimon, move it and those beside it (-wal, -shm) away, and put a copy from before "
          "in its place";
      break;
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      error.code = ErrorCode::kDenied;
      error.remedy = "check the permissions of the file, of those beside it (-wal, -shm) and of the folder";
      break;
    default:
      break;
  }
  return error;
}

Result<Database> Database::open(const std::filesystem::path& path, const Options& options) {
  sqlite3* handle = nullptr;
  const int flags = (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  Database database(handle);
  if (code != SQLITE_OK) return std::unexpected(error_of(handle, daimon::format("cannot open {}", path.string())));
  sqlite3_busy_timeout(handle, options.busy_timeout_ms);
  if (!options.read_only) {
    DAIMON_CHECK(database.execute(options.durable ? "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                                  : "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"));
    DAIMON_CHECK(database.execute("PRAGMA foreign_keys=ON;"));
  }
  return database;
}

Database::Database(Database&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
Database& Database::operator=(Database&& other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}
Database::~Database() { sqlite3_close_v2(handle_); }

Status Database::execute(std::string_view sql) {
  char* message = nullptr;
  if (sqlite3_exec(handle_, std::string(sql).c_str(), nullptr, nullptr, &message) != SQLITE_OK) {
    sqlite3_free(message);
    return std::unexpected(error_of(handle_, daimon::format("SQL failed ({})", shown(sql))));
  }
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement,
                         nullptr) != SQLITE_OK)
    return std::unexpected(error_of(handle_, daimon::format("SQL failed ({})", shown(sql))));
  return Statement(statement);
}

std::int64_t Database::last_row_id() const { return sqlite3_last_insert_rowid(handle_); }
std::int64_t Database::changes() const { return sqlite3_changes64(handle_); }
std::int64_t Database::total_changes() const { return sqlite3_total_changes64(handle_); }

Statement::Statement(Statement&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), bind_error_(other.bind_error_) {}
Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(bind_error_, other.bind_error_);
  return *this;
}
Statement::~Statement() { sqlite3_finalize(handle_); }

Statement& Statement::bind(int index, std::int64_t value) {
  if (const int code = sqlite3_bind_int64(handle_, index, value); code != SQLITE_OK) bind_error_ = code;
  return *this;
}
Statement& Statement::bind(int index, double value) {
  if (const int code = sqlite3_bind_double(handle_, index, value); code != SQLITE_OK) bind_error_ = code;
  return *this;
}
Statement& Statement::bind(int index, std::string_view text) {
  const char* data = text.data() != nullptr ? text.data() : "";
  if (const int code = sqlite3_bind_text64(handle_, index, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
      code != SQLITE_OK)
    bind_error_ = code;
  return *this;
}
Statement& Statement::bind_blob(int index, std::string_view bytes) {
  const char* data = bytes.data() != nullptr ? bytes.data() : "";
  if (const int code = sqlite3_bind_blob64(handle_, index, data, bytes.size(), SQLITE_TRANSIENT); code != SQLITE_OK)
    bind_error_ = code;
  return *this;
}
Statement& Statement::bind_null(int index) {
  if (const int code = sqlite3_bind_null(handle_, index); code != SQLITE_OK) bind_error_ = code;
  return *this;
}

Result<bool> Statement::step() {
  sqlite3* database = sqlite3_db_handle(handle_);
  if (bind_error_ != 0)
    return fail(ErrorCode::kInternal, daimon::format("cannot bind a value: {}", sqlite3_errstr(bind_error_)));
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  Error error = error_of(database, daimon::format("SQL failed ({})", shown(sqlite3_sql(handle_))));
  sqlite3_reset(handle_);
  return std::unexpected(std::move(error));
}

Status Statement::run() {
  for (;;) {
    DAIMON_TRY(const bool row, step());
    if (!row) break;
  }
  reset();
  return {};
}

void Statement::reset() {
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
  bind_error_ = 0;
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }
double Statement::real(int column) const { return sqlite3_column_double(handle_, column); }
std::string Statement::text(int column) const {
  const auto* data = sqlite3_column_text(handle_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
  return data != nullptr ? std::string(reinterpret_cast<const char*>(data), size) : std::string();
}
std::string Statement::blob(int column) const {
  const void* data = sqlite3_column_blob(handle_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
  return data != nullptr ? std::string(static_cast<const char*>(data), size) : std::string();
}
bool Statement::is_null(int column) const { return sqlite3_column_type(handle_, column) == SQLITE_NULL; }

Result<Transaction> Transaction::begin(Database& database) {
  DAIMON_CHECK(database.execute("BEGIN IMMEDIATE"));
  return Transaction(database);
}
Transaction::Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
Transaction::~Transaction() {
  if (database_ != nullptr) static_cast<void>(database_->execute("ROLLBACK"));
}
Status Transaction::commit() {
  DAIMON_CHECK(database_->execute("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace daimon::sqlite
