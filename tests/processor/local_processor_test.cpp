#include "local_world.h"
#include "processor/firmware.h"

namespace daimon::processor {
namespace {

using namespace test;

constexpr std::string_view kCallSchema = R"({"type":"object","properties":{
  "call":{"enum":["search","answer","table","calculate"]},
  "with":{"type":"object","properties":{"query":{"type":"string","maxLength":12},"n":{"type":"integer"},
    "flags":{"type":"array","items":{"type":"boolean"},"maxItems":3}},"required":["query","n"]}},
  "required":["call","with"]})";

TEST(LocalProcessor, SaysWhatItIs) {
  const auto processor = make(tiny_options());
  EXPECT_EQ(processor->model().id, "tiny");
  EXPECT_EQ(processor->model().prompt_profile, "compact-3");
  EXPECT_EQ(processor->model().context_tokens, 1024);
  EXPECT_EQ(processor->model().note, "");
  EXPECT_GT(processor->model().parameters, 10'000U);
  EXPECT_GT(processor->usage().memory_bytes, 1000U);
  EXPECT_THAT(processor->usage().backend, testing::HasSubstr("CPU"));
  EXPECT_EQ(processor->count_tokens("search"), 1);
}

TEST(LocalProcessor, SameSeedSameTextAndAnotherSeedAnother) {
  const auto processor = make(tiny_options());
  const auto ask = [&](std::uint64_t seed) {
    Request asked = request("r", "the invoice");
    asked.sampling = {.temperature = 1.5F, .top_p = 0.95F, .top_k = 200, .min_p = 0.001F, .seed = seed};
    auto reply = complete(*processor, asked);
    EXPECT_EQ(reply->seed, seed);
    return reply.value().text;
  };
  const std::string text = ask(7);
  EXPECT_EQ(ask(7), text);
  EXPECT_NE(ask(8), text);
}

// The firmware, whose answers do change with what is kept (processor.h).
class Reproducible : public testing::Test {
 protected:
  static std::unique_ptr<Processor> fresh(bool share_prefixes = true) {
    LocalOptions options = tiny_options();
    options.model_path = firmware_path().value();
    options.share_prefixes = share_prefixes;
    return make(options);
  }
  // Of one goal with two ends, at two temperatures: prefixes are kept for the later ones.
  static std::vector<std::string> texts(Processor& processor) {
    std::vector<std::string> made;
    for (const float temperature : {0.0F, 0.8F})
      for (const std::string_view end : {"one", "two", "one"}) {
        std::string goal;
        for (int i = 0; i < 40; ++i) goal += std::format(" item {} of the invoice", i % 13);
        Request asked = request("r", std::format("{} {}", goal, end), 48);
        asked.sampling = {.temperature = temperature, .seed = 5};
        made.push_back(complete(processor, std::move(asked)).value().text);
      }
    return made;
  }
};

TEST_F(Reproducible, TheSameRequestsInTheSameOrderSinceLoadingGiveTheSameTexts) {
  EXPECT_EQ(texts(*fresh()), texts(*fresh()));
}

TEST_F(Reproducible, WithoutSharedPrefixesATextDoesNotDependOnWhatWasAskedBefore) {
  const auto processor = fresh(false);
  const auto first = texts(*processor);
  EXPECT_EQ(texts(*processor), first);
  EXPECT_EQ(first[2], first[0]);
  EXPECT_EQ(first[5], first[3]);
}

TEST(LocalProcessor, NeighboursInTheBatchDoNotChangeAConstrainedAnswer) {
  const auto processor = make(tiny_options());
  const Request alone = with_schema(request("alone", "electricity in march", 64), kCallSchema);
  const std::string text = complete(*processor, alone).value().text;
  std::vector<std::shared_ptr<Flight>> neighbours;
  for (int i = 0; i < 12; ++i)
    neighbours.push_back(fly(*processor, request(std::to_string(i), std::format("goal {}", i), 60)));
  EXPECT_EQ(complete(*processor, alone).value().text, text);
  for (auto& neighbour : neighbours) EXPECT_TRUE(neighbour->reply.get());
}

TEST(LocalProcessor, SharedPrefixGivesTheSameTextAsNone) {
  std::string goal = "a long shared beginning of the goal";
  for (int i = 0; i < 40; ++i) goal += " the table of the files and the invoice";
  const auto cached = make(tiny_options());
  LocalOptions options = tiny_options();
  options.share_prefixes = false;
  const auto plain = make(options);
  ASSERT_TRUE(complete(*cached, request("a", goal + " one")));
  auto second = complete(*cached, request("b", goal + " two"));
  const auto reference = complete(*plain, request("b", goal + " two"));
  ASSERT_TRUE(second && reference);
  EXPECT_GT(second->cached_tokens, second->prompt_tokens * 9 / 10);
  EXPECT_EQ(reference->cached_tokens, 0);
  EXPECT_EQ(second->text, reference->text);
}

TEST(LocalProcessor, EightAtOnceComputeTheirPrefixOnceAndKillingOneHarmsNoOther) {
  const auto processor = make(tiny_options());
  std::string shared;
  for (int i = 0; i < 60; ++i) shared += " the answer of the files";
  std::vector<std::string> expected;
  for (int i = 0; i < 8; ++i)
    expected.push_back(
        complete(*processor, with_schema(request("x", std::format("{} {}", shared, i), 80), kCallSchema))->text);
  const auto fresh = make(tiny_options());
  std::vector<std::shared_ptr<Flight>> flights;
  for (int i = 0; i < 8; ++i)
    flights.push_back(
        fly(*fresh, with_schema(request(std::format("p{}", i), std::format("{} {}", shared, i), 80), kCallSchema)));
  fresh->cancel("p3");
  int cached = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    const auto reply = flights[i]->reply.get();
    if (i == 3) {
      ASSERT_FALSE(reply);
      EXPECT_EQ(reply.error().code, ErrorCode::kCancelled);
      continue;
    }
    ASSERT_TRUE(reply) << reply.error().what;
    EXPECT_EQ(reply->text, expected[i]);
    if (reply->cached_tokens > reply->prompt_tokens * 9 / 10) ++cached;
  }
  EXPECT_GE(cached, 6);
}

