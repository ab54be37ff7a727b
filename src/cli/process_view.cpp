#include "cli/process_view.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"

namespace daimon::cli {
namespace {

constexpr int kAnswerColumnsMost = 100;

std::string text_of(const Json& value, std::string_view member) {
  return printable(find_string(value, member).value_or(""));
}

// Lines run on: a goal with piped material has many.
std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text)
    if (const bool blank = c == ' ' || c == '\n' || c == '\r' || c == '\t'; !blank)
      line += c;
    else if (!line.ends_with(' '))
      line += ' ';
  return line;
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

}  // namespace

std::string compact_arguments(const Json& arguments, const Symbols& symbols) {
  if (!arguments.is_object()) return arguments.is_null() ? "" : printable(to_text(arguments));
  std::string out;
  for (const auto& member : arguments.get_object()) {
    if (!out.empty()) out += ' ';
    out += printable(member.key());
    out += '=';
    if (member.value().is_string()) {
      const std::string_view text = member.value().get_string();
      out += daimon::format("{}{}{}", symbols.open_quote, printable(cut_utf8(text, 400)), symbols.close_quote);
    } else {
      out += printable(cut_utf8(to_text(member.value()), 400));
    }
  }
  return out;
}

std::string show_goal(std::string_view goal, const Stream& stream, const Terminal& terminal) {
  constexpr std::size_t kBytesShown = 600;
  std::string shown = printable(one_line(goal));
  if (const std::string_view cut = cut_utf8(shown, kBytesShown); cut.size() < shown.size())
    shown = std::string(cut) + std::string(terminal.symbols->ellipsis);
  std::string out;
  for (const std::string& part : wrap(shown, terminal.columns)) out += stream.paint(Style::kBold, part) + "\n";
  return out;
}

std::string show_diff(std::string_view diff, const Stream& stream, const Terminal& terminal, std::size_t lines_max) {
  std::string out;
  std::size_t count = 0;
  while (!diff.empty()) {
    const std::size_t end = std::min(diff.find('\n'), diff.size());
    const std::string_view line = diff.substr(0, end);
    diff.remove_prefix(std::min(end + 1, diff.size()));
    if (++count > lines_max) {
      const auto more = 1 + std::ranges::count(diff, '\n');
      out += stream.paint(Style::kDim, daimon::format("  {} {} more {}\n", terminal.symbols->ellipsis, more,
                                                      one_or_many(more, "line", "lines")));
      break;
    }
    Style style = Style::kPlain;
    if (line.starts_with("+++") || line.starts_with("---"))
      style = Style::kBold;
    else if (line.starts_with('+'))
      style = Style::kGreen;
    else if (line.starts_with('-'))
      style = Style::kRed;
    else if (line.starts_with("@@"))
      style = Style::kCyan;
    const std::string sign(style == Style::kGreen || style == Style::kRed ? line.substr(0, 1) : " ");
    bool first = true;
    for (const std::string& part : wrap(printable(line), terminal.columns - 6))
      out += "  " +
             stream.paint(style, std::exchange(first, false)
                                     ? part
                                     : daimon::format("{}{} {}", sign, terminal.symbols->ellipsis, part)) +
             "\n";
  }
  return out;
}

std::string citation_line(const Json& citation, const Terminal& terminal, const Stream& stream) {
  const Symbols& symbols = *terminal.symbols;
  std::string where = text_of(citation, "path");
  if (const auto page = find_integer(citation, "page")) where += daimon::format(" p{}", *page);
  const bool verified = find_bool(citation, "verified").value_or(false);
  std::string out;
  const std::string quote =
      daimon::format("{}{}{}", symbols.open_quote, text_of(citation, "quote"), symbols.close_quote);
  const std::string mark = verified ? stream.paint(Style::kGreen, daimon::format("{} verified", symbols.done))
                                    : stream.paint(Style::kYellow, daimon::format("{} not verified", symbols.failed));
  if (!stream.is_terminal()) return daimon::format("{} {} {}", where, quote, mark);
  const int room = std::min(terminal.columns, kAnswerColumnsMost) - 4;
  if (static_cast<int>(display_width(where) + display_width(quote)) + 12 <= room)
    return daimon::format("  {} {} {}", stream.paint(Style::kCyan, where), quote, mark);
  out = daimon::format("  {} {}", stream.paint(Style::kCyan, fit(where, room - 12, symbols.ellipsis)), mark);
  for (const std::string& line : wrap(quote, room)) out += "\n    " + line;
  return out;
}

