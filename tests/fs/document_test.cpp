#include "fs/document.h"

#include <chrono>
#include <map>

#include "base/text.h"
#include "fs_world.h"

namespace daimon::fs {
namespace {

using std::chrono::steady_clock;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string repeated(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

struct Documents : ::testing::Test {
  Result<Document> parse(const std::string& name, std::string_view content) {
    world.put(name, content);
    return read_document(world.home() / name, {});
  }
  FsWorld world;
};

TEST_F(Documents, NoLinkOnTheWayToAFileIsFollowed) {
  world.put("letters/fence.txt", "green");
  std::filesystem::create_directories(world.folder / "outside");
  std::ofstream(world.folder / "outside/fence.txt") << "secret";
  EXPECT_EQ(read_document(world.home(), "letters/fence.txt", {})->text, "green");
  std::filesystem::remove_all(world.home() / "letters");
  std::filesystem::create_directory_symlink(world.folder / "outside", world.home() / "letters");
  EXPECT_FALSE(read_document(world.home(), "letters/fence.txt", {})) << "a folder that became a link since the walk";
  EXPECT_FALSE(read_document(world.home(), "../outside/fence.txt", {}));
}

TEST_F(Documents, InvalidUtf8IsRepairedAndNoted) {
  const auto latin1 = parse("letter.txt", "Caf\xE9 M\xFCller\n");
  ASSERT_TRUE(latin1) << latin1.error().what;
  EXPECT_TRUE(latin1->repaired);
  EXPECT_EQ(latin1->text, "Caf\xC3\xA9 M\xC3\xBCller\n");
  const auto broken = parse("broken.txt", "caf\xC3\xA9 \xFF\xFE tea\n");
  ASSERT_TRUE(broken) << broken.error().what;
  EXPECT_TRUE(broken->repaired);
  EXPECT_TRUE(is_utf8(broken->text));
  EXPECT_THAT(broken->text, HasSubstr("caf\xC3\xA9"));
  EXPECT_FALSE(parse("good.txt", "caf\xC3\xA9\n")->repaired);
}

TEST_F(Documents, BinaryFilesAreNoDocuments) {
  for (const auto& [name, code] : std::map<std::string, ErrorCode>{{"picture.png", ErrorCode::kUnsupported},
                                                                   {"page.html", ErrorCode::kUnsupported},
                                                                   {"mail.eml", ErrorCode::kUnsupported},
                                                                   {"notes.txt", ErrorCode::kCorrupt},
                                                                   {"ledger.csv", ErrorCode::kCorrupt}}) {
    const auto parsed = parse(name, std::string_view("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16));
    ASSERT_FALSE(parsed) << name;
    EXPECT_EQ(parsed.error().code, code) << name;
  }
}

TEST_F(Documents, TextOfPlainFilesIsTheirBytes) {
  const std::string text = "one\r\ntwo\n\n  three\t\xF0\x9F\x8C\xA7\n";
  for (const char* name : {"a.txt", "a.md", "a.py", "a.csv", "a.json", "a.log", "noextension"})
    EXPECT_EQ(parse(name, text)->text, text) << name;
}

TEST_F(Documents, AFileBeyondTheLimitIsCutAtALineAndSaysSo) {
  std::string text;
  while (text.size() < kTextBytesMax + (1U << 20)) text += "a line of a very long log, repeated\n";
  const auto parsed = parse("long.log", text);
  ASSERT_TRUE(parsed) << parsed.error().what;
  EXPECT_TRUE(parsed->cut);
  EXPECT_LT(parsed->text.size(), kTextBytesMax + (1U << 17));
  EXPECT_TRUE(parsed->text.ends_with("repeated\n"));
}

TEST_F(Documents, TablesGiveTheirHeader) {
  EXPECT_THAT(parse("a.csv", "date,\"payee, full\",amount\n2026-03-01,Grocer,84.20\n")->columns,
              ElementsAre("date", "payee, full", "amount"));
  EXPECT_THAT(csv_header("\xEF\xBB\xBFName;Betrag;Art\n1;2,5;x,y\n"), ElementsAre("Name", "Betrag", "Art"));
  EXPECT_THAT(csv_header("a\tb c\r\n1\t2\r\n"), ElementsAre("a", "b c"));
  EXPECT_THAT(csv_header("\"say \"\"hi\"\"\",b"), ElementsAre("say \"hi\"", "b"));
  EXPECT_THAT(csv_header(""), ElementsAre(""));
  EXPECT_LE(csv_header(std::string(100'000, ',')).size(), 200U);
}

TEST_F(Documents, HtmlGivesItsContentAndNotItsMachinery) {
  const auto text = text_of_html(
      "<html><head><title>T</title><style>p{}</style></head><body><nav>Home About</nav><h1>Bins</h1><p>The brown bin "
      "is\n emptied on <b>Tues</b>day &amp; paid.</p>"
      "<script>alert(1)</script><ul><li>one<li>two</ul><table><tr><th>day</th><th>bin</th></tr><tr><td>Mon</"
      "td><td>blue</td></tr></table></body></html>");
  ASSERT_TRUE(text) << text.error().what;
  EXPECT_EQ(*text, "T\n# Bins\nThe brown bin is emptied on Tuesday & paid.\n- one\n- two\nday | bin\nMon | blue\n");
}

TEST_F(Documents, HostileHtmlIsOnlyText) {
  EXPECT_EQ(*text_of_html(""), "");
  EXPECT_THAT(*text_of_html("<p>unclosed <b>bold <a href='"), HasSubstr("unclosed bold"));
  std::string deep;
  for (int i = 0; i < 5'000; ++i) deep += "<div>";
  EXPECT_THAT(*text_of_html(deep + "bottom"), HasSubstr("bottom"));
  EXPECT_THAT(*text_of_html("<svg><script>x</script></svg><template><p>t</p></template><p>seen</p>"),
              HasSubstr("seen"));
  EXPECT_TRUE(is_utf8(*text_of_html("<p>&#xD800;&#x110000;&#0;&bogus;</p>")));
  // A size without a value ends lexbor 3.0 when it looks after the options by itself.
  EXPECT_THAT(*text_of_html("<select size><option>one</option></select>"), HasSubstr("one"));
  EXPECT_THAT(*text_of_html("<select>" + repeated("<option>x", 50'000)), HasSubstr("x"));
}

TEST_F(Documents, MailIsItsHeadersAndItsDecodedBody) {
  const std::string text = text_of_mail(
      "Received: from x\r\nFrom: =?utf-8?Q?Colette_Mar=C3=A9chal?= <c@example.org>\r\nTo: me@example.org\r\nSubject: "
      "=?ISO-8859-1?B?Q2Fm6Q==?=\r\n"
      "Date: Mon, 2 Mar 2026 09:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
      "quoted-printable\r\n\r\n"
      "The price is =E2=82=AC84.20, a very long li=\r\nne.\r\n");
  EXPECT_EQ(text,
            "From: Colette Mar\xC3\xA9"
            "chal <c@example.org>\nTo: me@example.org\nDate: Mon, 2 Mar 2026 09:00:00 +0000\nSubject: Caf\xC3\xA9\n\n"
            "The price is \xE2\x82\xAC"
            "84.20, a very long line.\n");
}

TEST_F(Documents, MailOfManyPartsIsItsPlainText) {
  const std::string text = text_of_mail(
      "Subject: two\nContent-Type: multipart/mixed; boundary=\"outer\"\n\n--outer\nContent-Type: "
      "multipart/alternative; boundary=inner\n\n"
      "--inner\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: "
      "base64\n\nSGVsbG8g4oKs\n--inner\nContent-Type: text/html\n\n<p>rich</p>\n--inner--\n"
      "--outer\nContent-Type: application/pdf; name=\"bill.pdf\"\nContent-Transfer-Encoding: "
      "base64\n\nJVBERi0=\n--outer--\n");
  EXPECT_THAT(text, HasSubstr("Hello \xE2\x82\xAC"));
  EXPECT_THAT(text, HasSubstr("[attachment bill.pdf]"));
  EXPECT_THAT(text, Not(HasSubstr("JVBERi0")));
  EXPECT_THAT(text, Not(HasSubstr("rich")));
  EXPECT_THAT(text_of_mail("Subject: html only\nContent-Type: text/html\n\n<p>Only <b>this</b></p>"),
              HasSubstr("Only this"));
}

TEST_F(Documents, AMailboxIsAllItsMessages) {
  const std::string text =
      text_of_mail("From a@x Mon\nSubject: first\n\none\n\nFrom b@x Tue\nSubject: second\n\ntwo\n");
  EXPECT_THAT(text, HasSubstr("Subject: first"));
  EXPECT_THAT(text, HasSubstr("one\n"));
  EXPECT_THAT(text, HasSubstr("Subject: second"));
  EXPECT_THAT(text, HasSubstr("two\n"));
}

TEST_F(Documents, HostileMailIsOnlyText) {
  std::string nested = "Content-Type: multipart/mixed; boundary=b\n\n";
  for (int i = 0; i < 2000; ++i) nested += "--b\nContent-Type: multipart/mixed; boundary=b\n\n";
  for (const std::string& mail :
       {std::string(), std::string("From "), std::string("From \n"), std::string(":\n:"), nested,
        std::string("Content-Type: multipart/mixed\n\nx"), std::string("Subject: =?utf-8?Q?=ZZ=?=\n\n=?\n"),
        std::string("Content-Type: text/plain; charset=\"\n\n\xFF\xFE")})
    EXPECT_TRUE(is_utf8(text_of_mail(mail)));
}

// Random bytes and random cuts of good input: never a crash, always UTF-8.
TEST_F(Documents, NoBytesBreakAParser) {
  const std::string mail =
      "From: a\nContent-Type: multipart/mixed; boundary=\"b\"\n\n--b\nContent-Transfer-Encoding: "
      "base64\n\nSGk=\n--b--\n";
  const std::string html = "<table><tr><td>a<table><td><select><option><p><svg><math><mi><!--x--><a href=x>&amp;";
  std::mt19937 random(3);
  for (int round = 0; round < 3000; ++round) {
    for (const std::string& seed : {mail, html}) {
      std::string bytes = seed.substr(random() % seed.size()) + seed.substr(0, random() % seed.size());
      for (auto i = random() % 8; i > 0; --i) bytes[random() % bytes.size()] = static_cast<char>(random());
      ASSERT_TRUE(is_utf8(text_of_mail(bytes)));
      ASSERT_TRUE(text_of_html(repair_utf8(bytes)));
      csv_header(bytes);
    }
  }
}

TEST_F(Documents, PdfHasPages) {
  const auto parsed =
      read_document(std::filesystem::path(DAIMON_SOURCE_DIR) / "examples/home/invoices/electricity-2026-04.pdf", {});
  if (!parsed && parsed.error().code == ErrorCode::kUnavailable) GTEST_SKIP() << parsed.error().what;
  ASSERT_TRUE(parsed) << parsed.error().what;
  EXPECT_EQ(parsed->type, "pdf");
  ASSERT_EQ(parsed->page_begin.size(), 2U);
  EXPECT_THAT(parsed->text.substr(parsed->page_begin[1]), HasSubstr("26.13"));
}

TEST_F(Documents, APdfThatDoesNotParseSaysSo) {
  for (const std::string_view content :
       {std::string_view("%PDF-1.7\nnothing"), std::string_view("no PDF at all"), std::string_view("")}) {
    const auto parsed = parse("broken.pdf", content);
    ASSERT_FALSE(parsed);
    if (parsed.error().code == ErrorCode::kUnavailable) GTEST_SKIP() << parsed.error().what;
    EXPECT_EQ(parsed.error().code, ErrorCode::kCorrupt);
    EXPECT_THAT(parsed.error().what, HasSubstr("does not parse"));
  }
}

// Each asks the tree builder for far more than its size.
TEST_F(Documents, HtmlThatNestsOrMultipliesWithoutEndIsRefusedSoon) {
  std::string attributes = "<a";
  for (int i = 0; i < 100'000; ++i) attributes += " a" + std::to_string(i);
  std::string names;
  for (int i = 0; i < 100'000; ++i) names += "</n" + std::to_string(i) + ">";
  std::string formatting;
  for (int i = 0; i < 10'000; ++i) formatting += "<b i" + std::to_string(i) + ">";
  std::string some_formatting = "<p>";
  for (int i = 0; i < 250; ++i) some_formatting += "<b i" + std::to_string(i % 200) + "=" + std::to_string(i) + ">";
  for (const auto& [what, html] : std::initializer_list<std::pair<const char*, std::string>>{
           {"nests", repeated("<div>", 300'000)},
           {"formatting that is opened again in each paragraph", formatting + repeated("<p>x", 10'000)},
           {"a little of it, in many paragraphs", some_formatting + repeated("<p>x", 100'000)},
           {"a little of it, below many elements",
            some_formatting + "</p>" + repeated("<div>", 9'000) + repeated("<p>x", 10'000)},
           {"end tags that close nothing, below many elements",
            repeated("<span>", 9'000) + repeated("</y>", 1'000'000)},
           {"attributes", attributes},
           {"names of its own", names}}) {
    const auto begin = steady_clock::now();
    const auto text = text_of_html(html);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - begin);
    EXPECT_LT(took, std::chrono::seconds(20)) << what;
    ASSERT_FALSE(text) << what;
    EXPECT_EQ(text.error().code, ErrorCode::kLimit) << what;
    EXPECT_FALSE(text.error().remedy.empty()) << what;
  }
}

TEST_F(Documents, HtmlThatIsLargeButPlainIsRead) {
  const std::string row = "<tr><td>1<td><b>2</b><td><a href=x>3</a></tr>\n";
  const auto text = text_of_html("<table>" + repeated(row, 100'000) + "</table>");
  ASSERT_TRUE(text) << text.error().what;
  EXPECT_EQ(text->substr(0, 20), "1 | 2 | 3\n1 | 2 | 3\n");
  EXPECT_EQ(text->size(), 1'000'000U);
}

TEST_F(Documents, AMailLeavesOutHtmlThatIsRefusedAndSaysSo) {
  const std::string part = "\n--b\nContent-Type: text/html\n\n" + repeated("<div>", 20'000) + "deep";
  const std::string text = text_of_mail("Subject: s\nContent-Type: multipart/mixed; boundary=b\n" + repeated(part, 3) +
                                        "\n--b\nContent-Type: text/html\n\n<p>seen</p>\n--b--\n");
  EXPECT_THAT(text, HasSubstr("left out"));
  EXPECT_THAT(text, HasSubstr("seen"));
  EXPECT_THAT(text, Not(HasSubstr("deep\n")));
}

TEST_F(Documents, TheEuroOfWindowsIsAEuro) {
  EXPECT_THAT(text_of_mail("Content-Type: text/plain; charset=windows-1252\n\n\x80 84.20, \x93paid\x94\n"),
              HasSubstr("\xE2\x82\xAC 84.20, \xE2\x80\x9Cpaid\xE2\x80\x9D"));
  world.put("letter.txt", "\x80 84.20\n");
  EXPECT_EQ(read_document(world.home() / "letter.txt", {})->text, "\xE2\x82\xAC 84.20\n");
  // A character that begins one of several bytes in UTF-8 does not make it UTF-8.
  EXPECT_EQ(parse("french.txt", "ch\xE2teau\n")->text, "ch\xC3\xA2teau\n");
  EXPECT_THAT(
      parse("eight-bit.eml", "Subject: Caf\xE9\nContent-Type: text/plain; charset=iso-8859-1\n\nM\xFCller \x80\n")
          ->text,
      ::testing::AllOf(HasSubstr("Subject: Caf\xC3\xA9\n"), HasSubstr("M\xC3\xBCller \xE2\x82\xAC")));
}

TEST_F(Documents, ABoundaryThatBeginsLikeAnotherIsNotIt) {
  const std::string text = text_of_mail(
      "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; "
      "boundary=b2\n\n--b2\nContent-Type: text/plain\n\nplain words\n"
      "--b2\nContent-Type: text/html\n\n<p>rich words</p>\n--b2--\n--b--\n");
  EXPECT_THAT(text, HasSubstr("plain words"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("rich words")));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("--b2")));
}

TEST_F(Documents, PreformattedTextKeepsItsLines) {
  EXPECT_EQ(*text_of_html("<pre>one\n  two\n</pre>"), "one\n  two\n");
  EXPECT_EQ(*text_of_html("<p>a  b</p><pre>\n  x\n\n<b>y</b><br><br>z</pre><p>c\nd"), "a b\n  x\n\ny\n\nz\nc d\n");
}

}  // namespace
}  // namespace daimon::fs
