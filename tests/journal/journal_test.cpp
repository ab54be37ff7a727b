#include "journal/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <tuple>

#include "base/format.h"

namespace daimon::journal {
namespace {

class JournalTest : public testing::Test {
 protected:
  JournalTest() {
    std::string pattern = testing::TempDir() + "journalXXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~JournalTest() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] Journal open() const { return std::move(Journal::open(folder_ / "journal.db").value()); }
  static NewRecord record(std::string process, std::string type, std::int64_t n) {
    return {std::move(process), std::move(type), true, JsonObject{{"n", n}}};
  }

  std::filesystem::path folder_;
  WallTime now_ = wall_time_from(1'700'000'000'000);
};

TEST_F(JournalTest, records_come_back_in_order_after_reopening) {
  {
    Journal journal = open();
    const std::vector<NewRecord> first = {record("p1", "created", 1), record("p2", "created", 2)};
    ASSERT_TRUE(journal.append(now_, first, {}));
    const std::vector<NewRecord> second = {record("p1", "replied", 3)};
    ASSERT_TRUE(journal.append(now_, second, {}));
  }
  Journal journal = open();
  const auto all = journal.read("", 0, 100).value();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[2].sequence, 3);
  EXPECT_EQ(all[2].type, "replied");
  EXPECT_EQ(find_integer(all[2].body, "n"), 3);
  EXPECT_EQ(journal.read("p1", 0, 100).value().size(), 2U);
  EXPECT_EQ(journal.read("p1", 1, 100).value().size(), 1U);
  EXPECT_EQ(journal.verify().value().records, 3);
  EXPECT_FALSE(journal.verify().value().broken_at);
}

TEST_F(JournalTest, verify_finds_a_record_that_was_changed_dropped_or_moved) {
  for (const std::string_view damage :
       {"UPDATE records SET body = '{\"n\":9}' WHERE sequence = 2", "DELETE FROM records WHERE sequence = 2",
        "UPDATE records SET process = 'p9' WHERE sequence = 2", "UPDATE records SET time = time + 1 WHERE sequence = 2",
        "UPDATE records SET sequence = 9 WHERE sequence = 2"}) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
    Journal journal = open();
    const std::vector<NewRecord> records = {record("p1", "a", 1), record("p1", "b", 2), record("p1", "c", 3)};
    ASSERT_TRUE(journal.append(now_, records, {}));
    auto other = sqlite::Database::open(folder_ / "journal.db");
    ASSERT_TRUE(other->execute(damage));
    EXPECT_EQ(journal.verify().value().broken_at, 2) << damage;
  }
}

TEST_F(JournalTest, verify_finds_that_the_last_records_are_missing_or_one_is_added) {
  for (const std::string_view damage :
       {"DELETE FROM records WHERE sequence = 3", "DELETE FROM records", "DELETE FROM head",
        "UPDATE head SET sequence = 2, hash = (SELECT hash FROM records WHERE sequence = 2)"}) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
    const std::vector<NewRecord> records = {record("p1", "a", 1), record("p1", "b", 2), record("p1", "c", 3)};
    ASSERT_TRUE(open().append(now_, records, {}));
    auto other = sqlite::Database::open(folder_ / "journal.db");
    ASSERT_TRUE(other->execute(damage));
    const auto found = Journal::verify_file(folder_ / "journal.db", {});
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_TRUE(found->broken_at) << damage;
  }
}

TEST_F(JournalTest, a_journal_from_before_there_was_a_head_gets_one) {
  const std::vector<NewRecord> records = {record("p1", "a", 1), record("p1", "b", 2)};
  ASSERT_TRUE(open().append(now_, records, {}));
  ASSERT_TRUE(sqlite::Database::open(folder_ / "journal.db")
                  ->execute("DROP TABLE head; DROP TRIGGER head_follows; PRAGMA user_version = 0"));
  Journal journal = open();
  EXPECT_FALSE(journal.verify()->broken_at);
  ASSERT_TRUE(journal.append(now_, records, {}));
  EXPECT_FALSE(journal.verify()->broken_at);
}

// What a build that knows of no head writes.
void append_as_before(sqlite::Database& database, int more) {
  auto last = database.prepare("SELECT sequence, hash FROM records ORDER BY sequence DESC LIMIT 1");
  ASSERT_TRUE(last->step().value());
  std::int64_t sequence = last->integer(0);
  std::string hash = last->text(1);
  last->reset();
  auto insert = database.prepare("INSERT INTO records VALUES (?, 1, 5, 'p1', 'a', 1, '{}', ?)");
  ASSERT_TRUE(insert);
  for (int i = 0; i < more; ++i) {
    ++sequence;
    hash = to_hex(sha256(daimon::format("{}\n1 {} 5 p1 a 1\n{{}}", hash, sequence)));
    ASSERT_TRUE(insert->bind(1, sequence).bind(2, hash).run());
  }
}

