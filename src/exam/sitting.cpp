#include "exam/sitting.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <thread>

#include "base/format.h"
#include "base/text.h"

namespace daimon::exam {
namespace {

namespace stdfs = std::filesystem;

Status write_home(const stdfs::path& folder, const Home& home) {
  std::error_code failed;
  stdfs::remove_all(folder, failed);
  stdfs::create_directories(folder, failed);
  for (const auto& [path, text] : home.files) {
    stdfs::create_directories((folder / path).parent_path(), failed);
    std::ofstream file(folder / path, std::ios::binary);
    file << text;
    if (!file.flush())
      return fail(ErrorCode::kIo, daimon::format("cannot write {}", printable((folder / path).string())),
                  "look whether the disk is full");
  }
  return {};
}

std::optional<std::string> content(const stdfs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

struct Outcome {
  Json view;
  bool asked = false;
};

// Starts the goal and answers what it asks until it has ended, or cannot go on.
Result<Outcome> carry_out(kernel::System& system, const Question& question, const Options& options,
                          const std::string& mount, const std::stop_token& stop) {
  kernel::StartOptions start;
  start.goal = question.goal;
  start.mounts = {mount};
  start.model = options.model;
  start.autonomy = 4;
  start.seed = 1;
  DAIMON_TRY(const std::string id, system.start(start));
  Outcome outcome;
  const auto end = std::chrono::steady_clock::now() + options.patience;
  for (std::chrono::milliseconds nap{1};; nap = std::min(nap * 2, std::chrono::milliseconds(20))) {
    DAIMON_TRY(outcome.view, system.process(id));
    const auto state = find_string(outcome.view, "state").value_or("");
    if (state != "ready" && state != "running" && state != "waiting" && state != "paused") return outcome;
    const Json* waiting = find(outcome.view, "waiting");
    if (state == "waiting" && waiting != nullptr) {
      const std::string request(find_string(*waiting, "request").value_or(""));
      if (find_string(*waiting, "kind") == "question") {
        // Asked once more, it is told the same.
        const std::string& reply = question.expected.reply;
        outcome.asked = true;
        DAIMON_CHECK(system.answer(id, request, reply.empty() ? "I do not know." : reply));
      } else {
        DAIMON_CHECK(system.decide(id, {request, std::string(find_string(*waiting, "digest").value_or("")), true, ""}));
      }
      nap = std::chrono::milliseconds(1);
      continue;
    }
    // A model that is away or a budget that is spent: nobody is here to mend it.
    const bool given_up = state == "paused" || stop.stop_requested() || std::chrono::steady_clock::now() > end;
    if (given_up) {
      static_cast<void>(system.signal(id, kernel::Signal::kKill));
      return outcome;
    }
    std::this_thread::sleep_for(nap);
  }
}

std::string group_of(int steps) { return steps <= 1 ? "1" : steps <= 3 ? "2 to 3" : "4 to 6"; }

void count(Report& report, const Question& question, const Outcome& outcome, const Mark& mark) {
  report.all.add(mark.passed);
  report.kinds[question.kind].add(mark.passed);
  report.steps[group_of(question.steps)].add(mark.passed);
  if (mark.quoted) report.quoted.add(*mark.quoted);
  if (mark.shown) report.shown.add(*mark.shown);
  if (mark.tool) report.tools.add(*mark.tool);
  report.unverified += mark.unverified;
  if (const Json* cost = find(outcome.view, "cost"))
    report.tokens +=
        find_integer(*cost, "tokens_prompt").value_or(0) + find_integer(*cost, "tokens_generated").value_or(0);
  if (mark.passed) return;
  Failure failure{&question,
                  mark.missed,
                  std::string(find_string(outcome.view, "answer").value_or("")),
                  std::string(find_string(outcome.view, "stop_reason").value_or("")),
                  {}};
  if (const Json* calls = find(outcome.view, "calls"); calls != nullptr && calls->is_array())
    for (const Json& call : calls->get_array())
      if (!find_bool(call, "hidden").value_or(false))
        failure.calls.push_back(
            daimon::format("{} {}", find_string(call, "name").value_or(""), to_text(call.at("arguments"))));
  report.failures.push_back(std::move(failure));
}

}  // namespace

Result<Report> sit(kernel::System& system, const Paper& paper, const Options& options,
                   const std::function<void(const Report& so_far, std::size_t of)>& on_goal,
                   const std::stop_token& stop) {
  const auto is_wanted = [&](const Question& question) {
    return options.kinds.empty() || std::ranges::contains(options.kinds, question.kind);
  };
  const auto homes = std::span(paper.homes).first(std::min(options.homes, paper.homes.size()));
  std::size_t of = 0;
  for (const Home& home : homes) of += static_cast<std::size_t>(std::ranges::count_if(home.questions, is_wanted));
  if (of == 0)
    return fail(ErrorCode::kNotFound, "the exam has no goals of that kind", "without --kind all of them are asked");
  Report report;
  const auto begin = std::chrono::steady_clock::now();
  for (const Home& home : homes) {
    const stdfs::path folder = options.folder / "home";
    bool is_fresh = false;
    for (const Question& question : home.questions) {
      if (!is_wanted(question)) continue;
      if (stop.stop_requested()) {
        if (report.all.total == 0) return fail(ErrorCode::kCancelled, "stopped before the first goal was done");
        report.stopped = true;
        return report;
      }
      // What one goal wrote is nothing to the next.
      if (!is_fresh) {
        DAIMON_CHECK(write_home(folder, home));
        DAIMON_CHECK(system.mount(folder.string(), "home", {}, stop));
      }
      DAIMON_TRY(const Outcome outcome, carry_out(system, question, options, "home", stop));
      if (stop.stop_requested()) continue;
      const Mark mark = mark_of(question.expected, outcome.view, outcome.asked,
                                [&](const std::string& path) { return content(folder / path); });
      count(report, question, outcome, mark);
      const Json* changes = find(outcome.view, "changes");
      is_fresh = changes == nullptr || !changes->is_array() || changes->get_array().empty();
      report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      if (on_goal) on_goal(report, of);
    }
  }
  return report;
}

}  // namespace daimon::exam
