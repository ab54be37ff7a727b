#include "process/plan.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/format.h"
#include "base/text.h"
#include "device/device.h"

namespace daimon::process {
namespace {

struct Wording {
  std::string_view call, text, check;
};
constexpr std::array<Wording, 10> kWordings = {{
    {"search", "find the passages that matter", "at least one passage was found"},
    {"answer", "answer from the passages", "the quotation stands in the document, byte for byte"},
    {"read", "read the file", "the file gave text"},
    {"list", "look at what is there", "the folder could be listed"},
    {"table", "work on the table, exactly", "the table gave a result"},
    {"calculate", "calculate, exactly", "the calculator gave a result"},
    {"write", "write the file", "the change was shown, and applied where allowed"},
    {"ask", "ask the person", "the person answered"},
    {"python", "run a program in the sandbox", "the program ended without an error"},
    {"none", "say that nothing here fits", "nothing was changed"},
}};

bool makes_passages(std::string_view call) { return call == "search"; }

void add_wording(memory::PlanStep& step) {
  const auto* known = std::ranges::find(kWordings, std::string_view(step.call), &Wording::call);
  if (step.text.empty()) step.text = known != kWordings.end() ? known->text : "call " + step.call;
  if (step.check.empty()) step.check = known != kWordings.end() ? known->check : "the call succeeded";
}

constexpr std::size_t kCoveredMax = 8;         // files that a person reads through
constexpr std::size_t kCoveredBytesMax = 200;  // of a path that is read and not skipped

// A word of a goal as the path of a file; nothing for one that does not look like one.
std::string file_named(std::string_view word) {
  constexpr std::string_view kAround = "\"'`()[]<>{},;:!?";
  while (!word.empty() && kAround.contains(word.front())) word.remove_prefix(1);
  while (!word.empty() && (kAround.contains(word.back()) || word.back() == '.')) word.remove_suffix(1);
  const auto path = device::canonical_path(word);
  if (!path || path->size() > kCoveredBytesMax || path->contains('@') || path->starts_with('.') ||
      path->contains("/.") || printable(*path) != *path)
    return {};
  const std::string_view name = std::string_view(*path).substr(path->rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return {};
  const std::string_view ending = name.substr(dot + 1);
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool is_ending = std::ranges::any_of(ending, is_letter) &&
                         std::ranges::all_of(ending, [&](char c) { return is_letter(c) || is_digit(c); });
  return is_ending ? *path : std::string();
}

}  // namespace

std::string_view name_of(StepState state) noexcept {
  constexpr std::array<std::string_view, 5> kNames = {"open", "active", "done", "failed", "skipped"};
  return kNames[static_cast<std::size_t>(state)];
}

std::vector<Step> mend_plan(std::vector<memory::PlanStep> plan, std::span<const std::string> offered) {
  const auto is_offered = [&](std::string_view call) { return std::ranges::find(offered, call) != offered.end(); };
  std::erase_if(plan, [&](const memory::PlanStep& step) { return !is_offered(step.call); });
  if (plan.size() > 1) {
    // A refusal that stands first is meant; elsewhere it is a slip.
    if (plan.front().call == "none") plan.resize(1);
    std::erase_if(plan, [&](const memory::PlanStep& step) { return step.call == "none" && plan.size() > 1; });
  }
  std::vector<memory::PlanStep> mended;
  bool looked = false;
  for (memory::PlanStep& step : plan) {
    if (step.call == "answer") {
      if (!mended.empty() && mended.back().call == "answer") continue;
      if (!looked && is_offered("search")) mended.push_back({"search", {}, {}});
      looked = true;
    }
    looked = looked || makes_passages(step.call);
    mended.push_back(std::move(step));
  }
  // Reading is for the person to see, but a search alone answers nothing.
  if (!mended.empty() && mended.back().call == "search" && is_offered("answer")) mended.push_back({"answer", {}, {}});
  if (mended.empty()) mended.push_back({"none", {}, {}});
  std::vector<Step> steps;
  for (memory::PlanStep& step : mended) {
    add_wording(step);
    steps.push_back({std::move(step), StepState::kOpen});
  }
  return steps;
}

PlanCover cover_of(std::span<const Step> plan, std::string_view goal, std::span<const memory::FileEntry> there) {
  PlanCover cover;
  const auto steps = std::ranges::count_if(plan, [](const Step& step) { return step.step.call == "write"; });
  if (steps == 0) return cover;
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  while (cover.files.size() < kCoveredMax) {
    const std::size_t begin = goal.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) break;
    goal.remove_prefix(begin);
    const std::size_t end = std::min(goal.find_first_of(kBlanks), goal.size());
    std::string path = file_named(goal.substr(0, end));
    goal.remove_prefix(end);
    if (!path.empty() && !std::ranges::contains(cover.files, path) &&
        !std::ranges::contains(there, path, &memory::FileEntry::path))
      cover.files.push_back(std::move(path));
  }
  cover.writes = std::min(static_cast<std::size_t>(steps), cover.files.size());
  return cover;
}

std::string describe(const PlanCover& cover) {
  constexpr std::string_view kElse = "else that it would change or fetch is shown first and asked for.";
  if (cover.writes == 0) return daimon::format("Nothing is approved with it but to begin: all {}", kElse);
  std::string files;
  for (const std::string& file : cover.files) files += (files.empty() ? "" : ", ") + file;
  std::string what = cover.files.size() == 1 ? "one new file: " : daimon::format("{} new files: ", cover.writes);
  if (cover.writes < cover.files.size())
    what = daimon::format("{} new {}, of these: ", cover.writes, cover.writes == 1 ? "file" : "files");
  return daimon::format("Approved with it is to write {}{}. All {}", what, files, kElse);
}

}  // namespace daimon::process
