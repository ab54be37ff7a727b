#include "device/table_device.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <unordered_set>

#include "base/charset.h"
#include "base/format.h"
#include "base/text.h"
#include "device/arguments.h"
#include "device/beneath.h"
#include "device/column_total.h"
#include "device/csv.h"
#include "device/typed_call.h"

namespace daimon::device {
namespace {

constexpr std::size_t kValuesKept = 1000;
constexpr std::size_t kValuesShown = 12;
constexpr std::size_t kDistinctMax = 100'000;
constexpr std::array<std::string_view, 7> kOperations = {"sum", "count", "average", "min", "max", "list", "distinct"};

std::string_view name_of(TableOperation operation) { return kOperations[static_cast<std::size_t>(operation)]; }

std::string cell_text(std::string_view cell) { return utf8_of(trim(cell)); }

bool is_date(std::string_view text) {
  if (text.size() < 10) return false;
  for (std::size_t i = 0; i < 10; ++i)
    if (i == 4 || i == 7 ? text[i] != '-' : text[i] < '0' || text[i] > '9') return false;
  return true;
}

// Without case; a beginning of a date matches the date, and numbers match by value.
bool matches(std::string_view cell, std::string_view wanted, const std::optional<CellNumber>& wanted_number,
             bool decimal_comma) {
  cell = trim(cell);
  if (to_lower_ascii(is_utf8(cell) ? std::string(cell) : utf8_of(cell)) == wanted) return true;
  if (is_date(cell) && (wanted.size() == 4 || wanted.size() == 7 || wanted.size() == 10))
    return cell.starts_with(wanted);
  if (!wanted_number) return false;
  const auto number = number_of_cell(cell, decimal_comma);
  return number && number->value() == wanted_number->value();
}

class Query {
 public:
  Query(const TableArguments& arguments, CsvReader& reader) : arguments_(arguments), reader_(reader) {}

  Result<Outcome> run() {
    DAIMON_CHECK(read_header());
    std::vector<std::string> row;
    while (true) {
      DAIMON_TRY(const bool more, reader_.next(row));
      if (!more) break;
      DAIMON_CHECK(take(row));
    }
    return outcome();
  }

 private:
  Status read_header() {
    DAIMON_TRY(const bool any, reader_.next(header_));
    if (!any) return fail(ErrorCode::kUnsupported, "the table is empty");
    for (std::string& name : header_) name = cell_text(name);
    decimal_comma_ = reader_.delimiter() == ';';
    DAIMON_TRY(column_, find_column(arguments_.column));
    if (arguments_.where_column.has_value() != arguments_.where_value.has_value())
      return fail(ErrorCode::kInvalidArgument, "where_column and where_value go together");
    if (arguments_.where_column) {
      DAIMON_TRY(where_, find_column(*arguments_.where_column));
      wanted_ = to_lower_ascii(trim(*arguments_.where_value));
      wanted_number_ = number_of_cell(wanted_, decimal_comma_);
    }
    return {};
  }

  Result<std::size_t> find_column(std::string_view name) const {
    const std::string wanted = to_lower_ascii(trim(name));
    const auto found =
        std::ranges::find_if(header_, [&](const std::string& one) { return to_lower_ascii(one) == wanted; });
    if (found != header_.end()) return static_cast<std::size_t>(found - header_.begin());
    std::string columns;
    for (const std::string& one : header_) {
      if (columns.size() > 400) {
        columns += ", ...";
        break;
      }
      columns += (columns.empty() ? "" : ", ") + printable(one);
    }
    return fail(ErrorCode::kInvalidArgument,
                daimon::format("no column '{}'; columns are {}", printable(name), columns));
  }

  Status take(const std::vector<std::string>& row) {
    if (row.size() != header_.size()) ++ragged_;
    const auto cell = [&](std::size_t column) {
      return column < row.size() ? std::string_view(row[column]) : std::string_view();
    };
    if (where_ && !matches(cell(*where_), wanted_, wanted_number_, decimal_comma_)) return {};
    ++rows_;
    const std::string_view value = cell(column_);
    if (is_empty_cell(value)) {
      ++empty_;
      return {};
    }
    switch (arguments_.operation) {
      case TableOperation::count:
        return {};
      case TableOperation::sum:
      case TableOperation::average: {
        const auto number = number_of_cell(value, decimal_comma_);
        if (!number)
          return fail(ErrorCode::kUnsupported, daimon::format("'{}' in line {} of column '{}' is not a number",
                                                              printable(cut_utf8(cell_text(value), 60)), reader_.line(),
                                                              printable(header_[column_])));
        total_.add(*number);
        places_ = std::max(places_, number->places);
        return {};
      }
      case TableOperation::min:
      case TableOperation::max:
        return take_extreme(value);
      case TableOperation::list:
        if (values_.size() < kValuesKept) values_.emplace_back(cell_text(value));
        return {};
      case TableOperation::distinct:
        if (std::string text = cell_text(value); seen_.insert(to_lower_ascii(text)).second) {
          if (seen_.size() > kDistinctMax)
            return fail(ErrorCode::kLimit, daimon::format("column '{}' has more than {} different values",
                                                          printable(header_[column_]), kDistinctMax));
          if (values_.size() < kValuesKept) values_.emplace_back(text);
        }
        return {};
    }
    return {};
  }

