#include "api/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <chrono>
#include <fstream>
#include <future>
#include <thread>

#include "api/client.h"
#include "api/fake_system.h"
#include "api/raw_client.h"
#include "api/socket.h"

namespace daimon::test {
namespace {

using api::Client;
using api::Server;
using api::ServerOptions;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    options.socket = folder.path / "daimon.sock";
    options.token_file = folder.path / "tokens.json";
    options.version = "1.2.3";
    options.on_shutdown = [this] { shutdown.set_value(); };
    options.allowed_origins = {"http://127.0.0.1:5173"};
  }
  void start() {
    auto started = Server::start(system, options);
    ASSERT_TRUE(started) << started.error().what;
    server = std::move(*started);
  }
  std::string ask(std::string_view request) { return RawClient(options.socket).send(request).read_all(); }
  static bool eventually(const std::function<bool()>& holds) {
    for (int i = 0; i < 500 && !holds(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return holds();
  }

  TemporaryFolder folder;
  FakeSystem system;
  ServerOptions options;
  std::promise<void> shutdown;
  std::unique_ptr<Server> server;
};

// ------------------------------------------------------------------------------------------------------ the socket

// Sends a request over the socket as the user `user`; how many bytes came back, or -1 when there was no connection.
int bytes_as(uid_t user, const std::filesystem::path& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(static_cast<char*>(address.sun_path), socket.c_str(), sizeof address.sun_path - 1);
  constexpr std::string_view kRequest = "GET /v1/status HTTP/1.1\r\nHost: daimon\r\nConnection: close\r\n\r\n";
  const pid_t child = ::fork();
  if (child == 0) {  // system calls only: the other threads' locks are as they were
    if (::setresuid(user, user, user) != 0) ::_exit(255);
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM, 0);
    if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) ::_exit(255);
    static_cast<void>(::send(descriptor, kRequest.data(), kRequest.size(), MSG_NOSIGNAL));
    std::array<char, 64> buffer{};
    const ssize_t got = ::recv(descriptor, buffer.data(), buffer.size(), 0);
    ::_exit(got > 0 ? static_cast<int>(got) : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) != 255 ? WEXITSTATUS(status) : -1;
}

TEST_F(ServerTest, AnotherUserIsNotServedEvenWhereTheModesWouldLetHimIn) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "forks";
#endif
  if (::geteuid() != 0) GTEST_SKIP() << "only root can be somebody else";
  start();
  std::filesystem::permissions(folder.path, std::filesystem::perms::all);
  std::filesystem::permissions(options.socket, std::filesystem::perms::all);
  EXPECT_GT(bytes_as(0, options.socket), 0);
  EXPECT_EQ(bytes_as(65534, options.socket), 0) << "hung up on, without a word";
}

