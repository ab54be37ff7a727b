#include "processor/remote_processor.h"

#include "local_world.h"
#include "processor/chat_wire.h"
#include "stub_hub.h"

namespace daimon::processor {
namespace {

using namespace test;

class Remote : public testing::Test {
 protected:
  std::unique_ptr<Processor> server(const std::string& kind, std::string key_env = "") {
    RemoteOptions options;
    options.url = hub_.url("/" + kind);
    options.model = "stub";
    options.key_env = std::move(key_env);
    options.backoff = std::chrono::milliseconds(1);
    return RemoteProcessor::create(options).value();
  }
  Answered ask(const std::string& kind) { return complete(*server(kind), request("r", "hello")); }
  StubHub hub_;
};

constexpr std::string_view kSchema =
    R"({"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"}},"required":["a","b"]})";

TEST_F(Remote, StreamsTextAndCountsTokens) {
  const auto processor = server("fine");
  const auto flight = fly(*processor, request("r", "hello"));
  const auto reply = flight->reply.get();
  ASSERT_TRUE(reply) << reply.error().what;
  EXPECT_EQ(reply->text, "Hello, wörld");
  EXPECT_EQ(flight->pieces, reply->text);
  EXPECT_EQ(reply->model, "stub");
  EXPECT_EQ(reply->prompt_tokens, 7);
  EXPECT_EQ(reply->cached_tokens, 2);
  EXPECT_EQ(reply->generated_tokens, 3);
  EXPECT_EQ(processor->usage().tokens_total, 3U);
  EXPECT_TRUE(processor->model().remote);
}

TEST_F(Remote, WhatAnAnswerCostsFollowsFromThePriceOfItsTokens) {
  RemoteOptions options;
  options.url = hub_.url("/fine");
  options.model = "stub";
  options.price = {.input = 3, .cached = 0.5, .output = 15};
  const auto reply = complete(*RemoteProcessor::create(options).value(), request("r", "hello"));
  ASSERT_TRUE(reply) << reply.error().what;
  EXPECT_DOUBLE_EQ(reply->money, (5 * 3 + 2 * 0.5 + 3 * 15) / 1e6);
  EXPECT_EQ(ask("fine")->money, 0) << "without a price";
}

TEST_F(Remote, AnAnswerThatIsOfNoUseCostsAsMuch) {
  const auto priced = [&](const std::string& kind) {
    RemoteOptions options;
    options.url = hub_.url("/" + kind);
    options.model = "stub";
    options.price = {.input = 3, .cached = 0.5, .output = 15};
    options.backoff = std::chrono::milliseconds(1);
    return RemoteProcessor::create(options).value();
  };
  const double once = (5 * 3 + 2 * 0.5 + 3 * 15) / 1e6;
  const auto unfit = priced("unfit");
  const auto never = complete(*unfit, with_schema(request("r", "x"), kSchema));
  ASSERT_FALSE(never);
  EXPECT_EQ(never.error().spent.prompt_tokens, 14) << "it was asked twice";
  EXPECT_EQ(never.error().spent.cached_tokens, 4);
  EXPECT_EQ(never.error().spent.generated_tokens, 6);
  EXPECT_DOUBLE_EQ(never.error().spent.money, 2 * once);
  EXPECT_EQ(unfit->usage().tokens_total, 6U);
  const auto second = complete(*priced("second"), with_schema(request("r", "x"), kSchema));
  ASSERT_TRUE(second) << second.error().what;
  EXPECT_EQ(second->prompt_tokens, 14);
  EXPECT_EQ(second->generated_tokens, 6);
  EXPECT_DOUBLE_EQ(second->money, 2 * once);
  const auto cut = complete(*priced("cut"), request("r", "x"));
  ASSERT_FALSE(cut);
  EXPECT_GT(cut.error().spent.prompt_tokens, 10) << "text had come";
  EXPECT_GT(cut.error().spent.money, 0);
  EXPECT_EQ(complete(*priced("down"), request("r", "x")).error().spent, Spent{}) << "nothing was answered";
}

TEST_F(Remote, TokensThatAServerDoesNotCountAreEstimatedFromTheirBytes) {
  RemoteOptions options;
  options.url = hub_.url("/uncounted");
  options.model = "stub";
  options.price = {.input = 1, .output = 1};
  const auto reply = complete(*RemoteProcessor::create(options).value(), request("r", std::string(3000, 'x')));
  ASSERT_TRUE(reply) << reply.error().what;
  EXPECT_EQ(reply->generated_tokens, 200) << "thoughts too";
  EXPECT_GT(reply->prompt_tokens, 1000);
  EXPECT_LT(reply->prompt_tokens, 1200);
  EXPECT_DOUBLE_EQ(reply->money, (reply->prompt_tokens + 200) / 1e6);
}

TEST_F(Remote, TriesAgainWhenTheServerIsBusyButNotForEver) {
  EXPECT_TRUE(ask("busy"));
  EXPECT_EQ(hub_.requests().size(), 3U);
  const auto down = ask("down");
  ASSERT_FALSE(down);
  EXPECT_EQ(down.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(down.error().what, testing::HasSubstr("out to lunch"));
  EXPECT_EQ(hub_.requests().size(), 4U);
  EXPECT_EQ(ask("later").error().code, ErrorCode::kLimit);
  EXPECT_EQ(hub_.requests().size(), 1U);
}

TEST_F(Remote, ErrorsSayWhatToDo) {
  EXPECT_EQ(ask("long").error().code, ErrorCode::kLimit);
  EXPECT_EQ(ask("broken").error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(ask("html").error().code, ErrorCode::kCorrupt);
  const auto cut = ask("cut");
  EXPECT_EQ(cut.error().code, ErrorCode::kUnavailable);
  RemoteOptions nowhere;
  nowhere.url = "http://127.0.0.1:1/v1";
  nowhere.model = "m";
  nowhere.backoff = std::chrono::milliseconds(1);
  const auto lost = complete(**RemoteProcessor::create(nowhere), request("r", "x"));
  EXPECT_EQ(lost.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(lost.error().what, testing::HasSubstr("http://127.0.0.1:1/v1"));
  EXPECT_FALSE(lost.error().remedy.empty());
  nowhere.url = "file:///etc/passwd";
  EXPECT_EQ(RemoteProcessor::create(nowhere).error().code, ErrorCode::kInvalidArgument);
}

TEST(RemoteKey, GoesOverTheNetworkEncryptedOrNotAtAll) {
  RemoteOptions options;
  options.model = "m";
  options.key_env = "DAIMON_TEST_KEY";
  for (const std::string url : {"http://models.example/v1", "http://10.0.0.7:8080/v1", "http://localhost.example/v1",
                                "http://127.0.0.1.example/v1", "http://127.0.0.1@models.example/v1"}) {
    options.url = url;
    const auto refused = RemoteProcessor::create(options);
    ASSERT_FALSE(refused) << url;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(refused.error().remedy, testing::HasSubstr("https://")) << url;
  }
  for (const std::string url :
       {"https://models.example/v1", "http://127.0.0.1:8080/v1", "http://LOCALHOST:1/v1", "http://[::1]:8080/v1"}) {
    options.url = url;
    EXPECT_TRUE(check_remote(options)) << url;
  }
  options.key_env.clear();
  options.url = "http://models.example/v1";
  EXPECT_TRUE(check_remote(options)) << "there is nothing to keep";
  options.url = "http://me:key@models.example/v1";
  EXPECT_FALSE(check_remote(options));
}

TEST_F(Remote, AServerThatSaysNothingIsAskedOnceAndGivenUp) {
  RemoteOptions options;
  options.url = hub_.url("/silent");
  options.model = "stub";
  options.idle_timeout = std::chrono::seconds(1);
  const auto reply = complete(**RemoteProcessor::create(options), request("r", "hello"));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::kTimeout);
  EXPECT_THAT(reply.error().what, testing::HasSubstr("did not answer in time"));
  EXPECT_FALSE(reply.error().remedy.empty());
  EXPECT_EQ(hub_.requests().size(), 1U);
}

TEST_F(Remote, KeyComesFromTheNamedVariable) {
  unsetenv("DAIMON_TEST_KEY");
  EXPECT_EQ(complete(*server("key", "DAIMON_TEST_KEY"), request("r", "x")).error().code, ErrorCode::kDenied);
  setenv("DAIMON_TEST_KEY", "wrong", 1);
  const auto wrong = complete(*server("key", "DAIMON_TEST_KEY"), request("r", "x"));
  EXPECT_EQ(wrong.error().code, ErrorCode::kDenied);
  EXPECT_THAT(wrong.error().remedy, testing::HasSubstr("DAIMON_TEST_KEY"));
  setenv("DAIMON_TEST_KEY", "s3cret", 1);
  EXPECT_TRUE(complete(*server("key", "DAIMON_TEST_KEY"), request("r", "x")));
}

TEST_F(Remote, SchemaThatAServerRefusesIsToldInThePromptAndChecked) {
  const auto processor = server("plain");
  const auto flight = fly(*processor, with_schema(request("r", "x"), kSchema));
  const auto reply = flight->reply.get();
  ASSERT_TRUE(reply) << reply.error().what;
  EXPECT_EQ(reply->text, R"({"a":"x","b":1})");
  EXPECT_EQ(flight->pieces, reply->text);
  const auto unfit = complete(*server("unfit"), with_schema(request("r", "x"), kSchema));
  ASSERT_FALSE(unfit);
  EXPECT_EQ(unfit.error().code, ErrorCode::kCorrupt);
}

TEST_F(Remote, ToolCallsComeBack) {
  Request asked = request("r", "weather in Oslo?");
  asked.tools.push_back(
      {"weather", "the weather", parse_json(R"({"type":"object","properties":{"city":{"type":"string"}}})").value()});
  const auto reply = complete(*server("tools"), asked);
  ASSERT_TRUE(reply) << reply.error().what;
  EXPECT_EQ(reply->finish, FinishReason::kToolCalls);
  EXPECT_THAT(reply->tool_calls, testing::ElementsAre(ToolCall{"c1", "weather", R"({"city":"Oslo"})"}));
}

TEST_F(Remote, CancelledWhileItStreams) {
  const auto processor = server("stall");
  const auto flight = fly(*processor, request("r", "x"));
  flight->first_piece.wait();
  processor->cancel("r");
  const auto reply = flight->reply.get();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::kCancelled);
  std::shared_ptr<Flight> last;
  {
    const auto ending = server("stall");
    last = fly(*ending, request("r", "x"));
    last->first_piece.wait();
  }
  EXPECT_EQ(last->reply.get().error().code, ErrorCode::kCancelled);
}

TEST(EventParser, CutsWhereverTheBytesAreCut) {
  const std::string stream = ": comment\r\ndata: a\r\ndata: b\r\n\r\nevent: x\ndata:c\n\ndata: lost";
  for (std::size_t size = 1; size < stream.size(); ++size) {
    EventParser parser;
    std::vector<std::string> events;
    for (std::size_t at = 0; at < stream.size(); at += size)
      ASSERT_TRUE(parser.feed(std::string_view(stream).substr(at, size), [&](std::string_view data) -> Status {
        events.emplace_back(data);
        return {};
      }));
    EXPECT_THAT(events, testing::ElementsAre("a\nb", "c")) << size;
  }
}

TEST(ChatWire, ResultsWithoutACallsIdComeAsTheUsers) {
  Request asked = request("r", "x");
  asked.messages.push_back({Role::kTool, "search: nothing found"});
  asked.messages.push_back({Role::kAssistant, "", "", {{"c1", "f", "{}"}}});
  asked.messages.push_back({Role::kTool, "42", "c1"});
  const auto body = parse_json(chat_body(asked, "m", SchemaBy::kResponseFormat)).value();
  const auto& messages = find(body, "messages")->get_array();
  EXPECT_EQ(find_string(messages[2], "role"), "user");
  EXPECT_EQ(find_string(messages[4], "role"), "tool");
  EXPECT_EQ(find_string(messages[4], "tool_call_id"), "c1");
}

// The real peer: llama-server of the same package, on a tiny model.
TEST(LlamaServer, AnswersWithTextSchemaAndStream) {
  if (access("/usr/bin/llama-server", X_OK) != 0) GTEST_SKIP() << "llama-server is not installed";
  write_tiny_gguf(folder() / "server.gguf",
                  {.compact_prompt = false,
                   .chat_template = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"
                                    "{% endfor %}<|im_start|>assistant\n",
                   .chatml_markers = true});
  const std::string port = std::to_string(20'000 + getpid() % 20'000);
  Child server({"llama-server", "-m", (folder() / "server.gguf").string(), "--port", port, "--host", "127.0.0.1", "-t",
                "1", "-c", "2048", "--jinja", "--no-webui"},
               true);
  RemoteOptions options;
  options.url = std::format("http://127.0.0.1:{}/v1", port);
  options.model = "tiny";
  options.retries_max = 12;
  options.backoff = std::chrono::milliseconds(10);
  const auto processor = RemoteProcessor::create(options).value();
  const auto text = fly(*processor, request("text", "hello", 16));
  const auto reply = text->reply.get();
  ASSERT_TRUE(reply) << reply.error().what;
  EXPECT_EQ(text->pieces, reply->text);
  EXPECT_GT(reply->prompt_tokens, 5);
  EXPECT_GT(reply->generated_tokens, 0);
  const auto json = complete(
      *processor,
      with_schema(
          request("json", "x", 200),
          R"({"type":"object","properties":{"call":{"enum":["search","answer"]},"n":{"type":"boolean"}},"required":["call","n"]})"));
  ASSERT_TRUE(json) << json.error().what;
  EXPECT_TRUE(find_bool(parse_json(json->text).value(), "n")) << json->text;
}

}  // namespace
}  // namespace daimon::processor
