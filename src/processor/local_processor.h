// A model of this machine, run by libllama in this process.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "processor/batch_engine.h"
#include "processor/processor.h"

namespace daimon::processor {

struct LocalOptions {
  std::filesystem::path model_path = {};
  std::string id = {};     // what --model names; "" for the file's name
  int context_tokens = 0;  // of one process; 0: the model's, at most 8,192
  int cells_max = 0;       // context memory of all processes, in tokens; 0: as many as fit in memory_max
  int sequences_max = 0;   // in one batch and kept; 0: 256 (16 for recurrent models)
  KvType kv_type = KvType::kF16;
  int threads = 0;      // 0: as many as there are cores
  int gpu_layers = -1;  // -1: all, where there is a GPU
  int batch_tokens = 512;
  std::uint64_t kv_memory_max = 0;  // bytes, for cells_max = 0; 0: four times the weights, 64 MiB to 1 GiB
  bool jump_forward = true;
  bool share_prefixes = true;
  bool trusted = false;  // the file is ours (the firmware): it need not be tried in a child process first
  std::filesystem::path checked_folder = {};         // see model_check.h
  std::optional<std::uint64_t> read_bytes_max = {};  // a larger file is mapped, not read; nothing: model_files.h's
};

class LocalProcessor final : public Processor {
 public:
  // Checks the file, tries it in a child process when it is not known yet, loads it, starts the decode thread. Takes
  // from tens of milliseconds to minutes; any thread.
  static Result<std::unique_ptr<Processor>> create(const LocalOptions& options);

  [[nodiscard]] const ModelInfo& model() const override { return info_; }
  void submit(Request request, OnText on_text, OnDone on_done) override;
  void cancel(std::string_view request_id) override;
  [[nodiscard]] Usage usage() const override;
  [[nodiscard]] bool is_outdated() const override;
  [[nodiscard]] int count_tokens(std::string_view text) const override;

 private:
  LocalProcessor() = default;
  [[nodiscard]] Error spoilt() const;

  ModelInfo info_;
  std::string backend_;
  std::uint64_t memory_bytes_ = 0;
  std::unique_ptr<Model> model_;
  std::unique_ptr<ChatFormat> format_;
  std::unique_ptr<BatchEngine> engine_;  // last: its thread uses the others
};

}  // namespace daimon::processor
