#include "kernel/document_reader.h"

#include "base/charset.h"
#include "fs/document.h"

namespace daimon::kernel {

bool ParsedDocumentReader::reads(std::string_view name) const {
  const auto type = fs::type_of(name, "");
  return type && (*type == "pdf" || *type == "html" || *type == "mail");
}

Result<std::string> ParsedDocumentReader::text_of(std::string_view name, std::string_view bytes, std::stop_token stop) {
  const auto type = fs::type_of(name, bytes.substr(0, 8192));
  if (!type) return fail(ErrorCode::kUnsupported, "not a text document");
  if (*type == "html") return fs::text_of_html(utf8_of(bytes));
  if (*type == "mail") return fs::text_of_mail(bytes);
  DAIMON_TRY(const fs::Document document, fs::parse_pdf({}, std::string(bytes), std::move(stop)));
  return document.text;
}

}  // namespace daimon::kernel
