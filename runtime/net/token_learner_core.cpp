#include "runtime/net/token_learner_core.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

namespace runtime {

token_learner_core::actions token_learner_core::on_head_linked(instant now) {
  is_linked_ = true;
  was_answered_ = false;
  repeat_ = options_.first_repeat;
  return {ask_now(now)};
}

void token_learner_core::on_head_lost() {
  is_linked_ = false;
  was_answered_ = false;
  ask_at_.reset();
}

token_learner_core::ask token_learner_core::ask_now(instant now) {
  ask_at_ = now + repeat_;
  return {};
}

token_learner_core::actions token_learner_core::on_answer(const token_ring& told, instant) {
  if (!is_linked_)
    return {}; // Of a link that is lost: the next one tells it again.
  was_answered_ = true;
  ask_at_.reset();
  repeat_ = options_.first_repeat;
  if (!cluster_.empty() && told.cluster() != cluster_)
    return {
      ignore{fmt::format("they are those of cluster {}, and this process belongs to {}", told.cluster(), cluster_)}};
  if (told.generation() < generation_)
    return {ignore{fmt::format("they are of generation {}, and {} is known here; was an old token file given to the "
                               "head?",
                               told.generation(), generation_)}};
  if (told.generation() == generation_)
    return {};
  cluster_ = told.cluster();
  generation_ = told.generation();
  return {learn{}};
}

token_learner_core::actions token_learner_core::on_kept(bool is_kept, instant now) {
  keep_at_.reset();
  if (!is_kept)
    keep_at_ = now + options_.keep_again;
  if (!is_linked_)
    return {};
  return {ask_now(now)}; // Which tells the head.
}

token_learner_core::actions token_learner_core::on_time(instant now) {
  actions out;
  if (keep_at_ && *keep_at_ <= now) {
    keep_at_.reset();
    out.emplace_back(keep{});
  }
  if (ask_at_ && *ask_at_ <= now) {
    repeat_ = std::min(2 * repeat_, options_.most_repeat);
    out.emplace_back(ask_now(now));
  }
  return out;
}

std::optional<instant> token_learner_core::wake_at() const {
  if (ask_at_ && keep_at_)
    return std::min(*ask_at_, *keep_at_);
  return ask_at_ ? ask_at_ : keep_at_;
}

} // namespace runtime
