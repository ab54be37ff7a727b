#include "api/connection.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>

#include "base/format.h"
#include "base/text.h"

namespace daimon::api {
namespace {

namespace http = boost::beast::http;
using Parser = http::request_parser<http::string_body>;

constexpr std::size_t kReadBytes = std::size_t{16} * 1024;
constexpr int kRequestsMax = 10'000;  // of one connection

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 421:
      return "Misdirected Request";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Internal Server Error";
  }
}

// Why a request is not let in.
struct Refusal {
  int status;
  Error error;
};

class Connection final : public Exchange {
 public:
  Connection(Server::Shared& shared, FileDescriptor descriptor, int port)
      : shared_(shared), socket_(std::move(descriptor), shared.stop.get()), port_(port) {}

  void serve() {
    for (int i = 0; i < kRequestsMax && !closing_; ++i)
      if (!serve_request()) return;
  }

  using Exchange::reply;
  void reply(int status, const Json& body) override {
    const std::string text = to_text(body) + "\n";
    write_head(status, "application/json", daimon::format("Content-Length: {}\r\n", text.size()), text);
  }

  void forward(std::string_view content_type, Outbox& outbox, std::string_view last_words) override {
    bool begun = false;
    bool ended = false;
    while (!ended && !dead_) {
      std::array<pollfd, 3> polled{
          {{outbox.ready(), POLLIN, 0}, {socket_.get(), POLLRDHUP, 0}, {shared_.stop.get(), POLLIN, 0}}};
      if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) break;
      if (polled[1].revents != 0) break;
      const bool stops = polled[2].revents != 0;
      if (stops && last_words.empty()) break;
      Outbox::Taken taken = outbox.take();
      ended = taken.closed;
      if (stops && !ended) {
        taken.bytes += last_words;
        ended = closing_ = true;
      }
      if (ended && !begun && taken.bytes.empty() && taken.reply) return reply(taken.reply->first, taken.reply->second);
      std::string piece;
      if (!taken.bytes.empty()) piece = daimon::format("{:x}\r\n{}\r\n", taken.bytes.size(), taken.bytes);
      if (ended) piece += "0\r\n\r\n";
      if (piece.empty()) continue;
      if (!std::exchange(begun, true))
        write_head(200, content_type, "Transfer-Encoding: chunked\r\nCache-Control: no-store\r\n", piece);
      else
        write(piece);
    }
    outbox.give_up();
    if (!ended) closing_ = true;  // the client has gone, or the server stops
  }

 private:
  // False when the connection is over.
  bool serve_request() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(shared_.options.header_bytes_max));
    parser_->body_limit(shared_.options.body_bytes_max);
    request_ = {};
    request_.over_tcp = port_ != 0;
    origin_.clear();
    begun_ = !buffer_.empty();
    socket_.set_deadline_in(shared_.options.idle_time);
    if (buffer_.empty() && !read_more()) return false;
    socket_.set_deadline_in(shared_.options.header_time);
    if (!parse([&] { return parser_->is_header_done(); })) return false;
    keep_alive_ = parser_->keep_alive();
    if (auto refusal = check_header()) {
      closing_ = true;  // its body is not read
      reply(refusal->status, error_body(refusal->error));
      return false;
    }
    if (is_preflight()) return answer_preflight();
    if (parser_->get()[http::field::expect] == "100-continue" && !parser_->is_done())
      write("HTTP/1.1 100 Continue\r\n\r\n");
    parser_->eager(true);
    socket_.set_deadline_in(shared_.options.body_time);
    if (!parse([&] { return parser_->is_done(); })) return false;
    request_.body = std::move(parser_->get().body());
    if (!keep_alive_) closing_ = true;
    const Services services{shared_.system, shared_.options,
                            [this](const HttpRequest& request, Exchange&) { listen(request); }};
    answer(services, request_, *this);
    return !closing_;
  }

  // ------------------------------------------------------------------------------------------------------- reading

  bool read_more() {
    std::array<char, kReadBytes> bytes;  // NOLINT: filled by read
    const auto count = socket_.read(bytes);
    if (!count && count.error().code == ErrorCode::kTimeout && begun_) {
      closing_ = true;
      reply(408, error_body({ErrorCode::kTimeout, "the request did not come in time", {}}));
    }
    if (!count || *count == 0) return false;
    buffer_.append(bytes.data(), *count);
    begun_ = true;
    return true;
  }

  template <class Done>
  bool parse(Done done) {
    bool fresh = !buffer_.empty();
    while (!done()) {
      if (!fresh && !read_more()) return false;
      fresh = false;
      boost::system::error_code error;
      const std::size_t used = parser_->put(boost::asio::buffer(buffer_), error);
      buffer_.erase(0, used);
      if (error == http::error::need_more) error = {};
      if (error) {
        refuse_unreadable(error);
        return false;
      }
      // A header is parsed when all of it is there, so the parser does not see how long it has become.
      if (!parser_->is_header_done() && buffer_.size() > shared_.options.header_bytes_max) {
        refuse_unreadable(http::error::header_limit);
        return false;
      }
    }
    return true;
  }

  void refuse_unreadable(const boost::system::error_code& error) {
    closing_ = true;
    keep_alive_ = false;
    if (error == http::error::header_limit)
      return reply(431,
                   error_body({ErrorCode::kLimit,
                               daimon::format("the header is longer than {} bytes", shared_.options.header_bytes_max),
                               {}}));
    if (error == http::error::body_limit)
      return reply(413, error_body({ErrorCode::kLimit,
                                    daimon::format("the body is longer than {} bytes", shared_.options.body_bytes_max),
                                    {}}));
    reply(400, error_body(
                   {ErrorCode::kInvalidArgument, daimon::format("this is no HTTP request: {}", error.message()), {}}));
  }

  // ------------------------------------------------------------------------------------------------- who may come in

  std::optional<Refusal> check_header() {
    const auto& header = parser_->get();
    request_.method = header.method_string();
    if (header.version() != 11) return Refusal{400, {ErrorCode::kInvalidArgument, "only HTTP/1.1 is spoken here", {}}};
    // Two lengths, or a length and chunks, are how requests are smuggled past whoever reads them the other way.
    const auto lengths = header.count(http::field::content_length);
    const auto encodings = header.count(http::field::transfer_encoding);
    const std::string_view length_text = header[http::field::content_length];
    if (lengths + encodings > 1 ||
        (lengths == 1 && length_text.find_first_not_of("0123456789") != std::string_view::npos) ||
        (encodings == 1 && to_lower_ascii(header[http::field::transfer_encoding]) != "chunked"))
      return Refusal{400, {ErrorCode::kInvalidArgument, "the length of the body is given in more than one way", {}}};
    if (header.count(http::field::host) != 1)
      return Refusal{400, {ErrorCode::kInvalidArgument, "a request needs exactly one Host", {}}};
    if (auto refusal = check_host(header[http::field::host])) return refusal;
    if (auto refusal = check_origin()) return refusal;
    if (request_.method == "OPTIONS" && !origin_.empty()) return std::nullopt;
    auto target = parse_target(header.target());
    if (!target) return Refusal{400, target.error()};
    request_.target = std::move(*target);
    for (const char* name : {"token", "access_token", "api_key", "key", "authorization"})
      if (request_.target.has(name))
        return Refusal{
            400,
            {ErrorCode::kInvalidArgument, "a token never goes into an address, where logs and histories keep it",
             "send it as Authorization: Bearer TOKEN; and as it may have been seen, make another: daimon serve "
             "--new-token"}};
    if (auto refusal = check_token(header[http::field::authorization], header.count(http::field::authorization)))
      return refusal;
    const bool has_body = encodings == 1 || (lengths == 1 && header[http::field::content_length] != "0");
    if (has_body && request_.method != "POST")
      return Refusal{400,
                     {ErrorCode::kInvalidArgument, daimon::format("{} takes no body", printable(request_.method)), {}}};
    if (has_body && !is_json(header[http::field::content_type]))
      return Refusal{400,
                     {ErrorCode::kInvalidArgument, "the body must be JSON", "send Content-Type: application/json"}};
    const auto length = parser_->content_length();
    if (length && *length > shared_.options.body_bytes_max)
      return Refusal{
          413,
          {ErrorCode::kLimit, daimon::format("the body is longer than {} bytes", shared_.options.body_bytes_max), {}}};
    return std::nullopt;
  }

  // A web page that points its own name at 127.0.0.1 sends that name.
  std::optional<Refusal> check_host(std::string_view host) const {
    if (port_ == 0) return std::nullopt;
    if (host == daimon::format("127.0.0.1:{}", port_) || host == daimon::format("localhost:{}", port_))
      return std::nullopt;
    return Refusal{421,
                   {ErrorCode::kDenied, daimon::format("{} is not this server's name", printable(cut_utf8(host, 80))),
                    daimon::format("call http://127.0.0.1:{}", port_)}};
  }

  std::optional<Refusal> check_origin() {
    const auto& header = parser_->get();
    const auto count = header.count(http::field::origin);
    if (count == 0) return std::nullopt;
    const std::string origin(header[http::field::origin]);
    if (count > 1 || !std::ranges::contains(shared_.options.allowed_origins, origin))
      return Refusal{403,
                     {ErrorCode::kDenied, "web pages may not call the daemon",
                      "name the page's origin under \"origins\" in config.json to allow it"}};
    origin_ = origin;
    return std::nullopt;
  }

  std::optional<Refusal> check_token(std::string_view authorization, std::size_t count) {
    if (port_ == 0) return std::nullopt;
    constexpr std::string_view kBearer = "bearer ";
    Refusal refusal{401,
                    {ErrorCode::kDenied, count == 0 ? "a token is needed" : "the token is not valid",
                     "send Authorization: Bearer TOKEN; `daimon serve` prints one"}};
    if (count != 1 || authorization.size() < kBearer.size() ||
        to_lower_ascii(authorization.substr(0, kBearer.size())) != kBearer)
      return refusal;
    const auto scope = shared_.tokens.scope_of(trim(authorization.substr(kBearer.size())));
    if (!scope) return refusal;
    request_.scope = *scope;
    return std::nullopt;
  }

  static bool is_json(std::string_view type) {
    return to_lower_ascii(trim(type.substr(0, type.find(';')))) == "application/json";
  }

  bool is_preflight() const { return request_.method == "OPTIONS" && !origin_.empty(); }
  bool answer_preflight() {
    write_head(204, "",
               "Access-Control-Allow-Methods: GET, POST, DELETE\r\nAccess-Control-Allow-Headers: Authorization, "
               "Content-Type\r\nAccess-Control-Max-Age: 600\r\n",
               "");
    return keep_alive_ && !closing_ && parser_->is_done();
  }

  // ------------------------------------------------------------------------------------------------------- writing

  void write(std::string_view bytes) {
    if (dead_) return;
    socket_.set_deadline_in(shared_.options.write_time);
    if (!socket_.write(bytes)) dead_ = closing_ = true;
  }

  void write_head(int status, std::string_view content_type, std::string_view more, std::string_view body) {
    if (!keep_alive_) closing_ = true;
    std::string head = daimon::format("HTTP/1.1 {} {}\r\n", status, reason_of(status));
    if (!content_type.empty()) head += daimon::format("Content-Type: {}\r\n", content_type);
    head += more;
    head += "X-Content-Type-Options: nosniff\r\n";
    if (!origin_.empty()) head += daimon::format("Access-Control-Allow-Origin: {}\r\nVary: Origin\r\n", origin_);
    if (status == 401) head += "WWW-Authenticate: Bearer\r\n";
    if (closing_) head += "Connection: close\r\n";
    head += "\r\n";
    head += body;
    write(head);
  }

  // POST /v1/listen: the port is open as long as this request is, or for good with "keep".
  void listen(const HttpRequest& request) {
    const auto body = json_body(request);
    const auto wanted = body ? listen_request_from(*body) : std::unexpected(body.error());
    if (!wanted) return reply(wanted.error());
    const auto listener = shared_.listen_tcp(wanted->port);
    if (!listener) return reply(listener.error());
    JsonObject opened{
        {"address", "127.0.0.1"}, {"port", (*listener)->port}, {"scope", name_of(wanted->scope)}, {"token", nullptr}};
    if (wanted->new_token || !shared_.tokens.made(wanted->scope)) {
      SystemRandom random;
      auto token = shared_.tokens.make(wanted->scope, random, SystemClock());
      if (!token) {
        shared_.remove(*listener);
        return reply(token.error());
      }
      opened["token"] = *token;
    }
    opened["token_made"] = shared_.tokens.made(wanted->scope).value_or("");
    if (wanted->keep) return reply(200, opened);
    Outbox outbox;
    outbox.push(to_text(opened) + "\n");
    forward("application/x-ndjson", outbox, kStopping);
    shared_.remove(*listener);
  }

  Server::Shared& shared_;
  Socket socket_;
  int port_;
  std::string buffer_;  // read and not yet parsed
  std::optional<Parser> parser_;
  HttpRequest request_;
  std::string origin_;  // an allowed one, of this request
  bool begun_ = false, keep_alive_ = true, closing_ = false, dead_ = false;
};

}  // namespace

void serve_connection(Server::Shared& shared, FileDescriptor descriptor, int port) {
  Connection(shared, std::move(descriptor), port).serve();
}

}  // namespace daimon::api
