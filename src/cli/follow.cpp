#include "cli/follow.h"

#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <iostream>

#include "api/target.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/daemon_start.h"
#include "cli/interrupt.h"
#include "cli/process_view.h"

namespace daimon::cli {
namespace {

using api::Client;

constexpr int kReconnectsMax = 5;
// A daemon that answered for this long has not just failed to start.
constexpr auto kSteady = std::chrono::seconds(10);
constexpr std::size_t kDiffLinesFirst = 40;

int exit_code_of_process(const Json& process, bool denied_here) {
  const auto state = find_string(process, "state").value_or("");
  if (state == "done") return find_bool(process, "found") == false ? kNotFound : kSuccess;
  if (state == "denied" || denied_here) return kDenied;
  return kFailure;
}

class Follower {
 public:
  Follower(const Session& session, Client client, std::string id, FollowOptions options)
      : session_(session),
        client_(std::move(client)),
        id_(std::move(id)),
        options_(std::move(options)),
        view_(session.terminal) {}

  int run() {
    for (int tries = 0;;) {
      const std::int64_t before = last_;
      const Client client_now = client_;  // what happens on the way may bring another
      const Status status =
          client_now.stream("GET", events_after_last(), std::nullopt, [this](const Json& event) { return take(event); },
                            {interrupts_.descriptor(), [this] { return on_interrupt(); }});
      view_.clear_live();
      if (exit_code_) return *exit_code_;
      if (!status && status.error().code != ErrorCode::kUnavailable) return session_.failed(status.error());
      if (was_stopped(session_.folders)) return leave_stopped(), *exit_code_;
      // The daemon went away, or gave this watcher up for being slow: the journal has it all, so go on after the last.
      if (last_ > before) tries = 0;
      if (++tries > kReconnectsMax)
        return lost(status ? Error{ErrorCode::kUnavailable, "the daemon ended the stream of events", {}}
                           : status.error());
      if (const Status again = reconnect(); !again) return lost(again.error());
    }
  }

 private:
  [[nodiscard]] bool text() const { return options_.format == OutputFormat::kText; }

  [[nodiscard]] std::string events_after_last() const {
    return daimon::format("/v1/processes/{}/events?follow=1&after={}", api::percent_encode(id_), last_);
  }

  // To the daemon as it is now, started if need be.
  Status reconnect() {
    DAIMON_TRY(client_, session_.client());
    return {};
  }

  // The daemon is away for good, and the process is not. The exit code.
  int lost(const Error& error) {
    const int code = session_.failed(error);
    session_.note(daimon::format("{} is kept: daimon attach {} goes on with it", id_, id_));
    return code;
  }

  // Tells the daemon what was decided or answered; one that went away meanwhile is started again. Telling it twice is
  // a conflict at most: a request takes one decision.
  Result<Json> tell(std::string_view verb, const JsonObject& body) {
    const std::string target = daimon::format("/v1/processes/{}/{}", api::percent_encode(id_), verb);
    auto told = client_.post(target, body);
    if (told || told.error().code != ErrorCode::kUnavailable) return told;
    DAIMON_CHECK(reconnect());
    return client_.post(target, body);
  }

  bool take(const Json& event) {
    const auto type = find_string(event, "type").value_or("");
    if (const auto sequence = find_integer(event, "seq")) last_ = std::max(last_, *sequence);
    if (type == "lagged") return false;
    if (type == "stopping") return leave_stopped();
    if (options_.format == OutputFormat::kStreamJson &&
        !session_.terminal.out.write(printable_json(to_text(event)) + "\n"))
      return leave(kFailure);
    if (type == "finished") {
      if (options_.format == OutputFormat::kJson) print_process();
      if (text()) view_.show(event);
      return leave(exit_code_of_process(event, denied_here_));
    }
    if (text()) {
      view_.show(event);
      if (type == "thinking" || type == "called") refresh_plan();
    }
    if (type == "approval_asked" || type == "asked") asked_ = event;
    if (type == "decided" || type == "answered") asked_ = nullptr;
    if (type == "state") return on_state(event);
    return true;
  }

