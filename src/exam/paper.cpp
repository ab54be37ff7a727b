#include "exam/paper.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>

#include "base/builtin.h"
#include "base/format.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"

namespace daimon::exam {
namespace {

std::unexpected<Error> wrong(std::string_view what) {
  return fail(ErrorCode::kCorrupt, daimon::format("the exam cannot be used: {}", what),
              "make it anew with firmware/training/exam.py, or name another with --paper");
}

// Relative, and with no way out of the home.
bool is_inside(std::string_view path) {
  const std::filesystem::path given(path);
  if (path.empty() || given.is_absolute()) return false;
  for (const auto& part : given)
    if (part == "..") return false;
  return true;
}

Result<std::map<std::string, std::string>> files_of(const Json& value) {
  if (!value.is_object()) return wrong("its files are no object");
  std::map<std::string, std::string> files;
  for (const auto& [path, text] : value.get_object()) {
    if (!is_inside(path) || !text.is_string()) return wrong(daimon::format("'{}' is no file", printable(path)));
    files.emplace(path, text.get_string());
  }
  return files;
}

Result<std::vector<std::string>> texts_of(const Json& expect, std::string_view member) {
  std::vector<std::string> texts;
  const Json* list = find(expect, member);
  if (list == nullptr) return texts;
  if (!list->is_array()) return wrong(daimon::format("'{}' is no list", member));
  for (const Json& text : list->get_array()) {
    if (!text.is_string() || text.get_string().empty())
      return wrong(daimon::format("'{}' has what is no text", member));
    texts.emplace_back(text.get_string());
  }
  return texts;
}

Result<Expectation> expectation_of(const Json& expect) {
  if (!expect.is_object() || expect.get_object().empty()) return wrong("a goal expects nothing");
  Expectation expected;
  if (const Json* answers = find(expect, "answers"); answers != nullptr && answers->is_array())
    for (const Json& answer : answers->get_array()) {
      Lookup lookup{std::string(find_string(answer, "answer").value_or("")),
                    std::string(find_string(answer, "document").value_or(""))};
      if (lookup.answer.empty() || lookup.document.empty()) return wrong("an answer has no text or no document");
      expected.answers.push_back(std::move(lookup));
    }
  DAIMON_TRY(expected.values, texts_of(expect, "values"));
  DAIMON_TRY(expected.shows, texts_of(expect, "shows"));
  if (const Json* files = find(expect, "files")) {
    DAIMON_TRY(expected.files, files_of(*files));
  }
  expected.missing = find_bool(expect, "missing").value_or(false);
  expected.asks = find_bool(expect, "asks").value_or(false);
  expected.reply = find_string(expect, "reply").value_or("");
  expected.refuses = find_bool(expect, "refuses").value_or(false);
  if (const Json* call = find(expect, "call")) {
    if (!find_string(*call, "name") || find(*call, "arguments") == nullptr || !find(*call, "arguments")->is_object())
      return wrong("a call has no name or no arguments");
    expected.call = *call;
  }
  return expected;
}

}  // namespace

std::size_t Paper::questions() const {
  std::size_t count = 0;
  for (const Home& home : homes) count += home.questions.size();
  return count;
}

Result<std::filesystem::path> builtin_paper() {
  return find_builtin({.name = "exam.jsonl",
                       .variable = "DAIMON_EXAM",
                       .installed = DAIMON_EXAM_INSTALLED,
                       .source = DAIMON_EXAM_SOURCE,
                       .what = "the exam",
                       .remedy = "install Daimon again, or name a file with --paper"});
}

Result<Home> parse_home(std::string_view line) {
  DAIMON_TRY(const Json value, parse_json(line));
  Home home;
  const Json* files = find(value, "files");
  const Json* goals = find(value, "goals");
  if (files == nullptr || goals == nullptr || !goals->is_array()) return wrong("it has no files or no goals");
  DAIMON_TRY(home.files, files_of(*files));
  if (const Json* tools = find(value, "tools")) {
    if (!tools->is_array()) return wrong("'tools' is no list");
    for (const Json& tool : tools->get_array()) {
      const Json* parameters = find(tool, "parameters");
      const Json* properties = parameters != nullptr ? find(*parameters, "properties") : nullptr;
      if (find_string(tool, "name").value_or("").empty() || properties == nullptr || !properties->is_object())
        return wrong("a tool has no name or no parameters");
      home.tools.push_back(tool);
    }
  }
  for (const Json& goal : goals->get_array()) {
    Question question;
    question.goal = find_string(goal, "goal").value_or("");
    question.kind = find_string(goal, "kind").value_or("");
    question.steps = static_cast<int>(find_integer(goal, "steps").value_or(1));
    if (question.goal.empty() || question.kind.empty()) return wrong("a goal has no text or no kind");
    const Json* expect = find(goal, "expect");
    DAIMON_TRY(question.expected, expectation_of(expect != nullptr ? *expect : Json()));
    home.questions.push_back(std::move(question));
  }
  return home;
}

Result<Paper> read_paper(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file) return std::unexpected(os_error(errno, daimon::format("reading {}", printable(path.string()))));
  Paper paper;
  paper.hash = to_hex(sha256(text));
  std::string_view rest = text;
  for (int number = 1; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (trim(line).empty()) continue;
    auto home = parse_home(line);
    if (!home) {
      Error error = home.error();
      error.what = daimon::format("line {} of {}: {}", number, printable(path.string()), error.what);
      return std::unexpected(std::move(error));
    }
    paper.homes.push_back(std::move(*home));
  }
  if (paper.questions() == 0) return wrong("it has no goals");
  return paper;
}

}  // namespace daimon::exam
