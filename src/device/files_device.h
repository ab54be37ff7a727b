// The person's mounted folders: list, read, and write as a staged change that the kernel applies or drops.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "device/device.h"

namespace daimon::device {

// Text of documents that are not plain text; the kernel gives one that knows PDF and HTML. Any thread.
class DocumentReader {
 public:
  virtual ~DocumentReader() = default;
  // By the name alone: whether text_of knows this kind of document.
  [[nodiscard]] virtual bool reads(std::string_view name) const = 0;
  virtual Result<std::string> text_of(std::string_view name, std::string_view bytes, std::stop_token stop) = 0;
};

// Calls: list(path?), read(path), write(path, content), and hidden apply(change, path), discard(change, path).
//
// Value of list: {"path", "entries": [{"path", "folder", "bytes"}], "more"}; of read: {"path", "text", "bytes", "more"}
// with at most 256 KiB of text; of write: {"path", "change", "diff", "added", "removed", "creates"}; of apply and
// discard: {"path", "change"}. `reader` may be null and outlives the device. `umask` is the person's, for
// what is new.
std::unique_ptr<Device> make_files_device(DocumentReader* reader = nullptr, mode_t umask = 022);

// The text that a result's text shows of a document: newlines as " / ", at most `bytes_max` bytes.
std::string one_line(std::string_view text, std::size_t bytes_max);

}  // namespace daimon::device
