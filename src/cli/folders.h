// Where the daemon keeps things, and where it is found.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "cli/terminal.h"

namespace daimon::cli {

struct Folders {
  // State: XDG_STATE_HOME/daimon, or ~/.local/state/daimon. Runtime: XDG_RUNTIME_DIR/daimon; without that variable the
  // state folder, so that each state has a daemon of its own, or /tmp/daimon-UID when its name is too long for a
  // socket. Config: XDG_CONFIG_HOME/daimon, or ~/.config/daimon. The first two are made, mode 0700, and must be ours: a
  // folder of somebody else's is kDenied.
  static Result<Folders> find(const Terminal::Environment& environment);

  std::filesystem::path runtime, state, config;

  [[nodiscard]] std::filesystem::path socket() const { return runtime / "daimon.sock"; }
  [[nodiscard]] std::filesystem::path log() const { return state / "daemon.log"; }
  [[nodiscard]] std::filesystem::path tokens() const { return state / "tokens.json"; }
  // Locked by the daemon as long as it runs; holds {"pid", "socket"}.
  [[nodiscard]] std::filesystem::path daemon_lock() const { return state / "daemon.lock"; }
  // Locked by whoever starts a daemon.
  [[nodiscard]] std::filesystem::path start_lock() const { return state / "start.lock"; }
};

}  // namespace daimon::cli
