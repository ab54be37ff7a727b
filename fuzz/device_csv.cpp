// Tables: the same records however the bytes come, within the limits of a field and a record.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "device/csv.h"

namespace {

using namespace daimon;

struct Table {
  std::vector<std::vector<std::string>> records;
  bool whole = true;
};

Table read(std::string_view text, std::size_t at_once) {
  device::CsvReader reader([&](char* buffer, std::size_t size) -> Result<std::size_t> {
    const std::size_t given = std::min({size, at_once, text.size()});
    std::ranges::copy(text.substr(0, given), buffer);
    text.remove_prefix(given);
    return given;
  });
  Table table;
  std::vector<std::string> fields;
  for (std::size_t line = 0;;) {
    const auto more = reader.next(fields);
    if (!more && more.error().what.empty()) std::abort();
    if (!more || !*more) {
      table.whole = more.has_value();
      return table;
    }
    if (fields.empty() || fields.size() > device::CsvReader::kFieldsMax || reader.line() <= line) std::abort();
    line = reader.line();
    for (const std::string& field : fields)
      if (field.size() > device::CsvReader::kFieldBytesMax) std::abort();
    table.records.push_back(fields);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Table at_once = read(text, 1 << 20);
  const Table in_pieces = read(text, 3);
  // Of a table that cannot be read to its end nothing is used, so how far it was read may differ.
  if (at_once.whole != in_pieces.whole || (at_once.whole && at_once.records != in_pieces.records)) std::abort();
  return 0;
}
