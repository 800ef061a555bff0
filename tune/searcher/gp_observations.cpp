#include "tune/searcher/gp_observations.hpp"

#include "tune/chance.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

namespace tune {

void gp_observations::add(key which, std::vector<double> units, Eigen::VectorXd point) {
  pending_.emplace(which,
                   std::make_shared<observation>(observation{which, std::move(units), std::move(point), standing()}));
}

void gp_observations::forget(key which) {
  pending_.erase(which);
}

void gp_observations::end(key which, standing how) {
  const auto found = pending_.find(which);
  if (found == pending_.end())
    return;
  ++ended_;
  found->second->how = how;
  kept_[which] = {std::move(found->second), 3};
  pending_.erase(found);
  // Each list keeps what it would take if all the others' were taken from it.
  best_.emplace(how, which);
  newest_.insert(which);
  sampled_.emplace(chance(seed_, "sampled", which).bits(0), which);
  if (best_.size() > most_best) {
    const auto dropped = std::prev(best_.end())->second;
    best_.erase(std::prev(best_.end()));
    release(dropped);
  }
  if (newest_.size() > most_best + most_newest) {
    const auto dropped = *newest_.begin();
    newest_.erase(newest_.begin());
    release(dropped);
  }
  if (sampled_.size() > most) {
    const auto dropped = std::prev(sampled_.end())->second;
    sampled_.erase(std::prev(sampled_.end()));
    release(dropped);
  }
}

void gp_observations::release(key which) {
  const auto found = kept_.find(which);
  if (--found->second.holders == 0)
    kept_.erase(found);
}

gp_observations::list gp_observations::chosen() const {
  std::set<key> which;
  for (const auto& each : best_)
    which.insert(each.second);
  std::size_t room = most_newest;
  for (auto each = newest_.rbegin(); each != newest_.rend() && room > 0; ++each)
    room -= which.insert(*each).second ? 1 : 0;
  for (auto each = sampled_.begin(); each != sampled_.end() && which.size() < most; ++each)
    which.insert(each->second);
  list made;
  for (const auto each : which)
    made.push_back(kept_.at(each).what);
  return made;
}

gp_observations::list gp_observations::best(std::size_t count) const {
  list made;
  for (auto each = best_.begin(); each != best_.end() && made.size() < count; ++each)
    made.push_back(kept_.at(each->second).what);
  return made;
}

std::vector<Eigen::VectorXd> gp_observations::pending() const {
  std::vector<Eigen::VectorXd> made;
  for (auto each = pending_.rbegin(); each != pending_.rend() && made.size() < most_pending; ++each)
    made.push_back(each->second->point);
  return made;
}

std::vector<double> gp_observations::losses_of(const list& some) {
  using kind = standing::kind;
  double least = std::numeric_limits<double>::infinity();
  double greatest = -least;
  double violation = 0;
  for (const auto& each : some) {
    if (each->how.how == kind::valued) {
      least = std::min(least, each->how.value);
      greatest = std::max(greatest, each->how.value);
    } else if (each->how.how == kind::infeasible && std::isfinite(each->how.value))
      violation = std::max(violation, each->how.value);
  }
  const bool any_valued = least <= greatest;
  const double range = greatest > least ? greatest - least : 1;
  std::vector<double> losses;
  for (const auto& each : some) {
    const auto& how = each->how;
    if (how.how == kind::valued)
      losses.push_back(how.value);
    else if (how.how == kind::failed || !std::isfinite(how.value))
      losses.push_back(std::numeric_limits<double>::quiet_NaN());
    else
      losses.push_back(any_valued ? greatest + range * (0.1 + how.value / violation) : how.value);
  }
  return losses;
}

} // namespace tune
