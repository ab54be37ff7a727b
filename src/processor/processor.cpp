#include "processor/processor.h"

#include <array>
#include <future>

namespace daimon::processor {

std::string_view name_of(Role role) noexcept {
  constexpr std::array<std::string_view, 4> kNames = {"system", "user", "assistant", "tool"};
  return kNames[static_cast<std::size_t>(role)];
}

Result<Reply> complete(Processor& processor, Request request) {
  std::promise<Result<Reply>> done;
  processor.submit(std::move(request), {}, [&](Result<Reply> reply) { done.set_value(std::move(reply)); });
  return done.get_future().get();
}

}  // namespace daimon::processor
