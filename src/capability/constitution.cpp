#include "capability/constitution.h"

#include <algorithm>
#include <sstream>

#include "base/format.h"
#include "base/text.h"

namespace daimon::capability {
namespace {

// Everything that a rule may call the object: with several mounts a path begins with the mount's name, with one it does
// not, and a folder that is listed is also what "folder/*" means.
std::vector<std::string> names_of(const Access& access, std::span<const std::string> mounts) {
  std::vector<std::string> names{access.object};
  if (access.kind != "file" && access.kind != "index") return names;
  const bool root = access.object == ".";
  if (mounts.size() == 1) names.push_back(root ? mounts[0] : mounts[0] + "/" + access.object);
  if (mounts.size() > 1 && !root) {
    const std::size_t slash = access.object.find('/');
    names.push_back(slash == std::string::npos ? "." : access.object.substr(slash + 1));
  }
  if (access.verb == "list")
    for (std::size_t i = 0, count = names.size(); i < count; ++i) names.push_back(names[i] + "/");
  return names;
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
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
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
    constitution.rules_.push_back(std::move(rule));
  }
  return constitution;
}

std::vector<Constitution::Line> Constitution::rules_without(
    const std::function<bool(std::string_view verb, std::string_view kind)>& exists) const {
  std::vector<Line> lines;
  for (const Rule& rule : rules_)
    if (!exists(rule.verb == "any" ? "" : rule.verb, rule.kind == "any" ? "" : rule.kind))
      lines.push_back({rule.number, rule.line});
  return lines;
}

Constitution::Verdict Constitution::judge(const Access& access, std::span<const std::string> mounts) const {
  Verdict verdict;
  if (rules_.empty()) return verdict;
  const std::vector<std::string> names = names_of(access, mounts);
  const bool all_files = access.kind == "file" && access.object.empty();
  for (const Rule& rule : rules_) {
    if ((rule.verb != "any" && rule.verb != access.verb) || (rule.kind != "any" && rule.kind != access.kind) ||
        (!all_files && std::ranges::none_of(names, [&](const auto& name) { return glob_matches(rule.pattern, name); })))
      continue;
    if (rule.ruling > verdict.ruling) verdict = {rule.ruling, rule.line};
  }
  return verdict;
}

}  // namespace daimon::capability