std::string other_lines(const Json& process, const Terminal& terminal, const Stream& stream) {
  const Json* others = find(process, "others");
  if (others == nullptr || !others->is_array() || others->get_array().empty()) return {};
  std::string out = "\n";
  out += stream.paint(Style::kYellow, find_bool(process, "found").value_or(false) ? "Not sure. It may also be:"
                                                                                  : "The nearest that was found:");
  out += "\n";
  for (const Json& other : others->get_array()) {
    for (const std::string& line : wrap(text_of(other, "answer"), terminal.columns - 2)) out += "  " + line + "\n";
    out += citation_line(other, terminal, stream) + "\n";
  }
  return out;
}

std::string cost_line(const Json& process, const Terminal& terminal) {
  const Json* cost = find(process, "cost");
  if (cost == nullptr) return {};
  const auto count = [&](std::string_view name) { return find_integer(*cost, name).value_or(0); };
  const std::string_view dot = terminal.symbols->dot;
  std::string out = daimon::format("tokens: {} prompt", show_count(count("tokens_prompt")));
  if (count("tokens_cached") > 0) out += daimon::format(" ({} cached)", show_count(count("tokens_cached")));
  out += daimon::format(", {} generated", show_count(count("tokens_generated")));
  if (count("tokens_forced") > 0) out += daimon::format(", {} forced", show_count(count("tokens_forced")));
  out += daimon::format("{}model {}", dot, show_duration(find_number(*cost, "model_seconds").value_or(0) * 1000));
  out += daimon::format("{}all {}", dot, show_duration(find_number(*cost, "seconds").value_or(0) * 1000));
  if (const Json* calls = find(process, "calls"); calls != nullptr && calls->is_array())
    out += daimon::format("{}{} {}", dot, calls->get_array().size(),
                          one_or_many(std::ssize(calls->get_array()), "call", "calls"));
  if (const double money = find_number(*cost, "money").value_or(0); money > 0)
    out += daimon::format("{}money {:.4f}", dot, money);
  return out;
}

std::string state_word(std::string_view state, const Stream& stream) {
  Style style = Style::kPlain;
  if (state == "done")
    style = Style::kGreen;
  else if (state == "failed" || state == "denied")
    style = Style::kRed;
  else if (state == "waiting" || state == "paused")
    style = Style::kYellow;
  else if (state == "running")
    style = Style::kCyan;
  else if (state == "stopped")
    style = Style::kDim;
  return stream.paint(style, printable(state));
}

// ---------------------------------------------------------------------------------------------------------- events

void ProcessView::show(const Json& event) {
  const auto type = find_string(event, "type").value_or("");
  const Symbols& symbols = *terminal_.symbols;
  if (type == "created") return show_header(event);
  if (type == "thinking") {
    doing_ = find_string(event, "purpose") == "plan" ? "making a plan" : "thinking";
  } else if (type == "replied") {
    doing_.clear();
    if (const Json* error = find(event, "error"))
      note(daimon::format("{} the model did not answer: {}", symbols.failed, printable(error_from_json(*error).what)),
           Style::kYellow);
  } else if (type == "planned") {
    if (const Json* plan = find(event, "plan")) show_plan(*plan);
  } else if (type == "called") {
    const Json* arguments = find(event, "arguments");
    open_calls_.push_back({text_of(event, "call"), text_of(event, "name"),
                           arguments == nullptr ? "" : compact_arguments(*arguments, symbols)});
    doing_ = daimon::format("{} {}", open_calls_.back().name, open_calls_.back().arguments);
  } else if (type == "returned") {
    doing_.clear();
    return show_returned(event);
  } else if (type == "progress") {
    doing_ = text_of(event, "line");
  } else if (type == "decided") {
    const bool approve = find_bool(event, "approve").value_or(false);
    note(approve ? daimon::format("{} approved", symbols.done) : daimon::format("{} denied", symbols.denied),
         approve ? Style::kGreen : Style::kRed);
  } else if (type == "answered") {
    note(daimon::format("{} answered: {}", symbols.done, text_of(event, "text")));
  } else if (type == "state") {
    doing_.clear();
    if (find_string(event, "state") == "paused")
      note(daimon::format("{} paused: {}", symbols.open, text_of(event, "reason")), Style::kYellow);
  } else if (type == "finished") {
    return show_finished(event);
  }
  draw_live();
}

