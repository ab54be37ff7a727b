// Which files hold keys and passwords: the one list of them.
//
// They are never indexed, no program in the sandbox sees them, a process asks its person before it reads or writes one
// (at every level of autonomy), and what it then reads is secret: it goes to no remote model and to no host. Their
// names are no secret.
#pragma once

#include <filesystem>
#include <string_view>

namespace daimon::capability {

// By its name, or that of a folder that it is in. An absolute path, or one of which the beginning is known to be none.
bool holds_credentials(const std::filesystem::path& path);

// One step of the same: a file or folder `name` in a folder called `parent`, which is none itself.
bool is_name_of_credentials(std::string_view parent, std::string_view name);

}  // namespace daimon::capability
