#include "tune/callback/callback_backlog.hpp"

#include <utility>

namespace tune {

callback_backlog::added callback_backlog::add(callback_event what) {
  ++heard_of_;
  if (waiting_.size() >= most_ && !std::holds_alternative<experiment_end>(what))
    return dropped_++ == 0 ? added::dropped_first : added::dropped;
  waiting_.push_back(std::move(what));
  return added::waits;
}

std::optional<callback_event> callback_backlog::take() {
  if (waiting_.empty())
    return std::nullopt;
  auto next = std::move(waiting_.front());
  waiting_.pop_front();
  return next;
}

} // namespace tune
