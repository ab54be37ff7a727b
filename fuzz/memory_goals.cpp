// A goal: the parts of it that are looked up are as many as were asked for or none, each of them text, and there is a
// pattern of what may be reckoned with what was found.
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "capability/label.h"
#include "memory/asked_parts.h"
#include "memory/context.h"
#include "memory/expression_schema.h"
#include "memory/named_times.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace daimon;
  if (size > 2048) return 0;
  const std::string goal = repair_utf8(std::string_view(reinterpret_cast<const char*>(data), size));
  const std::vector<std::string> files = {"a.txt", "notes/b.md"};
  for (const std::size_t count : {1U, 2U, 3U}) {
    const auto parts = memory::asked_parts(goal, count, files);
    if (!parts.empty() && parts.size() != count) std::abort();
    for (const std::string& part : parts)
      if (part.empty() || !is_utf8(part) || part.contains('\n')) std::abort();
  }
  const memory::NamedTimes times = memory::times_in(goal);
  for (const int month : times.months)
    if (month < 1 || month > 12) std::abort();
  memory::Context context;
  context.set_goal(goal, capability::user_label());
  for (const char* value : {"12.50", "3"}) {
    context.add({"search", "", "", false, {}, {}});
    context.add({"answer", "", std::string(value) + " [1]", false, {}, {}});
    if (memory::expression_pattern(context).empty()) std::abort();
  }
  return 0;
}
