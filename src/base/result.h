// Errors are values: every fallible function of Daimon returns Result<T>.
//
// An Error says what was tried and went wrong, and what the person can do about it. Exceptions of a
// library are caught where the library is called and become an Error there.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace daimon {

// The kinds of failure a caller may want to tell apart. The names are part of the journal and of the
// API ("error": {"code": "not_found", ...}), so they are never renamed.
enum class ErrorCode : std::uint8_t {
  kInvalidArgument,  // the caller's input is wrong; the same call will fail again
  kNotFound,         // the thing named does not exist
  kDenied,           // a capability, a policy or the person said no
  kLimit,            // a budget, quota, size or rate limit was reached
  kTimeout,          // the time allowed ran out
  kCancelled,        // someone asked for it to stop
  kUnavailable,      // a device, model, server or layer is not there now; later may work
  kCorrupt,          // data failed a check: hash, format, encoding
  kConflict,         // the world changed meanwhile, or the thing already exists
  kUnsupported,      // understood, but this build, model or machine cannot do it
  kIo,               // the operating system refused: disk full, no permission, broken pipe
  kInternal,         // a defect of ours
};

// The stable name of a code, such as "not_found".
std::string_view name_of(ErrorCode code) noexcept;
// The inverse; kInternal for a name it does not know.
ErrorCode error_code_named(std::string_view name) noexcept;

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string what;    // what was tried and what went wrong, one sentence, no trailing period needed
  std::string remedy;  // what to do about it; empty when there is nothing to say

  bool operator==(const Error&) const = default;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string what, std::string remedy = {}) {
  return std::unexpected(Error{code, std::move(what), std::move(remedy)});
}

// An Error of code kIo (kNotFound for ENOENT, kDenied for EACCES and EPERM, kLimit for ENOSPC and EDQUOT)
// whose text is "<what>: <strerror(error_number)>", with a remedy where one is known (a full disk, no permission).
[[nodiscard]] Error os_error(int error_number, std::string_view what);

}  // namespace daimon

#define DAIMON_CONCAT_(a, b) a##b
#define DAIMON_CONCAT(a, b) DAIMON_CONCAT_(a, b)

// DAIMON_TRY(auto value, expression): declares value from a Result, or returns its error.
#define DAIMON_TRY(declaration, ...) DAIMON_TRY_IMPL_(DAIMON_CONCAT(daimon_result_, __LINE__), declaration, __VA_ARGS__)
#define DAIMON_TRY_IMPL_(temporary, declaration, ...)                   \
  auto temporary = (__VA_ARGS__);                                       \
  if (!temporary) return std::unexpected(std::move(temporary).error()); \
  declaration = std::move(*temporary)

// DAIMON_CHECK(expression): returns the error of a Status or Result, if it is one.
#define DAIMON_CHECK(...)                                                                                             \
  do {                                                                                                                \
    if (auto daimon_status = (__VA_ARGS__); !daimon_status) return std::unexpected(std::move(daimon_status).error()); \
  } while (false)

// DAIMON_ASSERT(condition): an invariant whose breach could lose or leak; ends the process, in release too.
#define DAIMON_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::daimon::assertion_failed(#condition, __FILE__, __LINE__))

namespace daimon {
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;
}
