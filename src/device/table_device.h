// table(path, operation, column, where_column?, where_value?): an exact operation on one column of a CSV file.
#pragma once

#include <memory>

#include "device/device.h"

namespace daimon::device {

// Value: {"path", "operation", "column", "where_column"?, "where_value"?, "result", "rows", "empty", "ragged"}; for
// list and distinct "result" is an array of at most 1000 texts. Rows are those that the condition selects; a cell
// without a value counts as empty and takes no part. A cell that should be a number and is none is an error that names
// its line. Memory does not grow with the file, but for distinct, which stops at 100,000 values.
std::unique_ptr<Device> make_table_device();

}  // namespace daimon::device
