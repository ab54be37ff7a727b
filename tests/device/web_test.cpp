#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <thread>

#include "device/web_address.h"
#include "device/web_device.h"
#include "device_world.h"

namespace daimon::device {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// A server on this machine: what it answers, by path.
class Stub {
 public:
  Stub() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::listen(listener_, 16);
    socklen_t length = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port = ntohs(address.sin_port);
  }
  ~Stub() {
    ::shutdown(listener_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
  }
  Stub(const Stub&) = delete;
  void start() {
    thread_ = std::thread([this] {
      while (true) {
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) return;
        ++requests;
        std::string request(8192, '\0');
        const ssize_t got = ::recv(client, request.data(), request.size(), 0);
        request.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        const std::size_t begin = request.find(' ') + 1;
        const auto answer = answers.find(request.substr(begin, request.find(' ', begin) - begin));
        const std::string text =
            answer == answers.end() ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n" : answer->second;
        if (text == "hang")
          std::this_thread::sleep_for(std::chrono::milliseconds(700));
        else
          ::send(client, text.data(), text.size(), MSG_NOSIGNAL);
        ::close(client);
      }
    });
  }
  std::map<std::string, std::string> answers;
  std::atomic<int> requests = 0;
  std::uint16_t port = 0;

 private:
  int listener_ = -1;
  std::thread thread_;
};

std::string page(std::string_view type, std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: " + std::string(type) +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + std::string(body);
}
std::string redirect(std::string_view to) {
  return "HTTP/1.1 302 Found\r\nLocation: " + std::string(to) + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
}

sockaddr_storage at(const std::string& text) {
  sockaddr_storage made{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(made);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(made);
  if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1)
    v4.sin_family = AF_INET;
  else if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1)
    v6.sin6_family = AF_INET6;
  return made;
}

struct Web : ::testing::Test {
  Web() {
    options.hosts = {"site.test", ".below.test"};
    options.permit_loopback = true;
    options.timeout = std::chrono::milliseconds(3000);
    options.resolve = [this](const std::string&) -> Result<std::vector<sockaddr_storage>> {
      std::vector<sockaddr_storage> made;
      for (const std::string& address : addresses) made.push_back(at(address));
      return made;
    };
  }
  Result<Outcome> fetch_url(const std::string& url) {
    const auto device = make_web_device(options);
    return world.run(*device, "fetch", JsonObject{{"url", url}});
  }
  Result<Outcome> fetch(const std::string& path) {
    return fetch_url("http://site.test:" + std::to_string(stub.port) + path);
  }
  DeviceWorld world;
  Stub stub;
  WebOptions options;
  std::vector<std::string> addresses{"127.0.0.1"};
};

TEST_F(Web, APageBecomesTextWithItsLabel) {
  stub.answers["/"] =
      page("text/html; charset=utf-8",
           "<html><head><title>The  title</title><style>p{}</style></head><body><script>evil()</script>"
           "<p>One <b>bold</b> word</p><ul><li>first<li>second</ul><table><tr><td>a<td>b</table></body>");
  stub.start();
  const auto outcome = fetch("/#part");
  ASSERT_TRUE(outcome) << outcome.error().what;
  EXPECT_THAT(outcome->text, HasSubstr("/: The title / One bold word / - first / - second / a | b"));
  EXPECT_EQ(outcome->label.integrity, capability::Integrity::kUntrusted);
  EXPECT_THAT(outcome->label.sources, ::testing::Contains("web:site.test"));
}

TEST_F(Web, TextStaysAndOtherKindsAreRefused) {
  stub.answers["/a.txt"] = page("text/plain; charset=iso-8859-1",
                                "caf\xE9 \x80"
                                "5");
  stub.answers["/a.json"] = page("application/json", "{\"a\":1}");
  stub.answers["/a.zip"] = page("application/zip", "PK");
  stub.start();
  EXPECT_THAT(text_or_error(fetch("/a.txt")), HasSubstr("/a.txt: caf\xC3\xA9 \xE2\x82\xAC"
                                                        "5"));
  EXPECT_THAT(text_or_error(fetch("/a.json")), HasSubstr("{\"a\":1}"));
  EXPECT_THAT(text_or_error(fetch("/a.zip")), HasSubstr("is not text but application/zip"));
  EXPECT_THAT(text_or_error(fetch("/missing")), HasSubstr("answered 404"));
}

TEST_F(Web, ItIsOffByDefaultAndAllowsOnlyItsHosts) {
  stub.start();
  options.hosts.clear();
  EXPECT_EQ(text_or_error(fetch("/")), "error: reading the web is off");
  options.hosts = {"site.test"};
  for (const std::string host :
       {"other.test", "xsite.test", "sub.site.test", "site.test.evil.test", "127.0.0.1", "localhost"})
    EXPECT_THAT(text_or_error(fetch_url("http://" + host + ":" + std::to_string(stub.port) + "/")),
                HasSubstr("is not among those allowed"))
        << host;
  EXPECT_EQ(stub.requests, 0);
}

TEST_F(Web, AddressesThatAreNotOfTheWebAreRefused) {
  for (const std::string url :
       {"file:///etc/passwd", "ftp://site.test/", "gopher://site.test/", "http://user:pw@site.test/",
        "http://site.test@evil.test/", "http://site.test\\@evil.test/", "http://site.test/a b", "http:///x1",
        "javascript:1"}) {
    const auto outcome = fetch_url(url);
    ASSERT_FALSE(outcome) << url;
    EXPECT_TRUE(outcome.error().code == ErrorCode::kInvalidArgument || outcome.error().code == ErrorCode::kDenied)
        << url;
  }
  options.permit_loopback = false;
  EXPECT_THAT(text_or_error(fetch_url("http://site.test:22/")), HasSubstr("port 22"));
}

