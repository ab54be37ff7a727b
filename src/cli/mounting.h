// Mounting a folder and showing how far it has come.
#pragma once

#include <cstdint>
#include <string>

#include "cli/command.h"

namespace daimon::cli {

// Of what is left out of a folder, that it is, is always noted; what it is, when it was read anew or kAll is asked for.
enum class Listing : std::uint8_t { kNew, kAll };

// Mounts `path`, or finds the mount of that name when there is no such path; the mount of docs/api.md. `name` may be
// empty. Progress goes to stderr. Ctrl-C ends it (kCancelled); what is indexed by then is kept.
Result<Json> mount_path(const Session& session, const api::Client& client, const std::string& path,
                        const std::string& name, Listing listing);

}  // namespace daimon::cli
