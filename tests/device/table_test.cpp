#include "device/csv.h"
#include "device/table_device.h"
#include "device_world.h"

namespace daimon::device {
namespace {

using ::testing::HasSubstr;

struct Table : ::testing::Test {
  std::string run(std::string_view operation, std::string_view column, std::string_view where_column = {},
                  std::string_view where_value = {}) {
    JsonObject arguments{{"path", path}, {"operation", operation}, {"column", column}};
    if (!where_column.empty()) arguments["where_column"] = where_column, arguments["where_value"] = where_value;
    return text_or_error(world.run(*device, "table", arguments));
  }
  void SetUp() override {
    world.put(path,
              "date,payee,category,amount\r\n"
              "2026-03-01,Grocer,food,84.20\r\n"
              "2026-03-15,\"Hale, Ms\",rent,\"1,000.00\"\r\n"
              "2026-04-02,Grocer,Food,91.1\r\n"
              "2026-04-09,Railway,travel,\r\n"
              "2026-04-10,\"A \"\"quoted\"\"\nname\",food,(15.30)\r\n");
  }
  DeviceWorld world;
  std::string path = "accounts/2026.csv";
  std::unique_ptr<Device> device = make_table_device();
};

TEST_F(Table, GivesTheTextsOfTheFormat) {
  EXPECT_EQ(run("sum", "amount"), "sum of amount in accounts/2026.csv = 1160.00 (5 rows, 1 empty)");
  EXPECT_EQ(run("sum", "Amount", "category", "food"),
            "sum of amount in accounts/2026.csv where category is food = 160.00 (3 rows)");
  EXPECT_EQ(run("distinct", "category"), "distinct of category in accounts/2026.csv = food; rent; travel (3 values)");
  EXPECT_EQ(run("max", "cost"), "error: no column 'cost'; columns are date, payee, category, amount");
  EXPECT_EQ(run("count", "payee", "date", "2026-03"),
            "count of payee in accounts/2026.csv where date is 2026-03 = 2 (2 rows)");
  EXPECT_EQ(run("max", "amount"), "max of amount in accounts/2026.csv = 1000.00 (5 rows, 1 empty)");
  EXPECT_EQ(run("min", "amount"), "min of amount in accounts/2026.csv = -15.30 (5 rows, 1 empty)");
  EXPECT_EQ(run("max", "date"), "max of date in accounts/2026.csv = 2026-04-10 (5 rows)");
  EXPECT_EQ(run("average", "amount", "category", "FOOD"),
            "average of amount in accounts/2026.csv where category is FOOD = \xE2\x89\x88"
            "53.3333333333 (3 rows)");
  EXPECT_EQ(run("list", "payee", "category", "food"),
            "list of payee in accounts/2026.csv where category is food = Grocer; Grocer; A \"quoted\"\\nname (3 rows)");
}

TEST_F(Table, NothingSelectedIsSaid) {
  EXPECT_EQ(run("sum", "amount", "category", "gifts"),
            "sum of amount in accounts/2026.csv where category is gifts = 0 (0 rows)");
  EXPECT_EQ(run("max", "amount", "category", "gifts"), "error: there is no value: no such row");
  EXPECT_EQ(run("sum", "payee"), "error: 'Grocer' in line 2 of column 'payee' is not a number");
  EXPECT_THAT(text_or_error(world.run(
                  *device, "table",
                  JsonObject{{"path", path}, {"operation", "sum"}, {"column", "amount"}, {"where_column", "date"}})),
              HasSubstr("go together"));
}

TEST_F(Table, ReadsWhatProgramsWrite) {
  world.put(path, "\xEF\xBB\xBFName;Betrag\nA;1.234,50\nB;\xE2\x82\xAC 0,50\nC;-10\n\nD;12,00-\n");
  EXPECT_EQ(run("sum", "betrag"), "sum of Betrag in accounts/2026.csv = 1213.00 (4 rows)");
  world.put(path,
            "a\tb\n1\t$2\n3\t\xC2\xA3"
            "4.125\n5\tn/a\n");
  EXPECT_EQ(run("sum", "b"), "sum of b in accounts/2026.csv = 6.125 (3 rows, 1 empty)");
  world.put(path, "a\n9223372036854775807\n1\n0.0000000000001\n");
  EXPECT_EQ(run("sum", "a"), "sum of a in accounts/2026.csv = 9223372036854775808.0000000000001 (3 rows)");
  world.put(path, "a,b\n1\n2,3,4\n");
  EXPECT_EQ(run("sum", "b"), "sum of b in accounts/2026.csv = 3 (2 rows, 1 empty)");
}

TEST_F(Table, BadTablesAreSaidToBe) {
  world.put(path, "");
  EXPECT_EQ(run("sum", "a"), "error: the table is empty");
  world.put(path, "a,b\n1,\"open\n2,3\n");
  EXPECT_EQ(run("sum", "a"), "error: the quotation that begins in line 2 does not end");
  world.put(path, std::string_view("a\0b\n", 4));
  EXPECT_THAT(run("sum", "a"), HasSubstr("is not text"));
  world.put(path, "caf\xE9,b\n1,2\n");
  EXPECT_EQ(run("sum", "x"), "error: no column 'x'; columns are café, b");
  world.put(path, "a\n" + std::string(3 << 20, 'x') + "\n");
  EXPECT_THAT(run("count", "a"), HasSubstr("too large"));
}

TEST_F(Table, ALargeFileIsReadInPieces) {
  {
    std::ofstream file(world.folder / "home" / path, std::ios::binary);
    file << "id,amount\n";
    for (int i = 0; i < 2'000'000; ++i) file << i << ",0.01\n";
  }
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(run("sum", "amount"), "sum of amount in accounts/2026.csv = 20000.00 (2000000 rows)");
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const double mebibytes = static_cast<double>(std::filesystem::file_size(world.folder / "home" / path)) / (1 << 20);
  std::printf("%.0f MiB/s\n", mebibytes / seconds);
  world.stop.request_stop();
  EXPECT_THAT(run("sum", "amount"), HasSubstr("was stopped"));
}

TEST(Csv, HowItIsCutIntoPiecesDoesNotMatter) {
  const std::string text = "\xEF\xBB\xBF\"a\",\"b\r\n\"\"c\"\"\",d\r\n\r\n,\n\"\",x\"y,z";
  for (std::size_t piece = 1; piece < 9; ++piece) {
    std::size_t at = 0;
    CsvReader reader([&](char* buffer, std::size_t size) -> Result<std::size_t> {
      const std::size_t count = std::min({piece, size, text.size() - at});
      std::copy_n(text.data() + at, count, buffer);
      at += count;
      return count;
    });
    std::vector<std::vector<std::string>> rows;
    for (std::vector<std::string> row; reader.next(row).value();) rows.push_back(row);
    EXPECT_EQ(rows, (std::vector<std::vector<std::string>>{{"a", "b\r\n\"c\"", "d"}, {"", ""}, {"", "x\"y", "z"}}))
        << piece;
  }
}

}  // namespace
}  // namespace daimon::device