TEST_F(Web, ANameThatLeadsInsideIsRefusedWhateverElseItLeadsTo) {
  options.permit_loopback = false;
  for (const std::string inside :
       {"127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
        "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1"}) {
    addresses = {"93.184.216.34", inside};  // one good, one not
    EXPECT_THAT(text_or_error(fetch_url("http://site.test/")), HasSubstr("inside a private network")) << inside;
  }
}

TEST_F(Web, ANameThatChangesBetweenChecksReachesOnlyWhatWasChecked) {
  // The second answer, which a rebinding name would give, is asked for by nobody unless there is a redirect; then it is
  // checked like the first.
  stub.answers["/"] = redirect("/next");
  stub.answers["/next"] = page("text/plain", "reached");
  stub.start();
  int asked = 0;
  options.resolve = [&](const std::string&) -> Result<std::vector<sockaddr_storage>> {
    return std::vector{at(++asked == 1 ? "127.0.0.1" : "169.254.169.254")};
  };
  EXPECT_THAT(text_or_error(fetch("/")), HasSubstr("inside a private network"));
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(stub.requests, 1);
}

TEST(Redirects, NeverGoFromHttpsToHttp) {
  const auto secure = parse_web_address("https://example.org/a/b");
  ASSERT_TRUE(secure);
  for (const char* location : {"http://example.org/a/c", "http://example.org:443/a/c", "HTTP://EXAMPLE.ORG/"}) {
    const auto next = redirected(*secure, location);
    ASSERT_FALSE(next) << location;
    EXPECT_EQ(next.error().code, ErrorCode::kDenied);
    EXPECT_THAT(next.error().what, HasSubstr("from https to http"));
  }
  EXPECT_EQ(redirected(*secure, "c")->url, "https://example.org/a/c");
  EXPECT_EQ(redirected(*secure, "//example.org/d")->scheme, "https");
  EXPECT_EQ(redirected(*secure, "https://below.example.org/").error().code, ErrorCode::kDenied);
  EXPECT_EQ(redirected(*parse_web_address("http://example.org/"), "https://example.org/")->scheme, "https");
}

TEST_F(Web, RedirectsStayWithinTheHost) {
  stub.answers["/same"] = redirect("/end");
  stub.answers["/end"] = page("text/plain", "the end");
  stub.answers["/loop"] = redirect("/loop");
  stub.answers["/other"] = redirect("http://a.below.test/");
  stub.answers["/file"] = redirect("file:///etc/passwd");
  stub.answers["/metadata"] = redirect("http://169.254.169.254/latest/");
  stub.start();
  EXPECT_THAT(text_or_error(fetch("/same")), HasSubstr("/end: the end"));
  EXPECT_THAT(text_or_error(fetch("/loop")), HasSubstr("redirects more than 5 times"));
  EXPECT_THAT(text_or_error(fetch("/other")), HasSubstr("redirects to another host: http://a.below.test/"));
  EXPECT_THAT(text_or_error(fetch("/file")), HasSubstr("neither http nor https"));
  EXPECT_THAT(text_or_error(fetch("/metadata")), HasSubstr("redirects to another host"));
}

TEST_F(Web, SizeAndTimeAreLimited) {
  stub.answers["/large"] = page("text/plain", std::string(100'000, 'x'));
  stub.answers["/hang"] = "hang";
  stub.start();
  options.bytes_max = 10'000;
  const auto large = fetch("/large");
  ASSERT_TRUE(large) << large.error().what;
  EXPECT_EQ(find_integer(large->value, "bytes"), 10'000);
  EXPECT_EQ(find_bool(large->value, "more"), true);
  options.timeout = std::chrono::milliseconds(300);
  EXPECT_EQ(fetch("/hang").error().code, ErrorCode::kTimeout);
  world.stop.request_stop();
  EXPECT_EQ(fetch("/large").error().code, ErrorCode::kCancelled);
}

TEST_F(Web, WhatItTouchesIsTheHost) {
  const auto device = make_web_device(options);
  const auto accesses = device->calls()[0].accesses(JsonObject{{"url", "https://Site.TEST./x?q=1"}});
  ASSERT_TRUE(accesses) << accesses.error().what;
  EXPECT_EQ(*accesses, (std::vector{Access{"net", "get", "site.test"}}));
  EXPECT_FALSE(device->calls()[0].accesses(JsonObject{{"url", "file:///etc/passwd"}}));
  for (const std::string url : {"https://B\xC3\xBC"
                                "cher.example./",
                                "https://xn--BCHER-kva.example/", "https://b%C3%BCcher.example/",
                                "https://b\xC3\xBC"
                                "cher\xE3\x80\x82"
                                "example"}) {
    const auto touched = device->calls()[0].accesses(JsonObject{{"url", url}});
    ASSERT_TRUE(touched) << url;
    EXPECT_EQ(touched->at(0).object, "xn--bcher-kva.example") << url;
    EXPECT_TRUE(parse_web_address(url)->url.starts_with("https://xn--bcher-kva.example/")) << url;
    EXPECT_TRUE(host_allowed({"b\xC3\xBC"
                              "cher.example"},
                             touched->at(0).object));
  }
}

TEST_F(Web, APageThatNestsBeyondAllReadingIsRefused) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<div>";
  stub.answers["/"] = page("text/html", deep);
  stub.start();
  const auto outcome = fetch("/");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kLimit) << outcome.error().what;
}

}  // namespace
}  // namespace daimon::device
