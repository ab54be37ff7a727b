#include "kernel/model_pool.h"

namespace daimon::kernel {

Result<std::shared_ptr<processor::Processor>> ModelPool::get(std::string_view name) {
  const std::string wanted(name.empty() ? std::string_view(default_) : name);
  // Held while loading: a second caller for the same model waits for the first one's.
  const std::scoped_lock lock(mutex_);
  if (const auto found = processors_.find(wanted); found != processors_.end() && !found->second->is_outdated())
    return found->second;
  DAIMON_TRY(auto processor, load_(wanted));
  return processors_.insert_or_assign(wanted, std::move(processor)).first->second;
}

std::vector<std::shared_ptr<processor::Processor>> ModelPool::loaded() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::shared_ptr<processor::Processor>> all;
  for (const auto& [name, processor] : processors_) all.push_back(processor);
  return all;
}

}  // namespace daimon::kernel
