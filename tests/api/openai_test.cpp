#include "api/openai.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/client.h"
#include "api/fake_system.h"
#include "api/raw_client.h"
#include "api/server.h"

namespace daimon::test {
namespace {

using api::Client;
using api::StopFilter;
using testing::HasSubstr;
using testing::StartsWith;

class ChatTest : public testing::Test {
 protected:
  void SetUp() override {
    api::ServerOptions options;
    options.socket = socket = folder.path / "daimon.sock";
    auto started = api::Server::start(system, options);
    ASSERT_TRUE(started);
    server = std::move(*started);
  }
  std::string ask(std::string_view body) {
    return RawClient(socket).send(post("/v1/chat/completions", body)).read_all();
  }
  Result<Json> chat(std::string_view body) { return Client(socket).post("/v1/chat/completions", *parse_json(body)); }

  TemporaryFolder folder;
  FakeSystem system;
  std::filesystem::path socket;
  std::unique_ptr<api::Server> server;
};

TEST_F(ChatTest, WholeAnswer) {
  const auto reply = chat(
      R"({"model":"m","messages":[{"role":"system","content":"be kind"},{"role":"user","content":[{"type":"text","text":"hi"}]}],
    "temperature":0.5,"top_p":0.9,"seed":42,"max_completion_tokens":33,"frequency_penalty":0.1,"user":"me"})");
  ASSERT_TRUE(reply) << reply.error().what;
  EXPECT_EQ(find_string(*reply, "object"), "chat.completion");
  EXPECT_EQ(find_string(*reply, "model"), "m");
  const Json& choice = find(*reply, "choices")->as_array().at(0);
  EXPECT_EQ(find_string(*find(choice, "message"), "content"), "Hello from m: hi");
  EXPECT_EQ(find_string(choice, "finish_reason"), "stop");
  EXPECT_EQ(
      to_text(*find(*reply, "usage")),
      R"({"prompt_tokens":12,"completion_tokens":5,"total_tokens":17,"prompt_tokens_details":{"cached_tokens":4}})");
  const auto request = system.last_chat();
  ASSERT_EQ(request->messages.size(), 2U);
  EXPECT_EQ(request->messages[0].role, processor::Role::kSystem);
  EXPECT_FLOAT_EQ(request->sampling.temperature, 0.5F);
  EXPECT_FLOAT_EQ(request->sampling.top_p, 0.9F);
  EXPECT_EQ(request->sampling.seed, 42U);
  EXPECT_EQ(request->tokens_max, 33);
}

TEST_F(ChatTest, StreamHasRoleTextReasonUsageAndEnd) {
  const std::string answer =
      ask(R"({"messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true}})");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"));
  EXPECT_THAT(answer, HasSubstr(R"("delta":{"role":"assistant","content":""})"));
  EXPECT_THAT(answer, HasSubstr(R"("delta":{"content":"Hello "})"));
  EXPECT_THAT(answer, HasSubstr(R"("finish_reason":"stop"}],"usage":null})"));
  EXPECT_THAT(answer, HasSubstr(R"("choices":[],"usage":{"prompt_tokens":12)"));
  EXPECT_THAT(answer, HasSubstr("data: [DONE]\n\n"));
}

TEST_F(ChatTest, SchemaReachesTheProcessor) {
  const auto reply = chat(
      R"({"messages":[{"role":"user","content":"hi"}],"response_format":{"type":"json_schema","json_schema":{"name":"x","strict":true,"schema":{"type":"object","properties":{"ok":{"type":"boolean"}}}}}})");
  ASSERT_TRUE(reply);
  ASSERT_TRUE(system.last_chat()->schema);
  EXPECT_EQ(to_text(*system.last_chat()->schema), R"({"type":"object","properties":{"ok":{"type":"boolean"}}})");
}

TEST_F(ChatTest, StopSequencesEndTheAnswer) {
  const auto reply = chat(R"({"messages":[{"role":"user","content":"forever"}],"stop":[": for","zzz"]})");
  ASSERT_TRUE(reply) << reply.error().what;
  EXPECT_EQ(find_string(*find(find(*reply, "choices")->as_array().at(0), "message"), "content"), "Hello from firmware");
  EXPECT_EQ(system.chats_cancelled, 1);
}

TEST_F(ChatTest, ClientThatLeavesEndsTheModelsWork) {
  for (const char* stream : {"true", "false"}) {
    const int before = system.chats_cancelled;
    RawClient client(socket);
    client.send(post("/v1/chat/completions",
                     daimon::format(R"({{"messages":[{{"role":"user","content":"forever"}}],"stream":{}}})", stream)));
    client.read_until("and on", 200);
    client.close();
    for (int i = 0; i < 500 && system.chats_cancelled == before; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ(system.chats_cancelled, before + 1) << stream;
  }
}

TEST_F(ChatTest, ErrorsHaveOpenAisForm) {
  const auto refused = [&](std::string_view body, std::string_view status, std::string_view why) {
    const std::string answer = ask(body);
    EXPECT_THAT(answer, StartsWith(std::string("HTTP/1.1 ") + std::string(status))) << body;
    EXPECT_THAT(answer, HasSubstr(std::string(why))) << body;
    EXPECT_THAT(answer, HasSubstr("\"message\":")) << body;
  };
  refused("nonsense", "400", "invalid_request_error");
  refused("{}", "400", "messages");
  refused(R"({"messages":[]})", "400", "messages");
  refused(R"({"messages":[{"role":"wizard","content":"x"}]})", "400", "role");
  refused(R"({"messages":[{"role":"user","content":[{"type":"image_url"}]}]})", "400", "text parts");
  refused(R"({"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function"}]})", "400", "tools");
  refused(R"({"messages":[{"role":"user","content":"x"}],"temperature":9})", "400", "temperature");
  refused(R"({"messages":[{"role":"user","content":"x"}],"max_tokens":0})", "400", "max_tokens");
  refused(R"({"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema"}})", "400", "schema");
  refused(R"({"messages":[{"role":"user","content":"broken"}]})", "503", "server_error");
  refused(R"({"messages":[{"role":"user","content":"broken"}],"stream":true})", "503", "server_error");
  refused(R"({"model":"nosuch","messages":[{"role":"user","content":"x"}]})", "404", "nosuch");
}

TEST_F(ChatTest, ModelsAreListed) {
  const auto models = Client(socket).get("/v1/models");
  ASSERT_TRUE(models);
  EXPECT_EQ(to_text(*models),
            R"({"object":"list","data":[{"id":"firmware","object":"model","created":0,"owned_by":"daimon"}]})");
}

TEST(StopFilter, HoldsBackWhatMayBecomeAStop) {
  StopFilter filter({"END", "\n\n"});
  EXPECT_EQ(filter.feed("a E"), "a ");
  EXPECT_EQ(filter.feed("N"), "");
  EXPECT_EQ(filter.feed("x\n"), "ENx");
  EXPECT_EQ(filter.feed("b\n"), "\nb");
  EXPECT_EQ(filter.finish(), "\n");
}

TEST(StopFilter, FindsAStopWhereverThePiecesAreCut) {
  const std::string text = "one two END three";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    StopFilter filter({"END"});
    std::string out = filter.feed(text.substr(0, cut));
    out += filter.feed(text.substr(cut));
    out += filter.finish();
    EXPECT_EQ(out, "one two ") << cut;
    EXPECT_TRUE(filter.stopped());
  }
}

}  // namespace
}  // namespace daimon::test
