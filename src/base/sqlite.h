// SQLite, with errors as values. One Database belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace daimon::sqlite {

class Statement;

// An Error from what SQLite last said on `database`; a full disk, a locked or a damaged file get their remedy.
Error error_of(sqlite3* database, std::string_view what);

class Database {
 public:
  struct Options {
    bool durable = true;  // WAL with synchronous=FULL; false: NORMAL, for what can be rebuilt (an index)
    int busy_timeout_ms = 5000;
    bool read_only = false;
  };
  // ":memory:" for a private one in memory. Creates the file when missing.
  static Result<Database> open(const std::filesystem::path& path, const Options& options);
  static Result<Database> open(const std::filesystem::path& path) { return open(path, Options{}); }

  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  ~Database();

  // Runs one or more statements that return no rows.
  Status execute(std::string_view sql);
  Result<Statement> prepare(std::string_view sql);
  [[nodiscard]] std::int64_t last_row_id() const;
  [[nodiscard]] std::int64_t changes() const;
  [[nodiscard]] std::int64_t total_changes() const;  // since it was opened, those inside FTS5's tables too
  [[nodiscard]] sqlite3* handle() const { return handle_; }

 private:
  explicit Database(sqlite3* handle) : handle_(handle) {}
  sqlite3* handle_ = nullptr;
};

// A prepared statement: bind (1-based), then step until false; reset to use it again.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, double value);
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view bytes);
  Statement& bind_null(int index);

  // True when a row is ready. Reports a bind that failed, too.
  Result<bool> step();
  // Runs to the end, ignoring rows, and resets.
  Status run();
  void reset();

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double real(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::string blob(int column) const;
  [[nodiscard]] bool is_null(int column) const;

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}
  sqlite3_stmt* handle_ = nullptr;
  int bind_error_ = 0;
};

// Rolls back unless committed.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);  // BEGIN IMMEDIATE
  Transaction(Transaction&& other) noexcept;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(Transaction&&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  Status commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace daimon::sqlite
