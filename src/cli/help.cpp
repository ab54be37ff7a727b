#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "cli/command.h"

namespace daimon::cli {
namespace {

constexpr int kLeft = 24;  // columns of the left part of a list

void add_list_line(std::string& out, const Terminal& terminal, std::string_view left, std::string_view right) {
  const int room = std::max(24, terminal.columns - kLeft - 2);
  const auto lines = wrap(right, room);
  if (static_cast<int>(left.size()) > kLeft - 4)
    out += daimon::format("  {}\n  {}", left, std::string(kLeft - 2, ' '));
  else
    out += "  " + pad(left, kLeft - 2);
  for (std::size_t i = 0; i < lines.size(); ++i) out += (i == 0 ? "" : std::string(kLeft, ' ')) + lines[i] + "\n";
}

void add_paragraph(std::string& out, const Terminal& terminal, std::string_view text) {
  for (const std::string& line : wrap(text, std::min(terminal.columns, 100))) out += line + "\n";
}

}  // namespace

std::string help_of(const Command& command, const Terminal& terminal) {
  const auto heading = [&](std::string_view text) { return terminal.out.paint(Style::kBold, text) + "\n"; };
  std::string out =
      daimon::format("{} {}{}{}{}\n\n", terminal.out.paint(Style::kBold, "usage: daimon"), command.name,
                     command.options.empty() ? "" : " [OPTION...]", command.words.empty() ? "" : " ", command.words);
  add_paragraph(out, terminal, command.purpose);
  if (!command.examples.empty()) out += "\n" + heading("Examples");
  for (const Example& example : command.examples) {
    out += daimon::format("  {}\n", example.command);
    if (!example.what.empty()) out += terminal.out.paint(Style::kDim, daimon::format("      {}", example.what)) + "\n";
  }
  out += "\n" + heading("Options");
  for (const Option& option : command.options) {
    std::string left = option.letter == 0 ? "    " : daimon::format("-{}, ", option.letter);
    left += daimon::format("--{}", option.name);
    if (!option.value.empty()) left += daimon::format(" {}", option.value);
    add_list_line(out, terminal, left, option.help);
  }
  add_list_line(out, terminal, "-h, --help", "this");
  out += "\n" + heading("Exit codes");
  add_paragraph(out, terminal,
                "  0 done; 1 failed; 2 wrong usage; 3 no daemon; 4 not found; 5 denied; 6 limit reached; 130 Ctrl-C");
  if (!command.exit_codes.empty()) add_paragraph(out, terminal, "  " + std::string(command.exit_codes));
  return out;
}

std::string general_help(const Terminal& terminal) {
  std::string out;
  add_paragraph(out, terminal,
                "Daimon runs agents the way Unix runs programs, on your own files and your own machine: every effect "
                "is checked, recorded and accounted for.");
  out += "\n" + terminal.out.paint(Style::kBold, "usage: daimon") + " COMMAND [OPTION...] [WORD...]\n";
  std::string_view group;
  for (const Command& command : commands()) {
    if (command.group != group) out += "\n" + terminal.out.paint(Style::kBold, command.group) + "\n";
    group = command.group;
    add_list_line(out, terminal, command.name, command.summary);
  }
  out += "\n" + terminal.out.paint(Style::kBold, "Begin with") +
         "\n  daimon run \"What did I pay for electricity in March?\" --mount ~/Documents\n";
  out +=
      terminal.out.paint(Style::kDim, "  daimon COMMAND --help teaches a command; daimon --version names this build") +
      "\n";
  return out;
}

int help(const Session& session, const Arguments& arguments) {
  if (arguments.positional.empty()) {
    session.terminal.out.write(general_help(session.terminal));
    return kSuccess;
  }
  const Command* command = command_named(arguments.positional[0]);
  if (command == nullptr)
    return session.usage_error("",
                               {ErrorCode::kInvalidArgument,
                                daimon::format("there is no command '{}'", printable(arguments.positional[0])), ""});
  session.terminal.out.write(help_of(*command, session.terminal));
  return kSuccess;
}

}  // namespace daimon::cli
