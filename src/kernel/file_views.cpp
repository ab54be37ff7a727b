// Mounts and searches as docs/api.md shows them.
#include <algorithm>
#include <iterator>
#include <ranges>
#include <utility>

#include "base/format.h"
#include "base/text.h"
#include "kernel/views.h"
#include "memory/answer_ranker.h"

namespace daimon::kernel {
namespace {

constexpr std::size_t kKindsShown = 20;
constexpr int kPassagesRead = 20;

JsonObject mount_view(const fs::MountStatus& mount) {
  return {{"name", mount.name},     {"root", mount.root.string()}, {"files", mount.files},
          {"chunks", mount.chunks}, {"problems", mount.problems},  {"skipped", mount.skipped},
          {"unread", mount.unread}, {"complete", mount.complete},  {"gone", mount.gone}};
}

// Those that answer first (bench_answers, docs/decisions/0005).
std::vector<fs::Passage> in_order_of_reading(std::vector<fs::Passage> windows, std::string_view query,
                                             const embedding::StaticEmbedding& meanings) {
  std::vector<memory::AnswerSource> sources;
  for (const fs::Passage& window : windows | std::views::take(kPassagesRead))
    sources.push_back({static_cast<int>(sources.size() + 1), window.path, window.text});
  std::vector<fs::Passage> ordered;
  for (const std::size_t place : memory::order_by_reading(query, sources, &meanings))
    ordered.push_back(std::move(windows[place]));
  std::ranges::copy(windows | std::views::drop(kPassagesRead), std::back_inserter(ordered));
  return ordered;
}

}  // namespace

Result<Json> mount_folder(fs::FileSystem& files, const std::string& path, const std::string& name,
                          const std::function<void(const Json&)>& progress, const std::stop_token& stop) {
  const auto report = [&](const fs::Progress& now) {
    if (progress)
      progress(JsonObject{{"files_done", now.files_done},
                          {"files_total", now.files_total},
                          {"bytes_done", now.bytes_done},
                          {"path", printable(now.path)}});
  };
  // A process carries its folders in the journal, which is text.
  std::error_code error;
  if (const auto root = std::filesystem::canonical(path, error); !error && !is_utf8(root.string()))
    return fail(ErrorCode::kUnsupported, daimon::format("the path of {} is not valid UTF-8", printable(root.string())),
                "rename it, or mount the folder above it");
  DAIMON_TRY(const fs::MountReport made, files.mount(path, name, report, stop));
  JsonObject view = mount_view(made.mount);
  view["indexed"] = made.indexed;
  view["unchanged"] = made.unchanged;
  view["forgotten"] = made.forgotten;
  view["bytes"] = made.bytes;
  JsonArray problems;
  for (const fs::Problem& problem : made.problems)
    problems.push_back(JsonObject{{"path", problem.path}, {"what", problem.what}});
  view["problem_list"] = std::move(problems);
  JsonArray kinds;
  for (const fs::SkippedKind& kind : made.skipped_kinds | std::views::take(kKindsShown))
    kinds.push_back(JsonObject{{"ending", printable(kind.ending)}, {"files", kind.files}});
  view["skipped_kinds"] = std::move(kinds);
  return Json(std::move(view));
}

Result<Json> mounts_view(fs::FileSystem& files) {
  DAIMON_TRY(const auto mounts, files.mounts());
  JsonArray list;
  for (const fs::MountStatus& mount : mounts) list.push_back(mount_view(mount));
  return Json(std::move(list));
}

Result<Json> find_view(fs::FileSystem& files, std::string_view query, const std::vector<std::string>& mounts, int limit,
                       const embedding::StaticEmbedding* meanings) {
  if (!mounts.empty()) {
    DAIMON_TRY(const auto known, files.mounts());
    for (const std::string& name : mounts)
      if (!std::ranges::contains(known, name, &fs::MountStatus::name))
        return fail(ErrorCode::kNotFound, daimon::format("there is no mount '{}'", printable(name)),
                    "`daimon mounts` lists the mounts");
  }
  DAIMON_TRY(const auto behind, files.settle(mounts));
  // Without what words mean reading is worse than the search (memory/reader.h).
  const int searched = meanings == nullptr ? limit : std::max(limit, kPassagesRead);
  DAIMON_TRY(const auto passages, files.search({std::string(query), mounts, searched}));
  DAIMON_TRY(auto windows, files.windows(query, passages, 320, "…"));
  if (meanings != nullptr) windows = in_order_of_reading(std::move(windows), query, *meanings);
  JsonArray list;
  for (const fs::Passage& passage : windows | std::views::take(std::max(limit, 0))) {
    JsonObject item{{"mount", passage.mount},     {"path", passage.path},       {"page", nullptr},
                    {"heading", passage.heading}, {"text", passage.text},       {"begin", passage.byte_begin},
                    {"end", passage.byte_end},    {"version", passage.version}, {"score", passage.score}};
    if (passage.page) item["page"] = *passage.page;
    list.push_back(std::move(item));
  }
  return Json(JsonObject{{"passages", std::move(list)}, {"incomplete", JsonArray(behind.begin(), behind.end())}});
}

}  // namespace daimon::kernel
