// The parts of run() and probe() that both use.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file_descriptor.h"
#include "sandbox/covers.h"
#include "sandbox/sandbox.h"

namespace daimon::sandbox {

constexpr std::uint32_t bit_of(Layer layer) { return 1U << static_cast<unsigned>(layer); }
inline constexpr std::uint32_t kEveryLayer = (1U << 6) - 1;

// Whether this process is root and another user exists to become: not so in a user namespace of one user, where root
// is an ordinary person already.
bool can_change_user();
inline constexpr unsigned kNobody = 65534;

Result<std::filesystem::path> find_launcher(const Options& options);
// What is hidden below each of the command's read-only binds, in their order.
using CoverLists = std::vector<std::vector<Cover>>;
// The whole plan as bytes; binds stand at kFirstBindFd in order, read-only ones first.
Result<std::string> make_plan(std::uint32_t layers, std::size_t groups, const Profile& profile, const Command& command,
                              const CoverLists& covers, const Options& options);
// A memory file with `content`, sealed, at its beginning.
Result<FileDescriptor> sealed_memory(const char* name, const std::string& content);

// An error for a layer that did not come into force, in words for the person.
std::unexpected<Error> layer_missing(Layer layer, const std::string& detail);

// run() with some layers left out: for tests that show what each layer is for. Exists only where
// DAIMON_SANDBOX_TESTING is defined, which Daimon's own programs never are built with.
Result<RunResult> run_with_layers(std::uint32_t layers, const Profile& profile, const Command& command,
                                  const Options& options = {});

}  // namespace daimon::sandbox
