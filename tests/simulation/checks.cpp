#include "tests/simulation/checks.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

using namespace runtime;

namespace sim {
namespace {

resource_set sum_of(const resource_book& book) {
  resource_set sum;
  for (const auto& [lease, held] : book.held())
    sum += held.resources;
  return sum;
}

bool counts_as_living(const cluster& c, machine m, incarnation start) {
  const auto nodes = c.head().nodes();
  return std::any_of(nodes.begin(), nodes.end(),
                     [&](const auto& node) { return node.what.id == c.id_of(m) && node.what.start == start; });
}

/// Leases that a head dropped because it declared their node lost. A grant of one may be on its way still; the head
/// ends it as soon as it hears that the node took it.
class leases_of_lost_nodes {
public:
  /// Between any two events.
  void look(const cluster& c) {
    if (std::exchange(epoch_, c.head().options().epoch) != c.head().options().epoch)
      *this = leases_of_lost_nodes(c.head().options().epoch);
    const auto living = c.head().nodes(); // Without lost ones; of those the books may keep a place.
    for (const auto& [m, n] : c.nodes()) {
      const auto is_it = [&, id = c.id_of(m)](const auto& node) { return node.what.id == id; };
      const bool is_lost = std::none_of(living.begin(), living.end(), is_it);
      auto& before = on_books_[m];
      auto& dropped = dropped_[m];
      if (is_lost)
        dropped.insert(before.begin(), before.end());
      before.clear();
      if (const auto* there = c.head().books().find(c.id_of(m)); there && !is_lost)
        for (const auto& [lease, held] : there->book.held()) {
          before.insert(lease);
          dropped.erase(lease); // The head knows it again.
        }
    }
  }
  bool contain(machine m, lease_id lease) const {
    const auto found = dropped_.find(m);
    return found != dropped_.end() && found->second.count(lease) != 0;
  }

  explicit leases_of_lost_nodes(std::uint64_t epoch = 0) : epoch_(epoch) {}

private:
  std::uint64_t epoch_; ///< Of the head that is looked at.
  std::map<machine, std::set<lease_id>> on_books_;
  std::map<machine, std::set<lease_id>> dropped_;
};

} // namespace

check no_node_overbooked() {
  return [](const cluster& c) -> std::optional<std::string> {
    const auto has = cpus(static_cast<double>(c.options().cpus));
    for (const auto& [m, n] : c.nodes()) {
      if (n.cpus_used > c.options().cpus)
        return host_of(m) + " runs what wants cpu=" + std::to_string(n.cpus_used);
      if (n.shell && !sum_of(n.core().book()).fits_in(has))
        return host_of(m) + " holds " + sum_of(n.core().book()).to_string();
      if (!c.head_runs())
        continue;
      if (const auto* there = c.head().books().find(c.id_of(m)); there && !sum_of(there->book).fits_in(has))
        return "the head has granted " + sum_of(there->book).to_string() + " on " + host_of(m);
    }
    return std::nullopt;
  };
}

check head_knows_what_is_held() {
  return [given_up = leases_of_lost_nodes()](const cluster& c) mutable -> std::optional<std::string> {
    if (!c.head_runs())
      return std::nullopt;
    given_up.look(c);
    for (const auto& [m, n] : c.nodes()) {
      if (!n.shell)
        continue;
      const auto* there = c.head().books().find(c.id_of(m));
      for (const auto& [lease, held] : n.core().book().held()) {
        const auto is_known = there && there->book.held().count(lease) != 0 && there->book.held().at(lease) == held;
        if (!is_known && counts_as_living(c, m, n.core().options().node.start) && !given_up.contain(m, lease))
          return host_of(m) + " holds lease " + std::to_string(lease.value) + ", which is not on the head's books";
      }
    }
    return std::nullopt;
  };
}

check no_work_runs_twice() {
  return [](const cluster& c) -> std::optional<std::string> {
    for (const auto& [number, places] : c.running())
      if (places.size() > 1)
        return "work " + std::to_string(number) + " runs on " + host_of(*places.begin()) + " and on " +
               host_of(*places.rbegin());
    return std::nullopt;
  };
}

} // namespace sim
