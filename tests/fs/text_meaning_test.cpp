// Search by what passages mean as a whole, with a network of which a test says what it makes of each text.
#include <atomic>
#include <map>

#include "base/format.h"
#include "base/sqlite.h"
#include "embedding/tiny_embedding.h"
#include "fs/index.h"
#include "fs_world.h"

namespace daimon::fs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A text means what the first word by alphabet means of those in it that are known.
class KnownWords final : public embedding::TextMeaning {
 public:
  KnownWords(std::string id, std::map<std::string, std::vector<std::int8_t>> words)
      : id_(std::move(id)), words_(std::move(words)) {}
  [[nodiscard]] const std::string& id() const override { return id_; }
  [[nodiscard]] std::size_t width() const override { return 3; }
  [[nodiscard]] std::size_t bytes_max() const override { return 40; }
  [[nodiscard]] std::vector<std::int8_t> of_question(std::string_view question) const override {
    for (const auto& [word, vector] : words_)
      if (question.contains(word)) return vector;
    return {0, 0, 0};
  }
  [[nodiscard]] std::vector<std::int8_t> of_passage(std::string_view /*path*/, std::string_view text) const override {
    while (!may_read) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ++read;
    return of_question(text);
  }
  mutable std::atomic<int> read = 0;
  std::atomic<bool> may_read = true;  // until then whoever reads waits

 private:
  std::string id_;
  std::map<std::string, std::vector<std::int8_t>> words_;
};

std::shared_ptr<KnownWords> vehicles(const std::string& id = "vehicles") {
  return std::make_shared<KnownWords>(
      id, std::map<std::string, std::vector<std::int8_t>>{
              {"car", {100, 0, 0}}, {"lorry", {100, 10, 0}}, {"rose", {0, 0, 100}}, {"tulip", {0, 10, 100}}});
}

Document document_of(std::string text) {
  Document document;
  document.type = "text";
  document.text = std::move(text);
  return document;
}

struct TextMeaning : ::testing::Test {
  TextMeaning() {
    world.put("garage.md", "The lorry is at Smith's.\n");
    world.put("garden.md", "The tulip is pruned.\n");
  }
  std::vector<std::string> paths(std::string_view query) {
    std::vector<std::string> found;
    for (const Passage& passage : world.search(query)) found.push_back(passage.path);
    return found;
  }
  std::int64_t rows(const std::string& table) {
    const auto number = [&]() -> Result<std::int64_t> {
      DAIMON_TRY(auto database, sqlite::Database::open(world.folder / "index.db", {.read_only = true}));
      DAIMON_TRY(auto count, database.prepare("SELECT count(*) FROM " + table));
      DAIMON_TRY(const bool row, count.step());
      return row ? count.integer(0) : -1;
    };
    const auto counted = number();
    EXPECT_TRUE(counted) << counted.error().what;
    return counted.value_or(-1);
  }
  FsWorld world;
};

TEST_F(TextMeaning, FindsWhatSharesNoWordWithTheQuestionTheNearestFirst) {
  world.meaning = vehicles();
  world.mount();
  EXPECT_THAT(paths("my car"), ElementsAre("garage.md"));
  EXPECT_THAT(paths("one rose"), ElementsAre("garden.md"));
  EXPECT_THAT(paths("nothing known"), IsEmpty());
}

TEST_F(TextMeaning, AWordCountsBesideTheMeaning) {
  world.put("list.txt", "Smith, and a tulip\n");
  world.meaning = vehicles();
  world.mount();
  EXPECT_THAT(paths("the car at Smith's"), ElementsAre("garage.md", "list.txt"))
      << "both, a word alone; not what has neither";
  EXPECT_THAT(paths("one rose of Smith's").front(), "list.txt");
}

