#include "fs/document.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>

#include "base/charset.h"
#include "base/file_descriptor.h"
#include "base/format.h"
#include "base/text.h"
#include "sandbox/sandbox.h"

namespace daimon::fs {
namespace {

const std::map<std::string, std::string, std::less<>>& types() {
  static const std::map<std::string, std::string, std::less<>> kTypes = [] {
    std::map<std::string, std::string, std::less<>> made;
    const auto add = [&](std::string_view type, std::initializer_list<std::string_view> extensions) {
      for (const std::string_view extension : extensions) made.emplace(extension, type);
    };
    add("markdown", {".md", ".markdown", ".mdx"});
    add("html", {".html", ".htm", ".xhtml"});
    add("pdf", {".pdf"});
    add("mail", {".eml", ".mbox"});
    add("table", {".csv", ".tsv"});
    add("data", {".json", ".jsonl", ".yaml", ".yml", ".toml", ".xml", ".ini", ".conf", ".cfg"});
    add("code", {".c",   ".cc",   ".cpp", ".cxx", ".h",  ".hh", ".hpp",   ".py",    ".js",    ".ts", ".tsx",
                 ".jsx", ".java", ".go",  ".rs",  ".rb", ".pl", ".sh",    ".lua",   ".swift", ".kt", ".cs",
                 ".php", ".sql",  ".r",   ".jl",  ".hs", ".ml", ".scala", ".cmake", ".mk"});
    return made;
  }();
  return kTypes;
}

// Files that people write text into; one with other bytes (UTF-16, a damaged disk) is missed when it is not found.
bool is_named_as_text(const std::filesystem::path& path) {
  const std::string extension = to_lower_ascii(path.extension().string());
  const auto found = types().find(extension);
  return extension == ".txt" || extension == ".log" ||
         (found != types().end() && (found->second == "markdown" || found->second == "table"));
}

bool looks_binary(std::string_view bytes) {
  const std::string_view sample = bytes.substr(0, 8192);
  if (sample.contains('\0')) return true;
  const auto odd = std::ranges::count_if(sample, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != '\x1b';
  });
  return static_cast<std::size_t>(odd) * 20 > sample.size();
}

// The kernel resolves each step below `root` and follows no link: a folder that became one since the walk leads
// nowhere.
int open_beneath(const std::filesystem::path& root, const std::filesystem::path& relative) {
  const FileDescriptor folder(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) return -1;
  open_how how{};
  // O_NONBLOCK: a fifo that replaced the file between the walk and now must not hang us.
  how.flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 0;; ++attempt) {
    const long fd = ::syscall(SYS_openat2, folder.get(), relative.c_str(), &how, sizeof how);
    // EAGAIN: something was renamed while the kernel looked; it asks to try again.
    if (fd >= 0 || (errno != EINTR && (errno != EAGAIN || attempt == 50))) return static_cast<int>(fd);
  }
}

Result<std::string> read_bytes(int file, const std::filesystem::path& path, bool& cut, const std::stop_token& stop) {
  struct stat status{};
  std::string bytes;
  if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
    return fail(ErrorCode::kUnsupported, printable(path.string()) + " is not a regular file");
  std::array<char, 1 << 16> buffer{};
  while (bytes.size() < kTextBytesMax) {
    // Half of a file must not pass for the file.
    if (stop.stop_requested()) return fail(ErrorCode::kCancelled, "stopped while reading " + printable(path.string()));
    const ssize_t got = ::read(file, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(os_error(errno, "cannot read " + printable(path.string())));
    if (got == 0) break;
    bytes.append(buffer.data(), static_cast<std::size_t>(got));
    // A gigabyte of zeros need not be read to know that it is no text.
    if (bytes.size() >= 8192 && bytes.size() - static_cast<std::size_t>(got) < 8192 && looks_binary(bytes)) break;
  }
  cut = static_cast<std::uint64_t>(status.st_size) > bytes.size();
  return bytes;
}

}  // namespace

std::optional<std::string> type_of(const std::filesystem::path& path, std::string_view first_bytes) {
  if (first_bytes.starts_with("%PDF-")) return "pdf";
  const auto found = types().find(to_lower_ascii(path.extension().string()));
  if (found != types().end() && found->second == "pdf") return "pdf";
  if (looks_binary(first_bytes)) return std::nullopt;
  return found != types().end() ? found->second : std::string("text");
}

