#pragma once

#include <vector>

#include "runtime/base/result.hpp"
#include "runtime/resources/gpu_share.hpp"
#include "runtime/resources/resource_set.hpp"

namespace runtime {

/// What a lease holds, and how much of it no work uses. A work gets parts of the devices that the lease has.
class lease_room {
public:
  struct share {
    resource_set resources;
    std::vector<gpu_share> gpus;
  };

  lease_room(resource_set resources, std::vector<gpu_share> gpus)
    : whole_{std::move(resources), std::move(gpus)},
      free_(whole_) {}

  /// An empty want is everything that the lease holds. Refused: not now, another work has it. Infeasible: the lease
  /// does not hold so much. Invalid_argument: see validate_demand().
  [[nodiscard]] result<share> take(const resource_set& wants);
  void give_back(const share& taken); ///< Must have been taken.

  const share& whole() const noexcept { return whole_; }
  const share& free() const noexcept { return free_; } ///< Its gpus are the lease's; a share may be zero.

private:
  /// Nothing if no device, or not enough whole ones, are left.
  static std::vector<gpu_share> choose(amount wanted, const std::vector<gpu_share>& from);

  share whole_;
  share free_;
};

} // namespace runtime
