#include "runtime/head/lease_queue.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "runtime/base/invariant.hpp"

namespace runtime {

lease_queue::lease_queue(lease_queue_options options) : options_(options) {
  CAF_TUNE_INVARIANT(options.patience > options.patience.zero() && options.max_passes > 0,
                     "without patience everything starves");
}

// ---- shapes ----

lease_queue::shape_ptr lease_queue::shape_of(wanted what) {
  const auto hash = hash_of(what);
  const auto [first, last] = shapes_.equal_range(hash);
  for (auto i = first; i != last; ++i)
    if (i->second->what == what)
      return i->second;
  if (shapes_.size() >= forget_shapes_at_)
    forget_unused_shapes();
  auto made = std::make_shared<shape>();
  made->sum = sum_of(what);
  made->priority = priority_of(what);
  made->number = ++last_shape_;
  made->what = std::move(what);
  return shapes_.emplace(hash, std::move(made))->second;
}

lease_queue::shape_ptr lease_queue::shape_of_its_own(wanted what) {
  auto made = std::make_shared<shape>();
  made->sum = sum_of(what);
  made->priority = priority_of(what);
  made->number = ++last_shape_;
  made->what = std::move(what);
  return made;
}

void lease_queue::forget_unused_shapes() {
  for (auto i = shapes_.begin(); i != shapes_.end();)
    i = i->second.use_count() == 1 ? shapes_.erase(i) : std::next(i);
  forget_shapes_at_ = std::max<std::size_t>(64, 2 * shapes_.size());
}

// ---- lines ----

result<void> lease_queue::may_push() const {
  if (size_ < options_.max_waiting)
    return {};
  return fail(errc::too_large, fmt::format("{} demands wait already, which is the limit; demand again when some "
                                           "have been granted",
                                           size_));
}

void lease_queue::push(entry e, instant now) {
  const auto number = e.what->number;
  const auto [found, is_new] = lines_.try_emplace(number);
  auto& l = found->second;
  if (is_new) {
    l.what = e.what;
    l.stands_since = l.listed_since = now;
    l.grants_before = grants_;
    standing_.emplace(now, number);
  }
  auto& mine = l.owners[e.owner];
  unlist(l, e.owner, mine);
  const auto added = mine.emplace(e.place, waiting{e.request, e.since}).second;
  CAF_TUNE_INVARIANT(added, "place {} is taken", e.place);
  list(l, e.owner, mine);
  ++size_;
}

bool lease_queue::erase(owner_id owner, const shape& what, std::uint64_t place) {
  const auto l = lines_.find(what.number);
  if (l == lines_.end())
    return false;
  const auto mine = l->second.owners.find(owner);
  if (mine == l->second.owners.end() || mine->second.count(place) == 0)
    return false;
  unlist(l->second, owner, mine->second);
  mine->second.erase(place);
  list(l->second, owner, mine->second);
  --size_;
  if (mine->second.empty())
    l->second.owners.erase(mine);
  erase_line_if_empty(what.number);
  return true;
}

void lease_queue::erase_line_if_empty(std::uint64_t number) {
  const auto found = lines_.find(number);
  if (!found->second.owners.empty())
    return;
  standing_.erase({found->second.listed_since, number});
  lines_.erase(found);
}

void lease_queue::open(line& l) {
  if (!l.blocked)
    return;
  l.blocked = false;
  for (const auto& [owner, mine] : l.owners)
    list(l, owner, mine);
}

void lease_queue::open_for(node_id node, line& l) {
  constexpr std::size_t few = 8;
  if (std::find(l.opened_for.begin(), l.opened_for.end(), node) == l.opened_for.end())
    l.opened_for.push_back(node);
  if (l.opened_for.size() > few) { // To ask each would be no cheaper than to look for any.
    l.opened_anew = true;
    l.opened_for.clear();
  }
  open(l);
}

const std::vector<node_id>* lease_queue::opened_for(const shape& what) const {
  const auto found = lines_.find(what.number);
  return found == lines_.end() || found->second.opened_anew ? nullptr : &found->second.opened_for;
}

void lease_queue::on_blocked(const shape& what) {
  const auto found = lines_.find(what.number);
  if (found == lines_.end())
    return;
  auto& l = found->second;
  for (const auto& [owner, mine] : l.owners)
    unlist(l, owner, mine);
  l.blocked = true;
  l.opened_anew = false;
  l.opened_for.clear();
}

void lease_queue::reopen(const shape& what) {
  const auto found = lines_.find(what.number);
  if (found == lines_.end())
    return;
  found->second.opened_anew = true;
  found->second.opened_for.clear();
  open(found->second);
}

// ---- the order ----

void lease_queue::better_of(std::optional<entry>& best, const line& l) const {
  const auto rank = [this](const entry& e) {
    return std::tuple(-std::int64_t{e.what->priority}, share_of(e.owner), e.place);
  };
  for (const auto& [owner, places] : l.owners) {
    const auto& [place, first] = *places.begin();
    if (!quota_admits(owner, l.what->sum))
      continue;
    if (best && std::tuple(-std::int64_t{l.what->priority}, share_of(owner), place) >= rank(*best))
      continue;
    best = entry{owner, first.request, l.what, place, first.since};
  }
}

void lease_queue::list(const line& l, owner_id owner, const owned& mine) {
  if (!l.blocked && !mine.empty())
    open_[owner].admitted.insert({-std::int64_t{l.what->priority}, mine.begin()->first, l.what->number});
}

void lease_queue::unlist(const line& l, owner_id owner, const owned& mine) {
  const auto found = open_.find(owner);
  if (l.blocked || mine.empty() || found == open_.end())
    return;
  const open_rank listed{-std::int64_t{l.what->priority}, mine.begin()->first, l.what->number};
  if (found->second.admitted.erase(listed) == 0)
    found->second.over_quota.erase(listed);
  if (found->second.admitted.empty() && found->second.over_quota.empty())
    open_.erase(found);
}

void lease_queue::try_over_quota_again(owner_id owner) {
  if (const auto found = open_.find(owner); found != open_.end())
    found->second.admitted.merge(found->second.over_quota);
}

std::optional<lease_queue::entry> lease_queue::next() {
  using order = std::tuple<std::int64_t, double, std::uint64_t>; // The smallest is tried first.
  std::optional<order> least;
  std::optional<entry> best;
  for (auto& [owner, ranks] : open_) {
    auto& admitted = ranks.admitted;
    while (!admitted.empty() && !quota_admits(owner, lines_.at(admitted.begin()->line).what->sum))
      ranks.over_quota.insert(admitted.extract(admitted.begin()));
    if (admitted.empty())
      continue;
    const auto& first = *admitted.begin();
    const order place{first.less_urgent, share_of(owner), first.place};
    if (least && *least <= place)
      continue;
    least = place;
    const auto& l = lines_.at(first.line);
    const auto& w = l.owners.at(owner).begin()->second;
    best = entry{owner, w.request, l.what, first.place, w.since};
  }
  return best;
}

void lease_queue::on_granted(const entry& e, instant now) {
  ++grants_;
  if (const auto l = lines_.find(e.what->number); l != lines_.end()) {
    l->second.stands_since = now;
    l->second.grants_before = grants_;
  }
  const auto erased = erase(e.owner, *e.what, e.place);
  CAF_TUNE_INVARIANT(erased, "request {} of owner {} is not in the queue", e.request, e.owner);
}

// ---- quotas and shares ----

const lease_queue::account* lease_queue::find_account(owner_id owner) const {
  const auto found = accounts_.find(owner);
  return found == accounts_.end() ? nullptr : &found->second;
}

double lease_queue::dominant_share(const resource_set& held) const {
  const auto part = [](amount a, double total) { return total > 0 ? a.to_double() / total : 0; };
  auto share = std::max(
    {part(held.cpu(), known_total_[0]), part(held.gpu(), known_total_[1]), part(held.memory(), known_total_[2])});
  if (!held.has_custom())
    return share;
  for (const auto [name, value] : held)
    if (const auto total = cluster_.find(std::string(name)); total != cluster_.end())
      share = std::max(share, part(value, total->second));
  return share;
}

void lease_queue::settle(owner_id owner, account& a) {
  a.share = dominant_share(a.held);
  if (a.held.empty() && a.quota.empty())
    accounts_.erase(owner);
}

void lease_queue::take(owner_id owner, const resource_set& resources) {
  auto& a = accounts_[owner];
  a.held = capped_sum(a.held, resources);
  settle(owner, a);
}

void lease_queue::give_back(owner_id owner, const resource_set& resources) {
  const auto found = accounts_.find(owner);
  if (found == accounts_.end())
    return;
  // Sums over many nodes may have been capped: nothing goes below nothing.
  auto& held = found->second.held;
  if (resources.fits_in(held))
    held -= resources;
  else
    for (const auto [name, value] : resources)
      held.set(name, held.get(name) - std::min(held.get(name), value));
  settle(owner, found->second);
  try_over_quota_again(owner);
}

void lease_queue::set_quota(owner_id owner, const resource_set& quota) {
  auto& a = accounts_[owner];
  a.quota = quota;
  settle(owner, a);
  try_over_quota_again(owner);
}

bool lease_queue::quota_admits(owner_id owner, const resource_set& more) const {
  const auto* a = find_account(owner);
  if (!a || a->quota.empty())
    return true;
  for (const auto [name, limit] : a->quota) {
    const auto held = a->held.get(name);
    if (const auto wants = more.get(name); !wants.is_zero() && (held > limit || wants > limit - held))
      return false;
  }
  return true;
}

bool lease_queue::quota_admits_ever(owner_id owner, const resource_set& all) const {
  const auto limits = quota(owner);
  return std::all_of(limits.begin(), limits.end(),
                     [&](const auto& limit) { return all.get(limit.name) <= limit.value; });
}

resource_set lease_queue::quota(owner_id owner) const {
  const auto* a = find_account(owner);
  return a ? a->quota : resource_set{};
}

resource_set lease_queue::held_by(owner_id owner) const {
  const auto* a = find_account(owner);
  return a ? a->held : resource_set{};
}

double lease_queue::share_of(owner_id owner) const {
  const auto* a = find_account(owner);
  return a ? a->share : 0;
}

void lease_queue::set_cluster(std::map<std::string, double> total) {
  cluster_ = std::move(total);
  const auto of = [this](const char* name) {
    const auto found = cluster_.find(name);
    return found == cluster_.end() ? 0.0 : found->second;
  };
  known_total_ = {of("cpu"), of("gpu"), of("memory")};
  for (auto& [owner, a] : accounts_)
    a.share = dominant_share(a.held);
}

// ---- starvation ----

std::optional<lease_queue::entry> lease_queue::starving(instant now) {
  while (!standing_.empty()) {
    const auto [listed, number] = *standing_.begin();
    auto& l = lines_.at(number);
    if (listed != l.stands_since) { // Somebody of this line was granted something since it was listed.
      standing_.erase(standing_.begin());
      l.listed_since = l.stands_since;
      standing_.emplace(l.listed_since, number);
      continue;
    }
    if (now - listed < options_.patience && grants_ - l.grants_before < options_.max_passes)
      return std::nullopt;
    std::optional<entry> first;
    better_of(first, l);
    if (first)
      return first;
    postpone(*l.what, now); // Only quotas hold it back.
  }
  return std::nullopt;
}

void lease_queue::postpone(const shape& what, instant now) {
  const auto found = lines_.find(what.number);
  if (found == lines_.end())
    return;
  auto& l = found->second;
  standing_.erase({l.listed_since, what.number});
  l.stands_since = l.listed_since = now;
  l.grants_before = grants_;
  standing_.emplace(now, what.number);
}

std::optional<instant> lease_queue::wake_at() const {
  if (standing_.empty())
    return std::nullopt;
  return standing_.begin()->first + options_.patience;
}

// ---- to look at ----

std::vector<lease_queue::shape_ptr> lease_queue::shapes() const {
  std::vector<shape_ptr> found;
  for (const auto& [number, l] : lines_)
    found.push_back(l.what);
  return found;
}

std::vector<lease_queue::entry> lease_queue::waiting_for(const shape& what) const {
  std::vector<entry> found;
  const auto l = lines_.find(what.number);
  if (l == lines_.end())
    return found;
  for (const auto& [owner, places] : l->second.owners)
    for (const auto& [place, w] : places)
      found.push_back({owner, w.request, l->second.what, place, w.since});
  std::sort(found.begin(), found.end(), [](const entry& a, const entry& b) { return a.place < b.place; });
  return found;
}

std::vector<lease_queue::entry> lease_queue::oldest(std::size_t most) const {
  std::vector<entry> found;
  found.reserve(size_);
  for (const auto& [number, l] : lines_)
    for (const auto& [owner, places] : l.owners)
      for (const auto& [place, w] : places)
        found.push_back({owner, w.request, l.what, place, w.since});
  const auto end = found.begin() + static_cast<std::ptrdiff_t>(std::min(most, found.size()));
  std::partial_sort(found.begin(), end, found.end(), [](const entry& a, const entry& b) { return a.place < b.place; });
  found.erase(end, found.end());
  return found;
}

std::vector<lease_queue::equal_entries> lease_queue::equals() const {
  std::vector<equal_entries> found;
  for (const auto& [number, l] : lines_)
    for (const auto& [owner, places] : l.owners) {
      const auto& [place, first] = *places.begin();
      found.push_back({{owner, first.request, l.what, place, first.since}, places.size()});
    }
  std::sort(found.begin(), found.end(),
            [](const equal_entries& a, const equal_entries& b) { return a.oldest.place < b.oldest.place; });
  return found;
}

} // namespace runtime
