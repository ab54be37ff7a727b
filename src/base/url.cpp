#include "base/url.h"

#include <curl/urlapi.h>
#include <locale.h>

#include "base/text.h"

namespace daimon {
namespace {

// libcurl takes the bytes of a name for characters of the locale, which in a daemon is none that has any beyond ASCII.
class InUtf8 {
 public:
  InUtf8() {
    static const locale_t kUtf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    if (kUtf8 != nullptr) before_ = ::uselocale(kUtf8);
  }
  ~InUtf8() {
    if (before_ != nullptr) ::uselocale(before_);
  }
  InUtf8(const InUtf8&) = delete;
  InUtf8& operator=(const InUtf8&) = delete;

 private:
  locale_t before_ = nullptr;
};

std::string part(const CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK || text == nullptr) return {};
  std::string made = text;
  curl_free(text);
  return made;
}

}  // namespace

void Url::Free::operator()(Curl_URL* url) const { curl_url_cleanup(url); }

std::optional<Url> Url::parse(const std::string& text, const std::string& base) {
  Handle handle(curl_url());
  if (!handle) return std::nullopt;
  if (!base.empty() && curl_url_set(handle.get(), CURLUPART_URL, base.c_str(), 0) != CURLUE_OK) return std::nullopt;
  if (curl_url_set(handle.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return std::nullopt;
  return Url(std::move(handle));
}

std::string Url::scheme() const { return to_lower_ascii(part(handle_.get(), CURLUPART_SCHEME)); }
std::string Url::host() const { return part(handle_.get(), CURLUPART_HOST); }
std::string Url::host_in_dns() const {
  const InUtf8 in_utf8;
  return part(handle_.get(), CURLUPART_HOST, CURLU_PUNYCODE);
}
std::string Url::user() const { return part(handle_.get(), CURLUPART_USER); }
std::string Url::password() const { return part(handle_.get(), CURLUPART_PASSWORD); }
std::uint16_t Url::port() const {
  return static_cast<std::uint16_t>(std::stoi("0" + part(handle_.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT)));
}
std::string Url::text() const { return part(handle_.get(), CURLUPART_URL); }

void Url::set_host(const std::string& host) { curl_url_set(handle_.get(), CURLUPART_HOST, host.c_str(), 0); }
void Url::drop_fragment() { curl_url_set(handle_.get(), CURLUPART_FRAGMENT, nullptr, 0); }

bool same_origin(const std::string& one, const std::string& other) {
  const auto a = Url::parse(one), b = Url::parse(other);
  return a && b && a->scheme() == b->scheme() && to_lower_ascii(a->host()) == to_lower_ascii(b->host()) &&
         a->port() == b->port();
}

}  // namespace daimon
