#include "kernel/materials.h"

#include <algorithm>
#include <fstream>
#include <vector>

#include "base/format.h"
#include "base/text.h"

namespace daimon::kernel {
namespace {

namespace stdfs = std::filesystem;

// Without what stands between quotation marks, where a separator is none.
std::string unquoted(std::string_view text) {
  std::string made;
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (!quoted) made += c;
  }
  return made;
}

// The same number of separators in each of the first lines, and none before a blank, which in prose they are.
bool is_table(std::string_view text, char separator) {
  constexpr std::size_t kLines = 6;
  std::vector<std::ptrdiff_t> counts;
  while (!text.empty() && counts.size() < kLines) {
    const std::size_t end = text.find('\n');
    // The last line may be cut.
    if (end == std::string_view::npos && !counts.empty()) break;
    const std::string_view line = text.substr(0, end);
    if (line.contains(std::string{separator, ' '})) return false;
    if (!trim(line).empty()) counts.push_back(std::ranges::count(line, separator));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  const bool alike = std::ranges::adjacent_find(counts, std::ranges::not_equal_to()) == counts.end();
  return alike && counts.size() >= 2 && counts[0] >= (counts.size() == 2 ? 2 : 1);
}

std::string_view name_for(std::string_view text) {
  const std::string start = to_lower_ascii(trim(text.substr(0, 256)));
  if (start.starts_with("<!doctype html") || start.starts_with("<html")) return "piped.html";
  constexpr std::size_t kLookedAt = 64 << 10;
  const std::string plain = unquoted(text.substr(0, kLookedAt));
  if (is_table(plain, '\t')) return "piped.tsv";
  if (is_table(plain, ',') || is_table(plain, ';')) return "piped.csv";
  return "piped.txt";
}

Status write_file(const stdfs::path& path, std::string_view text) {
  std::error_code failed;
  stdfs::create_directories(path.parent_path(), failed);
  if (!failed) stdfs::permissions(path.parent_path(), stdfs::perms::owner_all, failed);
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (failed || !file)
    return fail(ErrorCode::kIo, daimon::format("what was piped in could not be kept at {}", printable(path.string())),
                "look whether the disk is full and the folder may be written");
  return {};
}

}  // namespace

Result<device::MountReference> Materials::add(std::string_view text, Random& random) const {
  if (folder_.empty()) return fail(ErrorCode::kUnsupported, "there is no place for what is piped in");
  const std::string name = daimon::format("{}{:08x}", kNamePrefix, random.next() & 0xFFFFFFFF);
  device::MountReference material{name, folder_ / name, false, {}};
  std::error_code failed;
  if (const Status written = write_file(material.root / name_for(text), text); !written) {
    stdfs::remove_all(material.root, failed);
    return std::unexpected(written.error());
  }
  const auto mounted = files_.mount(material.root, name, {}, {});
  if (mounted && mounted->mount.files == 1 && mounted->mount.problems == 0) return material;
  remove(name);
  stdfs::remove_all(material.root, failed);
  if (!mounted) return std::unexpected(mounted.error());
  return fail(ErrorCode::kUnsupported,
              daimon::format("what was piped in cannot be read: {}",
                             mounted->problems.empty() ? "it is not text" : mounted->problems.front().what),
              "pipe text in, or mount the folder of the file");
}

bool Materials::is_one(const stdfs::path& root) const { return !folder_.empty() && root.parent_path() == folder_; }

void Materials::remove(const std::string& name) const {
  const auto roots = files_.roots();
  if (!roots) return;
  const auto mount = roots->find(name);
  if (mount == roots->end() || !is_one(mount->second)) return;
  std::error_code ignored;
  const stdfs::path root = mount->second;
  static_cast<void>(files_.unmount(name));
  stdfs::remove_all(root, ignored);
}

void Materials::remove_all_but(const std::set<std::string>& used) const {
  if (folder_.empty()) return;
  if (const auto roots = files_.roots())
    for (const auto& [name, root] : *roots)
      if (!used.contains(name)) remove(name);
  // One that was written and not yet mounted, or not any more.
  std::error_code ignored;
  std::vector<stdfs::path> strays;
  for (const auto& entry : stdfs::directory_iterator(folder_, ignored))
    if (!used.contains(entry.path().filename().string())) strays.push_back(entry.path());
  for (const stdfs::path& stray : strays) stdfs::remove_all(stray, ignored);
}

}  // namespace daimon::kernel
