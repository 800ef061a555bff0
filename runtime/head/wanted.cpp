#include "runtime/head/wanted.hpp"

#include "runtime/base/overloaded.hpp"

namespace runtime {

namespace {

std::size_t mix(std::size_t hash, std::uint64_t value) noexcept {
  return (hash ^ value) * 0x9e3779b97f4a7c15u + (hash >> 29);
}

std::size_t mix(std::size_t hash, const resource_set& r) noexcept {
  hash = mix(hash, static_cast<std::uint64_t>(r.cpu().units()));
  hash = mix(hash, static_cast<std::uint64_t>(r.gpu().units()));
  return mix(hash, static_cast<std::uint64_t>(r.memory().units()));
}

} // namespace

resource_set sum_of(const wanted& what) {
  return std::visit(overloaded{
                      [](const demand& d) { return d.resources; },
                      [](const group_demand& g) {
                        resource_set sum;
                        for (const auto& bundle : g.bundles)
                          sum = capped_sum(sum, bundle);
                        return sum;
                      },
                    },
                    what);
}

std::int32_t priority_of(const wanted& what) noexcept {
  return std::visit([](const auto& w) { return w.priority; }, what);
}

bool waits_for_nodes(const wanted& what) noexcept {
  return std::visit([](const auto& w) { return w.waits_for_nodes; }, what);
}

std::size_t hash_of(const wanted& what) noexcept {
  auto hash = mix(what.index(), static_cast<std::uint64_t>(priority_of(what)));
  if (const auto* d = std::get_if<demand>(&what))
    return mix(mix(hash, static_cast<std::uint64_t>(d->placement.kind)), d->resources);
  const auto& g = std::get<group_demand>(what);
  hash = mix(hash, static_cast<std::uint64_t>(g.strategy));
  for (const auto& bundle : g.bundles)
    hash = mix(hash, bundle);
  return hash;
}

demand demand_of_bundle(const group_demand& group, std::size_t bundle) {
  return {group.bundles.at(bundle), {}, group.required_labels, group.preferred_labels, group.priority,
          group.waits_for_nodes, {}};
}

} // namespace runtime
