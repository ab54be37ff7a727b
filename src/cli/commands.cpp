// The table of commands: names, help and options of all of them.
#include "cli/command.h"

namespace daimon::cli {
namespace {

constexpr std::size_t kAny = SIZE_MAX;
constexpr Option kJson{"json", 0, "", "print JSON, as docs/api.md describes it"};

std::vector<Option> start_options(bool run) {
  std::vector<Option> options{
      {"mount", 'm', "PATH", "a folder the process may see (or the name of a mount); may be repeated", true},
      {"model", 0, "NAME", "the model to run on; without it the default, at first the built-in firmware"},
      {"budget", 'b', "BUDGET", "tokens, or tokens=N,seconds=N,effects=N,money=N; spent means paused, never lost"},
      {"seed", 0, "N", "makes sampling repeatable"},
      kJson,
      {"output-format", 0, "FORMAT", "text, json (the process at its end) or stream-json (every event, a line each)"},
  };
  if (run) {
    options.push_back(
        {"autonomy", 'a', "LEVEL",
         "0 suggests; 1 asks before every effect; 2 before risky ones (default); 3 asks for its plan, and "
         "then for all but the new files that your goal names; 4 acts alone"});
    options.push_back(
        {"parent", 0, "PROCESS", "makes it that one's child: it has no more than its parent, and ends with it"});
    options.push_back({"yes", 'y', "", "approve what it asks for"});
    options.push_back({"no", 'n', "", "deny what it asks for"});
    options.push_back({"answer", 0, "TEXT", "the answer to its next question; may be repeated", true});
  }
  options.push_back({"detach", 'd', "", "print the process's name and leave it running"});
  return options;
}

std::vector<Command> make_commands() {
  std::vector<Command> list;
  const auto add = [&](Command command) { list.push_back(std::move(command)); };

  constexpr std::string_view kWork = "Work";
  add({"run",
       kWork,
       "make an agent carry out a goal",
       "GOAL... | -",
       "Starts a process that plans, acts by system calls that the kernel checks and records, checks the result, and "
       "ends with an answer and its evidence. "
       "What is piped in is what the goal is about, and stands instead of the mounted folders unless --mount names "
       "some. Ctrl-C pauses it, and nothing is lost.",
       {{"daimon run \"What did I pay for electricity in March?\" --mount ~/Documents", "an answer with citations"},
        {"daimon run \"Sum the amounts per month into totals.csv\" -m ~/accounts",
         "shows the change and asks before it is written"},
        {"git diff | daimon run --model NAME \"Write a commit message for this\"", "about what is piped in"},
        {"daimon run --json --no \"...\" < /dev/null", "for scripts: data, and never a question"}},
       start_options(true),
       0,
       kAny,
       "4 when what was asked is not in the files; 5 when an approval was denied, or nobody was there to give it; 6 "
       "when a "
       "budget is spent",
       run_goal});
  add({"ask",
       kWork,
       "ask your own files a question",
       "QUESTION... | -",
       "Searches the mounted folders and answers from what they say, with quotations that are checked against the "
       "documents, or says that it is not there. What is piped in is asked instead of the folders.",
       {{"daimon ask \"When does the car insurance end?\" -m ~/Documents",
         "mounts the folder if need be, then answers"},
        {"pdftotext lease.pdf - | daimon ask \"What is the rent?\"", "answers from what is piped in"}},
       start_options(false),
       0,
       kAny,
       "4 when it is not in the files; 6 when a budget is spent",
       ask});
  add({"chat",
       kWork,
       "talk with a model",
       "[MESSAGE...]",
       "A conversation with a model, without files or system calls. Ctrl-C stops an answer, /exit or Ctrl-D ends it. "
       "With a message, or one from a pipe, answers once. The built-in model does not converse: name another.",
       {{"daimon chat --model Qwen/Qwen3-4B-GGUF", "a conversation"},
        {"echo 'Say it shorter: ...' | daimon chat --model Qwen/Qwen3-4B-GGUF", "one answer"}},
       {{"model", 0, "NAME", "the model to talk with"},
        {"system", 0, "TEXT", "instructions before the conversation"},
        {"temperature", 't', "T", "0 (default) always takes the likeliest word; 2 is wild"},
        {"seed", 0, "N", "makes sampling repeatable"},
        {"max-tokens", 0, "N", "the longest answer (default 1024)"}},
       0,
       kAny,
       "",
       chat});

  constexpr std::string_view kProcesses = "Processes";
  add({"ps",
       kProcesses,
       "list processes",
       "",
       "Lists the processes that have not ended; with -a those of the past too.",
       {{"daimon ps -a", "all of them"}, {"daimon ps --json", "as data"}},
       {{"all", 'a', "", "ended ones too"}, kJson},
       0,
       0,
       "",
       list_processes});
  add({"top",
       kProcesses,
       "watch processes and the processor",
       "",
       "Shows what runs and how busy the processor is, again and again until `q` or Ctrl-C; once when this is not a "
       "terminal.",
       {},
       {{"interval", 'i', "SECONDS", "between two pictures (default 1)"}},
       0,
       0,
       "",
       top});
  add({"show",
       kProcesses,
       "show one process",
       "ID",
       "Plan, calls, changes, citations and cost of a process, as they are now.",
       {{"daimon show p3 --json", "everything about it, as data"}},
       {kJson},
       1,
       1,
       "",
       show_process});
  add({"logs",
       kProcesses,
       "show what a process did",
       "ID",
       "The journal of a process: every thought, call, decision and cost, in order.",
       {{"daimon logs p3", "so far"},
        {"daimon logs -f p3", "and what comes"},
        {"daimon logs p3 --json | jq .type", "as data, an event a line"}},
       {{"follow", 'f', "", "go on until it ends"}, {"after", 0, "N", "only events after number N"}, kJson},
       1,
       1,
       "",
       logs});
  add({"attach",
       kProcesses,
       "watch a process and answer it",
       "ID",
       "Follows a process as `run` does, and asks you what it waits for. Ctrl-C leaves; the process goes on.",
       {{"daimon attach p3", ""}},
       {{"yes", 'y', "", "approve what it asks for"},
        {"no", 'n', "", "deny what it asks for"},
        {"answer", 0, "TEXT", "the answer to its next question", true},
        kJson,
        {"output-format", 0, "FORMAT", "text, json or stream-json"}},
       1,
       1,
       "as `run`; 4 also when there is no such process",
       attach});
  add({"kill",
       kProcesses,
       "end a process",
       "ID...",
       "Ends processes for good. What they did stays in the journal.",
       {{"daimon kill p3 p4", ""}},
       {},
       1,
       kAny,
       "",
       kill_process});
  add({"pause",
       kProcesses,
       "hold a process",
       "ID...",
       "Holds processes; a call that is running comes to its end first.",
       {},
       {},
       1,
       kAny,
       "",
       pause_process});
  add({"resume",
       kProcesses,
       "let a process go on",
       "ID...",
       "Lets paused processes go on where they stopped.",
       {{"daimon resume p3 && daimon attach p3", "and watch it"}},
       {},
       1,
       kAny,
       "",
       resume_process});
  add({"budget",
       kProcesses,
       "give a process more to spend",
       "ID",
       "Raises the budget of a process. One that paused because its budget was spent goes on at once.",
       {{"daimon budget p3 --tokens 50000", ""}},
       {{"tokens", 0, "N", "more tokens"},
        {"seconds", 0, "N", "more seconds of work"},
        {"effects", 0, "N", "more effects on the world"},
        {"money", 0, "N", "more money for remote models"}},
       1,
       1,
       "",
       raise_budget});
  add({"approve",
       kProcesses,
       "allow what a process asks for",
       "ID [REQUEST]",
       "Approves a request of a process, as `daimon show ID` shows it: the one that is named, and no other that may "
       "have "
       "come in its place. Without REQUEST it shows what the process waits for and asks; where there is no terminal, "
       "nothing is approved.",
       {{"daimon approve p3 p3.r1", "this request"}, {"daimon approve p3", "shows it first, and asks"}},
       {},
       1,
       2,
       "",
       approve});
  add({"deny",
       kProcesses,
       "refuse what a process asks for",
       "ID [REQUEST]",
       "Denies the request that a process waits for; with REQUEST only if it is still that one.",
       {{"daimon deny p3 p3.r1", ""}},
       {},
       1,
       2,
       "",
       deny});
  add({"answer",
       kProcesses,
       "answer a process's question",
       "ID TEXT...",
       "Answers the question that a process waits for.",
       {{"daimon answer p3 \"the blue one\"", ""}},
       {},
       2,
       kAny,
       "",
       answer_question});
  add({"undo",
       kProcesses,
       "undo what a process changed in files",
       "ID [CHANGE]",
       "Puts a file back as it was before a process changed it, or removes one that the process made: the change that "
       "is "
       "named (the beginning of its name is enough), else the last one that is not undone yet. Shows what it will do, "
       "and asks. A file that was changed again after is left as it is. The versions before are kept for 30 days "
       "(\"undo\" in docs/configuration.md).",
       {{"daimon undo p3", "the last change of p3"},
        {"daimon undo p3 --list", "what p3 changed, and what of that can be undone"},
        {"daimon undo p3 1f0c --yes", "that change, and nothing is asked"}},
       {{"list", 'l', "", "only list the changes"}, {"yes", 'y', "", "undo it, and ask nothing"}, kJson},
       1,
       2,
       "1 when the file was changed again; 5 when you said no, or nobody was there to be asked",
       undo_change});
  add({"replay",
       kProcesses,
       "step a process's journal again",
       "ID",
       "Steps the journal of a process again, without a model or a device, and compares: the same inputs must give the "
       "same decisions.",
       {{"daimon replay p3", ""}},
       {kJson},
       1,
       1,
       "1 when the replay differs",
       replay});

  constexpr std::string_view kFiles = "Files";
  add({"mount",
       kFiles,
       "make a folder known",
       "PATH",
       "Reads and indexes a folder so that agents can search and quote it, and keeps the index fresh. Nothing in the "
       "folder is changed.",
       {{"daimon mount ~/Documents --name papers", ""}},
       {{"name", 0, "NAME", "what to call it (default: as it is mounted already, or the folder's name)"}, kJson},
       1,
       1,
       "",
       mount});
  add({"mounts", kFiles, "list mounted folders", "", "Lists the mounted folders.", {}, {kJson}, 0, 0, "", list_mounts});
  add({"unmount",
       kFiles,
       "forget a folder",
       "NAME...",
       "Forgets folders and their index. The files stay as they are. A folder is meant by its name or by its path.",
       {{"daimon unmount papers", ""}, {"daimon unmount ~/Documents", "the same, by its folder"}},
       {},
       1,
       kAny,
       "",
       unmount});
  add({"find",
       kFiles,
       "search the mounted folders",
       "QUERY...",
       "Finds the passages of the mounted folders that fit best by their words and by what they mean. The first twenty "
       "are read, and those that answer best come first, so a question may be asked as one.",
       {{"daimon find boiler guarantee", ""},
        {"daimon find who mended the boiler", ""},
        {"daimon find --mount papers -l 3 rent", ""}},
       {{"mount", 'm', "NAME", "only in this mount, by its name or its folder; may be repeated", true},
        {"limit", 'l', "N", "at most N passages (default 10)"},
        kJson},
       1,
       kAny,
       "4 when nothing fits",
       find_passages});

  constexpr std::string_view kModels = "Models";
  add({"ls", kModels, "list models", "", "Lists the models that are there.", {}, {kJson}, 0, 0, "", list_models});
  add({"pull",
       kModels,
       "fetch a model",
       "MODEL",
       "Fetches a model file from a Hugging Face hub into the usual cache, where other programs find it too. Goes on "
       "where it was interrupted, and checks the file's hash.",
       {{"daimon pull Qwen/Qwen3-4B-GGUF:Q4_K_M", "a quantisation of a repository"},
        {"daimon pull owner/repository/file.gguf", "one file"}},
       {{"quiet", 'q', "", "no progress"}},
       1,
       1,
       "",
       pull});
  add({"exam",
       kModels,
       "measure how good a model is at this work",
       "",
       "Has a model carry out some hundred goals over homes made for this, end to end through a kernel of its own, and "
       "counts what is right, by kind and by the number of calls, with 95% intervals. Your own files and processes "
       "have "
       "no part in it. The goals, files and names are in no training text of the built-in model.",
       {{"daimon exam", "the default model"},
        {"daimon exam --model Qwen/Qwen3-4B-GGUF:Q4_K_M --kind table --failures", "one kind, with what went wrong"}},
       {{"model", 0, "NAME", "the model; without it the default, at first the built-in firmware"},
        {"kind", 'k', "KIND", "only goals of this kind, such as 'look up' or 'table'; may be repeated", true},
        {"homes", 0, "N", "only the first N homes, about eight goals each"},
        {"paper", 0, "FILE", "another exam than the one that comes with Daimon"},
        {"failures", 0, "", "list the goals that failed, with what was expected"},
        kJson},
       0,
       0,
       "130 when stopped; what was done until then is printed",
       sit_exam});
  add({"cpu",
       kModels,
       "show the processor",
       "",
       "The processor of agents: cores are sequences decoded in one batch, Hz is tokens a second.",
       {},
       {kJson},
       0,
       0,
       "",
       show_processor});
  add({"free",
       kModels,
       "show the processor's memory",
       "",
       "The memory of agents: tokens of context in use and free, and bytes.",
       {},
       {kJson},
       0,
       0,
       "",
       show_memory});

  constexpr std::string_view kMachine = "Machine";
  add({"serve",
       kMachine,
       "open the API to other programs",
       "",
       "Answers the OpenAI-compatible API on 127.0.0.1 as long as it runs, and prints the address and a token to call "
       "it with. The token is shown once and stays valid.",
       {{"daimon serve --port 8080", "OPENAI_BASE_URL=http://127.0.0.1:8080/v1"},
        {"daimon serve --scope all", "other programs may start and direct processes too"}},
       {{"port", 'p', "N", "the port (default 8765; 0 chooses a free one)"},
        {"scope", 0, "SCOPE", "models (default) or all"},
        {"new-token", 0, "", "make a new token; the old one ends"},
        {"keep", 0, "", "leave it open until the daemon ends"},
        {"daemon", 0, "", "be the daemon itself; commands start it when they need it"}},
       0,
       0,
       "",
       serve});
  add({"stop",
       kMachine,
       "end the daemon",
       "",
       "Ends the daemon. Processes go on when it starts again, which the next command does.",
       {},
       {},
       0,
       0,
       "",
       stop});
  add({"doctor",
       kMachine,
       "check that all is well",
       "",
       "Checks the folders, the daemon, the journal, the sandbox, the models and the mounts, and says what to do where "
       "something is wrong.",
       {},
       {kJson},
       0,
       0,
       "1 when a check failed",
       doctor});
  add({"completions",
       kMachine,
       "make the shell complete commands",
       "bash|zsh|fish",
       "Prints a script that makes the shell complete commands and options.",
       {{"source <(daimon completions bash)", "now; for good, put this line into ~/.bashrc"},
        {"daimon completions fish > ~/.config/fish/completions/daimon.fish", ""}},
       {},
       1,
       1,
       "",
       completions});
  add({"help",
       kMachine,
       "show help",
       "[COMMAND]",
       "Shows the list of commands, or the help of one.",
       {{"daimon help run", ""}},
       {},
       0,
       1,
       "",
       help});
  return list;
}

}  // namespace

std::span<const Command> commands() {
  static const std::vector<Command> kList = make_commands();
  return kList;
}

}  // namespace daimon::cli
