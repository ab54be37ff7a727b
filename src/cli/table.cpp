#include "cli/table.h"

#include <algorithm>

#include "base/text.h"

namespace daimon::cli {

Table::Table(std::vector<std::string_view> headings, std::vector<std::size_t> right) : right_(std::move(right)) {
  add({headings.begin(), headings.end()}, std::vector<Style>(headings.size(), Style::kBold));
}

void Table::add(std::vector<std::string> cells, std::vector<Style> styles) {
  styles.resize(cells.size(), Style::kPlain);
  rows_.push_back({std::move(cells), std::move(styles)});
}

std::string Table::text(const Terminal& terminal, const Stream& stream) const {
  const std::size_t columns = rows_[0].cells.size();
  std::vector<int> widths(columns, 0);
  for (const Row& row : rows_)
    for (std::size_t i = 0; i < columns; ++i)
      widths[i] = std::max(widths[i], static_cast<int>(display_width(row.cells[i])));
  int used = 0;
  for (std::size_t i = 0; i + 1 < columns; ++i) used += widths[i] + 2;
  std::string out;
  for (const Row& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < columns; ++i) {
      const bool last = i + 1 == columns;
      const std::string cell = last && stream.is_terminal()
                                   ? fit(row.cells[i], std::max(8, terminal.columns - used), terminal.symbols->ellipsis)
                                   : row.cells[i];
      const std::string spaces(static_cast<std::size_t>(std::max(0, widths[i] - static_cast<int>(display_width(cell)))),
                               ' ');
      const bool right = std::ranges::contains(right_, i);
      if (right) line += spaces;
      line += stream.paint(row.styles[i], cell);
      if (!right && !last) line += spaces;
      if (!last) line += "  ";
    }
    out += line + "\n";
  }
  return out;
}

}  // namespace daimon::cli