void ProcessView::show_header(const Json& created) {
  if (std::exchange(begun_, true)) return;
  std::string line =
      daimon::format("{}{}{}", text_of(created, "process"), terminal_.symbols->dot, text_of(created, "model"));
  std::string mounts;
  if (const Json* list = find(created, "mounts"); list != nullptr && list->is_array())
    for (const Json& mount : list->get_array())
      mounts += (mounts.empty() ? "" : ", ") + printable(mount.is_string() ? std::string_view(mount.get_string())
                                                                           : find_string(mount, "name").value_or(""));
  if (!mounts.empty()) line += daimon::format("{}{}", terminal_.symbols->dot, mounts);
  print(terminal_.err.paint(Style::kDim, fit(line, terminal_.columns, terminal_.symbols->ellipsis)) + "\n" +
        show_goal(find_string(created, "goal").value_or(""), terminal_.err, terminal_) + "\n");
}

void ProcessView::show_plan(const Json& plan) {
  if (!plan.is_array() || plan.get_array().empty()) return;
  const Json before = std::exchange(plan_, plan);
  if (terminal_.moves) return draw_live();
  // Where nothing can be drawn anew: the plan once, then each step as it is done.
  if (!std::exchange(plan_printed_, true)) {
    std::string out;
    for (const Json& step : plan.get_array()) out += plan_line(step) + "\n";
    return print(out);
  }
}

std::string ProcessView::plan_line(const Json& step) const {
  const Symbols& symbols = *terminal_.symbols;
  const auto state = find_string(step, "state").value_or("open");
  std::string_view symbol = symbols.open;
  Style style = Style::kDim;
  if (state == "done")
    symbol = symbols.done, style = Style::kGreen;
  else if (state == "failed")
    symbol = symbols.failed, style = Style::kRed;
  else if (state == "active")
    symbol = symbols.active, style = Style::kCyan;
  std::string text = text_of(step, "call");
  if (const std::string what = text_of(step, "text"); !what.empty()) text += "  " + what;
  return "  " + terminal_.err.paint(style, symbol) + " " +
         terminal_.err.paint(state == "open" || state == "skipped" ? Style::kDim : Style::kPlain,
                             fit(text, terminal_.columns - 6, symbols.ellipsis));
}

void ProcessView::show_returned(const Json& event) {
  const Symbols& symbols = *terminal_.symbols;
  const std::string id = text_of(event, "call");
  const auto found = std::ranges::find(open_calls_, id, &Call::id);
  Call call{id, text_of(event, "name"), ""};
  if (found != open_calls_.end()) {
    call = *found;
    open_calls_.erase(found);
  }
  const auto outcome = find_string(event, "outcome").value_or("");
  std::string_view symbol = symbols.done;
  Style style = Style::kGreen;
  if (outcome == "denied")
    symbol = symbols.denied, style = Style::kRed;
  else if (outcome != "ok")
    symbol = symbols.failed, style = Style::kYellow;
  std::string result = printable(first_line(find_string(event, "text").value_or("")));
  if (const Json* error = find(event, "error"); error != nullptr && error->is_object())
    result = printable(error_from_json(*error).what);
  const auto ms = find_number(event, "ms");
  const std::string time = ms ? show_duration(*ms) : "";
  // Name and time stand in columns; arguments get up to a half of the rest, the result what is left.
  const int name_columns = std::max(9, static_cast<int>(display_width(call.name)));
  const int room = terminal_.columns - name_columns - 4 - 10;
  const std::string arguments = fit(
      call.arguments, result.empty() ? room : std::max(room / 2, room - 4 - static_cast<int>(display_width(result))),
      symbols.ellipsis);
  const int left = room - static_cast<int>(display_width(arguments)) - 4;
  std::string middle = terminal_.err.paint(Style::kDim, arguments);
  int used = static_cast<int>(display_width(arguments));
  bool shown_whole = result.empty();
  if (!result.empty() && left > 6) {
    const std::string shown = fit(result, left, symbols.ellipsis);
    shown_whole = shown == result;
    middle += daimon::format(" {} {}", symbols.arrow, shown);
    used += static_cast<int>(display_width(shown) + display_width(symbols.arrow)) + 2;
  }
  std::string line = daimon::format("{} {} {}", terminal_.err.paint(style, symbol),
                                    terminal_.err.paint(Style::kBold, pad(call.name, name_columns)), middle);
  if (!time.empty())
    line += std::string(static_cast<std::size_t>(std::max(0, room - used)), ' ') + " " +
            terminal_.err.paint(Style::kDim, time);
  line += "\n";
  // Why something failed is said whole.
  if (outcome != "ok" && !shown_whole)
    for (const std::string& part : wrap(result, terminal_.columns - 4))
      line += "    " + terminal_.err.paint(Style::kDim, part) + "\n";
  print(line);
  draw_live();
}

