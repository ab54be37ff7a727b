#include "cli/build_id.h"

#include <elf.h>
#include <link.h>

#include <cstring>
#include <string_view>

#include "base/format.h"

namespace daimon::cli {
namespace {

constexpr std::size_t kBytesShown = 6;

// Called by dl_iterate_phdr, first for the program itself: finds the note that the linker made from all of its code.
int read_build_id(dl_phdr_info* info, std::size_t, void* to) {
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr) & header = info->dlpi_phdr[i];
    if (header.p_type != PT_NOTE) continue;
    const auto* at = reinterpret_cast<const char*>(info->dlpi_addr + header.p_vaddr);
    const char* const end = at + header.p_memsz;
    while (at + sizeof(ElfW(Nhdr)) <= end) {
      ElfW(Nhdr) note;
      std::memcpy(&note, at, sizeof note);
      const char* const name = at + sizeof note;
      const char* const value = name + ((note.n_namesz + 3U) & ~3U);
      if (note.n_type == NT_GNU_BUILD_ID && std::string_view(name, note.n_namesz) == std::string_view("GNU\0", 4)) {
        static_cast<std::string*>(to)->assign(value, note.n_descsz);
        return 1;
      }
      at = value + ((note.n_descsz + 3U) & ~3U);
    }
  }
  return 1;  // only the program itself
}

}  // namespace

std::string version() {
  std::string id;
  ::dl_iterate_phdr(read_build_id, &id);
  std::string text = DAIMON_VERSION;
  if (id.empty()) return text;
  text += '+';
  for (const char byte : id.substr(0, kBytesShown)) text += daimon::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

}  // namespace daimon::cli
