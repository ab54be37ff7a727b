#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>
#include <system_error>
#include <vector>

#include "api/socket.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/build_id.h"
#include "cli/command.h"
#include "cli/daemon_start.h"

namespace daimon::cli {

int exit_code_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return kUsage;
    case ErrorCode::kNotFound:
      return kNotFound;
    case ErrorCode::kDenied:
      return kDenied;
    case ErrorCode::kLimit:
      return kLimit;
    case ErrorCode::kCancelled:
      return kInterrupted;
    case ErrorCode::kTimeout:
    case ErrorCode::kUnavailable:
    case ErrorCode::kCorrupt:
    case ErrorCode::kConflict:
    case ErrorCode::kUnsupported:
    case ErrorCode::kIo:
    case ErrorCode::kInternal:
      break;
  }
  return kFailure;
}

namespace {

constexpr std::size_t kIndent = 8;  // "daimon: "

// Lines that begin with so many spaces and fit into the terminal; without a terminal they stay whole.
std::vector<std::string> indented(std::string_view text, const Terminal& terminal, std::size_t indent = kIndent) {
  const int columns = terminal.err.is_terminal() ? terminal.columns - static_cast<int>(indent) : INT_MAX;
  auto lines = wrap(text, columns);
  for (std::string& line : lines) line.insert(0, indent, ' ');
  return lines;
}

std::string shown(const Error& error, const Terminal& terminal) {
  std::string text;
  for (const std::string& line : indented(printable_block(error.what), terminal))
    text += (text.empty() ? terminal.err.paint(Style::kRed, "daimon: ") + line.substr(kIndent) : line) + "\n";
  if (!error.remedy.empty())
    for (const std::string& line : indented(printable(error.remedy), terminal))
      text += terminal.err.paint(Style::kDim, line) + "\n";
  return text;
}

}  // namespace

Result<api::Client> Session::client() const { return reach_daemon(folders, terminal); }

int Session::failed(const Error& error) const {
  const Stream& err = terminal.err;
  err.write(shown(error, terminal));
  // A model that is away and a daemon that is away are both `unavailable`; only the latter is code 3.
  if (error.code == ErrorCode::kUnavailable) return running_daemon(folders) ? kFailure : kUnreachable;
  return exit_code_of(error.code);
}

int Session::usage_error(std::string_view command, const Error& error) const {
  const Stream& err = terminal.err;
  std::string text = shown(error, terminal);
  for (const std::string& line : indented(
           daimon::format("daimon {}{}--help shows how it is used", command, command.empty() ? "" : " "), terminal))
    text += err.paint(Style::kDim, line) + "\n";
  err.write(text);
  return kUsage;
}

void Session::note(std::string_view line) const {
  const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
  std::string text;
  for (const std::string& part : indented(line.substr(begin), terminal, begin))
    text += terminal.err.paint(Style::kDim, part) + "\n";
  terminal.err.write(text);
}

const Command* command_named(std::string_view name) {
  const auto list = commands();
  const auto found = std::ranges::find(list, name, &Command::name);
  return found == list.end() ? nullptr : &*found;
}

namespace {

int run_words(Session& session, std::span<const std::string> words) {
  const std::string name = words.empty() ? "help" : words[0];
  if (name == "--version" || name == "-V" || name == "version") {
    session.terminal.out.write(daimon::format("daimon {}\n", version()));
    return kSuccess;
  }
  if (name == "--help" || name == "-h") {
    session.terminal.out.write(general_help(session.terminal));
    return kSuccess;
  }
  const Command* command = command_named(name);
  if (command == nullptr) {
    std::vector<std::string_view> names;
    for (const Command& other : commands()) names.push_back(other.name);
    const std::string_view near = nearest(name, names);
    return session.usage_error(
        "", {ErrorCode::kInvalidArgument, daimon::format("there is no command '{}'", printable(cut_utf8(name, 80))),
             near.empty() ? "" : daimon::format("did you mean `daimon {}`?", near)});
  }
  const auto rest = words.subspan(words.empty() ? 0 : 1);
  for (const std::string& word : rest) {
    if (word == "--") break;
    if (word == "--help" || word == "-h") {
      session.terminal.out.write(help_of(*command, session.terminal));
      return kSuccess;
    }
  }
  // Everything goes on as JSON, which is UTF-8 (RFC 8259).
  if (const auto bad = std::ranges::find_if_not(rest, [](const std::string& word) { return is_utf8(word); });
      bad != rest.end())
    return session.usage_error(
        name, {ErrorCode::kInvalidArgument,
               daimon::format("'{}' is not valid UTF-8 text", printable(std::string_view(*bad).substr(0, 200))),
               "check the encoding of the terminal; a file or folder with such a name has to be renamed"});
  const auto arguments = Arguments::parse(command->options, rest);
  if (!arguments) return session.usage_error(name, arguments.error());
  if (arguments->positional.size() < command->least)
    return session.usage_error(
        name, {ErrorCode::kInvalidArgument, daimon::format("`daimon {}` needs {}", name, command->words), ""});
  if (arguments->positional.size() > command->most)
    return session.usage_error(
        name, {ErrorCode::kInvalidArgument,
               daimon::format("'{}' is one word too many", printable(arguments->positional[command->most])), ""});
  if (command->run != help && command->run != completions) {
    auto folders = Folders::find(session.environment);
    if (!folders) return session.failed(folders.error());
    session.folders = std::move(*folders);
  }
  return command->run(session, *arguments);
}

}  // namespace

int run_command_line(std::span<const std::string> words, const Terminal::Environment& environment, const Boot& boot) {
  Session session{Terminal::of_process(environment), {}, environment, boot};
  const int code = run_words(session, words);
  // An answer that did not arrive is no success. Who stopped reading (`| head`) wanted no more.
  const int failure = session.terminal.out.failure();
  if (code != kSuccess || failure == 0 || failure == EPIPE) return code;
  return session.failed(
      {ErrorCode::kIo, daimon::format("the output could not be written: {}", std::generic_category().message(failure)),
       "nothing that was done is undone; give the output a place with room"});
}

}  // namespace daimon::cli
