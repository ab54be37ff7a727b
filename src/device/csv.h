// Comma-separated values as a stream (RFC 4180, and what programs really write): quoted fields with doubled quotes and
// line breaks inside, CRLF or LF, a byte-order mark, and ',', ';' or tab between fields, found from the first line.
#pragma once

#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace daimon::device {

class CsvReader {
 public:
  static constexpr std::size_t kFieldBytesMax = 1 << 20;
  static constexpr std::size_t kFieldsMax = 10'000;

  // `read` fills a buffer and says how many bytes it put there, 0 at the end.
  explicit CsvReader(std::function<Result<std::size_t>(char* buffer, std::size_t size)> read);

  // The next record's fields; false at the end. kCorrupt: a quotation that does not end; kUnsupported: not text;
  // kLimit: a field or record that is too large. A line with nothing in it is no record.
  Result<bool> next(std::vector<std::string>& fields);
  [[nodiscard]] std::size_t line() const { return record_line_; }  // where the last record began, from 1
  [[nodiscard]] char delimiter() const { return delimiter_; }

 private:
  Status fill();
  Status begin();

  std::function<Result<std::size_t>(char*, std::size_t)> read_;
  std::string buffer_;
  std::size_t at_ = 0;
  bool ended_ = false;
  bool begun_ = false;
  char delimiter_ = ',';
  std::size_t line_ = 1;
  std::size_t record_line_ = 1;
};

}  // namespace daimon::device
