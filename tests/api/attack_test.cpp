// The attack list of an API on a machine that its owner also browses the web with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fstream>
#include <iterator>

#include "api/client.h"
#include "api/fake_system.h"
#include "api/raw_client.h"
#include "api/server.h"

namespace daimon::test {
namespace {

using api::Client;
using namespace std::string_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class AttackTest : public testing::Test {
 protected:
  void SetUp() override {
    options.socket = folder.path / "daimon.sock";
    options.token_file = folder.path / "tokens.json";
    options.allowed_origins = {"http://127.0.0.1:5173"};
  }
  void start() {
    auto started = api::Server::start(system, options);
    ASSERT_TRUE(started) << started.error().what;
    server = std::move(*started);
  }
  // Opens a port for good, and keeps its token.
  void listen(std::string_view scope) {
    const auto opened =
        Client(options.socket).post("/v1/listen", JsonObject{{"scope", scope}, {"keep", true}, {"new_token", true}});
    ASSERT_TRUE(opened) << opened.error().what;
    port = static_cast<int>(*find_integer(*opened, "port"));
    token = *find_string(*opened, "token");
  }
  std::string tcp(std::string_view method_and_target, std::string_view headers, std::string_view body = "") {
    return RawClient(port)
        .send(daimon::format("{} HTTP/1.1\r\nConnection: close\r\n{}Content-Length: {}\r\n\r\n{}", method_and_target,
                             headers, body.size(), body))
        .read_all();
  }
  std::string good_headers() {
    return daimon::format("Host: 127.0.0.1:{}\r\nAuthorization: Bearer {}\r\n", port, token);
  }
  std::string unix_ask(std::string_view bytes) { return RawClient(options.socket).send(bytes).read_all(); }

  TemporaryFolder folder;
  FakeSystem system;
  api::ServerOptions options;
  std::unique_ptr<api::Server> server;
  int port = 0;
  std::string token;
};

TEST_F(AttackTest, TokenOpensAndIsStoredOnlyAsItsHash) {
  start();
  listen("all");
  EXPECT_EQ(token.size(), 64U);
  EXPECT_THAT(tcp("GET /v1/status", good_headers()), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(tcp("GET /v1/status", daimon::format("Host: localhost:{}\r\nauthorization: bearer {}\r\n", port, token)),
              StartsWith("HTTP/1.1 200 "));
  std::ifstream file(options.token_file);
  const std::string stored((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_THAT(stored, Not(HasSubstr(token)));
  EXPECT_EQ(std::filesystem::status(options.token_file).permissions() & std::filesystem::perms::all,
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(AttackTest, TokenMissingWrongStaleOrInTheAddress) {
  start();
  listen("all");
  const std::string host = daimon::format("Host: 127.0.0.1:{}\r\n", port);
  EXPECT_THAT(tcp("GET /v1/status", host), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(tcp("GET /v1/status", host + "Authorization: Bearer " + std::string(64, '0') + "\r\n"),
              StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(tcp("GET /v1/status", host + "Authorization: Bearer \r\n"), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(tcp("GET /v1/status", host + "Authorization: Basic " + token + "\r\n"), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(tcp("GET /v1/status", host + "Authorization: Bearer x\r\nAuthorization: Bearer " + token + "\r\n"),
              StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(tcp("GET /v1/status?token=" + token, good_headers()), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(tcp("GET /v1/status?api_key=" + token, host), StartsWith("HTTP/1.1 400 "));
  const std::string stale = good_headers();
  const std::string stale_token = token;
  listen("all");
  EXPECT_THAT(
      tcp("GET /v1/status", daimon::format("Host: 127.0.0.1:{}\r\nAuthorization: Bearer {}\r\n", port, stale_token)),
      StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(tcp("GET /v1/status", good_headers()), StartsWith("HTTP/1.1 200 "));
}

TEST_F(AttackTest, TokenOutlivesTheServer) {
  start();
  listen("models");
  server.reset();
  start();
  const auto opened = Client(options.socket).post("/v1/listen", JsonObject{{"keep", true}});
  ASSERT_TRUE(opened);
  EXPECT_TRUE(find(*opened, "token")->is_null());
  port = static_cast<int>(*find_integer(*opened, "port"));
  EXPECT_THAT(tcp("GET /v1/models", good_headers()), StartsWith("HTTP/1.1 200 "));
}

TEST_F(AttackTest, ScopeIsTheTokensNotTheCallers) {
  start();
  listen("models");
  EXPECT_THAT(tcp("GET /v1/models", good_headers()), StartsWith("HTTP/1.1 200 "));
  for (const char* target : {"GET /v1/status", "GET /v1/processes", "POST /v1/processes", "GET /v1/find?q=a&scope=all",
                             "DELETE /v1/mounts/home"})
    EXPECT_THAT(tcp(target, good_headers() + "X-Scope: all\r\n"), StartsWith("HTTP/1.1 403 ")) << target;
  listen("all");
  for (const char* target : {"POST /v1/shutdown", "POST /v1/listen"})
    EXPECT_THAT(tcp(target, good_headers()), StartsWith("HTTP/1.1 403 ")) << target;
}

TEST_F(AttackTest, RebindingHostIsRefused) {
  start();
  listen("all");
  for (const std::string& host :
       {std::string("evil.example"), daimon::format("evil.example:{}", port), std::string("127.0.0.1"),
        daimon::format("0.0.0.0:{}", port), daimon::format("127.0.0.1:{}.evil.example", port),
        daimon::format("127.0.0.1:{}", port + 1), daimon::format("[::1]:{}", port), std::string()})
    EXPECT_THAT(tcp("GET /v1/status", daimon::format("Host: {}\r\nAuthorization: Bearer {}\r\n", host, token)),
                StartsWith("HTTP/1.1 421 "))
        << host;
  const std::string rest = daimon::format("Authorization: Bearer {}\r\n", token);
  EXPECT_THAT(tcp("GET /v1/status", rest), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(tcp("GET /v1/status", daimon::format("Host: 127.0.0.1:{}\r\nHost: evil.example\r\n", port) + rest),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(tcp(daimon::format("GET http://127.0.0.1:{}/v1/status", port), good_headers()),
              StartsWith("HTTP/1.1 400 "));
}

TEST_F(AttackTest, ListensOnTheLoopbackAddressAlone) {
  start();
  listen("all");
  EXPECT_TRUE(RawClient(port).connected);
  EXPECT_FALSE(RawClient(port, 0x7F000002).connected);  // 127.0.0.2: reached by a socket bound to 0.0.0.0
}

TEST_F(AttackTest, PagesOfTheWebAreRefusedUnlessAllowed) {
  start();
  listen("all");
  for (const char* origin : {"http://evil.example", "null", "http://127.0.0.1:5174", "https://127.0.0.1:5173",
                             "http://127.0.0.1:5173.evil.example", ""})
    EXPECT_THAT(tcp("GET /v1/status", good_headers() + "Origin: " + origin + "\r\n"), StartsWith("HTTP/1.1 403 "))
        << origin;
  EXPECT_THAT(unix_ask(get("/v1/status", "Origin: http://evil.example\r\n")), StartsWith("HTTP/1.1 403 "));
  const std::string allowed = tcp("GET /v1/status", good_headers() + "Origin: http://127.0.0.1:5173\r\n");
  EXPECT_THAT(allowed, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(allowed, HasSubstr("Access-Control-Allow-Origin: http://127.0.0.1:5173\r\n"));
  const std::string host = daimon::format("Host: 127.0.0.1:{}\r\n", port);
  EXPECT_THAT(tcp("OPTIONS /v1/status", host + "Origin: http://127.0.0.1:5173\r\n"), StartsWith("HTTP/1.1 204 "));
  EXPECT_THAT(tcp("OPTIONS /v1/status", host + "Origin: http://evil.example\r\n"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(tcp("GET /v1/status", host + "Origin: http://127.0.0.1:5173\r\n"), StartsWith("HTTP/1.1 401 "));
}

TEST_F(AttackTest, FormsArePostedInVain) {
  start();
  for (const char* type : {"application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x",
                           "application/jsonx", ""}) {
    const std::string body = R"({"goal":"x"})";
    EXPECT_THAT(unix_ask(daimon::format("POST /v1/processes HTTP/1.1\r\nHost: d\r\nConnection: close\r\nContent-Type: "
                                        "{}\r\nContent-Length: {}\r\n\r\n{}",
                                        type, body.size(), body)),
                StartsWith("HTTP/1.1 400 "))
        << type;
  }
  EXPECT_FALSE(system.last_start());
}

TEST_F(AttackTest, MethodsAreWhatTheTableSays) {
  start();
  ASSERT_TRUE(system.start(with_goal("slow")));
  for (const char* line :
       {"GET /v1/processes/p1/signal", "PUT /v1/processes", "DELETE /v1/processes/p1", "HEAD /v1/status",
        "GET /v1/shutdown", "POST /v1/status", "TRACE /v1/status", "GET /v1/chat/completions", "BREW /v1/status"})
    EXPECT_THAT(unix_ask(daimon::format(
                    "{} HTTP/1.1\r\nHost: d\r\nConnection: close\r\nX-HTTP-Method-Override: POST\r\n\r\n", line)),
                StartsWith("HTTP/1.1 405 "))
        << line;
  EXPECT_THAT(unix_ask("GET /v1/status HTTP/1.1\r\nHost: d\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(unix_ask("CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: d\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
}

TEST_F(AttackTest, PathsDoNotClimb) {
  start();
  for (const char* target :
       {"/v1/processes/../status", "/v1/processes/%2e%2e/status", "/v1/processes/..%2f..%2fetc", "/v1/processes/p1%00",
        "/v1//status", "/v1/processes/%", "/v1/processes/%zz", "/v1/mounts/%2Fetc", "/v1/mounts/a%5cb",
        "/v1/processes/p1%0d%0aX:%20y", "/v1/processes/%ff", "*", "/v1/status#x", "/v1/find?q=a&q=b"})
    EXPECT_THAT(unix_ask(get(target)), StartsWith("HTTP/1.1 400 ")) << target;
  for (const char* target :
       {"/v1/processes/p1%20", "/v1/processes/caf%C3%A9", "/v1/processes/p1;x=1", "/v1/nothing", "/v1/processes/p9"})
    EXPECT_THAT(unix_ask(get(target)), StartsWith("HTTP/1.1 404 ")) << target;
}

TEST_F(AttackTest, LengthsThatDisagreeAreRefusedAndTheConnectionEnds) {
  start();
  const std::string smuggled = "GET /v1/shutdown HTTP/1.1\r\nHost: d\r\n\r\n";
  for (const std::string& headers :
       {std::string("Content-Length: 2\r\nContent-Length: 5\r\n"),
        std::string("Content-Length: 2\r\nContent-Length: 2\r\n"), std::string("Content-Length: 2, 2\r\n"),
        std::string("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"),
        std::string("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n"),
        std::string("Transfer-Encoding: xchunked\r\n"), std::string("Transfer-Encoding: chunked, identity\r\n"),
        std::string("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
        std::string("Content-Length: -2\r\n"), std::string("Content-Length: +2\r\n"),
        std::string("Content-Length: 2x\r\n"), std::string("Content-Length : 2\r\n"),
        std::string("Content-Length: 99999999999999999999\r\n")}) {
    RawClient client(options.socket);
    const std::string answer =
        client
            .send("POST /v1/processes HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n" + headers + "\r\n{}" +
                  smuggled)
            .read_all();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 4")) << headers;
    EXPECT_TRUE(client.closed) << headers;
    EXPECT_EQ(answer.find("HTTP/1.1", 5), std::string::npos) << headers;
  }
}

TEST_F(AttackTest, BytesThatAreNoHttp) {
  start();
  for (const std::string& bytes :
       {"\x16\x03\x01\x02\x00\x01"s, std::string("GET /v1/status\r\n\r\n"),
        std::string("GET /v1/status HTTP/2.0\r\nHost: d\r\n\r\n"),
        std::string("GET /v1/status HTTP/1.0\r\nHost: d\r\n\r\n"),
        std::string("GET  /v1/status HTTP/1.1\r\nHost: d\r\n\r\n"),
        std::string("GET /v1/status HTTP/1.1\r\nHo st: d\r\n\r\n"), "GET /v1/sta\0tus HTTP/1.1\r\nHost: d\r\n\r\n"s}) {
    RawClient client(options.socket);
    client.send(bytes + "\r\n\r\n").read_all();
    EXPECT_THAT(client.received, StartsWith("HTTP/1.1 400 ")) << bytes;
    EXPECT_TRUE(client.closed);
  }
  EXPECT_TRUE(Client(options.socket).get("/v1/status"));
}

TEST_F(AttackTest, SizesAreLimited) {
  options.body_bytes_max = 1000;
  start();
  EXPECT_THAT(unix_ask(get("/v1/status", "X: " + std::string(20'000, 'a') + "\r\n")), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(unix_ask("GET /" + std::string(40'000, 'a')), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(unix_ask(post("/v1/processes", std::string(2000, ' '))), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(unix_ask("POST /v1/processes HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nTransfer-Encoding: "
                       "chunked\r\n\r\n7d0\r\n" +
                       std::string(2000, ' ') + "\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(unix_ask("POST /v1/processes HTTP/1.1\r\nHost: d\r\nConnection: close\r\nContent-Type: "
                       "application/json\r\nTransfer-Encoding: chunked\r\n\r\nc\r\n{\"goal\":\"x\"}\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 200 "));
}

TEST_F(AttackTest, SlowClientsAreDropped) {
  options.header_time = options.body_time = std::chrono::milliseconds(200);
  options.idle_time = std::chrono::milliseconds(300);
  start();
  RawClient idle(options.socket);
  RawClient header(options.socket);
  header.send("GET /v1/status HTTP/1.1\r\n");
  RawClient body(options.socket);
  body.send("POST /v1/processes HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{");
  // A byte now and then does not buy more time.
  RawClient dripping(options.socket);
  for (int i = 0; i < 10; ++i) {
    dripping.send("G");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_THAT(header.read_all(2000), StartsWith("HTTP/1.1 408 "));
  body.read_all(2000);
  idle.read_all(2000);
  dripping.read_all(2000);
  EXPECT_TRUE(header.closed && body.closed && idle.closed && dripping.closed);
}

TEST_F(AttackTest, ConnectionsAreLimitedAndTcpCannotTakeAll) {
  options.connections_max = 6;
  options.tcp_connections_max = 2;
  start();
  listen("models");
  RawClient first(port);
  RawClient second(port);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_THAT(RawClient(port).read_all(2000), HasSubstr("too many connections"));
  EXPECT_TRUE(Client(options.socket).get("/v1/status"));
}

TEST_F(AttackTest, ReaderThatDoesNotReadIsDropped) {
  options.write_time = std::chrono::milliseconds(200);
  start();
  RawClient client(options.socket);
  client.send(post("/v1/chat/completions", R"({"messages":[{"role":"user","content":"forever"}],"stream":true})"));
  for (int i = 0; i < 3000 && system.chats_cancelled == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(system.chats_cancelled, 1);
}

TEST_F(AttackTest, PortClosesWithTheRequestThatOpenedIt) {
  start();
  RawClient holder(options.socket);
  holder.send(post("/v1/listen", "{}"));
  const std::string answer = holder.read_until("token_made");
  const auto at = answer.find("\"port\":");
  ASSERT_NE(at, std::string::npos);
  port = std::atoi(answer.c_str() + at + 7);
  EXPECT_TRUE(RawClient(port).connected);
  holder.close();
  bool open = true;
  for (int i = 0; i < 300 && open; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    open = RawClient(port).connected;
  }
  EXPECT_FALSE(open);
}

TEST_F(AttackTest, RequestsOfOneConnectionFollowEachOther) {
  start();
  RawClient client(options.socket);
  client.send(
      "GET /v1/status HTTP/1.1\r\nHost: d\r\n\r\nGET /v1/mounts HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n");
  const std::string answer = client.read_all();
  EXPECT_THAT(answer, HasSubstr("\"version\""));
  EXPECT_THAT(answer, HasSubstr("\"mounts\":[]"));
  EXPECT_TRUE(client.closed);
}

}  // namespace
}  // namespace daimon::test