  bool on_state(const Json& event) {
    const auto state = find_string(event, "state").value_or("");
    if (state == "waiting") return on_waiting();
    if (state != "paused") return true;
    const auto reason = find_string(event, "reason").value_or("");
    if (pausing_) return leave_paused(kInterrupted);
    if (!is_still("paused")) return true;  // long ago
    if (reason.starts_with("budget spent")) return leave_paused(kLimit);
    if (reason.contains("trying again")) return true;
    return leave_paused(kFailure);
  }

  // Events of the past are told again to whoever attaches later; only what the process waits for now counts.
  bool is_still(std::string_view state) {
    const auto process = client_.get("/v1/processes/" + api::percent_encode(id_));
    return !process || find_string(*process, "state") == state;
  }

  bool on_waiting() {
    const auto process = client_.get("/v1/processes/" + api::percent_encode(id_));
    if (!process) return true;
    const Json* waiting = find(*process, "waiting");
    if (waiting == nullptr || !waiting->is_object()) return true;
    const std::string request(find_string(*waiting, "request").value_or(""));
    if (asked_.is_object() && find_string(asked_, "request") != request) return true;
    return find_string(*waiting, "kind") == "question" ? on_question(*waiting, request)
                                                       : on_approval(*waiting, request);
  }

  // ---------------------------------------------------------------------------------------------------- approvals

  bool on_approval(const Json& waiting, const std::string& request) {
    view_.clear_live();
    const Terminal& terminal = session_.terminal;
    const std::string detail(find_string(waiting, "detail").value_or(""));
    const bool is_diff = detail.contains("\n@@ ") || detail.starts_with("@@ ") || detail.starts_with("--- ");
    if (text()) {
      terminal.err.write(daimon::format(
          "\n{}\n",
          terminal.err.paint(Style::kBold, printable(find_string(waiting, "title").value_or("Allow this?")))));
      terminal.err.write(show_diff(detail, terminal.err, terminal, kDiffLinesFirst));
    }
    JsonObject body{{"request", request}, {"digest", find_string(waiting, "digest").value_or("")}};
    std::optional<bool> decision = options_.decision;
    if (!decision && text() && terminal.can_ask()) {
      decision = ask_approval(is_diff, detail, request);
      if (exit_code_) return false;
      if (settled_) return true;
      if (!decision) {
        session_.note(daimon::format("{} waits for your decision: {}", id_, how_to_decide(id_, printable(request))));
        return leave(kDenied);
      }
    }
    if (!decision) {
      session_.note(daimon::format("{}: denied, because nobody is here to be asked (--yes approves)", id_));
      decision = false;
      body["reason"] = "nobody was there to be asked";
    }
    if (!*decision) denied_here_ = true;
    body["approve"] = *decision;
    const auto decided = tell("decisions", body);
    // Somebody else was quicker, and their word counts; or it has expired, and is asked for anew.
    if (!decided && decided.error().code != ErrorCode::kConflict) return leave_failed(decided.error());
    if (!decided) session_.note(printable(decided.error().what));
    return true;
  }

  std::optional<bool> ask_approval(bool is_diff, const std::string& detail, const std::string& request) {
    const Terminal& terminal = session_.terminal;
    const std::string question =
        is_diff ? "Apply this change? [y]es / [n]o / [d]iff " : "Allow this? [y]es / [n]o / [d]etails ";
    while (true) {
      const auto line = ask_line(question, request);
      if (!line) return std::nullopt;
      const std::string word = to_lower_ascii(trim(*line));
      if (word == "y" || word == "yes") return true;
      if (word == "n" || word == "no") return false;
      if (word == "d" || word == "diff" || word == "details")
        terminal.err.write(show_diff(detail, terminal.err, terminal, SIZE_MAX));
    }
  }

