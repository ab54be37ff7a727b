#include "api/client.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "api/socket.h"
#include "api/target.h"
#include "base/format.h"

namespace daimon::api {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kReadBytes = std::size_t{64} * 1024;
constexpr std::size_t kAnswerBytesMax = std::size_t{256} * 1024 * 1024;

std::unexpected<Error> went_away() {
  return fail(ErrorCode::kUnavailable, "the daemon closed the connection",
              "nothing is lost: processes go on when it starts again; `daimon doctor` says what is wrong");
}

// One request and its response, as it comes in.
class Call {
 public:
  Call(Socket socket, const Client::StreamOptions& options) : socket_(std::move(socket)), options_(options) {
    parser_.header_limit(64 * 1024);
    parser_.body_limit(boost::none);
    parser_.eager(true);
  }

  void set_deadline_in(std::chrono::milliseconds time) { socket_.set_deadline_in(time); }

  Status send(std::string_view method, std::string_view target, const std::optional<Json>& body) {
    std::string text = daimon::format("{} {} HTTP/1.1\r\nHost: daimon\r\nConnection: close\r\n", method, target);
    if (body) {
      const std::string json = to_text(*body);
      text += daimon::format("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", json.size(), json);
    } else {
      text += "\r\n";
    }
    // A server that refuses early does not read on, and its answer still counts.
    const Status sent = socket_.write(text);
    if (!sent && sent.error().code != ErrorCode::kUnavailable) return sent;
    return {};
  }

  // Reads until something of the body, or its end, is there.
  Status read_some() {
    while (body().empty() && !parser_.is_done()) {
      std::array<char, kReadBytes> bytes;  // NOLINT: filled by read
      const auto count = socket_.read(bytes);
      if (!count && count.error().code == ErrorCode::kCancelled && options_.on_wake) {
        if (options_.on_wake()) continue;
        return std::unexpected(count.error());
      }
      if (!count) return count.error().code == ErrorCode::kUnavailable ? went_away() : std::unexpected(count.error());
      boost::system::error_code error;
      if (*count == 0) {
        if (!parser_.got_some()) return went_away();  // put_eof is only for an answer that began
        parser_.put_eof(error);
        if (error || !parser_.is_done()) return went_away();
        return {};
      }
      buffer_.append(bytes.data(), *count);
      while (!buffer_.empty() && !parser_.is_done()) {
        const std::size_t used = parser_.put(boost::asio::buffer(buffer_), error);
        buffer_.erase(0, used);
        if (error == http::error::need_more) break;
        if (error)
          return fail(ErrorCode::kCorrupt, daimon::format("the daemon's answer is no HTTP: {}", error.message()));
      }
    }
    return {};
  }

  Status read_all() {
    std::string all;
    do {
      DAIMON_CHECK(read_some());
      all += body();
      body().clear();
      if (all.size() > kAnswerBytesMax) return fail(ErrorCode::kLimit, "the daemon's answer is too large");
    } while (!parser_.is_done());
    body() = std::move(all);
    return {};
  }

  std::string& body() { return parser_.get().body(); }
  [[nodiscard]] bool done() const { return parser_.is_done(); }
  [[nodiscard]] int status() const { return static_cast<int>(parser_.get().result_int()); }
  [[nodiscard]] bool is_events() const {
    return parser_.get()[http::field::content_type].starts_with("text/event-stream");
  }

 private:
  Socket socket_;
  const Client::StreamOptions& options_;
  http::response_parser<http::string_body> parser_;
  std::string buffer_;
};

std::unexpected<Error> error_of(const Json& body, int status) {
  const Json* error = find(body, "error");
  if (error == nullptr) return fail(ErrorCode::kInternal, daimon::format("the daemon answered with status {}", status));
  if (const auto message = find_string(*error, "message"))  // OpenAI's form
    return fail(error_code_named(find_string(*error, "code").value_or("internal")), std::string(*message));
  return std::unexpected(error_from_json(*error));
}

}  // namespace

Result<Json> Client::get(std::string_view target) const { return request("GET", target, std::nullopt); }
Result<Json> Client::post(std::string_view target, const Json& body) const { return request("POST", target, body); }
Result<Json> Client::remove(std::string_view target) const { return request("DELETE", target, std::nullopt); }

Result<Json> Client::request(std::string_view method, std::string_view target, const std::optional<Json>& body) const {
  DAIMON_TRY(FileDescriptor descriptor, connect_unix(socket_));
  const StreamOptions options;
  Call call(Socket(std::move(descriptor)), options);
  call.set_deadline_in(timeout_);
  DAIMON_CHECK(call.send(method, target, body));
  DAIMON_CHECK(call.read_all());
  auto json = parse_json(call.body());
  if (!json) return fail(ErrorCode::kCorrupt, daimon::format("the daemon's answer: {}", json.error().what));
  if (call.status() >= 400) return error_of(*json, call.status());
  return json;
}

Status Client::stream(std::string_view method, std::string_view target, const std::optional<Json>& body,
                      const std::function<bool(const Json&)>& on_value, const StreamOptions& options) const {
  DAIMON_TRY(FileDescriptor descriptor, connect_unix(socket_));
  Call call(Socket(std::move(descriptor), options.wake), options);
  DAIMON_CHECK(call.send(method, target, body));
  LineSplitter lines(kAnswerBytesMax);
  std::optional<Error> bad;
  bool more = true;
  const auto on_line = [&](std::string_view line) {
    if (call.is_events()) {
      if (!line.starts_with("data: ") || line == "data: [DONE]") return true;
      line.remove_prefix(6);
    }
    const auto value = parse_json(line);
    if (!value) bad = Error{ErrorCode::kCorrupt, daimon::format("the daemon's answer: {}", value.error().what), {}};
    more = value && on_value(*value);
    return more;
  };
  while (more) {
    DAIMON_CHECK(call.read_some());
    if (call.status() >= 400) {
      DAIMON_CHECK(call.read_all());
      const auto json = parse_json(call.body());
      return error_of(json ? *json : Json(), call.status());
    }
    const std::string piece = std::exchange(call.body(), {});
    DAIMON_CHECK(lines.feed(piece, on_line));
    if (bad) return std::unexpected(*bad);
    if (call.done() && call.body().empty()) break;
  }
  // A last line without its end: the error body of a plain answer, or a single value.
  if (more && !lines.rest().empty()) on_line(std::string(lines.rest()));
  if (bad) return std::unexpected(*bad);
  return {};
}

}  // namespace daimon::api
