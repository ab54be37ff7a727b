#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>

#include "base/format.h"
#include "base/random.h"
#include "base/text.h"
#include "constraint/matcher.h"

namespace daimon::constraint {
namespace {

Json json(std::string_view text) { return parse_json(text).value(); }

// Bytes, some words and punctuation that spans several: like a small BPE vocabulary. Token 0 ends.
std::shared_ptr<const Vocabulary> vocabulary() {
  static const auto made = [] {
    std::vector<std::string> bytes{""};
    for (int i = 1; i < 256; ++i) bytes.emplace_back(1, static_cast<char>(i));
    for (const char* word : {"\":\"", "{\"", "\"}",    "\",\"",  "call",  "with", "wr",   "write",
                             "path",  "the", " the",   "12",     "123",   "£",    "é",    "true",
                             "tr",    "ue",  "answer", " total", "total", "\":",  "},",   "}}",
                             "1.",    "ab",  "abc",    "bc",     "null",  "\\n",  "\\u00"})
      bytes.emplace_back(word);
    return Vocabulary::create(std::move(bytes), {0}).value();
  }();
  return made;
}

std::shared_ptr<const Grammar> grammar(std::string_view schema) {
  return Grammar::from_json_schema(json(schema)).value();
}

bool admits(const std::shared_ptr<const Grammar>& grammar, std::string_view text) {
  Matcher matcher(grammar, vocabulary());
  return matcher.accept_bytes(text) && matcher.is_complete();
}

bool allowed(const TokenMask& mask, Token token) {
  return ((mask[static_cast<std::size_t>(token) / 32] >> (static_cast<std::uint32_t>(token) % 32)) & 1U) != 0;
}

struct Case {
  std::string schema;
  std::vector<std::string> good, bad;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {R"({"type":"boolean"})", {"true", "false"}, {"True", "", "tru", "truee"}},
      {R"({"type":["null","integer"]})", {"null", "0", "-7", "123456789"}, {"01", "-", "1.5", "nul"}},
      {R"({"type":"integer","minimum":-3,"maximum":12})", {"-3", "0", "12"}, {"-4", "13", "1 "}},
      {R"({"type":"integer","minimum":0})", {"0", "99"}, {"-1"}},
      {R"({"type":"number"})", {"1", "-0.5", "3e10", "2.25e-1"}, {"", ".5", "1.", "1e"}},
      {R"({"enum":["a","b\"c",3,null]})", {"\"a\"", "\"b\\\"c\"", "3", "null"}, {"\"b\"", "a"}},
      {R"({"type":"string","minLength":2,"maxLength":4})",
       {"\"ab\"", "\"é£ab\"", "\"a\\n\\u0001b\""},
       {"\"a\"", "\"abcde\"", "\"ab", "\"a\nb\""}},
      {R"({"type":"string","pattern":"^[a-c]+(\\.txt|\\.md)?$"})",
       {"\"abc\"", "\"a.txt\"", "\"cc.md\""},
       {"\"\"", "\"d\"", "\"a.tx\""}},
      {R"({"type":"string","pattern":"b{2,3}"})", {"\"bb\"", "\"xbbbz\""}, {"\"bab\""}},
      {R"({"type":"string","pattern":"^\\d{4}-\\d{2}$"})", {"\"2026-03\""}, {"\"2026-3\"", "\"x2026-03\""}},
      {R"({"type":"string","pattern":"^[^\"x]*$"})", {"\"\"", "\"a\\\\é\""}, {"\"x\"", "\"\\\"\""}},
      {R"({"type":"array","items":{"enum":["a","b"]},"minItems":1,"maxItems":3})",
       {R"(["a"])", R"(["a","b","a"])"},
       {"[]", R"(["a",])", R"(["a","a","a","a"])"}},
      {R"({"type":"array","items":{"type":"integer"}})", {"[]", "[1]", "[1,2,3,4,5,6]"}, {"[,]", "[1 ]"}},
      {R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"boolean"},"c":{"type":"null"}},"required":["b"],"additionalProperties":false})",
       {R"({"a":1,"b":true,"c":null})", R"({"b":false})", R"({"b":true,"c":null})", R"({"a":2,"b":true})"},
       {"{}", R"({"a":1})", R"({"b":true,"a":1})", R"({,"b":true})", R"({"b":true,})"}},
      {R"({"type":"object","properties":{},"additionalProperties":false})", {"{}"}, {"{ }"}},
      {R"({"anyOf":[{"type":"object","properties":{"call":{"const":"x"}},"required":["call"]},{"type":"object","properties":{"call":{"const":"y"},"n":{"type":"integer"}},"required":["call","n"]}]})",
       {R"({"call":"x"})", R"({"call":"y","n":4})"},
       {R"({"call":"y"})", R"({"call":"x","n":4})"}},
      {R"({"$ref":"#/$defs/tree","$defs":{"tree":{"type":"object","properties":{"v":{"type":"integer"},"kids":{"type":"array","items":{"$ref":"#/$defs/tree"}}},"required":["v"]}}})",
       {R"({"v":1})", R"({"v":1,"kids":[{"v":2,"kids":[]},{"v":3}]})"},
       {R"({"kids":[]})", R"({"v":1,"kids":[{}]})"}},
      {R"({"type":"string","x-span-of":["Total due: £84.20, pay by 14 April","say \"hi\" é"]})",
       {"\"£84.20\"", "\"84.20\"", "\"Total due\"", "\"14 April\"", "\"Total due: £84.20, pay by 14 April\"",
        "\"say \\\"hi\\\"\"", "\"é\"", "\"84\""},
       {"\"£84.2\"", "\"otal\"", "\"April 14\"", "\"\"", "\" due\"", "\"due \"", "\"8\""}},
      {R"({"type":"string","x-begins-with":" \"","x-span-of":["a b"]})",
       {R"(" \"a")", R"(" \"a b")"},
       {R"("a")", R"(" \"")", R"(" a")"}},
      {R"({"type":"string"})", {"\"\"", "\"a\\n£é\""}, {"\"", "\"\"\"", "\"\t\""}},
      {R"({"type":"string","minLength":5,"maxLength":9})",
       {"\"abcde\"", "\"total 12£\"", "\"\\u0001\\n\\\\\\\"é\""},
       {"\"abcd\"", "\"total 1234\""}},
      {R"({"type":"string","minLength":7})", {"\"answers\"", "\"answer answer\""}, {"\"answer\""}},
      {R"({"type":"array","items":{"type":"string","minLength":1,"maxLength":7},"minItems":2,"maxItems":3})",
       {R"(["a","the"])", R"(["answer","b","c"])"},
       {R"(["a"])", R"(["a","the answer"])", R"(["a","b","c","d"])"}},
      {R"({"anyOf":[{"type":"string","maxLength":3},{"enum":["total the","totals"]},{"type":"string","minLength":8,"maxLength":8}]})",
       {R"("abc")", R"("total the")", R"("totals")", R"("12345678")"},
       {R"("total")", R"("123456789")"}},
      {R"({"type":"string","x-begins-with":" ","minLength":2,"maxLength":6})",
       {R"(" ab")", R"("  total")"},
       {R"(" a")", R"("answer")", R"(" answers")"}},
      {R"({"type":"string","pattern":"^the .*[0-9]$"})", {R"("the total 12")"}, {R"("the total")"}},
      {R"({"type":"string","pattern":"^(?:a{2,3})*$"})",
       {R"("")", R"("aa")", R"("aaa")", R"("aaaaa")", R"("aaaaaaa")"},
       {R"("a")"}},
      {R"({"type":"string","pattern":"^([a-z]{2,8} ?)+$"})", {R"("abc")", R"("the answer")"}, {R"("a")", R"("ab c")"}},
      {R"({"type":"string","pattern":"^(?:a{2,3}b?){2,}$"})",
       {R"("aaaa")", R"("aabaaa")", R"("aaaaa")"},
       {R"("aaa")", R"("aab")"}},
      {R"({"type":"string","pattern":"^(?:[a-c]{2,3}){0,1000}$"})", {R"("abc")", R"("abcab")"}, {R"("a")"}},
      {R"({"type":"string","pattern":"^(?:a{0,3}){0,2}$"})", {R"("")", R"("aaaaaa")"}, {R"("aaaaaaa")"}},
      {R"({"type":"string","pattern":"^(?:a?b?){3,}$"})", {R"("")", R"("ab")", R"("bbbbaab")"}, {R"("c")"}},
      {R"({"type":"string","x-begins-with":" ","pattern":"^[ab]+$"})", {R"(" ab")"}, {R"("ab")", R"(" ")"}},
  };
  return all;
}

