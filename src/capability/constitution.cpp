#include "capability/constitution.h"

#include <lexbor/unicode/unicode.h>
#include <locale.h>
#include <wctype.h>

#include <algorithm>
#include <memory>
#include <sstream>

#include "base/format.h"
#include "base/host_name.h"
#include "base/text.h"
#include "base/within.h"

namespace daimon::capability {
namespace {

// Valid UTF-8 with its letters composed (NFC): "e" and an accent is the one letter that it looks like.
std::string composed(std::string_view text) {
  // Below U+0300 nothing is composed of two.
  if (std::ranges::all_of(text, [](unsigned char c) { return c < 0xCC; })) return std::string(text);
  std::string made;
  const std::unique_ptr<lxb_unicode_normalizer_t, void (*)(lxb_unicode_normalizer_t*)> by(
      lxb_unicode_normalizer_create(), [](lxb_unicode_normalizer_t* of) { lxb_unicode_normalizer_destroy(of, true); });
  const auto append = [](const lxb_char_t* data, std::size_t length, void* to) -> lxb_status_t {
    static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(data), length);
    return LXB_STATUS_OK;
  };
  if (lxb_unicode_normalizer_init(by.get(), LXB_UNICODE_NFC) != LXB_STATUS_OK ||
      lxb_unicode_normalize(by.get(), reinterpret_cast<const lxb_char_t*>(text.data()), text.size(), append, &made,
                            true) != LXB_STATUS_OK)
    return std::string(text);
  return made;
}

// Composed, and lower case of every alphabet, so that a rule holds where a file system takes both for one name, too.
std::string fold(std::string_view text) {
  if (std::ranges::all_of(text, [](unsigned char c) { return c < 0x80; })) return to_lower_ascii(text);
  static const locale_t kLocale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  std::string folded;
  while (!text.empty()) {
    const std::size_t length = valid_utf8_prefix(text);
    const std::string valid = composed(text.substr(0, length));
    for (std::size_t at = 0; at < valid.size();) {
      const char32_t c = next_code_point(valid, at);
      // By way of upper case: what has two small letters for one capital has one.
      append_utf8(folded, kLocale == nullptr ? c
                                             : static_cast<char32_t>(::towlower_l(
                                                   ::towupper_l(static_cast<wint_t>(c), kLocale), kLocale)));
    }
    text.remove_prefix(length);
    if (text.empty()) break;
    folded += text.front();
    text.remove_prefix(1);
  }
  return folded;
}

// Without "./" before it, "//" in it and "/" behind.
std::string tidy(std::string_view pattern) {
  std::string made;
  for (const char c : pattern)
    if (c != '/' || !made.ends_with('/')) made += c;
  while (made.starts_with("./")) made.erase(0, 2);
  if (made.size() > 1 && made.ends_with('/')) made.pop_back();
  return made;
}

// Every name of the file that a rule may be about, each beginning with "/".
struct Names {
  std::string real;  // where it is; "" when nobody knows
  std::vector<std::string> called;
};

Names names_of(const Access& access, const Places& places) {
  Names names;
  const auto call = [&](std::string_view name) { names.called.push_back("/" + fold(name)); };
  call(access.object);
  if (const Located found = locate(access, places); found.mount != nullptr) {
    const auto& [mount, below] = found;
    call(below.empty() ? mount->name : daimon::format("{}/{}", mount->name, below));
    const std::filesystem::path real = found.real();
    if (real.is_absolute()) names.real = fold(real.native());
    for (const auto* list : {&places.own, &places.others})
      for (const Place& place : *list)
        if (&place != mount && place.root.is_absolute() && is_within(place.root, real)) {
          const std::string inside = real.lexically_relative(place.root).string();
          call(inside == "." ? place.name : place.name + "/" + inside);
        }
  }
  // A folder that is listed is also what "folder/*" means.
  if (access.verb == "list") {
    for (std::size_t i = 0, count = names.called.size(); i < count; ++i) names.called.push_back(names.called[i] + "/");
    if (!names.real.empty()) names.real += '/';
  }
  return names;
}

// The length in bytes of the character that begins at `at`: 1 where that is not UTF-8.
std::size_t character_length(std::string_view text, std::size_t at) noexcept {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t length = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return valid_utf8_prefix(text.substr(at, length)) == length ? length : 1;
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) noexcept {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p;
      t += character_length(text, t);
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      // "?" begins where a character does.
      mark += p < pattern.size() && pattern[p] == '?' ? character_length(text, mark) : 1;
      t = mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Result<Constitution> Constitution::parse(std::string_view text) {
  Constitution constitution;
  constitution.text_ = text;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (const auto comment = line.find('#'); comment != std::string::npos) line.resize(comment);
    std::istringstream words(line);
    std::string ruling;
    Rule rule{Ruling::kNever, {}, {}, {}, std::string(trim(line)), number};
    if (!(words >> ruling)) continue;
    words >> rule.verb >> rule.kind;
    std::getline(words, rule.pattern);
    rule.pattern = trim(rule.pattern);
    if ((ruling != "never" && ruling != "ask") || rule.kind.empty())
      return fail(ErrorCode::kInvalidArgument,
                  daimon::format("line {} of the constitution is not a rule: '{}'", number, printable(rule.line)),
                  "write 'never VERB KIND PATTERN' or 'ask VERB KIND PATTERN', for example 'never write file taxes/*'");
    if (rule.pattern.empty()) rule.pattern = "*";
    rule.ruling = ruling == "ask" ? Ruling::kAsk : Ruling::kNever;
    std::string path = fold(tidy(rule.pattern));
    // Where the home is, the configuration says (kernel/configuration.h); of whom nobody knows it is anybody's.
    if (path.starts_with("~/")) path.erase(0, 2);
    if (path == "~") path = "*";
    rule.from_root = path.starts_with('/');
    const std::string glob = path == "/" ? "" : rule.from_root ? path : "*/" + path;
    rule.paths = {glob, glob + "/*"};
    if (rule.kind == "net" || rule.kind == "any") {
      auto host = canonical_host_pattern(rule.pattern);
      if (!host && rule.kind == "net")
        return fail(ErrorCode::kInvalidArgument,
                    daimon::format("line {} of the constitution: {}", number, host.error().what),
                    "a rule of 'net' names hosts, such as example.org or *.example.org");
      if (host) rule.host = std::move(*host);
    }
    if (rule.kind == "file" || rule.kind == "index")
      if (("/" + path + "/").contains("/../"))
        return fail(
            ErrorCode::kInvalidArgument,
            daimon::format("line {} of the constitution: no path has '..' in it: '{}'", number, printable(rule.line)),
            "write where the file is");
    constitution.rules_.push_back(std::move(rule));
  }
  return constitution;
}

std::vector<Constitution::Line> Constitution::rules_without(
    const std::function<bool(std::string_view verb, std::string_view kind)>& exists) const {
  std::vector<Line> lines;
  for (const Rule& rule : rules_)
    if (!exists(rule.verb == "any" ? "" : rule.verb, rule.kind == "any" ? "" : rule.kind))
      lines.push_back({rule.number, rule.line, rule.pattern});
  return lines;
}

std::vector<Constitution::Line> Constitution::rules_from_root() const {
  std::vector<Line> lines;
  for (const Rule& rule : rules_)
    if ((rule.kind == "file" || rule.kind == "index" || rule.kind == "any") &&
        (rule.pattern.starts_with('/') || rule.pattern == "~" || rule.pattern.starts_with("~/")))
      lines.push_back({rule.number,
                       daimon::format("{} {} {}", rule.ruling == Ruling::kAsk ? "ask" : "never", rule.verb, rule.kind),
                       rule.pattern});
  return lines;
}

Constitution::Verdict Constitution::judge(const Access& access, const Places& places) const {
  Verdict verdict;
  if (rules_.empty()) return verdict;
  const Names names = names_of(access, places);
  const std::string host = access.kind == "net" ? canonical_host(access.object).value_or(access.object) : "";
  const auto concerns = [&](const Rule& rule) {
    const auto fits = [&](const std::string& name) {
      return std::ranges::any_of(rule.paths, [&](const auto& glob) { return glob_matches(glob, name); });
    };
    if (access.kind == "net") return !rule.host.empty() && glob_matches(rule.host, host);
    if (access.kind != "file" && access.kind != "index") return glob_matches(rule.pattern, access.object);
    if (access.kind == "file" && access.object.empty()) return true;
    // Of a file of which nobody knows where it is, every rule may speak.
    if (rule.from_root && names.real.empty()) return places.own.empty() && !access.object.empty();
    return fits(names.real) || (!rule.from_root && std::ranges::any_of(names.called, fits));
  };
  for (const Rule& rule : rules_) {
    if ((rule.verb != "any" && rule.verb != access.verb) || (rule.kind != "any" && rule.kind != access.kind) ||
        !concerns(rule))
      continue;
    if (rule.ruling > verdict.ruling) verdict = {rule.ruling, rule.line};
  }
  return verdict;
}

}  // namespace daimon::capability
