#include "tune/trial/kept_checkpoints.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace tune {
namespace {

bool is(const kept_checkpoints::one& each, iteration_number iteration, attempt_number attempt) {
  return each.at.iteration == iteration && each.at.attempt == attempt;
}

bool is_worse(const kept_checkpoints::one& a, const kept_checkpoints::one& b) {
  if (std::isnan(a.result.loss) || std::isnan(b.result.loss))
    return std::isnan(a.result.loss) && !std::isnan(b.result.loss);
  return a.result.loss > b.result.loss;
}

} // namespace

void kept_checkpoints::count(const checkpoint_ref& checkpoint, const checkpoint_result& result) {
  const auto key = [](const checkpoint_ref& c) { return std::tuple(c.iteration, c.attempt); };
  const auto place = std::lower_bound(all_.begin(), all_.end(), checkpoint,
                                      [&](const one& a, const checkpoint_ref& b) { return key(a.at) < key(b); });
  if (place != all_.end() && key(place->at) == key(checkpoint))
    place->at = checkpoint;
  else
    all_.insert(place, {checkpoint, result, /*lent=*/0});
}

void kept_checkpoints::erase(iteration_number iteration, attempt_number attempt) {
  const auto found = std::find_if(all_.begin(), all_.end(), [&](const one& e) { return is(e, iteration, attempt); });
  if (found != all_.end())
    all_.erase(found);
}

std::vector<checkpoint_ref> kept_checkpoints::trim(std::size_t keep) {
  std::vector<checkpoint_ref> surplus;
  const auto* safe = newest_in_storage();
  const bool is_newest_safe = safe == nullptr || all_.back().at.in_storage;
  const auto limit = std::max<std::size_t>(keep, 1) + (is_newest_safe ? 0 : 1);
  std::vector<checkpoint_ref> spared; // They would go, and are lent.
  const auto is_spared = [&](const one& each) {
    return std::find(spared.begin(), spared.end(), each.at) != spared.end();
  };
  while (all_.size() > limit + spared.size()) {
    safe = newest_in_storage(); // It moves with what is taken out.
    auto worst = all_.end();
    for (auto each = all_.begin(); each != std::prev(all_.end()); ++each)
      if (&each->at != safe && !is_spared(*each) && (worst == all_.end() || is_worse(*each, *worst)))
        worst = each;
    if (worst == all_.end())
      break;
    if (worst->lent > 0) {
      spared.push_back(worst->at);
      continue;
    }
    surplus.push_back(worst->at);
    all_.erase(worst);
  }
  return surplus;
}

void kept_checkpoints::lend(iteration_number iteration, attempt_number attempt) {
  for (auto& each : all_)
    if (is(each, iteration, attempt))
      ++each.lent;
}

void kept_checkpoints::take_back(iteration_number iteration, attempt_number attempt) {
  for (auto& each : all_)
    if (is(each, iteration, attempt) && each.lent > 0)
      --each.lent;
}

bool kept_checkpoints::has_lent() const {
  return std::any_of(all_.begin(), all_.end(), [](const one& each) { return each.lent > 0; });
}

void kept_checkpoints::become_old() {
  for (auto& each : all_)
    each.result.loss = std::nan("");
}

const checkpoint_ref* kept_checkpoints::find(iteration_number iteration, attempt_number attempt) const {
  const auto found = std::find_if(all_.begin(), all_.end(), [&](const one& e) { return is(e, iteration, attempt); });
  return found == all_.end() ? nullptr : &found->at;
}

const checkpoint_ref* kept_checkpoints::newest() const {
  return all_.empty() ? nullptr : &all_.back().at;
}

const checkpoint_ref* kept_checkpoints::newest_of(iteration_number iteration) const {
  const auto found =
    std::find_if(all_.rbegin(), all_.rend(), [&](const one& each) { return each.at.iteration == iteration; });
  return found == all_.rend() ? nullptr : &found->at;
}

const checkpoint_ref* kept_checkpoints::newest_in_storage() const {
  const auto found = std::find_if(all_.rbegin(), all_.rend(), [](const one& each) { return each.at.in_storage; });
  return found == all_.rend() ? nullptr : &found->at;
}

const checkpoint_ref* kept_checkpoints::best() const {
  const one* best = nullptr;
  for (const auto& each : all_)
    if (best == nullptr || !is_worse(each, *best))
      best = &each;
  return best == nullptr || std::isnan(best->result.loss) ? nullptr : &best->at;
}

bool kept_checkpoints::has_some_on_their_way() const {
  return std::any_of(all_.begin(), all_.end(), [](const one& each) { return !each.at.in_storage; });
}

} // namespace tune
