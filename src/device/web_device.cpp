#include "device/web_device.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <iconv.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/format.h"
#include "base/text.h"
#include "device/arguments.h"
#include "device/files_device.h"
#include "device/typed_call.h"
#include "device/web_address.h"
#include "fs/document.h"

namespace daimon::device {
namespace {

constexpr std::size_t kShownBytes = 600;

const sockaddr& generic(const sockaddr_storage& address) { return reinterpret_cast<const sockaddr&>(address); }

Result<std::vector<sockaddr_storage>> resolve_by_system(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0)
    return fail(ErrorCode::kUnavailable,
                daimon::format("the host '{}' is not found ({})", printable(host), ::gai_strerror(error)),
                "check the name and the network");
  std::vector<sockaddr_storage> addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    sockaddr_storage address{};
    std::memcpy(&address, one->ai_addr, std::min<std::size_t>(one->ai_addrlen, sizeof address));
    addresses.push_back(address);
  }
  ::freeaddrinfo(found);
  return addresses;
}

std::string address_text(const sockaddr_storage& address) {
  std::array<char, NI_MAXHOST> text{};
  const socklen_t length = address.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  if (::getnameinfo(&generic(address), length, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0) return {};
  return address.ss_family == AF_INET6 ? daimon::format("[{}]", text.data()) : std::string(text.data());
}

// One answer of a server.
struct Answer {
  long status = 0;
  std::string type;
  std::string location;
  std::string body;
  bool more = false;
};

struct Transfer {
  Answer answer;
  const std::stop_token* stop = nullptr;
  std::size_t bytes_max = 0;
  bool permit_loopback = false;
};

std::size_t take_body(const char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t bytes = size * count;
  const std::size_t room = transfer.bytes_max - transfer.answer.body.size();
  transfer.answer.body.append(data, std::min(bytes, room));
  if (bytes <= room) return bytes;
  transfer.answer.more = true;
  return 0;  // ends the transfer
}

std::size_t take_header(const char* data, std::size_t size, std::size_t count, void* user) {
  auto& answer = static_cast<Transfer*>(user)->answer;
  const std::string_view line(data, size * count);
  const std::size_t colon = line.find(':');
  if (line.starts_with("HTTP/")) answer.location.clear(), answer.type.clear();
  if (colon == std::string_view::npos) return size * count;
  const std::string name = to_lower_ascii(line.substr(0, colon));
  if (name == "location") answer.location = trim(line.substr(colon + 1));
  if (name == "content-type") answer.type = trim(line.substr(colon + 1));
  return size * count;
}

int watch(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(user)->stop->stop_requested() ? 1 : 0;
}

// What is really connected to, after all that libcurl may do with names: checked once more.
curl_socket_t open_socket(void* user, curlsocktype, curl_sockaddr* address) {
  const auto& transfer = *static_cast<const Transfer*>(user);
  if (!is_public_address(address->addr) && !(transfer.permit_loopback && is_loopback_address(address->addr)))
    return CURL_SOCKET_BAD;
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::string to_utf8(std::string body, std::string_view type) {
  const std::string lower = to_lower_ascii(type);
  const std::size_t at = lower.find("charset=");
  if (at != std::string::npos) {
    std::string charset = lower.substr(at + 8, 40);
    std::erase(charset, '"');
    charset = charset.substr(0, charset.find_first_of("; "));
    // Browsers read what calls itself Latin 1 as Windows 1252 (WHATWG).
    if (charset == "iso-8859-1" || charset == "latin1" || charset == "us-ascii") charset = "windows-1252";
    const iconv_t converter =
        charset == "utf-8" ? reinterpret_cast<iconv_t>(-1) : ::iconv_open("UTF-8", charset.c_str());
    if (converter != reinterpret_cast<iconv_t>(-1)) {
      std::string made(body.size() * 4 + 4, '\0');
      char* from = body.data();
      char* to = made.data();
      std::size_t left = body.size();
      std::size_t room = made.size();
      while (left > 0 && ::iconv(converter, &from, &left, &to, &room) == static_cast<std::size_t>(-1) && left > 0 &&
             room > 0)
        *to++ = '?', --room, ++from, --left;
      ::iconv_close(converter);
      made.resize(made.size() - room);
      body = std::move(made);
    }
  }
  return repair_utf8(body);
}

class WebDevice final : public Device {
 public:
  explicit WebDevice(WebOptions options) : options_(std::move(options)) {
    static const CURLcode kReady = curl_global_init(CURL_GLOBAL_DEFAULT);
    DAIMON_ASSERT(kReady == CURLE_OK);
    if (!options_.resolve) options_.resolve = resolve_by_system;
    // Fetching tells the other side something, and so counts as an effect; doing it twice is the same as once.
    CallSpecification& fetch = calls_[0];
    fetch = specify<FetchArguments>("fetch", "read a page of the web",
                                    {.effect = EffectClass::kIdempotent, .timeout = options_.timeout * 2}, {});
    fetch.accesses = [](const Json& arguments) -> Result<std::vector<Access>> {
      DAIMON_TRY(const auto parsed, parse_arguments<FetchArguments>(arguments));
      DAIMON_TRY(const WebAddress address, parse_web_address(parsed.url));
      return std::vector{Access{"net", "get", address.host}};
    };
  }
  [[nodiscard]] std::string_view name() const override { return "web"; }
  [[nodiscard]] std::span<const CallSpecification> calls() const override { return calls_; }

  Result<Outcome> run(const Call& call, const CallContext& context) override {
    DAIMON_TRY(const auto arguments, parse_arguments<FetchArguments>(call.arguments));
    DAIMON_TRY(WebAddress address, parse_web_address(arguments.url));
    const std::string host = address.host;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(context.deadline - context.clock.steady());
    const SteadyTime deadline = context.clock.steady() + std::min(options_.timeout, left);
    for (int redirects = 0;; ++redirects) {
      DAIMON_TRY(Answer answer, get(address, context, deadline));
      const bool redirect = answer.status >= 300 && answer.status < 400 && !answer.location.empty();
      if (!redirect) return outcome(address, std::move(answer), call.label);
      if (redirects == options_.redirects_max)
        return fail(ErrorCode::kLimit,
                    daimon::format("'{}' redirects more than {} times", printable(host), options_.redirects_max));
      DAIMON_TRY(address, redirected(address, answer.location));
    }
  }

 private:
  // The addresses that the name has now, every one of them fit to be reached.
  Result<std::string> checked_addresses(const WebAddress& address) const {
    if (options_.hosts.empty())
      return fail(ErrorCode::kDenied, "reading the web is off", "allow a host in Daimon's configuration: web_hosts");
    if (!host_allowed(options_.hosts, address.host))
      return fail(ErrorCode::kDenied,
                  daimon::format("the host '{}' is not among those allowed", printable(address.host)),
                  "allow it in Daimon's configuration: web_hosts");
    if (!options_.permit_loopback && address.port != 80 && address.port != 443)
      return fail(ErrorCode::kDenied, daimon::format("port {} is not one of the web's", address.port));
    DAIMON_TRY(const auto found, options_.resolve(address.host));
    std::string list;
    for (const sockaddr_storage& one : found) {
      if (!is_public_address(generic(one)) && !(options_.permit_loopback && is_loopback_address(generic(one))))
        return fail(ErrorCode::kDenied,
                    daimon::format("the host '{}' is at an address inside a private network", printable(address.host)));
      list += (list.empty() ? "" : ",") + address_text(one);
    }
    if (list.empty())
      return fail(ErrorCode::kUnavailable, daimon::format("the host '{}' has no address", printable(address.host)));
    return list;
  }

  Result<Answer> get(const WebAddress& address, const CallContext& context, SteadyTime deadline) const {
    DAIMON_TRY(const std::string addresses, checked_addresses(address));
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - context.clock.steady()).count();
    if (context.stop.stop_requested()) return fail(ErrorCode::kCancelled, "the fetch was stopped");
    if (left <= 0) return fail(ErrorCode::kTimeout, daimon::format("'{}' took too long", printable(address.host)));
    const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle(curl_easy_init(), curl_easy_cleanup);
    const std::string bracketed = address.host.contains(':') ? "[" + address.host + "]" : address.host;
    const std::string pinned = daimon::format("{}:{}:{}", bracketed, address.port, addresses);
    const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> pins(curl_slist_append(nullptr, pinned.c_str()),
                                                                           curl_slist_free_all);
    if (!handle || !pins) return fail(ErrorCode::kInternal, "no memory for a fetch");
    Transfer transfer{{}, &context.stop, options_.bytes_max, options_.permit_loopback};
    CURLcode ready = CURLE_OK;
    const auto set = [&](CURLoption option, auto value) {
      if (ready == CURLE_OK) ready = curl_easy_setopt(handle.get(), option, value);
    };
    set(CURLOPT_URL, address.url.c_str());
    set(CURLOPT_RESOLVE, pins.get());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_PROXY, "");
    set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(left));
    set(CURLOPT_ACCEPT_ENCODING, "");  // what libcurl can unpack; the limit counts the unpacked bytes
    set(CURLOPT_USERAGENT, "Daimon/0.1");
    set(CURLOPT_WRITEFUNCTION, &take_body);
    set(CURLOPT_WRITEDATA, static_cast<void*>(&transfer));
    set(CURLOPT_HEADERFUNCTION, &take_header);
    set(CURLOPT_HEADERDATA, static_cast<void*>(&transfer));
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &watch);
    set(CURLOPT_XFERINFODATA, static_cast<void*>(&transfer));
    set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
    set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(&transfer));
    if (ready != CURLE_OK) return fail(ErrorCode::kInternal, daimon::format("libcurl: {}", curl_easy_strerror(ready)));
    const CURLcode done = curl_easy_perform(handle.get());
    curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &transfer.answer.status);
    if (context.stop.stop_requested()) return fail(ErrorCode::kCancelled, "the fetch was stopped");
    if (done == CURLE_OPERATION_TIMEDOUT)
      return fail(ErrorCode::kTimeout, daimon::format("'{}' took too long", printable(address.host)));
    if (done != CURLE_OK && !transfer.answer.more)
      return fail(ErrorCode::kUnavailable,
                  daimon::format("'{}' could not be read: {}", printable(address.host), curl_easy_strerror(done)));
    return std::move(transfer.answer);
  }

  static Result<Outcome> outcome(const WebAddress& address, Answer answer, const capability::Label& label) {
    const std::string shown = printable(address.url);
    if (answer.status < 200 || answer.status >= 300)
      return fail(answer.status == 404 || answer.status == 410 ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
                  daimon::format("{} answered {}", shown, answer.status));
    const std::string type = to_lower_ascii(trim(std::string_view(answer.type).substr(0, answer.type.find(';'))));
    const bool html = type == "text/html" || type == "application/xhtml+xml";
    const bool text_kind = type.starts_with("text/") || type == "application/json" || type == "application/xml" ||
                           type.ends_with("+json") || type.ends_with("+xml");
    if (!html && !text_kind)
      return fail(ErrorCode::kUnsupported,
                  daimon::format("{} is not text but {}", shown, type.empty() ? "of no kind" : printable(type)));
    const std::size_t bytes = answer.body.size();
    std::string text = to_utf8(std::move(answer.body), answer.type);
    if (html) {
      DAIMON_TRY(text, fs::text_of_html(text));
    }
    const std::string line = daimon::format("{}: {}", shown, one_line(text, kShownBytes));
    return Outcome{JsonObject{{"url", address.url},
                              {"status", answer.status},
                              {"type", type},
                              {"text", std::move(text)},
                              {"bytes", bytes},
                              {"more", answer.more}},
                   line,
                   capability::join(label, capability::untrusted_label("web:" + address.host,
                                                                       capability::Confidentiality::kPublic))};
  }

  WebOptions options_;
  std::array<CallSpecification, 1> calls_;
};

}  // namespace

std::unique_ptr<Device> make_web_device(WebOptions options) { return std::make_unique<WebDevice>(std::move(options)); }

}  // namespace daimon::device
