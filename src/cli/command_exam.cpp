// daimon exam.
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <stop_token>
#include <thread>
#include <utility>

#include "base/format.h"
#include "base/text.h"
#include "cli/follow.h"
#include "cli/interrupt.h"
#include "cli/progress_bar.h"
#include "cli/table.h"
#include "exam/sitting.h"
#include "exam/tools.h"

namespace daimon::cli {
namespace {

// A folder that goes with it.
class Scratch {
 public:
  static Result<Scratch> make() {
    std::error_code failed;
    std::string name = (std::filesystem::temp_directory_path(failed) / "daimon-exam-XXXXXX").string();
    if (failed || ::mkdtemp(name.data()) == nullptr)
      return std::unexpected(os_error(errno, "making a folder for the exam"));
    return Scratch(name);
  }
  explicit Scratch(std::filesystem::path path) : path_(std::move(path)) {}
  Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string percent(double part) { return daimon::format("{:.1f} %", part * 100); }

std::vector<std::string> row_of(std::string_view name, const exam::Score& score) {
  const exam::Interval interval = exam::interval_of(score);
  return {std::string(name), daimon::format("{} of {}", score.right, score.total), percent(score.part()),
          daimon::format("{} to {}", percent(interval.low), percent(interval.high))};
}

Json scores(const std::map<std::string, exam::Score>& by_name) {
  JsonObject object;
  for (const auto& [name, score] : by_name) object[name] = exam::to_json(score);
  return object;
}

Json as_json(const exam::Report& report, const exam::Paper& paper, const std::string& model) {
  JsonArray failures;
  for (const exam::Failure& failure : report.failures)
    failures.push_back(JsonObject{{"goal", failure.question->goal},
                                  {"kind", failure.question->kind},
                                  {"steps", failure.question->steps},
                                  {"missed", failure.missed},
                                  {"answer", failure.answer},
                                  {"stop_reason", failure.stop_reason},
                                  {"calls", JsonArray(failure.calls.begin(), failure.calls.end())}});
  return JsonObject{{"model", model},
                    {"paper", paper.hash},
                    {"stopped", report.stopped},
                    {"all", exam::to_json(report.all)},
                    {"kinds", scores(report.kinds)},
                    {"steps", scores(report.steps)},
                    {"quoted", exam::to_json(report.quoted)},
                    {"shown", exam::to_json(report.shown)},
                    {"tools", exam::to_json(report.tools)},
                    {"unverified", report.unverified},
                    {"seconds", report.seconds},
                    {"tokens", report.tokens},
                    {"failures", std::move(failures)}};
}

void print(const exam::Report& report, const exam::Paper& paper, const std::string& model, bool with_failures,
           const Terminal& terminal) {
  Table table({"", "right", "", "95% interval"}, {1, 2});
  for (const auto& [kind, score] : report.kinds) table.add(row_of(kind, score));
  for (const auto& [steps, score] : report.steps) table.add(row_of(steps == "1" ? "1 call" : steps + " calls", score));
  if (report.quoted.total > 0) table.add(row_of("quotation holds the answer", report.quoted));
  if (report.shown.total > 0) table.add(row_of("or one shown beside it", report.shown));
  if (report.tools.total > 0) table.add(row_of("right tool", report.tools));
  table.add(row_of("all", report.all), {Style::kBold, Style::kBold, Style::kBold});
  std::string text = table.text(terminal, terminal.out);
  text += daimon::format("citations that do not stand: {}\n", report.unverified);
  if (with_failures)
    for (const exam::Failure& failure : report.failures) {
      text += daimon::format("\n{}: {}\n  {}\n", failure.question->kind, printable(failure.question->goal),
                             printable(failure.missed));
      for (const std::string& call : failure.calls) text += daimon::format("  {}\n", printable(call));
      if (!failure.answer.empty()) text += daimon::format("  answer: {}\n", printable(failure.answer));
    }
  terminal.out.write(text);
  terminal.err.write(terminal.err.paint(
      Style::kDim,
      daimon::format("{} goals with {}, {:.0f} s, {} tokens{}, exam {}\n", report.all.total, printable(model),
                     report.seconds, report.tokens, report.stopped ? ", stopped" : "", paper.hash.substr(0, 12))));
}

}  // namespace

int sit_exam(const Session& session, const Arguments& arguments) {
  const auto homes = arguments.integer("homes", 100'000, 1, 100'000);
  if (!homes) return session.usage_error("exam", homes.error());
  const auto path =
      arguments.has("paper") ? Result<std::filesystem::path>(arguments.value("paper")) : exam::builtin_paper();
  if (!path) return session.failed(path.error());
  const auto paper = exam::read_paper(*path);
  if (!paper) return session.failed(paper.error());
  std::set<std::string> kinds;
  for (const exam::Home& home : paper->homes)
    for (const exam::Question& question : home.questions) kinds.insert(question.kind);
  for (const std::string& kind : arguments.values("kind"))
    if (!kinds.contains(kind)) {
      std::string known;
      for (const std::string& one : kinds) known += (known.empty() ? "" : ", ") + one;
      return session.usage_error(
          "exam", {ErrorCode::kInvalidArgument, daimon::format("the exam has no kind '{}'", printable(kind)),
                   daimon::format("it has {}", printable(known))});
    }
  // A kernel of its own: the person's processes and folders are nobody's exam.
  const auto scratch = Scratch::make();
  if (!scratch) return session.failed(scratch.error());
  kernel::BootOptions boot;
  boot.state_folder = scratch->path() / "state";
  boot.config_folder = session.folders.config;
  boot.more_devices = [&] { return exam::tools_of(*paper); };
  const auto system = session.boot(boot);
  if (!system) return session.failed(system.error());
  exam::Options options;
  options.model = model_from(arguments);
  options.folder = scratch->path() / "homes";
  options.kinds = arguments.values("kind");
  options.homes = static_cast<std::size_t>(*homes);

  const Interrupts interrupts;
  std::stop_source stop;
  std::atomic<bool> done = false;
  const std::jthread listener([&] {
    while (!done) {
      if (interrupts.count() > 0) stop.request_stop();
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  });
  ProgressBar bar(session.terminal);
  const auto report = exam::sit(
      **system, *paper, options,
      [&](const exam::Report& so_far, std::size_t of) {
        const double part = static_cast<double>(so_far.all.total) / static_cast<double>(of);
        bar.show(part, daimon::format("{} of {}", so_far.all.total, of),
                 daimon::format("{} right, {:.0f} s left", percent(so_far.all.part()),
                                part > 0 ? so_far.seconds * (1 - part) / part : 0.0));
      },
      stop.get_token());
  done = true;
  bar.clear();
  if (!report) return interrupts.count() > 0 ? kInterrupted : session.failed(report.error());
  std::string model = options.model;
  if (model.empty())
    if (const auto models = (*system)->models()) model = find_string(*models, "default").value_or("");
  if (arguments.has("json"))
    print_json(session.terminal, as_json(*report, *paper, model));
  else
    print(*report, *paper, model, arguments.has("failures"), session.terminal);
  return report->stopped ? kInterrupted : kSuccess;
}

}  // namespace daimon::cli
