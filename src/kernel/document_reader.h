// Documents that are not plain text, for the files device: what the semantic file system knows to parse.
#pragma once

#include "device/files_device.h"

namespace daimon::kernel {

class ParsedDocumentReader final : public device::DocumentReader {
 public:
  [[nodiscard]] bool reads(std::string_view name) const override;
  Result<std::string> text_of(std::string_view name, std::string_view bytes, std::stop_token stop) override;
};

}  // namespace daimon::kernel
