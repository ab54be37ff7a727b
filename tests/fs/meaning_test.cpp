// Search by meaning: what says the same in other words.
#include "embedding/tiny_embedding.h"
#include "fs_world.h"

namespace daimon::fs {
namespace {

using ::testing::ElementsAre;

std::shared_ptr<const embedding::StaticEmbedding> of(const embedding::test::Rows& rows) {
  return std::make_shared<const embedding::StaticEmbedding>(embedding::test::embedding_of(rows));
}
const embedding::test::Rows kVehicles = {{"car", {100, 0, 0}},    {"automobile", {100, 5, 0}},
                                         {"mended", {0, 100, 0}}, {"repaired", {5, 100, 0}},
                                         {"roses", {0, 0, 100}},  {"pruned", {0, 0, 100}}};

struct Meaning : ::testing::Test {
  Meaning() {
    world.put("garage.md", "The automobile was repaired by Smith.\n");
    world.put("garden.md", "The roses were pruned.\n");
    world.put("list.txt", "car insurance\n");
  }
  std::vector<std::string> paths(std::string_view query, std::vector<std::string> mounts = {}) {
    std::vector<std::string> found;
    const auto passages = world.files->search({.query = std::string(query), .mounts = std::move(mounts), .limit = 8});
    EXPECT_TRUE(passages) << passages.error().what;
    for (const Passage& passage : passages.value_or(std::vector<Passage>{})) found.push_back(passage.path);
    return found;
  }
  FsWorld world;
};

TEST_F(Meaning, FindsWhatIsSaidInOtherWordsBehindWhatHoldsThem) {
  world.embedding = of(kVehicles);
  world.mount();
  EXPECT_THAT(paths("Is the car mended?"), ElementsAre("list.txt", "garage.md"));
  EXPECT_THAT(paths("pruned"), ElementsAre("garden.md"));
  EXPECT_THAT(paths("unknown words"), ElementsAre());
}

TEST_F(Meaning, HasEveryThirdPlaceWhereManyHoldTheWords) {
  for (const char* name : {"a.txt", "b.txt", "c.txt", "d.txt"}) world.put(name, "car park\n");
  world.embedding = of(kVehicles);
  world.mount();
  const auto passages = world.files->search({.query = "Is the car mended?", .mounts = {}, .limit = 3});
  ASSERT_TRUE(passages);
  ASSERT_EQ(passages->size(), 3U);
  EXPECT_EQ((*passages)[2].path, "garage.md");
  EXPECT_THAT(paths("Is the car mended?"), testing::SizeIs(6)) << "none is lost by it";
}

TEST_F(Meaning, WhatIsHardlyNearFillsPlacesThatWordsLeaveAndWhatIsNotDoesNot) {
  world.put("review.md", "penetration\n");
  world.embedding = of({{"penetration", {100, 0, 0}}, {"pentest", {20, 98, 0}}, {"roses", {0, 0, 100}}});
  world.mount();
  EXPECT_THAT(paths("pentest"), ElementsAre("review.md"));
}

TEST_F(Meaning, ASlipOfTheFingersFindsWhatIsMeant) {
  world.embedding = of(kVehicles);
  world.mount();
  EXPECT_THAT(paths("rsoes"), ElementsAre("garden.md"));
  EXPECT_THAT(paths("smiht"), ElementsAre()) << "of a name nobody knows what is meant";
  world.put("rsoes.txt", "my own word: rsoes\n");
  world.mount();
  const auto unseen =
      world.files->search({.query = "rsoes", .mounts = {}, .limit = 8, .admits = [](const auto&, const auto& path) {
                             return path != "rsoes.txt";
                           }});
  ASSERT_TRUE(unseen && unseen->size() == 1U) << "what nobody may see does not tell that it is there";
  EXPECT_EQ(unseen->front().path, "garden.md");
  EXPECT_THAT(paths("rsoes"), ElementsAre("rsoes.txt")) << "which is no slip then";
}

TEST_F(Meaning, WithoutAnEmbeddingWordsAloneAreLookedFor) {
  world.mount();
  EXPECT_THAT(paths("Is the car mended?"), ElementsAre("list.txt"));
}

TEST_F(Meaning, VectorsFollowTheFilesAndTheMounts) {
  world.embedding = of(kVehicles);
  world.mount();
  EXPECT_THAT(paths("mended"), ElementsAre("garage.md"));
  world.put("garage.md", "Nothing about vehicles.\n");
  world.put("shed.md", "It was repaired.\n");
  world.mount();
  EXPECT_THAT(paths("mended"), ElementsAre("shed.md"));
  EXPECT_THAT(paths("mended", {"other"}), ElementsAre());
  ASSERT_TRUE(world.files->unmount("home"));
  EXPECT_THAT(paths("mended"), ElementsAre());
}

TEST_F(Meaning, AnotherEmbeddingMakesVectorsAnew) {
  world.mount();  // an index without vectors
  world.embedding = of(kVehicles);
  world.open();
  EXPECT_EQ(world.mount().indexed, 3) << "each file is read again";
  EXPECT_THAT(paths("mended"), ElementsAre("garage.md"));
  world.embedding = of({{"mended", {100, 0, 0, 0}}, {"roses", {100, 0, 0, 0}}});
  world.open();
  EXPECT_THAT(paths("mended"), ElementsAre()) << "vectors of another width are gone";
  EXPECT_EQ(world.mount().indexed, 3);
  EXPECT_THAT(paths("mended"), ElementsAre("garden.md"));
  world.open();
  EXPECT_EQ(world.mount().unchanged, 3) << "and kept from then on";
}

}  // namespace
}  // namespace daimon::fs
