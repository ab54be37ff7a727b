// ModelStore::pull: which files, their blobs, and the links that make them a snapshot.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <format>
#include <fstream>
#include <optional>
#include <system_error>
#include <thread>

#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "base/url.h"
#include "processor/firmware.h"
#include "processor/hub_client.h"
#include "processor/model_store.h"

namespace daimon::processor {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int kPagesMax = 50;
constexpr std::chrono::milliseconds kProgressEvery(100);

struct RemoteFile {
  std::string path;
  std::string oid;  // of the blob: SHA-256 for large files, git's SHA-1 for small ones
  bool is_sha256 = false;
  std::uint64_t bytes = 0;
};

class File {
 public:
  File(const fs::path& path, int flags) : descriptor_(open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

class Pull {
 public:
  Pull(const fs::path& folder, const ModelName& name, const PullOptions& options, HubClient client)
      : repo_(folder / std::format("models--{}", replaced(name.repo))),
        name_(name),
        options_(options),
        client_(std::move(client)) {}
  Result<fs::path> run();

 private:
  static std::string replaced(std::string repo) { return repo.replace(repo.find('/'), 1, "--"); }
  [[nodiscard]] Error refused(const HubClient::Answer& answer, std::string_view what) const;
  Result<std::vector<RemoteFile>> tree() const;
  Status download(const RemoteFile& file);
  Status download_rest(const RemoteFile& file, const fs::path& incomplete);
  Status check(const RemoteFile& file, const fs::path& incomplete) const;
  Status link(const RemoteFile& file) const;
  Status make_folder(const fs::path& folder) const;
  void report(bool last);

  fs::path repo_;
  const ModelName& name_;
  const PullOptions& options_;
  HubClient client_;
  std::string commit_;
  PullProgress progress_;
  std::uint64_t fetched_ = 0;  // by this call
  Clock::time_point began_ = Clock::now(), reported_{};
};

Error Pull::refused(const HubClient::Answer& answer, std::string_view what) const {
  if (answer.status == 401 || answer.status == 403)
    return {
        ErrorCode::kDenied,
        std::format("the model hub does not give {} ({}): it is gated, private or does not exist", what, answer.status),
        "ask for access on its page, and set HF_TOKEN to a token of your account"};
  if (answer.status == 404)
    return {ErrorCode::kNotFound, std::format("the model hub has no {}", what), "check the name: owner/repo"};
  if (answer.status == 429)
    return {ErrorCode::kLimit, "the model hub's rate limit is reached", "wait some minutes, or set HF_TOKEN"};
  return {ErrorCode::kUnavailable, std::format("the model hub answered {} for {}", answer.status, what),
          "try again later, or set HF_ENDPOINT to a mirror"};
}

Result<std::vector<RemoteFile>> Pull::tree() const {
  std::vector<RemoteFile> files;
  std::string url =
      std::format("{}/api/models/{}/tree/{}?recursive=true", client_.endpoint(), name_.repo, options_.revision);
  for (int page = 0; page < kPagesMax && !url.empty(); ++page) {
    DAIMON_TRY(const HubClient::Answer answer, client_.get(url));
    if (answer.status != 200) return std::unexpected(refused(answer, name_.repo));
    const auto listed = parse_json(answer.body);
    if (!listed || !listed->is_array())
      return fail(ErrorCode::kCorrupt, std::format("{} sent no list of files", client_.endpoint()),
                  "check HF_ENDPOINT");
    for (const Json& entry : listed->get_array()) {
      RemoteFile file;
      if (find_string(entry, "type") != "file") continue;
      file.path = find_string(entry, "path").value_or("");
      file.bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(find_integer(entry, "size").value_or(0), 0));
      file.oid = find_string(entry, "oid").value_or("");
      if (const Json* large = find(entry, "lfs"); large != nullptr && large->is_object()) {
        file.oid = find_string(*large, "oid").value_or("");
        if (file.oid.starts_with("sha256:")) file.oid.erase(0, 7);
        file.is_sha256 = true;
      }
      const fs::path path(file.path);
      const bool hex =
          std::ranges::all_of(file.oid, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
      // Names become paths of this machine: nothing may leave the folder.
      if (file.path.empty() || path.is_absolute() || path.lexically_normal() != path ||
          std::ranges::contains(path, fs::path("..")) || !hex || file.oid.size() != (file.is_sha256 ? 64U : 40U))
        continue;
      files.push_back(std::move(file));
    }
    const auto link = answer.headers.find("link");
    url.clear();
    if (link != answer.headers.end() && link->second.contains("rel=\"next\"") && link->second.starts_with('<'))
      url = link->second.substr(1, link->second.find('>') - 1);
    if (!same_origin(url, client_.endpoint())) url.clear();
  }
  return files;
}

Status Pull::make_folder(const fs::path& folder) const {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return std::unexpected(os_error(error.value(), std::format("making the folder {}", folder.string())));
  return {};
}

void Pull::report(bool last) {
  const auto now = Clock::now();
  if (!options_.on_progress || (!last && now - reported_ < kProgressEvery)) return;
  reported_ = now;
  const double seconds = std::chrono::duration<double>(now - began_).count();
  progress_.bytes_per_second = seconds > 0.01 ? static_cast<double>(fetched_) / seconds : 0;
  progress_.seconds_left =
      progress_.bytes_per_second > 0
          ? static_cast<double>(progress_.bytes_total - std::min(progress_.bytes_done, progress_.bytes_total)) /
                progress_.bytes_per_second
          : 0;
  options_.on_progress(progress_);
}

Status Pull::download_rest(const RemoteFile& file, const fs::path& incomplete) {
  const File out(incomplete, O_WRONLY | O_CREAT);
  if (out.descriptor() < 0) return std::unexpected(os_error(errno, std::format("writing {}", incomplete.string())));
  const off_t end = lseek(out.descriptor(), 0, SEEK_END);
  auto at = static_cast<std::uint64_t>(std::max<off_t>(end, 0));
  if (at > file.bytes) at = 0;
  if (at == file.bytes && at > 0) return {};
  const std::uint64_t before = progress_.bytes_done;
  progress_.bytes_done = before + at;
  struct statvfs space{};
  if (fstatvfs(out.descriptor(), &space) == 0 && space.f_bavail * space.f_frsize < file.bytes - at)
    return fail(ErrorCode::kLimit,
                std::format("{} needs {} more bytes, but {} has {} free", file.path, file.bytes - at,
                            repo_.parent_path().string(), space.f_bavail * space.f_frsize),
                "free space, or set HF_HOME to another disk; what was downloaded stays");
  bool begun = false;
  const auto sink = [&](long status, std::string_view bytes) -> Status {
    if (!begun) {
      begun = true;
      if (status == 200) at = 0;  // the server does not resume: from the begin
      progress_.bytes_done = before + at;
      if (ftruncate(out.descriptor(), static_cast<off_t>(at)) != 0 ||
          lseek(out.descriptor(), static_cast<off_t>(at), SEEK_SET) < 0)
        return std::unexpected(os_error(errno, std::format("writing {}", incomplete.string())));
    }
    if (at + bytes.size() > file.bytes)
      return fail(ErrorCode::kCorrupt, std::format("the model hub sends more of {} than it announced", file.path),
                  "try again later");
    while (!bytes.empty()) {
      const ssize_t written = write(out.descriptor(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) {
        Error error = os_error(errno, std::format("writing {}", incomplete.string()));
        error.remedy += error.remedy.empty() ? "" : "; what was downloaded stays";
        return std::unexpected(std::move(error));
      }
      bytes.remove_prefix(static_cast<std::size_t>(written));
      at += static_cast<std::uint64_t>(written);
      fetched_ += static_cast<std::uint64_t>(written);
      progress_.bytes_done = before + at;
      report(false);
    }
    return {};
  };
  auto answer = client_.get(
      std::format("{}/{}/resolve/{}/{}", client_.endpoint(), name_.repo, options_.revision, file.path), at, sink);
  progress_.bytes_done = before;
  if (!answer) return std::unexpected(answer.error());
  if (const auto commit = answer->first_headers.find("x-repo-commit"); commit != answer->first_headers.end())
    commit_ = commit->second;
  if (answer->status == 416) {
    // Not what this file is any more.
    if (ftruncate(out.descriptor(), 0) != 0) return std::unexpected(os_error(errno, "writing the download"));
    return fail(ErrorCode::kUnavailable, "the model hub refuses to resume the download", "run the same command again");
  }
  if (answer->status != 200 && answer->status != 206)
    return std::unexpected(refused(*answer, std::format("{} of {}", file.path, name_.repo)));
  if (at < file.bytes)
    return fail(ErrorCode::kUnavailable,
                std::format("the download of {} broke off at {} of {} bytes", file.path, at, file.bytes),
                "run the same command again to go on where it ended");
  if (fsync(out.descriptor()) != 0)
    return std::unexpected(os_error(errno, std::format("writing {}", incomplete.string())));
  return {};
}

Status Pull::check(const RemoteFile& file, const fs::path& incomplete) const {
  if (!file.is_sha256) return {};
  DAIMON_TRY(const Digest digest, sha256_of_file(incomplete));
  if (to_hex(digest) == file.oid) return {};
  std::error_code error;
  fs::remove(incomplete, error);
  return fail(
      ErrorCode::kCorrupt,
      std::format("{} came with SHA-256 {} instead of {}; it was thrown away", file.path, to_hex(digest), file.oid),
      "run the same command again; if it happens again, do not trust this mirror");
}

Status Pull::download(const RemoteFile& file) {
  const fs::path blob = repo_ / "blobs" / file.oid;
  std::error_code error;
  if (fs::is_regular_file(blob, error) && fs::file_size(blob, error) == file.bytes) return {};
  DAIMON_CHECK(make_folder(blob.parent_path()));
  const fs::path incomplete = blob.string() + ".incomplete";
  const File lock(blob.string() + ".lock", O_RDWR | O_CREAT);
  if (lock.descriptor() < 0) return std::unexpected(os_error(errno, std::format("writing {}", blob.string())));
  if (flock(lock.descriptor(), LOCK_EX | LOCK_NB) != 0)
    return fail(ErrorCode::kConflict, std::format("{} is being downloaded already", file.path),
                "wait for the other pull to end");
  for (int attempt = 0;; ++attempt) {
    const std::uint64_t before = fetched_;
    Status rest = download_rest(file, incomplete);
    if (rest) break;
    const bool lost = rest.error().code == ErrorCode::kUnavailable || rest.error().code == ErrorCode::kTimeout;
    if (fetched_ > before) attempt = 0;  // it goes on, if slowly
    if (!lost || attempt >= options_.retries_max) return rest;
    const auto until = Clock::now() + options_.backoff * (1 << std::min(attempt, 5));
    while (Clock::now() < until && !options_.stop.stop_requested())
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  DAIMON_CHECK(check(file, incomplete));
  fs::rename(incomplete, blob, error);
  if (error) return std::unexpected(os_error(error.value(), std::format("writing {}", blob.string())));
  fs::remove(blob.string() + ".lock", error);
  return {};
}

Status Pull::link(const RemoteFile& file) const {
  const fs::path from = repo_ / "snapshots" / commit_ / file.path;
  DAIMON_CHECK(make_folder(from.parent_path()));
  const fs::path to = (repo_ / "blobs" / file.oid).lexically_relative(from.parent_path());
  std::error_code error;
  fs::remove(from, error);
  fs::create_symlink(to, from, error);
  if (error) return std::unexpected(os_error(error.value(), std::format("linking {}", from.string())));
  return {};
}

Result<fs::path> Pull::run() {
  DAIMON_TRY(const std::vector<RemoteFile> files, tree());
  std::vector<std::string> names;
  for (const RemoteFile& file : files) names.push_back(file.path);
  DAIMON_TRY(const std::vector<std::string> chosen, choose_model_files(name_, group_model_files(std::move(names))));
  std::vector<RemoteFile> parts;
  for (const std::string& path : chosen) parts.push_back(*std::ranges::find(files, path, &RemoteFile::path));
  progress_.parts = static_cast<int>(parts.size());
  for (const RemoteFile& part : parts) progress_.bytes_total += part.bytes;
  for (progress_.part = 1; const RemoteFile& part : parts) {
    progress_.file = part.path;
    DAIMON_CHECK(download(part));
    progress_.bytes_done += part.bytes;
    report(true);
    if (progress_.part < progress_.parts) ++progress_.part;
  }
  // All was here already, or the server does not say: what refs has, or the revision itself.
  if (commit_.empty()) std::ifstream(repo_ / "refs" / options_.revision) >> commit_;
  if (commit_.empty()) commit_ = options_.revision;
  if (commit_.contains('/') || commit_.starts_with('.'))
    return fail(ErrorCode::kCorrupt, std::format("the model hub names a commit {}", printable(commit_)),
                "check HF_ENDPOINT");
  for (const RemoteFile& part : parts) DAIMON_CHECK(link(part));
  const fs::path ref = repo_ / "refs" / options_.revision;
  DAIMON_CHECK(make_folder(ref.parent_path()));
  std::ofstream(ref) << commit_;
  return repo_ / "snapshots" / commit_ / parts.front().path;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::string default_token() {
  if (std::string token = variable("HF_TOKEN"); !token.empty()) return token;
  std::string token;
  std::ifstream(huggingface_home() / "token") >> token;
  return token;
}

}  // namespace

Result<fs::path> ModelStore::pull(std::string_view name, const PullOptions& options) const {
  if (name == "firmware") return firmware_path();
  DAIMON_TRY(const ModelName parsed, parse_model_name(name));
  std::string endpoint = !options.endpoint.empty() ? options.endpoint : variable("HF_ENDPOINT");
  if (endpoint.empty()) endpoint = "https://huggingface.co";
  while (endpoint.ends_with('/')) endpoint.pop_back();
  if (!Url::parse(endpoint) || !endpoint.starts_with("http"))
    return fail(ErrorCode::kInvalidArgument, std::format("the model hub's endpoint {} is no URL", printable(endpoint)),
                "check HF_ENDPOINT");
  const bool plain = std::ranges::all_of(options.revision, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
  });
  if (!plain || options.revision.empty() || options.revision.starts_with('.'))
    return fail(ErrorCode::kInvalidArgument, std::format("{} is no revision", printable(options.revision)),
                "give a branch, tag or commit");
  std::string token = !options.token.empty() ? options.token : default_token();
  if (token.find_first_of("\r\n") != std::string::npos) token.clear();
  return Pull(folder_, parsed, options, HubClient(std::move(endpoint), std::move(token), options.stop)).run();
}

}  // namespace daimon::processor
