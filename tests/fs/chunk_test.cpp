#include "fs/chunk.h"

#include <chrono>

#include "base/text.h"
#include "fs_world.h"

namespace daimon::fs {
namespace {

Document document_of(std::string type, std::string text) {
  Document document;
  document.type = std::move(type);
  document.text = std::move(text);
  return document;
}

std::string_view text_of(const Document& document, const Chunk& chunk) {
  return std::string_view(document.text).substr(chunk.begin, chunk.end - chunk.begin);
}

TEST(Chunks, CoverTheTextInOrderWithoutCuttingACodePoint) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round)
    for (const char* type : {"text", "markdown", "code", "table", "pdf"}) {
      Document document = document_of(type, made_text(random, random() % 12'000));
      if (document.type == "pdf") {
        document.page_begin = {0};
        for (std::size_t at = 0; (at = document.text.find('\n', at)) != std::string::npos; ++at)
          if (random() % 20 == 0) document.page_begin.push_back(at + 1);
      }
      std::uint64_t at = 0;
      for (const Chunk& chunk : chunks_of(document)) {
        ASSERT_EQ(chunk.begin, at) << type << " round " << round;
        ASSERT_GT(chunk.end, chunk.begin);
        ASSERT_LE(chunk.end - chunk.begin, kChunkBytesMax);
        ASSERT_TRUE(is_utf8(text_of(document, chunk)));
        at = chunk.end;
      }
      ASSERT_EQ(at, document.text.size()) << type << " round " << round;
    }
}

TEST(Chunks, NoneSpansTwoPages) {
  std::mt19937 random(11);
  for (int round = 0; round < 100; ++round) {
    Document document = document_of("pdf", "");
    for (int page = 0; page < 6; ++page) {
      document.page_begin.push_back(document.text.size());
      document.text += made_text(random, random() % 3000) + "\n";
    }
    for (const Chunk& chunk : chunks_of(document)) {
      ASSERT_TRUE(chunk.page);
      const auto page = static_cast<std::size_t>(*chunk.page);
      ASSERT_GE(chunk.begin, document.page_begin[page - 1]);
      if (page < document.page_begin.size()) {
        ASSERT_LE(chunk.end, document.page_begin[page]);
      }
    }
  }
}

TEST(Chunks, KnowTheHeadingsThatTheyStandUnder) {
  const Document document =
      document_of("markdown", "intro\n# House\n## Boiler\nserviced in May\n## Roof\nnew slates\n# Car\ninsured\n");
  std::vector<std::string> headings;
  for (const Chunk& chunk : chunks_of(document)) headings.push_back(chunk.heading);
  EXPECT_THAT(headings, ::testing::ElementsAre("", "House", "House > Boiler", "House > Roof", "Car"));
}

TEST(Chunks, OfCodeBeginAtDefinitions) {
  std::string text;
  for (int i = 0; i < 12; ++i)
    text += "def function_" + std::to_string(i) + "():\n" + std::string(520, '#') + "\n    return 1\n\n";
  const Document document = document_of("code", text);
  const auto chunks = chunks_of(document);
  EXPECT_EQ(chunks.size(), 12U);
  for (std::size_t i = 0; i < chunks.size(); ++i)
    EXPECT_TRUE(text_of(document, chunks[i]).starts_with("def function_" + std::to_string(i) + "("));
}

TEST(Chunks, OfNothingAreNone) { EXPECT_TRUE(chunks_of(document_of("text", "")).empty()); }

TEST(Chunks, ADocumentOfOneLineIsCutInTime) {
  Document document;
  document.type = "markdown";
  document.text.assign(32U << 20, 'x');
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_GT(chunks_of(document).size(), 20'000U);
  // All of it the heading of all of it.
  document.text.replace(0, 2, "# ");
  EXPECT_LE(chunks_of(document).back().heading.size(), 120U);
  // In the square of its length it would take hours; a machine that is busy, or a sanitizer, takes seconds.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
}

TEST(Chunks, OfATableNameItsColumns) {
  Document document = document_of("table", "date,amount\n");
  document.columns = {"date", "amount"};
  for (int i = 0; i < 300; ++i) document.text += "2026-03-01,84.20\n";
  const auto chunks = chunks_of(document);
  ASSERT_GT(chunks.size(), 3U);
  for (const Chunk& chunk : chunks) EXPECT_EQ(chunk.heading, "date, amount");
  document.columns = std::vector<std::string>(200, std::string(1000, 'c'));
  EXPECT_LE(chunks_of(document).back().heading.size(), 400U);
}

TEST(Parts, AreShortAndHoldAllThatIsNotBlankInOrder) {
  std::mt19937 random(9);
  for (int round = 0; round < 500; ++round) {
    const std::string text = made_text(random, random() % 3000);
    const std::size_t most = 4 + random() % 500;
    const auto without_blanks = [](std::string_view from) {
      std::string left;
      for (const char c : from)
        if (!std::string_view(" \t\r\n\f\v").contains(c)) left += c;
      return left;
    };
    std::string held;
    for (const std::string_view part : parts_of(text, most)) {
      ASSERT_LE(part.size(), most) << "round " << round;
      ASSERT_TRUE(is_utf8(part)) << "round " << round;
      ASSERT_FALSE(trim(part).empty()) << "round " << round;
      held += part;
    }
    ASSERT_EQ(without_blanks(held), without_blanks(text)) << "round " << round;
  }
}

TEST(Parts, EndWhereALineDoesOrElseAWord) {
  EXPECT_THAT(parts_of("one two\nthree", 10), testing::ElementsAre("one two", "three"));
  EXPECT_THAT(parts_of("one two three", 8), testing::ElementsAre("one two", "three"));
  EXPECT_THAT(parts_of("onetwothree", 4), testing::ElementsAre("onet", "woth", "ree"));
  EXPECT_THAT(parts_of(" \n ", 4), testing::IsEmpty());
}

}  // namespace
}  // namespace daimon::fs
