// A mounted folder, a process's own folder and a context, for tests of devices.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/clock.h"
#include "device/device.h"

namespace daimon::device {

struct DeviceWorld {
  DeviceWorld() {
    // In memory where that can be had: thousands of writes that are made durable cost nothing there.
    const std::filesystem::path memory = "/dev/shm";
    const bool usable = ::access(memory.c_str(), W_OK | X_OK) == 0;
    std::string pattern =
        ((usable ? memory : std::filesystem::temp_directory_path()) / "daimon-device-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    std::filesystem::create_directories(folder / "home");
    std::filesystem::create_directories(folder / "state");
    mounts.push_back({"home", folder / "home", true});
  }
  ~DeviceWorld() {
    std::error_code ignored;
    std::filesystem::permissions(folder / "home", std::filesystem::perms::all, ignored);
    std::filesystem::remove_all(folder, ignored);
  }
  DeviceWorld(const DeviceWorld&) = delete;

  void put(const std::filesystem::path& name, std::string_view content) const {
    std::filesystem::create_directories((folder / "home" / name).parent_path());
    std::ofstream(folder / "home" / name, std::ios::binary) << content;
  }
  [[nodiscard]] std::string get(const std::filesystem::path& name) const {
    std::ifstream file(folder / "home" / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] CallContext context() const {
    return {clock, stop.get_token(), clock.steady() + std::chrono::minutes(1), mounts, folder / "state", {}};
  }
  Result<Outcome> run(Device& device, std::string name, Json arguments) {
    return device.run(
        {"p1." + std::to_string(++calls), "p1", std::move(name), std::move(arguments), capability::agent_label()},
        context());
  }

  std::filesystem::path folder;
  std::vector<MountReference> mounts;
  SystemClock clock;
  std::stop_source stop;
  int calls = 0;
};

inline std::string text_or_error(const Result<Outcome>& outcome) {
  return outcome ? outcome->text : "error: " + outcome.error().what;
}

}  // namespace daimon::device