  // By value while every cell is a number, by text (which orders dates) as soon as one is not.
  Status take_extreme(std::string_view cell) {
    const bool least = arguments_.operation == TableOperation::min;
    std::string text = cell_text(cell);
    if (!text_ || (least ? text < *text_ : *text_ < text)) text_ = text;
    const auto number = number_of_cell(cell, decimal_comma_);
    all_numbers_ = all_numbers_ && number.has_value();
    if (!all_numbers_) return {};
    places_ = std::max(places_, number->places);
    const Rational value = number->value();
    if (!extreme_ || (least ? value < *extreme_ : *extreme_ < value)) extreme_ = value;
    return {};
  }

  Result<Outcome> outcome() {
    const std::string path = printable(arguments_.path);
    std::string subject =
        daimon::format("{} of {} in {}", name_of(arguments_.operation), printable(header_[column_]), path);
    if (where_)
      subject += daimon::format(" where {} is {}", printable(header_[*where_]), printable(*arguments_.where_value));
    Json result;
    std::string shown;
    const std::size_t used = rows_ - empty_;
    switch (arguments_.operation) {
      case TableOperation::count:
        shown = std::to_string(rows_);
        break;
      case TableOperation::sum:
        shown = decimal(total_.sum());
        break;
      case TableOperation::average:
      case TableOperation::min:
      case TableOperation::max:
        if (used == 0)
          return fail(ErrorCode::kNotFound,
                      daimon::format("there is no value: {}", where_ ? "no such row" : "the column is empty"));
        if (arguments_.operation == TableOperation::average)
          shown = decimal(total_.sum() / Rational(static_cast<std::int64_t>(used)));
        else
          shown = all_numbers_ ? decimal(*extreme_) : *text_;
        break;
      case TableOperation::list:
      case TableOperation::distinct: {
        JsonArray list(values_.begin(), values_.end());
        result = std::move(list);
        for (std::size_t i = 0; i < std::min(values_.size(), kValuesShown); ++i)
          shown += (i == 0 ? "" : "; ") + printable(cut_utf8(std::string_view(values_[i].get_string()), 100));
        if (values_.size() > kValuesShown) shown += "; ...";
        if (values_.empty()) shown = "nothing";
        break;
      }
    }
    if (result.is_null()) result = shown;
    const bool distinct = arguments_.operation == TableOperation::distinct;
    const std::size_t counted = distinct ? seen_.size() : rows_;
    std::string note = daimon::format("{} {}{}", counted, distinct ? "value" : "row", counted == 1 ? "" : "s");
    if (empty_ > 0) note += daimon::format(", {} empty", empty_);
    JsonObject value{{"path", arguments_.path},
                     {"operation", name_of(arguments_.operation)},
                     {"column", header_[column_]},
                     {"result", std::move(result)},
                     {"rows", rows_},
                     {"empty", empty_},
                     {"ragged", ragged_}};
    if (where_) {
      value["where_column"] = header_[*where_];
      value["where_value"] = *arguments_.where_value;
    }
    return Outcome{std::move(value), daimon::format("{} = {} ({})", subject, shown, note), capability::system_label()};
  }

  [[nodiscard]] std::string decimal(const Rational& number) const {
    const auto decimals = number.decimals();
    if (decimals && *decimals <= std::max<std::size_t>(places_, 12))
      return number.to_decimal(std::max(*decimals, places_));
    return "≈" + number.to_significant(12);
  }

  const TableArguments& arguments_;
  CsvReader& reader_;
  std::vector<std::string> header_;
  std::size_t column_ = 0;
  std::optional<std::size_t> where_;
  std::string wanted_;
  std::optional<CellNumber> wanted_number_;
  bool decimal_comma_ = false;
  std::size_t rows_ = 0;
  std::size_t empty_ = 0;
  std::size_t ragged_ = 0;
  std::size_t places_ = 0;
  ColumnTotal total_;
  bool all_numbers_ = true;
  std::optional<Rational> extreme_;
  std::optional<std::string> text_;
  JsonArray values_;
  std::unordered_set<std::string> seen_;
};

class TableDevice final : public Device {
 public:
  [[nodiscard]] std::string_view name() const override { return "table"; }
  [[nodiscard]] std::span<const CallSpecification> calls() const override { return calls_; }

  Result<Outcome> run(const Call& call, const CallContext& context) override {
    DAIMON_TRY(const auto arguments, parse_arguments<TableArguments>(call.arguments));
    DAIMON_TRY(const ResolvedPath target, resolve_path(context.mounts, arguments.path));
    DAIMON_TRY(const FileDescriptor root, open_root(target.mount->root));
    DAIMON_TRY(const FileDescriptor file, open_file_beneath(root.get(), target.relative, arguments.path));
    CsvReader reader([&](char* buffer, std::size_t size) -> Result<std::size_t> {
      if (context.stop.stop_requested())
        return fail(ErrorCode::kCancelled, "the table was not read to its end: it was stopped");
      while (true) {
        const ssize_t got = ::read(file.get(), buffer, size);
        if (got >= 0) return static_cast<std::size_t>(got);
        if (errno != EINTR)
          return std::unexpected(os_error(errno, daimon::format("cannot read '{}'", printable(arguments.path))));
      }
    });
    DAIMON_TRY(Outcome outcome, Query(arguments, reader).run());
    outcome.label = label_of(target, arguments.path);
    return outcome;
  }

 private:
  std::array<CallSpecification, 1> calls_{
      specify<TableArguments>("table", "exact operation on a column of a CSV file",
                              {.effect = EffectClass::kRead, .timeout = std::chrono::seconds(120)},
                              [](const auto& a) { return file_access("read", a.path); })};
};

}  // namespace

std::unique_ptr<Device> make_table_device() { return std::make_unique<TableDevice>(); }

}  // namespace daimon::device