TEST_F(JournalTest, the_head_follows_what_an_older_build_writes) {
  const std::vector<NewRecord> records = {record("p1", "a", 1), record("p1", "b", 2)};
  ASSERT_TRUE(open().append(now_, records, {}));
  auto older = sqlite::Database::open(folder_ / "journal.db");
  append_as_before(*older, 3);
  EXPECT_FALSE(Journal::verify_file(folder_ / "journal.db", {})->broken_at);
  Journal journal = open();
  ASSERT_TRUE(journal.append(now_, records, {}));
  EXPECT_EQ(journal.verify()->records, 7);
  EXPECT_FALSE(journal.verify()->broken_at);
}

TEST_F(JournalTest, a_head_that_an_older_build_left_behind_is_brought_up_once) {
  const std::vector<NewRecord> records = {record("p1", "a", 1), record("p1", "b", 2)};
  ASSERT_TRUE(open().append(now_, records, {}));
  auto older = sqlite::Database::open(folder_ / "journal.db");
  ASSERT_TRUE(older->execute("DROP TRIGGER head_follows; PRAGMA user_version = 0"));
  append_as_before(*older, 3);
  const auto found = Journal::verify_file(folder_ / "journal.db", {});
  EXPECT_EQ(found->broken_at, 3);
  EXPECT_EQ(found->fault, Journal::Verification::Fault::kMore);
  EXPECT_FALSE(open().verify()->broken_at);
  ASSERT_TRUE(older->execute("DROP TRIGGER head_follows"));
  append_as_before(*older, 1);
  EXPECT_EQ(open().verify()->fault, Journal::Verification::Fault::kMore) << "but not twice";
  EXPECT_TRUE(open().verify()->broken_at);
}

TEST_F(JournalTest, what_was_cut_off_stays_missed_whatever_is_written_after) {
  using Fault = Journal::Verification::Fault;
  for (const auto& [damage, fault, later] : std::vector<std::tuple<std::string_view, Fault, Fault>>{
           {"DELETE FROM records WHERE sequence > 1", Fault::kMissing, Fault::kReplaced},
           {"DELETE FROM records WHERE sequence > 1; DELETE FROM head", Fault::kNoHead, Fault::kNoHead},
           {"DELETE FROM records WHERE sequence > 1; DROP TABLE head", Fault::kNoHead, Fault::kNoHead},
           {"DELETE FROM records; DELETE FROM head", Fault::kNoHead, Fault::kNoHead}}) {
    SCOPED_TRACE(damage);
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
    const std::vector<NewRecord> records = {record("p1", "a", 1), record("p1", "b", 2), record("p1", "c", 3)};
    ASSERT_TRUE(open().append(now_, records, {}));
    ASSERT_TRUE(sqlite::Database::open(folder_ / "journal.db")->execute(damage));
    const auto at_once = Journal::verify_file(folder_ / "journal.db", {});
    ASSERT_TRUE(at_once) << at_once.error().what;
    EXPECT_TRUE(at_once->broken_at);
    EXPECT_EQ(at_once->fault, fault);
    for (int i = 0; i < 2; ++i) {
      Journal journal = open();
      ASSERT_TRUE(journal.append(now_, records, {}));
      EXPECT_TRUE(journal.verify()->broken_at);
      EXPECT_EQ(journal.verify()->fault, later);
    }
  }
}

TEST_F(JournalTest, a_damaged_record_or_row_keeps_nobody_from_the_others) {
  Journal journal = open();
  const std::vector<NewRecord> records = {record("p1", "created", 1), record("p2", "created", 2)};
  const std::vector<ProcessRow> rows = {{"p1", "", false, JsonObject{{"goal", "x"}}},
                                        {"p2", "", false, JsonObject{{"goal", "y"}}}};
  ASSERT_TRUE(journal.append(now_, records, rows));
  for (const std::string_view damage : {"{", "[]", "", "5"}) {
    ASSERT_TRUE(sqlite::Database::open(folder_ / "journal.db")
                    ->execute(daimon::format("UPDATE records SET body = '{0}' WHERE process = 'p1'; UPDATE processes "
                                             "SET view = '{0}' WHERE process = 'p1'",
                                             damage)));
    for (const auto& read : {journal.read("", 0, 100), journal.marks("created")}) {
      ASSERT_TRUE(read);
      ASSERT_EQ(read->size(), 2U);
      EXPECT_TRUE(read->at(0).damaged);
      EXPECT_TRUE(read->at(0).body.is_object());
      EXPECT_FALSE(read->at(1).damaged);
    }
    EXPECT_EQ(journal.rows(true).value().size(), 2U);
    EXPECT_TRUE(journal.row("p1").value()->damaged);
    EXPECT_TRUE(journal.row("p1").value()->view.is_object());
    EXPECT_FALSE(journal.row("p2").value()->damaged);
  }
}