std::vector<std::string> csv_header(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const std::string_view line = text.substr(0, std::min(text.find('\n'), text.size()));
  char separator = ',';
  for (const char candidate : {';', '\t'})
    if (std::ranges::count(line, candidate) > std::ranges::count(line, separator)) separator = candidate;
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < text.size() && fields.size() < 200; ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '"' && i + 1 < text.size() && text[i + 1] == '"')
        fields.back() += text[++i];
      else if (c == '"')
        quoted = false;
      else
        fields.back() += c;
    } else if (c == '"') {
      quoted = true;
    } else if (c == separator) {
      fields.emplace_back();
    } else if (c == '\n') {
      break;
    } else if (c != '\r') {
      fields.back() += c;
    }
  }
  for (std::string& field : fields) field = trim(field);
  return fields;
}

Result<Document> parse_pdf(const std::filesystem::path& path, std::string bytes, std::stop_token stop) {
  sandbox::Profile profile;
  profile.output_bytes = 16ULL << 20;
  profile.wall = std::chrono::seconds(60);
  profile.cpu = std::chrono::seconds(50);
  sandbox::Command command;
  command.argv = {"/usr/bin/pdftotext", "-layout", "-enc", "UTF-8", "-", "-"};
  if (path.empty())
    command.input = std::move(bytes);
  else
    command.input_file = path;
  command.stop = std::move(stop);
  // It sees no file but the system's own: on a kernel without Landlock nothing is open that this would close.
  DAIMON_TRY(const sandbox::RunResult result, sandbox::run(profile, command, {.allow_missing_landlock = true}));
  if (result.stopped == sandbox::Stopped::kCancelled)
    return fail(ErrorCode::kCancelled, "stopped while the PDF was read");
  if (!result.succeeded() && result.out.empty()) {
    // Its first complaint is the cause of the others.
    const std::string_view said = trim(result.error);
    const std::string_view reason = cut_utf8(said.substr(0, said.find('\n')), 200);
    return fail(ErrorCode::kCorrupt,
                daimon::format("the PDF does not parse{}{}", reason.empty() ? "" : ": ", printable(reason)),
                "open it in a viewer and save it again, if it opens at all");
  }
  Document document;
  document.type = "pdf";
  document.cut = result.out_truncated || result.stopped != sandbox::Stopped::kNot;
  // Runs of blanks are layout; a form feed ends each page.
  const std::string text = repair_utf8(result.out);
  document.page_begin.push_back(0);
  bool blank = false;
  for (const char c : text) {
    if (c == ' ' || c == '\t') {
      blank = true;
      continue;
    }
    if (blank && c != '\n' && c != '\f' && !document.text.empty() && document.text.back() != '\n') document.text += ' ';
    blank = false;
    if (c == '\f') {
      if (!document.text.empty() && document.text.back() != '\n') document.text += '\n';
      document.page_begin.push_back(document.text.size());
      continue;
    }
    // At most one empty line.
    if (c == '\n' && document.text.ends_with("\n\n")) continue;
    document.text += c;
  }
  if (document.page_begin.size() > 1 && document.page_begin.back() == document.text.size())
    document.page_begin.pop_back();
  return document;
}

Result<Document> read_document(const std::filesystem::path& path, const std::stop_token& stop) {
  const auto folder = path.parent_path();
  return read_document(folder.empty() ? "." : folder, path.filename(), stop);
}

Result<Document> read_document(const std::filesystem::path& root, const std::filesystem::path& relative,
                               const std::stop_token& stop) {
  const std::filesystem::path path = root / relative;
  const FileDescriptor file(open_beneath(root, relative));
  if (file.get() < 0) return std::unexpected(os_error(errno, "cannot open " + printable(path.string())));
  bool cut = false;
  DAIMON_TRY(std::string bytes, read_bytes(file.get(), path, cut, stop));
  const auto type = type_of(path, bytes.substr(0, 8192));
  if (!type && is_named_as_text(path))
    return fail(ErrorCode::kCorrupt, "its name says that it is text, its bytes do not", "save it as UTF-8 text");
  if (!type) return fail(ErrorCode::kUnsupported, "not a text document");
  if (*type == "pdf")
    // The file that was looked at, whatever has its name by now.
    return parse_pdf(daimon::format("/proc/self/fd/{}", file.get()), {}, stop);
  Document document;
  document.type = *type;
  document.cut = cut;
  if (cut) bytes.resize(bytes.rfind('\n') == std::string::npos ? bytes.size() : bytes.rfind('\n') + 1);
  // The parts of a mail say what they are.
  if (*type != "mail" && !is_utf8(bytes)) {
    document.repaired = true;
    bytes = utf8_of(bytes);
  }
  if (*type == "html") {
    DAIMON_TRY(document.text, text_of_html(bytes));
  } else if (*type == "mail") {
    document.text = text_of_mail(bytes);
  } else {
    document.text = std::move(bytes);
  }
  if (*type == "table") document.columns = csv_header(document.text);
  return document;
}

}  // namespace daimon::fs