TEST(LocalProcessor, CancelledWhileItAnswersAndWhileItReads) {
  LocalOptions options = tiny_options();
  options.batch_tokens = 32;
  const auto processor = make(options);
  const auto answering = fly(*processor, request("answering", "the table", 900));
  answering->first_piece.wait();
  processor->cancel("answering");
  auto reply = answering->reply.get();
  EXPECT_TRUE(!reply || reply->finish == FinishReason::kStop);
  std::string goal;
  for (int i = 0; i < 400; ++i) goal += " the";
  const auto reading = fly(*processor, request("reading", goal, 500));
  processor->cancel("reading");
  reply = reading->reply.get();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::kCancelled);
  processor->cancel("nobody");
  EXPECT_TRUE(complete(*processor, request("after", "the table")));
}

TEST(LocalProcessor, WhatWasCancelledSaysWhatItUsed) {
  const auto processor = make(tiny_options());
  const auto flight =
      fly(*processor, with_schema(request("c", "the table", 900), R"({"type":"string","minLength":4000})"));
  flight->first_piece.wait();
  processor->cancel("c");
  const auto reply = flight->reply.get();
  ASSERT_FALSE(reply);
  EXPECT_GT(reply.error().spent.prompt_tokens, 5);
  EXPECT_GT(reply.error().spent.generated_tokens + reply.error().spent.forced_tokens, 0);
}

TEST(LocalProcessor, PromptLongerThanTheContextIsALimitWithNumbers) {
  const auto processor = make(tiny_options());
  std::string goal;
  for (int i = 0; i < 100'000; ++i) goal += 'x';
  const auto reply = complete(*processor, request("long", goal));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::kLimit);
  EXPECT_THAT(reply.error().what, testing::AllOf(testing::HasSubstr("1000"), testing::HasSubstr("1024")));
  EXPECT_THAT(reply.error().remedy, testing::HasSubstr("shorten"));
}

TEST(LocalProcessor, EndsAtTheContextAndAtTheTokensAllowed) {
  const auto processor = make(tiny_options());
  const auto text = R"({"type":"object","properties":{"t":{"type":"string","minLength":4000}},"required":["t"]})";
  const auto context = complete(*processor, with_schema(request("c", "x", 5000), text));
  ASSERT_TRUE(context) << context.error().what;
  EXPECT_EQ(context->finish, FinishReason::kLength);
  EXPECT_LE(context->prompt_tokens + context->generated_tokens, 1025);
  const auto few = complete(*processor, with_schema(request("f", "x", 10), text));
  EXPECT_EQ(few->finish, FinishReason::kLength);
  EXPECT_LE(few->generated_tokens, 10);
}

TEST(LocalProcessor, MoreRequestsThanCellsAreQueuedAndAllAnswered) {
  LocalOptions options = tiny_options();
  options.context_tokens = options.cells_max = 512;
  options.sequences_max = 4;
  const auto processor = make(options);
  std::vector<std::shared_ptr<Flight>> flights;
  for (int i = 0; i < 12; ++i) {
    std::string goal = std::format("{} ", i);
    for (int k = 0; k < 120; ++k) goal += std::format("{}", (i * 7 + k) % 10);
    Request asked = with_schema(
        request(std::to_string(i), goal, 200),
        R"({"type":"object","properties":{"t":{"type":"string","minLength":60,"maxLength":90}},"required":["t"]})");
    asked.priority = i % 3;
    flights.push_back(fly(*processor, std::move(asked)));
  }
  for (auto& flight : flights) {
    const auto reply = flight->reply.get();
    ASSERT_TRUE(reply) << reply.error().what;
    EXPECT_TRUE(parse_json(reply->text)) << reply->text;
    EXPECT_EQ(flight->pieces, reply->text);
  }
  EXPECT_TRUE(eventually([&] { return processor->usage().sequences_active == 0; }));
  EXPECT_LE(processor->usage().cells_used, 512);
}