  bool on_question(const Json& waiting, const std::string& request) {
    view_.clear_live();
    std::string answer;
    const std::string question = printable_block(find_string(waiting, "question").value_or(""));
    if (text())
      session_.terminal.err.write(daimon::format("\n{}\n", session_.terminal.err.paint(Style::kBold, question)));
    if (!options_.answers.empty()) {
      answer = std::move(options_.answers.front());
      options_.answers.pop_front();
    } else if (text() && session_.terminal.can_ask()) {
      std::optional<std::string> line;
      do {
        line = ask_line("> ", request);
        if (settled_) return true;
        if (!line) return exit_code_ ? false : leave_waiting();
      } while (trim(*line).empty());
      answer = *line;
    } else {
      return leave_waiting();
    }
    const auto answered = tell("answers", JsonObject{{"request", request}, {"text", answer}});
    if (!answered && answered.error().code != ErrorCode::kConflict) return leave_failed(answered.error());
    return true;
  }

  // A line that the person types; nothing at its end, after Ctrl-C, or when the request is `settled_` meanwhile.
  std::optional<std::string> ask_line(std::string_view prompt, const std::string& request) {
    session_.terminal.err.write(session_.terminal.err.paint(Style::kYellow, prompt));
    if (const Status waited = wait_for_line(request); !waited) {
      session_.terminal.err.write("\n");
      leave_failed(waited.error());
      return std::nullopt;
    }
    if (settled_ || exit_code_) {
      ::tcflush(STDIN_FILENO, TCIFLUSH);  // half an answer to this must not become one to the next, or to the shell
      return std::nullopt;
    }
    std::string line;
    if (interrupts_.read_line(line)) return line;
    std::cin.clear();
    session_.terminal.err.write("\n");
    if (interrupts_.count() > 0) {
      if (!options_.pause_on_interrupt)
        on_interrupt();
      else if (ask_pause())
        leave_paused(kInterrupted);
    }
    return std::nullopt;
  }

  // Until there is a line or an interrupt, or the request is settled by somebody else. The stream that asks is not read
  // meanwhile, so another one watches; it tells nothing that the first will not tell too.
  Status wait_for_line(const std::string& request) {
    settled_ = false;
    const FileDescriptor wake = interrupts_.line_or_interrupt();
    for (int tries = 0;;) {
      const auto begin = std::chrono::steady_clock::now();
      const Status status = client_.stream("GET", events_after_last(), std::nullopt,
                                           [&](const Json& event) { return !settles(event, request); },
                                           {wake.get(), [] { return false; }});
      if (settled_ || exit_code_ || (!status && status.error().code == ErrorCode::kCancelled)) return {};
      if (!status && status.error().code != ErrorCode::kUnavailable) return status;
      if (was_stopped(session_.folders)) return leave_stopped(), Status();
      // The daemon went away. It is started again, as it is while a process thinks, and the question stands.
      if (std::chrono::steady_clock::now() - begin > kSteady) tries = 0;
      if (++tries > kReconnectsMax)
        return status ? fail(ErrorCode::kUnavailable, "the daemon ended the stream of events") : status;
      DAIMON_CHECK(reconnect());
    }
  }

  bool settles(const Json& event, const std::string& request) {
    const auto type = find_string(event, "type").value_or("");
    if (type == "stopping") {
      session_.terminal.err.write("\n");
      return !leave_stopped();
    }
    if (type != "decided" && type != "answered" && type != "state" && type != "finished" && type != "present")
      return false;
    const auto process = client_.get("/v1/processes/" + api::percent_encode(id_));
    if (!process) return false;
    const Json* waiting = find(*process, "waiting");
    if (find_string(*process, "state") == "waiting" && waiting != nullptr &&
        find_string(*waiting, "request") == request)
      return false;
    settled_ = true;
    const bool here = (type == "decided" || type == "answered") && find_string(event, "request") == request;
    session_.terminal.err.write("\n");
    session_.note(here ? daimon::format("{} elsewhere", type)
                       : daimon::format("{} does not wait for this any more", id_));
    return true;
  }

  // --------------------------------------------------------------------------------------------------------- ends

  bool leave(int code) {
    exit_code_ = code;
    return false;
  }

  bool leave_failed(const Error& error) {
    return leave(error.code == ErrorCode::kUnavailable ? lost(error) : session_.failed(error));
  }

  // Somebody wanted the daemon to end, so it is not started again.
  bool leave_stopped() {
    view_.clear_live();
    session_.note(daimon::format("the daemon was stopped; {} is kept: daimon attach {} goes on with it", id_, id_));
    return leave(kUnreachable);
  }

