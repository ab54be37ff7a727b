#include "processor/hub_client.h"

#include <curl/curl.h>

#include <format>
#include <memory>
#include <utility>

#include "base/host_name.h"
#include "base/text.h"
#include "base/url.h"

namespace daimon::processor {
namespace {

constexpr int kRedirectsMax = 8;
constexpr std::size_t kBodyBytesMax = 64U << 20;

struct Receiving {
  CURL* easy;
  const HubClient::Sink& sink;
  HubClient::Answer& answer;
  const std::stop_token& stop;
  Status status = {};
};

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& receiving = *static_cast<Receiving*>(user);
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) receiving.answer.headers.clear();  // after a 100 Continue, another begins
  if (const auto colon = line.find(':'); colon != std::string_view::npos)
    receiving.answer.headers[to_lower_ascii(line.substr(0, colon))] = std::string(trim(line.substr(colon + 1)));
  return size * count;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& receiving = *static_cast<Receiving*>(user);
  const std::string_view bytes(data, size * count);
  long status = 0;
  curl_easy_getinfo(receiving.easy, CURLINFO_RESPONSE_CODE, &status);
  if (receiving.sink && (status == 200 || status == 206)) {
    receiving.status = receiving.sink(status, bytes);
    return receiving.status ? bytes.size() : 0;
  }
  if (receiving.answer.body.size() + bytes.size() > kBodyBytesMax) {
    receiving.status = fail(ErrorCode::kLimit, "the model hub's answer is larger than 64 MiB");
    return 0;
  }
  receiving.answer.body += bytes;
  return bytes.size();
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Receiving*>(user)->stop.stop_requested() ? 1 : 0;
}

}  // namespace

HubClient::HubClient(std::string endpoint, std::string token, std::stop_token stop)
    : endpoint_(std::move(endpoint)), token_(std::move(token)), stop_(std::move(stop)) {
  static const CURLcode kReady = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(kReady);
}

Result<HubClient::Answer> HubClient::get(const std::string& url, std::uint64_t from, const Sink& sink) const {
  std::string next = url;
  std::map<std::string, std::string> first;
  for (int redirects = 0; redirects <= kRedirectsMax; ++redirects) {
    DAIMON_TRY(Answer answer, get_once(next, from, sink));
    if (redirects == 0) first = answer.headers;
    const auto location = answer.headers.find("location");
    if (answer.status < 300 || answer.status >= 400 || location == answer.headers.end()) {
      answer.first_headers = std::move(first);
      return answer;
    }
    const auto target = Url::parse(location->second, next);
    // What came encrypted goes on encrypted.
    if (!target || (Url::parse(next)->scheme() == "https" && target->scheme() != "https"))
      return fail(ErrorCode::kDenied, std::format("{} redirects to {}", next, printable(location->second)),
                  "check the endpoint");
    next = target->text();
  }
  return fail(ErrorCode::kUnavailable, std::format("{} redirects in a circle", url),
              "check the endpoint (HF_ENDPOINT)");
}

Result<HubClient::Answer> HubClient::get_once(const std::string& url, std::uint64_t from, const Sink& sink) const {
  const std::unique_ptr<CURL, void (*)(CURL*)> owned(curl_easy_init(), curl_easy_cleanup);
  CURL* easy = owned.get();
  Answer answer;
  Receiving receiving{easy, sink, answer, stop_};
  curl_slist* headers = nullptr;
  const auto address = Url::parse(url);
  const std::string host = address ? address->host() : "";
  const bool on_this_machine = is_loopback_host(host);
  if (!token_.empty() && same_origin(url, endpoint_)) {
    // A token that is read on the way is anybody's.
    if (address->scheme() != "https" && !on_this_machine)
      return fail(ErrorCode::kDenied,
                  std::format("the token of HF_TOKEN would go to {} over the network unencrypted", printable(host)),
                  "set HF_ENDPOINT to its https:// address, or unset HF_TOKEN");
    headers = curl_slist_append(headers, std::format("Authorization: Bearer {}", token_).c_str());
  }
  if (from > 0) headers = curl_slist_append(headers, std::format("Range: bytes={}-", from).c_str());
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> held(headers, curl_slist_free_all);
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "daimon");
  // Reached without anybody between, whatever http_proxy says: the token would go to the proxy unencrypted.
  if (on_this_machine) curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &receiving);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &receiving);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &receiving);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, 15L);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, 60L);
  const CURLcode code = curl_easy_perform(easy);
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer.status);
  if (!receiving.status) return std::unexpected(receiving.status.error());
  if (code == CURLE_ABORTED_BY_CALLBACK)
    return fail(ErrorCode::kCancelled, "the download was cancelled",
                "run the same command again to go on where it ended");
  if (code != CURLE_OK)
    return fail(
        code == CURLE_OPERATION_TIMEDOUT ? ErrorCode::kTimeout : ErrorCode::kUnavailable,
        std::format("{}: {}", url, curl_easy_strerror(code)),
        "check the network, or set HF_ENDPOINT to a mirror; run the same command again to go on where it ended");
  return answer;
}

}  // namespace daimon::processor