TEST(GrammarTest, admits_what_the_schema_admits_and_nothing_else) {
  for (const Case& c : cases()) {
    const auto made = Grammar::from_json_schema(json(c.schema));
    ASSERT_TRUE(made) << c.schema << ": " << made.error().what;
    for (const std::string& text : c.good) EXPECT_TRUE(admits(*made, text)) << c.schema << " should admit " << text;
    for (const std::string& text : c.bad) EXPECT_FALSE(admits(*made, text)) << c.schema << " should refuse " << text;
  }
}

TEST(GrammarTest, a_schema_that_nothing_satisfies_is_refused_with_its_place) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {R"({"enum":[]})", "/enum"},
      {R"({"type":"object","properties":{"a":{"type":"string","minLength":5,"maxLength":2}}})", "/properties/a"},
      {R"({"type":"integer","minimum":5,"maximum":4})", "minimum"},
      {R"({"type":"object","properties":{},"required":["x"]})", "/required"},
      {R"({"$ref":"#/$defs/a","$defs":{"a":{"type":"object","properties":{"a":{"$ref":"#/$defs/a"}},"required":["a"]}}})",
       "refers to itself"},
      {R"({"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/a"}}})", "refers to itself"},
      {R"({"$ref":"#/$defs/b"})", "points nowhere"},
      {R"({"type":"array","items":{"type":"null"},"minItems":3,"maxItems":2})", "minItems"},
      {R"({"type":"string","pattern":"a("})", "pattern"},
      {R"({"type":"string","pattern":"[b-a]"})", "wrong way"},
      {R"({"type":"string","pattern":"a{3,1}"})", "wrong way"},
      {R"({"type":"date"})", "not a type"},
      {R"({"type":"string","x-span-of":[]})", "x-span-of"},
      {R"({"type":"string","x-begins-with":1})", "x-begins-with"},
      {R"(false)", "nothing"},
  };
  for (const auto& [schema, part] : bad) {
    const auto made = Grammar::from_json_schema(json(schema));
    ASSERT_FALSE(made) << schema;
    EXPECT_THAT(made.error().what, testing::HasSubstr(part)) << schema;
  }
}

