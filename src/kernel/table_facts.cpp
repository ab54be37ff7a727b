#include "kernel/table_facts.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "device/column_total.h"
#include "device/csv.h"

namespace daimon::kernel {
namespace {

constexpr std::size_t kRecordsMax = 20'000;
constexpr std::size_t kValuesMax = 4'000;  // different ones of a column
constexpr std::size_t kValueBytesMax = 80;

struct Column {
  std::size_t filled = 0;
  std::size_t numbers = 0;
  std::size_t dates = 0;
  std::set<std::string> values, years;
};

bool begins_like_a_date(std::string_view cell) {
  return cell.size() >= 7 && std::ranges::all_of(cell.substr(0, 4), is_digit) && cell[4] == '-' && is_digit(cell[5]) &&
         is_digit(cell[6]);
}

std::string stem(std::string word) {
  if (word.size() > 4 && word.ends_with("ies")) return word.substr(0, word.size() - 3) + "y";
  if (word.size() > 3 && word.ends_with('s') && !word.ends_with("ss")) word.pop_back();
  return word;
}

std::vector<std::string> stems_of(std::string_view text) {
  std::vector<std::string> stems;
  std::string word;
  const std::string lower = to_lower_ascii(text) + " ";
  for (const char c : lower) {
    if (is_digit(c) || (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80)
      word += c;
    else if (!word.empty())
      stems.push_back(stem(std::exchange(word, {})));
  }
  return stems;
}

bool named_in(const std::vector<std::string>& goal, std::string_view value) {
  const auto words = stems_of(value);
  // "x" or "to" says nothing, "Q2" does.
  const auto is_short = [](const std::string& word) {
    return word.size() < 2 || (word.size() == 2 && (is_digit(word[0]) || !is_digit(word[1])));
  };
  if (words.empty() || (words.size() == 1 && is_short(words[0]))) return false;
  return !std::ranges::search(goal, words).empty();
}

}  // namespace

TableFacts facts_of_table(std::string_view csv, std::string_view goal) {
  device::CsvReader reader([&](char* buffer, std::size_t size) -> Result<std::size_t> {
    const std::size_t copied = csv.copy(buffer, size);
    csv.remove_prefix(copied);
    return copied;
  });
  TableFacts facts;
  std::vector<std::string> header;
  if (const auto first = reader.next(header); !first || !*first) return facts;
  std::vector<Column> columns(header.size());
  std::vector<std::string> fields;
  for (std::size_t records = 0; records < kRecordsMax; ++records) {
    const auto more = reader.next(fields);
    if (!more || !*more) break;
    for (std::size_t i = 0; i < std::min(fields.size(), columns.size()); ++i) {
      const std::string_view cell = trim(fields[i]);
      if (device::is_empty_cell(cell)) continue;
      Column& column = columns[i];
      ++column.filled;
      if (begins_like_a_date(cell)) {
        ++column.dates;
        column.years.emplace(cell.substr(0, 4));
      } else if (device::number_of_cell(cell, reader.delimiter() == ';')) {
        ++column.numbers;
      } else if (cell.size() <= kValueBytesMax && column.values.size() < kValuesMax) {
        column.values.emplace(cell);
      }
    }
  }
  const auto goal_words = stems_of(goal);
  std::set<std::string> years;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Column& column = columns[i];
    if (column.filled > 0 && column.numbers * 10 >= column.filled * 9) facts.numbers.push_back(header[i]);
    if (column.filled > 0 && column.dates * 10 >= column.filled * 8) {
      facts.dates.push_back(header[i]);
      years.insert(column.years.begin(), column.years.end());
    }
    std::set<std::string> seen;
    for (const std::string& value : column.values)
      if (facts.named.size() < kNamedMax && named_in(goal_words, value) && seen.insert(to_lower_ascii(value)).second)
        facts.named.emplace_back(header[i], value);
  }
  while (years.size() > kYearsMax) years.erase(years.begin());
  facts.years.assign(years.begin(), years.end());
  if (facts.numbers.empty()) facts.numbers = header;
  return facts;
}

}  // namespace daimon::kernel
