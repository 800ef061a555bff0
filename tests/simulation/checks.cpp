#include "tests/simulation/checks.hpp"

#include <algorithm>

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

/// The head gave it and has forgotten it: it declared the node lost while the grant was on its way, and ends the lease
/// as soon as it hears that the node took it.
bool has_been_given_up(const cluster& c, lease_id lease) {
  const auto leases = c.head().leases();
  return lease.value >> 40 == c.head().options().epoch &&
         std::none_of(leases.begin(), leases.end(), [&](const auto& each) { return each.lease == lease; });
}

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
  return [](const cluster& c) -> std::optional<std::string> {
    for (const auto& [m, n] : c.nodes()) {
      if (!n.shell || !c.head_runs())
        continue;
      const auto* there = c.head().books().find(c.id_of(m));
      for (const auto& [lease, held] : n.core().book().held()) {
        const auto is_known = there && there->book.held().count(lease) != 0 && there->book.held().at(lease) == held;
        if (!is_known && counts_as_living(c, m, n.core().options().node.start) && !has_been_given_up(c, lease))
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
