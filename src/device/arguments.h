// The arguments of every built-in call, in the order that firmware/FORMAT.md gives them. Limits and descriptions stand
// beside the reflection in arguments.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace daimon::device {

struct ListArguments {
  std::optional<std::string> path;
};
struct ReadArguments {
  std::string path;
};
struct WriteArguments {
  std::string path;
  std::string content;
};
struct ChangeArguments {
  std::string change;  // from the result of write
  std::string path;    // must be the one that was staged: it is what the monitor and the person saw
};
struct CalculateArguments {
  std::string expression;
};
// Their names are what a model writes.
// NOLINTNEXTLINE(readability-identifier-naming)
enum class TableOperation : std::uint8_t { sum, count, average, min, max, list, distinct };
struct TableArguments {
  std::string path;
  TableOperation operation{};
  std::string column;
  std::optional<std::string> where_column;
  std::optional<std::string> where_value;
};
struct PythonArguments {
  std::string code;
};
struct AskArguments {
  std::string question;
};
struct FetchArguments {
  std::string url;
};

}  // namespace daimon::device
