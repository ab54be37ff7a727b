// What `daimon` ends with; the same for every command, and shown by every --help.
#pragma once

#include "base/result.h"

namespace daimon::cli {

inline constexpr int kSuccess = 0;
inline constexpr int kFailure = 1;
inline constexpr int kUsage = 2;
inline constexpr int kUnreachable = 3;  // no daemon, and none could be started
inline constexpr int kNotFound = 4;
inline constexpr int kDenied = 5;  // a person, or nobody being there, said no
inline constexpr int kLimit = 6;   // a budget or limit is reached
inline constexpr int kInterrupted = 130;

int exit_code_of(ErrorCode code) noexcept;

}  // namespace daimon::cli