TEST(GrammarTest, a_pattern_that_is_not_utf8_is_refused) {
  // What it matched would be no JSON.
  const auto made = Grammar::from_json_schema(JsonObject{{"type", "string"}, {"pattern", "a\xFF"}});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kInvalidArgument);
}

TEST(GrammarTest, a_keyword_that_restricts_and_is_not_known_is_never_ignored) {
  for (const std::string_view schema :
       {R"({"type":"string","not":{}})", R"({"type":"integer","multipleOf":3})",
        R"({"type":"object","patternProperties":{}})", R"({"type":"integer","minimum":7})",
        R"({"type":"number","maximum":3})", R"({})", R"({"type":"object","properties":{},"additionalProperties":true})",
        R"({"type":"string","pattern":"(?=a)b"})"}) {
    const auto made = Grammar::from_json_schema(json(schema));
    ASSERT_FALSE(made) << schema;
    EXPECT_EQ(made.error().code, ErrorCode::kUnsupported) << schema;
  }
}

TEST(GrammarTest, limits_at_the_ends_of_the_integers_are_counted_to_their_end) {
  const auto high = grammar(R"({"type":"integer","minimum":9223372036854775806,"maximum":9223372036854775807})");
  EXPECT_TRUE(admits(high, "9223372036854775806"));
  EXPECT_TRUE(admits(high, "9223372036854775807"));
  EXPECT_FALSE(admits(high, "-9223372036854775808"));
  const auto low = grammar(R"({"type":"integer","minimum":-9223372036854775808,"maximum":-9223372036854775807})");
  EXPECT_TRUE(admits(low, "-9223372036854775808"));
  EXPECT_FALSE(admits(low, "-9223372036854775806"));
  const auto all = Grammar::from_json_schema(
      json(R"({"type":"integer","minimum":-9223372036854775808,"maximum":9223372036854775807})"));
  ASSERT_FALSE(all);
  EXPECT_EQ(all.error().code, ErrorCode::kUnsupported);
}