  bool leave_waiting() {
    session_.note(daimon::format("{} waits for an answer: daimon answer {} TEXT", id_, id_));
    if (options_.format == OutputFormat::kJson) print_process();
    return leave(kDenied);
  }

  bool leave_paused(int code) {
    view_.clear_live();
    if (options_.format == OutputFormat::kJson) print_process();
    if (code == kInterrupted)
      session_.note(
          daimon::format("{} is paused, nothing is lost: daimon resume {} && daimon attach {}", id_, id_, id_));
    else if (code != kLimit)
      session_.note(daimon::format("daimon resume {} && daimon attach {} goes on", id_, id_));
    return leave(code);
  }

  bool on_interrupt() {
    interrupts_.clear();
    view_.clear_live();
    if (!options_.pause_on_interrupt) {
      session_.note(daimon::format("{} {}; daimon attach {} comes back to it", id_,
                                   is_still("waiting") ? "waits for you" : "goes on", id_));
      return leave(kInterrupted);
    }
    if (pausing_ || interrupts_.count() > 1) return leave(kInterrupted);
    if (!ask_pause()) return false;
    session_.note(daimon::format(
        "pausing {} as soon as its call is over; daimon resume {} goes on (Ctrl-C again leaves now)", id_, id_));
    return true;
  }

  // False when it cannot be paused, which is said.
  bool ask_pause() {
    interrupts_.clear();
    pausing_ = true;
    const auto paused = client_.post(daimon::format("/v1/processes/{}/signal", api::percent_encode(id_)),
                                     JsonObject{{"signal", "pause"}});
    return paused ? true : leave(session_.failed(paused.error()));
  }

  void refresh_plan() {
    if (!session_.terminal.moves) return;
    if (const auto process = client_.get("/v1/processes/" + api::percent_encode(id_)))
      if (const Json* plan = find(*process, "plan")) view_.show_plan(*plan);
  }

  void print_process() {
    if (const auto process = client_.get("/v1/processes/" + api::percent_encode(id_)))
      print_json(session_.terminal, *process);
  }

  const Session& session_;
  Client client_;
  std::string id_;
  FollowOptions options_;
  ProcessView view_;
  Interrupts interrupts_;
  Json asked_;
  std::int64_t last_ = 0;
  bool pausing_ = false, denied_here_ = false;
  bool settled_ = false;  // what was asked last is decided elsewhere
  std::optional<int> exit_code_;
};

}  // namespace

Result<FollowOptions> follow_options_from(const Arguments& arguments) {
  FollowOptions options;
  const std::string format = arguments.value("output-format");
  if (format == "json" || arguments.has("json")) options.format = OutputFormat::kJson;
  if (format == "stream-json")
    options.format = OutputFormat::kStreamJson;
  else if (!format.empty() && format != "text" && format != "json")
    return fail(ErrorCode::kInvalidArgument, daimon::format("there is no output format '{}'", printable(format)),
                "text, json and stream-json are known");
  if (arguments.has("yes") && arguments.has("no"))
    return fail(ErrorCode::kInvalidArgument, "--yes and --no exclude each other");
  if (arguments.has("yes")) options.decision = true;
  if (arguments.has("no")) options.decision = false;
  for (std::string& answer : arguments.values("answer")) {
    if (trim(answer).empty())
      return fail(ErrorCode::kInvalidArgument, "an answer is empty", "say something, if only 'I do not know'");
    options.answers.push_back(std::move(answer));
  }
  return options;
}

int follow(const Session& session, const api::Client& client, const std::string& id, FollowOptions options) {
  return Follower(session, client, id, std::move(options)).run();
}

std::string how_to_decide(std::string_view id, std::string_view request) {
  return daimon::format("daimon approve {} {} or daimon deny {} {}", id, request, id, request);
}

void print_json(const Terminal& terminal, const Json& value) {
  terminal.out.write(printable_json(terminal.out.is_terminal() ? to_pretty_text(value) : to_text(value)) + "\n");
}

}  // namespace daimon::cli
