// Models of this machine, in the Hugging Face cache layout, and how they come here.
//
// models--OWNER--REPO/{refs/REVISION, blobs/OID, snapshots/COMMIT/FILE -> ../../blobs/OID}, shared with other programs
// that keep to it. Names: a path; OWNER/REPO; OWNER/REPO:Q4_K_M; OWNER/REPO/FILE.gguf; "firmware".
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace daimon::processor {

struct StoredModel {
  std::string name;            // OWNER/REPO:QUANTISATION, or OWNER/REPO/FILE where that is not plain
  std::string quantisation;    // "" when the file's name does not say
  std::filesystem::path path;  // of the first part
  std::uint64_t bytes = 0;     // of all parts
};

struct PullProgress {
  std::string file;
  int part = 1, parts = 1;
  std::uint64_t bytes_done = 0, bytes_total = 0;  // of all parts
  double bytes_per_second = 0;
  double seconds_left = 0;
};

struct PullOptions {
  std::string endpoint = {};  // "" for $HF_ENDPOINT, then https://huggingface.co
  std::string token = {};     // "" for $HF_TOKEN, then the file $HF_HOME/token; sent to the endpoint's host only
  std::string revision = "main";
  int retries_max = 5;  // after lost connections; each goes on where the last one ended
  std::chrono::milliseconds backoff{1000};
  std::function<void(const PullProgress&)> on_progress = {};  // at most ten times a second
  std::stop_token stop = {};
};

// $HF_HOME, huggingface/ of $XDG_CACHE_HOME, or ~/.cache/huggingface.
std::filesystem::path huggingface_home();

// Holds no state but the folder's name; any thread, any number of processes.
class ModelStore {
 public:
  explicit ModelStore(std::filesystem::path folder) : folder_(std::move(folder)) {}
  // $HF_HUB_CACHE, or hub/ of huggingface_home().
  static std::filesystem::path default_folder();

  // GGUF models that are complete, by name.
  [[nodiscard]] std::vector<StoredModel> list() const;
  // The file of a name. kNotFound with the command that gets it; kConflict when several fit, with their names.
  [[nodiscard]] Result<std::filesystem::path> resolve(std::string_view name) const;
  // Downloads what is not here yet and gives the file's path. Blocks; what was downloaded stays for the next try.
  Result<std::filesystem::path> pull(std::string_view name, const PullOptions& options) const;

 private:
  std::filesystem::path folder_;
};

// What follows is for the implementation and its tests.

struct ModelName {
  std::string repo;          // OWNER/REPO
  std::string quantisation;  // "" for any
  std::string file;          // "" for any
};
// kInvalidArgument for what is no such name.
Result<ModelName> parse_model_name(std::string_view name);
// "Q4_K_M" of "model-Q4_K_M.gguf" and "model.q4_k_m-00001-of-00003.gguf"; "" when it does not say.
std::string quantisation_of(std::string_view file);
// The parts of each model among a repository's files, by first part, in order; files that are no language model left
// out.
std::vector<std::vector<std::string>> group_model_files(std::vector<std::string> files);
// Which of them a name means.
Result<std::vector<std::string>> choose_model_files(const ModelName& name,
                                                    const std::vector<std::vector<std::string>>& groups);

}  // namespace daimon::processor
