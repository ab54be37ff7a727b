#include "device/files_device.h"

#include <fcntl.h>

#include <algorithm>
#include <array>

#include "base/charset.h"
#include "base/format.h"
#include "base/text.h"
#include "device/arguments.h"
#include "device/beneath.h"
#include "device/staged_change.h"
#include "device/typed_call.h"

namespace daimon::device {
namespace {

constexpr std::size_t kListedMax = 1000;
constexpr std::size_t kListedShown = 12;
constexpr std::size_t kReadShownBytes = 600;
constexpr std::size_t kReadBytes = 256 << 10;     // of plain text, and of a document's text
constexpr std::size_t kDocumentBytes = 64 << 20;  // a document that has to be read as a whole
constexpr std::size_t kBinaryProbeBytes = 8 << 10;

// Of the names in a folder, which are no secret.
capability::Label names_label(std::string_view path) {
  return capability::untrusted_label(daimon::format("file:{}", path));
}

class FilesDevice final : public Device {
 public:
  FilesDevice(DocumentReader* reader, mode_t umask)
      : reader_(reader),
        umask_(umask),
        calls_{
            specify<ListArguments>("list", "show the files of a folder", {.effect = EffectClass::kRead},
                                   [](const auto& a) { return file_access("list", a.path.value_or("")); }),
            specify<ReadArguments>("read", "show a file's text",
                                   {.effect = EffectClass::kRead, .timeout = std::chrono::seconds(60)},
                                   [](const auto& a) { return file_access("read", a.path); }),
            // Staging touches nothing of the person's: it reads the file and keeps the new content in Daimon's own
            // folder.
            specify<WriteArguments>("write", "stage a new or changed file", {.effect = EffectClass::kRead},
                                    [](const auto& a) { return file_access("write", a.path); }),
            specify<ChangeArguments>("apply", "put a staged change in place",
                                     {.effect = EffectClass::kQueryable, .needs_approval_at_l2 = true, .hidden = true},
                                     [](const auto& a) { return file_access("write", a.path); }),
            specify<ChangeArguments>("discard", "drop a staged change",
                                     {.effect = EffectClass::kIdempotent, .hidden = true},
                                     [](const auto& a) { return file_access("write", a.path); })} {}

  [[nodiscard]] std::string_view name() const override { return "files"; }
  [[nodiscard]] std::span<const CallSpecification> calls() const override { return calls_; }

  Result<Outcome> run(const Call& call, const CallContext& context) override {
    if (context.stop.stop_requested()) return fail(ErrorCode::kCancelled, daimon::format("{} was stopped", call.name));
    if (call.name == "list") return list(call, context);
    if (call.name == "read") return read(call, context);
    if (call.name == "write") return write(call, context);
    if (call.name == "apply" || call.name == "discard") {
      DAIMON_TRY(const auto arguments, parse_arguments<ChangeArguments>(call.arguments));
      DAIMON_TRY(const StagedChange change, change_of(arguments, context));
      if (call.name == "apply")
        DAIMON_CHECK(apply_change(context.state_folder, change));
      else
        DAIMON_CHECK(discard_change(context.state_folder, change.id));
      return changed(change, call.name == "apply" ? "written" : "dropped");
    }
    return fail(ErrorCode::kInternal, daimon::format("the files device has no call '{}'", call.name));
  }

  Result<std::optional<Outcome>> query(const Call& call, const CallContext& context) override {
    if (call.name != "apply") return Device::query(call, context);
    DAIMON_TRY(const auto arguments, parse_arguments<ChangeArguments>(call.arguments));
    DAIMON_TRY(const StagedChange change, change_of(arguments, context));
    DAIMON_TRY(const bool applied, is_applied(context.state_folder, change));
    if (!applied) return std::nullopt;
    // Applying what is applied only makes it durable.
    if (const Status done = apply_change(context.state_folder, change);
        !done && done.error().code != ErrorCode::kUnavailable)
      return std::unexpected(done.error());
    return changed(change, "written");
  }

 private:
  static Outcome changed(const StagedChange& change, std::string_view how) {
    return {JsonObject{{"path", change.path}, {"change", change.id}},
            daimon::format("{} {}", printable(change.path), how), capability::system_label()};
  }

  // The change must be for the path that the monitor and the person saw, and still lie in a mount of the process.
  static Result<StagedChange> change_of(const ChangeArguments& arguments, const CallContext& context) {
    return load_change_in(context.state_folder, arguments.change, arguments.path, context.mounts);
  }

