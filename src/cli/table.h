// Lists in columns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal.h"

namespace daimon::cli {

class Table {
 public:
  // `right` names the columns that are aligned to the right.
  explicit Table(std::vector<std::string_view> headings, std::vector<std::size_t> right = {});
  // Cells must be printable and without colours; `styles` gives those, by column.
  void add(std::vector<std::string> cells, std::vector<Style> styles = {});
  // The last column is cut to the width of a terminal, and whole where there is none.
  [[nodiscard]] std::string text(const Terminal& terminal, const Stream& stream) const;

 private:
  struct Row {
    std::vector<std::string> cells;
    std::vector<Style> styles;
  };
  std::vector<Row> rows_;
  std::vector<std::size_t> right_;
};

}  // namespace daimon::cli
