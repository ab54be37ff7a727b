#include "api/exchange.h"

#include <utility>

namespace daimon::api {

bool Outbox::push(std::string_view bytes) {
  const std::scoped_lock lock(mutex_);
  if (gone_ || closed_ || bytes_.size() + bytes.size() > bytes_max_) return false;
  bytes_ += bytes;
  pushed_any_ = true;
  ready_.raise();
  return true;
}

void Outbox::close(std::optional<std::pair<int, Json>> reply) {
  const std::scoped_lock lock(mutex_);
  if (closed_) return;
  closed_ = true;
  reply_ = std::move(reply);
  ready_.raise();
}

bool Outbox::pushed_any() const {
  const std::scoped_lock lock(mutex_);
  return pushed_any_;
}

bool Outbox::is_given_up() const {
  const std::scoped_lock lock(mutex_);
  return gone_;
}

Outbox::Taken Outbox::take() {
  const std::scoped_lock lock(mutex_);
  ready_.clear();
  return {std::exchange(bytes_, {}), closed_, std::exchange(reply_, std::nullopt)};
}

void Outbox::give_up() {
  const std::scoped_lock lock(mutex_);
  gone_ = true;
}

}  // namespace daimon::api
