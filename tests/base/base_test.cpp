#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/clock.h"
#include "base/format.h"
#include "base/hash.h"
#include "base/host_name.h"
#include "base/json.h"
#include "base/random.h"
#include "base/sqlite.h"
#include "base/text.h"
#include "base/url.h"

namespace daimon {
namespace {

TEST(ResultTest, errors_of_the_system_say_what_to_do) {
  EXPECT_EQ(os_error(ENOENT, "cannot open x").code, ErrorCode::kNotFound);
  EXPECT_EQ(os_error(ENOSPC, "cannot write x").code, ErrorCode::kLimit);
  EXPECT_THAT(os_error(ENOSPC, "cannot write x").remedy, testing::HasSubstr("free some disk space"));
  EXPECT_THAT(os_error(EACCES, "cannot open x").what, testing::StartsWith("cannot open x: "));
  for (int i = 0; i < 12; ++i)
    EXPECT_EQ(error_code_named(name_of(static_cast<ErrorCode>(i))), static_cast<ErrorCode>(i));
}

TEST(JsonTest, refuses_what_is_not_one_json_text) {
  for (const std::string_view text : {"", "{", "{}x", "[1,]", "{\"a\":1,}", "nul", "\"\xff\"", "01", "// c\n1"})
    EXPECT_FALSE(parse_json(text)) << text;
  EXPECT_FALSE(parse_json(std::string(1000, '['))) << "too deep";
  EXPECT_TRUE(parse_json("{\n  \"a\": 1,\n}").error().what.ends_with("at line 3, column 1"))
      << parse_json("{\n  \"a\": 1,\n}").error().what;
  EXPECT_EQ(to_text(parse_json(R"({"b":1,"a":[9007199254740993,1.5]})").value()),
            R"({"b":1,"a":[9007199254740993,1.5E0]})");
}

TEST(JsonTest, looking_up_never_throws) {
  const Json value = parse_json(R"({"s":"x","i":3,"d":2.5,"b":true})").value();
  EXPECT_EQ(find_string(value, "s"), "x");
  EXPECT_EQ(find_string(value, "i"), std::nullopt);
  EXPECT_EQ(find_integer(value, "d"), std::nullopt);
  EXPECT_EQ(find_number(value, "i"), 3.0);
  EXPECT_EQ(find_bool(Json(5), "b"), std::nullopt);
}

TEST(TextTest, knows_valid_utf8_from_invalid) {
  for (const std::string_view good : {"", "abc", "\u00e9\u20ac\U0001F600", "\x7f"}) EXPECT_TRUE(is_utf8(good));
  for (const std::string_view bad :
       {"\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "a\xff"})
    EXPECT_FALSE(is_utf8(bad));
  EXPECT_EQ(repair_utf8("a\xff\xe2\x82z"), "a\xEF\xBF\xBD\xEF\xBF\xBDz");
}

TEST(TextTest, any_bytes_become_valid_by_repair_and_printable_by_printing) {
  SeededRandom random(1);
  for (int i = 0; i < 3000; ++i) {
    std::string bytes;
    for (std::uint64_t n = random.next() % 20; n > 0; --n) bytes += static_cast<char>(random.next());
    EXPECT_TRUE(is_utf8(repair_utf8(bytes)));
    const std::string shown = printable(bytes);
    EXPECT_TRUE(is_utf8(shown));
    for (const char c : shown) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
    EXPECT_TRUE(is_utf8(cut_utf8(shown, random.next() % 10)));
  }
}

TEST(TextTest, nothing_that_a_terminal_obeys_gets_through) {
  EXPECT_EQ(printable("a\x1b[31mb\nc\xe2\x80\xae"
                      "d"),
            "a\\x1b[31mb\\nc\\u{202e}d");
  EXPECT_EQ(printable_block("a\n\tb\x07"), "a\n\tb\\x07");
}

TEST(TextTest, nothing_that_nobody_sees_gets_through) {
  for (const char32_t hidden :
       {U'\u00AD', U'\u034F', U'\u115F', U'\u1160', U'\u17B4',     U'\u180E',     U'\u200B',    U'\u200C',
        U'\u200D', U'\u2060', U'\u2063', U'\u206F', U'\u2800',     U'\u3164',     U'\uFE00',    U'\uFE07',
        U'\uFE0E', U'\uFE0F', U'\uFEFF', U'\uFFA0', U'\U000E0001', U'\U000E0041', U'\U000E0100'}) {
    std::string text = "pay";
    append_utf8(text, hidden);
    text += "pal";
    const auto number = static_cast<unsigned>(hidden);
    const std::string escape =
        number < 0x100 ? daimon::format("\\x{:02x}", number) : daimon::format("\\u{{{:x}}}", number);
    EXPECT_EQ(printable(text), "pay" + escape + "pal");
    EXPECT_EQ(printable_block(text), "pay" + escape + "pal");
    EXPECT_FALSE(printable_json("\"" + text + "\"").contains(text.substr(3, text.size() - 6))) << escape;
  }
}

TEST(TextTest, a_joiner_is_shown_as_it_is_between_emoji_and_nowhere_else) {
  for (const std::string_view whole :
       {"\U0001F469\u200D\U0001F4BB", "\U0001F469\U0001F3FD\u200D\U0001F680", "\U0001F3F3\uFE0F\u200D\U0001F308",
        "\U0001F469\u200D\u2764\uFE0F\u200D\U0001F468"})
    EXPECT_EQ(printable(whole), whole);
  EXPECT_EQ(printable("\U0001F469\u200D"), "\U0001F469\\u{200d}");
  EXPECT_EQ(printable("\u200D\U0001F469"), "\\u{200d}\U0001F469");
  EXPECT_EQ(printable("a\u200D\U0001F469"), "a\\u{200d}\U0001F469");
  EXPECT_EQ(printable("\U0001F469\u200D\u200D\U0001F469"), "\U0001F469\\u{200d}\\u{200d}\U0001F469");
}

TEST(TextTest, a_selector_is_shown_as_it_is_behind_what_has_two_looks_and_nowhere_else) {
  for (const std::string_view whole : {"\u2764\uFE0F", "\u2764\uFE0E!", "\u00A9\uFE0F", "\u2122\uFE0F",
                                       "\U0001F3F3\uFE0F", "7\uFE0F\u20E3", "#\uFE0F\u20E3*\uFE0F\u20E3"})
    EXPECT_EQ(printable(whole), whole);
  EXPECT_EQ(printable("a\uFE0F"), "a\\u{fe0f}");
  EXPECT_EQ(printable("\uFE0F"), "\\u{fe0f}");
  EXPECT_EQ(printable("7\uFE0F"), "7\\u{fe0f}");
  EXPECT_EQ(printable("7\uFE0E\u20E3"), "7\\u{fe0e}\u20E3");
  EXPECT_EQ(printable("\u2764\uFE0F\uFE0F\uFE0E"), "\u2764\uFE0F\\u{fe0f}\\u{fe0e}");
  EXPECT_EQ(printable("\u2764\uFE00"), "\u2764\\u{fe00}");
  EXPECT_EQ(printable("\u2764\xff\uFE0F"), "\u2764\\xff\\u{fe0f}");
  EXPECT_EQ(printable("a\uFE0F\u200D\U0001F469"), "a\\u{fe0f}\\u{200d}\U0001F469");
  EXPECT_EQ(printable("\u2801\uFE0F\u2801\u200D\u2801"), "\u2801\\u{fe0f}\u2801\\u{200d}\u2801") << "braille";
}

TEST(TextTest, json_for_a_terminal_is_the_same_json_without_what_a_terminal_obeys) {
  const Json value = JsonObject{{"name", "a\x1b[2J\u009b31m\u202e\u00e9\U000E0041\x7f\n"}};
  const std::string shown = printable_json(to_text(value));
  EXPECT_EQ(printable(shown), shown);
  EXPECT_THAT(shown, testing::HasSubstr("\\u009b31m\\u202e\u00e9\\udb40\\udc41"));
  const auto back = parse_json(shown);
  ASSERT_TRUE(back) << shown;
  EXPECT_EQ(find_string(*back, "name"), find_string(value, "name"));
}

TEST(HostTest, a_host_has_one_spelling) {
  for (const auto& [written, name] :
       std::vector<std::pair<std::string, std::string>>{{"Example.ORG", "example.org"},
                                                        {"example.org.", "example.org"},
                                                        {"example.org..", "example.org"},
                                                        {"B\xC3\xBC"
                                                         "cher.example",
                                                         "xn--bcher-kva.example"},
                                                        {"b\xC3\x9C"
                                                         "CHER.Example.",
                                                         "xn--bcher-kva.example"},
                                                        {"bu\xCC\x88"
                                                         "cher.example",
                                                         "xn--bcher-kva.example"},
                                                        {"XN--BCHER-KVA.example", "xn--bcher-kva.example"},
                                                        {"example\xE3\x80\x82org", "example.org"},
                                                        {"\xEF\xBC\xA5xample.org", "example.org"},
                                                        {"0x7f.1", "127.0.0.1"},
                                                        {"2130706433", "127.0.0.1"},
                                                        {"\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.0.0.1", "127.0.0.1"},
                                                        {"[::1]", "::1"},
                                                        {"0:0::0:1", "::1"},
                                                        {"::ffff:93.184.216.34", "93.184.216.34"},
                                                        {"[::FFFF:5db8:d822]", "93.184.216.34"},
                                                        {"0:0:0:0:0:ffff:5DB8:D822", "93.184.216.34"},
                                                        {"::ffff:0:93.184.216.34", "::ffff:0:5db8:d822"},
                                                        {"::fffe:5db8:d822", "::fffe:5db8:d822"}})
    EXPECT_EQ(canonical_host(written).value_or("none"), name) << written;
  for (const std::string written : {"", ".", ".org", "a b", "a/b", "http://a", "a:80", "a@b", "a%41", "*.org", "a\xff"})
    EXPECT_FALSE(canonical_host(written)) << written;
}

TEST(HostTest, what_the_person_wrote_means_a_host_in_any_spelling) {
  EXPECT_TRUE(host_is_meant("*", "example.org"));
  EXPECT_TRUE(host_is_meant("Example.org.", "example.ORG"));
  EXPECT_TRUE(
      host_is_meant("*.B\xC3\xBC"
                    "cher.example",
                    "shop.xn--bcher-kva.example"));
  EXPECT_TRUE(host_is_meant(".xn--bcher-kva.example",
                            "shop.b\xC3\xBC"
                            "cher.example."));
  EXPECT_FALSE(host_is_meant(".example.org", "example.org"));
  EXPECT_FALSE(host_is_meant(".example.org", "notexample.org"));
  EXPECT_FALSE(host_is_meant("", ""));
  EXPECT_EQ(canonical_host_pattern("*.B\xC3\xBC"
                                   "cher.*")
                .value_or(""),
            "*.xn--bcher-kva.*");
  EXPECT_FALSE(canonical_host_pattern("b\xC3\xBC*.example"));
  EXPECT_EQ(canonical_host_pattern("[::ffff:93.184.216.34]").value_or(""), "93.184.216.34");
  EXPECT_EQ(canonical_host_pattern("[::FFFF:93.184.*]").value_or(""), "93.184.*");
  EXPECT_TRUE(host_is_meant("93.184.216.34", "::ffff:5db8:d822"));
  EXPECT_FALSE(canonical_host_pattern("https://*.example/"));
}

TEST(HostTest, loopback_is_this_machine_and_no_name_that_looks_like_it) {
  for (const std::string here :
       {"localhost", "LOCALHOST.", "127.0.0.1", "127.9.9.9", "0x7f.1", "::1", "[::1]", "::ffff:127.0.0.1"})
    EXPECT_TRUE(is_loopback_host(here)) << here;
  for (const std::string elsewhere :
       {"localhost.example", "127.0.0.1.example", "127.example", "10.0.0.1", "::2", "::ffff:10.0.0.1", ""})
    EXPECT_FALSE(is_loopback_host(elsewhere)) << elsewhere;
}

TEST(HashTest, is_sha256) {
  EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest_from_hex(to_hex(sha256("x"))).value(), sha256("x"));
  EXPECT_FALSE(digest_from_hex("zz"));
}

TEST(ClockTest, writes_times_in_iso_8601) {
  EXPECT_EQ(to_iso8601(wall_time_from(1'774'965'909'123)), "2026-03-31T14:05:09.123Z");
}

TEST(ClockTest, the_day_is_that_of_the_place) {
  const char* before = std::getenv("TZ");
  const std::optional<std::string> kept = before != nullptr ? std::optional(std::string(before)) : std::nullopt;
  for (const auto& [zone, day] :
       {std::pair("AAA-14", "2026-04-01"), std::pair("UTC0", "2026-03-31"), std::pair("BBB15", "2026-03-30")}) {
    setenv("TZ", zone, 1);
    tzset();
    EXPECT_EQ(to_local_date(wall_time_from(1'774'965'909'123)), day) << zone;
  }
  kept ? setenv("TZ", kept->c_str(), 1) : unsetenv("TZ");
  tzset();
}

TEST(SqliteTest, a_transaction_that_is_not_committed_leaves_nothing) {
  auto database = sqlite::Database::open(":memory:").value();
  ASSERT_TRUE(database.execute("CREATE TABLE t (x)"));
  {
    auto transaction = sqlite::Transaction::begin(database);
    ASSERT_TRUE(database.execute("INSERT INTO t VALUES (1)"));
  }
  auto count = database.prepare("SELECT count(*) FROM t").value();
  ASSERT_TRUE(count.step().value());
  EXPECT_EQ(count.integer(0), 0);
}

TEST(SqliteTest, errors_are_values_with_a_remedy) {
  const auto missing = sqlite::Database::open("/nonexistent/folder/x.db");
  ASSERT_FALSE(missing);
  EXPECT_FALSE(missing.error().remedy.empty());
  auto database = sqlite::Database::open(":memory:").value();
  EXPECT_FALSE(database.prepare("SELEC 1"));
  const auto path = std::filesystem::temp_directory_path() / daimon::format("daimon-test-{}.db", ::getpid());
  ASSERT_TRUE(sqlite::Database::open(path));
  auto locked = sqlite::Database::open(path, {.read_only = true});
  const auto refused = locked->execute("CREATE TABLE\n  a (b)");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, testing::HasSubstr(path.string() + ": SQL failed (CREATE TABLE a (b))"));
  EXPECT_FALSE(refused.error().remedy.empty());
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path.string() + suffix);
}

TEST(UrlTest, takes_an_address_apart_as_it_is_fetched) {
  const auto url = Url::parse(
      "HTTPS://who:secret@B\xC3\xBC"
      "cher.example/a/../b?c#d");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme(), "https");
  EXPECT_EQ(url->host_in_dns(), "xn--bcher-kva.example");
  EXPECT_EQ(url->user(), "who");
  EXPECT_EQ(url->password(), "secret");
  EXPECT_EQ(url->port(), 443);
  EXPECT_EQ(Url::parse("http://[::1]:8080/")->host(), "[::1]");
  EXPECT_EQ(Url::parse("../c", "http://a.example/b/x/y")->text(), "http://a.example/b/c");
  for (const char* none : {"", "http://", "http://a b/", "http://a:99999/"}) EXPECT_FALSE(Url::parse(none)) << none;
}

TEST(UrlTest, an_origin_is_scheme_host_and_port) {
  EXPECT_TRUE(same_origin("https://a.example/x", "HTTPS://A.example:443/y"));
  for (const char* other : {"http://a.example/x", "https://a.example:444/", "https://b.example/", "nonsense:", ""})
    EXPECT_FALSE(same_origin("https://a.example/", other)) << other;
  EXPECT_FALSE(same_origin("", "")) << "what is no address has none";
}

TEST(TextTest, one_is_singular_and_all_else_plural) {
  EXPECT_EQ(one_or_many(1, "file", "files"), "file");
  for (const std::int64_t count : {0, 2, 21, -1}) EXPECT_EQ(one_or_many(count, "file", "files"), "files");
}

}  // namespace
}  // namespace daimon
