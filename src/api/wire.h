// The JSON of docs/api.md and the kernel's types, one into the other.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "kernel/system.h"

namespace daimon::api {

// Each refuses, with kInvalidArgument, a member that is unknown or has the wrong type: a typing error in "budget" must
// not start a process without one.
Result<kernel::StartOptions> start_options_from(const Json& value);
Result<kernel::Budget> budget_from(const Json& value);
Result<kernel::Signal> signal_from(const Json& value);

Result<kernel::Decision> decision_from(const Json& value);

// The change to undo.
Result<std::string> undo_from(const Json& value);

struct Answer {
  std::string request;
  std::string text;
};
Result<Answer> answer_from(const Json& value);

struct MountRequest {
  std::string path;
  std::string name;
};
Result<MountRequest> mount_request_from(const Json& value);

// What may call the API over TCP: `models` answers as a model server does and nothing more, `all` directs processes.
enum class Scope : std::uint8_t { kModels, kAll };
std::string_view name_of(Scope scope) noexcept;

struct ListenRequest {
  int port = 0;
  Scope scope = Scope::kModels;
  bool new_token = false;
  bool keep = false;  // listens until the daemon ends, not only as long as the request lives
};
Result<ListenRequest> listen_request_from(const Json& value);

JsonObject to_json(const kernel::StartOptions& options);
JsonObject to_json(const kernel::Budget& budget);

// {"error": {"code", "what", "remedy"}}
Json error_body(const Error& error);
// The HTTP status of an error.
int status_of(ErrorCode code) noexcept;

}  // namespace daimon::api