TEST(GrammarTest, arrays_in_arrays_do_not_double_with_every_level) {
  std::string schema = R"({"enum":[1,2]})";
  for (int level = 0; level < 24; ++level)
    schema = R"({"type":"array","minItems":1,"maxItems":3,"items":)" + schema + "}";
  const auto made = Grammar::from_json_schema(json(schema));
  ASSERT_TRUE(made) << made.error().what;
  EXPECT_LT((*made)->automaton().states.size(), 2000U);
  const std::string deep = std::string(24, '[') + "1,2" + std::string(24, ']');
  EXPECT_TRUE(admits(*made, deep));
  EXPECT_FALSE(admits(*made, std::string(24, '[') + "1,2,1,2" + std::string(24, ']'))) << "maxItems counts";
  EXPECT_FALSE(admits(*made, std::string(24, '[') + std::string(24, ']'))) << "so does minItems";
  EXPECT_FALSE(admits(*made, std::string(23, '[') + "1" + std::string(23, ']'))) << "and the depth";
  EXPECT_TRUE(admits(*made, std::string(23, '[') + "[1],[2],[2,1,2]" + std::string(23, ']')));
}

TEST(GrammarTest, a_schema_that_would_take_much_memory_is_refused_before_it_does) {
  std::string integers = R"({"anyOf":[)";
  for (int i = 0; i < 200; ++i)
    integers += std::string(i == 0 ? "" : ",") + R"({"type":"integer","minimum":-4095,"maximum":0})";
  const std::vector<std::string> large = {
      integers + "]}",
      R"({"const":")" + std::string(600'000, 'a') + "\"}",
      R"({"type":"string","x-span-of":[")" + std::string(600'000, 'a') + "\"]}",
      R"({"type":"string","pattern":")" + std::string(100'000, '.') + "\"}",
      R"({"type":"object","properties":{")" + std::string(600'000, 'a') + R"(":{"type":"null"}}})",
  };
  for (const std::string& schema : large) {
    const auto made = Grammar::from_json_schema(json(schema));
    ASSERT_FALSE(made) << schema.substr(0, 60);
    EXPECT_EQ(made.error().code, ErrorCode::kLimit) << made.error().what;
  }
}

