#include "process/plan.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/format.h"
#include "base/text.h"
#include "device/device.h"
#include "memory/goal_facts.h"

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

// Whether a person who reads it knows which file is meant, and nothing acts on that by itself.
bool is_plain(const std::string& path) {
  const auto canonical = device::canonical_path(path);
  return canonical && *canonical == path && path.size() <= kCoveredBytesMax && !path.contains('@') &&
         !path.starts_with('.') && !path.contains("/.") && printable(path) == path;
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

PlanCover cover_of(std::span<const Step> plan, std::string_view goal, std::span<const memory::FileEntry> there,
                   std::span<const std::string> folders) {
  PlanCover cover;
  const auto steps = std::ranges::count_if(plan, [](const Step& step) { return step.step.call == "write"; });
  if (steps == 0) return cover;
  std::vector<std::string> known;
  for (const memory::FileEntry& file : there) known.push_back(file.path);
  for (std::string& path : memory::files_named(goal, known, folders)) {
    if (cover.files.size() == kCoveredMax) break;
    // Of a name that another file has in its folder nobody knows which of the two is meant.
    const bool is_known =
        std::ranges::any_of(known, [&](const std::string& file) { return file == path || file.ends_with("/" + path); });
    if (!is_known && is_plain(path)) cover.files.push_back(std::move(path));
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