TEST_F(TextMeaning, WhatIsNotReadYetIsFoundByItsWordsAndByTheEmbedding) {
  const auto network = vehicles();
  world.meaning = network;
  world.embedding = std::make_shared<const embedding::StaticEmbedding>(
      embedding::test::embedding_of({{"moved", {100, 0, 0}}, {"gone", {100, 5, 0}}, {"car", {0, 0, 100}}}));
  world.mount();
  network->may_read = false;
  {
    auto index = Index::open(world.folder / "index.db", world.embedding, "vehicles");
    ASSERT_TRUE(index);
    ASSERT_TRUE(index->put("home", "new.txt", {}, document_of("Jones has moved\n"), ""));
    EXPECT_EQ(index->count_without_meaning("home"), 1);
    EXPECT_FALSE(index->knows_all_meanings());
  }
  world.open();
  EXPECT_EQ(paths("where is Jones?").front(), "new.txt");
  EXPECT_EQ(paths("who is gone?").front(), "new.txt");
  EXPECT_EQ((*world.files->mounts())[0].unread, 1);
  network->may_read = true;
  ASSERT_TRUE(world.files->understand());
  EXPECT_EQ((*world.files->mounts())[0].unread, 0);
}

TEST_F(TextMeaning, WhatSaysNothingThatIsKnownIsNearNothing) {
  world.meaning =
      std::make_shared<KnownWords>("all", std::map<std::string, std::vector<std::int8_t>>{{"", {0, 0, 100}}});
  world.embedding = std::make_shared<const embedding::StaticEmbedding>(
      embedding::test::embedding_of({{"tulip", {0, 100}}, {"car", {100, 0}}}));
  world.mount();
  EXPECT_THAT(paths("?!"), IsEmpty());
  EXPECT_THAT(paths("xyzzy"), IsEmpty());
  EXPECT_THAT(paths("car"), testing::SizeIs(2));
}

TEST_F(TextMeaning, WhatCannotBeStoredIsNotTriedForEver) {
  const auto network = vehicles();
  world.meaning = network;
  network->may_read = false;
  world.open();
  std::jthread mounting([&] { world.mount(); });
  // What refuses each row stands for a full disk.
  ASSERT_TRUE(comes_true([&] { return rows("chunks") == 2; }));
  {
    auto database = sqlite::Database::open(world.folder / "index.db", {.durable = false});
    ASSERT_TRUE(database);
    ASSERT_TRUE(
        database->execute("CREATE TRIGGER full BEFORE INSERT ON meanings BEGIN SELECT RAISE(FAIL, 'full'); END"));
  }
  network->may_read = true;
  mounting.join();
  EXPECT_FALSE(world.files->understand());
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_LE(network->read, 8)
      << "once for each who asks: the mount, this test and the background, which is woken twice";
  EXPECT_EQ(paths("Smith").front(), "garage.md");
}

TEST_F(TextMeaning, OfAFileThatChangedMeanwhileIsNotKept) {
  world.mount();
  auto index = Index::open(world.folder / "index.db", nullptr, "vehicles");
  ASSERT_TRUE(index);
  const auto unread = index->without_meaning("", 8);
  ASSERT_TRUE(unread);
  ASSERT_EQ(unread->size(), 2U);
  const Passage& garage = (*unread)[0].path == "garage.md" ? (*unread)[0] : (*unread)[1];
  ASSERT_TRUE(index->put("home", "garage.md", {}, document_of("Nothing is left of it.\n"), ""));
  const std::vector<std::int8_t> meaning = {100, 0, 0};
  EXPECT_EQ(index->put_meaning(garage, meaning, 3), false);
  EXPECT_EQ(rows("meanings"), 0);
  EXPECT_EQ(index->count_without_meaning("home"), 2);
}

TEST_F(TextMeaning, APassageIsAsNearAsTheNearestOfItsParts) {
  world.put("long.md", "A tulip here and there, one in each of the beds.\nAnd at the end of it all a car.\n");
  world.meaning = vehicles();
  world.mount();
  EXPECT_THAT(paths("a lorry"), ElementsAre("garage.md", "long.md"));
}