TEST_F(ServerTest, SocketIsForItsOwnerAlone) {
  start();
  struct stat status{};
  ASSERT_EQ(::stat(options.socket.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(ServerTest, SecondServerIsRefusedAndTheFirstGoesOn) {
  start();
  const auto second = Server::start(system, options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(Client(options.socket).get("/v1/status"));
}

TEST_F(ServerTest, StaleSocketIsReplaced) {
  start();
  const auto kept = folder.path / "kept";
  std::filesystem::create_hard_link(options.socket, kept);
  server.reset();
  std::filesystem::rename(kept, options.socket);
  start();
  EXPECT_TRUE(Client(options.socket).get("/v1/status"));
}

TEST_F(ServerTest, WhatIsNoSocketIsLeftAlone) {
  std::ofstream(options.socket) << "precious";
  const auto started = Server::start(system, options);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::kConflict);
  EXPECT_EQ(std::filesystem::file_size(options.socket), 8U);
}

TEST_F(ServerTest, NobodyListeningIsUnavailable) {
  const auto result = Client(options.socket).get("/v1/status");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
}

TEST_F(ServerTest, EndsWithConnectionsOpen) {
  start();
  RawClient idle(options.socket);
  RawClient half(options.socket);
  half.send("GET /v1/st");
  ASSERT_TRUE(system.start(with_goal("slow")));
  RawClient watching(options.socket);
  watching.send(get("/v1/processes/p1/events?follow=1"));
  EXPECT_THAT(watching.read_until("running"), HasSubstr("created"));
  const auto before = std::chrono::steady_clock::now();
  server.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(2));
  EXPECT_EQ(system.subscriptions, 0);
  EXPECT_THAT(watching.read_all(), EndsWith("{\"type\":\"stopping\"}\n\r\n0\r\n\r\n")) << "it is no crash";
}

// ------------------------------------------------------------------------------------------------------- processes

TEST_F(ServerTest, ProcessFromStartToEnd) {
  start();
  const Client client(options.socket);
  const auto started = client.post(
      "/v1/processes",
      *parse_json(R"({"goal":"approve it","model":"m","budget":{"tokens":5},"autonomy":1,"seed":9,"mode":"ask"})"));
  ASSERT_TRUE(started) << started.error().what;
  EXPECT_EQ(to_text(*started), R"({"process":"p1"})");
  const auto options_seen = system.last_start();
  EXPECT_EQ(options_seen->budget.tokens, 5);
  EXPECT_EQ(options_seen->autonomy, 1);
  EXPECT_EQ(options_seen->seed, 9U);
  EXPECT_EQ(options_seen->mode, kernel::Mode::kAsk);
  const auto view = client.get("/v1/processes/p1");
  ASSERT_TRUE(view);
  EXPECT_EQ(find_string(*view, "state"), "waiting");
  const auto decide = [&](JsonObject body) { return client.post("/v1/processes/p1/decisions", body); };
  EXPECT_EQ(decide({{"request", "p1.r9"}, {"digest", "d1"}, {"approve", true}}).error().code, ErrorCode::kConflict);
  EXPECT_EQ(decide({{"request", "p1.r1"}, {"digest", "d2"}, {"approve", true}}).error().code, ErrorCode::kConflict);
  EXPECT_EQ(decide({{"request", "p1.r1"}, {"approve", true}}).error().code, ErrorCode::kInvalidArgument)
      << "a decision says what was shown";
  EXPECT_EQ(find_string(*client.get("/v1/processes/p1"), "state"), "waiting");
  ASSERT_TRUE(decide({{"request", "p1.r1"}, {"digest", "d1"}, {"approve", true}}));
  EXPECT_EQ(find_string(*client.get("/v1/processes/p1"), "state"), "done");
  EXPECT_EQ(find(*client.get("/v1/processes"), "processes")->as_array().size(), 0U);
  EXPECT_EQ(find(*client.get("/v1/processes?all=1"), "processes")->as_array().size(), 1U);
  EXPECT_EQ(find_integer(*client.post("/v1/processes/p1/replay", JsonObject{}), "compared"), 4);
}

TEST_F(ServerTest, EventsStreamEndsAfterFinished) {
  start();
  ASSERT_TRUE(system.start(with_goal("read it")));
  std::vector<std::string> types;
  const Status status =
      Client(options.socket).stream("GET", "/v1/processes/p1/events?follow=1", std::nullopt, [&](const Json& event) {
        types.emplace_back(*find_string(event, "type"));
        return true;
      });
  ASSERT_TRUE(status) << status.error().what;
  ASSERT_GE(types.size(), 3U);
  EXPECT_EQ(types.front(), "created");
  EXPECT_EQ(types.back(), "finished");
}

TEST_F(ServerTest, EventsComeOneByOneAsTheyHappen) {
  start();
  ASSERT_TRUE(system.start(with_goal("slow")));
  RawClient client(options.socket);
  client.send(get("/v1/processes/p1/events?follow=1"));
  EXPECT_THAT(client.read_until("running"), HasSubstr("application/x-ndjson"));
  ASSERT_TRUE(system.signal("p1", kernel::Signal::kPause));
  EXPECT_THAT(client.read_until("paused by"), HasSubstr("paused by"));
  ASSERT_TRUE(system.signal("p1", kernel::Signal::kKill));
  EXPECT_THAT(client.read_until("\r\n0\r\n\r\n"), HasSubstr("finished"));
}

TEST_F(ServerTest, PastEventsEndWithoutFollow) {
  start();
  ASSERT_TRUE(system.start(with_goal("slow")));
  int events = 0;
  const Status status =
      Client(options.socket).stream("GET", "/v1/processes/p1/events?after=1", std::nullopt, [&](const Json&) {
        return ++events > 0;
      });
  ASSERT_TRUE(status) << status.error().what;
  EXPECT_EQ(events, 1);
}

TEST_F(ServerTest, WatcherThatLeavesIsForgotten) {
  start();
  ASSERT_TRUE(system.start(with_goal("slow")));
  {
    RawClient client(options.socket);
    client.send(get("/v1/processes/p1/events?follow=1"));
    client.read_until("created");
    EXPECT_EQ(system.subscriptions, 1);
  }
  EXPECT_TRUE(eventually([&] { return system.subscriptions == 0; }));
}

TEST_F(ServerTest, WakeEndsOrKeepsAStream) {
  start();
  ASSERT_TRUE(system.start(with_goal("slow")));
  const api::Flag flag;
  flag.raise();
  int woken = 0;
  bool seen = false;
  const Status status = Client(options.socket)
                            .stream("GET", "/v1/processes/p1/events?follow=1", std::nullopt,
                                    [&](const Json&) {
                                      seen = true;
                                      flag.raise();
                                      return true;
                                    },
                                    {flag.get(), [&] {
                                       flag.clear();
                                       // All that there is may have come before the first wake.
                                       if (seen) flag.raise();
                                       return ++woken < 2;
                                     }});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(woken, 2);
}

TEST_F(ServerTest, BadBodiesAreClearErrors) {
  start();
  const auto refused = [&](std::string_view body, std::string_view why) {
    const std::string answer = ask(post("/v1/processes", body));
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 ")) << body;
    EXPECT_THAT(answer, HasSubstr(std::string(why))) << body;
  };
  refused("{", "not valid JSON");
  refused("[]", "must be a JSON object");
  refused("{}", "\\\"goal\\\" is missing");
  refused(R"({"goal":5})", "\\\"goal\\\" must be a string");
  refused(R"({"goal":"x","budgett":{}})", "budgett");
  refused(R"({"goal":"x","budget":{"tokens":-1}})", "negative");
  refused(R"({"goal":"x","budget":{"tokens":1.5}})", "whole number");
  refused(R"({"goal":"x","seed":-1})", "seed");
  refused(R"({"goal":"x","mode":"fly"})", "mode");
  refused(R"({"goal":"x","mounts":[1]})", "list of strings");
  refused("{\"goal\":\"\xff\"}", "not valid JSON");
  refused(std::string(200, '[') + std::string(200, ']'), "not valid JSON");
  EXPECT_FALSE(system.last_start());
}

// ------------------------------------------------------------------------------------------------ files and machine

TEST_F(ServerTest, MountStreamsProgressAndThenTheMount) {
  start();
  std::vector<std::string> lines;
  const Status status =
      Client(options.socket)
          .stream("POST", "/v1/mounts", JsonObject{{"path", folder.path.string()}, {"name", "my notes"}},
                  [&](const Json& value) {
                    lines.push_back(to_text(value));
                    return true;
                  });
  ASSERT_TRUE(status) << status.error().what;
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_THAT(lines[0], StartsWith(R"({"progress":{"files_done":1)"));
  EXPECT_THAT(lines[2], StartsWith(R"({"mount":{"name":"my notes")"));
  const Client client(options.socket);
  EXPECT_EQ(find(*client.get("/v1/mounts"), "mounts")->as_array().size(), 1U);
  EXPECT_TRUE(client.remove("/v1/mounts/my%20notes"));
  EXPECT_EQ(client.remove("/v1/mounts/my%20notes").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(
      client.stream("POST", "/v1/mounts", JsonObject{{"path", "/no/such/folder"}}, [](const Json&) { return true; })
          .error()
          .code,
      ErrorCode::kNotFound);
  EXPECT_EQ(client.stream("POST", "/v1/mounts", JsonObject{{"path", "relative"}}, [](const Json&) { return true; })
                .error()
                .code,
            ErrorCode::kInvalidArgument);
}

TEST_F(ServerTest, MountStopsWhenItsClientLeaves) {
  start();
  {
    RawClient client(options.socket);
    client.send(post("/v1/mounts", R"({"path":"/never"})"));
    client.read_until("progress");
  }
  EXPECT_TRUE(eventually([&] { return system.mounts_cancelled == 1; }));
}

TEST_F(ServerTest, StatusSaysVersionAndPid) {
  start();
  const auto status = Client(options.socket).get("/v1/status");
  ASSERT_TRUE(status);
  EXPECT_EQ(find_string(*status, "version"), "1.2.3");
  EXPECT_EQ(find_integer(*status, "pid"), ::getpid());
  EXPECT_TRUE(find(*Client(options.socket).get("/v1/find?q=water&mount=home&limit=3"), "passages")->is_array());
  EXPECT_FALSE(Client(options.socket).get("/v1/find?q="));
  EXPECT_FALSE(Client(options.socket).get("/v1/find?q=a&limit=x"));
}

TEST_F(ServerTest, ShutdownAsksForTheEnd) {
  start();
  EXPECT_TRUE(Client(options.socket).post("/v1/shutdown", JsonObject{}));
  EXPECT_EQ(shutdown.get_future().wait_for(std::chrono::seconds(5)), std::future_status::ready);
}

TEST(ApiClient, ADaemonThatDiesBeforeItAnswersIsAnError) {
  const TemporaryFolder folder;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = folder.path / "dying.sock";
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  std::jthread daemon([&] {
    const int client = ::accept(listener, nullptr, nullptr);
    char bytes[4096];
    static_cast<void>(!::read(client, bytes, sizeof bytes));
    ::close(client);
  });
  const auto answer = Client(path).get("/v1/status");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable) << answer.error().what;
  daemon.join();
  ::close(listener);
}

}  // namespace
}  // namespace daimon::test
