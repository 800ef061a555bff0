#include "runtime/node/lease_room.hpp"

#include <algorithm>

#include "runtime/resources/resource_stock.hpp"

namespace runtime {

std::vector<gpu_share> lease_room::choose(amount wanted, const std::vector<gpu_share>& from) {
  const auto one = amount::whole(1);
  std::vector<gpu_share> chosen;
  if (wanted < one) { // The most used device that still has room, so that whole ones stay whole.
    const gpu_share* best = nullptr;
    for (const auto& device : from)
      if (device.share >= wanted && (!best || device.share < best->share))
        best = &device;
    if (best)
      chosen.push_back({best->index, wanted});
    return chosen;
  }
  auto missing = wanted;
  for (const auto& device : from)
    if (device.share == one && !missing.is_zero()) {
      chosen.push_back(device);
      missing -= one;
    }
  return missing.is_zero() ? chosen : std::vector<gpu_share>();
}

result<lease_room::share> lease_room::take(const resource_set& wants) {
  if (wants.empty() || wants == whole_.resources) {
    if (free_.resources != whole_.resources)
      return fail(errc::refused, fmt::format("wants all of {} but only {} is free", whole_.resources, free_.resources));
    for (auto& device : free_.gpus)
      device.share = amount();
    free_.resources = {};
    return whole_;
  }
  if (auto valid = validate_demand(wants); !valid)
    return fail(std::move(valid.error()));
  share taken{wants, {}};
  const auto no_device = [&](const std::vector<gpu_share>& from) {
    taken.gpus = choose(wants.gpu(), from);
    return !wants.gpu().is_zero() && taken.gpus.empty();
  };
  if (!wants.fits_in(whole_.resources) || no_device(whole_.gpus))
    return fail(errc::infeasible, fmt::format("wants {} but the lease holds {}", wants, whole_.resources));
  if (!wants.fits_in(free_.resources) || no_device(free_.gpus))
    return fail(errc::refused, fmt::format("wants {} but only {} is free", wants, free_.resources));
  free_.resources -= wants;
  for (const auto& part : taken.gpus)
    for (auto& device : free_.gpus)
      if (device.index == part.index)
        device.share -= part.share;
  return taken;
}

void lease_room::give_back(const share& taken) {
  free_.resources += taken.resources;
  for (const auto& part : taken.gpus)
    for (auto& device : free_.gpus)
      if (device.index == part.index)
        device.share += part.share;
  CAF_TUNE_INVARIANT(free_.resources.fits_in(whole_.resources), "{} is free of {}", free_.resources, whole_.resources);
}

} // namespace runtime
