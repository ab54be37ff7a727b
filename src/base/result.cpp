#include "base/result.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace daimon {
namespace {
constexpr std::array<std::string_view, 12> kNames = {"invalid_argument", "not_found",   "denied",      "limit",
                                                     "timeout",          "cancelled",   "unavailable", "corrupt",
                                                     "conflict",         "unsupported", "io",          "internal"};
}

std::string_view name_of(ErrorCode code) noexcept { return kNames[static_cast<std::size_t>(code)]; }

ErrorCode error_code_named(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return static_cast<ErrorCode>(i);
  return ErrorCode::kInternal;
}

Error os_error(int error_number, std::string_view what) {
  Error error{ErrorCode::kIo, std::string(what) + ": " + std::generic_category().message(error_number), {}};
  switch (error_number) {
    case ENOENT:
      error.code = ErrorCode::kNotFound;
      break;
    case EACCES:
    case EPERM:
      error.code = ErrorCode::kDenied;
      error.remedy = "check the permissions of the file and of the folders above it (ls -l)";
      break;
    case ENOSPC:
    case EDQUOT:
      error.code = ErrorCode::kLimit;
      error.remedy = "free some disk space (df -h shows where), then try again; nothing was lost";
      break;
    case EROFS:
      error.remedy = "the file system is mounted read-only";
      break;
    default:
      break;
  }
  return error;
}

void assertion_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "daimon: invariant broken: %s (%s:%d); this is a defect of Daimon, please report it\n",
               condition, file, line);
  std::abort();
}

}  // namespace daimon
