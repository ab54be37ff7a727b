// A person's rules and the capabilities of a request: read or refused in words; whatever a rule says, "never" of all
// holds for all, and what was read is read again as the same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/json.h"
#include "capability/capability.h"
#include "capability/constitution.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace daimon;
  using capability::Constitution;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto rules = Constitution::parse(text);
  if (!rules && rules.error().what.empty()) std::abort();
  if (rules) {
    const std::string object(text.substr(0, text.find('\n')));
    const auto stricter = Constitution::parse(std::string(text) + "\nnever any file *\n");
    if (!stricter) std::abort();
    const capability::Access access{"file", "write", object};
    static_cast<void>(rules->judge(access));
    if (stricter->judge(access).ruling != Constitution::Ruling::kNever) std::abort();
  }
  if (const auto value = parse_json(text)) {
    const auto read = capability::capability_from_json(*value);
    if (!read) return read.error().what.empty() ? (std::abort(), 0) : 0;
    const auto again = capability::capability_from_json(capability::to_json(*read));
    if (!again || *again != *read || !read->contains(*again)) std::abort();
  }
  return 0;
}
