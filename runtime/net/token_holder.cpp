#include "runtime/net/token_holder.hpp"

#include <utility>

namespace runtime {

std::shared_ptr<const token_ring> token_holder::now() const {
  std::lock_guard guard(mutex_);
  return ring_;
}

void token_holder::replace(const token_ring& ring) {
  {
    auto fresh = std::make_shared<const token_ring>(ring);
    std::lock_guard guard(mutex_);
    ring_ = std::move(fresh);
  }
  std::lock_guard guard(listening_);
  for (const auto& [number, tell] : listeners_)
    tell();
}

token_holder::listener::listener(std::shared_ptr<token_holder> tokens, std::function<void()> on_replaced)
  : tokens_(std::move(tokens)) {
  std::lock_guard guard(tokens_->listening_);
  number_ = ++tokens_->last_listener_;
  tokens_->listeners_.emplace(number_, std::move(on_replaced));
}

token_holder::listener::~listener() {
  std::lock_guard guard(tokens_->listening_);
  tokens_->listeners_.erase(number_);
}

} // namespace runtime
