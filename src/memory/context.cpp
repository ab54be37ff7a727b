#include "memory/context.h"

namespace daimon::memory {

void Context::set_goal(std::string goal, const capability::Label& label) {
  goal_ = std::move(goal);
  label_ = join(label_, label);
}

void Context::set_material(std::string material, const capability::Label& label) {
  material_ = std::move(material);
  label_ = join(label_, label);
}

void Context::set_files(std::vector<FileEntry> files, const capability::Label& label) {
  files_ = std::move(files);
  label_ = join(label_, label);
}

const Result& Context::add(Result result) {
  for (Passage& passage : result.passages) passage.number = ++passages_;
  label_ = join(label_, result.label);
  return results_.emplace_back(std::move(result));
}

const Passage* Context::passage(int number) const {
  for (const Result& result : results_)
    for (const Passage& passage : result.passages)
      if (passage.number == number) return &passage;
  return nullptr;
}

std::vector<const Passage*> Context::passages() const {
  std::vector<const Passage*> all;
  for (const Result& result : results_)
    for (const Passage& passage : result.passages) all.push_back(&passage);
  return all;
}

}  // namespace daimon::memory