TEST(GrammarTest, a_schema_that_begins_in_more_ways_than_can_be_followed_is_refused) {
  std::string definitions;
  for (int i = 0; i < 40; ++i)
    definitions +=
        daimon::format(R"("a{}":{{"anyOf":[{{"$ref":"#/$defs/a{}"}},{{"$ref":"#/$defs/a{}"}}]}},)", i, i + 1, i + 1);
  const std::vector<std::string> schemas = {
      R"({"$ref":"#/$defs/a0","$defs":{)" + definitions + R"("a40":{"type":"null"}}})",
      R"({"anyOf":[{"$ref":"#"},{"$ref":"#"},{"type":"null"}]})"};
  for (const std::string& schema : schemas) {
    const auto made = Grammar::from_json_schema(json(schema));
    ASSERT_FALSE(made) << schema.substr(0, 60);
    EXPECT_EQ(made.error().code, ErrorCode::kLimit);
  }
}

TEST(MatcherTest, the_mask_is_what_testing_every_token_finds) {
  const auto words = vocabulary();
  SeededRandom random(1);
  for (const Case& c : cases())
    for (int walk = 0; walk < 10; ++walk) {
      Matcher matcher(grammar(c.schema), words);
      for (int step = 0; step < 40; ++step) {
        const auto mask = matcher.mask().value();
        std::vector<Token> possible;
        for (Token token = 0; token < static_cast<Token>(words->size()); ++token) {
          Matcher trial = matcher;
          const bool expected = trial.accept(token);
          ASSERT_EQ(allowed(*mask, token), expected) << c.schema << " token '" << words->bytes(token) << "'";
          if (expected) possible.push_back(token);
        }
        ASSERT_FALSE(possible.empty()) << c.schema;
        const Token chosen = possible[random.next() % possible.size()];
        if (chosen == 0) break;
        ASSERT_TRUE(matcher.accept(chosen));
      }
    }
}

TEST(MatcherTest, every_completed_walk_is_json_of_valid_utf8) {
  const auto words = vocabulary();
  SeededRandom random(2);
  int completed = 0;
  for (const Case& c : cases())
    for (int walk = 0; walk < 40; ++walk) {
      Matcher matcher(grammar(c.schema), words);
      std::string text;
      for (int step = 0; step < 400; ++step) {
        const auto mask = matcher.mask().value();
        std::vector<Token> possible;
        for (Token token = 0; token < static_cast<Token>(words->size()); ++token)
          if (allowed(*mask, token)) possible.push_back(token);
        const Token chosen = possible[random.next() % possible.size()];
        if (chosen == 0 || matcher.must_end()) {
          ASSERT_TRUE(is_utf8(text)) << c.schema;
          ASSERT_TRUE(parse_json(text)) << c.schema << " gave " << text;
          EXPECT_TRUE(admits(grammar(c.schema), text));
          ++completed;
          break;
        }
        ASSERT_TRUE(matcher.accept(chosen));
        text += words->bytes(chosen);
      }
    }
  EXPECT_GT(completed, 400);
}

TEST(MatcherTest, what_is_forced_is_the_only_way_to_go_on) {
  const auto schema = grammar(
      R"({"type":"object","properties":{"call":{"const":"write"},"with":{"type":"object","properties":{"path":{"enum":["a/b.txt","a/c.txt"]}},"required":["path"]}},"required":["call","with"]})");
  Matcher matcher(schema, vocabulary());
  EXPECT_EQ(matcher.forced(), R"({"call":"write","with":{"path":"a/)");
  ASSERT_TRUE(matcher.accept_bytes(matcher.forced()));
  EXPECT_EQ(matcher.forced(), "");
  ASSERT_TRUE(matcher.accept_bytes("c"));
  EXPECT_EQ(matcher.forced(), R"(.txt"}})");
  ASSERT_TRUE(matcher.accept_bytes(matcher.forced()));
  EXPECT_TRUE(matcher.must_end());
  EXPECT_EQ(matcher.forced(), "");
}

TEST(MatcherTest, a_refused_token_changes_nothing) {
  Matcher matcher(grammar(R"({"enum":["ab","cd"]})"), vocabulary());
  ASSERT_TRUE(matcher.accept_bytes("\"a"));
  EXPECT_FALSE(matcher.accept_bytes("d"));
  EXPECT_FALSE(matcher.accept('c'));
  EXPECT_FALSE(matcher.accept(0));
  EXPECT_FALSE(matcher.accept(-1));
  EXPECT_FALSE(matcher.accept(100000));
  EXPECT_TRUE(matcher.accept_bytes("b\""));
}

