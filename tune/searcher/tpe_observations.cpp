#include "tune/searcher/tpe_observations.hpp"

#include "tune/chance.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace tune {
namespace {

constexpr double least_weight = 1e-12;

} // namespace

tpe_observations::tpe_observations(std::uint64_t seed, std::size_t most_good) : seed_(seed), most_good_(most_good) {
}

void tpe_observations::add(key which, parzen_point where) {
  pending_.emplace(which, std::move(where));
}

void tpe_observations::forget(key which) {
  pending_.erase(which);
}

void tpe_observations::end(key which, trial_standing how) {
  const auto found = pending_.find(which);
  if (found == pending_.end())
    return;
  ++ended_;
  auto& made = kept_[which];
  made.where = std::move(found->second);
  made.how = how;
  pending_.erase(found);
  // Each list keeps what it would take if all the others' were taken from it.
  made.holders = 2;
  newest_.insert(which);
  sampled_.emplace(chance(seed_, "sampled", which).bits(0), which);
  if (!how.losses.empty())
    keep_on_front(which, how);
  else if (how.how != trial_standing::kind::failed) {
    ++made.holders;
    best_.emplace(std::move(how), which);
  }
  if (best_.size() > most_good_ + 1) {
    const auto last = std::prev(best_.end());
    const auto dropped = last->second;
    best_.erase(last);
    release(dropped);
  }
  if (newest_.size() > most_newest + most_good_) {
    const auto dropped = *newest_.begin();
    newest_.erase(newest_.begin());
    release(dropped);
  }
  if (sampled_.size() > most_sampled + most_newest + most_good_) {
    const auto dropped = std::prev(sampled_.end())->second;
    sampled_.erase(std::prev(sampled_.end()));
    release(dropped);
  }
}

void tpe_observations::keep_on_front(key which, const trial_standing& how) {
  const auto is_dominated = [&](key each) { return dominates(kept_.at(each).how.losses, how.losses); };
  if (std::any_of(front_.begin(), front_.end(), is_dominated))
    return;
  for (auto each = front_.begin(); each != front_.end();) {
    if (!dominates(how.losses, kept_.at(*each).how.losses)) {
      ++each;
      continue;
    }
    const auto dropped = *each;
    each = front_.erase(each);
    release(dropped);
  }
  front_.insert(which);
  ++kept_.at(which).holders;
}

void tpe_observations::release(key which) {
  const auto found = kept_.find(which);
  if (--found->second.holders == 0)
    kept_.erase(found);
}

std::vector<tpe_observations::key> tpe_observations::best_of_several_objectives(std::size_t count) const {
  std::vector<key> keys;
  std::vector<losses_of_trial> losses;
  for (const auto& [which, each] : kept_)
    if (!each.how.losses.empty()) {
      keys.push_back(which);
      losses.push_back(each.how.losses);
    }
  std::vector<key> chosen;
  for (const auto place : pareto_choice(losses, count))
    chosen.push_back(keys[place]);
  return chosen;
}

std::vector<tpe_observations::key> tpe_observations::best(std::size_t count) const {
  auto good = !front_.empty() ? best_of_several_objectives(count) : std::vector<key>();
  for (auto each = best_.begin(); each != best_.end() && good.size() < count; ++each)
    good.push_back(each->second);
  std::sort(good.begin(), good.end());
  return good;
}

/// By how much each is better than the best of the rest, as in expected improvement (Watanabe 2023): if they can be
/// compared.
std::vector<double> tpe_observations::weights_of(const std::vector<key>& good) const {
  std::vector<double> weights(good.size() + 1, 1);
  if (!front_.empty() || good.empty() || best_.size() <= good.size())
    return weights;
  const auto& rest = std::next(best_.begin(), static_cast<std::ptrdiff_t>(good.size()))->first;
  double greatest = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    const auto& x = kept_.at(good[i]).how;
    if (x.how != rest.how || x.order != rest.order || rest.how == trial_standing::kind::infeasible)
      return std::vector<double>(good.size() + 1, 1);
    weights[i + 1] = rest.loss - x.loss;
    greatest = std::max(greatest, weights[i + 1]);
  }
  if (!(greatest > 0) || !std::isfinite(greatest)) // All are equal, or nothing is known of their distances.
    return std::vector<double>(good.size() + 1, 1);
  weights[0] = 0;
  for (std::size_t i = 1; i < weights.size(); ++i) {
    weights[i] = std::max(weights[i] / greatest, least_weight);
    weights[0] += weights[i] / static_cast<double>(good.size());
  }
  return weights;
}

tpe_observations::halves tpe_observations::divide(std::size_t count) const {
  halves made;
  const auto good = best(std::min(count, most_good_));
  made.weights = weights_of(good);
  for (const auto which : good)
    made.good.push_back({which, &kept_.at(which).where});
  std::map<key, const parzen_point*> bad;
  const auto add = [&](key which) {
    return !std::binary_search(good.begin(), good.end(), which) && bad.emplace(which, &kept_.at(which).where).second;
  };
  std::size_t room = most_newest;
  for (auto each = newest_.rbegin(); each != newest_.rend() && room > 0; ++each)
    room -= add(*each) ? 1 : 0;
  room = most_sampled;
  for (auto each = sampled_.begin(); each != sampled_.end() && room > 0; ++each)
    room -= add(each->second) ? 1 : 0;
  room = most_pending;
  for (auto each = pending_.rbegin(); each != pending_.rend() && room > 0; ++each, --room)
    bad.emplace(each->first, &each->second);
  for (const auto& [which, where] : bad)
    made.bad.push_back({which, where});
  return made;
}

} // namespace tune
