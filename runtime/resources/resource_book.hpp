#pragma once

#include <map>
#include <utility>
#include <vector>

#include "runtime/base/id.hpp"
#include "runtime/base/result.hpp"
#include "runtime/resources/gpu_share.hpp"
#include "runtime/resources/resource_set.hpp"
#include "runtime/resources/resource_stock.hpp"

namespace runtime {

/// What one node has, and which lease holds what. Whatever the history, free + held = capacity and no device is given
/// more than once (I1). To plan without leases, copy stock(): the book will take the same devices in the same order.
class resource_book {
public:
  struct grant {
    std::vector<gpu_share> gpus; ///< By index; empty if the demand had no gpu.
  };
  struct holding {
    resource_set resources;
    std::vector<gpu_share> gpus;

    friend bool operator==(const holding& a, const holding& b) noexcept {
      return a.resources == b.resources && a.gpus == b.gpus;
    }
    friend bool operator!=(const holding& a, const holding& b) noexcept { return !(a == b); }
  };

  /// The capacity must be one that validate_capacity() accepts.
  explicit resource_book(resource_set capacity) : stock_(std::move(capacity)) {}

  /// The same lease and demand again: the same grant. A lease that holds something else: already_exists.
  /// Does not fit: refused (not now), infeasible (never on this node) or invalid_argument (see validate_demand).
  [[nodiscard]] result<grant> take(lease_id lease, const resource_set& demand);

  /// Adopts a lease that another judge granted. Refused if it does not fit or a device is taken; nothing changes then.
  [[nodiscard]] result<void> take_exactly(lease_id lease, const resource_set& resources, std::vector<gpu_share> gpus);

  /// False if the lease holds nothing, as after a repetition; nothing changes then.
  bool give_back(lease_id lease);

  bool would_fit(const resource_set& demand) const noexcept { return stock_.would_fit(demand); }
  bool could_ever_fit(const resource_set& demand) const noexcept { return stock_.could_ever_fit(demand); }
  const resource_set& capacity() const noexcept { return stock_.capacity(); }
  const resource_set& free() const noexcept { return stock_.free(); }
  const std::map<lease_id, holding>& held() const noexcept { return held_; }
  double utilisation() const noexcept { return stock_.utilisation(); } ///< See resource_stock.
  const resource_stock& stock() const noexcept { return stock_; }

  friend bool operator==(const resource_book& a, const resource_book& b) noexcept {
    return a.stock_ == b.stock_ && a.held_ == b.held_;
  }
  friend bool operator!=(const resource_book& a, const resource_book& b) noexcept { return !(a == b); }

private:
  resource_stock stock_;
  std::map<lease_id, holding> held_;
};

} // namespace runtime
