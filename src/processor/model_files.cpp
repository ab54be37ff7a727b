#include "processor/model_files.h"

#include <fcntl.h>
#include <llama.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <format>
#include <fstream>
#include <string>

#include "base/text.h"

namespace daimon::processor {
namespace {

namespace fs = std::filesystem;

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

// All parts of NAME-00001-of-00003.gguf, as libllama finds them; of any other name itself.
std::vector<fs::path> parts_of(const fs::path& path) {
  const std::string name = path.string();
  constexpr std::string_view kFirst = "-00001-of-";
  int parts = 0;
  if (const auto at = name.rfind(kFirst); at != std::string::npos)
    std::from_chars(name.data() + at + kFirst.size(), name.data() + name.size(), parts);
  std::array<char, PATH_MAX> prefix{}, part{};
  if (parts < 2 || llama_split_prefix(prefix.data(), prefix.size(), name.c_str(), 0, parts) <= 0) return {path};
  std::vector<fs::path> all;
  for (int i = 0; i < parts; ++i)
    if (llama_split_path(part.data(), part.size(), prefix.data(), i, parts) > 0) all.emplace_back(part.data());
  return all;
}

}  // namespace

ModelFiles::State ModelFiles::state_of(const struct stat& info) {
  return {info.st_dev, info.st_ino, info.st_size, nanoseconds(info.st_mtim), nanoseconds(info.st_ctim)};
}

Result<ModelFiles> ModelFiles::look(const fs::path& path) {
  std::vector<Part> parts;
  for (const fs::path& part : parts_of(path)) {
    // A fifo must not hang us; what is no model is for others to say.
    FileDescriptor file(::open(part.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat info{};
    if (!file.is_open() || ::fstat(file.get(), &info) != 0)
      return std::unexpected(os_error(errno, std::format("reading {}", printable(part.string()))));
    parts.push_back({part, std::move(file), state_of(info)});
  }
  ModelFiles files;
  files.parts_ = std::make_shared<const std::vector<Part>>(std::move(parts));
  return files;
}

std::uint64_t ModelFiles::bytes() const {
  std::uint64_t sum = 0;
  for (const Part& part : *parts_) sum += static_cast<std::uint64_t>(part.state.size);
  return sum;
}

bool ModelFiles::changed() const {
  return std::ranges::any_of(*parts_, [](const Part& part) {
    struct stat info{};
    if (::stat(part.path.c_str(), &info) == 0) return state_of(info) != part.state;
    if (::fstat(part.file.get(), &info) != 0) return true;
    // Removing it touched it, so what no program can set does not tell; what they can must do.
    const State now = state_of(info);
    return now.size != part.state.size || now.modified_ns != part.state.modified_ns;
  });
}

std::vector<std::pair<std::uintptr_t, std::uintptr_t>> ModelFiles::mappings() const {
  std::vector<std::pair<std::uintptr_t, std::uintptr_t>> found;
  std::vector<std::string> names;
  std::error_code error;
  for (const Part& part : *parts_) {
    std::string name = fs::read_symlink(std::format("/proc/self/fd/{}", part.file.get()), error).string();
    for (std::size_t at = 0; (at = name.find('\n', at)) != std::string::npos; at += 4) name.replace(at, 1, "\\012");
    names.push_back(" " + name);
  }
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (std::ranges::none_of(names, [&](const std::string& name) { return line.ends_with(name); })) continue;
    std::uintptr_t begin = 0, end = 0;
    const char* last = line.data() + line.size();
    const char* dash = std::from_chars(line.data(), last, begin, 16).ptr;
    if (dash != last && std::from_chars(dash + 1, last, end, 16).ec == std::errc{}) found.emplace_back(begin, end);
  }
  return found;
}

std::uint64_t read_bytes_max() {
  constexpr std::uint64_t kMost = 4ULL << 30;
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page = sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page <= 0) return kMost;
  return std::min(kMost, static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page) / 4);
}

}  // namespace daimon::processor