void ProcessView::show_finished(const Json& process) {
  if (std::exchange(ended_, true)) return;
  doing_.clear();
  if (const Json* plan = find(process, "plan")) plan_ = *plan;
  clear_live();
  const Stream& err = terminal_.err;
  const Stream& out = terminal_.out;
  if (terminal_.moves && plan_.is_array()) {
    std::string plan;
    for (const Json& step : plan_.get_array()) plan += plan_line(step) + "\n";
    err.write(plan);
  }
  err.write("\n");
  const std::string state = text_of(process, "state");
  const std::string reason = text_of(process, "stop_reason");
  if (state != "done")
    err.write(daimon::format("{}{}{}\n", state_word(state, err), reason.empty() ? "" : ": ", reason));
  std::string answer = printable_block(find_string(process, "answer").value_or(""));
  if (!answer.empty()) {
    std::string text;
    if (out.is_terminal())
      for (const std::string& line : wrap(answer, std::min(terminal_.columns, kAnswerColumnsMost)))
        text += out.paint(Style::kBold, line) + "\n";
    else
      text = answer + "\n";
    out.write(text);
  }
  // What is only suggested is the result; what was to be approved has been shown.
  if (find_integer(process, "autonomy") == 0)
    if (const Json* changes = find(process, "changes"); changes != nullptr && changes->is_array())
      for (const Json& change : changes->get_array())
        out.write(show_diff(find_string(change, "diff").value_or(""), out, terminal_, SIZE_MAX));
  if (const Json* citations = find(process, "citations");
      citations != nullptr && citations->is_array() && !citations->get_array().empty()) {
    std::string text = out.is_terminal() ? "\n" : "";
    for (const Json& citation : citations->get_array()) text += citation_line(citation, terminal_, out) + "\n";
    out.write(text);
  }
  err.write(other_lines(process, terminal_, err));
  std::string cost = "\n";
  for (const std::string& line : wrap(cost_line(process, terminal_), terminal_.columns))
    cost += err.paint(Style::kDim, line) + "\n";
  err.write(cost);
}

// ------------------------------------------------------------------------------------------------------- live part

void ProcessView::note(std::string_view line, Style style) {
  std::string out;
  for (const std::string& part : wrap(line, terminal_.columns)) out += terminal_.err.paint(style, part) + "\n";
  print(out);
  draw_live();
}

void ProcessView::print(std::string_view lines) {
  clear_live();
  terminal_.err.write(lines);
}

void ProcessView::clear_live() {
  if (live_lines_ == 0) return;
  terminal_.err.write(daimon::format("\x1b[{}A\r\x1b[J", live_lines_));
  live_lines_ = 0;
}

void ProcessView::draw_live() {
  if (!terminal_.moves || ended_) return;
  clear_live();
  std::string out;
  if (plan_.is_array())
    for (const Json& step : plan_.get_array()) {
      out += plan_line(step) + "\n";
      ++live_lines_;
    }
  if (!doing_.empty()) {
    out += terminal_.err.paint(Style::kDim, fit(daimon::format("{} {}", terminal_.symbols->active, doing_),
                                                terminal_.columns - 1, terminal_.symbols->ellipsis)) +
           "\n";
    ++live_lines_;
  }
  if (live_lines_ > 0) terminal_.err.write(out);
}

}  // namespace daimon::cli
