#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/base/result.hpp"
#include "runtime/resources/gpu_share.hpp"
#include "runtime/resources/resource_set.hpp"

namespace runtime {

/// No device of a node is whole and a half: gpu is whole, or less than one. Every demand from outside is checked so.
[[nodiscard]] result<void> validate_demand(const resource_set& demand);

/// What a node may have: a whole number of gpus, at most resource_stock::max_gpus.
[[nodiscard]] result<void> validate_capacity(const resource_set& capacity);

/// How much of a node is free, without who holds the rest. Cheap to copy: plans are tried on a copy.
/// A whole demand of gpu takes the free devices of lowest index; a fraction takes from the most used device that still
/// has room (lowest index among equals), so that whole devices stay free. The same demands in the same order from
/// the same state take the same devices.
class resource_stock {
public:
  static constexpr std::int64_t max_gpus = 1024;

  /// The capacity must be one that validate_capacity() accepts.
  explicit resource_stock(resource_set capacity);

  const resource_set& capacity() const noexcept { return capacity_; }
  const resource_set& free() const noexcept { return free_; }
  const std::vector<amount>& free_gpus() const noexcept { return free_gpus_; } ///< Of each device.

  bool would_fit(const resource_set& demand) const noexcept;      ///< take() would succeed now.
  bool could_ever_fit(const resource_set& demand) const noexcept; ///< take() would succeed if nothing were held.
  resource_set lacking(const resource_set& demand) const;         ///< By how much the demand misses now.
  resource_set lacking_ever(const resource_set& demand) const;    ///< By how much it misses the empty node.
  /// Why a demand does not fit: invalid_argument (see validate_demand), infeasible (it never will) or refused (not
  /// now). "wants gpu=2 but only gpu=1 is free". For a demand that would_fit() denies.
  error why_not(const resource_set& demand) const;

  std::optional<std::vector<gpu_share>> take(const resource_set& demand); ///< Nothing if it would not fit.
  /// Takes just these devices, as another judge granted them. Changes nothing on failure.
  [[nodiscard]] result<void> take_exactly(const resource_set& demand, const std::vector<gpu_share>& shares);
  void give_back(const resource_set& taken, const std::vector<gpu_share>& shares); ///< Must have been taken.

  /// The highest used share, 0 to 1, over the resources that the node has.
  double utilisation() const noexcept { return utilisation_after({}); }
  /// The same as if this demand were taken too; more than 1 if it does not fit.
  double utilisation_after(const resource_set& demand) const noexcept;

  friend bool operator==(const resource_stock& a, const resource_stock& b) noexcept {
    return a.capacity_ == b.capacity_ && a.free_ == b.free_ && a.free_gpus_ == b.free_gpus_;
  }
  friend bool operator!=(const resource_stock& a, const resource_stock& b) noexcept { return !(a == b); }

private:
  /// The most of gpu that a demand of this kind (whole, or a fraction) could have now.
  amount usable_gpu(amount wanted) const noexcept;
  std::vector<gpu_share> choose_gpus(amount wanted) const;

  resource_set capacity_;
  resource_set free_; ///< Its gpu is the sum of free_gpus_.
  std::vector<amount> free_gpus_;
};

} // namespace runtime
