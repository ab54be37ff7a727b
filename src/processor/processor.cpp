#include "processor/processor.h"

#include <array>
#include <future>

namespace daimon::processor {

std::string_view name_of(Role role) noexcept {
  constexpr std::array<std::string_view, 4> kNames = {"system", "user", "assistant", "tool"};
  return kNames[static_cast<std::size_t>(role)];
}

Spent spent_of(const Answered& answered) {
  if (!answered) return answered.error().spent;
  return {answered->prompt_tokens, answered->cached_tokens, answered->generated_tokens, answered->forced_tokens,
          answered->money};
}

Answered complete(Processor& processor, Request request) {
  std::promise<Answered> done;
  processor.submit(std::move(request), {}, [&](Answered reply) { done.set_value(std::move(reply)); });
  return done.get_future().get();
}

}  // namespace daimon::processor