  static Result<Outcome> list(const Call& call, const CallContext& context) {
    DAIMON_TRY(const auto arguments, parse_arguments<ListArguments>(call.arguments));
    DAIMON_TRY(const std::string path, canonical_path(arguments.path.value_or("")));
    std::vector<FolderEntry> entries;
    if (path.empty() && context.mounts.size() > 1) {
      for (const MountReference& mount : context.mounts) entries.push_back({mount.name, true, 0});
    } else {
      DAIMON_TRY(const ResolvedPath target, resolve_path(context.mounts, path));
      DAIMON_TRY(const FileDescriptor root, open_root(target.mount->root));
      DAIMON_TRY(const FileDescriptor folder, open_beneath(root.get(), target.relative, O_RDONLY | O_DIRECTORY, path));
      DAIMON_TRY(entries, list_folder(folder.get(), kListedMax + 1, path));
    }
    const bool more = entries.size() > kListedMax;
    if (more) entries.pop_back();
    JsonArray listed;
    std::string text;
    for (const FolderEntry& entry : entries) {
      const std::string full = repair_utf8(path.empty() ? entry.name : path + "/" + entry.name);
      if (listed.size() < kListedShown)
        text += (text.empty() ? "" : "; ") + printable(full) + (entry.folder ? "/" : "");
      listed.push_back(JsonObject{{"path", full}, {"folder", entry.folder}, {"bytes", entry.bytes}});
    }
    if (text.empty()) text = "nothing there";
    return Outcome{JsonObject{{"path", path}, {"entries", std::move(listed)}, {"more", more}}, std::move(text),
                   names_label(path)};
  }

  Result<Outcome> read(const Call& call, const CallContext& context) {
    DAIMON_TRY(const auto arguments, parse_arguments<ReadArguments>(call.arguments));
    const std::string& path = arguments.path;
    DAIMON_TRY(const ResolvedPath target, resolve_path(context.mounts, path));
    DAIMON_TRY(const FileDescriptor root, open_root(target.mount->root));
    DAIMON_TRY(const FileDescriptor file, open_file_beneath(root.get(), target.relative, path));
    const bool document = reader_ != nullptr && reader_->reads(target.relative.filename().string());
    DAIMON_TRY(Content content, read_all(file.get(), document ? kDocumentBytes : kReadBytes, path));
    std::string text;
    if (document) {
      if (content.more)
        return fail(ErrorCode::kLimit,
                    daimon::format("'{}' is larger than {} MiB", printable(path), kDocumentBytes >> 20));
      DAIMON_TRY(text, reader_->text_of(target.relative.filename().string(), content.bytes, context.stop));
      content.more = text.size() > kReadBytes;
    } else {
      if (std::string_view(content.bytes).substr(0, kBinaryProbeBytes).contains('\0'))
        return fail(ErrorCode::kUnsupported, daimon::format("'{}' is not text", printable(path)));
      text = std::move(content.bytes);
    }
    // A cut inside a character is not an error of the file.
    if (content.more) text.resize(cut_utf8(text, kReadBytes).size());
    text = utf8_of(text);
    const std::string shown = daimon::format("{}: {}", printable(path), one_line(text, kReadShownBytes));
    const std::size_t bytes = text.size();
    return Outcome{JsonObject{{"path", path}, {"text", std::move(text)}, {"bytes", bytes}, {"more", content.more}},
                   shown, label_of(target, path)};
  }

  [[nodiscard]] Result<Outcome> write(const Call& call, const CallContext& context) const {
    DAIMON_TRY(auto arguments, parse_arguments<WriteArguments>(call.arguments));
    // Text files end with a newline (POSIX, 3.403 and 3.206), which a model rarely writes.
    if (!arguments.content.empty() && !arguments.content.ends_with('\n')) arguments.content += '\n';
    DAIMON_TRY(const ResolvedPath target, resolve_path(context.mounts, arguments.path));
    DAIMON_TRY(const StagedChange change,
               stage_change(context.state_folder, call.id, target, arguments.path, arguments.content, umask_));
    // The diff shows what the file held before.
    auto label = capability::join(call.label, label_of(target, arguments.path));
    return Outcome{JsonObject{{"path", change.path},
                              {"change", change.id},
                              {"diff", change.diff.text},
                              {"added", change.diff.added},
                              {"removed", change.diff.removed},
                              {"creates", change.creates()}},
                   daimon::format("{} staged", printable(change.path)), std::move(label)};
  }

  DocumentReader* reader_;
  mode_t umask_;
  std::array<CallSpecification, 5> calls_;
};

}  // namespace

std::string one_line(std::string_view text, std::size_t bytes_max) {
  std::string line;
  text = trim(text);
  while (!text.empty() && line.size() < bytes_max) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view part = trim(text.substr(0, end));
    if (!part.empty()) {
      std::string shown(cut_utf8(part, bytes_max));
      std::ranges::replace(shown, '\t', ' ');
      line += (line.empty() ? "" : " / ") + printable(shown);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::string(cut_utf8(line, bytes_max));
}

std::unique_ptr<Device> make_files_device(DocumentReader* reader, mode_t umask) {
  return std::make_unique<FilesDevice>(reader, umask);
}

}  // namespace daimon::device
