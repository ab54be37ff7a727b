#include "base/builtin.h"

#include <cstdlib>
#include <string>
#include <system_error>

#include "base/format.h"
#include "base/text.h"

namespace daimon {

namespace fs = std::filesystem;

Result<fs::path> find_builtin(const Builtin& builtin) {
  std::error_code failed;
  if (const char* named = std::getenv(builtin.variable); named != nullptr && *named != '\0') {
    if (fs::exists(named, failed)) return fs::path(named);
    return fail(ErrorCode::kNotFound,
                daimon::format("{} names {}, which is not there", builtin.variable, printable(named)),
                "name one that is there, or unset it");
  }
  const fs::path beside = fs::read_symlink("/proc/self/exe", failed).parent_path() / "../share/daimon" / builtin.name;
  for (const fs::path& candidate : {beside, builtin.installed, builtin.source})
    if (fs::exists(candidate, failed)) return candidate.lexically_normal();
  return fail(ErrorCode::kNotFound, daimon::format("{} is not installed", builtin.what), std::string(builtin.remedy));
}

}  // namespace daimon
