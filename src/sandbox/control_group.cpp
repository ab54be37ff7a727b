#include "sandbox/control_group.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/format.h"

namespace daimon::sandbox {
namespace {

const std::filesystem::path kRoot = "/sys/fs/cgroup";

bool put(const std::filesystem::path& file, std::string_view value) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = ::write(fd, value.data(), value.size()) == static_cast<ssize_t>(value.size());
  ::close(fd);
  return written;
}

std::string get(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::uint64_t number_after(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  return at == std::string_view::npos
             ? 0
             : std::strtoull(std::string(text.substr(at + key.size(), 24)).c_str(), nullptr, 10);
}

struct Places {
  std::filesystem::path memory, processes, unified;
};

Places find_places() {
  Places places;
  std::istringstream lines(get("/proc/self/cgroup"));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1).substr(1);
    if (controllers == "memory") places.memory = kRoot / "memory" / path;
    if (controllers == "pids") places.processes = kRoot / "pids" / path;
    if (controllers.empty()) places.unified = kRoot / path;
  }
  return places;
}

}  // namespace

std::optional<ControlGroup> ControlGroup::create(std::uint64_t memory_bytes, std::uint32_t processes) {
  static std::atomic<std::uint64_t> counter = 0;
  const Places places = find_places();
  const std::string name = daimon::format("daimon-{}-{}", ::getpid(), ++counter);
  ControlGroup made;
  std::error_code failed;
  const auto make = [&](const std::filesystem::path& parent) {
    if (parent.empty() || !std::filesystem::create_directory(parent / name, failed)) return false;
    made.folders_.push_back(parent / name);
    return true;
  };
  const std::string memory = std::to_string(memory_bytes);
  // Bubblewrap's own two and the launcher count here.
  const std::string members = std::to_string(processes + 4);
  if (make(places.memory)) {
    if (!put(made.folders_.back() / "memory.limit_in_bytes", memory)) return std::nullopt;
    put(made.folders_.back() / "memory.memsw.limit_in_bytes", memory);
    if (make(places.processes)) put(made.folders_.back() / "pids.max", members);
    return made;
  }
  // v2: only where the controllers are already handed down; a group with processes of its own cannot hand them down.
  if (get(places.unified / "cgroup.subtree_control").contains("memory") && make(places.unified)) {
    if (!put(made.folders_.back() / "memory.max", memory)) return std::nullopt;
    put(made.folders_.back() / "memory.swap.max", "0");
    put(made.folders_.back() / "memory.oom.group", "1");
    put(made.folders_.back() / "pids.max", members);
    return made;
  }
  return std::nullopt;
}

ControlGroup::~ControlGroup() {
  for (const std::filesystem::path& folder : folders_)
    // The kernel lets go of a dead process a moment after it is reaped.
    for (int attempt = 0; ::rmdir(folder.c_str()) != 0 && errno == EBUSY && attempt < 50; ++attempt)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

std::vector<int> ControlGroup::open_members() const {
  std::vector<int> members;
  for (const std::filesystem::path& folder : folders_) {
    const int fd = ::open((folder / "cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC);
    if (fd >= 0) members.push_back(fd);
  }
  return members;
}

bool ControlGroup::ran_out_of_memory() const {
  const std::filesystem::path& folder = folders_.front();
  return number_after(get(folder / "memory.oom_control"), "oom_kill ") > 0 ||
         number_after(get(folder / "memory.events"), "oom_kill ") > 0;
}

std::uint64_t ControlGroup::peak_memory_bytes() const {
  const std::string v1 = get(folders_.front() / "memory.max_usage_in_bytes");
  return std::strtoull((v1.empty() ? get(folders_.front() / "memory.peak") : v1).c_str(), nullptr, 10);
}

}  // namespace daimon::sandbox
