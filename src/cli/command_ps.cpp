// daimon ps and daimon top.
#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/follow.h"
#include "cli/full_screen.h"
#include "cli/process_view.h"
#include "cli/table.h"

namespace daimon::cli {
namespace {

std::string text_of(const Json& value, std::string_view member) {
  return printable(find_string(value, member).value_or(""));
}

// "2026-03-31T14:05:09.123Z" as how long ago that was.
std::string age_of(std::string_view time) {
  std::chrono::sys_time<std::chrono::milliseconds> then;
  std::istringstream stream{std::string(time)};
  stream >> std::chrono::parse("%Y-%m-%dT%H:%M:%SZ", then);
  if (stream.fail()) return "";
  const auto passed = std::max<std::int64_t>(0, to_milliseconds(SystemClock().now()) - then.time_since_epoch().count());
  return passed < 1000 ? "now" : show_duration(static_cast<double>(passed - passed % 1000));
}

Style style_of(std::string_view state) {
  if (state == "done") return Style::kGreen;
  if (state == "failed" || state == "denied") return Style::kRed;
  if (state == "waiting" || state == "paused") return Style::kYellow;
  return state == "running" ? Style::kCyan : Style::kDim;
}

// Children behind their parents, one step further in each generation.
class Tree {
 public:
  explicit Tree(const JsonArray& processes) {
    for (const Json& process : processes) by_id_[find_string(process, "process").value_or("")] = &process;
    for (const Json& process : processes) {
      const auto parent = find_string(process, "parent").value_or("");
      if (!parent.empty() && by_id_.contains(parent))
        children_[parent].push_back(&process);
      else
        roots_.push_back(&process);
    }
  }
  std::vector<std::pair<std::string, const Json*>> rows() const {
    std::vector<std::pair<std::string, const Json*>> rows;
    for (const Json* root : roots_) add(*root, "", rows);
    return rows;
  }

 private:
  void add(const Json& process, const std::string& indent,
           std::vector<std::pair<std::string, const Json*>>& rows) const {
    rows.emplace_back(indent, &process);
    if (const auto found = children_.find(find_string(process, "process").value_or("")); found != children_.end())
      for (const Json* child : found->second) add(*child, indent + "  ", rows);
  }

  std::map<std::string_view, const Json*> by_id_;
  std::map<std::string_view, std::vector<const Json*>> children_;
  std::vector<const Json*> roots_;
};

std::string process_table(const Json& processes, const Terminal& terminal) {
  Table table({"PROCESS", "STATE", "AGE", "MODEL", "TOKENS", "GOAL"}, {4});
  for (const auto& [indent, row] : Tree(processes.get_array()).rows()) {
    const Json& process = *row;
    const Json* cost = find(process, "cost");
    const auto tokens = [&](std::string_view name) {
      return cost == nullptr ? 0 : find_integer(*cost, name).value_or(0);
    };
    const std::string state = text_of(process, "state");
    std::string goal = text_of(process, "goal");
    if (const std::string reason = text_of(process, "stop_reason");
        (state == "paused" || state == "waiting") && !reason.empty())
      goal = daimon::format("[{}] {}", reason.substr(0, reason.find_first_of(":;")), goal);
    table.add({indent + text_of(process, "process"), state, age_of(find_string(process, "created").value_or("")),
               text_of(process, "model"),
               show_count(tokens("tokens_prompt") - tokens("tokens_cached") + tokens("tokens_generated") +
                          tokens("tokens_forced")),
               std::string(cut_utf8(goal, 500))},
              {Style::kBold, style_of(state)});
  }
  return table.text(terminal, terminal.out);
}

std::string machine_lines(const Json& status, const Terminal& terminal) {
  std::string out;
  const Json* loaded = find(status, "loaded");
  if (loaded == nullptr || !loaded->is_array()) return out;
  for (const Json& model : loaded->get_array()) {
    const Json* usage = find(model, "usage");
    if (usage == nullptr) continue;
    const auto number = [&](std::string_view name) { return find_integer(*usage, name).value_or(0); };
    const auto line =
        daimon::format("{}: {} of {} cores, {} waiting, {:.1f} tokens/s, context {} of {}, {}", text_of(model, "id"),
                       number("sequences_active"), number("sequences_max"), number("requests_queued"),
                       find_number(*usage, "tokens_per_second").value_or(0), show_count(number("cells_used")),
                       show_count(number("cells_max")), show_bytes(static_cast<double>(number("memory_bytes"))));
    for (const std::string& part : wrap(line, terminal.columns)) out += part + "\n";
  }
  return out;
}

// Without the end of the last one, which would make a full screen scroll.
std::string_view first_lines(std::string_view text, int lines) {
  std::size_t end = 0;
  for (int i = 0; i < lines; ++i) {
    const std::size_t next = text.find('\n', end);
    if (next == std::string_view::npos) return text;
    if (i + 1 == lines || next + 1 == text.size()) return text.substr(0, next);
    end = next + 1;
  }
  return {};
}

}  // namespace

int list_processes(const Session& session, const Arguments& arguments) {
  const auto client = session.client();
  const auto view = client ? client->get(arguments.has("all") ? "/v1/processes?all=1" : "/v1/processes")
                           : std::unexpected(client.error());
  if (!view) return session.failed(view.error());
  if (arguments.has("json")) return print_json(session.terminal, *view), kSuccess;
  const Json* list = find(*view, "processes");
  if (list == nullptr || !list->is_array()) return kSuccess;
  if (list->get_array().empty())
    session.note(arguments.has("all") ? "there has been no process yet: daimon run \"GOAL\""
                                      : "no process runs: daimon ps -a shows those of the past");
  session.terminal.out.write(process_table(*list, session.terminal));
  return kSuccess;
}

int top(const Session& session, const Arguments& arguments) {
  const auto seconds = arguments.integer("interval", 1, 1, 3600);
  if (!seconds) return session.usage_error("top", seconds.error());
  const Terminal& terminal = session.terminal;
  const auto client = session.client();
  if (!client) return session.failed(client.error());
  std::optional<FullScreen> screen;  // left before an error is shown
  if (terminal.out.is_terminal() && terminal.moves) screen.emplace(terminal);
  while (true) {
    const auto status = client->get("/v1/status");
    const auto view = status ? client->get("/v1/processes") : std::unexpected(status.error());
    if (!view) {
      screen.reset();
      return session.failed(view.error());
    }
    std::string out = machine_lines(*status, terminal) + "\n";
    if (const Json* list = find(*view, "processes"); list != nullptr && list->is_array())
      out += process_table(*list, terminal);
    if (screen) out = "\x1b[H\x1b[J" + std::string(first_lines(out, screen->rows()));
    if (!terminal.out.write(out) || !screen) return kSuccess;
    if (screen->quits_within(static_cast<int>(*seconds) * 1000)) return kSuccess;
  }
}

}  // namespace daimon::cli
