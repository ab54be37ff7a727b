#include "device/csv.h"

#include <algorithm>
#include <array>

#include "base/format.h"

namespace daimon::device {
namespace {
constexpr std::size_t kChunkBytes = 256 << 10;
}  // namespace

CsvReader::CsvReader(std::function<Result<std::size_t>(char*, std::size_t)> read) : read_(std::move(read)) {}

Status CsvReader::fill() {
  buffer_.erase(0, at_);
  at_ = 0;
  const std::size_t kept = buffer_.size();
  buffer_.resize(kept + kChunkBytes);
  auto got = read_(buffer_.data() + kept, kChunkBytes);
  buffer_.resize(kept + got.value_or(0));
  if (!got) return std::unexpected(std::move(got).error());
  ended_ = *got == 0;
  if (std::string_view(buffer_).substr(kept).contains('\0'))
    return fail(ErrorCode::kUnsupported, "the file is not text, or not in UTF-8");
  return {};
}

Status CsvReader::begin() {
  begun_ = true;
  // However short the reads are: what the first line is does not depend on them.
  while (!ended_ && buffer_.size() < kChunkBytes) DAIMON_CHECK(fill());
  if (buffer_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  // The first line decides what divides fields: whichever of the three stands there most often outside quotes.
  std::array<std::size_t, 3> counts{};
  constexpr std::string_view kDelimiters = ",;\t";
  bool quoted = false;
  for (std::size_t i = at_; i < buffer_.size(); ++i) {
    const char c = buffer_[i];
    if (c == '"') quoted = !quoted;
    if (c == '\n' && !quoted) break;
    if (const std::size_t which = kDelimiters.find(c); which != std::string_view::npos && !quoted) ++counts[which];
  }
  delimiter_ = kDelimiters[static_cast<std::size_t>(std::ranges::max_element(counts) - counts.begin())];
  return {};
}

Result<bool> CsvReader::next(std::vector<std::string>& fields) {
  if (!begun_) DAIMON_CHECK(begin());
  std::size_t used = 0;  // fields of this record; the vector keeps its strings between records
  const auto field = [&]() -> std::string& {
    if (used == fields.size()) fields.emplace_back();
    fields[used].clear();
    return fields[used++];
  };
  std::string* current = nullptr;
  bool quoted = false;
  bool was_quoted = false;  // a quotation just ended: another quote now is one doubled inside it
  record_line_ = line_;
  const auto too_large = [&](std::string_view what) {
    return fail(ErrorCode::kLimit, daimon::format("{} in line {} is too large", what, record_line_));
  };
  while (true) {
    if (at_ == buffer_.size()) {
      if (!ended_) DAIMON_CHECK(fill());
      if (at_ == buffer_.size() && ended_) {
        if (quoted)
          return fail(ErrorCode::kCorrupt,
                      daimon::format("the quotation that begins in line {} does not end", record_line_));
        fields.resize(used);
        return used > 0;
      }
      continue;
    }
    const char c = buffer_[at_];
    if (quoted) {
      // A run of plain bytes at once.
      const std::size_t end = std::min(buffer_.find('"', at_), buffer_.size());
      const std::string_view run = std::string_view(buffer_).substr(at_, end - at_);
      line_ += static_cast<std::size_t>(std::ranges::count(run, '\n'));
      current->append(run);
      at_ = end;
      if (current->size() > kFieldBytesMax) return too_large("a field");
      if (at_ < buffer_.size()) {
        ++at_;
        quoted = false;
        was_quoted = true;
      }
      continue;
    }
    ++at_;
    if (c == '"' && was_quoted) {
      *current += '"';
      quoted = true;
      was_quoted = false;
      continue;
    }
    if (c == '"' && (current == nullptr || current->empty()) && !was_quoted) {
      if (current == nullptr) current = &field();
      quoted = true;
      continue;
    }
    if (c == '\r') {
      if (at_ == buffer_.size() && !ended_) DAIMON_CHECK(fill());
      if (at_ < buffer_.size() && buffer_[at_] == '\n') continue;  // the newline ends the record
    }
    if (c == '\n' || c == '\r') {
      ++line_;
      if (used == 0) {  // an empty line
        record_line_ = line_;
        continue;
      }
      if (current == nullptr) field();
      fields.resize(used);
      return true;
    }
    if (c == delimiter_) {
      if (current == nullptr) field();
      current = nullptr;
      was_quoted = false;
      if (used > kFieldsMax) return too_large("the record");
      continue;
    }
    if (current == nullptr) current = &field();
    was_quoted = false;
    *current += c;
    constexpr std::string_view kSpecial = "\"\r\n";
    // The rest of a plain field at once.
    std::size_t end = at_;
    while (end < buffer_.size() && buffer_[end] != delimiter_ && !kSpecial.contains(buffer_[end])) ++end;
    current->append(buffer_, at_, end - at_);
    at_ = end;
    if (current->size() > kFieldBytesMax) return too_large("a field");
  }
}

}  // namespace daimon::device
