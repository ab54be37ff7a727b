// How a process looks while it works: a header, a line a system call, the plan ticking off below, and at the end the
// answer with its citations and cost.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "cli/terminal.h"

namespace daimon::cli {

// Writes progress to stderr, and the answer to stdout. One thread.
class ProcessView {
 public:
  explicit ProcessView(const Terminal& terminal) : terminal_(terminal) {}
  ~ProcessView() { clear_live(); }
  ProcessView(const ProcessView&) = delete;
  ProcessView& operator=(const ProcessView&) = delete;

  // One event of docs/api.md, `finished` included.
  void show(const Json& event);
  // The plan's steps as the process has them now ("plan" of docs/api.md).
  void show_plan(const Json& plan);
  // A line of our own, above the part that is drawn anew.
  void note(std::string_view line, Style style = Style::kDim);
  // Takes away what is drawn anew, before something else is asked or written.
  void clear_live();

 private:
  struct Call {
    std::string id, name, arguments;
  };

  void show_header(const Json& created);
  void show_returned(const Json& event);
  void show_finished(const Json& process);
  void print(std::string_view lines);  // above the live part
  void draw_live();
  [[nodiscard]] std::string plan_line(const Json& step) const;

  const Terminal& terminal_;
  std::vector<Call> open_calls_;
  Json plan_;
  std::string doing_;
  bool begun_ = false, plan_printed_ = false, ended_ = false;
  int live_lines_ = 0;
};

// "query=“electricity” limit=6": arguments of a call in one line, printable.
std::string compact_arguments(const Json& arguments, const Symbols& symbols);
// The goal of a process in one piece, of one with much material only the beginning.
std::string show_goal(std::string_view goal, const Stream& stream, const Terminal& terminal);
// A unified diff with its colours, in printable lines of at most `columns`; at most `lines_max` of them. What a line
// is continued on bears its sign, so that no line of a file can look like another.
std::string show_diff(std::string_view diff, const Stream& stream, const Terminal& terminal, std::size_t lines_max);
// "invoices/x.pdf p1 “quoted text” ✓ verified"
std::string citation_line(const Json& citation, const Terminal& terminal, const Stream& stream);
// What a doubtful answer may be instead, under a line that says so; nothing where there is none.
std::string other_lines(const Json& process, const Terminal& terminal, const Stream& stream);
// "812 tokens read (640 kept from before), 31 generated, 22 forced · model 0.3 s · 0.4 s · 3 calls"
std::string cost_line(const Json& process, const Terminal& terminal);
// The word of a state in its colour.
std::string state_word(std::string_view state, const Stream& stream);

}  // namespace daimon::cli
