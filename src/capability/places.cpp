#include "capability/places.h"

#include <algorithm>

namespace daimon::capability {

Located locate(const Access& access, const Places& places) {
  const std::string_view path = access.object == "." ? std::string_view() : access.object;
  if (places.own.empty()) return {};
  if (places.own.size() == 1) return {places.own.data(), path};
  const std::size_t end = std::min(path.find('/'), path.size());
  const auto found = std::ranges::find(places.own, path.substr(0, end), &Place::name);
  if (found == places.own.end()) return {};
  return {&*found, path.substr(std::min(end + 1, path.size()))};
}

}  // namespace daimon::capability