TEST_F(JournalTest, verify_finds_a_row_that_says_something_else_than_the_records) {
  const Json created = JsonObject{{"goal", "x"}, {"parent", "p0"}};
  const Json view = JsonObject{{"goal", "x"}, {"state", "done"}};
  const std::vector<NewRecord> records = {
      {"p1", "created", true, created}, {"p1", "finished", false, view}, {"p2", "created", true, created}};
  const std::vector<ProcessRow> rows = {{"p1", "p0", true, view}, {"p2", "p0", false, created}};
  for (const auto& [damage, wrong] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"SELECT 1", {}},
           {"UPDATE processes SET ended = 0 WHERE process = 'p1'", {"p1"}},
           {"UPDATE processes SET ended = 1", {"p2"}},
           {"UPDATE processes SET view = '{}' WHERE process = 'p1'", {"p1"}},
           {"UPDATE processes SET parent = ''", {"p1", "p2"}},
           {"INSERT INTO processes VALUES ('p3', 3, '', 1, '{}')", {"p3"}},
           {"DELETE FROM processes", {"p1", "p2"}}}) {
    SCOPED_TRACE(damage);
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
    Journal journal = open();
    ASSERT_TRUE(journal.append(now_, records, rows));
    auto other = sqlite::Database::open(folder_ / "journal.db");
    static_cast<void>(other->execute(damage));
    const auto found = Journal::verify_file(folder_ / "journal.db", {});
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_FALSE(found->broken_at);
    EXPECT_EQ(found->wrong_rows, wrong);
    EXPECT_EQ(journal.unfinished().value(), std::vector<std::string>{"p2"}) << "whatever the rows say";
    EXPECT_EQ(journal.next_process_number().value(), wrong == std::vector<std::string>{"p3"} ? 4 : 3);
    ASSERT_TRUE(journal.restore_rows(found->wrong_rows));
    EXPECT_EQ(to_text(journal.row("p1").value()->view), to_text(view));
    EXPECT_FALSE(journal.row("p3").value());
  }
}

TEST_F(JournalTest, an_older_holder_of_the_lease_is_fenced) {
  Journal stale = open();
  Journal fresh = open();
  const std::vector<NewRecord> records = {record("p1", "a", 1)};
  const auto refused = stale.append(now_, records, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(fresh.append(now_, records, {}));
  EXPECT_EQ(fresh.verify().value().records, 1);
}

TEST_F(JournalTest, rows_change_together_with_the_records) {
  Journal journal = open();
  const std::vector<NewRecord> records = {record("p7", "created", 1)};
  const std::vector<ProcessRow> rows = {{"p7", "", false, JsonObject{{"goal", "x"}}}};
  ASSERT_TRUE(journal.append(now_, records, rows));
  EXPECT_EQ(journal.next_process_number().value(), 8);
  EXPECT_EQ(journal.rows(false).value().size(), 1U);
  const std::vector<ProcessRow> ended = {{"p7", "", true, JsonObject{{"goal", "x"}}}};
  ASSERT_TRUE(journal.append(now_, records, ended));
  EXPECT_TRUE(journal.rows(false).value().empty());
  EXPECT_TRUE(journal.row("p7").value()->ended);
}

TEST_F(JournalTest, a_failed_append_leaves_the_chain_where_it_was) {
  Journal journal = open();
  const std::vector<NewRecord> one = {record("p1", "a", 1)};
  ASSERT_TRUE(journal.append(now_, one, {}));
  {
    auto other = sqlite::Database::open(folder_ / "journal.db", {.busy_timeout_ms = 0});
    ASSERT_TRUE(
        other->execute("CREATE TRIGGER no BEFORE INSERT ON records WHEN new.type = 'bad' BEGIN SELECT "
                       "RAISE(ABORT, 'disk'); END"));
  }
  const std::vector<NewRecord> two = {record("p1", "good", 2), record("p1", "bad", 3)};
  EXPECT_FALSE(journal.append(now_, two, {}));
  ASSERT_TRUE(journal.append(now_, one, {}));
  EXPECT_EQ(journal.verify().value().records, 2);
  EXPECT_FALSE(journal.verify().value().broken_at);
}

TEST_F(JournalTest, what_append_returned_survives_kill_9) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto journal = Journal::open(folder_ / "journal.db");
    for (std::int64_t n = 1;; ++n) {
      const std::vector<NewRecord> records = {record("p1", "a", n), record("p1", "b", n)};
      if (!journal || !journal->append(now_, records, {})) ::_exit(1);
      if (::write(pipe_ends[1], &n, sizeof n) != sizeof n) ::_exit(1);
    }
  }
  std::int64_t confirmed = 0;
  while (confirmed < 40) ASSERT_EQ(::read(pipe_ends[0], &confirmed, sizeof confirmed), ssize_t{sizeof confirmed});
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(pipe_ends[1]);
  while (::read(pipe_ends[0], &confirmed, sizeof confirmed) == ssize_t{sizeof confirmed}) {
  }
  ::close(pipe_ends[0]);
  Journal journal = open();
  const auto verification = journal.verify().value();
  EXPECT_GE(verification.records, 2 * confirmed);
  EXPECT_EQ(verification.records % 2, 0) << "a transaction was torn";
  EXPECT_FALSE(verification.broken_at);
}

TEST_F(JournalTest, a_damaged_file_is_reported_with_what_to_do) {
  {
    std::ofstream(folder_ / "journal.db") << std::string(8192, 'x');
  }
  const auto opened = Journal::open(folder_ / "journal.db");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(opened.error().remedy, testing::HasSubstr("journal.db-wal")) << "it would destroy the copy";
}

}  // namespace
}  // namespace daimon::journal
