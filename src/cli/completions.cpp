// Scripts for shells, made from the table of commands.
#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "cli/command.h"

namespace daimon::cli {
namespace {

std::string shell_quoted(std::string_view text) {  // for a single-quoted string of any of the shells
  std::string out;
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out;
}

std::string names() {
  std::string out;
  for (const Command& command : commands()) out += (out.empty() ? "" : " ") + std::string(command.name);
  return out;
}

std::string bash() {
  std::string out =
      "# bash completion of daimon\n"
      "_daimon_folders() { compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$1\"); }\n"
      "_daimon() {\n  local word=${COMP_WORDS[COMP_CWORD]} "
      "before=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  if ((COMP_CWORD == 1)); then COMPREPLY=($(compgen -W '" +
      names() +
      " --help --version' -- \"$word\")); return; fi\n"
      "  case $before in --mount|-m) _daimon_folders \"$word\"; return;; --output-format) "
      "COMPREPLY=($(compgen -W 'text json stream-json' -- \"$word\")); return;; esac\n"
      "  case ${COMP_WORDS[1]} in\n";
  for (const Command& command : commands()) {
    std::string options = "--help";
    for (const Option& option : command.options) options += daimon::format(" --{}", option.name);
    out += daimon::format("    {}) [[ $word == -* ]] && COMPREPLY=($(compgen -W '{}' -- \"$word\")) && return;;\n",
                          command.name, options);
  }
  out +=
      "  esac\n  case ${COMP_WORDS[1]} in\n"
      "    help) COMPREPLY=($(compgen -W '" +
      names() +
      "' -- \"$word\"));;\n"
      "    completions) COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$word\"));;\n"
      "    mount) _daimon_folders \"$word\";;\n"
      "    unmount) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -W \"$(daimon mounts --json 2>/dev/null | "
      "grep -o '\"name\":\"[^\"]*\"' | cut -d '\"' -f 4 | sed 's/ /\\\\ /g')\" -- \"$word\");;\n"
      "    attach|kill|pause|resume|budget|approve|deny|answer|logs|show|replay|undo) COMPREPLY=($(compgen -W "
      "\"$(daimon ps "
      "-a 2>/dev/null | awk 'NR > 1 {print $1}')\" -- \"$word\"));;\n"
      "  esac\n}\ncomplete -o default -F _daimon daimon\n";
  return out;
}

std::string zsh() {
  std::string out = "#compdef daimon\n_daimon() {\n  local -a commands=(\n";
  for (const Command& command : commands())
    out += daimon::format("    '{}:{}'\n", command.name, shell_quoted(command.summary));
  out += "  )\n  if ((CURRENT == 2)); then _describe command commands; return; fi\n  case $words[2] in\n";
  for (const Command& command : commands()) {
    out += daimon::format("    {}) _arguments '(- *)--help[this]'", command.name);
    for (const Option& option : command.options) {
      std::string help;
      for (const char c : option.help) help += c == '[' || c == ']' || c == ':' ? '.' : c;
      out += daimon::format(" '{}--{}[{}]{}'", option.repeatable ? "*" : "", option.name, shell_quoted(help),
                            option.value.empty()     ? ""
                            : option.name == "mount" ? ":folder:_files -/"
                                                     : daimon::format(":{}:", option.value));
    }
    out += " '*:word:_default';;\n";
  }
  out += "  esac\n}\ncompdef _daimon daimon\n";
  return out;
}

std::string fish() {
  std::string out = "# fish completion of daimon\n";
  for (const Command& command : commands()) {
    out += daimon::format("complete -c daimon -n __fish_use_subcommand -f -a '{}' -d '{}'\n", command.name,
                          shell_quoted(command.summary));
    for (const Option& option : command.options) {
      out +=
          daimon::format("complete -c daimon -n '__fish_seen_subcommand_from {}' -l '{}'", command.name, option.name);
      if (option.letter != 0) out += daimon::format(" -s '{}'", option.letter);
      if (!option.value.empty()) out += " -r";
      out += daimon::format(" -d '{}'\n", shell_quoted(option.help));
    }
  }
  return out;
}

}  // namespace

int completions(const Session& session, const Arguments& arguments) {
  const std::string& shell = arguments.positional[0];
  if (shell == "bash")
    session.terminal.out.write(bash());
  else if (shell == "zsh")
    session.terminal.out.write(zsh());
  else if (shell == "fish")
    session.terminal.out.write(fish());
  else
    return session.usage_error(
        "completions", {ErrorCode::kInvalidArgument, daimon::format("there is no script for '{}'", printable(shell)),
                        "there is one for bash, zsh and fish"});
  return kSuccess;
}

}  // namespace daimon::cli
