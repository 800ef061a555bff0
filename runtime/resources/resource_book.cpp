#include "runtime/resources/resource_book.hpp"

#include <string>
#include <utility>

#include <fmt/format.h>

namespace runtime {

namespace {

error of_lease(lease_id lease, error why) {
  why.message = fmt::format("lease {} {}", lease, why.message);
  return why;
}

std::string described(const resource_set& resources, const std::vector<gpu_share>& gpus) {
  return gpus.empty() ? resources.to_string() : fmt::format("{} on gpu {}", resources, visible_devices(gpus));
}

tl::unexpected<error> holds_something_else(lease_id lease, const std::string& held, const std::string& wanted) {
  return fail(
    errc::already_exists,
    fmt::format("lease {} holds {} and now wants {}; a lease never changes, take a new one", lease, held, wanted));
}

} // namespace

result<resource_book::grant> resource_book::take(lease_id lease, const resource_set& demand) {
  const auto place = held_.lower_bound(lease);
  if (place != held_.end() && place->first == lease) {
    if (place->second.resources != demand)
      return holds_something_else(lease, place->second.resources.to_string(), demand.to_string());
    return grant{place->second.gpus};
  }
  auto gpus = stock_.take(demand);
  if (!gpus)
    return fail(of_lease(lease, stock_.why_not(demand)));
  const auto taken = held_.emplace_hint(place, lease, holding{demand, std::move(*gpus)});
  return grant{taken->second.gpus};
}

result<void> resource_book::take_exactly(lease_id lease, const resource_set& resources, std::vector<gpu_share> gpus) {
  holding wanted{resources, std::move(gpus)};
  if (const auto found = held_.find(lease); found != held_.end()) {
    if (found->second != wanted)
      return holds_something_else(lease, described(found->second.resources, found->second.gpus),
                                  described(wanted.resources, wanted.gpus));
    return {};
  }
  if (auto taken = stock_.take_exactly(wanted.resources, wanted.gpus); !taken)
    return fail(of_lease(lease, std::move(taken.error())));
  held_.emplace(lease, std::move(wanted));
  return {};
}

bool resource_book::give_back(lease_id lease) {
  const auto found = held_.find(lease);
  if (found == held_.end())
    return false;
  stock_.give_back(found->second.resources, found->second.gpus);
  held_.erase(found);
  return true;
}

} // namespace runtime
