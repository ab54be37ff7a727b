// What `daimon doctor` finds out about the machine.
#include <filesystem>

#include "base/format.h"
#include "base/text.h"
#include "embedding/static_embedding.h"
#include "kernel/views.h"
#include "sandbox/sandbox.h"

namespace daimon::kernel {

void add_machine_checks(JsonArray& checks, const std::filesystem::path& state_folder, const sandbox::Options& sandbox,
                        ModelPool& models, fs::FileSystem& files) {
  const auto report = sandbox::probe(sandbox);
  if (!report) {
    checks.push_back(check_view("sandbox", false, report.error().what, report.error().remedy));
  } else {
    for (const sandbox::LayerReport& layer : report->layers)
      checks.push_back(check_view(
          daimon::format("sandbox: {}", sandbox::name_of(layer.layer)), layer.works || !layer.required,
          layer.works ? layer.detail
                      : daimon::format("missing{}: {}", layer.required ? "" : " (not required)", layer.detail),
          layer.remedy));
    checks.push_back(check_view("sandbox", report->usable,
                                report->usable ? daimon::format("ready; a launch takes {:.1f} ms",
                                                                static_cast<double>(report->launch.count()) / 1000)
                                               : "programs and parsers will not be run",
                                report->usable ? "" : "see the layers above"));
  }
  std::error_code error;
  const auto space = std::filesystem::space(state_folder, error);
  constexpr std::uintmax_t kSpaceMin = 256ULL << 20;
  checks.push_back(check_view(
      "disk", !error && space.available > kSpaceMin,
      error ? error.message() : daimon::format("{} MiB free at {}", space.available >> 20, state_folder.string()),
      !error && space.available > kSpaceMin ? "" : "free some disk space, or set XDG_STATE_HOME to another disk"));
  const auto processor = models.get("");
  checks.push_back(
      check_view("model", processor.has_value(),
                 processor ? daimon::format("{}: {}", (*processor)->model().id, (*processor)->model().description)
                           : processor.error().what,
                 processor ? "" : processor.error().remedy));
  const auto folder = embedding::builtin_embedding();
  const auto meaning = folder ? embedding::StaticEmbedding::load(*folder) : std::unexpected(folder.error());
  checks.push_back(check_view("search", meaning.has_value(),
                              meaning
                                  ? daimon::format("by words and by meaning ({} numbers a passage)", meaning->width())
                                  : meaning.error().what,
                              meaning ? "" : meaning.error().remedy));
  const auto mounts = files.mounts();
  if (!mounts) {
    checks.push_back(check_view("files", false, mounts.error().what, mounts.error().remedy));
    return;
  }
  checks.push_back(check_view(
      "files", true,
      daimon::format("{} {} mounted", mounts->size(), one_or_many(std::ssize(*mounts), "folder", "folders")), ""));
  for (const fs::MountStatus& mount : *mounts)
    if (mount.gone)
      checks.push_back(check_view(
          "files", false,
          daimon::format("the folder of '{}' is gone: {}", printable(mount.name), printable(mount.root.string())),
          daimon::format("bring it back, or `daimon unmount {}` and mount where it is now", printable(mount.name))));
    else if (!mount.complete)
      checks.push_back(check_view(
          "files", true,
          daimon::format("'{}' is being read, or that was interrupted: `daimon mount {}` goes on where it stopped",
                         printable(mount.name), printable(mount.root.string())),
          ""));
}

}  // namespace daimon::kernel
