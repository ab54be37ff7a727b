// daimon run and daimon ask.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "api/wire.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/follow.h"
#include "cli/mounting.h"
#include "cli/prompt.h"

namespace daimon::cli {
namespace {

bool is_pipe() {
  struct stat status{};
  return ::fstat(STDIN_FILENO, &status) == 0 && S_ISFIFO(status.st_mode);
}

// The goal, and what was piped in beside it, into the options. `nothing_came` tells of a pipe that ended with nothing.
Status read_goal(const Session& session, const Arguments& arguments, kernel::StartOptions& options,
                 bool& nothing_came) {
  std::string& goal = options.goal;
  for (const std::string& word : arguments.positional) goal += (goal.empty() ? "" : " ") + word;
  const bool from_input = goal == "-" || (goal.empty() && !session.terminal.in_is_terminal);
  if (trim(goal).empty() && !from_input)
    return options.mode == kernel::Mode::kAsk
               ? fail(ErrorCode::kInvalidArgument, "what is asked? The question is missing",
                      "daimon ask \"When does the car insurance end?\"")
               : fail(ErrorCode::kInvalidArgument, "what is to be done? The goal is missing",
                      "daimon run \"What did I pay for electricity in March?\"");
  if (!from_input && (session.terminal.in_is_terminal || !is_piped())) return {};
  DAIMON_TRY(std::string piped, read_piped(session, options.mode == kernel::Mode::kAsk ? "ask" : "run"));
  if (from_input)
    goal = trim(piped);
  else if (!trim(piped).empty())
    options.material = std::move(piped);
  else
    nothing_came = is_pipe();
  return {};
}

// Whoever pipes something in means that, so it has to be said when the folders are asked instead.
void say_nothing_came(const Session& session, const api::Client& client, const kernel::StartOptions& options) {
  std::vector<std::string> names = options.mounts;
  if (names.empty())
    if (const auto view = client.get("/v1/mounts"))
      if (const Json* list = find(*view, "mounts"); list != nullptr && list->is_array())
        for (const Json& mount : list->get_array()) names.emplace_back(find_string(mount, "name").value_or(""));
  constexpr std::size_t kShown = 8;
  std::string folders;
  for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i)
    folders += (i == 0 ? "" : ", ") + printable(names[i]);
  if (names.size() > kShown) folders += daimon::format(" and {} more", names.size() - kShown);
  session.note(names.empty()
                   ? "daimon: nothing came through the pipe, and no folder is mounted that could be asked instead"
                   : daimon::format("daimon: nothing came through the pipe; asked instead {} the {} {}",
                                    one_or_many(std::ssize(names), "is", "are"),
                                    one_or_many(std::ssize(names), "folder", "folders"), folders));
}

Result<kernel::Budget> budget_from_text(std::string_view text) {
  kernel::Budget budget;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view part = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = part.find('=');
    const std::string_view name = equals == std::string_view::npos ? "tokens" : trim(part.substr(0, equals));
    const std::string_view amount = equals == std::string_view::npos ? part : trim(part.substr(equals + 1));
    if (name == "tokens" || name == "effects") {
      DAIMON_TRY(const std::int64_t number,
                 parse_integer(amount, daimon::format("the budget of {}", name), 1, INT64_MAX));
      (name == "tokens" ? budget.tokens : budget.effects) = number;
    } else if (name == "seconds" || name == "money") {
      DAIMON_TRY(const double number, parse_amount(amount, daimon::format("the budget of {}", name)));
      (name == "seconds" ? budget.seconds : budget.money) = number;
    } else {
      return fail(ErrorCode::kInvalidArgument, daimon::format("there is no budget of '{}'", printable(name)),
                  "tokens, seconds, effects and money are known");
    }
  }
  return budget;
}

Result<kernel::StartOptions> start_options_from_arguments(const Arguments& arguments, kernel::Mode mode) {
  kernel::StartOptions options;
  options.mode = mode;
  options.model = model_from(arguments);
  DAIMON_TRY(options.budget, budget_from_text(arguments.value("budget")));
  DAIMON_TRY(const std::int64_t autonomy, arguments.integer("autonomy", 2, 0, 4));
  options.autonomy = static_cast<int>(autonomy);
  options.parent = arguments.value("parent");
  if (arguments.has("seed")) {
    DAIMON_TRY(const std::int64_t seed, arguments.integer("seed", 0, 0, INT64_MAX));
    options.seed = static_cast<std::uint64_t>(seed);
  }
  return options;
}

int start(const Session& session, const Arguments& arguments, kernel::Mode mode) {
  const std::string_view name = mode == kernel::Mode::kAsk ? "ask" : "run";
  auto options = start_options_from_arguments(arguments, mode);
  auto following = follow_options_from(arguments);
  if (!options) return session.usage_error(name, options.error());
  if (!following) return session.usage_error(name, following.error());
  if (arguments.has("detach"))
    for (const std::string_view option : {"yes", "no", "answer"})
      if (arguments.has(option))
        return session.usage_error(name,
                                   {ErrorCode::kInvalidArgument,
                                    daimon::format("--{} is for who follows, and --detach follows nothing", option),
                                    "--autonomy 4 asks nothing; `daimon approve` and `daimon answer` come later"});
  bool nothing_came = false;
  if (const Status read = read_goal(session, arguments, *options, nothing_came); !read)
    return read.error().code == ErrorCode::kInvalidArgument ? session.usage_error(name, read.error())
                                                            : session.failed(read.error());
  const auto client = session.client();
  if (!client) return session.failed(client.error());
  for (const std::string& path : arguments.values("mount")) {
    auto mount = mount_path(session, *client, path, "", Listing::kNew);
    if (!mount) return session.failed(mount.error());
    std::string found(find_string(*mount, "name").value_or(""));
    if (!std::ranges::contains(options->mounts, found)) options->mounts.push_back(std::move(found));
  }
  if (nothing_came) say_nothing_came(session, *client, *options);
  const auto started = client->post("/v1/processes", api::to_json(*options));
  if (!started) return session.failed(started.error());
  const std::string id(find_string(*started, "process").value_or(""));
  if (arguments.has("detach")) {
    if (following->format != OutputFormat::kText)
      print_json(session.terminal, *started);
    else
      session.terminal.out.write(printable(id) + "\n");
    return kSuccess;
  }
  return follow(session, *client, id, std::move(*following));
}

}  // namespace

int run_goal(const Session& session, const Arguments& arguments) {
  return start(session, arguments, kernel::Mode::kRun);
}
int ask(const Session& session, const Arguments& arguments) { return start(session, arguments, kernel::Mode::kAsk); }

}  // namespace daimon::cli