TEST(MatcherTest, recursion_without_end_is_bounded) {
  const auto schema = grammar(R"({"$ref":"#/$defs/a","$defs":{"a":{"type":"array","items":{"$ref":"#/$defs/a"}}}})");
  Matcher matcher(schema, vocabulary());
  int depth = 0;
  while (depth < 5000 && matcher.accept_bytes("[")) ++depth;
  EXPECT_GT(depth, 50);
  EXPECT_LT(depth, 5000);
}

TEST(MatcherTest, a_schema_with_more_ways_to_one_token_than_can_be_followed_is_a_limit) {
  std::vector<std::string> bytes{"", "\""};
  for (const char letter : {'a', 'b', 'c'})
    for (const std::size_t length : {std::size_t{1}, std::size_t{16}, std::size_t{255}})
      bytes.emplace_back(length, letter);
  const auto words = Vocabulary::create(std::move(bytes), {0}).value();
  std::string alternatives;
  for (int i = 1; i < 200; ++i) alternatives += daimon::format("{}[a-c]{{{},{}}}", i == 1 ? "" : "|", i, i + 7);
  for (const std::string& pattern :
       {std::string("(?:(?:a{1,30}b?){1,30}c?){1,30}"), std::string("(?:[a-c]{0,200}){0,200}"),
        daimon::format("(?:{}){{1,500}}", alternatives)}) {
    const auto schema = grammar(daimon::format(R"({{"type":"string","pattern":"^{}$"}})", pattern));
    Matcher matcher(schema, words);
    ASSERT_TRUE(matcher.mask()) << pattern;
    ASSERT_TRUE(matcher.accept(1)) << pattern;
    const auto mask = matcher.mask();
    ASSERT_FALSE(mask) << pattern;
    EXPECT_EQ(mask.error().code, ErrorCode::kLimit);
    EXPECT_FALSE(mask.error().remedy.empty());
    EXPECT_TRUE(Matcher(schema, words).mask()) << "what it could do before it still can";
    EXPECT_TRUE(Matcher(schema, vocabulary()).accept_bytes("\"aaa")) << "and so with shorter tokens";
  }
}

TEST(MatcherTest, a_text_that_can_be_read_in_more_ways_than_can_be_followed_is_a_limit_and_not_refused_as_wrong) {
  const auto schema = grammar(R"({"type":"string","pattern":"^(?:(?:(?:[a-c]{1,400}){1,400}){1,400}){1,400}$"})");
  Matcher matcher(schema, vocabulary());
  ASSERT_TRUE(matcher.accept_bytes("\"a"));
  EXPECT_TRUE(matcher.status());
  EXPECT_FALSE(matcher.accept_bytes(std::string(2000, 'a')));
  ASSERT_FALSE(matcher.status());
  EXPECT_EQ(matcher.status().error().code, ErrorCode::kLimit);
  EXPECT_EQ(matcher.mask().error().code, ErrorCode::kLimit);
}

TEST(MatcherTest, rounds_that_read_nothing_are_not_counted_one_by_one) {
  const auto schema = grammar(R"({"type":"string","pattern":"^(?:a?){500000,900000}b$"})");
  EXPECT_TRUE(admits(schema, "\"b\""));
  EXPECT_TRUE(admits(schema, "\"aaab\""));
  EXPECT_FALSE(admits(schema, "\"aaa\""));
  EXPECT_TRUE(allowed(**Matcher(schema, vocabulary()).mask(), '"'));
}

TEST(MatcherTest, a_grammar_over_two_vocabularies_gives_each_its_own_masks) {
  const auto schema = grammar(R"({"enum":["ab"]})");
  const auto other = Vocabulary::create({"", "\"", "\"a", "b\""}, {0}).value();
  Matcher first(schema, vocabulary());
  Matcher second(schema, other);
  EXPECT_EQ((*first.mask())->size(), (vocabulary()->size() + 31) / 32);
  EXPECT_EQ(**second.mask(), TokenMask{0b110});
  ASSERT_TRUE(second.accept(2));
  ASSERT_TRUE(first.accept('"'));
  EXPECT_EQ(**second.mask(), TokenMask{0b1000});
  EXPECT_TRUE(allowed(**first.mask(), 'a'));
}

TEST(MatcherTest, long_limits_stay_small) {
  const auto schema = grammar(R"({"type":"string","minLength":1000,"maxLength":100000})");
  EXPECT_LT(schema->automaton().states.size(), 500U);
  EXPECT_FALSE(admits(schema, "\"" + std::string(999, 'a') + "\""));
  EXPECT_TRUE(admits(schema, "\"" + std::string(1000, 'a') + "\""));
  EXPECT_TRUE(admits(schema, "\"" + std::string(100000, 'a') + "\""));
  EXPECT_FALSE(admits(schema, "\"" + std::string(100001, 'a') + "\""));
}

// Greedy longest match, as a stand-in for a tokenizer whose choice depends on what follows.
std::vector<Token> tokenize(std::string_view text) {
  std::vector<Token> out;
  while (!text.empty()) {
    Token best = static_cast<unsigned char>(text[0]);
    for (Token token = 1; token < static_cast<Token>(vocabulary()->size()); ++token)
      if (text.starts_with(vocabulary()->bytes(token)) &&
          vocabulary()->bytes(token).size() > vocabulary()->bytes(best).size())
        best = token;
    out.push_back(best);
    text.remove_prefix(vocabulary()->bytes(best).size());
  }
  return out;
}

TEST(JumpTest, forced_text_is_tokenised_as_if_the_model_had_written_it) {
  SeededRandom random(3);
  for (const Case& c : cases())
    for (int walk = 0; walk < 20; ++walk) {
      const auto schema = grammar(c.schema);
      Matcher matcher(schema, vocabulary());
      std::vector<Token> tokens;
      std::string text;
      for (int step = 0; step < 60; ++step) {
        if (const std::string forced = matcher.forced(); !forced.empty()) {
          const Jump jump = jump_forward(tokens, text, forced, tokenize(text + forced), *vocabulary());
          ASSERT_LE(jump.drop, tokens.size());
          tokens.resize(tokens.size() - jump.drop);
          tokens.insert(tokens.end(), jump.append.begin(), jump.append.end());
          std::string now;
          for (const Token token : tokens) now += vocabulary()->bytes(token);
          const std::string whole = text + forced;
          ASSERT_EQ(now, whole.substr(0, whole.size() - jump.held_back_bytes)) << "no byte is lost or made up";
          ASSERT_GE(now.size(), text.size()) << "what the model chose stays";
          // The matcher stands where the tokens stand.
          matcher = Matcher(schema, vocabulary());
          ASSERT_TRUE(matcher.accept_bytes(now));
          text = now;
        }
        const auto mask = matcher.mask().value();
        std::vector<Token> possible;
        for (Token token = 0; token < static_cast<Token>(vocabulary()->size()); ++token)
          if (allowed(*mask, token)) possible.push_back(token);
        ASSERT_FALSE(possible.empty());
        const Token chosen = possible[random.next() % possible.size()];
        if (chosen == 0) break;
        ASSERT_TRUE(matcher.accept(chosen));
        tokens.push_back(chosen);
        text += vocabulary()->bytes(chosen);
      }
      EXPECT_TRUE(Matcher(schema, vocabulary()).accept_bytes(text));
    }
}

}  // namespace
}  // namespace daimon::constraint