TEST(LocalProcessor, ConstrainedAnswersSatisfyTheirSchemaWithARandomModel) {
  LocalOptions slow = tiny_options();
  slow.jump_forward = false;
  const auto jumping = make(tiny_options());
  const auto stepping = make(slow);
  for (int seed = 0; seed < 12; ++seed) {
    Request asked = with_schema(request("s", std::format("goal {}", seed), 300), kCallSchema);
    asked.sampling = {.temperature = 1.0F, .seed = static_cast<std::uint64_t>(seed)};
    for (Processor* processor : {jumping.get(), stepping.get()}) {
      const auto reply = complete(*processor, asked);
      ASSERT_TRUE(reply) << reply.error().what;
      if (reply->finish == FinishReason::kLength) continue;  // an integer of 300 digits is allowed
      const auto json = parse_json(reply->text);
      ASSERT_TRUE(json) << reply->text;
      EXPECT_TRUE(find_string(*json, "call")) << reply->text;
      ASSERT_NE(find(*json, "with"), nullptr) << reply->text;
      EXPECT_TRUE(find_string(*find(*json, "with"), "query") && find_integer(*find(*json, "with"), "n")) << reply->text;
      EXPECT_GT(reply->confidence, 0.0);
      EXPECT_LE(reply->confidence, 1.0);
      if (processor == jumping.get()) {
        EXPECT_GT(reply->forced_tokens, 0);
      } else {
        EXPECT_EQ(reply->forced_tokens, 0);
      }
    }
  }
}

TEST(LocalProcessor, AnswerThatTheSchemaLeavesNoChoiceInTakesNoSampling) {
  const auto processor = make(tiny_options());
  const auto reply = complete(*processor, with_schema(request("c", "x"), R"({"const":{"plan":["none"]}})"));
  ASSERT_TRUE(reply) << reply.error().what;
  EXPECT_EQ(reply->text, R"({"plan":["none"]})");
  EXPECT_EQ(reply->generated_tokens, 0);
  EXPECT_EQ(reply->confidence, 1.0);
}

TEST(LocalProcessor, SchemaThatCannotBeSatisfiedOrRequestThatMakesNoSenseIsRefused) {
  const auto processor = make(tiny_options());
  EXPECT_FALSE(complete(*processor, with_schema(request("c", "x"), R"({"enum":[]})")));
  EXPECT_EQ(complete(*processor, request("c", "x", 0)).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(complete(*processor, Request{}).error().code, ErrorCode::kInvalidArgument);
  Request tools = request("t", "x");
  tools.tools.push_back({"f", "", JsonObject{}});
  EXPECT_EQ(complete(*processor, tools).error().code, ErrorCode::kUnsupported);
}

TEST(LocalProcessor, StreamedPiecesAreValidUtf8AndMakeTheText) {
  const auto processor = make(tiny_options());
  for (int seed = 0; seed < 4; ++seed) {
    Request asked = request("u", "naïve 🙂 text", 120);
    asked.sampling = {.temperature = 2.0F, .seed = static_cast<std::uint64_t>(seed)};
    const auto flight = fly(*processor, asked);
    const auto reply = flight->reply.get();
    ASSERT_TRUE(reply);
    EXPECT_EQ(flight->pieces, reply->text);
    EXPECT_TRUE(is_utf8(reply->text));
  }
}

TEST(LocalProcessor, SecondRequestOfTheSameNameIsAConflict) {
  const auto processor = make(tiny_options());
  const auto first = fly(*processor, request("same", "x", 500));
  const auto second = fly(*processor, request("same", "x", 500));
  const auto reply = second->reply.get();
  if (!reply) {
    EXPECT_EQ(reply.error().code, ErrorCode::kConflict);
  }
  processor->cancel("same");
  first->reply.wait();
}

TEST(LocalProcessor, EndingItCancelsWhatIsInFlight) {
  std::shared_ptr<Flight> flight;
  {
    const auto processor = make(tiny_options());
    flight = fly(*processor, with_schema(request("x", "y", 900), R"({"type":"string","minLength":4000})"));
  }
  const auto reply = flight->reply.get();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::kCancelled);
}

TEST(LocalProcessor, QuantisedCacheAnswersToo) {
  LocalOptions options = tiny_options();
  options.kv_type = KvType::kQ8;
  const auto made = LocalProcessor::create(options);
  // Heads of 16 values are too short for blocks of 32: a clear error is fine, the daemon's end is not.
  if (made) {
    EXPECT_TRUE(complete(**made, request("q", "x")));
  } else {
    EXPECT_FALSE(made.error().what.empty());
  }
}

}  // namespace
}  // namespace daimon::processor
