#include "embedding/spelling.h"

#include <gtest/gtest.h>

#include <string>

#include "tiny_embedding.h"

namespace daimon::embedding {
namespace {

std::string nowhere(std::string_view) { return {}; }

TEST(Spelling, ASlipIsOneLetterMoreLessOtherOrTwoExchanged) {
  EXPECT_TRUE(is_one_slip("aucion", "auction"));
  EXPECT_TRUE(is_one_slip("auction", "aucion"));
  EXPECT_TRUE(is_one_slip("saels", "sales"));
  EXPECT_TRUE(is_one_slip("songe", "songs"));
  EXPECT_TRUE(is_one_slip("owwe", "owe"));
  EXPECT_FALSE(is_one_slip("owe", "owe"));
  EXPECT_FALSE(is_one_slip("biek", "bakes"));
  EXPECT_FALSE(is_one_slip("abcd", "badc")) << "two pairs exchanged";
  EXPECT_FALSE(is_one_slip("", "ab"));
  EXPECT_TRUE(is_one_slip("", "a"));
}

TEST(Spelling, UnknownWordsBecomeTheCommonestOneSlipAway) {
  const auto made = test::embedding_of({{"auction", {2, 0}}, {"action", {9, 9}}, {"price", {1, 1}}, {"the", {1, 0}}});
  EXPECT_EQ(respelt("the aucion price?", made, nowhere), "the auction price?") << "which weighs less than \"action\"";
  EXPECT_EQ(respelt("the auction pirce", made, nowhere), "the auction price");
  EXPECT_EQ(respelt("quite unknown", made, nowhere), "quite unknown");
}

TEST(Spelling, NamesShortWordsAndPartsOfOthersStay) {
  const auto made = test::embedding_of({{"auction", {2, 0}}, {"price", {1, 1}}, {"bill", {1, 2}}});
  for (const char* text :
       {"Aucion", "aucion.txt", "the-aucion", "o'aucion", "aucion's", "a_aucion", "aucion2", "bil", "bills", "billed",
        "\xC3\xA4"
        "aucion",
        "aucion\xC3\xA4"})
    EXPECT_EQ(respelt(text, made, nowhere), text);
}

TEST(Spelling, WhatStandsInTheTextsGoesBeforeWhatIsCommon) {
  const auto made = test::embedding_of({{"auction", {2, 0}}});
  EXPECT_EQ(respelt("aucion", made, [](std::string_view word) { return std::string(word); }), "aucion")
      << "a name, say";
  EXPECT_EQ(respelt("aucion", made, [](std::string_view) { return std::string("suction"); }), "suction");
}

TEST(Spelling, ATextOfAnotherLanguageStays) {
  const auto made = test::embedding_of({{"fracture", {2, 0}}, {"mouse", {1, 0}}});
  EXPECT_EQ(respelt("quand facture moise avril", made, nowhere), "quand facture moise avril");
}

TEST(Spelling, AnEmptyTextAndOneOfManyUnknownWordsCostLittle) {
  const auto made = test::embedding_of({{"auction", {2, 0}}});
  EXPECT_EQ(respelt("", made, nowhere), "");
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "auction aucion ";
  const std::string mended = respelt(many, made, nowhere);
  EXPECT_TRUE(mended.starts_with("auction auction ") && mended.ends_with("aucion ")) << "only the first are mended";
}

}  // namespace
}  // namespace daimon::embedding
