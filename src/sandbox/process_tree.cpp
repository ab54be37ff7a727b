#include "sandbox/process_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/format.h"

namespace daimon::sandbox {
namespace {

std::string get(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  std::string text(8192, '\0');
  const ssize_t got = ::read(fd, text.data(), text.size());
  ::close(fd);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

std::uint64_t kilobytes_after(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  return at == std::string_view::npos
             ? 0
             : std::strtoull(std::string(text.substr(at + key.size(), 32)).c_str(), nullptr, 10);
}

// Each thread has children of its own: a list of the main thread's alone would leave out what another one forked.
void add_children(const std::string& folder, std::vector<pid_t>& to) {
  const auto close = [](DIR* open) { ::closedir(open); };
  const std::unique_ptr<DIR, decltype(close)> tasks(::opendir((folder + "/task").c_str()), close);
  if (tasks == nullptr) return;
  for (const dirent* task = ::readdir(tasks.get()); task != nullptr; task = ::readdir(tasks.get())) {
    if (task->d_name[0] == '.') continue;
    const std::string children = get(daimon::format("{}/task/{}/children", folder, task->d_name));
    for (const char* at = children.c_str();;) {
      char* next = nullptr;
      const long child = std::strtol(at, &next, 10);
      if (next == at) break;
      to.push_back(static_cast<pid_t>(child));
      at = next;
    }
  }
}

// Fields 14 to 17 of /proc/PID/stat: its own time, and that of the children it has waited for.
std::uint64_t ticks_of(std::string_view stat) {
  const std::size_t end = stat.rfind(')');
  if (end == std::string_view::npos) return 0;
  std::string rest(stat.substr(end + 1));
  char* at = rest.data();
  for (int field = 3; field < 14; ++field) {
    while (*at == ' ') ++at;
    while (*at != ' ' && *at != '\0') ++at;
  }
  std::uint64_t sum = 0;
  for (int field = 14; field <= 17; ++field) sum += std::strtoull(at, &at, 10);
  return sum;
}

}  // namespace

TreeUse use_of_tree(pid_t root) {
  static const auto kTicksPerSecond = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  TreeUse use;
  std::uint64_t ticks = 0;
  std::vector<pid_t> open{root};
  while (!open.empty() && use.processes < 4096) {
    const pid_t pid = open.back();
    open.pop_back();
    const std::string folder = daimon::format("/proc/{}", pid);
    const std::string status = get(folder + "/status");
    if (status.empty()) continue;
    ++use.processes;
    use.memory_bytes += 1024 * (kilobytes_after(status, "RssAnon:") + kilobytes_after(status, "RssShmem:"));
    ticks += ticks_of(get(folder + "/stat"));
    add_children(folder, open);
  }
  use.cpu = std::chrono::milliseconds(ticks * 1000 / kTicksPerSecond);
  return use;
}

}  // namespace daimon::sandbox
