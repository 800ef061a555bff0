#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "runtime/base/id.hpp"
#include "runtime/base/result.hpp"
#include "runtime/future.hpp"
#include "runtime/head/demand.hpp"

namespace runtime {

/// Bundles of resources that were granted all at once. Tasks and actors run in them with `options.in(group.id(),
/// bundle)`. The group is released, and what runs in it ended, when this object goes. One thread uses it. It may
/// outlive its cluster, with which the group ends.
class placement_group {
public:
  placement_group(group_id id, future<std::vector<granted_lease>> granted, std::function<void()> release)
    : id_(id),
      granted_(std::move(granted)),
      release_(std::move(release)) {}
  placement_group(placement_group&& other) noexcept
    : id_(other.id_),
      granted_(std::move(other.granted_)),
      release_(std::exchange(other.release_, nullptr)) {}
  placement_group& operator=(placement_group&&) = delete;
  ~placement_group() {
    if (release_)
      release_();
  }

  group_id id() const noexcept { return id_; }

  /// Waits until all bundles are held, and says where. Work submitted before waits by itself. Once: then it is
  /// invalid_argument. infeasible: they fit on no nodes, however idle; cancelled: the cluster has ended.
  [[nodiscard]] result<std::vector<granted_lease>> wait() { return granted_.try_get(); }

private:
  group_id id_;
  future<std::vector<granted_lease>> granted_;
  std::function<void()> release_;
};

} // namespace runtime
