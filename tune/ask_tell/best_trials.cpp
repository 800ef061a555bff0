#include "tune/ask_tell/best_trials.hpp"

#include <algorithm>
#include <cmath>

namespace tune {

bool best_trials::is_as_good(const ask_tell::numbers& a, const ask_tell::numbers& b) const {
  for (std::size_t i = 0; i < objectives_.size(); ++i)
    if (to_loss(a[i], objectives_[i].better) > to_loss(b[i], objectives_[i].better))
      return false;
  return true;
}

void best_trials::add(const ask_tell::candidate& next) {
  if (next.results.size() != objectives_.size() ||
      !std::all_of(next.results.begin(), next.results.end(), [](double x) { return std::isfinite(x); }))
    return;
  const auto is_no_news = [&](const ask_tell::candidate& other) {
    // Of one objective equal ones are one; of several two trials with equal results are both worth to be seen.
    return is_as_good(other.results, next.results) && (objectives_.size() == 1 || other.results != next.results);
  };
  if (std::any_of(front_.begin(), front_.end(), is_no_news))
    return;
  front_.erase(std::remove_if(front_.begin(), front_.end(),
                              [&](const ask_tell::candidate& other) {
                                return is_as_good(next.results, other.results) && other.results != next.results;
                              }),
               front_.end());
  const auto is_before = [&](const ask_tell::candidate& a, const ask_tell::candidate& b) {
    const auto loss = [&](const ask_tell::candidate& x) { return to_loss(x.results[0], objectives_[0].better); };
    return loss(a) != loss(b) ? loss(a) < loss(b) : a.trial < b.trial;
  };
  front_.insert(std::upper_bound(front_.begin(), front_.end(), next, is_before), next);
  if (front_.size() > most)
    front_.pop_back();
}

} // namespace tune
