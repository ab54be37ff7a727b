// A command of the command line: what it is called, what its help teaches, what it does.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/client.h"
#include "cli/arguments.h"
#include "cli/exit_code.h"
#include "cli/folders.h"
#include "cli/terminal.h"
#include "kernel/boot.h"

namespace daimon::cli {

using Boot = std::function<Result<std::unique_ptr<kernel::System>>(const kernel::BootOptions&)>;

// What a command works with.
struct Session {
  Terminal terminal;
  Folders folders;
  Terminal::Environment environment;
  Boot boot;  // for `serve --daemon` and `exam`

  // A client of the daemon, started if need be.
  [[nodiscard]] Result<api::Client> client() const;
  // Shows the error on stderr and returns the exit code that it has.
  int failed(const Error& error) const;
  int usage_error(std::string_view command, const Error& error) const;
  void note(std::string_view line) const;  // a dim line on stderr
};

struct Example {
  std::string_view command;
  std::string_view what;
};

struct Command {
  std::string_view name;
  std::string_view group;    // heading in the list of commands; "" keeps it out of the list
  std::string_view summary;  // one line
  std::string_view words;    // what stands after the name: "GOAL..."
  std::string_view purpose;  // a paragraph
  std::vector<Example> examples;
  std::vector<Option> options;
  std::size_t least = 0, most = 0;  // positional words
  std::string_view exit_codes;      // beyond those of every command
  int (*run)(const Session& session, const Arguments& arguments);
};

std::span<const Command> commands();
const Command* command_named(std::string_view name);

std::string help_of(const Command& command, const Terminal& terminal);
std::string general_help(const Terminal& terminal);

// The whole command line: argv without the program's name. Returns the exit code.
int run_command_line(std::span<const std::string> words, const Terminal::Environment& environment, const Boot& boot);

// What --model names, for a daemon that is at work in another folder: a path to a file is made absolute.
std::string model_from(const Arguments& arguments);

// The commands, by the files they are in.
int run_goal(const Session&, const Arguments&);  // command_run.cpp
int ask(const Session&, const Arguments&);
int chat(const Session&, const Arguments&);            // command_chat.cpp
int list_processes(const Session&, const Arguments&);  // command_ps.cpp
int top(const Session&, const Arguments&);
int logs(const Session&, const Arguments&);  // command_logs.cpp
int replay(const Session&, const Arguments&);
int attach(const Session&, const Arguments&);  // command_process.cpp
int show_process(const Session&, const Arguments&);
int kill_process(const Session&, const Arguments&);
int pause_process(const Session&, const Arguments&);
int resume_process(const Session&, const Arguments&);
int raise_budget(const Session&, const Arguments&);
int approve(const Session&, const Arguments&);
int deny(const Session&, const Arguments&);
int answer_question(const Session&, const Arguments&);
int undo_change(const Session&, const Arguments&);  // command_undo.cpp
int mount(const Session&, const Arguments&);        // command_files.cpp
int list_mounts(const Session&, const Arguments&);
int unmount(const Session&, const Arguments&);
int find_passages(const Session&, const Arguments&);
int list_models(const Session&, const Arguments&);  // command_models.cpp
int show_processor(const Session&, const Arguments&);
int show_memory(const Session&, const Arguments&);
int pull(const Session&, const Arguments&);      // command_pull.cpp
int sit_exam(const Session&, const Arguments&);  // command_exam.cpp
int serve(const Session&, const Arguments&);     // command_serve.cpp
int stop(const Session&, const Arguments&);
int doctor(const Session&, const Arguments&);
int completions(const Session&, const Arguments&);  // completions.cpp
int help(const Session&, const Arguments&);         // help.cpp

int run_daemon(const Session&);  // daemon_main.cpp

}  // namespace daimon::cli
