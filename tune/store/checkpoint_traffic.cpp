#include "tune/store/checkpoint_traffic.hpp"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "runtime/base/overloaded.hpp"
#include "tune/store/checkpoint_manifest.hpp"

namespace tune {
namespace {

constexpr int most_tries_of_copy = 2;        // The node may have gone just now.
constexpr std::size_t most_likely_nodes = 3; // Nodes may have come and gone since an earlier driver chose.

/// FNV-1a: the same on every machine and in every driver.
std::uint64_t hash_of(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash ^ (hash >> 29); // Its last character must count in the upper bits, too.
}

} // namespace

// ---- What is where.

void checkpoint_traffic::on_keep(trial_id trial, const checkpoint_ref& checkpoint, const std::string& directory) {
  auto& state = trials_[trial];
  const auto which = key_of(checkpoint);
  if (state.checkpoints.count(which) == 0 || checkpoint.in_storage)
    supersede(state, which);
  cancel_copies(trial, which);
  state.newest = which;
  if (checkpoint.in_storage)
    return erase_if_empty(trial);
  auto& what = state.checkpoints[which];
  if (!what.places.empty())
    return; // It is known, and on its way.
  what.places.push_back({checkpoint.node, checkpoint.directory});
  nodes_used_.insert(checkpoint.node);
  bring_ins_.push_back({trial, checkpoint, directory});
  if (options_.second_node && !is_finishing_ && !state.has_ended)
    copies_.push_back({trial, checkpoint, directory});
}

/// What is stored has no need of its copies on nodes when a newer one has come.
void checkpoint_traffic::supersede(trial_state& state, key newest) {
  for (auto each = state.checkpoints.begin(); each != state.checkpoints.end();)
    if (each->first != newest && each->second.is_dropped) {
      forget_places(each->second);
      each = state.checkpoints.erase(each);
    } else
      ++each;
}

void checkpoint_traffic::on_drop(trial_id trial, const checkpoint_ref& checkpoint) {
  auto* what = find(trial, checkpoint);
  const auto which = key_of(checkpoint);
  if (what == nullptr) {
    if (!checkpoint.in_storage)
      others_.emplace_back(forget{{checkpoint.node, checkpoint.directory}});
    return;
  }
  const auto& state = trials_.at(trial);
  if (!checkpoint.in_storage && what->is_stored && !state.has_ended && state.newest == which) {
    what->is_dropped = true;
    return;
  }
  cancel(trial, which);
  forget_places(*what);
  trials_.at(trial).checkpoints.erase(which);
  erase_if_empty(trial);
}

void checkpoint_traffic::on_leave(trial_id trial, const checkpoint_ref& checkpoint) {
  cancel(trial, key_of(checkpoint));
  if (const auto* what = find(trial, checkpoint))
    left_.insert(left_.end(), what->places.begin(), what->places.end());
  else
    left_.push_back({checkpoint.node, checkpoint.directory});
}

void checkpoint_traffic::on_trial_end(trial_id trial) {
  const auto found = trials_.find(trial);
  if (found == trials_.end())
    return;
  auto& state = found->second;
  state.has_ended = true;
  cancel_copies(trial, std::nullopt);
  supersede(state, {-1, 0}); // All that are only there for restores.
  if (state.restored)
    others_.emplace_back(forget{*std::exchange(state.restored, std::nullopt)});
  erase_if_empty(trial);
}

void checkpoint_traffic::on_wanted(trial_id trial, const checkpoint_ref& checkpoint) {
  for (auto& each : bring_ins_)
    if (each.trial == trial && key_of(each.checkpoint) == key_of(checkpoint))
      each.is_urgent = true;
}

checkpoint_traffic::job_number checkpoint_traffic::on_restore(trial_id trial, const lent_checkpoint& from,
                                                              const node_place& to) {
  restore what{trial, from.checkpoint, to, std::nullopt, {}};
  auto& state = trials_[trial];
  if (const auto* known = find(from.donor, from.checkpoint)) {
    for (const auto& each : known->places)
      if (each.node == to.node && from.donor == trial)
        what.own = each;
      else
        what.others.push_back(each);
  }
  if (state.restored)
    others_.emplace_back(forget{*state.restored});
  state.restored = to;
  nodes_used_.insert(to.node);
  restores_.push_back({++last_job_, std::move(what)});
  return last_job_;
}

void checkpoint_traffic::on_output(trial_id trial, const node_place& from, const std::string& directory,
                                   attempt_number attempt) {
  nodes_used_.insert(from.node);
  others_.emplace_back(take_output{trial, from, directory, attempt});
}

void checkpoint_traffic::on_nodes(std::vector<std::string> alive) {
  alive_ = std::move(alive);
}

void checkpoint_traffic::on_finish() {
  is_finishing_ = true;
  copies_.clear();
  const auto is_moot = [](const work& each) { return std::holds_alternative<forget>(each); }; // All is forgotten soon.
  others_.erase(std::remove_if(others_.begin(), others_.end(), is_moot), others_.end());
  for (auto& [number, each] : running_)
    if (std::holds_alternative<copy_to_node>(each.what.what))
      each.is_wanted = false;
}

void checkpoint_traffic::on_clean() {
  for (const auto& node : nodes_used_) {
    clean what{node, {}};
    for (const auto& each : left_)
      if (each.node == node)
        what.keep.push_back(each.directory);
    others_.emplace_back(std::move(what));
  }
}

// ---- What is done next.

std::optional<checkpoint_traffic::job> checkpoint_traffic::next() {
  if (!restores_.empty()) {
    auto first = std::move(restores_.front());
    restores_.pop_front();
    return start(std::move(first.what), /*is_urgent=*/true, 0, first.number);
  }
  if (auto found = next_bring_in())
    return found;
  if (running<copy_to_node>(false) + running<take_output>(false) + running<forget>(false) + running<clean>(false) > 0)
    return std::nullopt;
  if (others_.empty() || !std::exchange(last_was_copy_, true)) // In turns: neither waits for all of the others.
    if (auto found = next_copy())
      return found;
  last_was_copy_ = false;
  if (others_.empty())
    return std::nullopt;
  auto first = std::move(others_.front());
  others_.pop_front();
  return start(std::move(first), /*is_urgent=*/false);
}

std::optional<checkpoint_traffic::job> checkpoint_traffic::next_bring_in() {
  const auto rank = [this](const waiting& each) {
    const auto found = trials_.find(each.trial);
    return each.is_urgent ? 0 : found != trials_.end() && found->second.has_ended ? 1 : 2;
  };
  const auto best = std::min_element(bring_ins_.begin(), bring_ins_.end(), // The first of several.
                                     [&](const waiting& a, const waiting& b) { return rank(a) < rank(b); });
  if (best == bring_ins_.end() || (!best->is_urgent && running<bring_in>(false) > 0))
    return std::nullopt;
  bring_in what{best->trial, best->checkpoint, best->directory};
  const bool is_urgent = best->is_urgent;
  bring_ins_.erase(best);
  return start(std::move(what), is_urgent);
}

std::optional<checkpoint_traffic::job> checkpoint_traffic::next_copy() {
  while (!copies_.empty() && !alive_.empty()) { // Else it is not known yet where to.
    const auto first = copies_.front();
    copies_.pop_front();
    const auto* known = find(first.trial, first.checkpoint);
    if (known == nullptr || known->is_stored)
      continue;
    for (const auto& node : nodes_by_fitness(first.trial))
      if (node != first.checkpoint.node) {
        nodes_used_.insert(node);
        return start(copy_to_node{first.trial, first.checkpoint, place_on(node, first.trial, first.checkpoint)},
                     /*is_urgent=*/false, first.tries);
      }
  }
  return std::nullopt;
}

checkpoint_traffic::job checkpoint_traffic::start(work what, bool is_urgent, int tries, job_number number) {
  job made{number != 0 ? number : ++last_job_, std::move(what)};
  running_[made.number] = {made, is_urgent, /*is_wanted=*/true, tries};
  return made;
}

template <class Kind>
std::size_t checkpoint_traffic::running(bool count_urgent) const {
  return static_cast<std::size_t>(std::count_if(running_.begin(), running_.end(), [&](const auto& each) {
    return std::holds_alternative<Kind>(each.second.what.what) && (count_urgent || !each.second.is_urgent);
  }));
}

void checkpoint_traffic::on_done(job_number number, bool is_good) {
  const auto found = running_.find(number);
  if (found == running_.end())
    return;
  const auto done = std::move(found->second);
  running_.erase(found);
  if (const auto* stored = std::get_if<bring_in>(&done.what.what)) {
    auto* what = find(stored->trial, stored->checkpoint);
    if (what == nullptr || !done.is_wanted)
      return;
    if (is_good) {
      what->is_stored = true;
      cancel_copies(stored->trial, std::nullopt);
    } else { // It is told that it is lost, and nobody will drop it; a later driver may have more luck.
      left_.insert(left_.end(), what->places.begin(), what->places.end());
      trials_.at(stored->trial).checkpoints.erase(key_of(stored->checkpoint));
      erase_if_empty(stored->trial);
    }
  } else if (const auto* copied = std::get_if<copy_to_node>(&done.what.what)) {
    auto* what = find(copied->trial, copied->checkpoint);
    if (!is_good) {
      others_.emplace_back(forget{copied->to}); // Half of it may be there.
      alive_.erase(std::remove(alive_.begin(), alive_.end(), copied->to.node), alive_.end());
      if (what != nullptr && done.is_wanted && done.tries + 1 < most_tries_of_copy)
        copies_.push_front({copied->trial, copied->checkpoint, "", false, done.tries + 1});
    } else if (what != nullptr)
      what->places.push_back(copied->to);
    else
      others_.emplace_back(forget{copied->to}); // It was dropped meanwhile.
  }
}

bool checkpoint_traffic::is_wanted(job_number number) const {
  const auto found = running_.find(number);
  return found != running_.end() && found->second.is_wanted;
}

bool checkpoint_traffic::is_empty() const noexcept {
  return restores_.empty() && bring_ins_.empty() && copies_.empty() && others_.empty() && running_.empty();
}

// ---- Parts.

checkpoint_traffic::held* checkpoint_traffic::find(trial_id trial, const checkpoint_ref& checkpoint) {
  return const_cast<held*>(std::as_const(*this).find(trial, checkpoint));
}

const checkpoint_traffic::held* checkpoint_traffic::find(trial_id trial, const checkpoint_ref& checkpoint) const {
  const auto state = trials_.find(trial);
  if (state == trials_.end())
    return nullptr;
  const auto found = state->second.checkpoints.find(key_of(checkpoint));
  return found == state->second.checkpoints.end() ? nullptr : &found->second;
}

/// It is not to be copied any more, to wherever.
void checkpoint_traffic::cancel(trial_id trial, key which) {
  const auto is_it = [&](trial_id of, const checkpoint_ref& each) { return of == trial && key_of(each) == which; };
  bring_ins_.remove_if([&](const waiting& each) { return is_it(each.trial, each.checkpoint); });
  copies_.remove_if([&](const waiting& each) { return is_it(each.trial, each.checkpoint); });
  for (auto& [number, each] : running_) {
    if (const auto* b = std::get_if<bring_in>(&each.what.what); b != nullptr && is_it(b->trial, b->checkpoint))
      each.is_wanted = false;
    if (const auto* c = std::get_if<copy_to_node>(&each.what.what); c != nullptr && is_it(c->trial, c->checkpoint))
      each.is_wanted = false;
  }
}

/// None of the trial is to be copied to a second node but this one.
void checkpoint_traffic::cancel_copies(trial_id trial, std::optional<key> but) {
  copies_.remove_if([&](const waiting& each) { return each.trial == trial && key_of(each.checkpoint) != but; });
  for (auto& [number, each] : running_)
    if (const auto* c = std::get_if<copy_to_node>(&each.what.what);
        c != nullptr && c->trial == trial && key_of(c->checkpoint) != but)
      each.is_wanted = false;
}

void checkpoint_traffic::forget_places(held& what) {
  for (auto& each : what.places)
    others_.emplace_back(forget{std::move(each)});
  what.places.clear();
}

void checkpoint_traffic::erase_if_empty(trial_id trial) {
  const auto found = trials_.find(trial);
  if (found != trials_.end() && found->second.has_ended && found->second.checkpoints.empty())
    trials_.erase(found);
}

/// Rendezvous hashing: a node that comes or goes moves no trial but those that it gets or had.
std::vector<std::string> checkpoint_traffic::nodes_by_fitness(trial_id trial) const {
  std::vector<std::pair<std::uint64_t, std::string>> all;
  for (const auto& node : alive_)
    all.emplace_back(hash_of(fmt::format("{} {} {}", options_.experiment, trial.value, node)), node);
  std::sort(all.begin(), all.end(), std::greater<>());
  std::vector<std::string> nodes;
  for (auto& each : all)
    nodes.push_back(std::move(each.second));
  return nodes;
}

node_place checkpoint_traffic::place_on(const std::string& node, trial_id trial,
                                        const checkpoint_ref& checkpoint) const {
  return {node, fmt::format("{}/copies/{}/{}", options_.experiment, trial.value,
                            checkpoint_name(checkpoint.iteration, checkpoint.attempt))};
}

std::vector<node_place> checkpoint_traffic::copies_of(trial_id trial, const checkpoint_ref& checkpoint) const {
  std::vector<node_place> places;
  const auto add = [&](node_place where) {
    if (where.node != checkpoint.node && std::find(places.begin(), places.end(), where) == places.end())
      places.push_back(std::move(where));
  };
  if (const auto* known = find(trial, checkpoint))
    for (const auto& each : known->places)
      add(each);
  const auto most = places.size() + most_likely_nodes;
  for (const auto& node : nodes_by_fitness(trial))
    if (places.size() < most)
      add(place_on(node, trial, checkpoint));
  return places;
}

} // namespace tune
