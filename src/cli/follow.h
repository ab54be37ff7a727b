// Watches a process until it ends or has to wait for what nobody here can give, and answers what it asks.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "cli/arguments.h"
#include "cli/command.h"

namespace daimon::cli {

enum class OutputFormat : std::uint8_t { kText, kJson, kStreamJson };

struct FollowOptions {
  OutputFormat format = OutputFormat::kText;
  std::optional<bool> decision;  // --yes or --no; without it a person is asked, or, where there is none, it is denied
  std::deque<std::string> answers;  // to its next questions
  bool pause_on_interrupt = true;   // Ctrl-C pauses the process; otherwise it only leaves it
};

// --json, --output-format, --yes, --no and --answer.
Result<FollowOptions> follow_options_from(const Arguments& arguments);

// Returns the exit code.
int follow(const Session& session, const api::Client& client, const std::string& id, FollowOptions options);

// The commands that decide on this very request, and on no other that may have come in its place.
std::string how_to_decide(std::string_view id, std::string_view request);

// Prints a process (or any other value) as --json wants it: indented on a terminal, else in one line.
void print_json(const Terminal& terminal, const Json& value);

}  // namespace daimon::cli
