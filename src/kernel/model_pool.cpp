#include "kernel/model_pool.h"

#include "base/format.h"

namespace daimon::kernel {

Result<std::shared_ptr<processor::Processor>> ModelPool::get(std::string_view name) {
  const std::string wanted(name.empty() ? std::string_view(default_) : name);
  // Held while loading: a second caller for the same model waits for the first one's.
  const std::scoped_lock lock(mutex_);
  const auto found = processors_.find(wanted);
  if (found != processors_.end() && !found->second->is_outdated()) return found->second;
  auto processor = load_(wanted);
  // A file that is being copied over is no model for a while: whoever waits for it tries again.
  if (!processor && found != processors_.end())
    return fail(ErrorCode::kUnavailable,
                daimon::format("the file of {} changed, and cannot be loaded now: {}", wanted, processor.error().what),
                processor.error().remedy);
  if (!processor) return std::unexpected(processor.error());
  return processors_.insert_or_assign(wanted, std::move(*processor)).first->second;
}

std::vector<std::shared_ptr<processor::Processor>> ModelPool::loaded() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::shared_ptr<processor::Processor>> all;
  for (const auto& [name, processor] : processors_) all.push_back(processor);
  return all;
}

}  // namespace daimon::kernel
