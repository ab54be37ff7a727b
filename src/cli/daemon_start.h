// Finds the daemon, and starts it when there is none.
#pragma once

#include "api/client.h"
#include "base/result.h"
#include "cli/folders.h"

namespace daimon::cli {

// A client of a daemon of this very build. A daemon of another build is asked to end first (its processes resume in
// the new one). Of several programs that start one at once, one does. kUnavailable, with the end of the log, when the
// daemon does not come up.
Result<api::Client> reach_daemon(const Folders& folders, const Terminal& terminal);

// A client of the daemon that runs, if one does: never starts one. kUnavailable otherwise.
Result<api::Client> running_daemon(const Folders& folders);

// What the daemon that runs, or the last one that did, wrote into its lock: {"pid", "socket"}, and "stopped" when it
// was asked to end. kInvalidArgument when nobody did.
Result<Json> told_of_daemon(const Folders& folders);
// Whether the last daemon ended because somebody wanted it to, or is about to: one that was killed says nothing.
bool was_stopped(const Folders& folders);

// Asks the daemon to end and waits until it has.
Status stop_daemon(const Folders& folders, const api::Client& client);

}  // namespace daimon::cli