TEST_F(TextMeaning, ReadsEachPassageOnceUntilItChanges) {
  const auto network = vehicles();
  world.meaning = network;
  world.mount();
  EXPECT_EQ(network->read, 2);
  world.open();
  world.mount();
  EXPECT_EQ(network->read, 2) << "what was read is in the index";
  std::string log;
  for (int day = 0; day < 40; ++day) log += daimon::format("Day {}: {}\n\n", day, std::string(900, 'x'));
  world.put("log.txt", log);
  world.mount();
  const int before = network->read;
  world.put("log.txt", log + "Day 40: a rose\n");
  world.mount();
  EXPECT_LE(network->read - before, 60) << "of a file that has grown what is new is read";
  EXPECT_THAT(paths("tulip").front(), "garden.md");
  EXPECT_EQ(rows("meanings"), rows("chunks"));
}

TEST_F(TextMeaning, AnotherNetworkReadsAllAnew) {
  world.meaning = vehicles();
  world.mount();
  const auto other = vehicles("others");
  world.meaning = other;
  world.open();
  EXPECT_TRUE(world.files->understand());
  EXPECT_EQ(other->read, 2);
  EXPECT_THAT(paths("my car"), ElementsAre("garage.md"));
}

TEST_F(TextMeaning, OfALargeFolderIsReadInTheBackground) {
  for (int i = 0; i < 400; ++i) world.put(daimon::format("{}.txt", i), "a lorry\n");
  const auto network = vehicles();
  world.meaning = network;
  network->may_read = false;
  EXPECT_EQ(world.mount().mount.unread, 402) << "and nobody waits for that";
  network->may_read = true;
  EXPECT_TRUE(comes_true([&] { return rows("meanings") == 402; }));
}

TEST_F(TextMeaning, OfASmallFolderIsReadWhenItIsMountedHoweverMuchOthersHave) {
  const auto network = vehicles();
  world.meaning = network;
  for (int i = 0; i < 400; ++i) world.put(daimon::format("large/{}.txt", i), "a lorry\n");
  world.put("small/a.txt", "a tulip\n");
  world.open();
  network->may_read = false;
  const auto large = world.files->mount(world.home() / "large", "large", {}, {});
  ASSERT_TRUE(large);
  EXPECT_EQ(large->mount.unread, 400);
  network->may_read = true;
  const auto small = world.files->mount(world.home() / "small", "small", {}, {});
  ASSERT_TRUE(small);
  EXPECT_EQ(small->mount.unread, 0);
}

TEST_F(TextMeaning, GoesWithItsFileAndItsMount) {
  world.meaning = vehicles();
  world.mount();
  std::filesystem::remove(world.home() / "garage.md");
  world.mount();
  EXPECT_EQ(rows("meanings"), 1);
  EXPECT_THAT(paths("my car"), IsEmpty());
  ASSERT_TRUE(world.files->unmount("home"));
  EXPECT_THAT(paths("my car"), IsEmpty());
  EXPECT_TRUE(comes_true([&] { return rows("meanings") == 0; }));
}

TEST_F(TextMeaning, WhatNobodyMaySeeIsNotFoundByItAndChangesNothing) {
  for (int i = 0; i < 100; ++i) world.put(daimon::format("hidden/{}.txt", i), "a car\n");
  world.put("plain.txt", "Smith and a rose\n");
  world.meaning = vehicles();
  world.mount();
  ASSERT_TRUE(world.files->understand());
  const auto seen = [&] {
    const auto found = world.files->search(
        {.query = "my car at Smith's", .mounts = {}, .limit = 8, .admits = [](const auto&, const auto& path) {
           return !path.starts_with("hidden/");
         }});
    EXPECT_TRUE(found);
    std::vector<std::pair<std::string, double>> all;
    for (const Passage& passage : found.value_or(std::vector<Passage>())) all.emplace_back(passage.path, passage.score);
    return all;
  };
  const auto with_hidden = seen();
  EXPECT_EQ(with_hidden.size(), 2U);
  std::filesystem::remove_all(world.home() / "hidden");
  world.mount();
  const auto without = seen();
  ASSERT_EQ(with_hidden.size(), without.size());
  for (std::size_t i = 0; i < without.size(); ++i) EXPECT_EQ(with_hidden[i].first, without[i].first);
}

}  // namespace
}  // namespace daimon::fs
