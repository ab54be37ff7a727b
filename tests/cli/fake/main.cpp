// daimon over a kernel that follows scripts. FAKE_BOOT=fail makes its daemon fail to start, =slow takes a while.
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "api/fake_system.h"
#include "cli/command.h"

#ifdef DAIMON_OTHER_BUILD
extern const char kOtherBuild[];
const char kOtherBuild[] = "another build";
#endif

int main(int argc, char** argv) {
  const auto boot = [](const daimon::kernel::BootOptions&) -> daimon::Result<std::unique_ptr<daimon::kernel::System>> {
    const char* how = std::getenv("FAKE_BOOT");
    if (how != nullptr && std::string_view(how) == "fail")
      return daimon::fail(daimon::ErrorCode::kCorrupt, "the journal is damaged", "restore it from a copy");
    if (how != nullptr && std::string_view(how) == "slow") std::this_thread::sleep_for(std::chrono::milliseconds(700));
    return std::make_unique<daimon::test::FakeSystem>();
  };
  const std::vector<std::string> words(argv + 1, argv + argc);
  return daimon::cli::run_command_line(words, [](const char* name) { return std::getenv(name); }, boot);
}
