// The processors of this machine by model name, loaded when first needed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "processor/processor.h"

namespace daimon::kernel {

class ModelPool {
 public:
  // Makes the processor of a model name; may take seconds.
  using Load = std::function<Result<std::unique_ptr<processor::Processor>>(const std::string& name)>;

  ModelPool(std::string default_model, Load load) : default_(std::move(default_model)), load_(std::move(load)) {}

  // The processor of `name` ("" for the default). Blocks while it loads, the first time and when what it was loaded
  // from has changed; the old one ends when nobody holds it any more, which must not be one of its own callbacks. Any
  // thread but the kernel's.
  Result<std::shared_ptr<processor::Processor>> get(std::string_view name);
  // Those that are loaded.
  [[nodiscard]] std::vector<std::shared_ptr<processor::Processor>> loaded() const;
  [[nodiscard]] const std::string& default_model() const { return default_; }

 private:
  std::string default_;
  Load load_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<processor::Processor>, std::less<>> processors_;
};

}  // namespace daimon::kernel
