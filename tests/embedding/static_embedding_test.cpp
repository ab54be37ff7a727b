#include "embedding/static_embedding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tiny_embedding.h"

namespace daimon::embedding {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(StaticEmbedding, DirectionsHaveLengthOneAndRareWordsWeighMore) {
  const auto made = test::embedding_of({{"the", {3, 4}}, {"boiler", {60, 80}}, {"cat", {-100, 0}}});
  EXPECT_THAT(made.direction("boiler"), testing::ElementsAre(testing::FloatEq(0.6F), testing::FloatEq(0.8F)));
  EXPECT_TRUE(made.direction("nothing").empty());
  EXPECT_TRUE(made.direction("").empty());
  EXPECT_FLOAT_EQ(made.weight("boiler"), 1);
  EXPECT_FLOAT_EQ(made.weight("the"), 0.05F);
  EXPECT_FLOAT_EQ(made.weight("nothing"), 0);
}

TEST(Words, AreLowerCaseWithoutAccentsAndSignsStandAlone) {
  EXPECT_THAT(
      words_of("The Café's bill: £84.20,\tNo. 7_b!"),
      ElementsAre("the", "cafe", "'", "s", "bill", ":", "£", "84", ".", "20", ",", "no", ".", "7", "_", "b", "!"));
  EXPECT_THAT(words_of("ÄRGER Ŝafe Ω МИР na\u0308h"), ElementsAre("arger", "safe", "ω", "мир", "nah"));
  EXPECT_THAT(words_of("a\xFF\xC3"), ElementsAre("a\uFFFD\uFFFD")) << "bytes that are no text";
  EXPECT_THAT(words_of(" \n "), ElementsAre());
}

TEST(StaticEmbedding, PiecesAreTheLongestFirstAndAWordThatCannotBeSpeltIsLeftOut) {
  const auto made =
      test::embedding_of({{"bill", {1, 0}}, {"##s", {0, 1}}, {"b", {1, 1}}, {"##ill", {2, 0}}, {"é", {0, 2}}});
  EXPECT_THAT(made.pieces("bills"), ElementsAre(2U, 3U));
  EXPECT_THAT(made.pieces("Bill b"), ElementsAre(2U, 4U));
  EXPECT_THAT(made.pieces("bilk"), ElementsAre());
  EXPECT_THAT(made.pieces("bilk bill [UNK] [PAD]"), ElementsAre(2U)) << "special pieces are no words";
  std::string long_text;
  for (int i = 0; i < 3000; ++i) long_text += "bill ";
  EXPECT_EQ(made.pieces(long_text).size(), 512U);
}

TEST(StaticEmbedding, ATextIsTheMeanOfItsPieces) {
  const auto made = test::embedding_of({{"north", {0, 100}}, {"east", {100, 0}}, {"south", {0, -100}}});
  EXPECT_THAT(made.embed("north"), ElementsAre(0, 127));
  EXPECT_THAT(made.embed("north east"), ElementsAre(127, 127));
  EXPECT_THAT(made.embed("north south"), ElementsAre(0, 0));
  EXPECT_THAT(made.embed("nowhere"), ElementsAre(0, 0));
  const auto angle = [&](std::string_view a, std::string_view b) {
    return cosine(made.embed(a).data(), made.embed(b).data(), made.width());
  };
  EXPECT_DOUBLE_EQ(angle("north", "north north"), 1);
  EXPECT_NEAR(angle("north", "north east"), 0.7071, 1e-4);
  EXPECT_DOUBLE_EQ(angle("north", "south"), -1);
  EXPECT_EQ(angle("north", "nowhere"), 0);
}

TEST(StaticEmbedding, TablesOfHalvesAndFloatsAreReadToo) {
  const std::string tokenizer = R"({"model":{"type":"WordPiece","vocab":{"a":0,"b":1}}})";
  const auto half = StaticEmbedding::parse(
      tokenizer, test::tensors_of(R"({"embeddings":{"dtype":"F16","shape":[2,2],"data_offsets":[0,8]}})",
                                  std::string("\x00\x3C\x00\x00\x00\x00\x00\xC0", 8)));  // 1, 0; 0, -2
  ASSERT_TRUE(half) << half.error().what;
  EXPECT_THAT(half->embed("a"), ElementsAre(127, 0));
  EXPECT_THAT(half->embed("a b"), ElementsAre(64, -127));
  const auto single = StaticEmbedding::parse(
      tokenizer, test::tensors_of(R"({"embeddings":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}})",
                                  std::string("\x00\x00\x80\x3F\x00\x00\x80\xBF", 8)));  // 1; -1
  ASSERT_TRUE(single) << single.error().what;
  EXPECT_THAT(single->embed("b"), ElementsAre(-127));
}

TEST(StaticEmbedding, FilesThatAreDamagedAreSaidToBe) {
  const std::string tokenizer = R"({"model":{"type":"WordPiece","vocab":{"a":0,"b":1}}})";
  const std::string good =
      test::tensors_of(R"({"embeddings":{"dtype":"I8","shape":[2,2],"data_offsets":[0,4]}})", "abcd");
  ASSERT_TRUE(StaticEmbedding::parse(tokenizer, good));
  const auto why = [&](std::string_view words, std::string_view tensors) {
    const auto made = StaticEmbedding::parse(words, tensors);
    return made ? std::string("accepted") : made.error().what;
  };
  EXPECT_THAT(why("{", good), HasSubstr("tokenizer.json"));
  EXPECT_THAT(why(R"({"model":{"type":"BPE","vocab":{}}})", good), HasSubstr("WordPiece"));
  EXPECT_THAT(why(R"({"model":{"type":"WordPiece","vocab":{"a":2}}})", good), HasSubstr("no row"));
  EXPECT_THAT(why(tokenizer, ""), HasSubstr("cut off"));
  EXPECT_THAT(why(tokenizer, std::string(8, '\xFF') + "{}"), HasSubstr("cut off"));
  for (std::size_t size = 9; size < good.size(); ++size)
    EXPECT_NE(why(tokenizer, good.substr(0, size)), "accepted") << size;
  for (const char* header :
       {R"({"embeddings":{"dtype":"I8","shape":[2,3],"data_offsets":[0,4]}})",
        R"({"embeddings":{"dtype":"I8","shape":[9223372036854775807,2],"data_offsets":[0,4]}})",
        R"({"embeddings":{"dtype":"I8","shape":[2,2],"data_offsets":[4,0]}})",
        R"({"embeddings":{"dtype":"I8","shape":[2,2],"data_offsets":[0,400]}})",
        R"({"embeddings":{"dtype":"I8","shape":[-2,2],"data_offsets":[0,4]}})",
        R"({"embeddings":{"dtype":"I4","shape":[2,2],"data_offsets":[0,4]}})", R"({"other":{}})", "[]"})
    EXPECT_NE(why(tokenizer, test::tensors_of(header, "abcd")), "accepted") << header;
  EXPECT_EQ(StaticEmbedding::load("/nowhere").error().code, ErrorCode::kNotFound);
}

TEST(StaticEmbedding, TheBuiltInOneSpellsWordsAsItsTrainerDoes) {
  const auto folder = builtin_embedding();
  ASSERT_TRUE(folder) << folder.error().what;
  const auto made = StaticEmbedding::load(*folder);
  ASSERT_TRUE(made) << made.error().what;
  std::ifstream file(*folder / "golden.json");
  const auto golden = parse_json(std::string(std::istreambuf_iterator<char>(file), {}));
  ASSERT_TRUE(golden) << golden.error().what;
  ASSERT_GT(golden->as_array().size(), 10U);
  for (const Json& one : golden->as_array()) {
    const std::string text(*find_string(one, "text"));
    std::vector<std::uint32_t> wanted;
    for (const Json& id : one.at("pieces").as_array()) wanted.push_back(static_cast<std::uint32_t>(id.as_int64()));
    EXPECT_EQ(made->pieces(text), wanted) << text;
  }
  const auto near = [&](std::string_view a, std::string_view b) {
    return cosine(made->embed(a).data(), made->embed(b).data(), made->width());
  };
  EXPECT_GT(near("What do I owe for water?", "Water bill, total due: £84.20"),
            near("What do I owe for water?", "The garden gate was painted green"));
}

}  // namespace
}  // namespace daimon::embedding
