#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel_world.h"

namespace daimon::kernel::test {
namespace {

using testing::ElementsAre;

// The paths of what is found in the home folder.
std::vector<std::string> found(const KernelWorld& world, std::string_view query, int limit) {
  std::vector<std::string> paths;
  const auto view = world.system().find(query, {}, limit);
  EXPECT_TRUE(view);
  for (const Json& passage : view->at("passages").as_array()) paths.emplace_back(passage.at("path").as_string());
  return paths;
}

TEST(Find, WhatAnswersComesBeforeWhatHasTheWordsOften) {
  KernelWorld world;
  world.put("aside.txt", "Of the water bill: the water bill came late, as a water bill does.");
  world.put("bill.txt",
            "Brook & Co, 3 Mill Lane, and more of that kind of thing\nWater bill, total due: £84.20\nRing us");
  world.put("garden.txt", "Garden notes\nNothing to do with it.");
  world.meanings = builtin_meanings();
  world.begin();
  EXPECT_THAT(found(world, "How much was the water bill?", 10), ElementsAre("bill.txt", "aside.txt"));
  EXPECT_THAT(found(world, "How much was the water bill?", 1), ElementsAre("bill.txt"));
}

TEST(Find, AlsoGivesWhatIsNotRead) {
  KernelWorld world;
  world.meanings = builtin_meanings();
  for (int i = 0; i < 30; ++i) world.put(std::to_string(i) + ".txt", "The same boiler in each of them.");
  world.begin();
  EXPECT_EQ(found(world, "boiler", 30).size(), 30U);
}

}  // namespace
}  // namespace daimon::kernel::test
